public import AuthTerms

/// The staff of a domain as people, with the object that stands for each. Pure: the same replica, the same people known and the
/// same time give the same view.
///
/// A person is found by the objectGUID, never by a name. Who the directory no longer names is not in `people`; a caller disables
/// those and deletes nobody.
public struct DirectoryView: Sendable {
  /// Sorted by id.
  public let people: [ResolvedPerson]
  /// Those that are new or not as they were known, sorted by GUID.
  public let identities: [DirectoryIdentity]
  /// Who is held and what the object says now, sorted by person.
  public let held: [HeldIdentity]
  /// Sorted by kind and subject.
  public let findings: [DirectoryFinding]
  /// Whether there is an OU of the name that the rules give as base.
  public let hasBase: Bool
  /// Whose account ends in the middle of a day, and when, in milliseconds since 1970-01-01 UTC; those that are over not among them.
  public let ends: [PersonID: Int64]
  /// When the next day begins that somebody waits for, in the same milliseconds.
  public let nextDay: Int64?
  /// When the view is another though the directory is the same.
  public var nextEnd: Int64? { [ends.values.min(), nextDay].compactMap { $0 }.min() }
  /// The objects that the rules' names mean, as they were found now: the next look goes by them.
  public let anchors: [DirectoryRules.Anchor: ObjectGUID]

  /// - Parameters:
  ///   - known: all identities.
  ///   - current: everybody a store has.
  ///   - adopts: people without an object are recognised by number and account: for the first reading after an import from files.
  ///   - now: milliseconds since 1970-01-01 UTC.
  public init(
    of replica: DirectoryReplica, rules: DirectoryRules, known: [DirectoryIdentity], current: [ResolvedPerson],
    adopts: Bool, now: Int64
  ) {
    var builder = ViewBuilder(replica, rules, known, current, adopts, now)
    builder.build()
    people = builder.people.sorted { $0.id < $1.id }
    identities = builder.changedIdentities
    held = builder.held.sorted { $0.identity.person < $1.identity.person }
    findings = builder.findings.sorted { ($0.kind.rawValue, $0.subject) < ($1.kind.rawValue, $1.subject) }
    hasBase = builder.places.hasBase
    ends = builder.ends
    nextDay = builder.nextDay
    anchors = builder.anchors.known
  }
}

/// An object by which nobody comes in until somebody has confirmed who it is.
public struct HeldIdentity: Sendable, Hashable {
  /// As it was when the person was last certain.
  public let identity: DirectoryIdentity
  /// What the directory says now.
  public let account: String
  public let number: String
  public let family: String
  public let given: String
  public let displayName: String
}

private struct ViewBuilder {
  let replica: DirectoryReplica
  let rules: DirectoryRules
  let known: [ObjectGUID: DirectoryIdentity]
  let current: [PersonID: ResolvedPerson]
  let adopts: Bool
  let now: Int64
  let places: Places
  let anchors: Anchors
  var groups: GroupTree
  /// People who stay as they were, by the day that ends it.
  private var waiting: [Int: Int] = [:]
  var nextDay: Int64?

  var people: [ResolvedPerson] = []
  var held: [HeldIdentity] = []
  var findings: Set<DirectoryFinding> = []
  var ends: [PersonID: Int64] = [:]
  private var identities: [ObjectGUID: DirectoryIdentity]
  /// Ids that are somebody's already.
  private var taken: Set<PersonID>
  /// Of users below the base whose name can be one; folding a name costs more than all else that is said of somebody.
  private var accounts: [ObjectGUID: AccountName] = [:]
  private var accountHolders: [AccountName: Int] = [:]

  init(
    _ replica: DirectoryReplica, _ rules: DirectoryRules, _ known: [DirectoryIdentity], _ current: [ResolvedPerson],
    _ adopts: Bool, _ now: Int64
  ) {
    self.replica = replica
    self.rules = rules
    self.known = Dictionary(known.map { ($0.guid, $0) }, uniquingKeysWith: { first, _ in first })
    self.current = Dictionary(current.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    self.adopts = adopts
    self.now = now
    places = Places(replica, base: rules.base)
    anchors = Anchors(rules, replica, places)
    groups = GroupTree(replica, known: anchors.names)
    identities = self.known
    taken = Set(self.current.keys).union(self.known.values.map(\.person))
  }

  var changedIdentities: [DirectoryIdentity] {
    identities.values.filter { known[$0.guid] != $0 }.sorted { $0.guid < $1.guid }
  }

  mutating func build() {
    findings.formUnion(anchors.findings)
    for cycle in groups.cycles { note(.groupCycle, cycle.joined(separator: ", ")) }
    let users = replica.objects.values.filter { $0.kind == .person && places.isBelowBase($0) }.sorted { $0.guid < $1.guid }
    for user in users {
      guard let account = user.text("samaccountname").flatMap({ try? AccountName(parsing: $0) }) else { continue }
      accounts[user.guid] = account
      accountHolders[account, default: 0] += 1
    }
    for user in users where known[user.guid] != nil { addKnown(user) }
    // Before anybody new: whoever is gone has no number any more.
    for (guid, var identity) in known where identity.goneSince == nil && replica.objects[guid] == nil {
      identity.goneSince = now
      identities[guid] = identity
    }
    addNew(users.filter { known[$0.guid] == nil && !hasLongEnded($0) })
    for (day, count) in waiting { note(.waiting, "\(CivilDay.text(day)) \(count)") }
  }

  // MARK: Who it is

  private mutating func addKnown(_ user: DirectoryItem) {
    guard var identity = known[user.guid] else { return }
    if identity.goneSince != nil {
      identity.goneSince = nil
      identity.hold = .returned
    }
    let names = Names(user)
    let isSame = number(of: user) == .some(identity.number) && !names.bothDiffer(from: identity)
    switch identity.hold {
    case .returned: break
    // Somebody put right what was mistyped: it is again who it was.
    case .successor where isSame: identity.hold = nil
    case .successor: break
    case nil where !isSame: identity.hold = .successor
    case nil: break
    }
    if let hold = identity.hold {
      note(hold == .successor ? .successor : .returned, identity.person.text)
      identities[user.guid] = identity
      held.append(
        HeldIdentity(
          identity: identity, account: shown(user), number: number(of: user) ?? "", family: names.family, given: names.given,
          displayName: names.shown))
      // As the person was, without any access: who sits there now is not known.
      if var person = current[identity.person] {
        person.isEnabled = false
        people.append(person)
      }
      return
    }
    if let former = current[identity.person], !former.displayName.utf8.elementsEqual(names.shown.utf8) {
      identity.formerNames.removeAll { $0 == former.displayName || $0 == names.shown }
      identity.formerNames.insert(former.displayName, at: 0)
      identity.formerNames = Array(identity.formerNames.prefix(DirectoryIdentity.mostFormerNames))
    }
    identity.family = names.family
    identity.given = names.given
    identities[user.guid] = identity
    add(user, names, as: identity)
  }

  private func hasLongEnded(_ user: DirectoryItem) -> Bool {
    guard let days = rules.purgeAfterDays else { return false }
    let (isEnabled, lastDay, _) = standing(of: user)
    return LastDay.daysOver(lastDay, isEnabled: isEnabled, on: today).map { $0 >= days } ?? false
  }

  private mutating func addNew(_ users: [DirectoryItem]) {
    var byNumber: [String: [DirectoryItem]] = [:]
    for user in users {
      guard let number = number(of: user) else {
        if user.isEnabled { note(.numberMissing, shown(user)) }
        continue
      }
      byNumber[number, default: []].append(user)
    }
    let numbered = Set(identities.values.filter { $0.goneSince == nil }.map(\.number))
    for (number, users) in byNumber.sorted(by: { $0.key < $1.key }) {
      // An account that was kept beside its successor is disabled: the other one is meant.
      let candidates = users.count > 1 || numbered.contains(number) ? users.filter(\.isEnabled) : users
      guard let user = candidates.first, candidates.count == 1 else {
        note(.numberShared, users.map(shown).sorted().joined(separator: " = "))
        continue
      }
      guard let id = try? PersonID(parsing: number) else {
        note(.numberUnusable, shown(user))
        continue
      }
      // Two people with one number, one of them from outside: nobody is let in by it before somebody has put it right.
      // Of staff that a file brought before there were such numbers, it stays, as it does in a file.
      let isAdopted = adopts && current[id] != nil && current[id]?.account == account(of: user)
      guard !id.isExternalNumber || isAdopted else {
        note(.numberReserved, shown(user))
        continue
      }
      guard account(of: user) != nil else {
        note(.accountUnusable, shown(user))
        continue
      }
      addNew(user, number: number, preferring: id)
    }
  }

  private mutating func addNew(_ user: DirectoryItem, number: String, preferring id: PersonID) {
    guard let account = account(of: user), accountHolders[account] == 1 else {
      note(.accountShared, shown(user))
      return
    }
    let names = Names(user)
    var person = id
    if taken.contains(id) {
      let isFree = !identities.values.contains { $0.person == id }
      if adopts, isFree, let there = current[id], there.account == account {
        person = id
      } else {
        guard let free = nextID(after: number) else {
          note(.numberUnusable, shown(user))
          return
        }
        person = free
        note(.numberTaken, person.text)
      }
    }
    taken.insert(person)
    let identity = DirectoryIdentity(
      guid: user.guid, person: person, number: number, family: names.family, given: names.given)
    identities[user.guid] = identity
    add(user, names, as: identity)
  }

  /// `4711.2` for the second person with the number 4711.
  private func nextID(after number: String) -> PersonID? {
    for count in 2..<1000 {
      guard let id = try? PersonID(parsing: "\(number).\(count)") else { return nil }
      if !taken.contains(id) { return id }
    }
    return nil
  }

  // MARK: What is said of it

  private mutating func add(_ user: DirectoryItem, _ names: Names, as identity: DirectoryIdentity) {
    let account: AccountName
    if let own = self.account(of: user), accountHolders[own] == 1 {
      account = own
    } else {
      note(self.account(of: user) == nil ? .accountUnusable : .accountShared, shown(user))
      guard let former = current[identity.person]?.account else { return }
      account = former
    }
    var person = ResolvedPerson(
      id: identity.person, account: account, displayName: names.shown, kana: user.text("msds-phoneticdisplayname") ?? "")
    person.otherNames = names.other + identity.formerNames.filter { !names.other.contains($0) }
    person.departments = departments(of: user)
    if let found = groups.groups(of: user) {
      person.groups = found.union(anchors.groups(of: user, in: replica))
    } else {
      note(.tooManyGroups, shown(user))
    }
    let end: Int64?
    (person.isEnabled, person.lastDay, end) = standing(of: user)
    if let end { ends[person.id] = end }
    if let hours = user.attributes["logonhours"]?.first { person.logonHours = LogonHours(bytes: hours) ?? .never }
    if let names = user.attributes["userworkstations"]?.first {
      // One value with commas (MS-ADA3 2.355); an empty one allows every workstation, as none does.
      let list = String(decoding: names, as: UTF8.self).lowercased().split(separator: ",")
      person.workstations = Set(list.map { $0.filter { $0 != " " } }.filter { !$0.isEmpty })
    }
    // UF_SMARTCARD_REQUIRED: the directory made the password and nobody knows it; nor does anybody where a rotator makes it.
    person.hasManagedPassword = user.control & 0x4_0000 != 0 || !person.groups.isDisjoint(with: rules.managed)
    wait(&person, user, former: current[identity.person])
    people.append(person)
  }

  /// Whether the account lets in, through which day, and when it ends if that is in the middle of a day still to come.
  private func standing(of user: DirectoryItem) -> (isEnabled: Bool, lastDay: Int?, end: Int64?) {
    switch AccountEnd(user, offsetSeconds: rules.offsetSeconds) {
    case .never: (user.isEnabled, nil, nil)
    case .after(let day): (user.isEnabled, day, nil)
    case .at(let moment, let day): moment <= now ? (false, day, nil) : (user.isEnabled, day, moment)
    case .unreadable: (false, nil, nil)
    }
  }

  private var today: Int {
    rules.day(now)
  }

  /// Until the day that the directory gives, the person is where and what she was; whom it shuts out is out at once.
  private mutating func wait(_ person: inout ResolvedPerson, _ user: DirectoryItem, former: ResolvedPerson?) {
    guard let attribute = rules.effectiveAttribute, let text = user.text(attribute), !text.isEmpty else { return }
    guard let day = CivilDay.parse(text) else { return note(.dayUnreadable, shown(user)) }
    guard day > today else { return }
    waiting[day, default: 0] += 1
    let begins = (Int64(day) * 86_400 - Int64(rules.offsetSeconds)) * 1000
    nextDay = min(nextDay ?? begins, begins)
    if let former, (former.firstDay ?? .min) <= today {
      person.departments = former.departments
      person.groups = former.groups
      person.isEnabled = person.isEnabled && former.isEnabled
    } else {
      person.firstDay = day
    }
  }

  /// As the personnel office numbers them where it does, else the OU that the person stands in, as a path.
  private func departments(of user: DirectoryItem) -> [String] {
    let codes = replica.departmentCodes(of: user)
    guard codes.isEmpty else { return codes }
    let path = places.path(of: user).dropFirst(rules.base.count).joined(separator: "/")
    return path.isEmpty ? [] : [path]
  }

  private func number(of user: DirectoryItem) -> String? { user.text(rules.numberAttribute).flatMap { $0.isEmpty ? nil : $0 } }

  private func account(of user: DirectoryItem) -> AccountName? { accounts[user.guid] }

  private func shown(_ user: DirectoryItem) -> String { user.text("samaccountname") ?? user.guid.description }

  private mutating func note(_ kind: DirectoryFinding.Kind, _ subject: String) {
    findings.insert(DirectoryFinding(kind, subject))
  }
}

/// What a person is called.
struct Names {
  let family: String
  let given: String
  let shown: String
  /// 旧姓 and other spellings that the directory itself keeps.
  let other: [String]

  init(_ user: DirectoryItem) {
    family = user.text("sn") ?? ""
    given = user.text("givenname") ?? ""
    let put = [family, given].filter { !$0.isEmpty }.joined(separator: " ")
    shown = user.text("displayname") ?? (put.isEmpty ? user.text("samaccountname") ?? "" : put)
    other = user.texts("extensionname").sorted()
  }

  /// Somebody who marries keeps one of the two. Compared as bytes: 髙 is not 高.
  func bothDiffer(from identity: DirectoryIdentity) -> Bool {
    func differ(_ a: String, _ b: String) -> Bool { !a.isEmpty && !b.isEmpty && !a.utf8.elementsEqual(b.utf8) }
    return differ(family, identity.family) && differ(given, identity.given)
  }
}

/// `accountExpires`: the moment from which on the account is no more, in units of 100 ns since 1601-01-01 UTC (MS-ADA1 2.2).
private enum AccountEnd {
  case never
  /// Through the whole of this day (`LocalTime.day`).
  case after(day: Int)
  /// In the middle of this day, in milliseconds since 1970-01-01 UTC.
  case at(Int64, day: Int)
  case unreadable

  init(_ user: DirectoryItem, offsetSeconds: Int) {
    guard user.attributes["accountexpires"] != nil else {
      self = .never
      return
    }
    guard let ticks = user.number("accountexpires"), ticks >= 0 else {
      self = .unreadable
      return
    }
    guard ticks != 0, ticks != .max else {
      self = .never
      return
    }
    let (day, milliseconds): (Int64, Int64) = (86_400_000, ticks / 10_000 - 11_644_473_600_000)
    let local = milliseconds + Int64(offsetSeconds) * 1000
    let index = local >= 0 ? local / day : (local - day + 1) / day
    self =
      index * day == local ? .after(day: Int(index) - 1) : .at(milliseconds, day: Int(index))
  }
}
