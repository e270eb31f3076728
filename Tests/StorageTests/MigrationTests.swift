import AuthPolicy
import AuthTerms
import Foundation
import Storage
import Testing

@Suite("a database of an older version is brought up to date, and nothing is lost")
struct MigrationTests {
  @Test("version 1: each card keeps its key, state and throttle, and sessions keep their card")
  func versionOne() async throws {
    let scratch = try Scratch()
    try VersionOne.make(scratch.database)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scratch.database)
    let store = try SQLiteStore(path: scratch.database)
    let (p1, p2, c1) = (try PersonID(parsing: "p1"), try PersonID(parsing: "p2"), try CardID(parsing: "c1"))
    let key = try KeyFingerprint(parsing: [UInt8](repeating: 0, count: 31) + [1])
    try await store.read { (state) throws(StorageFault) in
      let cards = try state.cards(of: p1)
      #expect(cards.map(\.id.text) == ["c1", "c2"] && cards.map(\.state) == [.active, .lost])
      #expect(cards.allSatisfy { $0.guid == nil && $0.keys.count == 1 })
      #expect(cards.flatMap(\.keys).map(\.slot) == ["9a", "9e"])
      #expect(cards.flatMap(\.keys).map(\.provenClass) == [.publicKeyWithPIN, .publicKey])
      #expect(cards.first?.keys.first?.enrolledAt == Moment(wallMilliseconds: 1000, boot: "boot one", monotonicMilliseconds: 5))
      #expect(try state.card(key: key)?.id == c1)
      #expect(try state.cards(of: p2).map(\.state) == [.suspended])
      let live = try state.liveSessions()
      #expect(live.map(\.id.text) == ["s1"] && live.first?.card == c1 && live.first?.terms.leaseSeconds == 900)
      #expect(try state.throttle(.card(c1))?.failures == 2)
      #expect(try state.setting("epoch") == [7])
      #expect(cards.allSatisfy { !$0.isStock && $0.lentUntil == nil })
      #expect(try state.lentCards().isEmpty)
      #expect(cards.allSatisfy { !$0.awaitsPIN })
      #expect(try state.workstations().allSatisfy { $0.site == nil })
      #expect(try state.externalPeople().isEmpty)
      #expect(try state.ownWorkstations(of: p1).isEmpty)
    }
    store.close()
    // Sessions still refer to a card that is there, and keys to theirs.
    let tool = try Tool(scratch.database)
    #expect(throws: (any Error).self) { try tool.run("DELETE FROM cards WHERE id = 'c3'") }
    #expect(throws: (any Error).self) { try tool.run("UPDATE sessions SET card = 'c9' WHERE id = 's1'") }
    #expect(
      try tool.bytes("SELECT CAST(group_concat(identifier) AS BLOB) FROM grdb_migrations")
        == Array("v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12".utf8)
    )
    // A second start finds nothing to do.
    try SQLiteStore(path: scratch.database).close()
  }

  @Test("a version 1 database with a session of a card that is not there is refused, not repaired")
  func broken() throws {
    let scratch = try Scratch()
    try VersionOne.make(scratch.database)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scratch.database)
    try Tool(scratch.database).runUnchecked("UPDATE sessions SET card = 'c9' WHERE id = 's1'")
    #expect(throws: StorageFault.self) { try SQLiteStore(path: scratch.database) }
  }
}
