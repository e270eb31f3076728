/// That one row is in a log whose root is known (RFC 9162 §2.1.3). Checked without the log.
public struct InclusionProof: Sendable, Hashable {
  public let index: UInt64
  public let size: UInt64
  /// From the leaf's sibling upwards; at most 64 hashes.
  public let path: [TreeHash]

  public init(index: UInt64, size: UInt64, path: [TreeHash]) {
    self.index = index
    self.size = size
    self.path = path
  }

  /// RFC 9162 §2.1.3.2
  public func proves(_ leaf: TreeHash, isIn root: TreeHash) -> Bool {
    guard index < size, path.count <= 64 else { return false }
    var position = index
    var last = size - 1
    var hash = leaf
    for sibling in path {
      guard last > 0 else { return false }
      if position & 1 == 1 || position == last {
        hash = .node(sibling, hash)
        while position & 1 == 0, position != 0 {
          position >>= 1
          last >>= 1
        }
      } else {
        hash = .node(hash, sibling)
      }
      position >>= 1
      last >>= 1
    }
    return last == 0 && hash == root
  }
}

/// That a log only grew between two roots that are known (RFC 9162 §2.1.4). Checked without the log.
public struct ConsistencyProof: Sendable, Hashable {
  public let oldSize: UInt64
  public let newSize: UInt64
  /// At most 65 hashes.
  public let path: [TreeHash]

  public init(oldSize: UInt64, newSize: UInt64, path: [TreeHash]) {
    self.oldSize = oldSize
    self.newSize = newSize
    self.path = path
  }

  /// RFC 9162 §2.1.4.2; a log grows from nothing without proof, and is consistent with itself.
  public func proves(_ old: TreeHash, growsInto new: TreeHash) -> Bool {
    guard oldSize <= newSize, path.count <= 65 else { return false }
    if oldSize == newSize { return path.isEmpty && old == new && (oldSize > 0 || old == .empty) }
    if oldSize == 0 { return path.isEmpty && old == .empty }
    var rest = path[...]
    var position = oldSize - 1
    var last = newSize - 1
    while position & 1 == 1 {
      position >>= 1
      last >>= 1
    }
    // The old tree is itself one of the new tree's subtrees: the verifier starts from the root it has.
    var oldHash = old
    var newHash = old
    if position > 0 {
      guard let first = rest.popFirst() else { return false }
      oldHash = first
      newHash = first
    }
    for sibling in rest {
      guard last > 0 else { return false }
      if position & 1 == 1 || position == last {
        oldHash = .node(sibling, oldHash)
        newHash = .node(sibling, newHash)
        while position & 1 == 0, position != 0 {
          position >>= 1
          last >>= 1
        }
      } else {
        newHash = .node(newHash, sibling)
      }
      position >>= 1
      last >>= 1
    }
    return last == 0 && oldHash == old && newHash == new
  }
}
