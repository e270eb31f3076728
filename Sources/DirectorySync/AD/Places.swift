import AuthTerms

/// Where objects stand: by the GUID of the OU above, so that a renamed OU moves nobody's record but its own.
struct Places {
  /// A tree deeper than this is no city's.
  private static let deepest = 64

  private let replica: DirectoryReplica
  private let base: [String]
  let hasBase: Bool

  init(_ replica: DirectoryReplica, base: [String]) {
    self.replica = replica
    self.base = base
    hasBase =
      base.isEmpty
      || replica.objects.values.contains { $0.kind == .unit && Self.path(upTo: $0, replica).elementsEqual(base, by: Self.same) }
  }

  /// OUs above the object, the outermost first.
  func path(of item: DirectoryItem) -> [String] { Self.path(upTo: item, replica).dropLast(item.kind == .unit ? 1 : 0) }

  func isBelowBase(_ item: DirectoryItem) -> Bool {
    base.isEmpty || path(of: item).starts(with: base, by: Self.same)
  }

  /// Names of OUs do not differ by case in a directory.
  static func same(_ a: String, _ b: String) -> Bool { a.lowercased() == b.lowercased() }

  private static func path(upTo item: DirectoryItem, _ replica: DirectoryReplica) -> [String] {
    var names: [String] = []
    var next: DirectoryItem? = item.kind == .unit ? item : item.parent.flatMap { replica.objects[$0] }
    while let unit = next, unit.kind == .unit, names.count < deepest {
      names.append(unit.text("name") ?? "")
      next = unit.parent.flatMap { replica.objects[$0] }
    }
    return names.reversed()
  }
}
