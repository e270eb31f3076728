/// The Merkle tree of RFC 6962 §2.1 / RFC 9162 §2.1 over stored subtree hashes. Pure arithmetic; the hashes are the store's.
public enum MerkleTree {
  /// Stores the leaf and every subtree it completes: one read and one write for each.
  /// - Returns: the leaf's index.
  @discardableResult
  public static func append<Nodes: TreeStore>(_ leaf: TreeHash, to nodes: inout Nodes) throws(Nodes.Failure) -> UInt64 {
    let position = try nodes.treeSize()
    var hash = leaf
    try nodes.storeTreeNode(hash, level: 0, index: position)
    for level in 0..<64 {
      let index = position >> UInt64(level)
      guard index & 1 == 1 else { break }
      hash = TreeHash.node(try nodes.treeNode(level: level, index: index - 1), hash)
      try nodes.storeTreeNode(hash, level: level + 1, index: index >> 1)
    }
    return position
  }

  /// The root when the log had `size` rows; `nil` when it never did.
  public static func root<Nodes: TreeStore>(of size: UInt64, in nodes: Nodes) throws(Nodes.Failure) -> TreeHash? {
    guard size <= (try nodes.treeSize()) else { return nil }
    return size == 0 ? .empty : try subtree(0..<size, in: nodes)
  }

  /// Proof that row `index` is in the log of `size` rows (RFC 9162 §2.1.3.1); `nil` when it cannot be.
  public static func inclusionProof<Nodes: TreeStore>(
    of index: UInt64, size: UInt64, in nodes: Nodes
  ) throws(Nodes.Failure) -> InclusionProof? {
    guard index < size, size <= (try nodes.treeSize()) else { return nil }
    var path: [TreeHash] = []
    var range: Range<UInt64> = 0..<size
    while range.count64 > 1 {
      let middle = range.lowerBound + split(range.count64)
      if index < middle {
        path.append(try subtree(middle..<range.upperBound, in: nodes))
        range = range.lowerBound..<middle
      } else {
        path.append(try subtree(range.lowerBound..<middle, in: nodes))
        range = middle..<range.upperBound
      }
    }
    return InclusionProof(index: index, size: size, path: path.reversed())
  }

  /// Proof that the log of `new` rows begins with the log of `old` rows (RFC 9162 §2.1.4.1); `nil` when it cannot be.
  ///
  /// From 0 rows, and from a size to itself, the proof is empty.
  public static func consistencyProof<Nodes: TreeStore>(
    from old: UInt64, to new: UInt64, in nodes: Nodes
  ) throws(Nodes.Failure) -> ConsistencyProof? {
    guard old <= new, new <= (try nodes.treeSize()) else { return nil }
    var path: [TreeHash] = []
    guard old > 0, old < new else { return ConsistencyProof(oldSize: old, newSize: new, path: []) }
    var range: Range<UInt64> = 0..<new
    // Whether the part in hand is the whole old tree, whose root the verifier already has.
    var isOldRootKnown = true
    while range.upperBound != old {
      let middle = range.lowerBound + split(range.count64)
      if old <= middle {
        path.append(try subtree(middle..<range.upperBound, in: nodes))
        range = range.lowerBound..<middle
      } else {
        path.append(try subtree(range.lowerBound..<middle, in: nodes))
        range = middle..<range.upperBound
        isOldRootKnown = false
      }
    }
    if !isOldRootKnown { path.append(try subtree(range, in: nodes)) }
    return ConsistencyProof(oldSize: old, newSize: new, path: path.reversed())
  }

  /// The hash over a range that is one of the tree's own: from its stored complete subtrees.
  private static func subtree<Nodes: TreeStore>(_ range: Range<UInt64>, in nodes: Nodes) throws(Nodes.Failure) -> TreeHash {
    let count = range.count64
    if count & (count - 1) == 0 {
      let level = count.trailingZeroBitCount
      return try nodes.treeNode(level: level, index: range.lowerBound >> UInt64(level))
    }
    let left = split(count)
    let level = left.trailingZeroBitCount
    return TreeHash.node(
      try nodes.treeNode(level: level, index: range.lowerBound >> UInt64(level)),
      try subtree(range.lowerBound + left..<range.upperBound, in: nodes))
  }

  /// The largest power of two below `count`, for `count` of at least 2.
  private static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }
}

extension Range<UInt64> {
  fileprivate var count64: UInt64 { upperBound - lowerBound }
}
