import AuthTerms

/// Who is in which group of a domain, directly, through other groups, and through the primary group, which no group names as a
/// member. Computed here from the groups' side: asking the server costs a query a person.
struct GroupTree {
  /// Accounts of groups that are members of themselves, each circle in order.
  let cycles: [[String]]
  private let parents: [ObjectGUID: [ObjectGUID]]
  /// In the spelling of policies; other groups (with Japanese names, for instance) only pass memberships on.
  private let names: [ObjectGUID: String]
  private let groupBySID: [[UInt8]: ObjectGUID]
  private var above: [ObjectGUID: Set<String>] = [:]

  /// - Parameter known: what groups are called in rules, whatever the directory calls them; with an empty name they pass memberships
  ///   on and count for nothing themselves.
  init(_ replica: DirectoryReplica, known: [ObjectGUID: String] = [:]) {
    var parents: [ObjectGUID: [ObjectGUID]] = [:]
    // Whoever has no members stands in no circle.
    var groups: [ObjectGUID: Set<ObjectGUID>] = [:]
    // As in the token that Windows makes: lists for mail open nothing, and lead to nothing (MS-ADTS 2.2.12).
    for (group, members) in replica.members where replica.objects[group]?.isDistribution != true {
      for member in members {
        parents[member, default: []].append(group)
        if replica.members[member] != nil { groups[member, default: []].insert(group) }
      }
    }
    var (names, sids): ([ObjectGUID: String], [[UInt8]: ObjectGUID]) = ([:], [:])
    for item in replica.objects.values where item.kind == .group {
      if let account = item.text("samaccountname"), let name = try? GroupName(parsing: account) { names[item.guid] = name.text }
      if let sid = item.attributes["objectsid"]?.first { sids[sid] = item.guid }
    }
    for (guid, name) in known { names[guid] = name.isEmpty ? nil : name }
    cycles = Closure.cycles(in: groups).map { circle in
      circle.map { replica.objects[$0]?.text("samaccountname") ?? $0.description }.sorted()
    }
    self.parents = parents
    self.names = names
    groupBySID = sids
  }

  /// - Returns: `nil` for a person in more than `Closure.maximumGroupsOfPerson` groups.
  mutating func groups(of person: DirectoryItem) -> Set<String>? {
    var found: Set<String> = []
    for group in parents[person.guid, default: []] { found.formUnion(reach(group)) }
    if let primary = primaryGroup(of: person) { found.formUnion(reach(primary)) }
    return found.count <= Closure.maximumGroupsOfPerson ? found : nil
  }

  /// Names of the group and of all above it; asked once of each group.
  private mutating func reach(_ group: ObjectGUID) -> Set<String> {
    if let known = above[group] { return known }
    var seen: Set<ObjectGUID> = []
    var open = [group]
    while let next = open.popLast() {
      if seen.insert(next).inserted { open.append(contentsOf: parents[next, default: []]) }
    }
    let found = Set(seen.compactMap { names[$0] })
    above[group] = found
    return found
  }

  /// `primaryGroupID` is the last part of the group's SID; the parts before it are the domain's (MS-ADTS 3.1.1.4.5.15).
  private func primaryGroup(of person: DirectoryItem) -> ObjectGUID? {
    guard let sid = person.attributes["objectsid"]?.first, sid.count > 12,
      let id = person.number("primarygroupid").flatMap({ UInt32(exactly: $0) })
    else { return nil }
    let last = (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) }
    return groupBySID[sid.dropLast(4) + last]
  }
}
