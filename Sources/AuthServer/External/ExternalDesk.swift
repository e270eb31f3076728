import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// People from outside as operators see them: registered, extended, ended, listed.
struct ExternalDesk: Sendable {
  /// How long before a member of staff leaves it is said for whom she answers.
  static let noticeDays = 7
  private static let mostLines = 20

  let services: Services

  func list() async throws -> [ExternalSummary] {
    let day = services.local(services.surroundings.now()).day
    return try await services.store.read { (state) throws(StorageFault) -> [ExternalSummary] in
      var all: [ExternalSummary] = []
      for external in try state.externalPeople() {
        if let summary = try Self.summary(external, on: day, in: state) { all.append(summary) }
      }
      return all
    }
  }

  /// - Throws: conflict, with the reason in the row, for what cannot be registered; otherwise refused, with a row.
  func add(_ message: ExternalAct, by acting: OperatorRecord) async throws -> ExternalSummary {
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let change = AddExternal(act: act, day: services.local(now).day, policy: services.policy.policy)
    try Self.answer(try await services.recorder.commit(change, now: now))
    return try await shown(act)
  }

  /// - Throws: as `add`.
  func extend(_ message: ExternalAct, by acting: OperatorRecord) async throws -> ExternalSummary {
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let change = ExtendExternal(act: act, day: services.local(now).day)
    try Self.answer(try await services.recorder.commit(change, now: now))
    return try await shown(act)
  }

  /// - Throws: as `add`.
  func end(_ message: ExternalAct, by acting: OperatorRecord) async throws -> ExternalSummary {
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let done = try await services.recorder.commit(EndExternal(act: act, day: services.local(now).day), now: now)
    ExternalKeeper(services: services).tell(done.withdrawn)
    try Self.answer(done.outcome)
    return try await shown(act)
  }

  private static func answer(_ outcome: LocalActOutcome) throws {
    switch outcome {
    case .done: break
    case .unknown, .ended: throw HTTPFault.conflictBecause(.externalNotPossible)
    case .replayed: throw HTTPFault.conflict
    case .refused: throw Refusal(.operatorNotAllowed, reference: nil)
    }
  }

  private func shown(_ act: LocalAct) async throws -> ExternalSummary {
    let day = services.local(services.surroundings.now()).day
    guard let id = act.signed.act.parameters["person"] else { throw HTTPFault.conflict }
    let person = try PersonID(parsing: id)
    let found = try await services.store.read { (state) throws(StorageFault) -> ExternalSummary? in
      guard let external = try state.externalPerson(person) else { return nil }
      return try Self.summary(external, on: day, in: state)
    }
    guard let found else { throw HTTPFault.conflict }
    return found
  }

  // MARK: In words

  private static func summary(
    _ external: ExternalPerson, on day: Int, in state: any StateReader
  ) throws(StorageFault) -> ExternalSummary? {
    guard let person = try state.person(external.person) else { return nil }
    let answering = try state.person(external.responsible)
    let isAnswered = try state.answers(external.responsible, on: day)
    let standing: ExternalSummary.State =
      if !person.isEnabled {
        .ended
      } else if let last = person.lastDay, last < day {
        .over
      } else if !isAnswered {
        .unanswered
      } else if let first = person.firstDay, first > day {
        .waiting
      } else {
        .inForce
      }
    return ExternalSummary(
      person: person.id.text, displayName: person.displayName, kana: person.kana,
      department: person.departments.first ?? "", groups: person.groups.sorted(),
      from: person.firstDay.map(DatedAccess.text) ?? "", until: person.lastDay.map(DatedAccess.text) ?? "",
      responsible: external.responsible.text, responsibleName: answering?.displayName ?? "",
      responsibleUntil: answering?.lastDay.map(DatedAccess.text), state: standing.rawValue)
  }

  /// For whom nobody answers, or will not within a week.
  /// - Returns: lines, the first of them where there are many, and how many people it is.
  func warnings() async throws -> (ja: [String], en: [String], people: Int) {
    let today = services.local(services.surroundings.now()).day
    let soon = DatedAccess.text(ofDay: today + Self.noticeDays)
    var (ja, en): ([String], [String]) = ([], [])
    for person in try await list() {
      switch ExternalSummary.State(rawValue: person.state) {
      case .unanswered:
        ja.append(
          "外部の \(person.person) は、責任者 \(person.responsible) が不在のため利用を止めています。続けるなら責任者を替えます: sanmon person extend \(person.person)"
        )
        en.append(
          "\(person.person) from outside is let in nowhere: \(person.responsible), who answers, has left or is disabled; with another one: sanmon person extend \(person.person)"
        )
      case .inForce, .waiting:
        // Written year first, so that days compare as text.
        guard let last = person.responsibleUntil, last <= soon, last < person.until else { continue }
        ja.append(
          "外部の \(person.person) の責任者 \(person.responsible) は \(last) が最終日です。翌日から利用できなくなります: sanmon person extend \(person.person)"
        )
        en.append(
          "\(person.responsible), who answers for \(person.person) from outside, leaves on \(last): access ends with that day; with another one: sanmon person extend \(person.person)"
        )
      case .over, .ended, nil: continue
      }
    }
    let people = ja.count
    let rest = people - Self.mostLines
    guard rest > 0 else { return (ja, en, people) }
    return (
      ja.prefix(Self.mostLines) + ["外部の方ほか \(rest) 人: sanmon person list --external"],
      en.prefix(Self.mostLines) + ["\(rest) more people from outside: sanmon person list --external"], people
    )
  }
}

/// Looks every few seconds whether who answers for people from outside is still there.
struct ExternalKeeper: Sendable {
  static let seconds = 2

  let services: Services

  func look() async throws {
    // A restored copy that waits for its approval writes nothing of its own.
    guard services.restoration.pending == nil else { return }
    let now = services.surroundings.now()
    let day = services.local(now).day
    let due = try await services.store.read { (state) throws(StorageFault) -> [PersonID] in
      var due: [PersonID] = []
      for external in try state.externalPeople() {
        // Whose own days are over waits for nothing but the purge.
        guard let person = try state.person(external.person), person.isEnabled, day <= person.lastDay ?? day else { continue }
        if try state.answers(external.responsible, on: day) != external.isAnswered { due.append(external.person) }
      }
      return due
    }
    for person in due {
      let change = SettleExternal(person: person, day: day, policy: services.policy.policy.version, now: now)
      tell(try await services.recorder.commit(change, now: now))
    }
  }

  func tell(_ withdrawn: [SessionRecord]) {
    for session in withdrawn {
      services.watch.tell(
        session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "accountDisabled"))
    }
  }
}
