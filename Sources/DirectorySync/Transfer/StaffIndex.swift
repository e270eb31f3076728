import AuthTerms

/// The staff of a domain by number, department and usual groups: what a transfer list is read against.
struct StaffIndex {
  /// So many enabled people tell what groups a department is usually in.
  static let fewest = 3

  let replica: DirectoryReplica
  let numberAttribute: String
  private let users: [String: [DirectoryItem]]
  private let units: [String: Set<ObjectGUID>]
  private let paths: [ObjectGUID: [String]]
  private let groups: [String: ObjectGUID]
  private let groupsOf: [ObjectGUID: Set<ObjectGUID>]
  private let enabledIn: [ObjectGUID: [ObjectGUID]]

  init(_ replica: DirectoryReplica, _ rules: DirectoryRules) {
    self.replica = replica
    numberAttribute = rules.numberAttribute
    let places = Places(replica, base: rules.base)
    var (users, units, paths): ([String: [DirectoryItem]], [String: Set<ObjectGUID>], [ObjectGUID: [String]]) = ([:], [:], [:])
    var (groups, enabled): ([String: ObjectGUID], [ObjectGUID: [ObjectGUID]]) = ([:], [:])
    for item in replica.objects.values {
      switch item.kind {
      case .person where places.isBelowBase(item):
        if let number = item.text(rules.numberAttribute), !number.isEmpty { users[number, default: []].append(item) }
        if let unit = item.parent, item.isEnabled {
          enabled[unit, default: []].append(item.guid)
        }
      case .group:
        if let account = item.text("samaccountname") { groups[account.lowercased()] = item.guid }
      case .unit:
        let own = places.path(of: item) + [item.text("name") ?? ""]
        guard own.count > rules.base.count, own.starts(with: rules.base, by: Places.same) else { continue }
        let path = Array(own.dropFirst(rules.base.count))
        paths[item.guid] = path
        for name in [item.text("description"), path.last, path.joined(separator: "/")].compactMap({ $0 }) {
          units[name, default: []].insert(item.guid)
        }
      default: break
      }
    }
    var groupsOf: [ObjectGUID: Set<ObjectGUID>] = [:]
    for (group, members) in replica.members { for member in members { groupsOf[member, default: []].insert(group) } }
    (self.users, self.units, self.paths, self.groups) = (users, units, paths, groups)
    (self.groupsOf, enabledIn) = (groupsOf, enabled)
  }

  /// Enabled ones, where there are any: an account that was kept beside its successor is not meant.
  func users(number: String) -> [DirectoryItem] {
    let all = users[number, default: []]
    let enabled = all.filter(\.isEnabled)
    return enabled.isEmpty ? all : enabled
  }

  /// By code, name, or path below the OU of the staff.
  func units(_ name: String) -> [DirectoryItem] { units[name, default: []].sorted().compactMap { replica.objects[$0] } }

  func group(_ name: String) -> ObjectGUID? { groups[name.lowercased()] }

  func name(ofGroup guid: ObjectGUID) -> String { replica.objects[guid]?.text("samaccountname") ?? guid.description }

  func groups(of guid: ObjectGUID) -> Set<ObjectGUID> { groupsOf[guid, default: []] }

  /// Groups that more than half of the enabled people who stand in an OU are in directly; `nil` if they are too few to tell.
  /// - Parameter person: does not count.
  func usualGroups(in unit: ObjectGUID, but person: ObjectGUID? = nil) -> Set<ObjectGUID>? {
    let people = enabledIn[unit, default: []].filter { $0 != person }
    guard people.count >= Self.fewest else { return nil }
    var counts: [ObjectGUID: Int] = [:]
    for person in people { for group in groups(of: person) { counts[group, default: 0] += 1 } }
    return Set(counts.filter { $0.value * 2 > people.count }.keys)
  }

  /// Groups of one OU's people and hardly anybody else: four of five direct members stand there.
  func ownGroups(of unit: ObjectGUID) -> Set<ObjectGUID> {
    let candidates = enabledIn[unit, default: []].reduce(into: Set<ObjectGUID>()) { $0.formUnion(groups(of: $1)) }
    return candidates.filter { group in
      let people = replica.members[group, default: []].compactMap { replica.objects[$0] }.filter { $0.kind == .person }
      return people.count(where: { $0.parent == unit }) * 5 >= people.count * 4
    }
  }
}
