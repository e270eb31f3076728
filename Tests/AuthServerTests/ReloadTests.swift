import AuthAPI
import AuthClient
import Foundation
import Testing

/// Rules change while people log on; a wrong set never replaces a right one.
@Suite("Policy reload", .serialized)
struct ReloadTests {
  private let sato = "p-000042"

  private func rewrite(_ city: City, _ name: String, _ change: (String) -> String) throws {
    let path = city.folder + "/policies/" + name
    try change(String(contentsOfFile: path, encoding: .utf8)).write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func reload(_ city: City) async throws -> PolicyReloaded {
    let answer = try await city.link.request("POST", "/v1/admin/policy/reload")
    return try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body))
  }

  @Test("a typo is refused with its line, the old rules stay; mended, a new version is in force and stands in the rows")
  func typo() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let first = try await pc.enter(card).policyVersion
    let original = try String(contentsOfFile: city.folder + "/policies/lgwan.yaml", encoding: .utf8)

    try rewrite(city, "lgwan.yaml") { $0.replacingOccurrences(of: "\nlogon:", with: "\nlogn:") }
    let refused = try await reload(city)
    #expect(refused.policyVersion == first && !refused.changed)
    #expect(refused.faultsEn.first?.hasPrefix("lgwan.yaml:") == true && refused.faultsJa.count == refused.faultsEn.count)
    #expect(try await pc.enter(card).policyVersion == first)

    try rewrite(city, "lgwan.yaml") { _ in original + "# a comment makes a new version\n" }
    let accepted = try await reload(city)
    #expect(accepted.changed && accepted.policyVersion != first && accepted.faultsEn.isEmpty)
    #expect(try await pc.enter(card).policyVersion == accepted.policyVersion)
    let rows = try await city.audit("class=administration")
    #expect(rows.contains { $0.action == "policy.refused" && $0.policyVersion == first })
    #expect(rows.contains { $0.action == "policy.loaded" && $0.policyVersion == accepted.policyVersion })
    await city.end()
  }

  @Test("a changed file is noticed without being told")
  func fileWatch() async throws {
    let city = try await City()
    let before: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    try rewrite(city, "organisation.yaml") { $0 + "# noticed\n" }
    var after = before
    for _ in 0..<100 where after.policyVersion == before.policyVersion {
      try await Task.sleep(for: .milliseconds(100))
      after = try await city.link.fetch("/v1/admin/status")
    }
    #expect(after.policyVersion != before.policyVersion)
    await city.end()
  }

  @Test("a group that nobody is in is named at reload, and never stops the rules")
  func groupOfNobody() async throws {
    let city = try await City()
    #expect(try await reload(city).warningsEn == [], "before the first import nothing is known of groups")
    _ = try await city.importPeople()
    #expect(try await reload(city).warningsEn == [])
    try rewrite(city, "lgwan.yaml") { $0.replacingOccurrences(of: "groups: [telework]", with: "groups: [telewrok]") }
    let answer = try await reload(city)
    #expect(answer.changed && answer.faultsEn == [] && answer.warningsJa.count == 2)
    #expect(
      answer.warningsEn.map { $0.prefix(29) }.sorted() == ["lgwan.yaml:26:1: warning: PF4", "lgwan.yaml:26:1: warning: PF4"])
    await city.end()
  }

  @Test("explain answers as the live decision does, with rule and line")
  func explain() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let answer: ExplainAnswer = try await city.link.call(
      "POST", "/v1/admin/explain", ExplainRequest(person: sato, workstation: "LGWAN-PC-0042", scenario: nil, at: nil))
    let session = try await pc.enter(card)
    let granted = try #require(answer.tries.first { $0.factors == ["card", "pin"] })
    #expect(granted.outcome == "granted" && granted.rule == session.rule)
    #expect(answer.tries.contains { $0.factors == ["card", "password"] && $0.outcome != "granted" }, "no password is set")
    #expect(answer.tries.allSatisfy { !$0.steps.isEmpty && $0.steps.allSatisfy { !$0.ja.isEmpty && !$0.en.isEmpty } })
    await city.end()
  }
}
