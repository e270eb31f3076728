import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Testing

/// A waiver in a file counts only when the operators it names have signed exactly it.
@Suite("Waivers", .serialized)
struct WaiverTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let suzuki = Administrator(id: "suzuki", person: "p-000002")

  // MARK: A city with an introduction phase

  private func day(_ city: City, _ offset: Int) -> String {
    let seconds = Double(city.clock.now().wallMilliseconds) / 1000 + 32_400 + Double(offset) * 86_400
    return Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day().dateSeparator(.dash))
  }

  /// Card alone is enough at logon, for the phase; the rest stays as shipped.
  private func introduce(_ city: City, approvers: String = "yamada", until: Int = 30, reason: String = "導入中") throws {
    let name = city.segment.name + ".yaml"
    let shipped = try String(contentsOfFile: Repository.root + "/policies/" + name, encoding: .utf8)
    let text =
      shipped.replacingOccurrences(of: "\nlogon:\n", with: "\nlogon:\n  - card\n")
      + "waivers:\n  - {waiver: introduction-phase, from: \(day(city, 0)), until: \(day(city, until)), "
      + "approvers: [\(approvers)], reason: \(reason)}\n"
    try text.write(toFile: city.folder + "/policies/" + name, atomically: true, encoding: .utf8)
  }

  private func reload(_ city: City) async throws -> PolicyReloaded {
    let answer = try await city.link.request("POST", "/v1/admin/policy/reload")
    return try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body))
  }

  private func waivers(_ city: City) async throws -> [WaiverSummary] {
    try await city.link.fetch("/v1/admin/policy/waivers")
  }

  private func parameters(_ waiver: WaiverSummary) -> [String: String] {
    [
      "hash": waiver.hash, "segment": waiver.segment, "waiver": waiver.waiver, "from": waiver.from, "until": waiver.until,
      "approvers": waiver.approvers.joined(separator: ","), "reason": waiver.reason,
    ]
  }

  private func act(_ city: City, _ waiver: WaiverSummary, by name: String = "yamada") throws -> Act {
    try city.act("policy.waiver.approve", parameters(waiver), by: name)
  }

  private func send(_ city: City, _ signed: SignedAct, to what: String = "approve") async throws -> Int {
    let body = Array(try JSONEncoder().encode(WaiverAct(act: Data(signed.encoded))))
    return try await city.link.request("POST", "/v1/admin/policy/waivers/" + what, body: body).status
  }

  private func with(_ signed: SignedAct, _ approvals: Approval...) -> SignedAct {
    SignedAct(act: signed.act, scheme: signed.scheme, signature: signed.signature, approvals: approvals)
  }

  private func withdraw(_ city: City, _ hash: String) throws -> SignedAct {
    try city.sign(city.act("policy.waiver.withdraw", ["hash": hash]))
  }

  // MARK: One approver

  @Test("inert until its approver has signed it; then it holds, is marked in the row and stands in the warnings")
  func one() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato, slot: "9e", refusedWithoutPIN: false)
    try introduce(city)
    let loaded = try await reload(city)
    #expect(loaded.changed && loaded.warningsEn.contains { $0.contains("PF417") })
    #expect(try await pc.open().ceremony.combinations == [["card", "pin"], ["card", "password"], ["password", "code"]])
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP110")
    let waiver = try #require(try await waivers(city).first)
    #expect(waiver.state == "unsigned" && waiver.missing == ["yamada"] && waiver.signedBy.isEmpty && waiver.isWithinDates)

    #expect(try await send(city, city.sign(act(city, waiver))) == 200)
    let approved = try #require(try await waivers(city).first)
    #expect(approved.state == "approved" && approved.signedBy == ["yamada"] && approved.missing == [] && approved.act != nil)
    #expect(try await pc.open().ceremony.combinations.contains(["card"]))
    #expect(try await pc.enter(card).rule == "lgwan.yaml:17")
    let row = try #require(try await city.audit("class=ceremony").last { $0.outcome == "granted" })
    #expect(row.waivers == ["introduction-phase@" + waiver.hash.prefix(16)])
    let act = try #require(try await city.audit("class=administration").last { $0.action == "policy.waiver.approved" })
    #expect(act.outcome == "done" && act.operatorID == "yamada" && act.segment == "lgwan")
    #expect(act.note.contains(waiver.hash) && act.note.contains(approved.act ?? "-") && act.note.contains("signed by yamada"))
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.contains("PF411") } && !status.warningsEn.contains { $0.contains("PF417") })
    await city.end()
  }

  @Test("a day longer is another waiver and needs new signatures; the old one counts again when it is written again")
  func changed() async throws {
    let city = try await City()
    try introduce(city)
    _ = try await reload(city)
    let first = try #require(try await waivers(city).first)
    #expect(try await send(city, city.sign(act(city, first))) == 200)
    try introduce(city, until: 31)
    _ = try await reload(city)
    let second = try #require(try await waivers(city).first)
    #expect(second.hash != first.hash && second.state == "unsigned")
    #expect(try await send(city, city.sign(act(city, first))) == 404, "what no file says is not approved")
    try introduce(city)
    _ = try await reload(city)
    #expect(try await waivers(city).map(\.state) == ["approved"])
    await city.end()
  }

  @Test("the approval outlives the server, and is judged again by what is stored")
  func restart() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    _ = try await city.workstation("LGWAN-PC-0042")
    _ = try await city.enrolCard(sato, slot: "9e", refusedWithoutPIN: false)
    try introduce(city)
    _ = try await reload(city)
    let waiver = try #require(try await waivers(city).first)
    #expect(try await send(city, city.sign(act(city, waiver))) == 200)
    try await city.restart()
    #expect(try await waivers(city).map(\.state) == ["approved"])
    let answer: ExplainAnswer = try await city.link.call(
      "POST", "/v1/admin/explain", ExplainRequest(person: sato, workstation: "LGWAN-PC-0042", scenario: nil, at: nil))
    #expect(answer.tries.first { $0.factors == ["card"] }?.outcome == "granted")
    await city.end()
  }

  @Test("what is refused leaves the waiver unsigned, and a row")
  func refusals() async throws {
    let city = try await City()
    #expect(try await city.register(suzuki) == 201)
    let desk = Administrator(id: "desk", person: "p-000003")
    #expect(try await city.register(desk, role: "desk", by: [suzuki]) == 201)
    let auditor = Administrator(id: "audit", person: "p-000004")
    #expect(try await city.register(auditor, role: "auditor", by: [suzuki]) == 201)
    try introduce(city)
    _ = try await reload(city)
    let waiver = try #require(try await waivers(city).first)
    let right = try act(city, waiver)

    var bent = try city.sign(right).signature
    bent[3] ^= 1
    #expect(try await send(city, SignedAct(act: right, scheme: .ed25519, signature: bent)) == 403, "signature")
    let elsewhere = try Act(
      kind: right.kind, operatorID: right.operatorID, instance: InstanceID(parsing: "mynumber-1"), nonce: right.nonce,
      issuedAt: right.issuedAt, parameters: right.parameters)
    #expect(try await send(city, city.sign(elsewhere)) == 403, "another instance")
    for (age, status) in [(24 * 3_600_000 + 60_000, 403), (-11 * 60_000, 403)] as [(Int64, Int)] {
      let old = try Act(
        kind: right.kind, operatorID: right.operatorID, instance: right.instance, nonce: right.nonce,
        issuedAt: right.issuedAt - age, parameters: right.parameters)
      #expect(try await send(city, city.sign(old)) == status, "an act of another day")
    }
    for change in [
      ["reason": "その他"], ["until": "2030-01-01"], ["approvers": "suzuki"], ["extra": "1"], ["segment": "mynumber"],
    ] {
      let other = try city.act(right.kind, right.parameters.merging(change) { $1 })
      #expect(try await send(city, city.sign(other)) == 403, "not what the file says")
    }
    let unknown = try city.act(right.kind, right.parameters.merging(["hash": String(repeating: "0", count: 64)]) { $1 })
    #expect(try await send(city, city.sign(unknown)) == 404, "a hash of nothing")
    #expect(try await send(city, city.sign(city.act("operator.register", right.parameters))) == 403, "another kind")
    #expect(try await send(city, suzuki.sign(act(city, waiver, by: "suzuki"))) == 403, "an administrator whom nobody named")
    #expect(try await send(city, with(city.sign(right), suzuki.approval(right))) == 403, "one more than named")
    #expect(
      try await city.link.request("POST", "/v1/admin/policy/waivers/approve", body: Array(#"{"act":"AAAA"}"#.utf8)).status
        == 400)
    #expect(try await waivers(city).map(\.state) == ["unsigned"])
    let rows = try await city.audit("class=administration&action=policy.waiver.approved")
    #expect(rows.count == 13 && rows.allSatisfy { $0.outcome == "refused" && !$0.note.isEmpty })

    // Named in the file, and not an administrator.
    for other in [desk, auditor] {
      try introduce(city, approvers: "yamada, \(other.id)")
      _ = try await reload(city)
      let named = try #require(try await waivers(city).first)
      let act = try act(city, named)
      #expect(try await send(city, with(city.sign(act), other.approval(act))) == 403, "\(other.id)")
      #expect(try await waivers(city).map(\.state) == ["unsigned"])
    }
    await city.end()
  }

  @Test("withdrawn by one administrator it ends at once, and its old act does not bring it back")
  func withdrawn() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato, slot: "9e", refusedWithoutPIN: false)
    try introduce(city)
    _ = try await reload(city)
    let waiver = try #require(try await waivers(city).first)
    #expect(try await send(city, withdraw(city, waiver.hash), to: "withdraw") == 404, "nothing to withdraw")
    let approval = try city.sign(act(city, waiver))
    #expect(try await send(city, approval) == 200)
    #expect(try await send(city, approval) == 409, "an act is carried out once")
    let session = try await pc.enter(card)
    _ = try await pc.end("logoff", session.session)
    #expect(try await send(city, approval, to: "withdraw") == 403, "consent is not its opposite")
    let bare = try withdraw(city, waiver.hash)
    #expect(
      try await send(city, SignedAct(act: bare.act, scheme: .ed25519, signature: approval.signature), to: "withdraw") == 403)
    #expect(try await waivers(city).map(\.state) == ["approved"])

    #expect(try await send(city, bare, to: "withdraw") == 200)
    #expect(try await waivers(city).map(\.state) == ["unsigned"])
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP110")
    #expect(try await send(city, approval) == 409)
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP110")
    let row = try #require(try await city.audit("action=policy.waiver.withdrawn").last { $0.outcome == "done" })
    #expect(row.operatorID == "yamada" && row.note.contains(waiver.hash))
    #expect(try await send(city, city.sign(act(city, waiver))) == 200, "a new consent")
    #expect(try await pc.enter(card).segment == "lgwan")
    await city.end()
  }

  // MARK: Two people

  @Test("in My Number two people sign with two keys; one alone, one twice, or one key for two is not enough")
  func two() async throws {
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    #expect(try await city.register(suzuki) == 201)
    let shadow = Administrator(id: "yamada2", person: "p-000001")
    #expect(try await city.register(shadow, by: [suzuki]) == 201)
    #expect(try await city.register(Administrator(key: suzuki.key, id: "tanaka", person: "p-000005"), by: [suzuki]) >= 400)
    let pc = try await city.workstation("MYNUMBER-PC-0007")
    let card = try await city.enrolCard(takahashi, slot: "9e", refusedWithoutPIN: false)

    try introduce(city, approvers: "yamada")
    #expect(try await reload(city).faultsEn.first?.contains("PF407") == true, "two names at least")
    try introduce(city, approvers: "yamada, yamada2")
    _ = try await reload(city)
    var waiver = try #require(try await waivers(city).first)
    var act = try act(city, waiver)
    #expect(try await send(city, with(city.sign(act), shadow.approval(act))) == 403, "two accounts of one person")

    try introduce(city, approvers: "yamada, suzuki")
    _ = try await reload(city)
    waiver = try #require(try await waivers(city).first)
    #expect(waiver.missing == ["yamada", "suzuki"])
    act = try self.act(city, waiver)
    let signed = try city.sign(act)
    let own = Administrator(key: city.operatorKey, id: "yamada", person: "p-000001")
    let borrowed = Administrator(key: city.operatorKey, id: "suzuki", person: "p-000002")
    #expect(try await send(city, signed) == 403, "one alone")
    #expect(try await send(city, with(signed, own.approval(act))) == 403, "the same person twice")
    #expect(try await send(city, with(signed, suzuki.approval(act), suzuki.approval(act))) == 403, "the same signature twice")
    #expect(try await send(city, with(signed, borrowed.approval(act))) == 403, "her name, and the proposer's key")
    #expect(try await send(city, with(signed, shadow.approval(act))) == 403, "not the two who are named")
    let other = try self.act(city, waiver)
    #expect(try await send(city, with(signed, suzuki.approval(other))) == 403, "consent to another act")
    #expect(try await send(city, suzuki.sign(self.act(city, waiver, by: "suzuki"))) == 403, "brought by who did not sign")
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP110")
    #expect(try await waivers(city).map(\.state) == ["unsigned"])

    #expect(try await send(city, with(signed, suzuki.approval(act))) == 200)
    #expect(try await waivers(city).first?.signedBy == ["yamada", "suzuki"])
    #expect(try await pc.enter(card).segment == "mynumber")
    await city.end()
  }
}
