import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Foundation
import Sealing
import Storage
import Synchronization

/// Plays a morning on a copy of the store, one at a time: how long each step takes, and who would stand before a locked door. Nothing
/// of it is kept but a row that it was done.
final class RehearsalDesk: Sendable {
  private let services: Services
  private let store: SQLiteStore
  /// `nil` where people are imported from files.
  private let directory: DirectoryService?
  private let folder: String
  private let state = Mutex<RehearsalState?>(nil)

  /// - Parameter folder: in the state folder; emptied: what a kill left is of no use.
  init(services: Services, store: SQLiteStore, directory: DirectoryService?, folder: String) {
    self.services = services
    self.store = store
    self.directory = directory
    self.folder = folder
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Begins to play one: the copy of a long log takes longer than a request may.
  /// - Returns: one that is over already, with words, for a list that cannot be read and for a morning that has been.
  /// - Throws: conflict while another one is played, and for a list where no directory has been read.
  func begin(_ question: RehearsalQuestion, by acting: OperatorID) async throws -> RehearsalState {
    let local = services.localByClock(services.surroundings.now())
    let earliest = local.minuteOfDay < RehearsedMorning.minute ? local.day : local.day + 1
    let day: Int
    if let text = question.day {
      guard let found = CivilDay.parse(text) else { throw HTTPFault.malformed(.value) }
      day = found
    } else {
      day = CivilDay.nextFirstOfApril(from: earliest)
    }
    if question.list != nil, await directory?.ground() == nil { throw HTTPFault.conflict }
    let begun = RehearsalState(rehearsal: "r-" + Hex.encode(services.surroundings.random(8)), day: CivilDay.text(day))
    func over(_ ja: String, _ en: String) -> RehearsalState {
      var state = begun
      (state.isOver, state.faultJa, state.faultEn) = (true, ja, en)
      return state
    }
    guard day >= earliest else {
      return over(
        "\(begun.day) の 8:30 は過ぎています。これから来る日を指定してください", "8:30 of \(begun.day) is over: name a day that is still to come")
    }
    var list: TransferList?
    switch question.list.map(TransferDesk.read) {
    case .failure(let fault):
      let place = "\(fault.place): \(fault.code.rawValue)"
      return over("\(place) \(fault.ja)", "\(place) \(fault.en)")
    case .success(let found): list = found
    case nil: break
    }
    let isFree = state.withLock { state in
      guard state?.isOver ?? true else { return false }
      state = begun
      return true
    }
    guard isFree else { throw HTTPFault.conflict }
    Task(priority: .utility) { [self, list] in
      do { try await play(list, on: day, by: acting) } catch {
        let words = Self.words(of: error)
        tell { ($0.faultJa, $0.faultEn) = words }
        // A fault of the log itself is told elsewhere.
        try? await record(.refused, 1, "the morning of \(begun.day) was not played to its end: \(words.en)", by: acting)
      }
      await Aside.run { [folder] in try? FileManager.default.removeItem(atPath: folder) }
      tell { $0.isOver = true }
    }
    return begun
  }

  func look(at id: String) throws -> RehearsalState {
    guard let found = state.withLock({ $0 }), found.rehearsal == id else { throw HTTPFault.notFound }
    return found
  }

  private static func words(of error: any Error) -> (ja: String, en: String) {
    switch error {
    case let none as NoRoom:
      (
        "空き容量が足りないため、写しを作りません（必要 \(none.room.needed >> 20) MB、空き \(none.room.free >> 20) MB）",
        "there is no room for the copy: \(none.room.needed >> 20) MB needed, \(none.room.free >> 20) MB free"
      )
    case let trouble as DirectoryTrouble: ("\(trouble.code) \(trouble.ja)", "\(trouble.code) \(trouble.en)")
    case let fault as StorageFault:
      ("写しを作れないか、書き込めません（空き容量を確かめてください）: \(fault)", "the copy cannot be made or written; is there room on the disk? \(fault)")
    default: ("最後まで試せませんでした: \(error)", "it could not be played to its end: \(error)")
    }
  }

  private func tell(_ change: (inout RehearsalState) -> Void) {
    state.withLock { state in
      guard var told = state else { return }
      change(&told)
      state = told
    }
  }

  /// What is too much for the disk would stop the logons of the living.
  private struct NoRoom: Error { let room: RehearsalRoom }

  /// A row that one was played, or was not played to its end.
  private func record(_ outcome: AuditOutcome, _ count: Int, _ note: String, by acting: OperatorID) async throws {
    let now = services.surroundings.now()
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "directory.rehearsed", outcome: outcome)
    record.operatorID = acting
    record.count = Int64(max(1, count))
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }

  /// Does one step, timed; what it counts is told with it.
  private func step<R>(
    _ ja: String, _ en: String, _ work: () async throws -> (R, count: Int)
  ) async throws -> R {
    tell { ($0.doingJa, $0.doingEn) = (ja, en) }
    let start = services.surroundings.microseconds()
    let (result, count) = try await work()
    let took = (services.surroundings.microseconds() - start + 500) / 1000
    tell { $0.steps.append(RehearsalStep(ja: ja, en: en, milliseconds: max(0, took), count: count)) }
    return result
  }

  // MARK: The morning

  private func play(_ list: TransferList?, on day: Int, by acting: OperatorID) async throws {
    let room = await Aside.run { [store] in RehearsalRoom(beside: store.path) }
    guard room.isEnough else { throw NoRoom(room: room) }
    let copy = try await step("データベースの写しを作る", "copying the database") {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      let path = folder + "/copy.db"
      let (rows, _) = try await store.copy(to: path) { _, _ in ("rehearsal", Array("1".utf8)) }
      let offset = services.policy.policy.organisation.timeZoneOffsetSeconds
      return (try await Aside.run { try SQLiteStore(path: path, localDayOffsetSeconds: offset) }, Int(clamping: rows))
    }
    defer { copy.close() }
    let morning = moment(on: day)
    if let directory {
      let isRead = try await step("Active Directory の全件を読む", "reading the whole Active Directory") {
        let objects = try await directory.readAside()
        return (objects != nil, objects ?? 0)
      }
      // Nothing to read where snapshots are carried in.
      if !isRead { tell { $0.steps.removeLast() } }
      try await transfer(list, directory, on: copy, at: morning)
    }
    let logons = try await self.logons(on: copy, at: morning)
    tell { $0.logons = logons }
    try await record(
      .done, logons.logons,
      "the morning of \(CivilDay.text(day)) on a copy: \(logons.granted) of \(logons.logons) logons of \(logons.people) people let in, "
        + "\(logons.perMinute) a minute", by: acting)
  }

  /// 8:30 of that day, as it will be by this machine's clock.
  private func moment(on day: Int) -> Moment {
    let now = services.surroundings.now()
    let offset = Int64(services.policy.policy.organisation.timeZoneOffsetSeconds)
    let wall = ((Int64(day) * 24 * 60 + Int64(RehearsedMorning.minute)) * 60 - offset) * 1000
    return Moment(
      wallMilliseconds: wall, boot: now.boot,
      monotonicMilliseconds: now.monotonicMilliseconds + wall - now.wallMilliseconds)
  }

  private func transfer(
    _ list: TransferList?, _ directory: DirectoryService, on copy: SQLiteStore, at morning: Moment
  ) async throws {
    // Nothing was read yet: people are as the database has them.
    guard await directory.ground() != nil else { return }
    let desk = TransferDesk(services: services, directory: directory)
    let ground = try await desk.ground()
    let stand = ground.stand
    let policy = services.policy.policy
    var (replica, rules) = (stand.replica, ground.rules)
    if let list {
      let plan = try await step("異動の一覧を確かめる", "reading the transfer list") {
        (await Aside.run { desk.plan(list, ground, at: morning) }, list.lines.count)
      }
      // A list says what is to be on the day, whatever date stands in an attribute.
      (replica, rules) = (plan.planned, rules.atOnce)
      warn(of: plan)
    }
    var reading = DirectoryReading(
      replica: replica, rules: rules, groups: policy.accessGroups, limits: .none, approvals: services.waivers,
      access: DatedAccessBook(policy: policy, approvals: services.waivers, local: services.localByClock(morning)), now: morning)
    let judgement = try await step("全員の権限を判定する", "judging everybody") {
      let found = try await copy.read { [reading] (state) throws(StorageFault) in try reading.judge(state) }
      return (found, found.view.people.count)
    }
    reading.judged = judgement
    let outcome = try await step("異動を反映する", "putting the transfer in force") {
      let change = await Aside.run { [replica, reading] in
        let (changed, gone) = replica.differences(from: stand.replica)
        let bodies = changed.compactMap { guid in
          replica.encoded(guid).map { DirectoryObjectRecord(guid: guid, body: $0) }
        }
        return ApplyDirectory(
          reading: reading, kept: stand.replica, changed: bodies, gone: gone, position: stand.position, attributes: "")
      }
      return (try await copy.commit(change), judgement.plan.writes.count)
    }
    guard !outcome.isInForce else { return }
    tell { state in
      state.warningsJa += outcome.judgement.held.map(\.ja)
      state.warningsEn += outcome.judgement.held.map(\.en)
    }
  }

  private func warn(of plan: TransferPlan) {
    tell { state in
      let wrong = plan.lines.count { !$0.isRight }
      if wrong > 0 {
        state.warningsJa.append("一覧の \(wrong) 行に誤りがあり、含めていません。sanmon directory plan で確かめてください。")
        state.warningsEn.append("lines of the list that are wrong and left out: \(wrong); see 'sanmon directory plan'")
      }
      guard !plan.effects.reasons.isEmpty else { return }
      state.warningsJa.append("前もって承認しないと保留されます: " + plan.effects.reasons.map(\.ja).joined(separator: "。"))
      state.warningsEn.append("held unless approved beforehand: " + plan.effects.reasons.map(\.en).joined(separator: "; "))
    }
  }

  private func logons(on copy: SQLiteStore, at morning: Moment) async throws -> RehearsedLogons {
    let rehearsal = RehearsedMorning(services: services, copy: copy, morning: morning)
    let knocks = try await rehearsal.knocks()
    if knocks.without > 0 {
      tell { state in
        state.warningsJa.append("端末が 1 台も登録されていない系統があり、\(knocks.without) 回分のログオンは試していません。")
        state.warningsEn.append("a segment has no workstation yet: \(knocks.without) logons were not played")
      }
    }
    return try await step("朝のログオン（全員が同時に）", "the morning's logons, all at once") {
      (try await rehearsal.play(knocks.all), knocks.all.count)
    }
  }
}

/// Whether a copy of the database fits beside what the server itself will write.
package struct RehearsalRoom: Sendable {
  /// Bytes that stay free whatever is played.
  package static let reserve: Int64 = 512 << 20

  /// Bytes: the database with its WAL, a quarter for what the morning writes, and the reserve.
  package let needed: Int64
  /// Bytes; what cannot be told counts as none.
  package let free: Int64

  package var isEnough: Bool { free >= needed }

  package init(database: Int64, free: Int64) {
    needed = database + database / 4 + Self.reserve
    self.free = free
  }

  init(beside path: String) {
    let sizes = [path, path + "-wal"].map { path in
      (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.int64Value ?? 0
    }
    var facts = statvfs()
    let free = statvfs(path, &facts) == 0 ? Int64(clamping: UInt64(facts.f_bavail) &* UInt64(facts.f_frsize)) : 0
    self.init(database: sizes.reduce(0, +), free: free)
  }
}
