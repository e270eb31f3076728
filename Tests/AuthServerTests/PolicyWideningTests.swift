import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Programs
import Testing

/// Nobody widens access alone where rules are signed.
@Suite("Rules that widen", .serialized)
struct PolicyWideningTests {
  private func rewrite(_ city: City, _ change: (String) -> String) throws {
    let path = city.folder + "/policies/lgwan.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let changed = change(text)
    try #require(changed != text)
    try changed.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func reload(_ city: City) async throws -> PolicyReloaded {
    let answer = try await city.link.request("POST", "/v1/admin/policy/reload")
    return try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body))
  }

  private func pending(_ city: City) async throws -> PolicyPending { try await city.link.fetch("/v1/admin/policy/pending") }

  /// What the last refusal row says would have to be signed.
  private func wanted(_ city: City) async throws -> [String: String] {
    let row = try #require(try await city.audit("class=administration&action=policy.refused").last)
    let words = row.note.split(separator: " ").map(String.init)
    var parameters = ["version": try #require(words.first { $0.count == 64 })]
    for (name, hash) in zip(words, words.dropFirst()) where ["applications", "cards"].contains(name) { parameters[name] = hash }
    return parameters
  }

  private func put(_ city: City, _ act: Act, _ approvals: [Approval]) throws {
    let signed = try city.sign(act)
    let whole = SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: approvals)
    try Data(whole.encoded).write(to: URL(fileURLWithPath: city.folder + "/policies/lgwan-1.signed"))
  }

  @Test("a set that widens waits for a second administrator; what it changes is said, and nothing changes before")
  func twoPeople() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    let before = try await pending(city)
    #expect(!before.isPending && before.folderVersion == before.policyVersion && before.changes.isEmpty)

    try rewrite(city) { $0.replacing("at-once: 2", with: "at-once: 3") }
    let refused = try await reload(city)
    #expect(!refused.changed && refused.policyVersion == before.policyVersion)
    #expect(refused.changes?.map(\.effect) == ["widening"])
    #expect(refused.changes?.first?.en == "LGWAN segment: workstations at once: 3 instead of 2")
    #expect(refused.faultsEn.first?.contains("two administrators") == true)
    #expect(refused.faultsJa.first?.contains("二人") == true && refused.faultsJa.first?.contains("sanmon policy sign") == true)

    let act = try city.act("policy.sign", await wanted(city))
    try put(city, act, [])
    #expect(try await !reload(city).changed, "one administrator is not enough")
    let waiting = try await pending(city)
    #expect(waiting.isPending && waiting.signaturesNeeded == 2 && waiting.signers == ["yamada"])
    #expect(waiting.changes == refused.changes && waiting.folderVersion == act.parameters["version"])
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.policyVersion == before.policyVersion)
    let own = try Administrator(key: city.operatorKey, id: "yamada", person: "p-000001").approval(act)
    try put(city, act, [own])
    #expect(try await !reload(city).changed, "the same person twice")
    #expect(try await pending(city).signers == [])

    try put(city, act, [try suzuki.approval(act)])
    let taken = try await reload(city)
    #expect(taken.policyVersion == act.parameters["version"])
    // The watch of the folder may have been first.
    #expect(!taken.changed || taken.changes == refused.changes)
    let row = try #require(try await city.audit("class=administration&action=policy.loaded").last)
    #expect(row.note.contains("1 widening: lgwan.yaml:"))
    #expect(try await !pending(city).isPending)
    await city.end()
  }

  @Test("a set found by the watch of the folder waits as well, and comes into force by itself once the second one has signed")
  func watched() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    let before = try await pending(city).policyVersion
    try rewrite(city) { $0.replacing("lease-minutes: 15", with: "lease-minutes: 20") }
    var rows = 0
    for _ in 0..<900 where rows == 0 {
      try await Task.sleep(for: .milliseconds(100))
      rows = try await city.audit("class=administration&action=policy.refused").count
    }
    let waiting = try await pending(city)
    #expect(rows > 0 && waiting.isPending && waiting.policyVersion == before && waiting.signers == [])
    let act = try city.act("policy.sign", await wanted(city))
    try put(city, act, [try suzuki.approval(act)])
    var after = before
    for _ in 0..<900 where after == before {
      try await Task.sleep(for: .milliseconds(100))
      after = try await pending(city).policyVersion
    }
    #expect(after == act.parameters["version"])
    await city.end()
  }

  @Test(
    "what narrows goes live with one signature, and where no signatures are asked nothing waits, and the row says that it widens"
  )
  func alone() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    try rewrite(city) { $0.replacing("at-once: 2", with: "at-once: 1") }
    let refused = try await reload(city)
    #expect(!refused.changed && refused.changes?.map(\.effect) == ["narrowing"])
    #expect(try await pending(city).signaturesNeeded == 1)
    let act = try city.act("policy.sign", await wanted(city))
    try put(city, act, [])
    #expect(try await reload(city).policyVersion == act.parameters["version"])
    await city.end()

    let trusting = try await City()
    try rewrite(trusting) { $0.replacing("at-once: 2", with: "at-once: 3") }
    #expect(try await pending(trusting).signaturesNeeded == 0)
    let taken = try await reload(trusting)
    #expect(!taken.changed || taken.changes?.map(\.effect) == ["widening"])
    let rows = try await trusting.audit("class=administration&action=policy.loaded")
    #expect(rows.contains { $0.note.contains("1 widening") })
    await trusting.end()
  }

  @Test(
    "at a start nobody knows what a set replaces: another one than was accepted last needs two, and a wrong folder is shown")
  func start() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    try rewrite(city) { $0.replacing("at-once: 2", with: "at-once: 3") }
    #expect(try await !reload(city).changed)
    let act = try city.act("policy.sign", await wanted(city))
    try put(city, act, [try suzuki.approval(act)])
    try await city.restart()
    #expect(try await pending(city).policyVersion == act.parameters["version"])

    try rewrite(city) { $0.replacing("\nlogon:", with: "\nlogn:") }
    let wrong = try await pending(city)
    #expect(wrong.isPending && wrong.folderVersion == nil && wrong.changes.isEmpty && wrong.signers.isEmpty)
    #expect(wrong.faultsEn.first?.hasPrefix("lgwan.yaml:") == true && wrong.faultsJa.count == wrong.faultsEn.count)

    try rewrite(city) { $0.replacing("\nlogn:", with: "\nlogon:").replacing("at-once: 3", with: "at-once: 4") }
    #expect(try await !reload(city).changed)
    let alone = try city.act("policy.sign", await wanted(city))
    try put(city, alone, [])
    await #expect(throws: StartFault.self) { try await city.restart() }
    await city.end()
  }
}
