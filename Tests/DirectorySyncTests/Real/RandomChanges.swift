import DirectorySync
import Fuzzing
import RealDirectory

/// What an IT section does to its directory, at random from a seed, as LDIF.
struct RandomChanges {
  enum Kind: CaseIterable {
    case joinsGroup, leavesGroup, groupJoinsGroup, isDisabled, isEdited, isCleared, isDeleted, isMoved, isRenamed, unitIsRenamed
    case unitIsMoved, isCreated

    static let ofPeople = allCases.filter { $0 != .unitIsRenamed && $0 != .unitIsMoved }
  }

  private(set) var done: [Kind: Int] = [:]
  private var random: SeededRandom
  private var number = 0

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// Forty changes; nobody is changed twice in a batch, so that none depends on another.
  mutating func next(_ replica: DirectoryReplica) -> String {
    // By names, not by GUIDs: the seed means the same in each domain.
    func sorted(_ isMeant: (DirectoryItem) -> Bool) -> [DirectoryItem] {
      replica.objects.values.filter(isMeant).sorted {
        ($0.text("samaccountname") ?? $0.text("name") ?? "") < ($1.text("samaccountname") ?? $1.text("name") ?? "")
      }
    }
    var people = sorted { $0.kind == .person && $0.text("employeenumber") != nil }
    var groups = sorted { $0.text("samaccountname")?.hasPrefix("ka-") == true }
    let units = sorted { $0.kind == .unit && $0.text("description") != nil }
    var ldif = ""
    for _ in 0..<40 {
      guard let kind = Kind.ofPeople.randomElement(using: &random), let one = take(&people),
        let change = change(kind, one, &groups, units, replica)
      else { continue }
      ldif += counted(kind, change)
    }
    // At the end: what comes behind a renamed place would have to know its new name.
    let kind = done[.unitIsRenamed, default: 0] > done[.unitIsMoved, default: 0] ? Kind.unitIsMoved : .unitIsRenamed
    if let change = change(kind, units, replica) { ldif += counted(kind, change) }
    return ldif
  }

  private mutating func counted(_ kind: Kind, _ change: String) -> String {
    number += 1
    done[kind, default: 0] += 1
    return change + "\n"
  }

  private mutating func take(_ items: inout [DirectoryItem]) -> DirectoryItem? {
    items.isEmpty ? nil : items.remove(at: Int.random(in: 0..<items.count, using: &random))
  }

  private mutating func change(
    _ kind: Kind, _ one: DirectoryItem, _ groups: inout [DirectoryItem], _ units: [DirectoryItem], _ replica: DirectoryReplica
  ) -> String? {
    switch kind {
    case .joinsGroup:
      guard let group = take(&groups), replica.members[group.guid]?.contains(one.guid) != true else { return nil }
      return modify(group, "add: member", "member: \(name(one))")
    case .leavesGroup:
      guard let group = groups.first(where: { replica.members[$0.guid]?.contains(one.guid) == true }) else { return nil }
      groups.removeAll { $0.guid == group.guid }
      return modify(group, "delete: member", "member: \(name(one))")
    case .groupJoinsGroup:
      guard let inner = take(&groups), let outer = take(&groups), replica.members[outer.guid]?.contains(inner.guid) != true
      else { return nil }
      return modify(outer, "add: member", "member: \(name(inner))")
    case .isDisabled: return modify(one, "replace: userAccountControl", "userAccountControl: 546")
    case .isEdited: return modify(one, "replace: title", "title: \(number)")
    case .isCleared: return modify(one, "replace: msDS-PhoneticDisplayName")
    case .isDeleted: return "dn: \(name(one))\nchangetype: delete\n"
    case .isMoved:
      return units.randomElement(using: &random).map { rename(one, "CN=moved \(number)", under: place($0, replica)) }
    case .isRenamed:
      return one.parent.flatMap { replica.objects[$0] }.map { rename(one, "CN=renamed \(number)", under: place($0, replica)) }
    case .isCreated:
      return """
        dn: CN=new \(number),CN=Users,\(DomainController.base)
        changetype: add
        objectClass: user
        sAMAccountName: new.\(number)
        employeeNumber: n-\(number)

        """
    case .unitIsRenamed, .unitIsMoved: return nil
    }
  }

  private mutating func change(_ kind: Kind, _ units: [DirectoryItem], _ replica: DirectoryReplica) -> String? {
    func hasUnits(_ unit: DirectoryItem) -> Bool { units.contains { $0.parent == unit.guid } }
    if kind == .unitIsRenamed {
      guard let unit = units.randomElement(using: &random), let above = unit.parent.flatMap({ replica.objects[$0] }) else {
        return nil
      }
      return rename(unit, "OU=renamed \(number)", under: place(above, replica))
    }
    // 課 into another 部: no place comes to stand in itself.
    guard let unit = units.filter({ !hasUnits($0) }).randomElement(using: &random),
      let above = units.first(where: { hasUnits($0) && $0.guid != unit.parent })
    else { return nil }
    return rename(unit, "OU=moved \(number)", under: place(above, replica))
  }

  private func name(_ item: DirectoryItem) -> String { "<GUID=\(item.guid)>" }

  private func modify(_ item: DirectoryItem, _ lines: String...) -> String {
    (["dn: \(name(item))", "changetype: modify"] + lines).joined(separator: "\n") + "\n"
  }

  private func rename(_ item: DirectoryItem, _ newName: String, under above: String) -> String {
    "dn: \(name(item))\nchangetype: modrdn\nnewrdn: \(newName)\ndeleteoldrdn: 1\nnewsuperior: \(above)\n"
  }

  /// The distinguished name of an OU. The sample city's names need no escape.
  private func place(_ unit: DirectoryItem, _ replica: DirectoryReplica) -> String {
    let above = unit.parent.flatMap { replica.objects[$0] }.map { place($0, replica) } ?? DomainController.base
    return "OU=\(unit.text("name") ?? ""),\(above)"
  }
}
