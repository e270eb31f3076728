/// Who may enter.
extension Model {
  // MARK: Opening

  enum Opening: Equatable {
    case refused(String)
    case scenario(String, session: String?)
  }

  /// - Parameter now: when the request came.
  mutating func open(_ name: String, at now: Tick) -> Opening {
    guard let workstation = workstations[name] else { return .refused("AP121") }
    heard[name] = now
    if workstation.isRevoked { return .refused("AP120") }
    if workstation.isRemote { return .scenario("remote", session: nil) }
    if let (id, session) = live(on: name), session.phase == "locked", !session.isRevoked,
      now.since(session.opened) < session.overall, now.since(session.active) < session.idle
    {
      return .scenario("unlock", session: id)
    }
    return .scenario("logon", session: nil)
  }

  mutating func opened(_ id: String, on name: String, scenario: String, session: String?, at now: Tick) {
    if let former = current[name] { ceremonies[former] = nil }
    ceremonies[id] = Ceremony(
      id: id, workstation: name, scenario: scenario, session: session, expires: now.plus(30_000))
    current[name] = id
  }

  // MARK: What is looked at before anybody's password

  enum Look {
    /// `counts`: against the workstation.
    case refused(String, scenario: String?, counts: Bool)
    case proceed(Ceremony)
  }

  /// - Parameter now: when the request came.
  mutating func look(_ proving: Proving, at now: Tick) -> Look {
    let name = proving.workstation
    guard let workstation = workstations[name] else { return .refused("AP121", scenario: nil, counts: false) }
    heard[name] = now
    if workstation.isRevoked { return .refused("AP120", scenario: nil, counts: false) }
    if isBlocked([Self.workstation(name)], at: now) { return .refused("AP111", scenario: nil, counts: false) }

    if redeemed.contains(proving.ceremony) { return .refused("AP142", scenario: nil, counts: true) }
    guard var ceremony = ceremonies[proving.ceremony], ceremony.workstation == name else {
      return .refused("AP122", scenario: nil, counts: false)
    }
    ceremonies[ceremony.id] = nil
    current[name] = nil
    redeemed.insert(ceremony.id)
    if now.mono >= ceremony.expires.mono { return .refused("AP122", scenario: nil, counts: false) }

    func refused(_ code: String) -> Look { .refused(code, scenario: ceremony.scenario, counts: true) }
    switch proving.keys {
    case .none: break
    case .malformed: return refused("AP149")
    case .named(let keys):
      if let former = ceremony.keys, former != keys { return refused("AP143") }
      ceremony.keys = keys
    }
    if let card = proving.card {
      if ceremony.card != nil { return refused("AP142") }
      guard let keys = ceremony.keys, ["9a", "9e"].contains(card.slot) else { return refused("AP149") }
      if card.key == "foreign" { return refused("AP144") }
      if card.key == "expired" { return refused("AP145") }
      let right = Proving.Signed(
        ceremony: ceremony.id, workstation: name, scenario: ceremony.scenario, slot: card.slot, keys: keys)
      if card.signed != right {
        var otherwise = card.signed
        otherwise?.scenario = ceremony.scenario
        return refused(otherwise == right ? "AP143" : "AP141")
      }
      ceremony.card = (card.key, card.slot)
    }
    if let shown = proving.session {
      guard let session = ceremony.session, let keys = ceremony.keys else { return refused("AP143") }
      if shown.session != session || shown.ceremony != ceremony.id || shown.keys != keys { return refused("AP141") }
      ceremony.isKeyProven = true
    }
    return .proceed(ceremony)
  }

  /// Whether a password is compared at all, and with what result; `nil`: it is as if none had been typed.
  func password(_ typed: String?, _ ceremony: Ceremony, at now: Tick) -> Bool? {
    guard let typed, let shown = ceremony.card, let (id, card) = card(ofKey: shown.key), card.state == "active",
      card.keys[shown.key]?.slot == shown.slot, let person = people[card.person], person.isEnabled, person.hasPassword,
      !isBlocked([Self.card(id), Self.person(card.person)], at: now)
    else { return nil }
    return typed == Town.password(of: card.person)
  }

  // MARK: The decision

  struct Verdict {
    var row: Row
    /// Rows about other sessions, before it.
    var before: [Row] = []
  }

  /// - Parameters:
  ///   - password: `nil` if none counts.
  ///   - day: by which dates are judged.
  ///   - newSession: the id that the server drew, for a logon that is granted.
  mutating func conclude(
    _ ceremony: Ceremony, password: Bool?, at now: Tick, day: Int, by rules: Rules, newSession: String
  ) -> Verdict {
    let name = ceremony.workstation
    var row = Row(action: ceremony.scenario, outcome: "denied", workstation: name)
    func deny(_ code: String) -> Verdict {
      var row = row
      row.code = code
      return Verdict(row: row)
    }
    guard let workstation = workstations[name] else { return deny("AP121") }
    var shown: (id: String, card: Card, isGuarded: Bool)?
    if let (key, slot) = ceremony.card {
      guard let (id, card) = card(ofKey: key), let registered = card.keys[key] else { return deny("AP102") }
      if registered.slot != slot {
        row.card = id
        return deny("AP148")
      }
      shown = (id, card, registered.isGuarded)
    }
    let session = live(on: name)
    let isProven = ceremony.isKeyProven && session?.id == ceremony.session && session?.session.keys == ceremony.keys
    let holder = shown?.card.person ?? (isProven ? session?.session.person : nil)
    row.person = holder
    row.card = shown?.id
    if ceremony.scenario == "unlock" { row.session = session?.id }

    var names = [Self.workstation(name)]
    if let holder { names.append(Self.person(holder)) }
    if let shown { names.append(Self.card(shown.id)) }

    let places = holder.map { self.places(of: $0, than: name, at: now) } ?? (held: 0, left: [])
    let isWithPassword = password == true
    let judged = judge(
      ceremony.scenario, workstation, holder, shown.map { ($0.card, $0.isGuarded) }, session, isProven: isProven,
      isBlocked: isBlocked(names, at: now), elsewhere: places.held, hasPassword: isWithPassword, at: now, day: day,
      by: rules)
    switch judged {
    case .denied(let code): return deny(code)
    case _ where password == false:
      for name in names { countFailure(name, at: now, by: rules) }
      return deny("AP109")
    case .stillNeeded:
      row.outcome = "stillNeeded"
      return Verdict(row: row)
    case .granted:
      guard let holder else { return deny("AP113") }
      var before: [Row] = []
      if ceremony.scenario != "unlock" {
        var remaining = places.held + places.left.count
        for id in places.left where remaining >= rules.atOnce {
          before.append(ended(id))
          remaining -= 1
        }
      }
      row.outcome = "granted"
      if ceremony.scenario == "unlock", let session {
        sessions[session.id]?.phase = "open"
        sessions[session.id]?.active = now
        row.session = session.id
      } else {
        if let session { sessions[session.id]?.phase = "ended" }
        sessions[newSession] = Session(
          person: holder, workstation: name, card: shown?.id, phase: "open", isRevoked: false, opened: now, active: now,
          keys: ceremony.keys ?? "", lease: rules.leaseMinutes * 60_000, idle: rules.idleMinutes * 60_000,
          overall: rules.overallHours * 3_600_000)
        row.session = newSession
      }
      for name in names { countSuccess(name, at: now, by: rules) }
      return Verdict(row: row, before: before)
    }
  }

  private enum Judged {
    case denied(String)
    case stillNeeded
    case granted
  }

  private func judge(
    _ scenario: String, _ workstation: Workstation, _ holder: String?, _ shown: (card: Card, isGuarded: Bool)?,
    _ session: (id: String, session: Session)?, isProven: Bool, isBlocked: Bool, elsewhere: Int, hasPassword: Bool,
    at now: Tick, day: Int, by rules: Rules
  ) -> Judged {
    if workstation.isRevoked { return .denied("AP120") }
    if scenario == "remote", rules.remoteGroups == nil { return .denied("AP113") }
    if isBlocked { return .denied("AP111") }
    if shown?.card.state == "lost" { return .denied("AP105") }
    if shown?.card.state == "suspended" { return .denied("AP106") }
    let person = holder.flatMap { people[$0] }
    if let person {
      if !person.isEnabled { return .denied("AP103") }
      if let first = person.first, day < first { return .denied("AP104") }
      if let last = person.last, day > last { return .denied("AP104") }
      if !person.groups.contains("seg-lgwan") { return .denied("AP107") }
      if scenario == "remote", let groups = rules.remoteGroups, !groups.isEmpty, person.groups.isDisjoint(with: groups) {
        return .denied("AP127")
      }
    }
    if let shown, !shown.isGuarded, rules.floor == "pk-pin" { return .denied("AP108") }
    if let person, scenario == "unlock" {
      _ = person
      guard let (_, session) = session else { return .denied("AP115") }
      if session.person != holder { return .denied("AP116") }
      if session.isRevoked { return .denied("AP124") }
      if Self.isLater(session.active, than: now) || Self.isLater(session.opened, than: now) { return .denied("AP117") }
      if now.since(session.opened) >= rules.overallHours * 3_600_000 { return .denied("AP117") }
      if now.since(session.active) >= rules.idleMinutes * 60_000 { return .denied("AP117") }
      if !isProven { return .denied("AP115") }
    }
    if person != nil, scenario != "unlock", elsewhere >= rules.atOnce { return .denied("AP114") }

    // Logon and unlock: card + pin, or card + password. Remote: card + password alone.
    guard let shown else { return .stillNeeded }
    if scenario != "remote", shown.isGuarded { return .granted }
    if hasPassword { return .granted }
    return person?.hasPassword == true ? .stillNeeded : .denied("AP110")
  }

  private static func isLater(_ a: Tick, than b: Tick) -> Bool {
    a.boot == b.boot ? a.mono > b.mono : a.wall > b.wall
  }

  // MARK: Places

  /// The person's sessions on other workstations: those that hold their place, and those left behind, the longest silent first.
  private func places(of person: String, than name: String, at now: Tick) -> (held: Int, left: [String]) {
    let counting = sessions.filter { _, session in
      session.person == person && session.isLive && session.workstation != name && !session.isRevoked
        && now.since(session.opened) < session.overall
    }
    let left = counting.filter { silence(of: $0.value.workstation, at: now) > $0.value.lease + 30_000 }
    let order = left.sorted { a, b in
      let (first, second) = (silence(of: a.value.workstation, at: now), silence(of: b.value.workstation, at: now))
      return first != second ? first > second : a.key < b.key
    }
    return (counting.count - left.count, order.map(\.key))
  }

  private mutating func ended(_ id: String) -> Row {
    sessions[id]?.phase = "ended"
    let session = sessions[id]
    return Row(
      action: "session.displaced", outcome: "done", workstation: session?.workstation, person: session?.person,
      card: session?.card, session: id)
  }
}
