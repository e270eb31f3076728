import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation

/// An operator's own signing key in a file: Ed25519, 0600, in the operator's home. Each act is signed with it.
///
/// trusted: who reads it can sign as this operator from an account that may use the operator socket.
struct OperatorKey {
  private let key: Curve25519.Signing.PrivateKey

  static var standardPath: String {
    let home = ProcessInfo.processInfo.environment["HOME"] ?? "."
    return home + "/.config/sanmon/operator.key"
  }

  static func create(_ path: String) throws -> OperatorKey {
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
    return OperatorKey(key: key)
  }

  static func load(_ path: String) throws -> OperatorKey {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue
    else {
      throw fail(
        65, "操作者の鍵 \(path) がありません。最初の管理者は sanmon operator first で作ります。",
        "no operator key at \(path); the first administrator makes one with: sanmon operator first")
    }
    guard mode & 0o077 == 0 else {
      throw fail(65, "\(path) を他の人が読めます。chmod 600 してください。", "\(path) can be read by others; chmod 600 it")
    }
    guard let text = FileManager.default.contents(atPath: path).map({ String(decoding: $0, as: UTF8.self) }),
      let raw = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
    else { throw fail(65, "\(path) は操作者の鍵ではありません。", "\(path) is not an operator key") }
    return OperatorKey(key: key)
  }

  /// DER SubjectPublicKeyInfo (RFC 8410 §4): the fixed Ed25519 prefix and 32 bytes.
  var publicKey: [UInt8] {
    [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00] + Array(key.publicKey.rawRepresentation)
  }

  func sign(_ act: Act) throws -> SignedAct {
    SignedAct(act: act, scheme: .ed25519, signature: Array(try key.signature(for: Data(act.canonicalBytes))))
  }

  /// Consent to somebody's act, or proof of holding this key: over the act's hash and this operator's name.
  func approve(_ act: Act, as operatorID: OperatorID) throws -> [UInt8] {
    let hash = Array(SHA256.hash(data: Data(act.canonicalBytes)))
    return Array(try key.signature(for: Data(Approval.message(actHash: hash, operatorID: operatorID))))
  }
}

/// Who acts, and with which key.
struct ActingOptions: ParsableArguments {
  @Option(help: "Your operator id. Default: the operator registered for your unix user.")
  var `as`: String?

  @Option(help: "Your operator key file. Default: ~/.config/sanmon/operator.key")
  var keyFile: String?

  @OptionGroup var link: LinkOptions

  var keyPath: String { keyFile ?? OperatorKey.standardPath }

  func act(_ kind: String, _ parameters: [String: String]) async throws -> SignedAct {
    let operatorLink = OperatorLink(options: link)
    let status = try await operatorLink.get("/v1/admin/status", as: InstanceStatus.self)
    var name = `as`
    if name == nil {
      let operators = try await operatorLink.get("/v1/admin/operators", as: [OperatorSummary].self)
      name = operators.first { $0.unixUser == NSUserName() }?.operatorID
    }
    guard let name else {
      throw fail(77, "この利用者は操作者として登録されていません。", "your unix user is not a registered operator")
    }
    return try OperatorKey.load(keyPath).sign(Acts.make(kind, by: name, instance: status.instance, parameters))
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
