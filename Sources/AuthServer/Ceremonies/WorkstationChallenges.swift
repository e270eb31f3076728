import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage
import Synchronization

/// What a workstation asks for besides a logon, with a card that signs a challenge: who asks, and how it is refused.
protocol WorkstationChallenges: Sendable {
  /// Of every row.
  static var action: String { get }
  /// Of rows before possession.
  static var rule: RuleID { get }
  var services: Services { get }
}

extension WorkstationChallenges {
  /// - Throws: a refusal as before possession, for a workstation that is unknown, revoked, throttled or of another server's segment.
  func workstation(_ caller: CeremonyService.Caller, _ now: Moment) async throws -> WorkstationRecord {
    let found = try await services.store.lookUp { (state) throws(StorageFault) -> (WorkstationRecord, Moment?)? in
      guard let workstation = try state.workstation(certificate: caller.certificate) else { return nil }
      return (workstation, try Throttling.blockedUntil([.workstation(workstation.id)], now: now, in: state))
    }
    guard let (workstation, blocked) = found else { throw try await refuse(.workstationUnknown, nil, caller, now) }
    services.presence.heard(workstation.id, at: now)
    guard !workstation.isRevoked else { throw try await refuse(.workstationRevoked, workstation, caller, now) }
    guard services.instance.segments.contains(workstation.segment) else {
      throw try await refuse(.segmentNotServed, workstation, caller, now)
    }
    guard blocked == nil else { throw try await refuse(.throttled, workstation, caller, now) }
    return workstation
  }

  func record(
    _ workstation: WorkstationRecord?, _ caller: CeremonyService.Caller, _ now: Moment, person: PersonID? = nil
  ) -> AuditRecord {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: Self.action, outcome: .denied)
    record.workstation = workstation?.id
    record.workstationCertificate = caller.certificate
    record.segment = workstation?.segment
    record.person = person
    record.policyVersion = services.policy.policy.version
    return record
  }

  /// As at a logon: the row has the cause, the asker gets the one answer that every refusal before possession has.
  /// - Parameter isCoalesced: `false` where another refusal that has to look the same always has a row of its own: a reference
  ///   that comes again would tell them apart. It has to be counted then, or rows have no end.
  func refuse(
    _ code: DenialCode, _ workstation: WorkstationRecord?, _ caller: CeremonyService.Caller, _ now: Moment, note: String = "",
    counts: Bool = false, person: PersonID? = nil, isCoalesced: Bool = true
  ) async throws -> Refusal {
    let source = RefusalCoalescer.Source(workstation: workstation?.id, code: code)
    if isCoalesced, case .counted(let reference) = services.coalescer.verdict(source, now: now) {
      return .beforePossession(reference: reference)
    }
    var record = record(workstation, caller, now, person: person)
    record.code = code
    record.rule = Self.rule
    record.note = note
    let reference = try await services.recorder.commit(
      RecordRefusal(
        record: record, day: services.localByClock(now).day, referenceStart: services.surroundings.number(),
        countsAgainst: counts ? workstation?.id : nil, policy: services.policy.policy, now: now),
      now: now)
    if isCoalesced { services.coalescer.remember(reference, for: source) }
    return .beforePossession(reference: reference)
  }
}

/// A challenge that a card has to sign. Of one kind each: none can be concluded as one of another.
protocol WorkstationChallenge: Sendable {
  var id: CeremonyID { get }
  var expiresAt: Moment { get }
}

/// Open challenges, in memory: one a workstation, redeemed by removal, void after a restart.
final class ChallengeTable<Challenge: WorkstationChallenge>: Sendable {
  private let current = Mutex<[WorkstationID: Challenge]>([:])

  func open(_ opened: Challenge, at workstation: WorkstationID) { current.withLock { $0[workstation] = opened } }

  /// - Returns: `nil` for one that is unknown, of another workstation, redeemed, replaced or expired.
  func redeem(_ id: CeremonyID, at workstation: WorkstationID, now: Moment) -> Challenge? {
    current.withLock { current in
      guard let opened = current[workstation], opened.id == id else { return nil }
      current[workstation] = nil
      return now.hasReached(opened.expiresAt) ? nil : opened
    }
  }
}
