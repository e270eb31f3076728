import AuthPolicy
import AuthTerms
import Storage

/// What holds on the day, for one person at one workstation.
extension DatedAccessBook {
  /// Dated accesses of one person that hold, or will; one look at a key where there are none.
  func underWay(for person: PersonID, _ state: some StateReader, _ look: Look = Look()) throws(StorageFault) -> [Entry] {
    var found: [Entry] = []
    for id in try Self.readable({ () throws(StorageFault) in try Self.list(Self.person(person), state) }) ?? [] {
      if let entry = try look.entry(id, self, state), entry.isUnderWay(on: local.day) { found.append(entry) }
    }
    return found
  }

  /// What they add at one workstation.
  /// - Parameter isEntering: a logon or an unlock; hours are not asked of a session that is open.
  func groups(
    of person: PersonID, at workstation: WorkstationID, isEntering: Bool = true, _ state: some StateReader,
    _ look: Look = Look()
  ) throws(StorageFault) -> [DatedGroups] {
    try underWay(for: person, state, look).filter { $0.holds(on: local.day) }.compactMap { entry in
      guard entry.access.isFor(workstation, at: isEntering ? local : nil) else { return nil }
      return entry.access.groups[person].map { DatedGroups(access: entry.access.id, groups: $0) }
    }
  }

  /// Whether a session may go on by the groups that its person has now, own and dated.
  func keeps(_ session: SessionRecord, _ state: some StateReader, _ look: Look = Look()) throws(StorageFault) -> Bool {
    guard let person = try state.person(session.person), person.isEnabled, person.lastDay.map({ local.day <= $0 }) ?? true
    else {
      return false
    }
    if policy.opens(session.segment, session.scenario, to: person.groups) { return true }
    let dated = try groups(of: person.id, at: session.workstation, isEntering: false, state, look)
    return policy.opens(
      session.segment, session.scenario, to: dated.reduce(into: person.groups) { $0.formUnion($1.groups) })
  }

  /// Whether a session that may go on today may not tomorrow, because the last day of a dated access is today.
  func endsTonight(_ session: SessionRecord, _ state: some StateReader, _ look: Look) throws(StorageFault) -> Bool {
    guard try !underWay(for: session.person, state, look).isEmpty, try keeps(session, state, look) else { return false }
    let next = LocalTime(weekday: local.weekday % 7 + 1, minuteOfDay: 0, day: local.day + 1)
    return try !DatedAccessBook(policy: policy, approvals: approvals, local: next).keeps(session, state, look)
  }

  /// Locks the sessions of people who had them by this access alone.
  func withdraw(
    _ access: DatedAccess, in state: inout some StateTransaction
  ) throws(StorageFault) -> [SessionRecord] {
    var withdrawn: [SessionRecord] = []
    let look = Look()
    for person in access.groups.keys.sorted() {
      for session in try state.liveSessions(of: person) where !session.isRevoked {
        if access.isFor(session.workstation, at: nil), try !keeps(session, state, look) {
          withdrawn.append(try state.withdraw(session))
        }
      }
    }
    return withdrawn
  }
}
