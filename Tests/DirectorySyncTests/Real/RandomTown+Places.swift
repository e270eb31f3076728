import DirectorySync
import RealDirectory

/// What happens to OUs and groups. Each says whether it could.
extension RandomTown {
  // MARK: OUs

  private func depth(_ id: Int) -> Int { (entries[id]?.above).map { depth($0) + 1 } ?? 0 }

  mutating func unitIsMade() -> Bool {
    guard let above = all(.unit).filter({ depth($0) < 4 && !groupUnits.contains($0) }).randomElement(using: &random) else {
      return false
    }
    add(Entry(kind: .unit, name: anyUnitName(), above: above))
    return true
  }

  private mutating func anyUnitName() -> String {
    let names = ["総務課", "髙﨑支所", "情報, 統計課", "IT + 電算", "Ka", "課 \"特命\"", "水道=下水道"]
    return "\(names.randomElement(using: &random) ?? "") \(next())"
  }

  mutating func unitIsRenamed() -> Bool {
    guard let unit = any(.unit, { $0.above != nil }), let name = entries[unit]?.name else { return false }
    // Sometimes only capital letters change.
    let other = name == name.lowercased() ? name.uppercased() : name.lowercased()
    rename(unit, to: other != name && Bool.random(using: &random) ? other : anyUnitName())
    return true
  }

  mutating func unitIsMoved() -> Bool {
    guard let unit = any(.unit, { $0.above != nil }) else { return false }
    let own = tree(unit)
    let places = all(.unit).filter { !own.contains($0) && depth($0) < 6 && $0 != entries[unit]?.above }
    guard let place = places.randomElement(using: &random) else { return false }
    rename(unit, below: place)
    return true
  }

  mutating func unitIsEmptied() -> Bool {
    guard let unit = anyFullUnit(atMost: 12) else { return false }
    let own = tree(unit)
    guard let place = all(.unit).filter({ !own.contains($0) }).randomElement(using: &random) else { return false }
    for below in own.dropFirst() where entries[below]?.above == unit { rename(below, below: place) }
    return true
  }

  mutating func unitIsDeleted() -> Bool {
    let empty = all(.unit).filter { $0 > 2 && tree($0).count == 1 }
    guard all(.unit).count > 8, let unit = empty.randomElement(using: &random) else { return false }
    delete(unit)
    return true
  }

  mutating func unitGoesWithAll() -> Bool {
    guard all(.unit).count > 8, let unit = anyFullUnit(atMost: 8) else { return false }
    say("dn: \(name(unit))\nchangetype: delete\n", .deletesTrees)
    for one in tree(unit) { bury(one) }
    return true
  }

  /// With somebody or something in it, and no groups.
  private mutating func anyFullUnit(atMost limit: Int) -> Int? {
    all(.unit).filter { unit in
      let own = tree(unit)
      return own.count > 1 && own.count <= limit && !own.contains { $0 <= 2 || entries[$0]?.kind == .group }
    }.randomElement(using: &random)
  }

  // MARK: Groups

  mutating func groupIsMade() -> Bool {
    let id = next()
    // A group with a Japanese name passes on what it is in.
    let name = id.isMultiple(of: 5) ? "部 \(id)" : "town-\(id)"
    var group = Entry(kind: .group, name: name, above: groupUnits.randomElement(using: &random))
    group.account = name
    add(group)
    return true
  }

  mutating func groupIsRenamed() -> Bool {
    guard let group = any(.group) else { return false }
    let new = "Town-\(next())"
    entries[group]?.account = new
    modify(group, "replace: sAMAccountName", "sAMAccountName: \(new)")
    rename(group, to: new)
    return true
  }

  mutating func groupIsMoved() -> Bool {
    guard let group = any(.group), let place = groupUnits.first(where: { $0 != entries[group]?.above }) else { return false }
    rename(group, below: place)
    return true
  }

  mutating func groupIsDeleted() -> Bool {
    let primaries = Set(entries.values.compactMap(\.primary))
    guard let group = all(.group).filter({ !primaries.contains($0) }).randomElement(using: &random) else { return false }
    delete(group)
    return true
  }

  // MARK: Members

  private mutating func put(_ one: Int, in group: Int) {
    entries[group]?.members.insert(one)
    modify(group, "add: member", "member: \(name(one))")
  }

  private mutating func take(_ one: Int, outOf group: Int) {
    entries[group]?.members.remove(one)
    modify(group, "delete: member", "member: \(name(one))")
  }

  /// Somebody or a group, and a group that has it directly or has not.
  private mutating func anyPair(_ kind: Entry.Kind, isMember: Bool) -> (one: Int, group: Int)? {
    let pairs = all(.group).flatMap { group in
      all(kind).filter { one in
        one != group && entries[one]?.primary != group && entries[group]?.members.contains(one) == isMember
      }.map { (one: $0, group: group) }
    }
    return pairs.randomElement(using: &random)
  }

  mutating func joinsGroup() -> Bool {
    guard let (one, group) = anyPair(.person, isMember: false) else { return false }
    put(one, in: group)
    return true
  }

  mutating func leavesGroup() -> Bool {
    guard let (one, group) = anyPair(.person, isMember: true) else { return false }
    take(one, outOf: group)
    return true
  }

  mutating func comesAndGoes() -> Bool {
    guard let (one, group) = anyPair(.person, isMember: false) else { return false }
    put(one, in: group)
    take(one, outOf: group)
    return true
  }

  mutating func goesAndComes() -> Bool {
    guard let (one, group) = anyPair(.person, isMember: true) else { return false }
    take(one, outOf: group)
    put(one, in: group)
    return true
  }

  /// The new one loses the member, the former one gets it.
  mutating func primaryGroupChanges() -> Bool {
    guard let (one, group) = anyPair(.person, isMember: true), let relative = entries[group]?.relative else { return false }
    entries[group]?.members.remove(one)
    if let former = entries[one]?.primary { entries[former]?.members.insert(one) }
    entries[one]?.primary = group
    modify(one, "replace: primaryGroupID", "primaryGroupID: \(relative)")
    return true
  }

  mutating func groupJoinsGroup() -> Bool {
    guard let (one, group) = anyPair(.group, isMember: false) else { return false }
    put(one, in: group)
    return true
  }

  mutating func groupLeavesGroup() -> Bool {
    guard let (one, group) = anyPair(.group, isMember: true) else { return false }
    take(one, outOf: group)
    return true
  }

  mutating func groupsJoinInCircle() -> Bool {
    guard let (one, group) = anyPair(.group, isMember: false), entries[one]?.members.contains(group) == false else {
      return false
    }
    put(one, in: group)
    put(group, in: one)
    return true
  }
}
