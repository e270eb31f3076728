import AuthTerms

/// Where objects stand: by the GUID of the OU above, so that a renamed OU moves nobody's record but its own.
struct Places {
  /// A tree deeper than this is no city's.
  static let deepest = 64

  /// Of each OU: its own name behind those above it, the outermost first.
  private let paths: [ObjectGUID: [String]]
  private let belowBase: Set<ObjectGUID>
  private let isAnywhere: Bool
  let hasBase: Bool

  init(_ replica: DirectoryReplica, base: [String]) {
    let units = replica.objects.values.filter { $0.kind == .unit }
    paths = Dictionary(units.map { ($0.guid, Self.path(upTo: $0, replica)) }, uniquingKeysWith: { first, _ in first })
    belowBase = Set(paths.filter { $0.value.starts(with: base, by: Self.same) }.keys)
    isAnywhere = base.isEmpty
    hasBase = base.isEmpty || paths.values.contains { $0.elementsEqual(base, by: Self.same) }
  }

  /// OUs above the object, the outermost first.
  func path(of item: DirectoryItem) -> [String] { item.parent.flatMap { paths[$0] } ?? [] }

  func path(ofUnit unit: ObjectGUID) -> [String] { paths[unit] ?? [] }

  /// The OU of that path.
  func unit(at path: [String]) -> ObjectGUID? { paths.first { $0.value.elementsEqual(path, by: Self.same) }?.key }

  func isBelowBase(_ item: DirectoryItem) -> Bool { isAnywhere || item.parent.map(belowBase.contains) ?? false }

  /// Names of OUs do not differ by case in a directory.
  static func same(_ a: String, _ b: String) -> Bool { a.lowercased() == b.lowercased() }

  private static func path(upTo unit: DirectoryItem, _ replica: DirectoryReplica) -> [String] {
    var names: [String] = []
    var next: DirectoryItem? = unit
    while let unit = next, unit.kind == .unit, names.count < deepest {
      names.append(unit.text("name") ?? "")
      next = unit.parent.flatMap { replica.objects[$0] }
    }
    return names.reversed()
  }
}
