/// What workstations do with their sessions, and operators with everybody's.
extension Model {
  /// - Returns: the row; the session is changed unless the row says that it was refused.
  mutating func end(_ kind: String, _ id: String, by workstation: String, at now: Tick) -> Row {
    var row = Row(action: kind, outcome: "done", workstation: workstation, session: id)
    guard let session = sessions[id], session.workstation == workstation, session.isLive else {
      row.outcome = "refused"
      row.code = "AP115"
      return row
    }
    if session.phase != "locked" || kind != "lock" { sessions[id]?.active = now }
    sessions[id]?.phase = kind == "lock" ? "locked" : "ended"
    row.person = session.person
    return row
  }

  /// - Returns: `nil` if the lease goes on.
  func renewal(_ id: String, by workstation: String, at now: Tick, day: Int) -> (code: String, person: String?)? {
    guard let session = sessions[id], session.workstation == workstation, session.phase == "open" else { return ("AP115", nil) }
    if session.isRevoked { return ("AP124", session.person) }
    if now.since(session.opened) >= session.overall { return ("AP117", session.person) }
    guard let person = people[session.person], person.isEnabled else { return ("AP103", session.person) }
    if let last = person.last, day > last { return ("AP104", session.person) }
    return nil
  }

  mutating func endSession(_ id: String) -> Row {
    var row = Row(action: "session.ended", outcome: "done", session: id)
    guard let session = sessions[id], session.isLive else {
      row.outcome = "refused"
      row.code = "AP115"
      return row
    }
    sessions[id]?.phase = "ended"
    row.person = session.person
    row.workstation = session.workstation
    return row
  }

  /// - Returns: the row, and the sessions that were withdrawn.
  mutating func change(_ id: String, to state: String) -> (Row, [String]) {
    var row = Row(action: "card.\(state)", outcome: "done", card: id)
    guard let card = cards[id] else {
      row.outcome = "refused"
      return (row, [])
    }
    row.person = card.person
    // Whatever is lost stays lost.
    if card.state == "lost", state != "lost" {
      row.outcome = "refused"
      row.code = "AP105"
      return (row, [])
    }
    cards[id]?.state = state
    var withdrawn: [String] = []
    if state != "active" {
      withdrawn = sessions.filter { $0.value.isLive && $0.value.card == id }.map(\.key)
      for id in withdrawn { withdraw(id) }
    }
    row.count = Int64(card.keys.count + withdrawn.count)
    return (row, withdrawn)
  }

  private mutating func withdraw(_ id: String) {
    sessions[id]?.phase = "locked"
    sessions[id]?.isRevoked = true
  }

  mutating func revoke(_ name: String) -> Row {
    var row = Row(action: "workstation.revoked", outcome: "done", workstation: name)
    guard workstations[name] != nil else {
      row.outcome = "refused"
      return row
    }
    workstations[name]?.isRevoked = true
    if let (id, session) = live(on: name) {
      withdraw(id)
      row.session = id
      row.person = session.person
    }
    return row
  }

  /// - Returns: the row, and the people who may not act any more.
  mutating func take(_ roster: Roster) -> (Row, [String]) {
    var row = Row(action: "people.imported", outcome: "done")
    var next = people
    for (id, person) in people {
      if let groups = roster.people[id] {
        next[id]?.groups = Set(groups)
        next[id]?.isEnabled = !roster.disabled.contains(id)
      } else if person.isEnabled {
        next[id]?.isEnabled = false
      }
    }
    let changed = people.keys.filter { people[$0] != next[$0] }
    let losing = changed.filter { id in
      guard let before = people[id], let after = next[id], before.isEnabled else { return false }
      return !after.isEnabled || (!before.groups.isEmpty && after.groups.isEmpty)
    }
    let enabled = people.values.filter(\.isEnabled).count
    let isMeant = roster.confirmed.map { $0 == losing.count } ?? (losing.count * 100 <= 5 * enabled)
    guard isMeant, !roster.people.isEmpty else {
      row.outcome = "refused"
      return (row, [])
    }
    people = next
    row.count = Int64(max(1, changed.count))
    for (id, session) in sessions where session.isLive && losing.contains(session.person) { withdraw(id) }
    return (row, losing)
  }
}
