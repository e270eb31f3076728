import AuditLog
import AuthTerms
import Dispatch
import Foundation
import Storage
import Testing

@Suite("who is removed is overwritten in the files, and found without walking them")
struct RemovalTests {
  private static let name = "髙橋 花子"
  private static let account = "takahashi.hanako"
  private static let secret = [UInt8](0..<48).map { $0 ^ 0xA5 }

  private struct Put: Change {
    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      let person = try RemovalTests.person()
      var identity = DirectoryIdentity(
        guid: try RemovalTests.asking { try #require(ObjectGUID(bytes: [UInt8](repeating: 7, count: 16))) }, person: person.id,
        number: "0042", family: "髙橋", given: "花子")
      identity.formerNames = ["渡邉 花子"]
      try state.put(person)
      try state.put(identity)
      try state.put(
        StoredPassword(
          person: person.id, sealed: RemovalTests.secret,
          changedAt: Moment(wallMilliseconds: 1, boot: "b", monotonicMilliseconds: 1)))
      return ((), AuditRecord(time: 1, eventClass: .administration, action: "put", outcome: .done))
    }
  }

  private struct Remove: Change {
    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      _ = try state.remove(try RemovalTests.person().id)
      return ((), AuditRecord(time: 2, eventClass: .administration, action: "person.purged", outcome: .done))
    }
  }

  private static func asking<R>(_ body: () throws -> R) throws(StorageFault) -> R {
    do { return try body() } catch { throw .conflict("\(error)") }
  }

  private static func person() throws(StorageFault) -> Person {
    try asking {
      Person(
        id: try PersonID(parsing: "p-000042"), account: try AccountName(parsing: account), displayName: name, kana: "タカハシ")
    }
  }

  /// What of the person stands in the database or its log.
  private func found(_ scratch: Scratch) throws -> Set<String> {
    let files = try ["", "-wal"].map { try Data(contentsOf: URL(filePath: scratch.database + $0)) }
    let marks = [
      "name": Data(Self.name.utf8), "account": Data(Self.account.utf8), "former": Data("渡邉".utf8), "kana": Data("タカハシ".utf8),
      "password": Data(Self.secret),
    ]
    return Set(marks.filter { mark in files.contains { $0.range(of: mark.value) != nil } }.keys)
  }

  @Test("after a removal and the emptying of the log, nothing of the person stands in either file")
  func gone() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await store.commit(Put())
    #expect(try await store.eraseRemoved())
    #expect(try found(scratch).count == 5)
    try await store.commit(Remove())
    #expect(try await store.eraseRemoved())
    #expect(try found(scratch) == [])
    try await store.commit(Put())
    store.close()
    await #expect(throws: StorageFault.unavailable("the store is closed")) { try await store.eraseRemoved() }
    #expect(try await InMemoryStore().eraseRemoved())
  }

  @Test("while somebody reads what was before, the log stays, nobody waits, and it is emptied when asked again")
  func read() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await store.commit(Put())
    let (began, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let reader = Task {
      try await store.read { (state) throws(StorageFault) in
        let count = try state.peopleCount()
        began.signal()
        mayEnd.wait()
        return (count, try state.peopleCount())
      }
    }
    await withCheckedContinuation { done in
      DispatchQueue.global().async {
        began.wait()
        done.resume()
      }
    }
    try await store.commit(Remove())
    let before = ContinuousClock.now
    #expect(try await !store.eraseRemoved())
    try await store.commit(Put())
    try await store.commit(Remove())
    #expect(ContinuousClock.now - before < .seconds(3))
    #expect(try await store.size() == 4)
    mayEnd.signal()
    #expect(try await reader.value == (1, 1))
    #expect(try await store.eraseRemoved())
    #expect(try found(scratch) == [])
    #expect(try store.writerSetting("busy_timeout") == "5000")
    #expect(store.condition().reopenings == 0)
  }

  @Test("no removal walks the table of sessions, which a city fills with a million rows; nor does a logon")
  func plans() throws {
    let scratch = try Scratch()
    try SQLiteStore(path: scratch.database).close()
    let tool = try Tool(scratch.database)
    for sql in [
      "DELETE FROM sessions WHERE person = 'p' OR card IN (SELECT id FROM cards WHERE person = 'p' AND is_stock = 0)",
      "UPDATE cards SET person = NULL, lent_until = NULL, awaits_pin = 0 WHERE person = 'p' AND is_stock = 1",
      "DELETE FROM workstation_owners WHERE person = 'p'", "DELETE FROM external_people WHERE person = 'p'",
      "DELETE FROM cards WHERE person = 'p'", "DELETE FROM people WHERE id = 'p'", "DELETE FROM card_keys WHERE card = 'c'",
    ] {
      let plan = try tool.plan(sql)
      #expect(!plan.isEmpty && plan.allSatisfy { !$0.hasPrefix("SCAN") }, "\(sql): \(plan)")
    }
    let live = try tool.plan("SELECT * FROM sessions WHERE person = 'p' AND phase IN ('open', 'locked') ORDER BY id")
    #expect(live.first == "SEARCH sessions USING INDEX sessions_by_person (person=? AND phase=?)")
  }
}
