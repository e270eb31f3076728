import AuditLog
import AuthAPI
import AuthTerms
import MatcherLink
import Storage

/// Which key of the ring is in force, and palms on their way to a new one while logons go on under either.
struct PalmRing: Sendable {
  let services: Services

  /// Of palms in one transaction.
  static let mostAtOnce = 32
  private static let setting = "palm.ring"

  /// - Returns: the number of the key that new palms get; 1 at first.
  static func current(_ state: some StateReader) throws(StorageFault) -> UInt32 {
    guard let bytes = try state.setting(setting) else { return 1 }
    guard bytes.count == 4 else { throw .corrupt("setting \(setting)") }
    return bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  fileprivate static func begin(_ ring: UInt32, in state: inout some StateTransaction) throws(StorageFault) {
    try state.set([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ring >> $0) }, forSetting: setting)
  }

  func current() async throws -> UInt32 {
    try await services.store.read { (state) throws(StorageFault) in try Self.current(state) }
  }

  /// One step: the next palms get the key that is in force. Asked again until none is left.
  /// - Parameter begins: whether a new key comes into force first.
  /// - Throws: a conflict to begin while palms are left from the last time.
  func step(begins: Bool, by acting: OperatorRecord) async throws -> PalmRekeyed {
    let now = services.surroundings.now()
    if begins {
      guard let ring = try await services.recorder.commit(BeginPalmRing(by: acting.id, now: now), now: now) else {
        throw HTTPFault.conflictBecause(.palmsUnderFormerKey)
      }
      return PalmRekeyed(ring: ring, rekeyed: 0, left: try await left())
    }
    let ring = try await current()
    let next = try await services.store.read { (state) throws(StorageFault) in
      try state.palms(notUnder: ring, limit: Self.mostAtOnce)
    }
    var moved: [RekeyPalms.Move] = []
    for palm in next {
      guard let pair = try await pair(for: palm) else { throw Refusal(.palmUnavailable, reference: nil, isToldWhole: true) }
      do { moved.append(try await move(palm, to: ring, pair.compare)) } catch let fault as MatcherFault {
        try await record(fault, palm, acting, now)
        throw Refusal(.palmUnavailable, reference: nil, isToldWhole: true)
      }
    }
    let count =
      moved.isEmpty
      ? 0 : try await services.recorder.commit(RekeyPalms(moves: moved, ring: ring, by: acting.id, now: now), now: now)
    if count > 0 { services.palmKeeper.removed() }
    return PalmRekeyed(ring: ring, rekeyed: count, left: try await left())
  }

  /// Palms under another key than the one in force.
  private func left() async throws -> Int {
    try await services.store.read { (state) throws(StorageFault) in try state.palmCount(notUnder: Self.current(state)) }
  }

  private func pair(for palm: RegisteredPalm) async throws -> PalmMatchers.Pair? {
    for pair in services.palms.pairs {
      if let facts = try? await pair.compare.describe(), facts.format.description == palm.format { return pair }
    }
    return nil
  }

  private func move(_ palm: RegisteredPalm, to ring: UInt32, _ matcher: MatcherLink) async throws -> RekeyPalms.Move {
    var contents = try PalmColumn.open(palm, services.columns)
    guard let former = contents.half else { throw MatcherFault.malformed("a palm with a key") }
    let half = Secret<KeyMaterial>(copying: services.surroundings.random(TemplateKey.halfBytes))
    let keys = PalmKeys(vault: services.vault)
    let old = try await keys.key(of: palm.person, half: former, ring: palm.ring)
    let new = try await keys.key(of: palm.person, half: half, ring: ring)
    contents.half = half
    contents.references = try await matcher.rekey(contents.references, from: old, to: new)
    if !contents.searched.isEmpty {
      contents.searched = try await matcher.rekey(
        contents.searched, from: keys.searchKey(ring: palm.ring), to: keys.searchKey(ring: ring))
    }
    let recent = try PalmColumn.recent(of: palm, services.columns)
    var next = palm
    next.ring = ring
    next.sealed = try PalmColumn.seal(contents, in: next, services.columns)
    next.recent =
      recent.isEmpty
      ? [] : try PalmColumn.seal(recent: try await matcher.rekey(recent, from: old, to: new), in: next, services.columns)
    return RekeyPalms.Move(from: palm, to: next)
  }

  private func record(
    _ fault: MatcherFault, _ palm: RegisteredPalm, _ acting: OperatorRecord, _ now: Moment
  ) async throws {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "palm.rekeyed", outcome: .refused)
    record.person = palm.person
    record.operatorID = acting.id
    record.code = .palmUnavailable
    record.note = "\(fault)"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }
}

/// A new key comes into force.
private struct BeginPalmRing: Change {
  let by: OperatorID
  let now: Moment

  /// - Returns: its number; `nil` while palms are left under a key before the last one.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (UInt32?, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "palm.keyBegun", outcome: .done)
    record.operatorID = by
    let ring = try PalmRing.current(state)
    guard ring < .max, try state.palmCount(notUnder: ring) == 0 else {
      record.outcome = .refused
      record.code = .palmsUnderFormerKey
      return (nil, record)
    }
    try PalmRing.begin(ring + 1, in: &state)
    record.note = "key \(ring + 1) of the ring"
    return (ring + 1, record)
  }
}

/// Palms under a new key, in place of the same under the old one.
private struct RekeyPalms: Change {
  struct Move: Sendable {
    let from: RegisteredPalm
    let to: RegisteredPalm
  }

  let moves: [Move]
  let ring: UInt32
  let by: OperatorID
  let now: Moment

  /// - Returns: how many; one that was changed or taken away meanwhile is left for the next step.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Int, AuditRecord) {
    var count = 0
    for move in moves where try state.palms(of: move.from.person).contains(move.from) {
      try state.put(move.to)
      count += 1
    }
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "palm.rekeyed", outcome: .done)
    record.operatorID = by
    record.count = Int64(count)
    record.note = "to key \(ring) of the ring"
    return (count, record)
  }
}
