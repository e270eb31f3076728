public import AuthTerms

/// How far the directory has come on the way to an approved transfer, and what else has changed since it was approved.
public struct TransferProgress: Sendable {
  public struct Difference: Sendable, Hashable {
    public let ja: String
    public let en: String
  }

  public struct Traveller: Sendable {
    public let id: PersonID
    public let account: String
    public let name: String
    public let kind: TransferList.Kind
    /// When it was approved; `nil`: not there yet.
    public let before: PersonAccess?
    /// In the directory now; `nil`: not there.
    public let now: PersonAccess?
    /// As approved; `nil`: not on the list.
    public let end: PersonAccess?
    public let joins: [String]
    public let leaves: [String]
    /// Empty: arrived.
    public let differences: [Difference]
  }

  /// By id: those of the list first, then those beside it.
  public let people: [Traveller]

  /// - Parameters:
  ///   - before: everybody when it was approved.
  ///   - lastDay: of the approval (`LocalTime.day`): an account that ends by then needs nobody to disable it.
  public init(
    _ foreseen: ForeseenChanges, before: ForeseenChanges, view: DirectoryView, replica: DirectoryReplica,
    known: [DirectoryIdentity], groups: AccessGroups, lastDay: Int
  ) {
    let there = Dictionary(view.people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let objects = Dictionary((known + view.identities).map { ($0.person, $0.guid) }, uniquingKeysWith: { _, last in last })
    var groupsOf: [ObjectGUID: Set<String>] = [:]
    for (group, members) in replica.members {
      guard let name = replica.objects[group]?.text("samaccountname") else { continue }
      for member in members { groupsOf[member, default: []].insert(name) }
    }
    var people: [Traveller] = []
    for (id, change) in foreseen.outcomes.sorted(by: { $0.key < $1.key }) {
      let now = there[id].map { PersonAccess($0, groups: groups) }
      let memberships = objects[id].flatMap { groupsOf[$0] } ?? []
      let was = before.outcomes[id]?.access
      let hasEnd = there[id]?.lastDay.map { $0 <= lastDay } ?? false
      people.append(
        Traveller(
          id: id, account: there[id]?.account.canonical ?? "", name: there[id]?.displayName ?? change.name,
          kind: was == nil ? .join : change.access.isEnabled ? .move : .leave, before: was, now: now, end: change.access,
          joins: change.joins, leaves: change.leaves,
          differences: change.access.isEnabled
            ? Self.missing(now, change, memberships, groups) : Self.missing(toLeave: now, hasEnd: hasEnd)))
    }
    // Everybody else as they were, or gone, or new.
    for (id, was) in before.outcomes.sorted(by: { $0.key < $1.key }) where foreseen.outcomes[id] == nil {
      let now = there[id].map { PersonAccess($0, groups: groups) }
      guard was.access != now, was.access.isEnabled || now?.isEnabled == true else { continue }
      people.append(Self.beside(id, there[id], was.access, now, groups))
    }
    for (id, person) in there.sorted(by: { $0.key < $1.key })
    where before.outcomes[id] == nil && foreseen.outcomes[id] == nil && person.isEnabled {
      people.append(Self.beside(id, person, nil, PersonAccess(person, groups: groups), groups))
    }
    self.people = people
  }

  private static func beside(
    _ id: PersonID, _ person: ResolvedPerson?, _ was: PersonAccess?, _ now: PersonAccess?, _ groups: AccessGroups
  ) -> Traveller {
    Traveller(
      id: id, account: person?.account.canonical ?? "", name: person?.displayName ?? "",
      kind: was == nil ? .join : now?.isEnabled == true ? .move : .leave, before: was, now: now, end: nil, joins: [],
      leaves: [], differences: changes(from: was, to: now, groups))
  }

  /// What somebody who is not on the list is now, beside what she was.
  private static func changes(from was: PersonAccess?, to now: PersonAccess?, _ groups: AccessGroups) -> [Difference] {
    guard let was else { return [Difference(ja: "承認のときはいませんでした", en: "was not there when it was approved")] }
    guard let now, now.isEnabled else {
      return [Difference(ja: "アカウントが無効になったか、なくなりました", en: "the account is disabled or gone")]
    }
    var found: [Difference] = []
    if !was.isEnabled { found.append(Difference(ja: "アカウントが有効になりました", en: "the account was enabled")) }
    if now.departments != was.departments {
      let (here, there) = (now.departments.joined(separator: ";"), was.departments.joined(separator: ";"))
      found.append(Difference(ja: "所属が \(there) から \(here) に変わりました", en: "department \(here), was \(there)"))
    }
    let (has, had) = (groups.segments(of: now), groups.segments(of: was))
    for segment in has.subtracting(had).sorted() {
      found.append(Difference(ja: "\(segment.title.ja)を使えるようになりました", en: "let into \(segment.name)"))
    }
    for segment in had.subtracting(has).sorted() {
      found.append(Difference(ja: "\(segment.title.ja)を使えなくなりました", en: "not let into \(segment.name) any more"))
    }
    if found.isEmpty { found.append(otherGroups(now, was)) }
    return found
  }

  private static func otherGroups(_ a: PersonAccess, _ b: PersonAccess) -> Difference {
    let names = a.groups.symmetricDifference(b.groups).sorted().joined(separator: ", ")
    return Difference(ja: "規則に関わるグループが違います: \(names)", en: "other groups that rules name: \(names)")
  }

  private static func missing(toLeave now: PersonAccess?, hasEnd: Bool) -> [Difference] {
    now?.isEnabled == true && !hasEnd
      ? [Difference(ja: "アカウントがまだ有効で、期限もありません", en: "the account is still enabled, and does not end")] : []
  }

  /// What the directory does not say yet of somebody who shall be there.
  private static func missing(
    _ now: PersonAccess?, _ change: ForeseenChange, _ memberships: Set<String>, _ groups: AccessGroups
  ) -> [Difference] {
    let end = change.access
    guard let now else { return [Difference(ja: "Active Directory にいません", en: "not in the directory")] }
    var found: [Difference] = []
    if !now.isEnabled { found.append(Difference(ja: "アカウントが無効です", en: "the account is disabled")) }
    if now.departments != end.departments {
      let (here, shall) = (now.departments.joined(separator: ";"), end.departments.joined(separator: ";"))
      found.append(Difference(ja: "所属が \(here)（予定 \(shall)）", en: "department \(here), to be \(shall)"))
    }
    for name in change.joins where !memberships.contains(name) {
      found.append(Difference(ja: "グループ \(name) に入っていません", en: "not in group \(name)"))
    }
    for name in change.leaves where memberships.contains(name) {
      found.append(Difference(ja: "グループ \(name) に残っています", en: "still in group \(name)"))
    }
    let (has, shall) = (groups.segments(of: now), groups.segments(of: end))
    for segment in has.subtracting(shall).sorted() {
      found.append(Difference(ja: "\(segment.title.ja)をまだ使えます", en: "still let into \(segment.name)"))
    }
    for segment in shall.subtracting(has).sorted() {
      found.append(Difference(ja: "\(segment.title.ja)をまだ使えません", en: "not let into \(segment.name) yet"))
    }
    if found.isEmpty, now.groups != end.groups { found.append(otherGroups(now, end)) }
    return found
  }
}
