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
    let view = try await waitForCard(seconds: waitSeconds)
    guard view.certificates[.authentication] != nil else { throw .card(.missingObject) }
    let (pin, leastTries) = try await askPIN(view)
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

  private func waitForCard(seconds: Int64) async throws(AgentFault) -> CardView {
    let start = surroundings.now()
    var told = false
    while true {
      do throws(CardFailure) {
        return try await cards.view()
      } catch {
        switch error {
        case .noCard, .noReader, .cardRemoved, .readerBusy, .cardReset, .serviceLost: break
        default: throw .card(error)
        }
        guard surroundings.now().milliseconds(since: start) < seconds * 1000 else { throw .card(error) }
        if !told { await asking.tell(.placeCard) }
        told = true
      }
      do { try await Task.sleep(for: .milliseconds(250)) } catch { throw .cancelled }
    }
  }

  private func askPIN(_ view: CardView) async throws(AgentFault) -> (Secret<PIN>, leastTries: Int) {
    guard view.triesLeft > 0 else { throw .pinBlocked }
    var leastTries = 2
    if view.triesLeft == 1 {
      guard await asking.confirmLastTry() else { throw .lastTryNotConfirmed }
      leastTries = 1
    }
    let pin = try await asking.pin(triesLeft: view.triesLeft)
    // A PIN the card would not even look at must not cost a try.
    guard PINRule.accepts(pin) else { throw .card(.unusablePIN) }
    return (pin, leastTries)
  }

  private func prove(
    _ errand: CardProofErrand, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> (PIVSlotEvidence, CardGUID?) {
    let outcome: CardProofErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    switch outcome {
    case .answered(.proven(let evidence), let guid): return (evidence, guid)
    case .answered(.wrongPIN(let left), _):
      await report(WorkstationEvent(kind: "wrongPIN", triesLeft: left), over: connection)
      throw .pinWrong(triesLeft: left)
    case .answered(.pinBlocked, _):
      await report(WorkstationEvent(kind: "pinBlocked", triesLeft: 0), over: connection)
      throw .pinBlocked
    case .tooFewTries: throw .lastTryNotConfirmed
    case .otherCard: throw .otherCard
    }
  }

  /// The card's own "no" reaches the log as an event. If it can't be told now, the person still learns what the card said.
  private func report(_ event: WorkstationEvent, over connection: ServerConnection) async {
    _ = try? await connection.call("POST", "/v1/events", event, returning: NoBody.self)
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
