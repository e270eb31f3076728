import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Sealing
import Storage
import Synchronization

/// Follows the Active Directory, itself or by snapshots of it: looks every few seconds whether anything changed, and puts changes in
/// force. Where a reading comes from makes no difference to what it may do.
///
/// A fault takes nothing from anybody: what was read last stays in force, and the fault is told.
actor DirectoryService {
  struct Condition: Sendable {
    var server = ""
    /// Why the last look brought nothing.
    var fault: DirectoryTrouble?
    /// The snapshot that is in force; `nil` where domain controllers are asked, and before the first one.
    var snapshot: SnapshotPosition?
    /// Hours after which that one is too old; `nil` where domain controllers are asked.
    var snapshotHours: Int?
    /// The last look that was answered.
    var lookedAt: Moment?
    /// The same, and judged: what the store has is what it said, or that is held. `nil`: something was read that is not judged.
    var judgedAt: Moment?
    /// What is held, and the fingerprint of that plan; empty: all is in force.
    var held: [HoldReason] = []
    var heldPlan: String?
    /// What that plan would do to whom.
    var effects: (ja: [String], en: [String]) = ([], [])
    var summaryJa = ""
    var summaryEn = ""
    var findings: [DirectoryFinding] = []
    var identities: [HeldIdentity] = []
    var objects = 0
    /// Whose account ends in the middle of a day, in milliseconds since 1970-01-01 UTC.
    var ends: [PersonID: Int64] = [:]
    /// Objects that the last nightly comparison found otherwise than they had been kept.
    var drift = 0

    /// Seconds since a domain controller answered, or since the snapshot in force was written; -1 before the first.
    func ageSeconds(at now: Moment) -> Double {
      guard snapshotHours != nil else { return lookedAt.map { Double(now.milliseconds(since: $0)) / 1000 } ?? -1 }
      return snapshot.map { Double(max(0, now.wallMilliseconds - $0.writtenAt)) / 1000 } ?? -1
    }

    /// What to say of a snapshot that is too old, or whose clock is ahead of ours by more than an hour: its age means nothing then.
    private func age(at now: Moment) -> (ja: String, en: String)? {
      guard let snapshot, let snapshotHours else { return nil }
      let minutes = (now.wallMilliseconds - snapshot.writtenAt) / 60_000
      if minutes > Int64(snapshotHours) * 60 {
        return (
          "ディレクトリの写しが古くなっています（書き出してから \(minutes / 60) 時間、上限 \(snapshotHours) 時間）。新しい写しを運んでください",
          "the snapshot of the directory is old (written \(minutes / 60) hours ago, limit \(snapshotHours)): carry a new one"
        )
      }
      guard minutes < -60 else { return nil }
      return (
        "ディレクトリの写しの日時が、この装置の時計より \(-minutes / 60) 時間進んでいます。両方の時計を確かめてください",
        "the snapshot of the directory was written \(-minutes / 60) hours after now by its clock: check both clocks"
      )
    }

    /// What somebody has to look at; empty while all is well.
    func warnings(at now: Moment) -> (ja: [String], en: [String]) {
      var (ja, en): ([String], [String]) = ([], [])
      if let fault {
        ja.append(
          "\(fault.isOfFile ? "ディレクトリの写しを読み取れません" : "ディレクトリに接続できません")。最後に読み取った内容で動いています: \(fault.code) \(fault.ja)")
        en.append("the directory cannot be read; what was read last stays in force: \(fault.code) \(fault.en)")
      }
      if let old = age(at: now) {
        ja.append(old.ja)
        en.append(old.en)
      }
      if drift > 0 {
        let now =
          held.isEmpty
          ? ("全件の読み取りに置き換え済み", "the full reading is in force") : ("置き換えは保留中", "the full reading is held")
        ja.append(
          "夜間の照合で、差分で読み取った内容と Active Directory が食い違っていました（\(drift) 件。\(now.0)）。監査記録の directory.drift を、保守業者にお知らせください")
        en.append(
          "the nightly comparison found \(drift) objects otherwise than they had been kept; \(now.1). Row directory.drift: tell the maintainer"
        )
      }
      for finding in findings where finding.kind.isOfRules {
        ja.append(finding.ja)
        en.append(finding.en)
      }
      if !held.isEmpty {
        ja.append("ディレクトリの変更を保留しています（今の権限のまま動いています）: " + held.map(\.ja).joined(separator: "。"))
        en.append("changes of the directory are held, what was stays in force: " + held.map(\.en).joined(separator: "; "))
      }
      return (ja, en)
    }
  }

  /// A fault that lasts so long has a row in the log.
  private static let troubleMilliseconds: Int64 = 30_000
  /// One that was not met for so long, while others were, begins anew.
  private static let forgetMilliseconds: Int64 = 3_600_000

  private let services: Services
  private let origin: any DirectoryOrigin
  private let log: SafeLog
  /// What of the start-up file says how objects become people.
  private let manner: DirectoryManner
  private nonisolated let current: Mutex<Condition>

  private var running: Task<Void, Never>?
  /// As the store has it; `nil` before the first look.
  private var kept: DirectoryReplica?
  /// As it was read last; further on than `kept` where nothing of it concerns anybody, or it is held.
  private var ahead: DirectoryStand?
  /// The newest snapshot that the store knows of, in force or held.
  private var keptSnapshot: SnapshotPosition?
  /// What was read last has not been judged yet.
  private var isUnjudged = false
  /// What the last comparison found, and has no row yet.
  private var untold: DirectoryDrift?
  private var judgedBy: PolicyVersion?
  /// Files of applications are not part of the policies' version.
  private var judgedManaged: Set<String>?
  /// Of what is held.
  private var former: JudgedView?
  private var nextEnd: Int64?
  /// When each kind of fault was met first and last since a look was answered: none hides behind another that comes in turn.
  private var troubles: [String: (since: Int64, last: Int64)] = [:]
  private var lastTrouble: String?
  /// Of the faults that have their rows.
  private var told: Set<String> = []
  /// Something else than the directory changed: what was read is judged again.
  private var isAskedAgain = false

  init(services: Services, configuration: DirectoryConnection, log: SafeLog) {
    self.services = services
    self.log = log
    manner = configuration.manner
    // Spread over an hour, so that the instances of a city do not read at once.
    let minute =
      DomainControllers.nightMinute
      + Int(services.instance.instance.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } % 60)
    origin = DomainControllers(configuration, also: manner.also, accounts: services.accounts, log: log) { [services] now in
      (services.localByClock(now), minute)
    }
    current = Mutex(Condition())
  }

  /// - Parameter key: of the start-up file, read in full.
  init(services: Services, snapshot: SnapshotConnection, key: SnapshotKey, domain: DomainSID?, log: SafeLog) {
    self.services = services
    self.log = log
    manner = snapshot.manner
    origin = SnapshotPlace(path: snapshot.path, key: key, domain: domain)
    var condition = Condition()
    condition.snapshotHours = snapshot.maximumAgeHours
    current = Mutex(condition)
  }

  /// By the rules in force; what their names were found to mean is in the store.
  private var rules: DirectoryRules {
    let policy = services.policy.policy
    let managed = services.policy.applications.managedGroups
    var rules = DirectoryRules(
      numberAttribute: manner.numberAttribute, base: manner.base,
      offsetSeconds: policy.organisation.timeZoneOffsetSeconds, effectiveAttribute: manner.effectiveAttribute,
      named: policy.namedGroups,
      units: policy.organisation.unitGroups.map { DirectoryRules.UnitGroup(path: $0.path, group: $0.group) })
    rules.purgeAfterDays = policy.organisation.purgeAfterDays
    rules.managed = managed
    return rules
  }

  private var readsSnapshots: Bool { condition.snapshotHours != nil }

  private var attributes: String { DirSyncReader.attributes(also: manner.also).joined(separator: " ").lowercased() }

  /// Of snapshots that we write.
  nonisolated let shelf = SnapshotShelf()

  nonisolated var condition: Condition { current.withLock { $0 } }

  /// Looks until the task is cancelled.
  func run() async {
    let clock = ContinuousClock()
    let tick = Duration.seconds(manner.tickSeconds)
    var due = clock.now
    while !Task.isCancelled {
      await look()
      // From one moment to the next, however long the look took; what is overdue is not made up for.
      due = max(due + tick, clock.now + tick / 4)
      try? await clock.sleep(until: due)
    }
  }

  /// One look, at which what is held is judged again.
  func lookAgain() async {
    isAskedAgain = true
    await look()
  }

  /// One look, behind the one that is under way. Everything that keeps it from being answered is in `condition`.
  func look() async {
    let before = running
    let task = Task {
      await before?.value
      await lookOnce()
    }
    running = task
    await task.value
  }

  private func lookOnce() async {
    // A restored copy that waits for its approval writes nothing of its own.
    guard services.restoration.pending == nil else { return }
    let now = services.surroundings.now()
    do {
      if try await follow(now) { await settle(now) }
    } catch let fault as DirectoryTrouble {
      await trouble(fault, now)
    } catch {
      // The store says by itself, elsewhere, what is wrong with it; the next look tries again.
      current.withLock { $0.judgedAt = nil }
      log.event("directoryNotStored")
    }
  }

  // MARK: Reading

  /// - Returns: whether anybody was asked.
  /// - Throws: `DirectoryTrouble`, after what was read before was judged all the same: an account that ends at noon ends at noon,
  ///   whether or not a domain controller answers then.
  private func follow(_ now: Moment) async throws -> Bool {
    if kept == nil { try await load() }
    var isAsked = true
    var trouble: DirectoryTrouble?
    do throws(DirectoryTrouble) {
      switch try await origin.look(after: ahead, now: now) {
      case .notAsked: isAsked = false
      case .unchanged: break
      case .found(let stand):
        ahead = stand
        isUnjudged = true
        current.withLock { $0.judgedAt = nil }
      }
      if isAsked {
        services.hearing?.heard(at: now)
        current.withLock { $0.lookedAt = now }
      }
    } catch { trouble = error }
    let name = await origin.name
    current.withLock { $0.server = name }
    if let found = await origin.compared() { hasCompared(found) }
    try await judge(now)
    await tellDrift(now)
    if let trouble { throw trouble }
    return isAsked
  }

  private func judge(_ now: Moment) async throws {
    guard let ahead, let kept else { return }
    let policy = services.policy.policy
    let rules = rules
    let isAnother =
      isAskedAgain || judgedBy != policy.version || judgedManaged != rules.managed
      || nextEnd.map { $0 <= now.wallMilliseconds } ?? false
    guard isUnjudged || isAnother else { return }
    let (changed, gone) = ahead.replica.differences(from: kept)
    // Each snapshot has its row and is remembered, whatever it says: no older one is taken after it.
    let isNumbered = readsSnapshots && ahead.position.snapshot != nil && ahead.position.snapshot != keptSnapshot
    // Something moved the counter that concerns nobody here: the position is kept in mind only.
    guard !changed.isEmpty || !gone.isEmpty || isAnother || isNumbered else {
      isUnjudged = false
      return
    }
    var reading = DirectoryReading(
      replica: ahead.replica, rules: rules, groups: policy.accessGroups,
      limits: GuardLimits(), approvals: services.waivers, access: DatedAccessBook(services, at: now), former: former,
      now: now)
    // Beside the writer's line: nobody's logon waits for what takes long, and inside it only what is in force is compared.
    async let bodies = Self.bodies(of: changed, in: ahead.replica)
    let judgement = try await services.store.read { [reading] (state) throws(StorageFault) in try reading.judge(state) }
    if condition.heldPlan != nil || changed.isEmpty && gone.isEmpty, !isAskedAgain, !isNumbered,
      judgement.isAsItWas(held: condition.heldPlan)
    {
      judged(judgement, by: policy.version, isInForce: judgement.held.isEmpty)
      judgedManaged = rules.managed
      tell(judgement, isInForce: judgement.held.isEmpty, ahead)
      return
    }
    reading.judged = judgement
    let change = ApplyDirectory(
      reading: reading, kept: kept, changed: await bodies, gone: gone, position: ahead.position, attributes: attributes)
    let outcome = try await services.recorder.commit(change, now: now)
    isAskedAgain = false
    judged(outcome.judgement, by: policy.version, isInForce: outcome.isInForce)
    judgedManaged = rules.managed
    keptSnapshot = ahead.position.snapshot
    self.kept = outcome.kept
    tell(outcome.judgement, isInForce: outcome.isInForce, ahead)
    for withdrawn in outcome.withdrawn {
      let session = withdrawn.session
      services.watch.tell(session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: withdrawn.cause))
    }
  }

  private static func bodies(of objects: [ObjectGUID], in replica: DirectoryReplica) async -> [DirectoryObjectRecord] {
    objects.compactMap { guid in replica.encoded(guid).map { DirectoryObjectRecord(guid: guid, body: $0) } }
  }

  private func judged(_ judgement: DirectoryReading.Judgement, by policy: PolicyVersion, isInForce: Bool) {
    former = isInForce ? nil : judgement.made
    isUnjudged = false
    judgedBy = policy
    nextEnd = judgement.nextEnd
  }

  private func load() async throws {
    let hearing = services.hearing
    let attributes = attributes
    let (objects, inForce, newest, isSame, wasSilent, drift) = try await services.store.read {
      (state) throws(StorageFault) -> ([DirectoryObjectRecord], [UInt8]?, [UInt8]?, Bool, Bool, DirectoryDriftNote.Kept) in
      (
        try state.directoryObjects(), try state.setting(DirectoryReading.positionSetting),
        try state.setting(DirectoryReading.snapshotSetting),
        try state.setting(DirectoryReading.attributesSetting).map { $0 == Array(attributes.utf8) } ?? true,
        try hearing?.load(from: state) ?? false, try DirectoryDriftNote.Kept(in: state)
      )
    }
    told = wasSilent ? ["silent"] : []
    current.withLock { $0.drift = drift.count }
    // What is kept is known to be wrong, and deltas go on from it.
    if drift.isHeld { await origin.compareNext() }
    var replica = DirectoryReplica()
    do {
      for object in objects { try replica.restore(object.guid, from: object.body) }
      var position = try inForce.map { try DirectoryPosition(parsing: $0) }
      // What was read with other attributes is no ground for a delta.
      if case .controller = position, !isSame { position = nil }
      // What was read before domain controllers were asked (again) is no position of theirs.
      keptSnapshot = readsSnapshots ? try newest.map { try SnapshotPosition(parsing: $0) } : nil
      current.withLock { $0.snapshot = $0.snapshotHours == nil ? nil : position?.snapshot }
      // What is held is not kept, but that it came is: the next one has to be newer.
      ahead = (keptSnapshot.map { .snapshot($0) } ?? position).map { DirectoryStand(replica: replica, position: $0) }
    } catch { throw StorageFault.corrupt("table directory_objects") }
    kept = replica
  }

  /// The directory as it was read last, with where the reading goes on, and how it becomes people; `nil` before anything was read.
  func ground() -> (stand: DirectoryStand, rules: DirectoryRules)? { ahead.map { ($0, rules) } }

  func readAside() async throws(DirectoryTrouble) -> Int? { try await origin.readAside() }

  /// The same with the place in its domain controller; `nil` also where snapshots are read.
  func read() -> (replica: DirectoryReplica, position: DirSyncPosition)? {
    guard let ahead, case .controller(let position) = ahead.position else { return nil }
    return (ahead.replica, position)
  }

  // MARK: Telling

  private func tell(_ judgement: DirectoryReading.Judgement, isInForce: Bool, _ stand: DirectoryStand) {
    let held = isInForce ? [] : judgement.held
    if !held.isEmpty, condition.held.isEmpty { log.event("directoryHeld", ["people": .number(judgement.plan.writes.count)]) }
    services.accounts?.isHeld(!held.isEmpty)
    let effects = held.isEmpty ? (ja: [], en: []) : judgement.effects.lines(of: judgement.plan)
    current.withLock { condition in
      condition.held = held
      condition.heldPlan = held.isEmpty ? nil : judgement.heldPlan
      condition.effects = effects
      condition.summaryJa = judgement.plan.summaryJa
      condition.summaryEn = judgement.plan.summaryEn
      condition.findings = judgement.view.findings
      condition.identities = judgement.view.held
      condition.objects = stand.replica.objects.count
      if isInForce { condition.snapshot = stand.position.snapshot }
      condition.ends = judgement.view.ends
    }
  }

  private func settle(_ now: Moment) async {
    (troubles, lastTrouble) = ([:], nil)
    current.withLock { condition in
      condition.fault = nil
      condition.judgedAt = now
    }
    guard !told.isEmpty else { return }
    if await record("directory.reachable", .done, "the directory can be read again", silentSince: nil, now) { told = [] }
  }

  private func trouble(_ fault: DirectoryTrouble, _ now: Moment) async {
    current.withLock { $0.fault = fault }
    // What is wrong with a file is told of each kind: behind one that is missing nobody slips a forged one in unseen.
    let kind = fault.isOfFile ? fault.code : "silent"
    let time = now.monotonicMilliseconds
    var met = troubles[kind] ?? (since: time, last: time)
    // Half a file that is met each morning does not stand there from one to the next.
    if kind != lastTrouble, time - met.last > Self.forgetMilliseconds { met.since = time }
    met.last = time
    (troubles[kind], lastTrouble) = (met, kind)
    guard fault.isOfFile ? !told.contains(kind) : told.isEmpty, time - met.since >= Self.troubleMilliseconds else { return }
    let silentSince = services.hearing?.heardWall() ?? now.wallMilliseconds
    let isTold: Bool
    if fault.isOfFile {
      log.event("directorySnapshotRefused", ["code": .ours(fault.code)])
      isTold = await record("directory.snapshotRefused", .refused, fault.description, silentSince: silentSince, now)
    } else {
      log.event("directoryUnreachable", ["code": .ours(fault.code)])
      isTold = await record("directory.unreachable", .done, fault.description, silentSince: silentSince, now)
    }
    if isTold { told.insert(kind) }
  }

  private func hasCompared(_ found: DirectoryDrift) {
    if !found.isEmpty { log.event("directoryDrift", ["objects": .number(found.differences.count)]) }
    // That nothing is otherwise is told once, after a night when something was.
    if !found.isEmpty || condition.drift > 0 { untold = found }
    current.withLock { $0.drift = found.differences.count }
  }

  /// After what was found was judged: its row says whether it is in force.
  private func tellDrift(_ now: Moment) async {
    guard let drift = untold else { return }
    let note = DirectoryDriftNote(drift: drift, isHeld: !condition.held.isEmpty, now: now)
    if (try? await services.recorder.commit(note, now: now)) != nil { untold = nil }
  }

  private func record(
    _ action: String, _ outcome: AuditOutcome, _ note: String, silentSince: Int64?, _ now: Moment
  ) async -> Bool {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: outcome)
    record.note = note
    let change = DirectoryHearing.Note(record: record, silentSince: silentSince)
    return (try? await services.recorder.commit(change, now: now)) != nil
  }
}

extension DirectoryManner {
  /// Read besides what is always read.
  fileprivate var also: [String] { [numberAttribute] + (effectiveAttribute.map { [$0] } ?? []) }
}
