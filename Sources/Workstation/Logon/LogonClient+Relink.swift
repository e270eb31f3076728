public import AuthAPI
import AuthClient
public import AuthTerms
import Foundation
import SmartCard

extension LogonClient {
  /// Shows the card of a former registration with its PIN, for a new registration of the same person. Nobody is logged on by it.
  ///
  /// - Parameters:
  ///   - person: the new registration.
  ///   - waitSeconds: how long to wait for a card.
  public func showFormerCard(for person: PersonID, waitSeconds: Int64) async throws(AgentFault) -> RelinkProven {
    var opened = try await openRelink(person)
    let openedAt = surroundings.now()
    let view = try await waitForCard(seconds: waitSeconds)
    // What the server asks for is the PIN of a key that was seen to need it.
    guard view.profile == .piv else { throw .card(.unsupportedCard) }
    // Key 9A and its PIN, whatever the segment would take at a logon.
    let plan = try FactorPlan(
      offered: [[Factor.card.rawValue, Factor.pin.rawValue]], FactorChoice(), slots: Set(view.certificates.keys))
    guard let slot = plan.slot, let certificate = view.certificates[slot] else { throw .card(.missingObject) }
    var entered = Entered()
    let (pin, leastTries) = try await askPIN(plan, view, &entered)
    if surroundings.now().milliseconds(since: openedAt) > Self.freshMilliseconds {
      opened = try await openRelink(person)
    }
    guard let key = try? CertificateKey(certificate: certificate) else { throw .card(.unsupportedCard) }
    let errand = CardErrand(
      reader: view.reader, slot: slot, certificate: certificate,
      digest: key.algorithm.digest(of: opened.preimage.canonicalBytes), pin: pin, leastTries: leastTries)
    let (signature, algorithm) = try await sign(errand, reportingTo: opened.connection)
    let proof = RelinkProofMessage(
      card: CardProofMessage(
        profile: "piv", slot: slot.name, certificate: Data(certificate),
        algorithm: algorithm.scheme.rawValue, signature: Data(signature)))
    do {
      return try await opened.connection.call("POST", "/v1/relinks/\(opened.preimage.ceremony)/proof", proof)
    } catch { throw .server(error) }
  }

  /// A challenge that agrees with what this workstation knows by itself, and what the card signs for it.
  private func openRelink(
    _ person: PersonID
  ) async throws(AgentFault) -> (preimage: RelinkPreimage, connection: ServerConnection) {
    let answer: (opened: RelinkOpened, certificate: [UInt8]?, connection: ServerConnection)
    do throws(ClientFault) {
      answer = try await servers.withServer { connection throws(ClientFault) in
        let (opened, certificate) = try await connection.callWithCertificate(
          "POST", "/v1/relinks", RelinkBegin(person: person.text), returning: RelinkOpened.self, repeatable: true)
        return (opened, certificate, connection)
      }
    } catch { throw .server(error) }
    let opened = answer.opened
    guard opened.workstation == workstation.workstation.text else { throw .disagreement(.workstation) }
    guard opened.segment == workstation.segment.name else { throw .disagreement(.segment) }
    guard opened.nonce.count == 32 else { throw .disagreement(.nonce) }
    guard opened.person == person.text, (try? CeremonyID(parsing: opened.ceremony)) != nil else {
      throw .disagreement(.ceremony)
    }
    guard opened.expiresAt > 0 else { throw .disagreement(.expiry) }
    guard let certificate = answer.certificate, certificate.count == 32 else { throw .disagreement(.serverCertificate) }
    let preimage = RelinkPreimage(
      nonce: Array(opened.nonce), ceremony: opened.ceremony, person: person.text, workstation: opened.workstation,
      segment: opened.segment, expiresAt: opened.expiresAt, serverCertificate: certificate,
      workstationCertificate: workstation.fingerprint)
    return (preimage, answer.connection)
  }
}
