import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation

/// An operator's own signing key: on a PIV card (9A, the PIN asked each time), or in a file. Each act is signed with it.
enum OperatorKey {
  case card(OperatorCard)
  case file(OperatorKeyFile)

  /// DER SubjectPublicKeyInfo.
  var publicKey: [UInt8] {
    switch self {
    case .card(let card): card.publicKey
    case .file(let file): file.publicKey
    }
  }

  var scheme: SignatureScheme {
    switch self {
    case .card(let card): card.scheme
    case .file: .ed25519
    }
  }

  func sign(_ act: Act) async throws -> SignedAct {
    SignedAct(act: act, scheme: scheme, signature: try await sign(act.canonicalBytes))
  }

  /// Consent to somebody's act, or proof of holding this key: over the act's hash and this operator's name.
  func approve(_ act: Act, as operatorID: OperatorID) async throws -> [UInt8] {
    let hash = Array(SHA256.hash(data: Data(act.canonicalBytes)))
    return try await sign(Approval.message(actHash: hash, operatorID: operatorID))
  }

  private func sign(_ message: [UInt8]) async throws -> [UInt8] {
    switch self {
    case .card(let card): try await card.sign(message)
    case .file(let file): try file.sign(message)
    }
  }
}

/// Ed25519 in a file, 0600, in the operator's home.
///
/// trusted: who reads it can sign as this operator from an account that may use the operator socket.
struct OperatorKeyFile {
  private let key: Curve25519.Signing.PrivateKey

  static var standardPath: String {
    let home = ProcessInfo.processInfo.environment["HOME"] ?? "."
    return home + "/.config/sanmon/operator.key"
  }

  static func create(_ path: String) throws -> OperatorKeyFile {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw fail(65, "\(path) はすでにあります。上書きしません。", "\(path) exists and is not overwritten")
    }
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let key = Curve25519.Signing.PrivateKey()
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data(key.rawRepresentation.base64EncodedData() + Data("\n".utf8)),
        attributes: [.posixPermissions: 0o600])
    else { throw fail(65, "\(path) に書けません。", "cannot write \(path)") }
    return OperatorKeyFile(key: key)
  }

  static func load(_ path: String) throws -> OperatorKeyFile {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue
    else {
      throw fail(
        65, "操作者の鍵 \(path) がありません。最初の管理者は sanmon operator first で作ります。カードの鍵を使うときは --card を付けてください。",
        "no operator key at \(path); the first administrator makes one with: sanmon operator first; for a key on a card say --card"
      )
    }
    guard mode & 0o077 == 0 else {
      throw fail(65, "\(path) を他の人が読めます。chmod 600 してください。", "\(path) can be read by others; chmod 600 it")
    }
    guard let text = FileManager.default.contents(atPath: path).map({ String(decoding: $0, as: UTF8.self) }),
      let raw = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
    else { throw fail(65, "\(path) は操作者の鍵ではありません。", "\(path) is not an operator key") }
    return OperatorKeyFile(key: key)
  }

  /// DER SubjectPublicKeyInfo (RFC 8410 §4): the fixed Ed25519 prefix and 32 bytes.
  var publicKey: [UInt8] {
    [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00] + Array(key.publicKey.rawRepresentation)
  }

  func sign(_ message: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: Data(message))) }
}

/// Which of the operator's keys.
enum KeySource {
  case card(reader: String?, pinDescriptor: Int32?)
  case file(String)

  /// - Parameter creating: makes the key file if there is none.
  func key(creating: Bool = false) async throws -> OperatorKey {
    switch self {
    case .card(let reader, let descriptor):
      return .card(try await OperatorSession.shared.card(reader: reader, pinDescriptor: descriptor))
    case .file(let path) where creating && !FileManager.default.fileExists(atPath: path):
      return .file(try OperatorKeyFile.create(path))
    case .file(let path): return .file(try OperatorKeyFile.load(path))
    }
  }

  /// Where the key is, for people.
  var place: String {
    switch self {
    case .card: say("カード", "the card")
    case .file(let path): path
    }
  }
}

/// The operator's key, for commands that ask no server.
struct KeyOptions: ParsableArguments {
  @OptionGroup var cardOptions: CardOptions

  @Option(help: "Your operator key file. Default: ~/.config/sanmon/operator.key")
  var keyFile: String?

  var source: KeySource {
    cardOptions.card
      ? .card(reader: nil, pinDescriptor: cardOptions.pinFd) : .file(keyFile ?? OperatorKeyFile.standardPath)
  }
}

/// Server and key. Over the network the card that lets in is the card that signs.
struct SigningOptions: ParsableArguments {
  @Option(help: "Your operator key file. Default: ~/.config/sanmon/operator.key")
  var keyFile: String?

  @OptionGroup var link: LinkOptions

  func source() throws -> KeySource {
    let isRemote = try link.server.place().isRemote
    guard isRemote || link.cardOptions.card else { return .file(keyFile ?? OperatorKeyFile.standardPath) }
    guard keyFile == nil else {
      throw fail(64, "--key-file は、カードで署名するときには使えません。", "--key-file cannot be used where the card signs")
    }
    return .card(reader: link.server.operatorReader, pinDescriptor: link.cardOptions.pinFd)
  }
}

/// Who acts, and with which key.
struct ActingOptions: ParsableArguments {
  @Option(help: "Your operator id. Default: the operator registered for your unix user, or with --server for your card.")
  var `as`: String?

  @OptionGroup var signing: SigningOptions

  var link: LinkOptions { signing.link }

  func act(_ kind: String, _ parameters: [String: String]) async throws -> SignedAct {
    let operatorLink = OperatorLink(options: link)
    let source = try signing.source()
    let status = try await operatorLink.get("/v1/admin/status", as: InstanceStatus.self)
    let name = if let `as` { `as` } else { try await registeredName(operatorLink) }
    return try await source.key().sign(Acts.make(kind, by: name, instance: status.instance, parameters))
  }

  private func registeredName(_ operatorLink: OperatorLink) async throws -> String {
    let operators = try await operatorLink.get("/v1/admin/operators", as: [OperatorSummary].self)
    if try link.server.place().isRemote {
      let key = Hex.encode(SHA256.hash(data: try await signing.source().key().publicKey))
      if let found = operators.first(where: { $0.key == key }) { return found.operatorID }
    } else if let found = operators.first(where: { $0.unixUser == NSUserName() }) {
      return found.operatorID
    }
    throw fail(77, "この利用者は操作者として登録されていません。", "your unix user is not a registered operator")
  }
}

enum Acts {
  static func make(_ kind: String, by name: String, instance: String, _ parameters: [String: String]) throws -> Act {
    var generator = SystemRandomNumberGenerator()
    return try Act(
      kind: kind, operatorID: OperatorID(parsing: name), instance: InstanceID(parsing: instance),
      nonce: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) },
      issuedAt: Int64(Date().timeIntervalSince1970 * 1000), parameters: parameters)
  }
}
