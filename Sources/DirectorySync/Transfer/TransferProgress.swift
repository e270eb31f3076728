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

  public init(
    _ foreseen: ForeseenChanges, before: ForeseenChanges, view: DirectoryView, replica: DirectoryReplica,
    known: [DirectoryIdentity], groups: AccessGroups
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
      people.append(
        Traveller(
          id: id, account: there[id]?.account.canonical ?? "", name: there[id]?.displayName ?? change.name,
          kind: was == nil ? .join : change.access.isEnabled ? .move : .leave, before: was, now: now, end: change.access,
          joins: change.joins, leaves: change.leaves,
          differences: Self.differences(now, change, memberships, groups)))
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
      leaves: [], differences: was.map { differences(now, ForeseenChange(access: $0), [], groups) } ?? [])
  }

  private static func differences(
    _ now: PersonAccess?, _ change: ForeseenChange, _ memberships: Set<String>, _ groups: AccessGroups
  ) -> [Difference] {
    let end = change.access
    guard let now else {
      return end.isEnabled ? [Difference(ja: "Active Directory にいません", en: "not in the directory")] : []
    }
    guard end.isEnabled else {
      return now.isEnabled ? [Difference(ja: "アカウントがまだ有効です", en: "the account is still enabled")] : []
    }
    var found: [Difference] = []
    if !now.isEnabled { found.append(Difference(ja: "アカウントが無効です", en: "the account is disabled")) }
    if now.departments != end.departments {
      let (here, shall) = (now.departments.joined(separator: ";"), end.departments.joined(separator: ";"))
      found.append(Difference(ja: "所属が \(here)（予定 \(shall)）", en: "department \(here), to be \(shall)"))
    }
    let absent = change.joins.filter { !memberships.contains($0) }
    let left = change.leaves.filter(memberships.contains)
    for name in absent { found.append(Difference(ja: "グループ \(name) に入っていません", en: "not in group \(name)")) }
    for name in left { found.append(Difference(ja: "グループ \(name) に残っています", en: "still in group \(name)")) }
    let (has, shall) = (groups.segments(of: now), groups.segments(of: end))
    for segment in has.subtracting(shall).sorted() {
      found.append(Difference(ja: "\(segment.name) をまだ使えます", en: "still let into \(segment.name)"))
    }
    for segment in shall.subtracting(has).sorted() {
      found.append(Difference(ja: "\(segment.name) をまだ使えません", en: "not let into \(segment.name) yet"))
    }
    if found.isEmpty, now.groups != end.groups {
      let names = now.groups.symmetricDifference(end.groups).sorted().joined(separator: ", ")
      found.append(Difference(ja: "規則に関わるグループが予定と違います: \(names)", en: "other groups that rules name: \(names)"))
    }
    return found
  }
}
