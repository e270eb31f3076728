import AuthPolicy
import AuthTerms
import Storage

/// What is durable, in the model's words.
struct Picture: Sendable {
  private var people: [String: (Bool, Set<String>)] = [:]
  private var cards: [String: String] = [:]
  private var workstations: [String: Bool] = [:]
  private var sessions: [String: Model.Session] = [:]
  private(set) var failures: [String: Model.Failures] = [:]

  /// Everything the model knows of, and every live session whether it knows it or not.
  init(of model: Model, in state: any StateReader) throws(StorageFault) {
    for id in model.people.keys {
      guard let person = try state.person(Self.name(id)) else { continue }
      people[id] = (person.isEnabled, person.groups)
      failures[Model.person(id)] = try Self.failures(.person(Self.name(id)), state)
    }
    for id in model.cards.keys {
      guard let card = try state.card(Self.name(id)) else { continue }
      cards[id] = card.state.rawValue
      failures[Model.card(id)] = try Self.failures(.card(Self.name(id)), state)
    }
    for id in model.workstations.keys {
      workstations[id] = try state.workstation(Self.name(id))?.isRevoked
      failures[Model.workstation(id)] = try Self.failures(.workstation(Self.name(id)), state)
    }
    for session in try state.liveSessions() { sessions[session.id.text] = Self.session(session) }
    for id in model.sessions.keys where sessions[id] == nil {
      if let session = try state.session(Self.name(id)) { sessions[id] = Self.session(session) }
    }
  }

  /// The first thing that is otherwise than the model says.
  func difference(from model: Model) -> String? {
    for (id, person) in model.people {
      guard let found = people[id], found == (person.isEnabled, person.groups) else {
        return "person \(id) is \(people[id].map { "\($0)" } ?? "gone"), and should be \(person)"
      }
    }
    for (id, card) in model.cards where cards[id] != card.state {
      return "\(id) is \(cards[id] ?? "gone"), and should be \(card.state)"
    }
    for (id, workstation) in model.workstations where workstations[id] != workstation.isRevoked {
      return "\(id) is revoked: \(workstations[id].map { "\($0)" } ?? "gone"), and should be \(workstation.isRevoked)"
    }
    for (id, session) in model.sessions {
      var expected = session
      expected.forgetKeys()
      if sessions[id] != expected {
        return "session \(id) is \(sessions[id].map { "\($0)" } ?? "gone"), and should be \(expected)"
      }
    }
    for id in sessions.keys where model.sessions[id] == nil { return "session \(id) is nobody's" }
    for name in Set(failures.keys).union(model.failures.keys) where failures[name] != model.failures[name] {
      return
        "\(name) has \(failures[name].map { "\($0)" } ?? "no failures"), and should have "
        + "\(model.failures[name].map { "\($0)" } ?? "none")"
    }
    return nil
  }

  private static func name<Tag>(_ text: String) throws(StorageFault) -> Identifier<Tag> {
    do { return try Identifier(parsing: text) } catch { throw .conflict("not a name: \(text)") }
  }

  private static func failures(_ key: ThrottleKey, _ state: any StateReader) throws(StorageFault) -> Model.Failures? {
    guard let record = try state.throttle(key) else { return nil }
    let isForEver = record.blockedUntil?.wallMilliseconds == .max
    return Model.Failures(
      count: record.failures, last: Tick(record.lastFailure), until: isForEver ? nil : record.blockedUntil.map(Tick.init),
      isForEver: isForEver)
  }

  private static func session(_ record: SessionRecord) -> Model.Session {
    Model.Session(
      person: record.person.text, workstation: record.workstation.text, card: record.card?.text, phase: record.phase.rawValue,
      isRevoked: record.isRevoked, opened: Tick(record.openedAt), active: Tick(record.lastActivity), keys: "",
      lease: Int64(record.terms.leaseSeconds) * 1000, idle: Int64(record.terms.idleSeconds) * 1000,
      overall: Int64(record.terms.overallSeconds) * 1000)
  }
}

extension Model.Session {
  fileprivate mutating func forgetKeys() {
    self = Self(
      person: person, workstation: workstation, card: card, phase: phase, isRevoked: isRevoked, opened: opened,
      active: active, keys: "", lease: lease, idle: idle, overall: overall)
  }
}
