import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Storage

/// The dated accesses of a store, read inside the transaction that asks: what was approved, whether its signatures still count, and
/// what of it holds on the day.
///
/// trusted: who changes sanmond's database can put an operator with a key of his own there, and let people in anyway.
struct DatedAccessBook: Sendable {
  static let required = 2
  /// At a time, and as long as they are shown after their last day.
  static let most = 64
  static let shownDays = 31

  let policy: PolicySet
  let approvals: WaiverApprovals
  let local: LocalTime

  init(policy: PolicySet, approvals: WaiverApprovals, local: LocalTime) {
    (self.policy, self.approvals, self.local) = (policy, approvals, local)
  }

  init(_ services: Services, at now: Moment) {
    self.init(policy: services.policy.policy, approvals: services.waivers, local: services.local(now))
  }

  struct Entry: Sendable {
    let access: DatedAccess
    /// Whether somebody switched it on (a handover: nobody switched it off), and on which day.
    var isOn: Bool
    var switchedOn: Int
    /// As it was when that was last looked at: what became otherwise has a row and its consequences.
    var wasHolding: Bool
    /// `nil`: the two who approved it are not both administrators any more, or not with those keys.
    let approval: SignedAct?
    /// `nil`: nobody did, or not an administrator of today.
    let switching: SignedAct?

    var lastDay: Int { access.lastDay(switchedOn: switchedOn) }
    var isApproved: Bool { approval != nil && (access.kind == .handover || !isOn || switching != nil) }
    func holds(on day: Int) -> Bool { isApproved && isOn && access.isWithinDates(day, switchedOn: switchedOn) }
    func isOver(on day: Int) -> Bool { day > access.until }
    /// Whether it holds, or will without anybody doing anything.
    func isUnderWay(on day: Int) -> Bool { isOn && day <= lastDay }
  }

  // MARK: What is kept

  private static let listSetting = "accesses"
  private static func body(_ id: AccessID) -> String { "access.body.\(id)" }
  private static func approved(_ id: AccessID) -> String { "access.approved.\(id)" }
  private static func switched(_ id: AccessID) -> String { "access.on.\(id)" }
  private static func standing(_ id: AccessID) -> String { "access.state.\(id)" }
  private static func person(_ id: PersonID) -> String { "access.of.\(id)" }

  private static func list(_ name: String, _ state: some StateReader) throws(StorageFault) -> [AccessID] {
    guard let bytes = try state.setting(name) else { return [] }
    var reader = LengthPrefixedReader(bytes, subject: name, limit: 64)
    var ids: [AccessID] = []
    do {
      while !reader.isAtEnd { ids.append(try AccessID(parsing: try reader.text())) }
    } catch { throw .corrupt("setting \(name)") }
    return ids
  }

  private static func set(_ ids: [AccessID], _ name: String, in state: inout some StateTransaction) throws(StorageFault) {
    var writer = LengthPrefixedWriter()
    for id in ids { writer.field(id.text) }
    try state.set(writer.bytes, forSetting: name)
  }

  static func parameters(_ access: DatedAccess) -> [String: String] {
    let groups = Set(access.groups.values.joined()).sorted().joined(separator: ",")
    var parameters = [
      "access": access.id.text, "kind": access.kind.rawValue, "title": access.title.ja, "from": access.fromText,
      "until": access.untilText, "people": String(access.groups.count), "groups": String(groups.prefix(1000)),
      "hash": Hex.encode(SHA256.hash(data: access.encoded)),
    ]
    if let days = access.days { parameters["days"] = String(days) }
    return parameters
  }

  /// Parameters of the acts that switch it on and off: of exactly what was approved.
  static func parameters(_ id: AccessID, approvedBy act: Act) -> [String: String] {
    ["access": id.text, "approval": Hex.encode(WaiverApprovals.hash(act))]
  }

  func ids(_ state: some StateReader) throws(StorageFault) -> [AccessID] { try Self.list(Self.listSetting, state) }

  func entries(_ state: some StateReader) throws(StorageFault) -> [Entry] {
    var found: [Entry] = []
    for id in try ids(state) { if let entry = try entry(id, state) { found.append(entry) } }
    return found
  }

  func entry(_ id: AccessID, _ state: some StateReader) throws(StorageFault) -> Entry? {
    guard let bytes = try state.setting(Self.body(id)), !bytes.isEmpty else { return nil }
    guard let access = try? DatedAccess(parsing: bytes), access.id == id, let told = try standing(of: id, state) else {
      throw .corrupt("setting \(Self.body(id))")
    }
    var approval = try approvals.kept(
      under: Self.approved(id), kind: Act.Kind.approveAccess, required: Self.required, state: state)
    if approval?.act.parameters != Self.parameters(access) { approval = nil }
    var switching: SignedAct?
    if let approval, told.isOn {
      switching = try approvals.kept(under: Self.switched(id), kind: Act.Kind.switchAccessOn, required: 1, state: state)
      if switching?.act.parameters != Self.parameters(id, approvedBy: approval.act) { switching = nil }
    }
    return Entry(
      access: access, isOn: told.isOn, switchedOn: told.switchedOn, wasHolding: told.wasHolding, approval: approval,
      switching: switching)
  }

  /// What changes while the rest stays as it was approved.
  private struct Standing {
    var isOn: Bool
    var switchedOn: Int
    var wasHolding: Bool
    var until: Int
  }

  private func standing(of id: AccessID, _ state: some StateReader) throws(StorageFault) -> Standing? {
    guard let bytes = try state.setting(Self.standing(id)) else { return nil }
    var reader = LengthPrefixedReader(bytes, subject: "standing", limit: 8)
    var numbers: [Int] = []
    while let number = try? reader.unsigned(), number < 1 << 20 { numbers.append(Int(number)) }
    guard numbers.count == 4, reader.isAtEnd else { throw .corrupt("setting \(Self.standing(id))") }
    return Standing(isOn: numbers[0] == 1, switchedOn: numbers[1], wasHolding: numbers[2] == 1, until: numbers[3])
  }

  /// Those of which something has to be said: they began, ended, or have been over for so long that they are forgotten.
  func due(_ state: some StateReader) throws(StorageFault) -> [AccessID] {
    var due: [AccessID] = []
    for id in try ids(state) {
      guard let told = try standing(of: id, state) else { throw .corrupt("setting \(Self.standing(id))") }
      if local.day > told.until + Self.shownDays {
        due.append(id)
      } else if told.isOn || told.wasHolding, let entry = try entry(id, state), entry.holds(on: local.day) != told.wasHolding {
        due.append(id)
      }
    }
    return due
  }

  /// - Parameter act: approved it; takes the place of what had this name before.
  func put(
    _ access: DatedAccess, _ act: Act, isOn: Bool, in state: inout some StateTransaction
  ) throws(StorageFault) {
    try remove(access.id, in: &state)
    try Self.set(try ids(state) + [access.id], Self.listSetting, in: &state)
    for person in access.groups.keys.sorted() {
      try Self.set(try Self.list(Self.person(person), state) + [access.id], Self.person(person), in: &state)
    }
    try state.set(access.encoded, forSetting: Self.body(access.id))
    try state.set(WaiverApprovals.hash(act), forSetting: Self.approved(access.id))
    try state.set([], forSetting: Self.switched(access.id))
    let holds = isOn && access.isWithinDates(local.day, switchedOn: local.day)
    let standing = Standing(isOn: isOn, switchedOn: local.day, wasHolding: holds, until: access.until)
    try Self.set(standing, of: access.id, in: &state)
  }

  /// Nothing of whom it was for is left but the acts.
  func remove(_ id: AccessID, in state: inout some StateTransaction) throws(StorageFault) {
    guard let entry = try entry(id, state) else { return }
    for person in entry.access.groups.keys.sorted() {
      try Self.set(try Self.list(Self.person(person), state).filter { $0 != id }, Self.person(person), in: &state)
    }
    try Self.set(try ids(state).filter { $0 != id }, Self.listSetting, in: &state)
    try state.set([], forSetting: Self.body(id))
  }

  /// - Parameter act: switched it on; `nil`: it is off.
  func put(_ entry: Entry, switchedBy act: Act?, in state: inout some StateTransaction) throws(StorageFault) {
    let id = entry.access.id
    try state.set(act.map(WaiverApprovals.hash) ?? [], forSetting: Self.switched(id))
    let holds = act != nil && entry.access.isWithinDates(local.day, switchedOn: local.day)
    let standing = Standing(isOn: act != nil, switchedOn: local.day, wasHolding: holds, until: entry.access.until)
    try Self.set(standing, of: id, in: &state)
  }

  /// - Parameter holds: from now on; one that ended by its days is off.
  func settle(_ entry: Entry, holds: Bool, in state: inout some StateTransaction) throws(StorageFault) {
    let isOn = entry.isOn && entry.isUnderWay(on: local.day)
    let standing = Standing(isOn: isOn, switchedOn: entry.switchedOn, wasHolding: holds, until: entry.access.until)
    try Self.set(standing, of: entry.access.id, in: &state)
  }

  private static func set(
    _ told: Standing, of id: AccessID, in state: inout some StateTransaction
  ) throws(StorageFault) {
    var writer = LengthPrefixedWriter()
    for number in [told.isOn ? 1 : 0, told.switchedOn, told.wasHolding ? 1 : 0, told.until] {
      writer.field(UInt64(max(0, number)))
    }
    try state.set(writer.bytes, forSetting: standing(id))
  }

  // MARK: What holds

  /// Dated accesses of one person that hold, or will; one look at a key where there are none.
  func underWay(for person: PersonID, _ state: some StateReader) throws(StorageFault) -> [Entry] {
    var found: [Entry] = []
    for id in try Self.list(Self.person(person), state) {
      if let entry = try entry(id, state), entry.isUnderWay(on: local.day) { found.append(entry) }
    }
    return found
  }

  /// What they add at one workstation.
  /// - Parameter isEntering: a logon or an unlock; hours are not asked of a session that is open.
  func groups(
    of person: PersonID, at workstation: WorkstationID, isEntering: Bool = true, _ state: some StateReader
  ) throws(StorageFault) -> [DatedGroups] {
    try underWay(for: person, state).filter { $0.holds(on: local.day) }.compactMap { entry in
      guard entry.access.isFor(workstation, at: isEntering ? local : nil) else { return nil }
      return entry.access.groups[person].map { DatedGroups(access: entry.access.id, groups: $0) }
    }
  }

  /// Whether a session may go on by the groups that its person has now, own and dated.
  func keeps(_ session: SessionRecord, _ state: some StateReader) throws(StorageFault) -> Bool {
    guard let person = try state.person(session.person), person.isEnabled, person.lastDay.map({ local.day <= $0 }) ?? true
    else {
      return false
    }
    if policy.opens(session.segment, session.scenario, to: person.groups) { return true }
    let dated = try groups(of: person.id, at: session.workstation, isEntering: false, state)
    return policy.opens(
      session.segment, session.scenario, to: dated.reduce(into: person.groups) { $0.formUnion($1.groups) })
  }

  /// Whether a session that may go on today may not tomorrow, because the last day of a dated access is today.
  func endsTonight(_ session: SessionRecord, _ state: some StateReader) throws(StorageFault) -> Bool {
    guard try !underWay(for: session.person, state).isEmpty, try keeps(session, state) else { return false }
    let next = LocalTime(weekday: local.weekday % 7 + 1, minuteOfDay: 0, day: local.day + 1)
    return try !DatedAccessBook(policy: policy, approvals: approvals, local: next).keeps(session, state)
  }

  /// Locks the sessions of people who had them by this access alone.
  func withdraw(
    _ access: DatedAccess, in state: inout some StateTransaction
  ) throws(StorageFault) -> [SessionRecord] {
    var withdrawn: [SessionRecord] = []
    for person in access.groups.keys.sorted() {
      for session in try state.liveSessions(of: person) where !session.isRevoked {
        if access.isFor(session.workstation, at: nil), try !keeps(session, state) {
          withdrawn.append(try state.withdraw(session))
        }
      }
    }
    return withdrawn
  }
}
