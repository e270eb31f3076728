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
/// Works only from a directory that answers and of which nothing is held: a hiccup must remove nobody.
actor PurgeService {
  /// Who is removed within 30 days.
  static let foreseenDays = 30
  /// Not while the night's date changes and other work is done.
  private static let firstMinuteOfDay = 2 * 60
  /// A reading older than this says nothing about who is there now.
  private static let readingMilliseconds: Int64 = 86_400_000

  private let services: Services
  private let directory: DirectoryService
  private let log: SafeLog
  private nonisolated let foreseen = Mutex<[DirectoryLeaver]>([])
  private var shown: Shown?

  private struct Shown: Equatable {
    let day: Int
    let limit: Int
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
    let ledger = try await services.store.lookUp { (state) throws(StorageFault) in try Leavers(in: state) }
    // Shown even while nothing may be done.
    if shown != Shown(day: local.day, limit: limit) {
      try await foresee(on: local.day, after: limit)
      shown = Shown(day: local.day, limit: limit)
    }
    guard mayRemove(now), services.localByClock(now).minuteOfDay >= Self.firstMinuteOfDay else { return }
    if ledger.countedOn.map({ $0 < local.day }) ?? true {
      let change = CountLeavers(
        day: local.day, limit: limit, offsetSeconds: services.policy.policy.organisation.timeZoneOffsetSeconds, now: now)
      try await services.recorder.commit(change, now: now)
      shown = nil
      return
    }
    let due = leavers.filter { $0.days == 0 && !$0.isOperator }
    guard !due.isEmpty, ledger.removed < Leavers.mostADay else { return }
    for leaver in due.prefix(Leavers.mostADay - ledger.removed) {
      guard let person = try? PersonID(parsing: leaver.person), mayRemove(services.surroundings.now()) else { break }
      try await remove(person, local.day, limit)
    }
    shown = nil
  }

  private func mayRemove(_ now: Moment) -> Bool {
    let condition = directory.condition
    guard condition.fault == nil, condition.held.isEmpty, let lookedAt = condition.lookedAt,
      services.clockFloor.secondsBehind(at: now) == nil
    else { return false }
    // A snapshot that nobody has carried since is no reading of today.
    if let snapshot = condition.snapshot, now.wallMilliseconds - snapshot.writtenAt >= Self.readingMilliseconds { return false }
    return now.milliseconds(since: lookedAt) < Self.readingMilliseconds
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

  private func foresee(on day: Int, after limit: Int) async throws {
    let found = try await services.store.read { (state) throws(StorageFault) -> [DirectoryLeaver] in
      try PurgePerson.foreseen(in: state, on: day, after: limit, within: Self.foreseenDays)
    }
    foreseen.withLock { $0 = found }
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
    // Asked again of what the writer sees: enabled, named again, or made an operator since.
    guard ledger.countedOn == day, ledger.removed < Leavers.mostADay,
      ledger.days(until: person, on: day, after: limit) == 0, let since = ledger.people[person]?.since,
      let found = try state.person(person),
      Leavers.hasLeft(found, try state.directoryIdentities(of: person), on: day, offsetSeconds) != nil,
      try !Self.isOperator(person, state)
    else {
      record.outcome = .refused
      record.note = "not due any more"
      return ([], record)
    }
    let live = try state.liveSessions(of: person)
    let removed = try state.remove(person)
    try DatedAccessBook.forget(person, in: &state)
    ledger.remove(person)
    try ledger.keep(in: &state)
    record.count = Int64(1 + removed.cards + removed.sessions + removed.identities + (removed.hadPassword ? 1 : 0))
    record.note =
      "gone for \(day - since) days; cards \(removed.cards), keys \(removed.keys), sessions \(removed.sessions), password "
      + "\(removed.hadPassword ? 1 : 0), directory identities \(removed.identities)"
    return (live, record)
  }

  static func isOperator(_ person: PersonID, _ state: some StateReader) throws(StorageFault) -> Bool {
    try state.operators().contains { $0.person == person && $0.isActive }
  }

  static func foreseen(
    in state: any StateReader, on day: Int, after limit: Int, within days: Int
  ) throws(StorageFault) -> [DirectoryLeaver] {
    let ledger = try Leavers(in: state)
    let operators = Set(try state.operators().filter(\.isActive).map(\.person))
    return ledger.people.keys.compactMap { person -> DirectoryLeaver? in
      guard let left = ledger.days(until: person, on: day, after: limit), left <= days else { return nil }
      return DirectoryLeaver(person: person.text, days: left, isOperator: operators.contains(person))
    }.sorted { ($0.days, $0.person) < ($1.days, $1.person) }
  }
}
