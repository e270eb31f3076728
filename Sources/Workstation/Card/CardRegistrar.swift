public import AuthAPI
public import AuthClient
public import AuthTerms
import Foundation
import SmartCard

/// Registers a card as its holder's at this workstation: the card with its PIN, the password and the enrolment code together.
///
/// Everything is asked for first, so that the server's challenge is fresh when the card signs it.
public struct CardRegistrar: Sendable {
  private let workstation: EnrolledWorkstation
  private let servers: ServerList
  private let cards: any CardProofPort
  private let asking: any Asking
  private let surroundings: Surroundings

  public init(
    workstation: EnrolledWorkstation, servers: ServerList, cards: any CardProofPort, asking: any Asking,
    surroundings: Surroundings
  ) {
    self.workstation = workstation
    self.servers = servers
    self.cards = cards
    self.asking = asking
    self.surroundings = surroundings
  }

  /// - Parameters:
  ///   - account: whose card it becomes.
  ///   - waitSeconds: how long to wait for a card.
  public func register(for account: AccountName, waitSeconds: Int64) async throws(AgentFault) -> FirstTapDone {
    // Before anything is typed: where this is the desk's business, the server says so.
    _ = try await open(account)
    let view = try await surroundings.waiting(
      seconds: waitSeconds, placeCard: { await asking.tell(.placeCard) }
    ) { () async throws(CardFailure) in try await cards.view() }
    guard view.certificates[.authentication] != nil else { throw .card(.missingObject) }
    let (pin, leastTries) = try await asking.pin(triesLeft: view.triesLeft) { PINRule.accepts($0) ? nil : .unusablePIN }
    let password = try await asking.password()
    let typed = try await asking.code()
    // A slip is told here and counts nothing.
    guard let code = try? LookUpCode(parsing: typed.withBytes({ Array($0) })) else { throw .codeMistyped }
    let opened = try await open(account)
    let base = opened.preimage
    let errand = CardProofErrand(seen: view, pin: pin, leastTries: leastTries) { guid in
      var preimage = base
      preimage.guid = guid?.bytes ?? []
      return preimage.canonicalBytes
    }
    let (evidence, guid) = try await prove(errand, reportingTo: opened.connection)
    // JSON keeps copies of the password and the code until this process ends or reuses the memory; see docs/threat-model.md.
    let proof = FirstTapProofMessage(
      card: CardProofMessage(
        profile: "piv", slot: PIVSlot.authentication.name, certificate: Data(evidence.certificate),
        algorithm: evidence.algorithm.scheme.rawValue, signature: Data(evidence.signature)),
      refusedWithoutPIN: evidence.proofClass == .publicKeyWithPIN, guid: guid.map { Data($0.bytes) },
      password: password.withBytes { Data($0) }, code: Data(code.digits))
    do {
      return try await opened.connection.call("POST", "/v1/registrations/\(base.ceremony)/proof", proof)
    } catch { throw .server(error) }
  }

  private func prove(
    _ errand: CardProofErrand, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> (PIVSlotEvidence, CardGUID?) {
    let outcome: CardProofErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    switch outcome {
    case .answered(.proven(let evidence), let guid): return (evidence, guid)
    case .answered(.wrongPIN(let left), _):
      await connection.report(WorkstationEvent(kind: "wrongPIN", triesLeft: left))
      throw .pinWrong(triesLeft: left)
    case .answered(.pinBlocked, _):
      await connection.report(WorkstationEvent(kind: "pinBlocked", triesLeft: 0))
      throw .pinBlocked
    case .tooFewTries: throw .lastTryNotConfirmed
    case .otherCard: throw .otherCard
    }
  }

  /// A challenge that agrees with what this workstation knows by itself, and what the card signs for it.
  private func open(
    _ account: AccountName
  ) async throws(AgentFault) -> (preimage: FirstTapPreimage, connection: ServerConnection) {
    let answer: (opened: FirstTapOpened, certificate: [UInt8]?, connection: ServerConnection)
    do throws(ClientFault) {
      answer = try await servers.withServer { connection throws(ClientFault) in
        let (opened, certificate) = try await connection.callWithCertificate(
          "POST", "/v1/registrations", FirstTapBegin(account: account.canonical), returning: FirstTapOpened.self,
          repeatable: true)
        return (opened, certificate, connection)
      }
    } catch { throw .server(error) }
    let opened = answer.opened
    guard opened.workstation == workstation.workstation.text else { throw .disagreement(.workstation) }
    guard opened.segment == workstation.segment.name else { throw .disagreement(.segment) }
    guard opened.nonce.count == 32 else { throw .disagreement(.nonce) }
    guard opened.account == account.canonical, (try? CeremonyID(parsing: opened.ceremony)) != nil else {
      throw .disagreement(.ceremony)
    }
    guard opened.expiresAt > 0 else { throw .disagreement(.expiry) }
    guard let certificate = answer.certificate, certificate.count == 32 else { throw .disagreement(.serverCertificate) }
    let preimage = FirstTapPreimage(
      nonce: Array(opened.nonce), ceremony: opened.ceremony, account: account.canonical, workstation: opened.workstation,
      segment: opened.segment, expiresAt: opened.expiresAt, serverCertificate: certificate,
      workstationCertificate: workstation.fingerprint, slot: PIVSlot.authentication.name, guid: [])
    return (preimage, answer.connection)
  }
}
