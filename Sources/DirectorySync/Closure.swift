/// Who is in which group through other groups: 課 → 部 → segment.
///
/// Computed once for a snapshot. Groups that contain each other are reported and do no harm: all of them count as one.
public struct Closure: Sendable {
  /// Groups that are members of themselves, each cycle sorted by name. Worth a warning: someone edited the directory by mistake.
  public let cycles: [[GroupName]]
  private let reachable: [GroupName: Set<GroupName>]

  public init(of groups: [DirectoryGroup]) {
    var parents: [GroupName: Set<GroupName>] = [:]
    for group in groups { parents[group.name, default: []].formUnion(group.parents) }
    var reachable: [GroupName: Set<GroupName>] = [:]
    for start in parents.keys {
      // An explicit stack: a chain of 100,000 groups must not end the process.
      var seen: Set<GroupName> = []
      var open = Array(parents[start, default: []])
      while let next = open.popLast() {
        if seen.insert(next).inserted { open.append(contentsOf: parents[next, default: []]) }
      }
      reachable[start] = seen
    }
    var cycles: Set<[GroupName]> = []
    for (start, above) in reachable where above.contains(start) {
      cycles.insert(above.filter { reachable[$0]?.contains(start) == true }.sorted())
    }
    self.cycles = cycles.sorted { $0.lexicographicallyPrecedes($1) }
    self.reachable = reachable
  }

  /// The given groups and all groups above them. A group the snapshot does not know stands for itself.
  public func groups(from direct: some Sequence<GroupName>) -> Set<GroupName> {
    direct.reduce(into: []) { all, group in
      all.insert(group)
      if let above = reachable[group] { all.formUnion(above) }
    }
  }
}
