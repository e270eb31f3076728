import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import NIOSSL

/// A workstation as the wire sees one: its certificate, its session keys, and proofs that can be bent for a test.
final class TestWorkstation: Sendable {
  let name: String
  let connection: ServerConnection
  let identity: ClientIdentity
  private let key: P256.Signing.PrivateKey
  private let issued: WorkstationCertificateIssued
  private let port: Int
  private let signing = Curve25519.Signing.PrivateKey()
  private let sealing = Curve25519.KeyAgreement.PrivateKey()

  init(name: String, key: P256.Signing.PrivateKey, issued: WorkstationCertificateIssued, port: Int) async throws {
    self.name = name
    self.key = key
    self.issued = issued
    self.port = port
    identity = ClientIdentity(
      certificate: Array(issued.certificate), key: Secret(copying: Array(key.pemRepresentation.utf8)))
    connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(port)"), trust: .roots(issued.trustRoots.map { Array($0) }),
      identity: identity)
  }

  /// The same workstation, asking at another port.
  func moved(to port: Int) async throws -> TestWorkstation {
    try await TestWorkstation(name: name, key: key, issued: issued, port: port)
  }

  var keys: SessionKeys {
    SessionKeys(
      suite: "x25519-chachapoly", sealing: sealing.publicKey.rawRepresentation, signing: signing.publicKey.rawRepresentation)
  }

  /// Never sent: what must not be found at a server.
  var privateSessionKeys: [[UInt8]] { [Array(signing.rawRepresentation), Array(sealing.rawRepresentation)] }

  /// The same workstation after its own restart, at a server that listens there: its session keys are new.
  func restarted(port: Int) async throws -> TestWorkstation {
    try await TestWorkstation(name: name, key: key, issued: issued, port: port)
  }

  /// A connection with this workstation's certificate that sends exactly what it is told to.
  func raw() async throws -> TestClient {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(try issued.trustRoots.map { try NIOSSLCertificate(bytes: Array($0), format: .der) })
    tls.certificateVerification = .noHostnameVerification
    tls.certificateChain = [.certificate(try NIOSSLCertificate(bytes: Array(issued.certificate), format: .der))]
    tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
    return try await TestClient.connect(port: port, tls: tls)
  }

  struct Opened: Sendable {
    let ceremony: CeremonyOpened
    let serverCertificate: [UInt8]
  }

  /// Asks for the next certificate, for the same key.
  func renew() async throws -> ServerAnswer {
    let message = WorkstationRenewalRequest(certificateRequest: Data(try CertificateRequest.make(key: key)))
    return try await connection.request("POST", "/v1/workstation/renewal", body: Array(try JSONEncoder().encode(message)))
  }

  func open() async throws -> Opened {
    let answer = try await connection.request("POST", "/v1/ceremonies")
    guard answer.status == 201, let certificate = answer.serverCertificate else { throw try Refused(answer) }
    return Opened(
      ceremony: try JSONDecoder().decode(CeremonyOpened.self, from: Data(answer.body)), serverCertificate: certificate)
  }

  func preimage(_ opened: Opened, slot: String) -> CardPreimage {
    CardPreimage(
      nonce: Array(opened.ceremony.nonce), ceremony: opened.ceremony.ceremony, workstation: name,
      scenario: opened.ceremony.scenario, segment: opened.ceremony.segment, expiresAt: opened.ceremony.expiresAt,
      serverCertificate: opened.serverCertificate,
      workstationCertificate: Array(SHA256.hash(data: issued.certificate)), slot: slot, sealingSuite: keys.suite,
      sessionKeys: Array(SHA256.hash(data: keys.canonicalBytes)))
  }

  /// - Parameter bend: changes the preimage before it is signed.
  func proofs(
    _ opened: Opened, _ card: TestCard?, password: String? = nil, newPassword: String? = nil, shownAs slot: String? = nil,
    bend: (inout CardPreimage) -> Void = { _ in }
  ) throws -> ProofsMessage {
    var message = ProofsMessage(
      sessionKeys: keys, card: nil, password: password.map { Data($0.utf8) }, newPassword: newPassword.map { Data($0.utf8) },
      sessionSignature: nil)
    if let card {
      var preimage = preimage(opened, slot: slot ?? card.slot)
      bend(&preimage)
      message.card = CardProofMessage(
        profile: TestCard.profile(slot: slot ?? card.slot), slot: slot ?? card.slot, certificate: Data(card.certificate),
        algorithm: "ecdsa-p256-sha256",
        signature: Data(try card.sign(preimage.canonicalBytes)))
    }
    if let session = opened.ceremony.session {
      let preimage = SessionPreimage(
        session: session, ceremony: opened.ceremony.ceremony, nonce: Array(opened.ceremony.nonce))
      message.sessionSignature = try signing.signature(for: Data(preimage.canonicalBytes))
    }
    return message
  }

  func sessionSignature(over bytes: [UInt8]) throws -> Data { try signing.signature(for: Data(bytes)) }

  /// Right in everything but the keys: made anew by whoever took the workstation over after the session was opened.
  func proofsWithOtherKeys(_ opened: Opened, _ card: TestCard?) throws -> ProofsMessage {
    let other = Curve25519.Signing.PrivateKey()
    let keys = SessionKeys(
      suite: keys.suite, sealing: Curve25519.KeyAgreement.PrivateKey().publicKey.rawRepresentation,
      signing: other.publicKey.rawRepresentation)
    var message = try proofs(opened, card) { $0.sessionKeys = Array(SHA256.hash(data: keys.canonicalBytes)) }
    message.sessionKeys = keys
    let preimage = SessionPreimage(
      session: opened.ceremony.session ?? "", ceremony: opened.ceremony.ceremony, nonce: Array(opened.ceremony.nonce))
    message.sessionSignature = try other.signature(for: Data(preimage.canonicalBytes))
    return message
  }

  func prove(_ opened: Opened, _ message: ProofsMessage) async throws -> CeremonyAnswer {
    let path = "/v1/ceremonies/\(opened.ceremony.ceremony)/proofs"
    let answer = try await connection.request("POST", path, body: Array(try JSONEncoder().encode(message)))
    guard answer.status == 200 else { throw try Refused(answer) }
    return try JSONDecoder().decode(CeremonyAnswer.self, from: Data(answer.body))
  }

  /// The whole logon or unlock, whichever the server decides it is.
  func enter(_ card: TestCard?, password: String? = nil, newPassword: String? = nil) async throws -> SessionOpened {
    let opened = try await open()
    let answer = try await prove(opened, proofs(opened, card, password: password, newPassword: newPassword))
    guard let session = answer.session else { throw NotGranted(combinations: answer.combinations ?? []) }
    return session
  }

  /// `enter` at a server that is still starting: up to 90 seconds.
  /// - Returns: `nil` if it did not let her in by then.
  func enterOnceServed(_ card: TestCard, password: String? = nil) async throws -> SessionOpened? {
    for _ in 0..<4500 {
      if let session = try? await enter(card, password: password) { return session }
      try await Task.sleep(for: .milliseconds(20))
    }
    return nil
  }

  func end(_ kind: String, _ session: String, cause: String = "asked") async throws -> SessionStatus {
    try await connection.call("POST", "/v1/sessions/\(session)/\(kind)", SessionEnding(cause: cause))
  }

  struct NotGranted: Error { let combinations: [[String]] }
}

/// A refusal as it came over the wire.
struct Refused: Error {
  let status: Int
  let body: ErrorBody

  init(_ answer: ServerAnswer) throws {
    status = answer.status
    body = try JSONDecoder().decode(ErrorBody.self, from: Data(answer.body))
  }
}

/// The refusal that `work` ends in.
func refusal<R>(_ work: () async throws -> R) async throws -> Refused? {
  do {
    _ = try await work()
    return nil
  } catch let refused as Refused {
    return refused
  }
}
