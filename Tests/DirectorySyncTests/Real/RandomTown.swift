import AuthTerms
import DirectorySync
import Fuzzing
import RealDirectory

/// A town of its own in a domain, and what its IT section does to it in a bad year, at random from a seed. It keeps account of the
/// town only so far that each act is one that a domain controller allows.
struct RandomTown {
  enum Act: CaseIterable {
    case joins, moves, leavesTown, returns, isRenamed, accountIsRenamed, marries, succeeds, isDisabled, isEnabled, ends
    case isEdited, isCleared, isDeleted, isMadeAnew, isBroughtBack, isDeletedByMistake, isGivenBack
    case unitIsMade, unitIsRenamed, unitIsMoved, unitIsEmptied, unitIsDeleted, unitGoesWithAll
    case groupIsMade, groupIsRenamed, groupIsMoved, groupIsDeleted, groupIsBroughtBack
    case joinsGroup, leavesGroup, comesAndGoes, goesAndComes, primaryGroupChanges
    case groupJoinsGroup, groupLeavesGroup, groupsJoinInCircle
  }

  struct Entry {
    enum Kind { case unit, person, group }
    let kind: Kind
    /// The value of the last part of its name.
    var name: String
    /// `nil`: a unit at the root of the domain, anything else in the container of users that every domain has.
    var above: Int?
    var account = ""
    var number = ""
    var family = ""
    var given = ""
    /// What was deleted and came back has lost most of what it was.
    var isBare = false
    /// `nil`: Domain Users.
    var primary: Int?
    var members: Set<Int> = []
    var guid: ObjectGUID?
    /// The last part of its SID.
    var relative: UInt32?
  }

  /// Changes that one call of a tool makes.
  struct Step {
    enum Need { case nothing, seesDeleted, deletesTrees }
    let need: Need
    var ldif: String
  }

  static let root = "八幡町"
  /// 2027-04-01 00:00 in Japan, in milliseconds since 1970-01-01 UTC: what the town takes for the present.
  static let now: Int64 = 1_806_505_200_000
  /// The same as `LocalTime.day`.
  static let today = Int((now + 9 * 3_600_000) / 86_400_000)

  private(set) var done: [Act: Int] = [:]
  private(set) var steps: [Step] = []
  var entries: [Int: Entry] = [:]
  var deleted: [Int: Entry] = [:]
  var random: SeededRandom
  private var number = 0
  /// Where groups stand; never deleted.
  let groupUnits = [1, 2]

  /// - Parameter name: in front of all accounts; the domain has others.
  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// 12 OUs, 12 groups, 60 people.
  mutating func found() -> [Step] {
    steps = []
    add(Entry(kind: .unit, name: Self.root))
    for name in ["グループ", "グループ, 旧"] { add(Entry(kind: .unit, name: name, above: 0)) }
    for _ in 0..<9 { _ = unitIsMade() }
    for _ in 0..<12 { _ = groupIsMade() }
    for _ in 0..<60 { _ = joins() }
    for _ in 0..<60 { _ = joinsGroup() }
    for _ in 0..<6 { _ = groupJoinsGroup() }
    return steps
  }

  /// So many acts, one after the other: some undo what the one before did, some follow from it.
  /// - Parameter bringsBack: whether anything comes back from among the deleted, after which nothing is followed, but all read.
  mutating func batch(_ count: Int, bringsBack: Bool) -> [Step] {
    steps = []
    let returns: [Act] = [.isBroughtBack, .isDeletedByMistake, .groupIsBroughtBack]
    // Many more come and join than leave, else the town would be empty in summer.
    let joins: [Act] = [.joins, .joins, .joins, .joins, .joinsGroup, .joinsGroup, .joinsGroup, .unitIsMade]
    let chances = Act.allCases.filter { bringsBack || !returns.contains($0) } + joins + (bringsBack ? returns : [])
    var left = count
    while left > 0, let act = chances.randomElement(using: &random) {
      guard isDone(act) else { continue }
      done[act, default: 0] += 1
      left -= 1
    }
    return steps
  }

  private mutating func isDone(_ act: Act) -> Bool {
    switch act {
    case .joins: joins()
    case .moves: moves()
    case .leavesTown: leavesTown()
    case .returns: returns()
    case .isRenamed: isRenamed()
    case .accountIsRenamed: accountIsRenamed()
    case .marries: marries()
    case .succeeds: succeeds()
    case .isDisabled: setControl("546")
    case .isEnabled: setControl("544")
    case .ends: ends()
    case .isEdited: edit("title: \(next())")
    case .isCleared: edit(nil)
    case .isDeleted: isDeleted()
    case .isMadeAnew: isMadeAnew()
    case .isBroughtBack: isBroughtBack(.person)
    case .isDeletedByMistake: isDeletedByMistake()
    case .isGivenBack: isGivenBack()
    case .unitIsMade: unitIsMade()
    case .unitIsRenamed: unitIsRenamed()
    case .unitIsMoved: unitIsMoved()
    case .unitIsEmptied: unitIsEmptied()
    case .unitIsDeleted: unitIsDeleted()
    case .unitGoesWithAll: unitGoesWithAll()
    case .groupIsMade: groupIsMade()
    case .groupIsRenamed: groupIsRenamed()
    case .groupIsMoved: groupIsMoved()
    case .groupIsDeleted: groupIsDeleted()
    case .groupIsBroughtBack: isBroughtBack(.group)
    case .joinsGroup: joinsGroup()
    case .leavesGroup: leavesGroup()
    case .comesAndGoes: comesAndGoes()
    case .goesAndComes: goesAndComes()
    case .primaryGroupChanges: primaryGroupChanges()
    case .groupJoinsGroup: groupJoinsGroup()
    case .groupLeavesGroup: groupLeavesGroup()
    case .groupsJoinInCircle: groupsJoinInCircle()
    }
  }

  /// What only the directory knows of its objects.
  mutating func learn(from replica: DirectoryReplica) {
    var items: [String: DirectoryItem] = [:]
    for item in replica.objects.values { if let account = item.text("samaccountname") { items[account] = item } }
    for (id, entry) in entries {
      guard let item = items[entry.account] else { continue }
      entries[id]?.guid = item.guid
      entries[id]?.relative = item.attributes["objectsid"]?.first.map {
        $0.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
      }
    }
  }

  // MARK: What is told to the directory

  mutating func say(_ record: String, _ need: Step.Need = .nothing) {
    if steps.last?.need == need {
      steps[steps.count - 1].ldif += record + "\n"
    } else {
      steps.append(Step(need: need, ldif: record + "\n"))
    }
  }

  mutating func modify(_ id: Int, _ lines: String...) {
    say("dn: \(name(id))\nchangetype: modify\n\(lines.joined(separator: "\n"))\n")
  }

  /// With a name, a place or both that are new.
  mutating func rename(_ id: Int, to new: String? = nil, below above: Int?? = nil) {
    guard var entry = entries[id] else { return }
    let before = name(id)
    entry.name = new ?? entry.name
    if let above { entry.above = above }
    entries[id] = entry
    say(
      "dn: \(before)\nchangetype: modrdn\nnewrdn: \(Self.part(entry))\ndeleteoldrdn: 1\nnewsuperior: \(place(entry))\n")
  }

  @discardableResult
  mutating func add(_ entry: Entry) -> Int {
    let id = entries.isEmpty ? 0 : next()
    entries[id] = entry
    var lines = ["dn: \(name(id))", "changetype: add"]
    switch entry.kind {
    case .unit: lines += ["objectClass: organizationalUnit"]
    case .group: lines += ["objectClass: group", "sAMAccountName: \(entry.account)"]
    case .person:
      lines += [
        "objectClass: user", "sAMAccountName: \(entry.account)", "employeeNumber: \(entry.number)", "sn: \(entry.family)",
        "givenName: \(entry.given)", "displayName: \(entry.family) \(entry.given)", "userAccountControl: 544",
      ]
    }
    say(lines.joined(separator: "\n") + "\n")
    return id
  }

  mutating func next() -> Int {
    number += 1
    return number
  }

  func name(_ id: Int) -> String { entries[id].map { "\(Self.part($0)),\(place($0))" } ?? "" }

  private func place(_ entry: Entry) -> String {
    entry.above.map(name) ?? (entry.kind == .unit ? "" : "CN=Users,") + DomainController.base
  }

  /// As one part of a distinguished name (RFC 4514).
  private static func part(_ entry: Entry) -> String {
    (entry.kind == .unit ? "OU=" : "CN=") + entry.name.map { ",+\"\\<>;=#".contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }

  // MARK: What there is

  func all(_ kind: Entry.Kind, _ isMeant: (Entry) -> Bool = { _ in true }) -> [Int] {
    entries.filter { $0.value.kind == kind && isMeant($0.value) }.keys.sorted()
  }

  mutating func any(_ kind: Entry.Kind, _ isMeant: (Entry) -> Bool = { _ in true }) -> Int? {
    all(kind, isMeant).randomElement(using: &random)
  }

  /// Below it and itself.
  func tree(_ id: Int) -> [Int] { [id] + entries.filter { $0.value.above == id }.keys.sorted().flatMap(tree) }

  /// Takes it away with its links, as a directory does.
  mutating func bury(_ id: Int) {
    deleted[id] = entries.removeValue(forKey: id)
    for group in all(.group) { entries[group]?.members.remove(id) }
  }
}
