import AuthAPI
import AuthServer
import AuthTerms
import Foundation
import Storage

/// What may happen next.
extension Morning {
  private enum Move {
    case goOn, workstation, act, time, fault, fall, housekeeping
  }

  func move() throws {
    if let store, store.isFull, chance.once(in: 6) {
      store.setFull(false)
      note("the disk has room again")
    }
    if weather.commitFault > 0, chance.once(in: weather.commitFault) { fault() }
    if weather.readFault > 0, chance.once(in: weather.readFault) { store?.failNextRead() }
    if weather.fall > 0, chance.once(in: weather.fall) {
      return try fall(rebooting: chance.once(in: 2) ? Int64(chance.number(1_000...600_000)) : nil)
    }
    let move: Move = chance.weighted([(110, .goOn), (40, .workstation), (6, .act), (9, .time), (3, .housekeeping)])
    switch move {
    case .goOn: if !resumeOne() { try workstationMoves() }
    case .workstation: try workstationMoves()
    case .act: try operatorActs()
    case .time: time()
    case .housekeeping: housekeeping()
    case .fault, .fall: break
    }
  }

  // MARK: Time and faults

  private func time() {
    if weather.isClockSet, chance.once(in: 6) {
      // Mostly somebody notices and sets it right again.
      let isMended = clockError != 0 && !chance.once(in: 3)
      let milliseconds =
        isMended ? -clockError : Int64(chance.pick([-86_400_000, -3_600_000, -120_000, 90_000, 3_600_000, 86_400_000]))
      clockError += milliseconds
      note("the wall clock is set by \(milliseconds) ms")
      clock.setWall(by: milliseconds)
      return
    }
    let milliseconds = chance.weighted([
      (50, chance.number(1...900)), (30, chance.number(1_000...8_000)), (10, chance.number(8_000...120_000)),
      (6, chance.number(120_000...1_200_000)), (2, chance.number(1_200_000...7_200_000)),
      (1, chance.number(7_200_000...90_000_000)),
    ])
    clock.advance(milliseconds: Int64(milliseconds))
    note("\(milliseconds) ms pass")
  }

  private func fault() {
    guard let store, !store.isFull else { return }
    if chance.once(in: 4) {
      store.setFull(true)
      note("the disk is full")
    } else {
      let fault: SimulatedStore.Fault = chance.once(in: 2) ? .before : .after
      store.plan(fault)
      note("the next commit fails \(fault) it is durable")
    }
  }

  private func housekeeping() {
    switch chance.number(0...3) {
    case 0:
      launch(.checkpoint) { core in .done(try await core.signCheckpoint()) }
    case 1:
      vault.isAway.toggle()
      note("the vault is \(vault.isAway ? "away" : "back")")
    default:
      launch(.flush) { core in
        await core.flush(all: false)
        return .done("flushed")
      }
    }
  }

  // MARK: Operators

  private func operatorActs() throws {
    let acting = acting
    switch chance.number(0...9) {
    case 0...3:
      let card = chance.pick(Town.cards).id
      // A loss is for good, and a morning has few cards.
      let state = chance.weighted([(1, "lost"), (4, "suspended"), (5, "active")])
      let id = try CardID(parsing: card)
      launch(.card(card, to: state)) { core in
        let changed = try await core.change(id, to: CardStateChange(state: state, reason: "simulated"), by: acting)
        return .done(changed.card.state)
      }
    case 4...6:
      let roster = roster()
      launch(.people(roster)) { core in
        .done(try await core.importPeople(roster.message, by: acting).applied ? "applied" : "refused")
      }
    case 7:
      guard chance.once(in: 3) else { return }
      let name = chance.pick(Town.workstations)
      let act = try Act(
        kind: Act.Kind.revokeWorkstation, operatorID: acting.id, instance: InstanceID(parsing: "lgwan-1"),
        nonce: chance.bytes(32), issuedAt: clock.now.wall, parameters: ["workstation": name])
      let signed = SignedAct(act: act, scheme: .ed25519, signature: Array(repeating: 1, count: 64))
      let id = try WorkstationID(parsing: name)
      launch(.revoke(name)) { core in
        _ = try await core.revoke(id, WorkstationRevocation(act: Data(signed.encoded)), by: acting)
        return .done("revoked")
      }
    case 8:
      guard let session = judge.model.sessions.keys.sorted().randomElement(using: &chance) else { return }
      let id = try SessionID(parsing: session)
      launch(.endSession(session)) { core in .done(try await core.end(id, reason: "simulated", by: acting).state) }
    default:
      let next: Rules? = chance.once(in: 3) ? nil : Rules(edition: rules.edition + 1, &chance)
      try write(next)
      if let next { rules = next }
      note("the policy folder now has \(next.map { "\($0)" } ?? "a typing error")")
      launch(.reload) { core in .done(try await core.reload(by: acting).faultsEn.isEmpty ? "loaded" : "faults") }
    }
  }

  /// A list that is right, or half, or of another day.
  private func roster() -> Roster {
    var people = Roster.everybody.people
    var disabled: Set<String> = []
    switch chance.number(0...8) {
    case 6...8: break
    case 0...1: disabled.insert(chance.pick(Town.clerks).id)
    case 2: people[chance.pick(Town.clerks).id] = nil
    case 3: people[chance.pick(Town.clerks).id] = [chance.pick(["seg-lgwan", "seg-other", "telework"])]
    case 4: people[chance.pick(Town.clerks).id] = []
    default: for clerk in Town.clerks.suffix(chance.number(1...7)) { people[clerk.id] = nil }
    }
    let confirmed = chance.once(in: 4) ? nil : chance.once(in: 6) ? chance.number(0...3) : losing(people, disabled)
    return Roster(people: people, disabled: disabled, confirmed: confirmed, isTorn: chance.once(in: 8))
  }

  /// As the operator saw it in the preview.
  private func losing(_ people: [String: [String]], _ disabled: Set<String>) -> Int {
    judge.model.people.count { id, person in
      guard person.isEnabled else { return false }
      guard let groups = people[id] else { return true }
      return disabled.contains(id) || (!person.groups.isEmpty && groups.isEmpty)
    }
  }

  // MARK: Workstations

  private func workstationMoves() throws {
    let index = chance.number(0...agents.count - 1)
    let agent = agents[index]
    if !chance.once(in: 4) { return try honestly(index) }
    switch chance.number(0...99) {
    case 0...31: open(index)
    case 32...63: try prove(index)
    case 64...69: try replay(index)
    case 70...79: try end(index, "lock")
    case 80...84: try end(index, "logoff")
    case 85...89: try renew(index)
    case 90...92:
      let caller = caller(agent)
      launch(.report(agent.name)) { core in
        try await core.report(WorkstationEvent(kind: "cardRemoved"), caller)
        return .done("reported")
      }
    case 93...97: watch(index)
    default:
      agents[index].generation += 1
      agents[index].session = nil
      agents[index].isLocked = false
      agents[index].opened = nil
      note("\(agent.name) starts anew")
    }
  }

  /// What comes next at a workstation where nobody means harm.
  private func honestly(_ index: Int) throws {
    let agent = agents[index]
    if agent.underWay > 0 {
      _ = resumeOne()
    } else if agent.opened != nil {
      try prove(index)
    } else if agent.session == nil || agent.isLocked {
      if !agent.isListening, chance.once(in: 3) { watch(index) } else { open(index) }
    } else {
      switch chance.number(0...9) {
      case 0...4: try end(index, "lock")
      case 5...6: try renew(index)
      case 7...8: if agent.isListening { try renew(index) } else { watch(index) }
      default: try end(index, "logoff")
      }
    }
  }

  private func caller(_ agent: Agent) -> ServerCore.Caller {
    // Thirty-two bytes are a fingerprint; it was parsed once already.
    let server = (try? CertificateFingerprint(parsing: Town.serverCertificate)) ?? agent.certificate
    return ServerCore.Caller(workstation: agent.certificate, server: server, arrived: clock.now.moment)
  }

  private func open(_ index: Int) {
    let agent = agents[index]
    let caller = caller(agent)
    let isLost = chance.once(in: 12)
    agents[index].underWay += 1
    launch(.open(agent.name)) { [self] core in
      defer { agents[index].underWay -= 1 }
      let opened = try await core.open(caller)
      if !isLost {
        agents[index].former = agents[index].opened
        agents[index].isHalfway = false
        agents[index].opened = Agent.Opened(
          id: opened.ceremony, nonce: Array(opened.nonce), scenario: opened.scenario, expiresAt: opened.expiresAt,
          session: opened.session, workstation: agent.name)
      }
      return .opened(id: opened.ceremony, scenario: opened.scenario, session: opened.session)
    }
  }

  private func prove(_ index: Int) throws {
    guard let plan = plan(agents[index]) else { return open(index) }
    let sent = try agents[index].message(plan, box, keyPair: keyPair)
    agents[index].sent = sent
    try send(sent, from: index)
    // The network delivers a message twice.
    if chance.once(in: 15) { try send(sent, from: index) }
  }

  private func keyPair(_ name: String) throws -> Agent.KeyPair {
    if let known = keyPairs[name] { return known }
    let made = try Agent.KeyPair(name)
    keyPairs[name] = made
    return made
  }

  private func replay(_ index: Int) throws {
    guard let sent = agents[index].sent else { return open(index) }
    try send(sent, from: index)
  }

  private func send(_ sent: Agent.Sent, from index: Int) throws {
    let caller = caller(agents[index])
    let id = try CeremonyID(parsing: sent.proving.ceremony)
    let isLost = chance.once(in: 12)
    agents[index].underWay += 1
    launch(.prove(sent.proving)) { [self] core in
      defer { agents[index].underWay -= 1 }
      let answer = try await core.prove(id, sent.message, caller)
      return answer.session.map { .granted($0.session) } ?? .stillNeeded
    } then: { [self] answer in
      guard agents[index].opened?.id == sent.proving.ceremony else { return }
      if case .stillNeeded = answer, !isLost {
        agents[index].isHalfway = true
        return
      }
      agents[index].former = agents[index].opened
      agents[index].opened = nil
      agents[index].isHalfway = false
      if case .granted(let session) = answer, !isLost {
        agents[index].session = session
        agents[index].isLocked = false
      }
    }
  }

  /// Mostly what an honest clerk does, and now and then each way of doing something else.
  private func plan(_ agent: Agent) -> Agent.Plan? {
    guard var target = agent.opened else { return nil }
    if chance.once(in: 25), let former = agent.former { target = former }
    if chance.once(in: 30), let other = chance.pick(agents).opened { target = other }
    // Most workstations have their clerk, and most people may enter.
    let card = chance.weighted([
      (5, Town.card(at: agent.name, isClockSet: weather.isClockSet)), (3, chance.pick(Array(Town.cards.prefix(6)))),
      (1, chance.pick(Town.cards)),
    ])
    var plan = Agent.Plan(
      target: target, signedFor: target, scenario: target.scenario, keys: .named(agent.keys),
      card: (card.key("9a"), "9a"), password: nil, session: target.session, sessionKeys: agent.keys)
    // Who waits behind a locked screen mostly is who comes back.
    if let session = target.session, !chance.once(in: 5), let id = judge.model.sessions[session]?.card,
      let own = Town.cards.first(where: { $0.id == id })
    {
      plan.card = (own.key("9a"), "9a")
    }
    switch chance.number(0...6) {
    case 0: plan.password = "wrong"
    case 1...4: plan.password = plan.card.flatMap { password($0.key) }
    default: break
    }
    if agent.isHalfway, !chance.once(in: 4) {
      // The card was shown; what is missing is the password.
      plan.password = agent.sent?.proving.card.flatMap { password($0.key) } ?? plan.password
      plan.card = nil
    }
    guard chance.once(in: 4) else { return plan }
    switch chance.number(0...13) {
    case 0: plan.card = (chance.pick(CardBox.strangers), "9a")
    case 1: if card.slots.contains("9e") { plan.card = (card.key("9e"), "9e") }
    case 2: plan.card = (card.key("9a"), "9e")
    case 3: plan.card = nil
    case 4: plan.isSignatureNoise = true
    case 5: plan.scenario = chance.pick(["logon", "unlock", "remote"])
    case 6: plan.signedFor = chance.pick(agents).opened ?? target
    case 7: plan.keys = chance.once(in: 2) ? .none : .malformed
    case 8: plan.keys = .named("\(agent.name)/other")
    case 9: plan.sessionKeys = "\(agent.name)/other"
    case 10: plan.session = nil
    case 11: plan.session = judge.model.sessions.keys.sorted().randomElement(using: &chance)
    case 12:
      plan.card = nil
      plan.password = "wrong"
    default:
      plan.keys = .named("\(agent.name)/other")
      plan.sessionKeys = "\(agent.name)/other"
    }
    return plan
  }

  private func password(_ key: String) -> String? {
    Town.cards.first { key.hasPrefix($0.id + "/") }.map { Town.password(of: $0.person) }
  }

  // MARK: Sessions

  /// Mostly its own, now and then anybody's.
  private func someSession(_ agent: Agent) throws -> SessionID? {
    let any = judge.model.sessions.keys.sorted()
    guard let session = chance.once(in: 10) ? any.randomElement(using: &chance) : agent.session else { return nil }
    return try SessionID(parsing: session)
  }

  private func end(_ index: Int, _ kind: String) throws {
    let agent = agents[index]
    guard let session = try someSession(agent) else { return open(index) }
    let caller = caller(agent)
    agents[index].underWay += 1
    launch(.end(agent.name, session: session.text, kind: kind)) { [self] core in
      defer { agents[index].underWay -= 1 }
      let status =
        kind == "lock"
        ? try await core.lock(session, cause: "asked", caller) : try await core.logoff(session, cause: "asked", caller)
      return .done(status.state)
    } then: { [self] answer in
      guard agents[index].session == session.text else { return }
      switch answer {
      case .done("locked"): agents[index].isLocked = true
      case .done, .refused: agents[index].session = nil
      default: break
      }
    }
  }

  private func renew(_ index: Int) throws {
    let agent = agents[index]
    guard let session = try someSession(agent) else { return }
    let caller = caller(agent)
    launch(.renew(agent.name, session: session.text)) { core in
      .done(try await core.renew(session, caller).state)
    } then: { [self] answer in
      // A workstation whose lease is refused locks.
      if case .refused = answer, agents[index].session == session.text { agents[index].isLocked = true }
    }
  }

  private func watch(_ index: Int) {
    let agent = agents[index]
    if agent.isListening, chance.once(in: 2) {
      note("\(agent.name) lets its connection go")
      agents[index].isListening = false
      agents[index].watch?.cancel()
      agents[index].watch = nil
      schedule.drain()
      if judge.model.held[agent.name] != nil { judge.connectionEnded(agent.name) }
      return
    }
    let caller = caller(agent)
    launch(.watch(agent.name)) { [self] core in
      let stream = try await core.watch(caller)
      schedule.requireOwnThread()
      heard[agent.name] = []
      agents[index].isListening = true
      agents[index].watch = schedule.beside { [self] in
        for await event in stream {
          schedule.requireOwnThread()
          heard[agent.name]?.append(event)
        }
      }
      return .done("listening")
    }
  }
}
