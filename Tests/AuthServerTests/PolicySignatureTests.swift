import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Programs
import Testing

/// Rules that travel are believed by their signatures.
@Suite("Signed rules", .serialized)
struct PolicySignatureTests {
  private func change(_ city: City, _ line: String) throws {
    let path = city.folder + "/policies/organisation.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try (text + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func reload(_ city: City) async throws -> PolicyReloaded {
    let answer = try await city.link.request("POST", "/v1/admin/policy/reload")
    return try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body))
  }

  /// What a refusal row names: what would have to be signed.
  private func wanted(_ city: City) async throws -> [String: String] {
    let row = try #require(try await city.audit("class=administration&action=policy.refused").last)
    let words = row.note.split(separator: " ").map(String.init)
    var parameters = ["version": try #require(words.first { $0.count == 64 })]
    for (name, hash) in zip(words, words.dropFirst()) where ["applications", "cards"].contains(name) { parameters[name] = hash }
    #expect(parameters.values.allSatisfy { $0.count == 64 })
    return parameters
  }

  private func path(_ city: City, _ application: String) -> String {
    "\(city.folder)/policies/applications/\(application).yaml"
  }

  private func put(_ city: City, _ signed: SignedAct, as name: String = "lgwan-1") throws {
    try Data(signed.encoded).write(to: URL(fileURLWithPath: city.folder + "/policies/\(name).signed"))
  }

  @Test("unsigned rules are refused with a row and the old ones stay; signed for this instance they come into force")
  func signed() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let before: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    try change(city, "# a new version")
    let refused = try await reload(city)
    #expect(!refused.changed && refused.policyVersion == before.policyVersion)
    #expect(refused.faultsJa.count == 1 && refused.faultsEn.first?.contains("sanmon policy sign") == true)
    let wanted = try await wanted(city)
    let version = try #require(wanted["version"])
    #expect(version != before.policyVersion && wanted.count == 3)

    // A right signature over another set, for another instance, of another kind, or by nobody known.
    let over = wanted.merging(["version": before.policyVersion]) { $1 }
    try put(city, city.sign(city.act("policy.sign", over)))
    #expect(try await reload(city).faultsEn.count == 1)
    let elsewhere = try Act(
      kind: "policy.sign", operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "mynumber-1"),
      nonce: City.random(32), issuedAt: city.clock.now().wallMilliseconds, parameters: wanted)
    try put(city, city.sign(elsewhere))
    #expect(try await reload(city).faultsEn.count == 1)
    try put(city, city.sign(city.act("policy.waiver.withdraw", wanted)))
    #expect(try await reload(city).faultsEn.count == 1)
    let stranger = Administrator(id: "yamada", person: "p-000001")
    try put(city, stranger.sign(city.act("policy.sign", wanted)))
    #expect(try await reload(city).faultsEn.count == 1)
    try Data("rubbish".utf8).write(to: URL(fileURLWithPath: city.folder + "/policies/lgwan-1.signed"))
    #expect(try await reload(city).faultsEn.count == 1)
    #expect(try await reload(city).policyVersion == before.policyVersion)

    try put(city, city.sign(city.act("policy.sign", wanted)))
    let accepted = try await reload(city)
    #expect(accepted.policyVersion == version && accepted.faultsEn.isEmpty)
    let rows = try await city.audit("class=administration&action=policy.accepted")
    #expect(
      rows.last?.policyVersion == version
        && rows.last?.note
          == "signed by yamada; applications \(wanted["applications"] ?? ""); cards \(wanted["cards"] ?? "")"
    )
    await city.end()
  }

  @Test("two signatures mean two people; the same one twice is refused")
  func twoPeople() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 2\n" })
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    try change(city, "# a new version")
    #expect(try await !reload(city).changed)
    let wanted = try await wanted(city)
    let act = try city.act("policy.sign", wanted)
    let signed = try city.sign(act)
    func with(_ approvals: [Approval]) -> SignedAct {
      SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: approvals)
    }
    try put(city, signed)
    #expect(try await !reload(city).changed, "one is not two")
    let own = try Administrator(key: city.operatorKey, id: "yamada", person: "p-000001").approval(act)
    try put(city, with([own]))
    #expect(try await !reload(city).changed, "the same person twice")
    try put(city, with([try suzuki.approval(act)]))
    #expect(try await reload(city).policyVersion == wanted["version"])
    await city.end()
  }

  @Test("a start over unsigned rules is refused; over the rules that were in force it is not, even when their signer has left")
  func start() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    try await city.restart()
    try change(city, "# a new version")
    #expect(try await !reload(city).changed)
    let wanted = try await wanted(city)
    let version = try #require(wanted["version"])
    try put(city, suzuki.sign(city.act("policy.sign", wanted, by: "suzuki")))
    #expect(try await reload(city).policyVersion == version)
    let leave = try city.sign(city.act("operator.revoke", ["operator": "suzuki"]))
    let body = Array(try JSONEncoder().encode(OperatorRemoval(act: Data(leave.encoded))))
    #expect(try await city.link.request("POST", "/v1/admin/operators/suzuki/remove", body: body).status == 200)
    try await city.restart()
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.policyVersion == version, "accepted once, rightly")
    await #expect(throws: StartFault.self) { try await city.restart { _ in try change(city, "# by nobody") } }
    await city.end()
  }

  @Test("a file of an application counts like a rule: changed, added or gone without a signature, nothing changes")
  func applications() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let before: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    func states() async throws -> [String] {
      let all: [ApplicationSummary] = try await city.link.fetch("/v1/admin/vault/applications")
      return all.map(\.application)
    }
    let shipped = try await states()
    let ledger = try String(contentsOfFile: path(city, "ledger"), encoding: .utf8)
    func isRefused() async throws -> Bool {
      let answer = try await reload(city)
      return !answer.changed && answer.policyVersion == before.policyVersion
        && answer.faultsEn.first?.contains("sanmon policy sign") == true
    }
    func sign() async throws {
      let wanted = try await wanted(city)
      #expect(wanted["version"] == before.policyVersion, "the rules are as they were")
      try put(city, city.sign(city.act("policy.sign", wanted)))
    }

    // Changed: even where it means the same.
    try (ledger + "# the same\n").write(toFile: path(city, "ledger"), atomically: true, encoding: .utf8)
    #expect(try await isRefused())
    // What was signed before there was anything to sign over applications.
    try put(city, city.sign(city.act("policy.sign", ["version": before.policyVersion])))
    #expect(try await isRefused())
    try await sign()
    #expect(try await reload(city).changed)
    let evil = ledger.replacing("ledger.sanmon.example", with: "ledger.evil.example")
    try evil.write(toFile: path(city, "ledger"), atomically: true, encoding: .utf8)
    #expect(try await isRefused(), "the old signature is not over this")

    // Added.
    try (ledger + "# the same\n").write(toFile: path(city, "ledger"), atomically: true, encoding: .utf8)
    #expect(try await !reload(city).changed)
    let second = ledger.replacing("application: ledger", with: "application: second").replacing(
      "ledger.sanmon.example", with: "second.sanmon.example")
    try second.write(toFile: path(city, "second"), atomically: true, encoding: .utf8)
    #expect(try await isRefused())
    #expect(try await states() == shipped)
    try await sign()
    #expect(try await isRefused(), "one more application is more than before: two people")
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    let act = try city.act("policy.sign", await wanted(city))
    let alone = try city.sign(act)
    try put(
      city,
      SignedAct(act: act, scheme: alone.scheme, signature: alone.signature, approvals: [try suzuki.approval(act)]))
    #expect(try await reload(city).changed)
    #expect(try await states() == (shipped + ["second"]).sorted())

    // Gone: one, and all.
    try FileManager.default.removeItem(atPath: path(city, "second"))
    #expect(try await isRefused())
    try FileManager.default.removeItem(atPath: city.folder + "/policies/applications")
    #expect(try await isRefused())
    #expect(try await states() == (shipped + ["second"]).sorted(), "what was in force stays in force")
    try await sign()
    #expect(try await reload(city).changed)
    #expect(try await states().isEmpty)
    let rows = try await city.audit("class=administration&action=policy.accepted")
    #expect(rows.last?.note.hasPrefix("signed by yamada; cards ") == true)
    await city.end()
  }

  @Test(
    "what was accepted before signatures were over applications, or over cards, still starts, once, and counts as it was found",
    arguments: [(1, "applications and cards"), (2, "cards")])
  func formerVersion(kept: Int, found: String) async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    try await city.restart { database in
      let select = "SELECT CAST(value AS TEXT) FROM settings WHERE name = 'policy.accepted'"
      let mark = try await Program.running(["sqlite3", database, select]).output
      let former = mark.split(whereSeparator: \.isWhitespace).prefix(kept).joined(separator: " ")
      let changed = try await Program.running([
        "sqlite3", database, "UPDATE settings SET value = CAST('\(former)' AS BLOB) WHERE name = 'policy.accepted'",
      ])
      try #require(changed.status == 0)
    }
    let rows = try await city.audit("class=administration&action=policy.accepted")
    #expect(rows.last?.note.hasPrefix("the rules were signed; their \(found) were found beside them") == true)
    #expect(rows.last?.note.contains("; applications ") == true && rows.last?.note.contains("; cards ") == true)
    await #expect(throws: StartFault.self) {
      try await city.restart { _ in try FileManager.default.removeItem(atPath: path(city, "sanitiser")) }
    }
    await city.end()
  }

  @Test("a file of a card that was changed, added or taken away is refused until it is signed; a wrong one refuses the set")
  func cards() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let path = city.folder + "/policies/cards/felica-lite-s.yaml"
    let shipped = try String(contentsOfFile: path, encoding: .utf8)
    func isRefused() async throws -> Bool {
      let answer = try await reload(city)
      return !answer.changed && answer.faultsEn.count == 1 && answer.faultsEn.first?.contains("sanmon policy sign") == true
    }
    try (shipped + "# the same\n").write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try await isRefused())
    var parameters = try await wanted(city)
    let whole = parameters
    parameters["cards"] = nil
    try put(city, city.sign(city.act("policy.sign", parameters)))
    #expect(try await isRefused(), "a signature that says nothing of cards")
    try put(city, city.sign(city.act("policy.sign", whole)))
    #expect(try await reload(city).changed)
    try FileManager.default.removeItem(atPath: path)
    #expect(try await isRefused())
    let wrong = shipped.replacing("proof: sym-3des", with: "proof: pk")
    try wrong.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try await reload(city).faultsEn.first?.contains("CP003") == true)
    await city.end()
  }

  @Test("a start over other files of applications is refused, with the same rules")
  func startWithOtherApplications() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    try await city.restart()
    await #expect(throws: StartFault.self) {
      try await city.restart { _ in
        try FileManager.default.removeItem(atPath: path(city, "sanitiser"))
      }
    }
    await city.end()
  }
}
