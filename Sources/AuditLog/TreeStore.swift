/// Where the hashes of complete subtrees live. Synchronous: it is used inside somebody else's transaction.
///
/// Level 0 holds leaf hashes; the node (level, index) covers the leaves `index << level ..< (index + 1) << level`. Only complete
/// subtrees are stored, each once, and none ever changes.
public protocol TreeStore {
  associatedtype Failure: Error
  /// Leaves.
  func treeSize() throws(Failure) -> UInt64
  /// - Throws: when the node is not there; it is asked for only below `treeSize`.
  func treeNode(level: Int, index: UInt64) throws(Failure) -> TreeHash
  mutating func storeTreeNode(_ hash: TreeHash, level: Int, index: UInt64) throws(Failure)
}
