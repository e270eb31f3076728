package import AuditLog
import AuthAPI
import AuthPolicy
package import AuthTerms
import DirectorySync
package import Storage
import Synchronization

/// Removes what is kept of people who left `purge-after-days` ago: cards, password, counters of failures, sessions, the directory
/// identity with its names, and the person. Rows of the log keep their ids. The vault keeps nothing of people but the register of
/// operators, and who still is one stays.
///
/// Works only from a directory that answers, whose answer was judged and of which nothing is held: a hiccup must remove nobody.
actor PurgeService {
  /// Who is removed within 30 days.
  static let foreseenDays = 30
  /// Not while the night's date changes and other work is done.
  private static let firstMinuteOfDay = 2 * 60
  /// A reading older than this says nothing about who is there now.
  private static let readingMilliseconds: Int64 = 86_400_000

  /// So much may the clock of whoever wrote a snapshot be ahead of ours.
  private static let aheadMilliseconds: Int64 = 3_600_000

  private let services: Services
  private let directory: DirectoryService
  private let log: SafeLog
  private nonisolated let foreseen = Mutex<[DirectoryLeaver]>([])
  /// As the store had it; `nil` before it was read, and from each commit to the next look. Nobody else writes it.
  private var known: Known?
  /// Something was removed and may still stand in a file: by us, or before this server started.
  private var mayErase = true

  private struct Known {
    let day: Int
    let limit: Int
    let countedOn: Int?
    let removed: Int
  }

  init(services: Services, directory: DirectoryService, log: SafeLog) {
    self.services = services
    self.directory = directory
    self.log = log
  }

  nonisolated var leavers: [DirectoryLeaver] { foreseen.withLock { $0 } }

  nonisolated var warnings: (ja: [String], en: [String]) {
    let kept = leavers.filter { $0.isOperator && $0.days == 0 }.map(\.person)
    return (
      kept.map { "\($0) は離職していますが、操作者の登録が残っているため、登録の消去を行っていません。sanmon operator remove で登録を外してください" },
      kept.map { "\($0) has left, and is not purged while registered as an operator: sanmon operator remove" }
    )
  }

  func run() async {
    while !Task.isCancelled {
      do { try await look() } catch { log.event("purgeNotDone") }
      try? await Task.sleep(for: .seconds(1))
    }
  }

  private func look() async throws {
    guard services.restoration.pending == nil else { return }
    let now = services.surroundings.now()
    let (local, limit) = (services.local(now), services.policy.policy.organisation.purgeAfterDays)
    // Shown even while nothing may be done.
    let known = try await known(on: local.day, after: limit)
    if mayErase, try await services.store.eraseRemoved() { mayErase = false }
    guard mayRemove(now), services.localByClock(now).minuteOfDay >= Self.firstMinuteOfDay else { return }
    if known.countedOn.map({ $0 < local.day }) ?? true {
      let change = CountLeavers(
        day: local.day, limit: limit, offsetSeconds: services.policy.policy.organisation.timeZoneOffsetSeconds, now: now)
      self.known = nil
      try await services.recorder.commit(change, now: now)
      return
    }
    let due = leavers.filter { $0.days == 0 && !$0.isOperator }
    guard !due.isEmpty, known.removed < Leavers.mostADay else { return }
    (self.known, mayErase) = (nil, true)
    for leaver in due.prefix(Leavers.mostADay - known.removed) {
      guard let person = try? PersonID(parsing: leaver.person), mayRemove(services.surroundings.now()) else { break }
      try await remove(person, local.day, limit)
    }
  }

  private func mayRemove(_ now: Moment) -> Bool {
    let condition = directory.condition
    guard condition.fault == nil, condition.held.isEmpty, let judgedAt = condition.judgedAt,
      services.clockFloor.secondsBehind(at: now) == nil
    else { return false }
    // A snapshot that nobody has carried since is no reading of today, and one from tomorrow neither.
    if let snapshot = condition.snapshot,
      !(-Self.aheadMilliseconds..<Self.readingMilliseconds).contains(now.wallMilliseconds - snapshot.writtenAt)
    {
      return false
    }
    return now.milliseconds(since: judgedAt) < Self.readingMilliseconds
  }

  private func remove(_ person: PersonID, _ day: Int, _ limit: Int) async throws {
    let now = services.surroundings.now()
    let change = PurgePerson(
      person: person, day: day, limit: limit,
      offsetSeconds: services.policy.policy.organisation.timeZoneOffsetSeconds, now: now)
    for session in try await services.recorder.commit(change, now: now) {
      services.watch.tell(
        session.workstation, WatchEvent(event: "logoff", session: session.id.text, cause: "accountDisabled"))
    }
  }

  /// The ledger read again if a day began or anything was written, and with it who is shown.
  private func known(on day: Int, after limit: Int) async throws -> Known {
    if let known, known.day == day, known.limit == limit { return known }
    let (ledger, found) = try await services.store.read {
      (state) throws(StorageFault) -> (Leavers, [DirectoryLeaver]) in
      let ledger = try Leavers(in: state)
      return (ledger, try ledger.foreseen(in: state, on: day, after: limit, within: Self.foreseenDays))
    }
    foreseen.withLock { $0 = found }
    let read = Known(day: day, limit: limit, countedOn: ledger.countedOn, removed: ledger.removed)
    known = read
    return read
  }
}

/// One more day on which the directory was read: who is gone is counted.
package struct CountLeavers: Change {
  let day: Int
  let limit: Int
  let offsetSeconds: Int
  let now: Moment

  package init(day: Int, limit: Int, offsetSeconds: Int, now: Moment) {
    self.day = day
    self.limit = limit
    self.offsetSeconds = offsetSeconds
    self.now = now
  }

  package func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    var ledger = try Leavers(in: state)
    ledger.count(try Leavers.present(in: state, on: day, offsetSeconds: offsetSeconds), on: day)
    try ledger.keep(in: &state)
    let due = ledger.people.keys.count { ledger.days(until: $0, on: day, after: limit) == 0 }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "leavers.counted", outcome: .done)
    record.count = Int64(max(1, ledger.people.count))
    record.note = "\(ledger.people.count) have left; \(due) left more than \(limit) days ago"
    return ((), record)
  }
}

/// Removes one person and all that is kept of the person, if that is due. One transaction: all of it, or nothing.
package struct PurgePerson: Change {
  let person: PersonID
  /// Today (`LocalTime.day`).
  let day: Int
  let limit: Int
  let offsetSeconds: Int
  let now: Moment

  package init(person: PersonID, day: Int, limit: Int, offsetSeconds: Int, now: Moment) {
    self.person = person
    self.day = day
    self.limit = limit
    self.offsetSeconds = offsetSeconds
    self.now = now
  }

  /// - Returns: sessions that were live.
  package func apply(to state: inout some StateTransaction) throws(StorageFault) -> ([SessionRecord], AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "person.purged", outcome: .done)
    record.person = person
    var ledger = try Leavers(in: state)
    // Asked again of what the writer sees: enabled or named again since the day was counted.
    guard let found = try state.person(person),
      try Leavers.isGone(found, on: day, offsetSeconds, in: state)
    else {
      // The days begin anew, or the next second would come here again.
      if ledger.forget(person) { try ledger.keep(in: &state) }
      return ([], Self.refused(record))
    }
    guard ledger.countedOn == day, ledger.removed < Leavers.mostADay,
      ledger.days(until: person, on: day, after: limit) == 0, let since = ledger.people[person]?.since,
      try !Self.isOperator(person, state)
    else { return ([], Self.refused(record)) }
    let live = try state.liveSessions(of: person)
    let removed = try state.remove(person)
    try DatedAccessBook.forget(person, in: &state)
    try PassedAccounts.forget(person, in: &state)
    ledger.remove(person)
    try ledger.keep(in: &state)
    record.count = Int64(
      1 + removed.cards + removed.palms + removed.sessions + removed.identities + (removed.hadPassword ? 1 : 0))
    record.note =
      "gone for \(day - since) days; cards \(removed.cards), keys \(removed.keys), palms \(removed.palms), sessions \(removed.sessions), password "
      + "\(removed.hadPassword ? 1 : 0), directory identities \(removed.identities)"
    return (live, record)
  }

  private static func refused(_ record: AuditRecord) -> AuditRecord {
    var record = record
    record.outcome = .refused
    record.note = "not due any more"
    return record
  }

  private static func isOperator(_ person: PersonID, _ state: some StateReader) throws(StorageFault) -> Bool {
    try state.operators().contains { $0.person == person && $0.isActive }
  }
}

extension Leavers {
  /// Who may be removed within so many days, the next ones first.
  func foreseen(
    in state: any StateReader, on day: Int, after limit: Int, within days: Int
  ) throws(StorageFault) -> [DirectoryLeaver] {
    let operators = Set(try state.operators().filter(\.isActive).map(\.person))
    return people.keys.compactMap { person -> DirectoryLeaver? in
      guard let left = self.days(until: person, on: day, after: limit), left <= days else { return nil }
      return DirectoryLeaver(person: person.text, days: left, isOperator: operators.contains(person))
    }.sorted { ($0.days, $0.person) < ($1.days, $1.person) }
  }
}
