import AuthAPI
import AuthClient
import AuthServer
import Foundation
import Synchronization
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
    for _ in 0..<900 where after.policyVersion == before.policyVersion {
      try await Task.sleep(for: .milliseconds(100))
      after = try await city.link.fetch("/v1/admin/status")
    }
    #expect(after.policyVersion != before.policyVersion)
    await city.end()
  }

  @Test("of reloads at the same time, what was written last is in force, and each answer names a set that was written")
  func together() async throws {
    let city = try await City()
    let original = try String(contentsOfFile: city.folder + "/policies/organisation.yaml", encoding: .utf8)
    for round in 0..<5 {
      try await withThrowingTaskGroup(of: PolicyReloaded.self) { group in
        for number in 0..<8 {
          try rewrite(city, "organisation.yaml") { _ in original + "# round \(round), number \(number)\n" }
          group.addTask { try await reload(city) }
        }
        for try await answer in group { #expect(answer.faultsEn.isEmpty) }
      }
      let last = try await reload(city)
      #expect(!last.changed, "the set that was written last was already in force")
    }
    await city.end()
  }

  @Test("the turnstile lets one through at a time, in order, also after one that failed")
  func turnstile() async throws {
    struct Fell: Error {}
    let turnstile = Turnstile()
    let passed = Passed()
    let entered = AsyncStream<Void>.makeStream()
    let held = AsyncStream<Void>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await turnstile.pass {
          entered.continuation.finish()
          for await _ in held.stream {}
        }
      }
      for await _ in entered.stream {}
      for number in 0..<20 {
        group.addTask {
          do {
            try await turnstile.pass {
              let inside = passed.state.withLock { state in
                state.inside += 1
                state.order.append(number)
                return state.inside
              }
              #expect(inside == 1)
              await Task.yield()
              passed.state.withLock { $0.inside -= 1 }
              if number == 3 { throw Fell() }
            }
          } catch is Fell { #expect(number == 3) }
        }
        while turnstile.waiting <= number { await Task.yield() }
      }
      #expect(passed.state.withLock { $0.order.isEmpty }, "nobody passes while one is inside")
      held.continuation.finish()
      try await group.waitForAll()
    }
    #expect(passed.state.withLock { $0.order } == Array(0..<20))
  }

  private final class Passed: Sendable {
    let state = Mutex<(inside: Int, order: [Int])>((0, []))
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
