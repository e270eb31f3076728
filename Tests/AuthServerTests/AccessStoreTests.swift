import AuditLog
import AuthAPI
import AuthClient
import AuthPolicy
import AuthServer
import AuthTerms
import Crypto
import Foundation
import Storage
import Testing

/// What a store has of dated accesses: changed by somebody, damaged, settled twice, full, or of people who are gone.
@Suite("Dated accesses in the store", .serialized)
struct AccessStoreTests {
  private let sato = "p-000042"
  private let password = "kawa-no-nagare-7"

  private func together(_ test: (AccessBench) async throws -> Void) async throws {
    try await AccessBench.run(password: password, test)
  }

  private func isRefused(_ pc: TestWorkstation, _ card: TestCard) async throws -> Bool {
    let code = try await refusal { try await pc.enter(card, password: password) }?.body.code
    return code == DenialCode.segmentNotAllowed.rawValue
  }

  /// Puts whatever a test needs, while the server is away.
  private struct Put: Change {
    var settings: [String: [UInt8]] = [:]
    var people: [Person] = []
    var leavers: Leavers?

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for (name, value) in settings { try state.set(value, forSetting: name) }
      for person in people { try state.put(person) }
      try leavers?.keep(in: &state)
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "test", outcome: .done))
    }
  }

  private func setting(_ name: String, _ store: SQLiteStore) async throws -> [UInt8] {
    try await store.read { (state) throws(StorageFault) in try state.setting(name) } ?? []
  }

  private func away(_ city: City, _ work: (SQLiteStore) async throws -> Void) async throws {
    try await city.restart { database in
      let store = try SQLiteStore(path: database)
      try await work(store)
      store.close()
    }
  }

  @Test("one that somebody changed in the database is not what was signed, and opens nothing; put back, it opens again")
  func changed() async throws {
    try await together { bench in
      let city = bench.city
      let card = try await city.enrolCard(sato)
      #expect(try await bench.approve(bench.file(groups: "groups: [seg-mynumber]")) == 200)
      #expect(try await bench.turn("on") == 200)
      let first = try await city.workstation("MYNUMBER-PC-0007")
      _ = try await first.end("logoff", first.enter(card, password: password).session)
      // A person who was not in it.
      let card2 = try await city.enrolCard("p-000043")
      try await city.setPassword("p-000043", password)
      var kept: [UInt8] = []
      try await away(city) { store in
        kept = try await setting("access.body.kijitsumae", store)
        var access = try DatedAccess(parsing: kept)
        access.groups[try PersonID(parsing: "p-000043")] = ["seg-mynumber"]
        var list = LengthPrefixedWriter()
        list.field("kijitsumae")
        _ = try await store.commit(
          Put(settings: ["access.body.kijitsumae": access.encoded, "access.of.p-000043": list.bytes]))
      }
      let pc = try await city.workstation("MYNUMBER-PC-0008")
      #expect(try await isRefused(pc, card2))
      #expect(try await isRefused(pc, card))
      #expect(try await bench.state() == "lapsed")
      let back = kept
      try await away(city) { store in _ = try await store.commit(Put(settings: ["access.body.kijitsumae": back])) }
      let next = try await city.workstation("MYNUMBER-PC-0009")
      #expect(try await isRefused(next, card2), "named in her list, not in what was signed")
      #expect(try await next.enter(card, password: password).segment == "mynumber")
    }
  }

  @Test("one that cannot be read opens nothing, is told of, and keeps no other from ending; approved anew it counts again")
  func damaged() async throws {
    try await together { bench in
      let city = bench.city
      let card = try await city.enrolCard(sato)
      for file in [bench.file("broken", until: 2), bench.file(until: 0)] { #expect(try await bench.approve(file) == 200) }
      for name in ["broken", "kijitsumae"] { #expect(try await bench.turn("on", name) == 200) }
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      let second = try await city.workstation("MYNUMBER-PC-0008")
      let session = try await pc.enter(card, password: password)
      try await away(city) { store in
        _ = try await store.commit(Put(settings: ["access.body.broken": [1, 2, 3]]))
        bench.advance(toMidnightAnd: 5)
      }
      try await becomes("the other one is over") { try await bench.rows("access.ended").count == 1 }
      #expect(try await bench.isRevoked(session) == true)
      #expect(try await bench.list().map(\.access) == ["kijitsumae"])
      #expect(try await bench.warnings().contains { $0.hasPrefix("what is kept of the dated access broken cannot be read") })
      let other = try await second.moved(to: city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).mainPort)
      #expect(try await isRefused(other, card))
      #expect(try await bench.turn("on", "broken") == 409, "refused, with a row")
      #expect(try await bench.rows("access.on").first?.outcome == "refused")
      #expect(try await bench.approve(bench.file("broken", until: 2)) == 200)
      #expect(try await bench.turn("on", "broken") == 200)
      #expect(try await other.enter(card, password: password).segment == "mynumber")
      #expect(try await bench.warnings().allSatisfy { !$0.contains("dated access") })
    }
  }

  @Test("what was settled meanwhile is not settled again, and the row says so")
  func twice() async throws {
    try await together { bench in
      let city = bench.city
      #expect(try await bench.approve(bench.file()) == 200)
      #expect(try await bench.turn("on") == 200)
      let sources = try FileManager.default.contentsOfDirectory(atPath: city.folder + "/policies")
        .filter { $0.hasSuffix(".yaml") }.map { name in
          let file = try Data(contentsOf: URL(fileURLWithPath: city.folder + "/policies/" + name))
          return PolicySource(name: name, bytes: Array(file))
        }
      let now = city.clock.now()
      let day = Int((now.wallMilliseconds / 1000 + 32_400) / 86_400)
      let policy = try PolicySet.compile(sources, digest: { Array(SHA256.hash(data: $0)) }, today: day)
      let after = DatedAccessBook(
        policy: policy, approvals: WaiverApprovals(instance: "mynumber-1"),
        local: LocalTime(weekday: 1, minuteOfDay: 0, day: day + 4))
      try await away(city) { store in
        for name in ["kijitsumae", "kijitsumae", "unknown"] {
          let change = SettleAccess(id: try AccessID(parsing: name), book: after, now: now)
          #expect(try await store.commit(change).isEmpty)
        }
      }
      let rows = try await bench.rows("access.ended").sorted { $0.sequence < $1.sequence }
      #expect(rows.map(\.outcome) == ["done", "refused", "refused"])
      #expect(
        rows.map(\.note) == [
          "kijitsumae: its last day is over; 0 sessions withdrawn", "kijitsumae: settled meanwhile",
          "unknown: settled meanwhile",
        ])
    }
  }

  @Test("64 at a time, and not one more")
  func full() async throws {
    try await together { bench in
      let city = bench.city
      #expect(try await bench.approve(bench.file()) == 200)
      // 62 more of other names, as if they had been approved.
      try await away(city) { store in
        var access = try DatedAccess(parsing: try await setting("access.body.kijitsumae", store))
        let standing = try await setting("access.state.kijitsumae", store)
        var (settings, list) = ([String: [UInt8]](), LengthPrefixedWriter())
        list.field("kijitsumae")
        for number in 1...62 {
          access.id = try AccessID(parsing: "c\(number)")
          list.field(access.id.text)
          settings["access.body.\(access.id)"] = access.encoded
          settings["access.state.\(access.id)"] = standing
        }
        settings["accesses"] = list.bytes
        _ = try await store.commit(Put(settings: settings))
      }
      #expect(try await bench.approve(bench.file("last")) == 200)
      #expect(try await bench.list().count == 64)
      #expect(try await bench.approve(bench.file("more")) == 409)
      #expect(try await bench.rows("access.approved").first?.note.hasPrefix("there are 64 already") == true)
      #expect(try await bench.approve(bench.file("last", until: 4)) == 200, "in the place of its former self")
      #expect(try await bench.turn("off", city.sign(city.act("directory.access.off", ["access": "c1"]))) == 200)
      #expect(try await bench.approve(bench.file("more")) == 200)
    }
  }

  @Test("who gets the number of somebody whose data was removed inherits nothing")
  func purged() async throws {
    try await together { bench in
      let city = bench.city
      let person = try PersonID(parsing: sato)
      #expect(try await bench.approve(bench.file()) == 200)
      #expect(try await bench.turn("on") == 200)
      let (now, today, limit) = (city.clock.now(), 20_000, 30)
      try await away(city) { store in
        var found = try #require(try await store.read { (state) throws(StorageFault) in try state.person(person) })
        found.isEnabled = false
        var ledger = Leavers()
        for day in today - limit...today { ledger.count([person: today - limit], on: day) }
        _ = try await store.commit(Put(people: [found], leavers: ledger))
        #expect(try await !setting("access.of.\(sato)", store).isEmpty)
        _ = try await store.commit(PurgePerson(person: person, day: today, limit: limit, offsetSeconds: 32_400, now: now))
        #expect(try await store.read { (state) throws(StorageFault) in try state.person(person) } == nil)
        #expect(try await setting("access.of.\(sato)", store).isEmpty)
      }
      // Somebody new, with the same number.
      _ = try await city.importPeople()
      let card = try await city.enrolCard(sato)
      try await city.setPassword(sato, password)
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      #expect(try await isRefused(pc, card))
      // Until two administrators say otherwise.
      #expect(try await bench.turn("off") == 200)
      #expect(try await bench.approve(bench.file()) == 200)
      #expect(try await bench.turn("on") == 200)
      #expect(try await pc.enter(card, password: password).segment == "mynumber")
    }
  }
}
