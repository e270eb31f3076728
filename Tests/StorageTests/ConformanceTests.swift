import AuditLog
import AuthTerms
import Storage
import Testing

@Suite("every store keeps the same rules")
struct ConformanceTests {
  @Test("SQLite", arguments: StoreConformance.checks)
  func sqlite(check: StoreConformance.Check) async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await check.run(store)
    store.close()
  }

  @Test("memory", arguments: StoreConformance.checks)
  func memory(check: StoreConformance.Check) async throws { try await check.run(InMemoryStore()) }

  @Test("a planted fault is found", arguments: PlantedFault.allCases)
  func planted(fault: PlantedFault) async throws {
    var broken: [String] = []
    for check in StoreConformance.checks {
      do {
        try await check.run(FaultyStore(fault))
      } catch is StoreConformance.Failure {
        broken.append(check.name)
      }
    }
    #expect(broken.contains { $0.contains(fault.finder) }, "\(fault) passed; broken: \(broken)")
  }

  @Test("the wrapper without a fault passes", arguments: StoreConformance.checks)
  func wrapper(check: StoreConformance.Check) async throws { try await check.run(FaultyStore(nil)) }
}
