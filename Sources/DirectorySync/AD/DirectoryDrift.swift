public import AuthTerms

/// What a replica that was kept by deltas has otherwise than a full read of the same moment: deltas that were not told, or not
/// understood. Nothing in it is anybody's work in the directory.
public struct DirectoryDrift: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case missing, surplus, changed
  }

  public struct Difference: Sendable, Equatable {
    public let kind: Kind
    public let guid: ObjectGUID
    /// Of a group or an OU; a user's name is personal and stays out of the log.
    public let name: String?
    /// Names of attributes in order, `parent` and `members`; empty unless it is changed.
    public let fields: [String]
  }

  /// Sorted by GUID.
  public let differences: [Difference]

  public init(kept: DirectoryReplica, full: DirectoryReplica) {
    let all = Set(kept.objects.keys).union(full.objects.keys)
    // A link to what is no object here (a computer) is told by nobody when that is deleted, and means nothing to us.
    func members(_ replica: DirectoryReplica, _ guid: ObjectGUID) -> Set<ObjectGUID> {
      replica.members[guid, default: []].intersection(all)
    }
    var found: [Difference] = []
    for guid in all.sorted() {
      let (old, new) = (kept.objects[guid], full.objects[guid])
      guard let shown = new ?? old else { continue }
      let name = shown.kind == .person ? nil : shown.text("name")
      guard let old, let new else {
        found.append(Difference(kind: old == nil ? .missing : .surplus, guid: guid, name: name, fields: []))
        continue
      }
      // A server gives values in any order.
      var fields = Set(old.attributes.keys).union(new.attributes.keys).filter { attribute in
        Self.sorted(old.attributes[attribute]) != Self.sorted(new.attributes[attribute])
      }
      if old.parent != new.parent { fields.insert("parent") }
      if members(kept, guid) != members(full, guid) { fields.insert("members") }
      if !fields.isEmpty { found.append(Difference(kind: .changed, guid: guid, name: name, fields: fields.sorted())) }
    }
    differences = found
  }

  public var isEmpty: Bool { differences.isEmpty }

  private static func sorted(_ values: [[UInt8]]?) -> [[UInt8]] {
    values?.sorted { $0.lexicographicallyPrecedes($1) } ?? []
  }

  /// For the log: the numbers, and the first few.
  public var note: String {
    func count(_ kind: Kind) -> Int { differences.count { $0.kind == kind } }
    let head = "\(count(.missing)) missing, \(count(.surplus)) surplus, \(count(.changed)) changed"
    let first = differences.prefix(5).map { difference in
      let name = difference.name.map { " \($0.prefix(64))" } ?? ""
      let fields = difference.fields.isEmpty ? "" : " (\(difference.fields.prefix(5).joined(separator: ", ")))"
      return "\(difference.kind.rawValue) \(difference.guid)\(name)\(fields)"
    }
    return ([head] + first).joined(separator: "; ")
  }
}

extension DirSyncReader {
  /// Everything there is, and what of it deltas did not tell.
  ///
  /// What was kept is brought up to the moment of the full read first; a directory that changes all the time is compared at the next
  /// reading.
  /// - Returns: without a drift when no two readings of one moment were to be had.
  /// - Throws: `.cookie` when what was kept cannot be continued: there is nothing to compare then.
  public func comparison(
    with kept: (replica: DirectoryReplica, position: DirSyncPosition)
  ) async throws(LDAPFault) -> (full: (replica: DirectoryReplica, position: DirSyncPosition), drift: DirectoryDrift?) {
    var (kept, full) = (kept, try await everything())
    for _ in 0..<5 {
      if let found = try await changes(since: kept.position, of: kept.replica) { kept = found }
      if let found = try await changes(since: full.position, of: full.replica) { full = found }
      if kept.position.highestCommittedUSN == full.position.highestCommittedUSN {
        return (full, DirectoryDrift(kept: kept.replica, full: full.replica))
      }
    }
    return (full, nil)
  }
}
