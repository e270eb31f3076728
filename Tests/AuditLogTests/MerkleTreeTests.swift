import AuditLog
import AuthTerms
import Testing

@Suite("the tree is RFC 9162's")
struct MerkleTreeTests {
  /// Leaves and roots that logs of this kind have been tested with since RFC 6962; the roots were computed anew elsewhere.
  private static let leaves = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
  ]
  private static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test("known answers")
  func knownAnswers() throws {
    var frontier = Frontier()
    var tree = DictionaryTree()
    for size in 0...8 {
      #expect(frontier.root.description == Self.roots[size])
      #expect(try MerkleTree.root(of: UInt64(size), in: tree)?.description == Self.roots[size])
      guard size < 8 else { break }
      let leaf = TreeHash.leaf(try Hex.decode(Self.leaves[size]))
      frontier.append(leaf)
      #expect(try MerkleTree.append(leaf, to: &tree) == UInt64(size))
    }
  }

  private static func tree(_ size: Int) throws -> (DictionaryTree, [[UInt8]]) {
    let leaves = (0..<size).map { Array("leaf \($0)".utf8) }
    var tree = DictionaryTree()
    for leaf in leaves { try MerkleTree.append(TreeHash.leaf(leaf), to: &tree) }
    return (tree, leaves)
  }

  @Test("frontier, stored tree and definition agree at every size up to 300, also looking back")
  func differential() throws {
    let (tree, leaves) = try Self.tree(300)
    var frontier = Frontier()
    for size in 0...300 {
      let expected = naiveRoot(leaves[..<size])
      #expect(frontier.root.bytes == expected)
      #expect(frontier.size == UInt64(size))
      #expect(try MerkleTree.root(of: UInt64(size), in: tree)?.bytes == expected)
      if size < 300 {
        for node in frontier.append(TreeHash.leaf(leaves[size])) {
          #expect(try tree.treeNode(level: node.level, index: node.index) == node.hash)
        }
      }
    }
    #expect(try MerkleTree.root(of: 301, in: tree) == nil)
    // Each complete subtree once: n - popcount(n) of them above the leaves.
    #expect(tree.nodes.count == 300 + 300 - 300.nonzeroBitCount)
  }

  @Test("every inclusion proof up to size 40 holds, and for nothing else")
  func inclusion() throws {
    let (tree, leaves) = try Self.tree(40)
    for size in 1...40 {
      let root = try TreeHash(parsing: naiveRoot(leaves[..<size]))
      for index in 0..<size {
        let proof = try #require(try MerkleTree.inclusionProof(of: UInt64(index), size: UInt64(size), in: tree))
        let leaf = TreeHash.leaf(leaves[index])
        #expect(proof.proves(leaf, isIn: root))
        #expect(!proof.proves(TreeHash.leaf(leaves[(index + 1) % 40]), isIn: root))
        #expect(!proof.proves(leaf, isIn: .empty))
        for other in 0..<size where other != index {
          #expect(!InclusionProof(index: UInt64(other), size: proof.size, path: proof.path).proves(leaf, isIn: root))
        }
        #expect(!InclusionProof(index: proof.index, size: proof.size, path: proof.path + [leaf]).proves(leaf, isIn: root))
        if !proof.path.isEmpty {
          #expect(
            !InclusionProof(index: proof.index, size: proof.size, path: proof.path.dropLast()).proves(leaf, isIn: root))
        }
      }
      #expect(try MerkleTree.inclusionProof(of: UInt64(size), size: UInt64(size), in: tree) == nil)
    }
    #expect(try MerkleTree.inclusionProof(of: 0, size: 41, in: tree) == nil)
    #expect(!InclusionProof(index: 0, size: 0, path: []).proves(.empty, isIn: .empty))
  }

  @Test("every consistency proof up to size 40 holds, and for nothing else")
  func consistency() throws {
    let (tree, leaves) = try Self.tree(40)
    let roots = try (0...40).map { try TreeHash(parsing: naiveRoot(leaves[..<$0])) }
    for new in 0...40 {
      for old in 0...new {
        let proof = try #require(try MerkleTree.consistencyProof(from: UInt64(old), to: UInt64(new), in: tree))
        #expect(proof.proves(roots[old], growsInto: roots[new]))
        if old > 0, new < 40 { #expect(!proof.proves(roots[old], growsInto: roots[new + 1])) }
        if old > 0, old < new { #expect(!proof.proves(roots[old - 1], growsInto: roots[new])) }
        #expect(
          !ConsistencyProof(oldSize: proof.oldSize, newSize: proof.newSize, path: proof.path + [.empty])
            .proves(roots[old], growsInto: roots[new]))
        for place in proof.path.indices {
          var path = proof.path
          path[place] = .empty
          #expect(
            !ConsistencyProof(oldSize: proof.oldSize, newSize: proof.newSize, path: path)
              .proves(roots[old], growsInto: roots[new]))
        }
        if old > 0, old < new {
          #expect(
            !ConsistencyProof(oldSize: proof.oldSize, newSize: proof.newSize, path: proof.path.dropLast())
              .proves(roots[old], growsInto: roots[new]))
        }
      }
    }
    #expect(try MerkleTree.consistencyProof(from: 5, to: 41, in: tree) == nil)
    #expect(try MerkleTree.consistencyProof(from: 6, to: 5, in: tree) == nil)
    #expect(!ConsistencyProof(oldSize: 6, newSize: 5, path: []).proves(roots[6], growsInto: roots[5]))
    #expect(!ConsistencyProof(oldSize: 0, newSize: 5, path: []).proves(roots[1], growsInto: roots[5]))
  }

  @Test("a consistency proof without its first hash proves nothing")
  func emptyProof() {
    let (old, new) = (TreeHash.leaf([1]), TreeHash.leaf([2]))
    #expect(!ConsistencyProof(oldSize: 3, newSize: 5, path: []).proves(old, growsInto: new))
    #expect(!ConsistencyProof(oldSize: 3, newSize: 5, path: []).proves(old, growsInto: old))
  }

  @Test("a path that goes on above the root proves nothing, whatever root is claimed for it")
  func pathAboveRoot() throws {
    let (tree, leaves) = try Self.tree(4)
    let (leaf, above) = (TreeHash.leaf(leaves[0]), TreeHash.leaf([7]))
    #expect(!InclusionProof(index: 0, size: 1, path: [above]).proves(leaf, isIn: .node(above, leaf)))
    let row = try #require(try MerkleTree.inclusionProof(of: 2, size: 4, in: tree))
    let root = try #require(try MerkleTree.root(of: 4, in: tree))
    #expect(
      !InclusionProof(index: 2, size: 4, path: row.path + [above]).proves(.leaf(leaves[2]), isIn: .node(above, root)))
    let growth = try #require(try MerkleTree.consistencyProof(from: 3, to: 4, in: tree))
    let old = try #require(try MerkleTree.root(of: 3, in: tree))
    #expect(
      !ConsistencyProof(oldSize: 3, newSize: 4, path: growth.path + [above])
        .proves(.node(above, old), growsInto: .node(above, root)))
  }

  @Test("the log without rows has one root")
  func noRows() {
    let other = TreeHash.leaf([1])
    #expect(ConsistencyProof(oldSize: 0, newSize: 0, path: []).proves(.empty, growsInto: .empty))
    #expect(!ConsistencyProof(oldSize: 0, newSize: 0, path: []).proves(other, growsInto: other))
  }

  @Test("a log with a rewritten row has no consistency proof from before")
  func rewritten() throws {
    let (_, leaves) = try Self.tree(20)
    for changed in 0..<12 {
      var forged = DictionaryTree()
      for (index, leaf) in leaves.enumerated() {
        try MerkleTree.append(TreeHash.leaf(index == changed ? leaf + [1] : leaf), to: &forged)
      }
      let proof = try #require(try MerkleTree.consistencyProof(from: 12, to: 20, in: forged))
      let old = try TreeHash(parsing: naiveRoot(leaves[..<12]))
      let new = try #require(try MerkleTree.root(of: 20, in: forged))
      #expect(!proof.proves(old, growsInto: new))
    }
  }

  @Test("a hash is 32 bytes")
  func hashLength() {
    for count in [0, 31, 33, 64] {
      #expect(throws: MalformedInput.self) { try TreeHash(parsing: [UInt8](repeating: 0, count: count)) }
    }
  }
}
