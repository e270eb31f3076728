import AuditLog
import AuthTerms
import Foundation
import Storage
import Testing

@Suite("changes share a commit, and none shares another's fault")
struct GroupCommitTests {
  @Test("concurrent changes share transactions")
  func sharing() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<500 { group.addTask { _ = try await store.commit(Note(number: number)) } }
      try await group.waitForAll()
    }
    let condition = store.condition()
    #expect(condition.committed == 500)
    #expect(condition.batches < 500)
    #expect(condition.failedBatches == 0)
    #expect(try await store.size() == 500)
  }

  @Test("in a mixed batch exactly the refusing changes are undone")
  func mixed() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<200 {
        group.addTask {
          do {
            _ = try await store.commit(Fickle(number: number))
            return false
          } catch StorageFault.conflict {
            return true
          }
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused == 67)
    #expect(try await store.size() == 133)
    let kept = try await store.read { (state) throws(StorageFault) in
      var kept = 0
      for number in 0..<200 where try state.setting("fickle.\(number)") != nil { kept += 1 }
      return kept
    }
    #expect(kept == 133)
  }

  @Test("the tree over the rows is the one a reader computes from them")
  func tree() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    var frontier = Frontier()
    for number in 0..<70 { _ = try await store.commit(Note(number: number)) }
    let rows = try await store.read { (state) throws(StorageFault) in try state.auditRows(AuditQuery()) }
    for row in rows {
      #expect(try await store.auditRoot(row.sequence) == frontier.root)
      frontier.append(TreeHash.leaf(try RecordEncoding.encode(row.record)))
    }
    let root = try #require(try await store.auditRoot(70))
    #expect(root == frontier.root)
    #expect(try await store.auditRoot(71) == nil)
    let leaf = TreeHash.leaf(try RecordEncoding.encode(rows[33].record))
    let inclusion = try #require(try await store.auditInclusionProof(of: 33, size: 70))
    #expect(inclusion.proves(leaf, isIn: root))
    let old = try #require(try await store.auditRoot(41))
    let growth = try #require(try await store.auditConsistencyProof(from: 41, to: 70))
    #expect(growth.proves(old, growsInto: root))
    let range = try #require(try await store.auditRangeProof(of: 20..<41, size: 70))
    var whole = RangeRoot(range)
    for row in rows[20..<41] { whole.append(TreeHash.leaf(try RecordEncoding.encode(row.record))) }
    #expect(whole.root == root)
    #expect(try await store.auditRangeProof(of: 20..<71, size: 71) == nil)
    #expect(try await store.auditInclusionProof(of: 70, size: 70) == nil)
    #expect(try await store.auditConsistencyProof(from: 41, to: 71) == nil)
  }

  @Test("a row may not be changed or deleted by our own statements")
  func appendOnly() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    _ = try await store.commit(Note(number: 1))
    store.close()
    for sql in ["DELETE FROM audit", "UPDATE audit SET time = 0"] {
      let attacker = try Tool(scratch.database)
      #expect(throws: (any Error).self) { try attacker.run(sql) }
    }
  }
}

/// Writes, then refuses if its number is a multiple of three.
private struct Fickle: Change {
  let number: Int

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    try state.set([1], forSetting: "fickle.\(number)")
    if number.isMultiple(of: 3) { throw .conflict("refused") }
    return ((), AuditRecord(time: 0, eventClass: .ceremony, action: "logon", outcome: .done))
  }
}
