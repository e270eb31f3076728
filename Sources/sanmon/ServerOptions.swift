import ArgumentParser
import AuthClient
import AuthTerms
import CertificateTrust
import Foundation

/// Where the server is, and how the answer is shown.
struct ServerOptions: ParsableArguments {
  @Option(help: "The server's operator socket. Default: SANMON_SOCKET, else /run/sanmon/lgwan/operator.sock.")
  var socket: String?

  @Option(
    help: "HOST:PORT of the server's operator listener, instead of the socket; your card lets you in. Default: SANMON_SERVER.")
  var server: String?

  @Option(help: "With --server: SHA-256 of the server's authority, as 'sanmon status' shows it. Default: SANMON_AUTHORITY.")
  var authority: String?

  @Option(help: "With --server: PEM file of the server's authority, instead of --authority.")
  var authorityFile: String?

  @Option(help: "The reader that holds your own card, if several hold cards.")
  var operatorReader: String?

  @Flag(help: "Print the server's answer as JSON.")
  var json = false

  /// What an option says goes before what the environment says; two places at once are nobody's intention.
  func place() throws -> ServerPlace {
    switch (socket, server) {
    case (.some, .some): throw Self.twice("--socket", "--server")
    case (let path?, nil): return try local(path)
    case (nil, let text?): return try remote(text)
    case (nil, nil): break
    }
    switch (Self.environment("SANMON_SOCKET"), Self.environment("SANMON_SERVER")) {
    case (.some, .some): throw Self.twice("SANMON_SOCKET", "SANMON_SERVER")
    case (let path, nil): return try local(path ?? "/run/sanmon/lgwan/operator.sock")
    case (nil, let text?): return try remote(text)
    }
  }

  private func local(_ path: String) throws -> ServerPlace {
    guard authority == nil, authorityFile == nil else {
      throw fail(
        64, "--authority と --authority-file は --server と組で使います。", "--authority and --authority-file belong to --server")
    }
    return .socket(path)
  }

  private func remote(_ text: String) throws -> ServerPlace {
    // A port of its own has to be said: the workstations' is another.
    guard !text.contains("/"), text.contains(":"), let address = try? ServerAddress(parsing: "https://" + text) else {
      throw fail(64, "--server は ホスト:ポート です。", "--server: write HOST:PORT")
    }
    return .server(address, try trust(), reader: operatorReader)
  }

  private func trust() throws -> ServerTrust {
    if let authorityFile {
      guard authority == nil else { throw Self.twice("--authority", "--authority-file") }
      guard let data = FileManager.default.contents(atPath: authorityFile),
        let text = String(validating: data, as: UTF8.self), let roots = try? PEMFile.certificates(text)
      else {
        throw fail(65, "\(authorityFile) に PEM の証明書がありません。", "\(authorityFile) holds no PEM certificates")
      }
      return .roots(roots)
    }
    guard let text = authority ?? Self.environment("SANMON_AUTHORITY") else {
      throw fail(
        64, "--authority にサーバーの認証局の指紋を書いてください（サーバーで sanmon status を実行すると出ます）。",
        "say whose server it is with --authority (on the server, 'sanmon status' shows it)")
    }
    guard let fingerprint = try? CertificateFingerprint(hex: text.lowercased()) else {
      throw fail(64, "--authority は 64 桁の十六進数です。", "--authority: 64 hexadecimal digits")
    }
    return .authority(fingerprint)
  }

  private static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func twice(_ one: String, _ other: String) -> ExitCode {
    fail(64, "\(one) と \(other) は一緒に使えません。", "\(one) and \(other) cannot be used together")
  }
}

/// One of the server's two operator doors.
enum ServerPlace: Sendable {
  /// A unix socket; the kernel tells the server who asks.
  case socket(String)
  /// TLS with the certificate on the operator's card.
  case server(ServerAddress, ServerTrust, reader: String?)

  var isRemote: Bool { if case .server = self { true } else { false } }
}

/// The operator's own card.
struct CardOptions: ParsableArguments {
  @Flag(help: "Use key 9A of the PIV card on this reader to sign, not a key file. With --server it is always the card.")
  var card = false

  @Option(help: "Read the PIN of your card from this file descriptor instead of the terminal.")
  var pinFd: Int32?
}

/// Server and card: for every command whose only card is the operator's.
struct LinkOptions: ParsableArguments {
  @OptionGroup var server: ServerOptions
  @OptionGroup var cardOptions: CardOptions

  var json: Bool { server.json }
}

/// What one run of the tool keeps: the card whose PIN was typed once, and the connection whose handshake asked it.
actor OperatorSession {
  static let shared = OperatorSession()

  private var card: OperatorCard?
  private var connection: ServerConnection?
  /// What a use of the card ended in, already told; the TLS layer in between could only say "handshake failed".
  private(set) var cardFault: ExitCode?

  func card(reader: String?, pinDescriptor: Int32?) async throws -> OperatorCard {
    if let card { return card }
    let found = try await OperatorCard.find(reader: reader, pinDescriptor: pinDescriptor)
    card = found
    return found
  }

  func connection(
    to address: ServerAddress, _ trust: ServerTrust, reader: String?, pinDescriptor: Int32?
  ) async throws -> ServerConnection {
    if let connection { return connection }
    let card = try await card(reader: reader, pinDescriptor: pinDescriptor)
    let key = card.tlsKey
    let watched = HeldKey(kind: key.kind) { use in
      do { return try await key.use(use) } catch {
        await self.remember(error as? ExitCode)
        throw error
      }
    }
    var settings = ClientSettings()
    settings.deadlineMilliseconds = 30_000
    // A little less than the server keeps an idle connection: a second handshake would ask the card again.
    settings.idleLimitMilliseconds = 50_000
    let made = try await ServerConnection(
      to: address, trust: trust, identity: ClientIdentity(certificate: card.certificate, held: watched), settings: settings)
    connection = made
    return made
  }

  private func remember(_ fault: ExitCode?) { cardFault = cardFault ?? fault }
}
