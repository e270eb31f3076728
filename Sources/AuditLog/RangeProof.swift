public import AuthTerms

/// That neighbouring rows are in a log whose root is known: the roots of the complete subtrees to their left and to their
/// right, from left to right. Together with the rows they are the whole tree, so nothing can stand between two of the rows.
public struct RangeProof: Sendable, Hashable {
  /// The first row, and the one behind the last.
  public let first: UInt64
  public let end: UInt64
  /// Rows of the log whose root is known.
  public let size: UInt64
  /// At most 189.
  public let hashes: [TreeHash]

  /// A complete subtree: the rows `index << level ..< (index + 1) << level`.
  struct Part: Sendable {
    let level: Int
    let index: UInt64
  }

  /// - Throws: `MalformedInput` when the range is not in the log, or there are more or fewer hashes than it needs.
  public init(first: UInt64, end: UInt64, size: UInt64, hashes: [TreeHash]) throws(MalformedInput) {
    guard first <= end, end <= size, size <= UInt64(Int64.max),
      hashes.count == Self.parts(of: 0..<first).count + Self.parts(of: end..<size).count
    else { throw MalformedInput("range proof", expected: "a range of the log and its hashes") }
    self.first = first
    self.end = end
    self.size = size
    self.hashes = hashes
  }

  /// The largest complete subtrees that make up the rows, from left to right.
  static func parts(of rows: Range<UInt64>) -> [Part] {
    var parts: [Part] = []
    var next = rows.lowerBound
    while next < rows.upperBound {
      let fitting = 63 - (rows.upperBound - next).leadingZeroBitCount
      let level = min(fitting, next.trailingZeroBitCount)
      parts.append(Part(level: level, index: next >> UInt64(level)))
      next += 1 << UInt64(level)
    }
    return parts
  }
}

/// The root of a log by a range of its rows and what stands beside them. At most 64 hashes are held.
public struct RangeRoot: Sendable {
  private let proof: RangeProof
  private var frontier = Frontier()

  public init(_ proof: RangeProof) {
    self.proof = proof
    for (part, hash) in zip(RangeProof.parts(of: 0..<proof.first), proof.hashes) {
      frontier.append(subtree: hash, level: part.level)
    }
  }

  /// The next row's leaf hash.
  public mutating func append(_ leaf: TreeHash) { frontier.append(leaf) }

  /// - Returns: `nil` before the last row of the range and behind it.
  public var root: TreeHash? {
    guard frontier.size == proof.end else { return nil }
    var whole = frontier
    let right = RangeProof.parts(of: proof.end..<proof.size)
    for (part, hash) in zip(right, proof.hashes.suffix(right.count)) { whole.append(subtree: hash, level: part.level) }
    return whole.root
  }
}

extension MerkleTree {
  /// Proof that these rows are in the log of `size` rows; `nil` when they cannot be. Reads at most 189 stored hashes.
  public static func rangeProof<Nodes: TreeStore>(
    of rows: Range<UInt64>, size: UInt64, in nodes: Nodes
  ) throws(Nodes.Failure) -> RangeProof? {
    guard rows.upperBound <= size, size <= (try nodes.treeSize()) else { return nil }
    var hashes: [TreeHash] = []
    for part in RangeProof.parts(of: 0..<rows.lowerBound) + RangeProof.parts(of: rows.upperBound..<size) {
      hashes.append(try nodes.treeNode(level: part.level, index: part.index))
    }
    return try? RangeProof(first: rows.lowerBound, end: rows.upperBound, size: size, hashes: hashes)
  }
}
