import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Rules that are tried beside those in force: they decide nothing, and what they would have done is counted.
@Suite("Rules on trial", .serialized)
struct PolicyTrialTests {
  private let sato = "p-000042"
  private let next = "p-000043"
  private let word = "kawa-no-nagare-7"

  private func reload(_ city: City) async throws -> PolicyReloaded {
    let answer = try await city.link.request("POST", "/v1/admin/policy/reload")
    return try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body))
  }

  private func report(_ city: City) async throws -> PolicyTrial { try await city.link.fetch("/v1/admin/policy/trial") }

  /// The rules in force, in the folder `trial`, with one file changed.
  private func tryOut(_ city: City, _ change: (String) -> String) throws {
    let folder = city.folder + "/policies"
    let files = FileManager.default
    try? files.removeItem(atPath: folder + "/trial")
    try files.createDirectory(atPath: folder + "/trial", withIntermediateDirectories: false)
    for name in try files.contentsOfDirectory(atPath: folder) where name.hasSuffix(".yaml") {
      let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
      try (name == "lgwan.yaml" ? change(text) : text).write(
        toFile: folder + "/trial/" + name, atomically: true, encoding: .utf8)
    }
  }

  private func withoutPIN(_ text: String) -> String { text.replacing("\nlogon:\n  - card + pin\n", with: "\nlogon:\n") }

  @Test(
    "whom the rules on trial would refuse or ask for more is listed by department, and after the switch that is what happens")
  func switched() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.setPassword(next, word)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let (one, other) = (try await city.enrolCard(sato), try await city.enrolCard(next))
    let none = try await report(city)
    #expect(none.trialVersion == nil && none.lines.isEmpty && none.faultsEn.isEmpty)

    try tryOut(city, withoutPIN)
    let answer = try await reload(city)
    #expect(!answer.changed && answer.faultsEn.isEmpty, "what is in force stays in force")
    let trial = try #require(try await report(city).trialVersion)
    #expect(trial != answer.policyVersion)
    _ = try await pc.enter(one)
    _ = try await pc.enter(other)
    _ = try await pc.enter(other, password: word)
    let found = try await report(city)
    #expect(found.ceremonies == 3 && found.lines.map(\.effect) == ["refused", "asked"])
    #expect(found.lines.map(\.verdict) == ["AP110", "password"] && found.lines.map(\.people) == [[sato], [next]])
    #expect(found.lines.map(\.department) == ["0401", "0704"] && found.lines.allSatisfy { $0.times == 1 })
    let rows = try await city.audit("class=ceremony&outcome=granted")
    let said = rows.suffix(3).map { $0.note.contains("trial \(trial.prefix(16)) ") }
    #expect(said == [true, true, false])
    #expect(try await city.audit("class=administration&action=policy.trial").last?.policyVersion == trial)

    // The same set in force.
    let path = city.folder + "/policies"
    try FileManager.default.removeItem(atPath: path + "/lgwan.yaml")
    try FileManager.default.moveItem(atPath: path + "/trial/lgwan.yaml", toPath: path + "/lgwan.yaml")
    try FileManager.default.removeItem(atPath: path + "/trial")
    let switched = try await reload(city)
    #expect(switched.policyVersion == trial)
    #expect(try await refusal { try await pc.enter(one) }?.body.code == "AP110")
    await #expect(throws: TestWorkstation.NotGranted.self) { try await pc.enter(other) }
    _ = try await pc.enter(other, password: word)
    let over = try await report(city)
    #expect(over.trialVersion == nil && over.lines.isEmpty)
    await city.end()
  }

  @Test("rules on trial let nobody in who is refused, and say so; wrong ones are none, and are named")
  func decidesNothing() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let path = city.folder + "/policies/lgwan.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try withoutPIN(text).write(toFile: path, atomically: true, encoding: .utf8)
    try tryOut(city) { _ in text }
    #expect(try await reload(city).faultsEn.isEmpty)
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP110", "the live rules decide")
    let line = try #require(try await report(city).lines.first)
    #expect(line.effect == "admitted" && line.verdict == "AAL2" && line.people == [sato])

    try tryOut(city) { $0.replacing("\nlogon:", with: "\nlogn:") }
    #expect(try await reload(city).faultsEn.isEmpty, "the rules in force are right")
    let wrong = try await report(city)
    #expect(wrong.trialVersion == nil && wrong.faultsEn.first?.hasPrefix("lgwan.yaml:") == true)
    #expect(wrong.faultsJa.count == wrong.faultsEn.count)
    await city.end()
  }
}
