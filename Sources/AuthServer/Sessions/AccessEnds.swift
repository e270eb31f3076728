import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// People whose last day is today (or that of who answers for somebody from outside) are told a quarter of an hour before it is
/// over, and what they have open locks when it is, by the clock alone: nothing has to change in a directory for it.
///
/// Days are those of the rules (`Services.local`): the same day that refuses a lease or a logon. An account that ends in the
/// middle of a day is told of here too; its end is the directory's (`DirectoryReading.Judgement.nextEnd`). So is a session that stands
/// on a dated access alone; its end is `AccessKeeper`'s. A session that was opened with a card of the stock ends with the loan.
actor AccessEnds {
  static let noticeMilliseconds: Int64 = 15 * 60_000
  /// Between looks while something may end soon, and otherwise (for an end that was moved into the past).
  private static let (nearMilliseconds, farMilliseconds): (Int64, Int64) = (3_000, 60_000)

  private let services: Services
  /// Whose account ends in the middle of a day, in milliseconds since 1970-01-01 UTC.
  private let ends: @Sendable () -> [PersonID: Int64]
  /// Of which end each session's workstation was told. In memory only: a workstation that hears it again after a restart of the
  /// server says it once.
  private var told: [SessionID: Int64] = [:]
  /// When the whole city was looked at last, and when those who end soon were. Monotonic.
  private var last: (milliseconds: Int64, day: Int)?
  private var lastSoon: Int64?

  init(services: Services, ends: @escaping @Sendable () -> [PersonID: Int64]) {
    self.services = services
    self.ends = ends
  }

  /// Asked every second; looks when it is time to.
  /// - Throws: what the store answers; the next look tries again.
  func look() async throws {
    // A restored copy that waits for its approval writes nothing of its own.
    guard services.restoration.pending == nil else { return }
    let now = services.surroundings.now()
    let (time, day) = (services.clockFloor.later(of: now), services.local(now).day)
    let (ends, dayEnd) = (ends(), endOfDay(day))
    let isEvening = dayEnd - time <= Self.noticeMilliseconds
    let pause = isEvening ? Self.nearMilliseconds : Self.farMilliseconds
    if let last, last.day == day, now.monotonicMilliseconds - last.milliseconds < pause {
      // By day only those are asked about whose account ends soon: the city has a thousand others.
      let soon = ends.filter { $0.value - time <= Self.noticeMilliseconds }.keys.sorted()
      let isTime = lastSoon.map { now.monotonicMilliseconds - $0 >= Self.nearMilliseconds } ?? true
      guard !soon.isEmpty, isTime else { return }
      let live = try await services.store.read { (state) throws(StorageFault) -> [Live] in
        var live: [Live] = []
        for person in soon {
          for session in try state.liveSessions(of: person) { live.append(try Live(session, nil, state)) }
        }
        return live
      }
      try await look(at: live, ends, dayEnd, time, day, now)
      lastSoon = now.monotonicMilliseconds
      return
    }
    let book = isEvening ? DatedAccessBook(services, at: now) : nil
    let live = try await services.store.read { (state) throws(StorageFault) -> [Live] in
      let tonight = book.map { (book: $0, look: DatedAccessBook.Look()) }
      let loans = try state.lentCards()
      return try state.liveSessions().map { (session) throws(StorageFault) in try Live(session, tonight, state, loans: loans) }
    }
    let ids = Set(live.map(\.session.id))
    told = told.filter { ids.contains($0.key) }
    try await look(at: live, ends, dayEnd, time, day, now)
    last = (now.monotonicMilliseconds, day)
  }

  private struct Live: Sendable {
    let session: SessionRecord
    let lastDay: Int?
    /// Because the last day of a dated access is today.
    let endsTonight: Bool
    /// Of the loan of the card that opened it.
    let lastDayOfLoan: Int?

    /// - Parameter loans: cards of the stock that are lent; without them nothing is said of loans.
    init(
      _ session: SessionRecord, _ tonight: (book: DatedAccessBook, look: DatedAccessBook.Look)?, _ state: some StateReader,
      loans: [RegisteredCard] = []
    ) throws(StorageFault) {
      self.session = session
      lastDayOfLoan = loans.first { $0.id == session.card && $0.person == session.person }?.lentUntil
      lastDay = try state.lastDay(of: session.person)
      endsTonight =
        try tonight.map { (all) throws(StorageFault) in try all.book.endsTonight(session, state, all.look) } ?? false
    }
  }

  private func look(
    at live: [Live], _ ends: [PersonID: Int64], _ dayEnd: Int64, _ time: Int64, _ day: Int, _ now: Moment
  ) async throws {
    for one in live {
      if let lastDay = one.lastDay, lastDay < day {
        try await withdraw(one.session, day, now)
      } else if let lastDay = one.lastDayOfLoan, lastDay < day {
        try await withdrawAfterLoan(one.session, day, now)
      } else if one.session.phase == .open {
        if let end = [one.lastDay == day ? dayEnd : nil, ends[one.session.person]].compactMap({ $0 }).min() {
          tell(one.session, of: end, at: time)
        } else if one.lastDayOfLoan == day {
          tell(one.session, of: dayEnd, at: time, cause: "loanEnds")
        } else if one.endsTonight {
          tell(one.session, of: dayEnd, at: time, cause: "accessChanged")
        }
      }
    }
  }

  private func endOfDay(_ day: Int) -> Int64 {
    (Int64(day) + 1) * 86_400_000 - Int64(services.policy.policy.organisation.timeZoneOffsetSeconds) * 1000
  }

  private func tell(_ session: SessionRecord, of end: Int64, at time: Int64, cause: String = "accountEnds") {
    let left = end - time
    guard (1...Self.noticeMilliseconds).contains(left), told[session.id] != end else { return }
    let event = WatchEvent(
      event: "ending", session: session.id.text, cause: cause, minutes: Int((left + 59_999) / 60_000), endsAt: end)
    // Who is not connected hears it when it is again.
    if services.watch.tell(session.workstation, event) { told[session.id] = end }
  }

  private func withdraw(_ session: SessionRecord, _ day: Int, _ now: Moment) async throws {
    guard !session.isRevoked else { return }
    let change = WithdrawAfterLastDay(session: session.id, day: day, now: now)
    guard try await services.recorder.commit(change, now: now) else { return }
    services.watch.tell(session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "accountEnds"))
  }

  private func withdrawAfterLoan(_ session: SessionRecord, _ day: Int, _ now: Moment) async throws {
    guard !session.isRevoked else { return }
    let change = WithdrawAfterLoan(session: session.id, day: day, now: now)
    guard try await services.recorder.commit(change, now: now) else { return }
    services.watch.tell(session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "loanEnds"))
  }
}

/// Locks what somebody has open whose last day is over, for good.
struct WithdrawAfterLastDay: Change {
  let session: SessionID
  /// Today (`LocalTime.day`).
  let day: Int
  let now: Moment

  /// `false`: it has ended or was withdrawn meanwhile, or its person may go on.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Bool, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "session.withdrawn", outcome: .done)
    record.session = session
    record.note = "the person's last day is over"
    let found = try state.session(session)
    record.person = found?.person
    record.workstation = found?.workstation
    record.segment = found?.segment
    record.card = found?.card
    guard let found, found.phase != .ended, !found.isRevoked, let lastDay = try state.lastDay(of: found.person),
      lastDay < day
    else {
      record.outcome = .refused
      record.note = "ended or extended meanwhile"
      return (false, record)
    }
    _ = try state.withdraw(found)
    record.code = .accountOutsideDates
    return (true, record)
  }
}
