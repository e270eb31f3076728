/// Who is in which group through other groups: 課 → 部 → segment.
///
/// Groups that contain each other are reported and do no harm: all of them count as one.
public struct Closure: Sendable {
  /// No person is in more groups than this, direct or not. A Windows token ends at 1,015 as well.
  public static let maximumGroupsOfPerson = 1024

  /// Groups that are members of themselves, each cycle sorted by name. Worth a warning: someone edited the directory by mistake.
  public let cycles: [[GroupName]]
  private let parents: [GroupName: Set<GroupName>]

  public init(of groups: [DirectoryGroup]) {
    var parents: [GroupName: Set<GroupName>] = [:]
    for group in groups { parents[group.name, default: []].formUnion(group.parents) }
    self.parents = parents
    cycles = Self.cycles(in: parents)
  }

  /// Nodes that are above themselves, each cycle sorted.
  public static func cycles<Node: Hashable & Comparable>(in parents: [Node: Set<Node>]) -> [[Node]] {
    components(of: parents).filter { component in
      component.count > 1 || component.contains { parents[$0]?.contains($0) == true }
    }.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The given groups and all groups above them. A group the snapshot does not know stands for itself.
  public func groups(from direct: some Sequence<GroupName>) -> Set<GroupName> {
    reach(from: direct, limit: .max)
  }

  /// - Parameter limit: stops once more groups than this are found, so that hostile nesting costs no time.
  func reach(from direct: some Sequence<GroupName>, limit: Int) -> Set<GroupName> {
    // An explicit stack: a chain of 100,000 groups must not end the process.
    var found: Set<GroupName> = []
    var open = Array(direct)
    while let next = open.popLast(), found.count <= limit {
      if found.insert(next).inserted, let above = parents[next] { open.append(contentsOf: above) }
    }
    return found
  }

  /// Strongly connected components, each sorted: depth first forwards for the order in which groups are left, then backwards
  /// (S. R. Kosaraju's method), in time proportional to the number of memberships.
  private static func components<Node: Hashable & Comparable>(of parents: [Node: Set<Node>]) -> [[Node]] {
    var children: [Node: [Node]] = [:]
    for (group, above) in parents { for parent in above { children[parent, default: []].append(group) } }

    var left: [Node] = []
    var seen: Set<Node> = []
    for start in parents.keys where seen.insert(start).inserted {
      var path = [(group: start, rest: Array(parents[start, default: []]))]
      while let next = path.indices.last {
        if let above = path[next].rest.popLast() {
          if seen.insert(above).inserted { path.append((above, Array(parents[above, default: []]))) }
        } else {
          left.append(path.removeLast().group)
        }
      }
    }
    var components: [[Node]] = []
    for start in left.reversed() where seen.remove(start) != nil {
      var component: [Node] = []
      var open = [start]
      while let next = open.popLast() {
        component.append(next)
        for child in children[next, default: []] where seen.remove(child) != nil { open.append(child) }
      }
      components.append(component.sorted())
    }
    return components
  }
}
