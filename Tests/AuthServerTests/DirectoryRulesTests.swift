import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import RealDirectory
import Testing

/// Names, places and days of the rules, against a real Active Directory that changes under them.
@Suite(
  "rules and a real Active Directory", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirectoryRulesTests {
  private let sato = "p-000042"

  private func together(
    effectiveAttribute: String? = nil, policies: (String) throws -> Void = { _ in },
    _ test: (DomainController, City) async throws -> Void
  ) async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines(effectiveAttribute: effectiveAttribute)
      let city = try await City(prepare: policies, lines: { _ in lines })
      do {
        try await becomes("all is read") { try await status(city).objects > 1200 }
        try await test(dc, city)
      } catch {
        await city.end()
        throw error
      }
      await city.end()
    }
  }

  private func status(_ city: City) async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  private func person(_ city: City, _ id: String) async throws -> PersonSummary {
    try await city.link.fetch("/v1/admin/people/\(id)")
  }

  @Test("the group of a segment is renamed: nobody loses anything, and the status says it; one that is gone is a warning")
  func renamed() async throws {
    try await together { dc, city in
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      try dc.tool("group rename seg-lgwan --samaccountname=seg-honcho")
      try await becomes("it is seen") { try await status(city).findingsEn.contains { $0.contains("seg-lgwan → seg-honcho") } }
      #expect(try await status(city).heldEn.isEmpty)
      #expect(try await refusal { try await pc.enter(card) } == nil)
      #expect(try await person(city, sato).groups.contains("seg-lgwan"))
      // After a restart, too: what the name was found to mean is kept.
      try await city.restart()
      try await becomes("it is read again") { try await status(city).objects > 1200 }
      #expect(try await person(city, sato).groups.contains("seg-lgwan"))
      try dc.tool("group delete telework")
      try await becomes("the missing group is a warning") {
        let now: InstanceStatus = try await city.link.fetch("/v1/admin/status")
        return now.warningsEn.contains { $0.contains("not in the directory: telework") }
      }
    }
  }

  @Test("an OU gives a group that a rule names: who is moved below it is let in by it, through a rename of the OU")
  func units() async throws {
    let unit = "職員/情報政策課"
    func policies(_ folder: String) throws {
      let path = folder + "/policies/organisation.yaml"
      var text = try String(contentsOfFile: path, encoding: .utf8)
      text += "\nunit-groups:\n  - {ou: \(unit), group: telework}\n"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    try await together(policies: policies) { dc, city in
      let before = try await person(city, sato)
      #expect(!before.groups.contains("telework"))
      try dc.tool("ou create 'OU=情報政策課,OU=職員'")
      try dc.tool("user move sato.hanako 'OU=情報政策課,OU=職員'")
      try await becomes("she is in the group") { try await person(city, sato).groups.contains("telework") }
      try dc.tool("ou rename 'OU=情報政策課,OU=職員' 'OU=デジタル推進課'")
      try await becomes("it is seen") { try await status(city).findingsEn.contains { $0.contains("デジタル推進課") } }
      #expect(try await person(city, sato).groups.contains("telework"))
      try dc.tool("user move sato.hanako 'OU=職員'")
      try await becomes("she is not") { try await !person(city, sato).groups.contains("telework") }
    }
  }

  @Test("a transfer that is entered before its day holds from the first moment of the day, with nobody at work")
  func effectiveDay() async throws {
    try await together(effectiveAttribute: "info") { dc, city in
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      let local = city.clock.now().wallMilliseconds + 9 * 3_600_000
      let tomorrow = local / 86_400_000 + 1
      let date = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(tomorrow * 86_400))).prefix(10)
      try dc.set(account: "sato.hanako", "info", String(date))
      try dc.tool("group removemembers ka-0401 sato.hanako")
      try await becomes("it is known") { try await status(city).findingsEn.contains { $0.contains("\(date) 1") } }
      #expect(try await refusal { try await pc.enter(card) } == nil)
      var events = try await Events(pc)
      city.clock.advance(seconds: tomorrow * 86_400 - local / 1000 + 1)
      let event = try await events.next()
      #expect(event.event == "lock" && event.cause == "accessChanged")
      #expect(try await refusal { try await pc.enter(card) }?.body.code == DenialCode.segmentNotAllowed.rawValue)
    }
  }
}
