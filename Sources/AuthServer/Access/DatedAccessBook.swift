import AuthAPI
package import AuthPolicy
package import AuthTerms
import Crypto
import Storage

/// The dated accesses of a store, read inside the transaction that asks: what was approved, whether its signatures still count, and
/// what of it holds on the day.
///
/// trusted: who changes sanmond's database can put an operator with a key of his own there, and let people in anyway.
package struct DatedAccessBook: Sendable {
  static let required = 2
  /// At a time: what is over does not count.
  static let most = 64
  /// How long one is shown after its last day.
  static let shownDays = 31
  private static let decoded = DecodedAccesses(most: most)

  let policy: PolicySet
  let approvals: WaiverApprovals
  let local: LocalTime

  /// - Parameter local: the day that is asked about.
  package init(policy: PolicySet, approvals: WaiverApprovals, local: LocalTime) {
    (self.policy, self.approvals, self.local) = (policy, approvals, local)
  }

  init(_ services: Services, at now: Moment) {
    self.init(policy: services.policy.policy, approvals: services.waivers, local: services.local(now))
  }

  struct Entry: Sendable {
    /// Why one does not hold though it should: somebody who signed is no administrator any more, or has another key.
    enum Lapse {
      /// Two approve it again, or it is switched off and forgotten.
      case approval
      /// Another administrator switches it on again.
      case switching
    }

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
    var lapse: Lapse? {
      if approval == nil { .approval } else if access.kind == .temporary, isOn, switching == nil { .switching } else { nil }
    }
    func holds(on day: Int) -> Bool { lapse == nil && isOn && access.isWithinDates(day, switchedOn: switchedOn) }
    func isOver(on day: Int) -> Bool { day > access.until }
    /// Whether it holds, or will without anybody doing anything, if its signatures count.
    func isUnderWay(on day: Int) -> Bool { isOn && day <= lastDay }
    /// Whether it should hold, or be ready, and is not.
    func isLapsed(on day: Int) -> Bool {
      switch lapse {
      case .approval: isUnderWay(on: day) || access.kind == .temporary && !isOver(on: day)
      case .switching: isUnderWay(on: day)
      case nil: false
      }
    }
    /// Whether another of its name has to wait. What lapsed keeps nobody from approving it again, once what stood on it has ended.
    func isInTheWay(on day: Int) -> Bool { wasHolding || lapse == nil && isUnderWay(on: day) }
  }

  // MARK: What is kept

  private static let listSetting = "accesses"
  private static func body(_ id: AccessID) -> String { "access.body.\(id)" }
  private static func approved(_ id: AccessID) -> String { "access.approved.\(id)" }
  private static func switched(_ id: AccessID) -> String { "access.on.\(id)" }
  private static func standing(_ id: AccessID) -> String { "access.state.\(id)" }
  static func person(_ id: PersonID) -> String { "access.of.\(id)" }

  static func list(_ name: String, _ state: some StateReader) throws(StorageFault) -> [AccessID] {
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
    parameters(access, hash: Array(SHA256.hash(data: access.encoded)))
  }

  /// - Parameter hash: SHA-256 of `access.encoded`.
  static func parameters(_ access: DatedAccess, hash: [UInt8]) -> [String: String] {
    let groups = Set(access.groups.values.joined()).sorted().joined(separator: ",")
    var parameters = [
      "access": access.id.text, "kind": access.kind.rawValue, "title": access.title.ja, "from": access.fromText,
      "until": access.untilText, "people": String(access.groups.count), "groups": String(groups.prefix(1000)),
      "hash": Hex.encode(hash),
    ]
    if let days = access.days { parameters["days"] = String(days) }
    return parameters
  }

  /// Parameters of the acts that switch it on and off: of exactly what was approved.
  static func parameters(_ id: AccessID, approvedBy act: Act) -> [String: String] {
    ["access": id.text, "approval": Hex.encode(WaiverApprovals.hash(act))]
  }

  func ids(_ state: some StateReader) throws(StorageFault) -> [AccessID] { try Self.list(Self.listSetting, state) }

  /// All that can be read; what cannot is `unreadable`.
  func entries(_ state: some StateReader) throws(StorageFault) -> [Entry] {
    var found: [Entry] = []
    for id in try ids(state) {
      if let entry = try Self.readable({ () throws(StorageFault) in try entry(id, state) }) { found.append(entry) }
    }
    return found
  }

  /// Those of which the store has something else than what was written. They open nothing.
  func unreadable(_ state: some StateReader) throws(StorageFault) -> [AccessID] {
    var found: [AccessID] = []
    for id in try ids(state) {
      do throws(StorageFault) { _ = try entry(id, state) } catch {
        guard case .corrupt = error else { throw error }
        found.append(id)
      }
    }
    return found
  }

  /// `nil` for what is corrupt: whoever asks about many goes on with the others, and what cannot be read opens nothing.
  static func readable<Value>(_ read: () throws(StorageFault) -> Value?) throws(StorageFault) -> Value? {
    do throws(StorageFault) { return try read() } catch {
      guard case .corrupt = error else { throw error }
      return nil
    }
  }

  /// What one transaction has read: who asks about many people meets the same few accesses again and again.
  final class Look {
    private var entries: [AccessID: Entry?] = [:]

    func entry(_ id: AccessID, _ book: DatedAccessBook, _ state: some StateReader) throws(StorageFault) -> Entry? {
      if let known = entries[id] { return known }
      let found = try readable { () throws(StorageFault) in try book.entry(id, state) }
      entries[id] = .some(found)
      return found
    }
  }

  /// - Throws: corrupt for what is not as it was written.
  func entry(_ id: AccessID, _ state: some StateReader) throws(StorageFault) -> Entry? {
    guard let bytes = try state.setting(Self.body(id)), !bytes.isEmpty else { return nil }
    guard let (access, parameters) = Self.decoded.read(bytes), access.id == id, let told = try standing(of: id, state) else {
      throw .corrupt("setting \(Self.body(id))")
    }
    var approval = try approvals.kept(
      under: Self.approved(id), kind: Act.Kind.approveAccess, required: Self.required, state: state)
    if approval?.act.parameters != parameters { approval = nil }
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
  /// - Returns: besides, the first fault: what cannot be read keeps no other from ending.
  func due(_ state: some StateReader) throws(StorageFault) -> (ids: [AccessID], fault: StorageFault?) {
    var due: (ids: [AccessID], fault: StorageFault?) = ([], nil)
    for id in try ids(state) {
      do throws(StorageFault) {
        if try isDue(id, state) { due.ids.append(id) }
      } catch { due.fault = due.fault ?? error }
    }
    return due
  }

  private func isDue(_ id: AccessID, _ state: some StateReader) throws(StorageFault) -> Bool {
    guard let told = try standing(of: id, state) else { throw .corrupt("setting \(Self.standing(id))") }
    if local.day > told.until + Self.shownDays { return true }
    guard told.isOn || told.wasHolding, let entry = try entry(id, state) else { return false }
    return entry.holds(on: local.day) != told.wasHolding
  }

  /// - Parameter act: approved it; takes the place of what had this name before.
  func put(
    _ access: DatedAccess, _ act: Act, isOn: Bool, in state: inout some StateTransaction
  ) throws(StorageFault) {
    try remove(access.id, in: &state)
    try Self.set(try ids(state) + [access.id], Self.listSetting, in: &state)
    for person in access.groups.keys.sorted() {
      let others = try Self.list(Self.person(person), state).filter { $0 != access.id }
      try Self.set(others + [access.id], Self.person(person), in: &state)
    }
    try state.set(access.encoded, forSetting: Self.body(access.id))
    try state.set(WaiverApprovals.hash(act), forSetting: Self.approved(access.id))
    try state.set([], forSetting: Self.switched(access.id))
    let holds = isOn && access.isWithinDates(local.day, switchedOn: local.day)
    let standing = Standing(isOn: isOn, switchedOn: local.day, wasHolding: holds, until: access.until)
    try Self.set(standing, of: access.id, in: &state)
  }

  /// Nothing of whom it was for is left but the acts. Of one that cannot be read nobody knows whom it was for: their lists still
  /// name it, which opens nothing to who is not in what takes its place.
  func remove(_ id: AccessID, in state: inout some StateTransaction) throws(StorageFault) {
    let known = try ids(state)
    guard known.contains(id) else { return }
    if let entry = try Look().entry(id, self, state) {
      for person in entry.access.groups.keys.sorted() {
        try Self.set(try Self.list(Self.person(person), state).filter { $0 != id }, Self.person(person), in: &state)
      }
    }
    try Self.set(known.filter { $0 != id }, Self.listSetting, in: &state)
    try state.set([], forSetting: Self.body(id))
    Self.decoded.forget()
  }

  /// For who gets the number later: nothing that was this person's is found under it. What two signed stays as they signed it.
  static func forget(_ person: PersonID, in state: inout some StateTransaction) throws(StorageFault) {
    let name = Self.person(person)
    if try state.setting(name) != nil { try state.set([], forSetting: name) }
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
}
