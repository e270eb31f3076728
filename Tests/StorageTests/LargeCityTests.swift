import AuditLog
import AuthTerms
import Storage
import Testing

@Suite("a city of more people than a page can hold")
struct LargeCityTests {
  private struct PutPeople: Change {
    let people: [Person]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for person in people { try state.put(person) }
      return ((), AuditRecord(time: 1, eventClass: .administration, action: "people.imported", outcome: .done))
    }
  }

  private func fill(_ store: some Store) async throws {
    let people = try (0..<10_050).map { number in
      Person(
        id: try PersonID(parsing: "p-\(number)"), account: try AccountName(parsing: "user\(number)"),
        displayName: "職員\(number)",
        kana: "ショクイン")
    }
    _ = try await store.commit(PutPeople(people: people))
    let (everybody, page, bounded) = try await store.read { (state) throws(StorageFault) in
      (try state.everybody(), try state.people(matching: "", limit: 50), try state.people(matching: "", limit: .max))
    }
    #expect(everybody.count == 10_050 && Set(everybody.map(\.id)).count == 10_050)
    #expect(everybody.prefix(50).map(\.id) == page.map(\.id), "the same order")
    #expect(bounded.count == 10_000, "a page stays bounded")
  }

  @Test("an import sees everybody: SQLite")
  func sqlite() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await fill(store)
    store.close()
  }

  @Test("an import sees everybody: memory")
  func memory() async throws { try await fill(InMemoryStore()) }
}
