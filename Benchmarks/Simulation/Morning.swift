import AuditLog
import AuthAPI
import AuthPolicy
import AuthServer
import AuthTerms
import Foundation
import Sealing
import Storage
import Synchronization

/// One simulated morning: everything that happens follows from its seed.
///
/// `@unchecked Sendable` is right because no two threads ever touch it: it is made and run on one, its requests are tasks on
/// `schedule`, which runs their pieces inside `run` on that same thread and traps on any other (`Schedule.requireOwnThread`).
/// It is Sendable at all because those tasks capture it.
package final class Morning: @unchecked Sendable {
  package struct Report: Sendable {
    package let seed: UInt64
    package let steps: Int
    package let requests: Int
    package let grants: Int
    package let rows: UInt64
    package let falls: Int
    /// What stands in the rows (`logon denied AP105`), and how often.
    package let seen: [String: Int]
    /// The root of the log at the end: the same for the same seed, on every machine.
    package let root: String
    package let broken: Broken?
    /// What happened, step by step, if it was asked for.
    package let trace: [String]
  }

  let seed: UInt64
  var chance: Chance
  let clock: SimulatedClock
  let schedule = Schedule()
  let vault: SimulatedVault
  let judge: Judge
  let box: CardBox
  let source: any StoreSource
  let weather: Weather
  private let random: SeededBytes
  private let folder: String
  private let isTraced: Bool
  private let compiled: CompiledPolicies
  private(set) var trace: [String] = []
  private(set) var step = 0
  private(set) var core: ServerCore?
  private(set) var store: SimulatedStore?
  private(set) var falls = 0
  /// By how much the wall clock was set, in all.
  var clockError: Int64 = 0
  var agents: [Agent] = []
  var keyPairs: [String: Agent.KeyPair] = [:]
  var rules: Rules
  /// What lies in the folder; `nil`: something no server starts with.
  var written: Rules?
  private var requests = 0
  let acting: OperatorRecord
  /// Told to each held connection, by workstation, since it began.
  var heard: [String: [WatchEvent]] = [:]

  /// How rough a morning is.
  struct Weather {
    var steps: Int
    /// Once in so many commits; 0: never.
    var commitFault: Int
    var fall: Int
    var readFault: Int
    var isClockSet: Bool

    init(_ chance: inout Chance) {
      steps = chance.number(150...500)
      commitFault = chance.pick([0, 0, 60, 15])
      fall = chance.pick([0, 0, 200, 70])
      readFault = chance.pick([0, 0, 100])
      isClockSet = chance.once(in: 4)
    }
  }

  init(seed: UInt64, source: any StoreSource, scratch: String, isTraced: Bool, compiled: CompiledPolicies) throws {
    self.seed = seed
    self.source = source
    self.isTraced = isTraced
    self.compiled = compiled
    chance = Chance(seed: seed)
    weather = Weather(&chance)
    random = SeededBytes(seed: seed ^ 0x5A5A_0000_FFFF_1234)
    rules = Rules(edition: 1, &chance)
    let start = Tick(wall: Town.start + Int64(chance.number(0...3_600_000)), boot: 1, mono: 3_600_000)
    clock = SimulatedClock(start)
    vault = try SimulatedVault(key: Array(repeating: 7, count: 32))
    box = try CardBox.shared.get()
    judge = Judge(model: Model(rules: rules, at: start), clock: clock)
    agents = try Town.workstations.map { try Agent($0) }
    folder = scratch + "/policies-\(seed)"
    acting = OperatorRecord(
      id: try OperatorID(parsing: "yamada"), role: .administrator, person: try PersonID(parsing: "p-1"), unixUser: nil,
      key: try KeyFingerprint(parsing: Array(repeating: 1, count: 32)), publicKey: [], isActive: true)
  }

  /// - Returns: what happened; `broken` says which invariant did not hold.
  package func run() -> Report {
    var broken: Broken?
    do {
      try setUp()
      while step < weather.steps, judge.failure == nil {
        step += 1
        try move()
        checkTold()
      }
      if judge.failure == nil { try end() }
      broken = judge.failure
    } catch {
      broken = judge.failure ?? Broken(invariant: .toldIsKept, what: "the morning could not go on: \(error)")
    }
    var rows: UInt64 = 0
    var root = ""
    if let base = store?.base {
      rows = (try? perform { try await base.read { (state) throws(StorageFault) in try state.auditSize() } }) ?? 0
      let size = rows
      root = (try? perform { try await base.auditRoot(size) })??.description ?? ""
    }
    store?.die()
    core = nil
    source.remove()
    try? FileManager.default.removeItem(atPath: folder)
    return Report(
      seed: seed, steps: step, requests: requests, grants: judge.told.count, rows: rows, falls: falls, seen: judge.seen,
      root: root,
      broken: broken, trace: trace)
  }

  func note(_ text: @autoclosure () -> String) {
    if isTraced { trace.append("\(step)  +\((clock.now.wall - Town.start) / 1000) s  \(text())") }
  }

  // MARK: The stage

  private func setUp() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write(rules)
    judge.folder = { [unowned self] in written }
    try start()
    guard let store, let core else { return }
    let (acting, town) = (acting, Roster.everybody)
    _ = try perform { try await core.importPeople(town.message, by: acting) }
    let stage = try Stage(core: core, cards: box, now: clock.now.moment, random: random)
    try perform { try await store.base.commit(stage) }
    let size = try perform { try await store.base.read { (state) throws(StorageFault) in try state.auditSize() } }
    judge.restart(rules: rules, size: size)
    try perform { [judge] in try await judge.comparePicture() }
  }

  func write(_ rules: Rules?) throws {
    written = rules
    for (name, text) in rules?.files ?? [("lgwan.yaml", "segment: lgwan\npeople: [seg-lgwan]\nlogn: []\n")] {
      try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
    }
  }

  private func start() throws {
    let (source, vault, random, clock, judge, compiled) = (source, vault, random, clock, judge, compiled)
    let base = try perform { try await source.open() }
    let store = SimulatedStore(base, schedule: schedule, witness: judge)
    let file = try InstanceFile.parse(
      PolicySource(name: "instance.yaml", bytes: Array(Town.startUpFile(policies: folder).utf8)))
    let surroundings = Surroundings(now: { clock.now.moment }, random: { random.draw($0) })
    let trust = [try Segment(parsing: Town.segment): try box.trust()]
    let key = try ColumnKey(id: 1, key: Secret(copying: Array(repeating: 9, count: 32)))
    core = try perform {
      try await ServerCore(
        file, surroundings: surroundings, store: store, vault: vault, columnKey: key, cards: trust,
        log: SafeLog(clock: ServerClock(now: { clock.now.moment }), sink: { _ in }), compiled: compiled)
    }
    self.store = store
    judge.store = store
  }

  /// Work that is no request: nothing else goes on until it is done.
  func perform<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) throws -> R {
    let box = ResultBox<R>()
    schedule.perform {
      let result = await Result(catching: work)
      box.result.withLock { $0 = result }
    }
    guard let result = box.result.withLock({ $0 }) else { throw Broken(invariant: .toldIsKept, what: "work did not end") }
    return try result.get()
  }

  // MARK: Requests

  /// Starts a request; it goes on when it is its turn.
  func launch(
    _ story: Story, _ work: @escaping @Sendable (ServerCore) async throws -> Answer,
    then: @escaping @Sendable (Answer) -> Void = { _ in }
  ) {
    guard let core else { return }
    requests += 1
    let number = requests
    note("#\(number) \(story)")
    judge.begin(number, story)
    let fallen = falls
    let mayQueue = if case .reload = story { true } else { false }
    schedule.start(number, mayQueue: mayQueue) { [self] in
      let answer = await Answer.of { try await work(core) }
      schedule.requireOwnThread()
      // A process that ended answers nobody.
      guard fallen == falls else { return }
      note("#\(number) -> \(answer)")
      judge.finish(number, answer)
      then(answer)
    }
  }

  func resumeOne() -> Bool {
    let waiting = schedule.waiting
    guard !waiting.isEmpty else { return false }
    let number = chance.pick(waiting)
    note("#\(number) goes on")
    schedule.resume(number)
    return true
  }

  func drain() {
    while judge.failure == nil, resumeOne() {}
  }

  // MARK: Falls

  /// The process ends with whatever was under way, and another one starts on what is durable.
  func fall(rebooting: Int64?) throws {
    falls += 1
    note("the process falls\(rebooting.map { " and the machine with it, for \($0) ms" } ?? "")")
    store?.die()
    judge.forgetAll()
    for agent in agents { agent.watch?.cancel() }
    for index in agents.indices {
      agents[index].watch = nil
      agents[index].isListening = false
      agents[index].underWay = 0
    }
    while let number = schedule.waiting.first { schedule.resume(number) }
    schedule.drain()
    for index in agents.indices { agents[index].underWay = 0 }
    core = nil
    let source = source
    try perform { try await source.fall() }
    if let rebooting { clock.reboot(after: rebooting) }
    // A server without its vault waits for it.
    vault.isAway = false
    // Somebody mends the rules before the server can start.
    if written == nil { try write(rules) }
    rules = written ?? rules
    try start()
    guard let store else { return }
    let size = try perform { try await store.base.read { (state) throws(StorageFault) in try state.auditSize() } }
    judge.restart(rules: rules, size: size)
    try perform { [judge] in try await judge.comparePicture() }
    if let failure = judge.failure, failure.invariant == .stateIsAsPredicted {
      throw Broken(invariant: .toldIsKept, what: failure.what)
    }
  }

  // MARK: The end of the morning

  private func end() throws {
    store?.setFull(false)
    store?.plan(nil)
    store?.healReads()
    vault.isAway = false
    drain()
    clock.advance(milliseconds: 61_000)
    launch(.flush) { core in
      await core.flush(all: false)
      return .done("flushed")
    }
    drain()
    launch(.checkpoint) { core in .done(try await core.signCheckpoint()) }
    drain()
    guard judge.failure == nil, let store else { return }
    try perform { [judge] in try await judge.comparePicture() }
    let (told, notes, verifier) = (judge.told, vault.notes, vault.verifier)
    let ledger = try perform { try await Ledger(of: store.base) }
    do { try ledger.check(told: told, notes: notes, verifier: verifier) } catch {
      judge.fail(error.invariant, error.what)
      return
    }
    try fall(rebooting: nil)
  }

  /// Looked at when everything has gone its way: what a held connection carries comes after the answer to the operator.
  private func checkTold() {
    for session in judge.takeWithdrawn() {
      guard let workstation = judge.model.sessions[session]?.workstation, judge.model.held[workstation] != nil else { continue }
      if heard[workstation]?.contains(where: { $0.session == session }) != true {
        judge.fail(.watchersAreTold, "\(workstation) holds a connection and was not told of \(session)")
      }
    }
  }
}

/// A result on its way out of a task.
private final class ResultBox<R: Sendable>: Sendable {
  let result = Mutex<Result<R, any Error>?>(nil)
}

extension Result where Failure == any Error {
  init(catching work: () async throws -> Success) async {
    do { self = .success(try await work()) } catch { self = .failure(error) }
  }
}

extension Answer {
  static func of(_ work: () async throws -> Answer) async -> Answer {
    do { return try await work() } catch let refusal as Refusal {
      switch refusal.code {
      case .auditUnavailable, .serverFault, .offline, .vaultUnavailable: return .fault(refusal.code.rawValue)
      default: return .refused(refusal.code.rawValue)
      }
    } catch HTTPFault.notFound {
      return .refused("notFound")
    } catch HTTPFault.conflictBecause(let code) {
      return .refused(code.rawValue)
    } catch {
      return .fault("\(error)")
    }
  }
}
