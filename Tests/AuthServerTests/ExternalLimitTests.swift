import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Storage
import Testing

/// The limits of people from outside, from both sides.
@Suite("Limits of people from outside", .serialized)
struct ExternalLimitTests {
  /// As they stand in the store; by nobody's signature.
  private struct Crowd: Change {
    let people: [Person]
    let external: [ExternalPerson]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for person in people { try state.put(person) }
      for person in external { try state.put(person) }
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "test", outcome: .done))
    }
  }

  @Test("sixteen groups are read, and seventeen are not")
  func groups() throws {
    func registration(_ count: Int) throws -> ExternalRegistration {
      let groups = (1...count).map { "group-\($0)" }.joined(separator: ",")
      return try ExternalRegistration([
        "person": "EXT-0001", "name": "外部 太郎", "kana": "", "department": "0401", "groups": groups, "from": "2027-04-01",
        "until": "2028-03-31", "responsible": "p-000042", "reason": "contract 15",
      ])
    }
    #expect(try registration(16).groups.count == 16)
    #expect(throws: MalformedInput.self) { try registration(17) }
  }

  @Test("twenty people for whom somebody has to answer are named, and of more how many they are")
  func lines() async throws {
    try await ExternalOffice.run { office in
      func add(_ number: Int) async throws {
        #expect(try await office.bring("add", office.both("add", office.parameters("EXT-\(number)"))).code == nil)
      }
      func told() async throws -> [String] { try await office.warnings().filter { $0.contains("from outside") } }
      for number in 1001...1020 { try await add(number) }
      #expect(try await office.importPeople(lastDays: [ExternalOffice.sato: 7]).applied)
      let all = try await told()
      #expect(all.count == 20 && all.allSatisfy { $0.contains("sanmon person extend EXT-10") }, "\(all)")
      try await add(1021)
      let some = try await told()
      #expect(some.count == 21 && some.last == "1 more people from outside: sanmon person list --external", "\(some)")
      let status: InstanceStatus = try await office.city.link.fetch("/v1/admin/status")
      #expect(status.externalPeopleToAnswer == 21)
    }
  }

  @Test("two thousand at a time, and no more")
  func most() async throws {
    try await ExternalOffice.run { office in
      let city = office.city
      let now = city.clock.now()
      let sato = try PersonID(parsing: ExternalOffice.sato)
      let people = try (1...1_999).map { number in
        Person(
          id: try PersonID(parsing: "EXT-C\(number)"), account: try AccountName(parsing: "external:EXT-C\(number)"),
          displayName: "外部 次郎", kana: "")
      }
      let external = people.map { ExternalPerson(person: $0.id, responsible: sato, isAnswered: true, registeredAt: now) }
      try await city.restart { database in
        let store = try SQLiteStore(path: database)
        try await store.commit(Crowd(people: people, external: external))
        store.close()
      }
      #expect(try await office.bring("add", office.both("add", office.parameters())).code == nil)
      #expect(try await office.bring("add", office.both("add", office.parameters("EXT-0002"))).code == "AP206")
      let row = try #require(try await city.audit("action=person.external.added").last)
      #expect(row.outcome == "refused" && row.note.hasPrefix("there are 2000 already"))
    }
  }
}
