import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import RealDirectory
import Testing

@Suite(
  "who left the directory is removed in the end", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirectoryPurgeTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"

  private func rows(_ city: City, _ action: String) async throws -> [AuditEntry] {
    try await city.audit("limit=500&action=\(action)")
  }

  private func directory(_ city: City) async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  @Test(
    "thirty days on which the directory was read, and her card is nobody's; a wrong clock, a silent directory and a role keep her"
  )
  func purged() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(
        prepare: { folder in
          let path = folder + "/policies/organisation.yaml"
          let text = try String(contentsOfFile: path, encoding: .utf8)
          try (text + "\npurge-after-days: 30\n").write(toFile: path, atomically: true, encoding: .utf8)
        }, lines: { _ in lines })
      try await becomes("the city is read") { try await directory(city).objects > 1200 }
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      try await city.setPassword(sato, "kawa-no-nagare-7")
      _ = try await pc.enter(card)
      let second = Administrator(id: "suzuki", person: takahashi)
      #expect(try await city.register(second) == 201)
      try dc.tool("user delete sato.hanako")
      try dc.tool("user delete takahashi.ichiro")
      try await becomes("they have left") {
        let one: PersonSummary = try await city.link.fetch("/v1/admin/people/\(sato)")
        let other: PersonSummary = try await city.link.fetch("/v1/admin/people/\(takahashi)")
        return !one.isEnabled && !other.isEnabled
      }
      // Noon, local time: the job waits for 02:00.
      let local = (city.clock.now().wallMilliseconds / 1000 + 9 * 3600) % 86_400
      city.clock.advance(seconds: (12 * 3600 - local + 86_400) % 86_400)
      func nextDay(_ seconds: Int64 = 86_400) async throws {
        let before = try await rows(city, "leavers.counted").count
        city.clock.advance(seconds: seconds)
        try await becomes("the day is counted") { try await rows(city, "leavers.counted").count > before }
      }
      try await becomes("the first day is counted") { try await !rows(city, "leavers.counted").isEmpty }
      for _ in 0..<3 { try await nextDay() }
      // Nothing is counted or removed while no domain controller answers.
      try dc.stop()
      try await becomes("it is away") { try await directory(city).faultEn != nil }
      let before = try await rows(city, "leavers.counted").count
      city.clock.advance(seconds: 86_400)
      try await Task.sleep(for: .seconds(4))
      #expect(try await rows(city, "leavers.counted").count == before)
      try dc.start()
      try await becomes("it is back") { try await directory(city).faultEn == nil }
      try await becomes("the day is counted") { try await rows(city, "leavers.counted").count > before }
      // A leap over the whole time is one day.
      try await nextDay(60 * 86_400)
      let shown = try await directory(city).leavers
      #expect(shown.map(\.person).sorted() == [takahashi, sato] && shown.allSatisfy { $0.days > 0 })
      #expect(shown.first { $0.person == takahashi }?.isOperator == true)
      #expect(try await rows(city, "person.purged").isEmpty)
      for _ in 0..<30 where try await rows(city, "person.purged").isEmpty { try await nextDay() }
      try await becomes("she is removed") {
        try await city.link.request("GET", "/v1/admin/people/\(sato)").status == 404
      }
      let row = try #require(try await rows(city, "person.purged").first)
      #expect(row.person == sato && row.outcome == "done")
      #expect(row.note.contains("cards 1, keys 1, palms 0, sessions 1, password 1, directory identities 1"))
      #expect(try await refusal { try await pc.enter(card) }?.body.code != nil)
      // Who still has a role stays, and is told of.
      #expect(try await city.link.request("GET", "/v1/admin/people/\(takahashi)").status == 200)
      let warnings = try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).warningsEn
      #expect(warnings.contains { $0.hasPrefix("\(takahashi) has left, and is not purged") })
      try await becomes("he alone is left") { try await directory(city).leavers.map(\.person) == [takahashi] }
      await city.end()
    }
  }
}
