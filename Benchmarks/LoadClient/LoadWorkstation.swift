package import AuthAPI
import AuthClient
package import AuthTerms
package import Crypto
import Foundation
import Synchronization

/// One enrolled workstation: its certificate, its connection, and keys for its sessions that were made before the run.
package final class LoadWorkstation: Sendable {
  package let name: String
  private let segment: String
  let connection: ServerConnection
  private let certificateHash: [UInt8]
  private let keys: [SealingSuite: LoadSessionKeys]
  /// The last logon, and what its card signed.
  private let logon = Mutex<Logon?>(nil)
  var lastLogon: Logon? { logon.withLock { $0 } }

  struct Logon: Sendable {
    let session: String
    let person: String
    let evidence: SessionEvidence
    let keys: LoadSessionKeys
  }

  package init(name: String, key: P256.Signing.PrivateKey, issued: WorkstationCertificateIssued, port: Int) async throws {
    self.name = name
    segment = issued.segment
    var settings = ClientSettings()
    // A queue of Argon2id hashes is part of what is measured: what comes late is late, not lost.
    settings.deadlineMilliseconds = 120_000
    settings.idleLimitMilliseconds = 55_000
    connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(port)"), trust: .roots(issued.trustRoots.map { Array($0) }),
      identity: ClientIdentity(certificate: Array(issued.certificate), key: Secret(copying: Array(key.pemRepresentation.utf8))),
      settings: settings)
    certificateHash = Array(SHA256.hash(data: issued.certificate))
    keys = try [.xwing: LoadSessionKeys(.xwing), .x25519: LoadSessionKeys(.x25519)]
  }

  /// Drops the kept connection: the next request makes a new one, with a whole handshake (there is no resumption).
  package func hangUp() { connection.close() }

  /// One complete logon. Returns the session's id only if the whole grant was right: this workstation, this person, this segment.
  /// - Parameter suite: X-Wing or X25519, for what is sealed to this session.
  /// - Throws: `WrongAnswer` for anything else.
  package func logOn(
    _ card: SoftCard, password: String? = nil, suite: SealingSuite = .xwing
  ) async throws -> String {
    guard let keys = keys[suite] else { throw WrongAnswer("no keys of that suite") }
    let opened: CeremonyOpened
    let serverCertificate: [UInt8]
    do {
      let (answer, seen) = try await connection.callWithCertificate(
        "POST", "/v1/ceremonies", returning: CeremonyOpened.self, repeatable: true)
      guard let seen else { throw WrongAnswer("no server certificate") }
      (opened, serverCertificate) = (answer, seen)
    } catch let fault as ClientFault {
      throw WrongAnswer("opening: \(WrongAnswer.short(fault))")
    }
    guard opened.workstation == name, opened.segment == segment, opened.scenario == "logon", opened.nonce.count == 32 else {
      throw WrongAnswer("a ceremony of another workstation, segment or scenario")
    }
    let shown = try proofs(opened, serverCertificate, card, password, keys)
    let answer: CeremonyAnswer = try await post("proofs", "/v1/ceremonies/\(opened.ceremony)/proofs", shown.message)
    guard answer.outcome == "granted", let session = answer.session else { throw WrongAnswer("outcome \(answer.outcome)") }
    guard (try? SessionID(parsing: session.session)) != nil, session.session.hasPrefix("s-"), session.person == card.person,
      session.segment == segment, session.scenario == "logon", session.rule.hasPrefix("\(segment).yaml:"),
      session.leaseSeconds > 0
    else { throw WrongAnswer("a session of another person or segment") }
    keep(Logon(session: session.session, person: session.person, evidence: shown.evidence, keys: keys))
    return session.session
  }

  /// - Parameter what: names a refusal.
  func post<Answer: Decodable & Sendable>(
    _ what: String, _ path: String, _ body: some Encodable & Sendable
  ) async throws -> Answer {
    do throws(ClientFault) { return try await connection.call("POST", path, body) } catch {
      throw WrongAnswer("\(what): \(WrongAnswer.short(error))")
    }
  }

  private func keep(_ new: Logon) { logon.withLock { $0 = new } }

  private func proofs(
    _ opened: CeremonyOpened, _ serverCertificate: [UInt8], _ card: SoftCard, _ password: String?, _ keys: LoadSessionKeys
  ) throws -> (message: ProofsMessage, evidence: SessionEvidence) {
    let preimage = CardPreimage(
      nonce: Array(opened.nonce), ceremony: opened.ceremony, workstation: name, scenario: opened.scenario, segment: segment,
      expiresAt: opened.expiresAt, serverCertificate: serverCertificate, workstationCertificate: certificateHash,
      slot: card.slot, sealingSuite: keys.publicKeys.suite, sessionKeys: keys.hash)
    let signature = try card.sign(preimage.canonicalBytes)
    let message = ProofsMessage(
      sessionKeys: keys.publicKeys,
      card: CardProofMessage(
        profile: "piv", slot: card.slot, certificate: Data(card.certificate), algorithm: card.algorithm,
        signature: Data(signature)), password: password.map { Data($0.utf8) }, sessionSignature: nil)
    return (message, keys.evidence(preimage, algorithm: card.algorithm, signature: signature, publicKey: card.publicKey))
  }

  /// The session the server holds for this workstation now, asked over its own connection; `nil` if there is none.
  package func currentSession() async throws -> SessionStatus? {
    do {
      return try await connection.fetch("/v1/sessions/current")
    } catch .refused(let body) where body.code == "HT404" {
      return nil
    }
  }
}

/// A logon that did not end in exactly the right grant. The text holds codes and our own words only.
package struct WrongAnswer: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  static func short(_ fault: ClientFault) -> String {
    if case .refused(let body) = fault { return body.code }
    return "\(fault)"
  }
}
