/// The right edge of a growing tree: enough to know its root, without any row. At most 64 hashes.
public struct Frontier: Sendable, Hashable {
  public private(set) var size: UInt64 = 0
  /// Roots of the complete subtrees, largest first: one for each bit set in `size`.
  private var peaks: [TreeHash] = []

  public init() {}

  /// - Returns: the complete subtrees this leaf finishes, from the leaf (level 0) upwards.
  @discardableResult
  public mutating func append(_ leaf: TreeHash) -> [Completed] {
    var done = [Completed(level: 0, index: size, hash: leaf)]
    var hash = leaf
    var level = 0
    while (size >> UInt64(level)) & 1 == 1 {
      hash = .node(peaks.removeLast(), hash)
      level += 1
      done.append(Completed(level: level, index: size >> UInt64(level), hash: hash))
    }
    peaks.append(hash)
    size += 1
    return done
  }

  /// Appends a complete subtree of 2^`level` rows whose rows are not here.
  /// - Returns: false, and nothing is appended, where no subtree of that size can begin.
  @discardableResult
  public mutating func append(subtree: TreeHash, level: Int) -> Bool {
    guard (0...62).contains(level), size <= UInt64(Int64.max), size & ((1 << UInt64(level)) - 1) == 0 else { return false }
    var hash = subtree
    var height = level
    while (size >> UInt64(height)) & 1 == 1 {
      hash = .node(peaks.removeLast(), hash)
      height += 1
    }
    peaks.append(hash)
    size += 1 << UInt64(level)
    return true
  }

  public var root: TreeHash {
    guard var hash = peaks.last else { return .empty }
    for peak in peaks.dropLast().reversed() { hash = .node(peak, hash) }
    return hash
  }

  /// A node of the tree that will not change any more.
  public struct Completed: Sendable, Hashable {
    public let level: Int
    public let index: UInt64
    public let hash: TreeHash

    /// The rows it covers.
    public var rows: Range<UInt64> { index << UInt64(level)..<(index + 1) << UInt64(level) }
  }
}
