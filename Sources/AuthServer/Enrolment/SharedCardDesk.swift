import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import Synchronization
import VaultLink

/// Registers shared-key cards at the desk: the vault asks the card, the desk's program carries, and what is proven is
/// registered for the person that was named at the beginning.
struct SharedCardDesk: Sendable {
  let services: Services
  let open: SharedCardEnrolments

  func begin(_ message: SharedCardEnrolment, by acting: OperatorRecord) async throws -> SharedCardStep {
    let now = services.surroundings.now()
    let segment = try Segment(parsing: message.segment)
    guard let script = services.policy.cards[message.profile], let floor = services.policy.policy.cardFloor(segment),
      services.instance.segments.contains(segment)
    else { throw HTTPFault.malformed(.value) }
    let card = try SharedCardPreimage(kind: script.kind, number: Array(message.number))
    let id = try PersonID(parsing: message.person)
    let person = try await services.store.read { (state) throws(StorageFault) -> Person? in try state.person(id) }
    guard let person else { throw HTTPFault.notFound }
    let enrolment = SharedCardEnrolments.Open(
      acting: acting.id, person: id, displayName: person.displayName, segment: segment, script: script, card: card, since: now)
    guard script.proof >= floor else {
      throw try await refuse(.proofBelowFloor, "\(script.proof.name) is below \(floor.name)", enrolment, now)
    }
    let answer: CardExchangeAnswer
    do { answer = try await services.vault.beginCard(script: script.canonicalBytes, number: card.number) } catch {
      throw try await refuse(error, enrolment, now)
    }
    return try await step(answer, enrolment, now)
  }

  func go(on exchange: String, _ message: SharedCardAnswers, by acting: OperatorRecord) async throws -> SharedCardStep {
    let now = services.surroundings.now()
    guard message.answers.count <= CardScript.mostSteps,
      message.answers.allSatisfy({ $0.count <= CardExchangeAnswer.longest })
    else { throw HTTPFault.malformed(.value) }
    // Another operator's stays where it is: nobody can void it from outside.
    guard let waiting = open.redeem(exchange, by: acting.id, now: now) else { throw HTTPFault.notFound }
    let answer: CardExchangeAnswer
    do {
      answer = try await services.vault.stepCard(exchange: waiting.handle, answers: message.answers.map { Array($0) })
    } catch { throw try await refuse(error, waiting.enrolment, now) }
    return try await step(answer, waiting.enrolment, now)
  }

  private func step(
    _ answer: CardExchangeAnswer, _ enrolment: SharedCardEnrolments.Open, _ now: Moment
  ) async throws -> SharedCardStep {
    switch answer.outcome {
    case .commands(let commands):
      let name = "x-" + Hex.encode(services.surroundings.random(16))
      guard open.remember(name, enrolment, handle: answer.exchange, now: now) else { throw HTTPFault.overloaded }
      return SharedCardStep(
        exchange: name, displayName: enrolment.displayName, script: Data(enrolment.script.canonicalBytes),
        commands: commands.map { Data($0) }, card: nil)
    case .refused(let word, let status):
      let refusal = SharedCardRefusal(enrolment.script, enrolment.card, word, status)
      throw try await refuse(refusal.code, refusal.note, enrolment, now)
    case .proven:
      let key = RegisteredKey(
        fingerprint: enrolment.card.fingerprint, profile: enrolment.script.id, slot: enrolment.script.kind.name,
        provenClass: enrolment.script.proof, enrolledBy: enrolment.acting, enrolledAt: now)
      let change = RegisterKey(
        key: key, person: enrolment.person, guid: nil, named: nil, newCard: services.surroundings.identifier("card"),
        segment: enrolment.segment, now: now, day: services.local(now).day)
      switch try await services.recorder.commit(change, now: now) {
      case .registered(let card):
        return SharedCardStep(
          exchange: "done", displayName: enrolment.displayName, script: Data(enrolment.script.canonicalBytes), commands: nil,
          card: CardDesk.summary(card))
      case .refused(let code): throw HTTPFault.conflictBecause(code)
      case .personUnknown: throw HTTPFault.conflict
      }
    }
  }

  /// The desk is told the cause; the row keeps it.
  private func refuse(
    _ code: DenialCode, _ note: String, _ enrolment: SharedCardEnrolments.Open, _ now: Moment
  ) async throws -> Refusal {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "card.enrolled", outcome: .refused)
    record.person = enrolment.person
    record.segment = enrolment.segment
    record.operatorID = enrolment.acting
    record.code = code
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return Refusal(code, reference: nil, isToldWhole: true)
  }

  private func refuse(
    _ fault: VaultFault, _ enrolment: SharedCardEnrolments.Open, _ now: Moment
  ) async throws -> Refusal {
    let (code, note) = SharedCardRefusal.cause(fault)
    return try await refuse(code, "\(enrolment.script.id): \(note)", enrolment, now)
  }
}

/// Exchanges that wait for a card at a desk: each name is used once, by the operator who began, within five minutes; bounded.
final class SharedCardEnrolments: Sendable {
  static let milliseconds: Int64 = 300_000
  private static let most = 1_000

  struct Open: Sendable {
    let acting: OperatorID
    let person: PersonID
    let displayName: String
    let segment: Segment
    let script: CardScript
    let card: SharedCardPreimage
    /// When the first round began.
    let since: Moment
  }

  struct Waiting: Sendable {
    let enrolment: Open
    /// The vault's.
    let handle: [UInt8]
  }

  private let waiting = Mutex<[String: Waiting]>([:])

  func remember(_ name: String, _ enrolment: Open, handle: [UInt8], now: Moment) -> Bool {
    waiting.withLock { waiting in
      waiting = waiting.filter { now.milliseconds(since: $0.value.enrolment.since) < Self.milliseconds }
      guard waiting.count < Self.most else { return false }
      waiting[name] = Waiting(enrolment: enrolment, handle: handle)
      return true
    }
  }

  func redeem(_ name: String, by acting: OperatorID, now: Moment) -> Waiting? {
    waiting.withLock { waiting in
      guard let found = waiting[name], found.enrolment.acting == acting else { return nil }
      waiting[name] = nil
      return now.milliseconds(since: found.enrolment.since) < Self.milliseconds ? found : nil
    }
  }
}

/// One round at a desk, by the name it is asked for.
enum SharedCardTag {}
