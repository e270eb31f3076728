import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Foundation
import Storage
import Synchronization

/// Follows the Active Directory: looks every few seconds whether anything changed, and puts changes in force.
///
/// A fault takes nothing from anybody: what was read last stays in force, and the fault is told. One domain controller is asked at
/// a time; when it does not answer, the next one, from which everything is read once.
actor DirectoryService {
  struct Condition: Sendable {
    var server = ""
    /// Since when no domain controller answers as it should, and why.
    var fault: LDAPFault?
    /// The last look that was answered.
    var lookedAt: Moment?
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

    /// What somebody has to look at; empty while all is well.
    var warnings: (ja: [String], en: [String]) {
      var (ja, en): ([String], [String]) = ([], [])
      if let fault {
        ja.append("ディレクトリに接続できません。最後に読み取った内容で動いています: \(fault.code.rawValue) \(fault.ja)")
        en.append("the directory cannot be read; what was read last stays in force: \(fault.code.rawValue) \(fault.en)")
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
  /// Everything is read anew and compared once a day.
  private static let fullReadMilliseconds: Int64 = 24 * 3_600_000
  /// After the directory refused our own account: asking on would lock it.
  private static let refusedMilliseconds: Int64 = 60_000

  private let services: Services
  private let configuration: DirectoryConnection
  private let log: SafeLog
  /// Read besides what is always read.
  private let also: [String]
  private nonisolated let current = Mutex(Condition())

  private var running: Task<Void, Never>?
  private var connection: LDAPConnection?
  private var next = 0
  /// As the store has it; `nil` before the first look.
  private var kept: DirectoryReplica?
  /// As it was read last; further on than `kept` where nothing of it concerns anybody, or it is held.
  private var ahead: (replica: DirectoryReplica, position: DirSyncPosition)?
  private var judgedBy: PolicyVersion?
  private var nextEnd: Int64?
  private var readAllAt: Int64?
  private var troubleSince: Int64?
  private var isTroubleTold = false
  private var notBefore: Int64 = .min
  /// Something else than the directory changed: what was read is judged again.
  private var isAskedAgain = false

  init(services: Services, configuration: DirectoryConnection, log: SafeLog) {
    self.services = services
    self.configuration = configuration
    self.log = log
    also = [configuration.numberAttribute] + (configuration.effectiveAttribute.map { [$0] } ?? [])
  }

  /// By the rules in force; what their names were found to mean is in the store.
  private var rules: DirectoryRules {
    let policy = services.policy.policy
    return DirectoryRules(
      numberAttribute: configuration.numberAttribute, base: configuration.base,
      offsetSeconds: policy.organisation.timeZoneOffsetSeconds, effectiveAttribute: configuration.effectiveAttribute,
      named: policy.namedGroups,
      units: policy.organisation.unitGroups.map { DirectoryRules.UnitGroup(path: $0.path, group: $0.group) })
  }

  private var attributes: String { DirSyncReader.attributes(also: also).joined(separator: " ").lowercased() }

  nonisolated var condition: Condition {
    var condition = current.withLock { $0 }
    condition.lookedAt = services.hearing?.lookedAt
    return condition
  }

  /// Looks until the task is cancelled.
  func run() async {
    let clock = ContinuousClock()
    let tick = Duration.seconds(configuration.tickSeconds)
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
    } catch let fault as LDAPFault {
      await trouble(fault, now)
    } catch {
      // The store says by itself, elsewhere, what is wrong with it; the next look tries again.
      log.event("directoryNotStored")
    }
  }

  // MARK: Reading

  /// - Returns: whether a domain controller was asked.
  /// - Throws: `LDAPFault`, after what was read before was judged all the same: an account that ends at noon ends at noon, whether
  ///   or not a domain controller answers then.
  private func follow(_ now: Moment) async throws -> Bool {
    if kept == nil { try await load() }
    let isAsked = now.monotonicMilliseconds >= notBefore
    var isNew = false
    var fault: LDAPFault?
    if isAsked {
      services.accounts?.lookBegins()
      let former = readAllAt
      do throws(LDAPFault) {
        isNew = try await read(DirSyncReader(try connected(), also: also), now)
        services.hearing?.heard(at: now)
      } catch { fault = error }
      services.accounts?.lookEnds(
        server: next % configuration.servers.count, isAnswered: fault == nil, readsAll: readAllAt != former)
    }
    try await judge(isNew: isNew, now)
    if let fault { throw fault }
    return isAsked
  }

  private func judge(isNew: Bool, _ now: Moment) async throws {
    guard let ahead, let kept else { return }
    let policy = services.policy.policy
    let isAnother = isAskedAgain || judgedBy != policy.version || nextEnd.map { $0 <= now.wallMilliseconds } ?? false
    guard isNew || isAnother else { return }
    let (changed, gone) = ahead.replica.differences(from: kept)
    // Something moved the counter that concerns nobody here: the position is kept in mind only.
    guard !changed.isEmpty || !gone.isEmpty || isAnother else { return }
    let reading = DirectoryReading(
      replica: ahead.replica, rules: rules, groups: policy.accessGroups,
      limits: GuardLimits(), approvals: services.waivers, access: DatedAccessBook(services, at: now), now: now)
    if condition.heldPlan != nil || changed.isEmpty && gone.isEmpty, !isAskedAgain {
      let judgement = try await services.store.read { (state) throws(StorageFault) in try reading.judge(state) }
      if judgement.isAsItWas(held: condition.heldPlan) {
        judgedBy = policy.version
        nextEnd = judgement.nextEnd
        tell(judgement, isInForce: judgement.held.isEmpty, ahead.replica)
        return
      }
    }
    let change = ApplyDirectory(
      reading: reading,
      changed: changed.compactMap { guid in
        ahead.replica.encoded(guid).map { DirectoryObjectRecord(guid: guid, body: $0) }
      },
      gone: gone, position: ahead.position, attributes: attributes)
    let outcome = try await services.recorder.commit(change, now: now)
    isAskedAgain = false
    judgedBy = policy.version
    nextEnd = outcome.judgement.nextEnd
    if outcome.isInForce { self.kept = ahead.replica }
    tell(outcome.judgement, isInForce: outcome.isInForce, ahead.replica)
    for withdrawn in outcome.withdrawn {
      let session = withdrawn.session
      services.watch.tell(session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: withdrawn.cause))
    }
  }

  /// - Returns: whether there is anything to judge.
  private func read(_ reader: DirSyncReader, _ now: Moment) async throws(LDAPFault) -> Bool {
    let isDue = readAllAt.map { now.monotonicMilliseconds - $0 >= Self.fullReadMilliseconds } ?? false
    if let ahead, !isDue {
      do {
        guard let found = try await reader.changes(since: ahead.position, of: ahead.replica) else { return false }
        self.ahead = found
        return true
      } catch {
        guard error.code == .cookie else { throw error }
        log.event("directoryReadAnew")
      }
    }
    ahead = try await reader.everything()
    readAllAt = now.monotonicMilliseconds
    return true
  }

  private func load() async throws {
    let hearing = services.hearing
    let attributes = attributes
    let (objects, position, wasSilent) = try await services.store.read {
      (state) throws(StorageFault) -> ([DirectoryObjectRecord], [UInt8]?, Bool) in
      // What was read with other attributes is no ground for a delta.
      let isSame = try state.setting(DirectoryReading.attributesSetting).map { $0 == Array(attributes.utf8) } ?? true
      return (
        try state.directoryObjects(), isSame ? try state.setting(DirectoryReading.positionSetting) : nil,
        try hearing?.load(from: state) ?? false
      )
    }
    isTroubleTold = wasSilent
    var replica = DirectoryReplica()
    do {
      for object in objects { try replica.restore(object.guid, from: object.body) }
      if let position { ahead = (replica, try DirSyncPosition(parsing: position)) }
    } catch { throw StorageFault.corrupt("table directory_objects") }
    readAllAt = services.surroundings.now().monotonicMilliseconds
    kept = replica
  }

  private func connected() throws(LDAPFault) -> LDAPConnection {
    if let connection { return connection }
    let made = try configuration.connection(next % configuration.servers.count)
    connection = made
    current.withLock { $0.server = made.server.description }
    return made
  }

  /// The directory as it was read last, and how it becomes people; `nil` before anything was read.
  func ground() -> (DirectoryReplica, DirectoryRules)? { ahead.map { ($0.replica, rules) } }

  // MARK: Telling

  private func tell(_ judgement: DirectoryReading.Judgement, isInForce: Bool, _ replica: DirectoryReplica) {
    let held = isInForce ? [] : judgement.held
    if !held.isEmpty, condition.held.isEmpty { log.event("directoryHeld", ["people": .number(judgement.plan.writes.count)]) }
    services.accounts?.isHeld(!held.isEmpty)
    let effects = held.isEmpty ? (ja: [], en: []) : judgement.effects.lines(of: judgement.plan)
    current.withLock { condition in
      condition.held = held
      condition.heldPlan = held.isEmpty ? nil : judgement.plan.fingerprint
      condition.effects = effects
      condition.summaryJa = judgement.plan.summaryJa
      condition.summaryEn = judgement.plan.summaryEn
      condition.findings = judgement.view.findings
      condition.identities = judgement.view.held
      condition.objects = replica.objects.count
      condition.ends = judgement.view.ends
    }
  }

  private func settle(_ now: Moment) async {
    troubleSince = nil
    current.withLock { $0.fault = nil }
    guard isTroubleTold else { return }
    if await record("directory.reachable", "the directory answers again", silentSince: nil, now) { isTroubleTold = false }
  }

  private func trouble(_ fault: LDAPFault, _ now: Moment) async {
    connection = nil
    next += 1
    if fault.code == .serviceRefused { notBefore = now.monotonicMilliseconds + Self.refusedMilliseconds }
    current.withLock { $0.fault = fault }
    let since = troubleSince ?? now.monotonicMilliseconds
    troubleSince = since
    guard !isTroubleTold, now.monotonicMilliseconds - since >= Self.troubleMilliseconds else { return }
    log.event("directoryUnreachable", ["code": .ours(fault.code.rawValue)])
    isTroubleTold = await record(
      "directory.unreachable", fault.description, silentSince: services.hearing?.heardWall() ?? now.wallMilliseconds, now)
  }

  private func record(_ action: String, _ note: String, silentSince: Int64?, _ now: Moment) async -> Bool {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .done)
    record.note = note
    let change = DirectoryHearing.Note(record: record, silentSince: silentSince)
    return (try? await services.recorder.commit(change, now: now)) != nil
  }
}

/// The file with the password of the account that reads.
enum PasswordFile {
  /// - Throws: `.passwordFile` if it cannot be read, holds nothing or more than 1,024 bytes, or somebody else may read it.
  static func read(_ path: String) throws(LDAPFault) -> Secret<TypedPassword> {
    guard (try? StateFolder.requirePrivate(path)) != nil, var bytes = FileManager.default.contents(atPath: path) else {
      throw LDAPFault(.passwordFile, path)
    }
    defer { bytes.resetBytes(in: bytes.startIndex..<bytes.endIndex) }
    let text = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
    guard (1...1024).contains(text.count) else { throw LDAPFault(.passwordFile, path) }
    return Secret(copying: text)
  }
}
