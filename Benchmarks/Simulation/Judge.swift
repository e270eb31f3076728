import AuditLog
import AuthTerms
import Storage

/// Follows every request through the store and holds it against the model: what it saw when it read, what became durable, and
/// what it was told.
///
/// `@unchecked Sendable` is right because no two threads ever touch it: the morning calls it between pieces, the store and it
/// itself go on after awaits, all on the schedule's own thread, which `Schedule.requireOwnThread` checks at those very places. What
/// SQLite's threads run are queries that capture values of it, never itself.
final class Judge: StoreWitness, @unchecked Sendable {
  struct Request {
    let story: Story
    let start: Tick
    var reads = 0
    var readAt: Tick
    var entered: Tick
    /// By which dates are judged, as of the last look.
    var day = 0
    /// The time of its last row.
    var rowTime: Int64?
    var rules: Rules
    var ceremony: Model.Ceremony?
    var password: Bool?
    /// A row that is due without a decision, and whose failures it counts.
    var due: (row: Row, against: String?)?
    /// The answer that has to come.
    var answer: Answer?
    /// Under way: the row that says how many answers had none.
    var recovering: Int64?
    var isDurable = false
    var withdrawn: [String] = []
    /// For a reload: what lay in the folder when it was its turn; `nil`: nothing a server starts with.
    var reading: Rules?
    /// For a flush: what is left to write, in the order of the names, and what was written last.
    var bursts: [String: Model.Burst] = [:]
    var lastBurst: (name: String, count: Model.Burst)?

    mutating func takeBurst() -> (name: String, count: Model.Burst)? {
      guard let name = bursts.keys.min(), let burst = bursts.removeValue(forKey: name) else { return nil }
      lastBurst = (name, burst)
      return lastBurst
    }
  }

  private(set) var model: Model
  private(set) var failure: Broken?
  /// What stands in the rows of the morning, and how often.
  private(set) var seen: [String: Int] = [:]
  private let clock: SimulatedClock
  private var requests: [Int: Request] = [:]
  private var size: UInt64 = 0
  /// Of all rows so far.
  private var times: [Int64] = []
  private var failuresBefore: [String: Model.Failures] = [:]
  var store: SimulatedStore?
  /// What lies in the policy folder now.
  var folder: () -> Rules? = { nil }
  /// Sessions that somebody was told to have been granted, with workstation.
  private(set) var told: [(session: String, workstation: String)] = []
  /// Sessions whose withdrawal was answered, and whose workstations must have heard if they hold a connection.
  private var withdrawn: [String] = []

  init(model: Model, clock: SimulatedClock) {
    self.model = model
    self.clock = clock
  }

  func fail(_ invariant: Invariant, _ what: String) {
    if failure == nil { failure = Broken(invariant: invariant, what: what) }
  }

  // MARK: The life of a request

  func begin(_ number: Int, _ story: Story) {
    let now = clock.now
    requests[number] = Request(story: story, start: now, readAt: now, entered: now, rules: model.rules)
    if case .flush = story { requests[number]?.bursts = model.flushed(at: now) }
  }

  /// The process ended: who was under way is told nothing any more.
  func forgetAll() { requests = [:] }

  func restart(rules: Rules, size: UInt64) {
    model.restart(rules: rules, at: clock.now, latestRow: times.suffix(200).max() ?? clock.now.wall)
    self.size = size
  }

  func hasRead(_ number: Int) {
    guard var request = requests[number] else { return }
    request.reads += 1
    defer { requests[number] = request }
    let now = clock.now
    switch (request.story, request.reads) {
    case (.open(let name), 1):
      if case .refused(let code) = model.open(name, at: request.start) {
        refuse(code, on: name, scenario: nil, counts: false, &request)
      }
    case (.prove(let proving), 1):
      switch model.look(proving, at: request.start) {
      case .refused(let code, let scenario, let counts):
        refuse(code, on: proving.workstation, scenario: scenario, counts: counts, &request)
      case .proceed(let ceremony): request.ceremony = ceremony
      }
    case (.prove(let proving), 2...):
      // The last one before the decision. The first card after a start is looked up in the lists of announced cards before it.
      if let ceremony = request.ceremony { request.password = model.password(proving.password, ceremony, at: request.start) }
    case (.renew(let name, _), 1), (.end(let name, _, _), 1), (.report(let name), 1), (.watch(let name), 1):
      request.readAt = now
      request.day = model.day(at: now)
      arrive(name, at: now, &request)
    case (.renew(let name, let session), 2):
      guard request.answer == nil else { return }
      guard let (code, person) = model.renewal(session, by: name, at: request.readAt, day: request.day) else {
        request.answer = .done("open")
        return
      }
      request.answer = .refused(code)
      if model.hasOwnRow(name, code, at: request.readAt) {
        let row = Row(action: "lease", outcome: "refused", code: code, workstation: name, person: person, session: session)
        request.due = (row, nil)
      }
    default: break
    }
  }

  /// A workstation that asks about its session.
  private func arrive(_ name: String, at now: Tick, _ request: inout Request) {
    guard let workstation = model.workstations[name] else {
      request.answer = .refused("AP121")
      return
    }
    model.heard[name] = now
    if workstation.isRevoked {
      request.answer = .refused("AP120")
    } else if case .watch = request.story {
      model.held[name] = 1
      request.answer = .done("listening")
    } else if case .report = request.story {
      request.answer = .done("reported")
      if model.hasOwnRow(name, "AP100", at: now) {
        request.due = (Row(action: "cardRemoved", outcome: "done", workstation: name), nil)
      }
    }
  }

  private func refuse(
    _ code: String, on name: String, scenario: String?, counts: Bool, _ request: inout Request
  ) {
    request.answer = .refused("AP100")
    guard model.hasOwnRow(name, code, at: request.start) else { return }
    let row = Row(action: scenario ?? "logon", outcome: "denied", code: code, workstation: name)
    request.due = (row, counts ? Model.workstation(name) : nil)
  }

  func willCommit(_ number: Int) {
    requests[number]?.entered = clock.now
    requests[number]?.day = model.day(at: clock.now)
    requests[number]?.rules = model.rules
    if case .reload? = requests[number]?.story, requests[number]?.isDurable == false { requests[number]?.reading = folder() }
    // A flush has several commits, and each is judged by itself.
    if case .flush? = requests[number]?.story { requests[number]?.isDurable = false }
  }

  func hasCommitted(_ number: Int) async {
    guard var request = requests[number], let store else { return }
    request.isDurable = true
    let from = size
    do {
      let known = Set(model.sessions.keys)
      let records = try await store.base.read { (state) throws(StorageFault) in
        var query = AuditQuery()
        query.fromSequence = from
        return try state.auditRows(query).map(\.record)
      }
      store.requireOwnThread()
      let rows = records.map { Row($0) }
      times += records.map(\.time)
      request.rowTime = records.last?.time
      size += UInt64(rows.count)
      for row in rows { seen["\(row.action) \(row.outcome)\(row.code.map { " " + $0 } ?? "")", default: 0] += 1 }
      let expected = step(&request, rows: rows, known: known)
      requests[number] = request
      compare(rows, expected)
      if failure == nil { try await comparePicture(after: rows) }
    } catch {
      fail(.logVerifies, "the rows could not be read: \(error)")
    }
  }

  func wasTold(_ number: Int, committed: Bool) {
    guard var request = requests[number] else { return }
    defer { requests[number] = request }
    if committed, request.recovering == nil, let time = request.rowTime { model.latestRow = max(model.latestRow, time) }
    if let count = request.recovering {
      request.recovering = nil
      if !committed { model.unrecorded += count }
    } else if !committed {
      model.unrecorded += 1
      if case .flush = request.story, let (name, count) = request.isDurable ? request.lastBurst : request.takeBurst() {
        model.putBack(count, for: name)
      }
      request.isDurable = false
      return
    } else if model.unrecorded > 0 {
      // The request goes on after the row about those that had none.
      request.recovering = model.unrecorded
      model.unrecorded = 0
      return
    }
    switch request.story {
    case .reload: if let rules = request.reading { model.rules = rules }
    case .revoke(let name) where model.held[name] != nil: connectionEnded(name)
    default: break
    }
  }

  func takeWithdrawn() -> [String] {
    defer { withdrawn = [] }
    return withdrawn
  }

  // MARK: What has to stand in the log now

  private func step(_ request: inout Request, rows: [Row], known: Set<String>) -> [Row] {
    if let count = request.recovering {
      return [Row(action: "audit.recovered", outcome: "done", code: "AP190", count: count)]
    }
    let now = request.entered
    if let due = request.due {
      request.due = nil
      if let against = due.against { model.countFailure(against, at: request.start, by: request.rules) }
      var row = due.row
      if case .report(let name) = request.story { row.session = model.live(on: name)?.id }
      return [row]
    }
    switch request.story {
    case .prove:
      guard let ceremony = request.ceremony else { return [] }
      let drawn = rows.last?.session ?? "none"
      if rows.last?.outcome == "granted", ceremony.scenario != "unlock", known.contains(drawn) {
        fail(.noSessionWithoutGrant, "the session \(drawn) was opened twice")
      }
      let verdict = model.conclude(
        ceremony, password: request.password, at: now, day: request.day, by: request.rules, newSession: drawn)
      switch verdict.row.outcome {
      case "granted": request.answer = .granted(verdict.row.session ?? "")
      case "stillNeeded": request.answer = .stillNeeded
      default: request.answer = .refused(Self.shown(verdict.row.code ?? ""))
      }
      return verdict.before + [verdict.row]
    case .end(let name, let session, let kind):
      let row = model.end(kind, session, by: name, at: request.readAt)
      request.answer = row.code.map { .refused($0) } ?? .done(kind == "lock" ? "locked" : "ended")
      return [row]
    case .endSession(let id):
      let row = model.endSession(id)
      request.withdrawn = row.code == nil ? [id] : []
      request.answer = row.code == nil ? .done("ended") : .refused("notFound")
      return [row]
    case .card(let id, let state):
      let (row, withdrawn) = model.change(id, to: state)
      request.withdrawn = withdrawn
      request.answer = row.outcome == "done" ? .done(state) : .refused(row.code ?? "notFound")
      return [row]
    case .revoke(let name):
      let row = model.revoke(name)
      request.answer = .done("revoked")
      return [row]
    case .people(let roster):
      let (row, losing) = model.take(roster)
      request.withdrawn = model.sessions.filter { $0.value.isLive && losing.contains($0.value.person) }.map(\.key)
      request.answer = .done(row.outcome == "done" ? "applied" : "refused")
      return [row]
    case .reload:
      let isRight = request.reading != nil
      request.answer = .done(isRight ? "loaded" : "faults")
      return [Row(action: isRight ? "policy.loaded" : "policy.refused", outcome: isRight ? "done" : "refused")]
    case .flush:
      guard let (name, count) = request.takeBurst() else { return [] }
      let parts = name.split(separator: " ").map(String.init)
      // Reports are no refusals: they are counted under the code that says nothing.
      let isReport = parts[1] == "AP100"
      return [
        Row(
          action: isReport ? "events.coalesced" : "refusals.coalesced", outcome: isReport ? "done" : "denied",
          code: isReport ? nil : parts[1], workstation: parts[0], count: count.counted)
      ]
    case .open, .renew, .report, .watch, .checkpoint: return []
    }
  }

  /// Before possession is proven every refusal looks the same.
  private static func shown(_ code: String) -> String {
    ["AP122", "AP141", "AP142", "AP143", "AP144", "AP145", "AP146", "AP147", "AP148", "AP149"].contains(code)
      ? "AP100" : code
  }

  private func compare(_ rows: [Row], _ expected: [Row]) {
    guard rows != expected else { return }
    let text = "the log has \(rows), and should have \(expected)"
    let wasGranted = rows.last?.outcome == "granted"
    switch expected.last?.code {
    case "AP103"?, "AP105"?, "AP106"?, "AP120"?, "AP124"?:
      fail(wasGranted ? .revokedIsRefused : .rowsTellWhatHappened, text)
    default: fail(wasGranted && expected.last?.outcome != "granted" ? .noSessionWithoutGrant : .rowsTellWhatHappened, text)
    }
  }

  // MARK: The answer

  func finish(_ number: Int, _ answer: Answer) {
    guard let request = requests.removeValue(forKey: number), let store else { return }
    if case .fault(let what) = answer {
      // What was counted and could not be written is counted on.
      guard store.hasMet(number) || request.story.mayFail else {
        return fail(.answersAreAsPredicted, "\(request.story) ended in a fault without a cause: \(what)")
      }
      return
    }
    switch (request.story, answer) {
    case (.open(let name), .opened(let id, let scenario, let session)):
      let expected = model.opening(name, at: request.start)
      guard expected == .scenario(scenario, session: session) else {
        return fail(
          .answersAreAsPredicted, "\(name) was offered \(scenario) \(session ?? ""), and should have been: \(expected)")
      }
      model.opened(id, on: name, scenario: scenario, session: session, at: request.start)
    case (.prove(let proving), .granted(let session)):
      guard request.isDurable else { return fail(.noGrantWithoutDurableRow, "\(session) on \(proving.workstation)") }
      told.append((session, proving.workstation))
      require(answer, request)
    case (.prove, .stillNeeded):
      require(answer, request)
      if let ceremony = request.ceremony { model.resume(ceremony) }
    case (.people(let roster), _) where roster.isTorn:
      guard case .done("refused") = answer, !request.isDurable else {
        return fail(.answersAreAsPredicted, "a torn list was taken: \(answer)")
      }
    case (.flush, _):
      guard request.bursts.isEmpty else { return fail(.refusalsAreCounted, "not written: \(request.bursts)") }
    case (.checkpoint, _): break
    default: require(answer, request)
    }
    withdrawn += request.withdrawn
  }

  private func require(_ answer: Answer, _ request: Request) {
    guard let expected = request.answer else {
      return fail(.answersAreAsPredicted, "\(request.story) was answered \(answer) without a row")
    }
    if answer != expected {
      fail(.answersAreAsPredicted, "\(request.story) was answered \(answer), and should have been \(expected)")
    }
  }

  /// The workstation let its held connection go, or the server did.
  func connectionEnded(_ name: String) {
    model.heard[name] = clock.now
    model.held[name] = nil
  }

  // MARK: The durable state

  /// Holds everything that is durable against the model.
  func comparePicture(after rows: [Row] = []) async throws {
    guard let store else { return }
    let model = model
    let picture = try await store.base.read { (state) throws(StorageFault) in try Picture(of: model, in: state) }
    store.requireOwnThread()
    if let shrunk = Self.shrunk(from: failuresBefore, to: picture.failures, rows) { fail(.countersNeverShrink, shrunk) }
    failuresBefore = picture.failures
    if let difference = picture.difference(from: model) { fail(.stateIsAsPredicted, difference) }
  }

  /// Asked of the store alone, without the model: a person's or a card's count falls only by a grant to exactly them.
  private static func shrunk(
    from before: [String: Model.Failures], to after: [String: Model.Failures], _ rows: [Row]
  ) -> String? {
    let granted = rows.last.flatMap { $0.outcome == "granted" ? $0 : nil }
    for (name, former) in before where !name.hasPrefix("workstation:") && (after[name]?.count ?? 0) < former.count {
      let isCleared = granted.map { [$0.person.map(Model.person), $0.card.map(Model.card)].contains(name) } ?? false
      if !isCleared { return "\(name) had \(former.count) failures and has \(after[name]?.count ?? 0)" }
    }
    return nil
  }
}

extension Story {
  /// Whether no answer is an answer: a checkpoint waits for the vault, and two at once may cross.
  fileprivate var mayFail: Bool {
    if case .checkpoint = self { return true }
    return false
  }
}

extension Model {
  /// `open` without its trace.
  func opening(_ name: String, at now: Tick) -> Opening {
    var copy = self
    return copy.open(name, at: now)
  }

  mutating func resume(_ ceremony: Ceremony) {
    guard current[ceremony.workstation] == nil else { return }
    redeemed.remove(ceremony.id)
    ceremonies[ceremony.id] = ceremony
    current[ceremony.workstation] = ceremony.id
  }
}

extension Row {
  init(_ record: AuditRecord) {
    self.init(
      action: record.action, outcome: record.outcome.rawValue, code: record.code?.rawValue,
      workstation: record.workstation?.text, person: record.person?.text, card: record.card?.text,
      session: record.session?.text, count: record.count)
  }
}
