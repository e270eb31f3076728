import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Programs
import Testing
import VaultLink

/// Alarms of the vault and a city's card key that goes, over the operators' routes; what the vault does stands in its own tests.
@Suite("what administrators say of the vault's alarms and keys", .serialized)
struct VaultAlarmTests {
  private func send(_ city: City, _ path: String, _ act: SignedAct, over link: ServerConnection? = nil) async throws -> Int {
    let body = Array(try JSONEncoder().encode(VaultActMessage(act: Data(act.encoded))))
    return try await (link ?? city.link).request("POST", path, body: body).status
  }

  private func page(_ city: City, all: Bool = false) async throws -> VaultAlarmPage {
    try await city.link.fetch("/v1/admin/vault/alarms" + (all ? "?all=1" : ""))
  }

  private func alarms(_ city: City) async throws -> [VaultAlarmSummary] { try await page(city).alarms }

  private func open(_ city: City) async throws -> UInt64? {
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    return status.vaultAlarms
  }

  /// Somebody asks the vault past the server for a checkpoint of another log.
  private func raise(_ city: City) async throws {
    let vault = VaultLink(socket: city.folder + "/vault.sock")
    for (size, byte) in [(UInt64(5), UInt8(1)), (1, 2)] {
      let request = CheckpointRequest(size: size, root: [UInt8](repeating: byte, count: 32), oldSize: 0, proof: [])
      _ = try? await vault.signCheckpoint(request)
    }
  }

  private func seeing(
    _ city: City, _ alarm: VaultAlarmSummary, by name: String = "yamada", changing: (inout [String: String]) -> Void = { _ in }
  ) throws -> SignedAct {
    var parameters = [
      "alarm": String(alarm.number), "action": alarm.action, "times": String(alarm.times), "reason": "asked by hand, a drill",
    ]
    changing(&parameters)
    return try city.sign(city.act(Act.Kind.seeAlarm, parameters, by: name))
  }

  @Test("the list, one that is seen, and the status that then has none; rows say who and why; again, unknown, malformed")
  func seen() async throws {
    let city = try await City()
    #expect(try await open(city) == 0)
    #expect(try await alarms(city).isEmpty)
    try await raise(city)
    let alarm = try #require(try await alarms(city).first)
    #expect(alarm.action == "checkpoint.contradicts" && alarm.times >= 1 && alarm.seenBy == nil && alarm.firstAt > 0)
    #expect(try await open(city) == UInt64(alarm.times))
    let path = "/v1/admin/vault/alarms"
    #expect(try await send(city, path, seeing(city, alarm) { $0["times"] = "99" }) == 404)
    #expect(try await send(city, path, seeing(city, alarm) { $0["alarm"] = "77" }) == 404)
    #expect(try await send(city, path, seeing(city, alarm) { $0["alarm"] = "x" }) == 400)
    #expect(try await send(city, path, seeing(city, alarm) { $0["reason"] = "a\u{202E}b" }) == 400)
    #expect(try await send(city, path, seeing(city, alarm) { $0["reason"] = "" }) == 403)
    #expect(try await send(city, path, seeing(city, alarm, by: "suzuki")) == 400, "brought by another than who signed")
    #expect(try await open(city) == UInt64(alarm.times))
    #expect(try await send(city, path, seeing(city, alarm)) == 200)
    #expect(try await send(city, path, seeing(city, alarm)) == 409)
    #expect(try await open(city) == 0)
    #expect(try await page(city) == VaultAlarmPage(alarms: [], more: 0), "the open ones alone, unless all are asked for")
    let kept = try await page(city, all: true).alarms
    #expect(kept.map(\.number) == [alarm.number] && kept[0].seenBy == "yamada" && kept[0].reason == "asked by hand, a drill")
    #expect((kept[0].seenAt ?? 0) >= alarm.firstAt)
    let rows = try await city.audit("class=administration&action=vault.alarm.seen")
    #expect(rows.allSatisfy { $0.operatorID == "yamada" } && rows.last?.note.contains("asked by hand, a drill") == true)
    await city.end()
  }

  @Test("more than one answer holds: the newest first, the others counted, and the answer is one that a client reads")
  func many() async throws {
    let city = try await City()
    let made = try await Program.running([
      "sqlite3", city.folder + "/vault/vault.sqlite",
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
        INSERT INTO raised_alarms(action, note, times, first_at, last_at, seen_by, seen_at, reason)
        SELECT 'register.damaged', printf('%d ', i) || substr(replace(hex(zeroblob(250)), '00', '\"\\'), 1, 490), 1, i, i,
          iif(i <= 10, 'yamada', NULL), iif(i <= 10, i, NULL), iif(i <= 10, 'a drill', NULL) FROM n
      """,
    ])
    #expect(made.status == 0, "\(made.errors)")
    let unseen = try await page(city)
    #expect(unseen.alarms.map(\.number) == (45...300).reversed().map { Int64($0) })
    #expect(unseen.more == 34 && unseen.alarms.allSatisfy { $0.seenBy == nil })
    let all = try await page(city, all: true)
    #expect(all.alarms.count == VaultAlarmPage.most && all.alarms.first?.number == 300 && all.more == 44)
    #expect(try await city.link.request("GET", "/v1/admin/vault/alarms?all=2").status == 400)
    await city.end()
  }

  @Test("an auditor and the desk read the list, and neither says that an alarm was seen")
  func roles() async throws {
    let office = try await OperatorCity()
    let city = office.city
    _ = try await city.importPeople()
    try await raise(city)
    let alarm = try #require(try await alarms(city).first)
    let desk = try await office.connect(office.newOperator(role: "desk").identity)
    let listed: VaultAlarmPage = try await desk.fetch("/v1/admin/vault/alarms")
    #expect(listed == VaultAlarmPage(alarms: [alarm], more: 0))
    #expect(try await send(city, "/v1/admin/vault/alarms", seeing(city, alarm), over: desk) == 403)
    #expect(try await alarms(city) == [alarm])
    desk.close()
    await city.end()
  }

  @Test(
    "a card key with cards goes only by two who signed their number; then such a card is refused, and the key is not listed")
  func cardKey() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    let suzuki = try await city.keepCardKey(.desfireEV2)
    let card = try SharedTestCard(.desfireEV2)
    let registered = try await city.enrolShared(card, for: "p-000042")
    let pc = try await city.workstation("LGWAN-PC-0042")
    func keys() async throws -> [VaultCardKeySummary] { try await city.link.fetch("/v1/admin/vault/card-keys") }
    func remove(_ script: String = "desfire-ev2", cards: String, second: Bool = true) async throws -> Int {
      let act = try city.act(Act.Kind.removeCardKey, ["script": script, "cards": cards])
      let signed = try city.sign(act)
      return try await send(
        city, "/v1/admin/vault/card-keys/removal",
        SignedAct(
          act: act, scheme: signed.scheme, signature: signed.signature, approvals: second ? [try suzuki.approval(act)] : []))
    }
    #expect(try await keys().map(\.cards) == [1])
    #expect(try await remove(cards: "1", second: false) == 403)
    #expect(try await remove(cards: "0") == 409)
    #expect(try await remove(cards: "2") == 409)
    #expect(try await remove("no-such-card", cards: "1") == 404)
    #expect(try await remove("A b", cards: "1") == 400)
    // A card that never comes back does not count; one that may is still counted.
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(registered.card)/state", CardStateChange(state: "suspended", reason: ""))
    #expect(try await keys().map(\.cards) == [1])
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(registered.card)/state", CardStateChange(state: "active", reason: ""))
    #expect(try await remove(cards: "1") == 200)
    #expect(try await keys().isEmpty)
    #expect(try await remove(cards: "1") == 404)
    let opened = try await pc.open()
    #expect(try await refusal { try await pc.round(opened, card) }?.body.code == "AP100")
    let row = try #require(try await city.audit("class=administration&action=vault.cardkey.remove").last)
    #expect(row.note.hasPrefix("desfire-ev2, registered 1 act ") && row.operatorID == "yamada")
    await city.end()
  }

  @Test(
    "the tool says that the number of cards is another one now, and not that a second try would do",
    .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
  func cardKeyByTool() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    let suzuki = try await city.keepCardKey(.desfireEV2)
    let file = city.folder + "/gone.act"
    let act = try city.act(Act.Kind.removeCardKey, ["script": "desfire-ev2", "cards": "0"])
    let signed = try city.sign(act)
    let whole = SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try suzuki.approval(act)])
    try Data(whole.encoded).write(to: URL(filePath: file))
    // Registered after both have signed.
    _ = try await city.enrolShared(SharedTestCard(.desfireEV2), for: "p-000042")
    for (language, sentence) in [("C.UTF-8", "than both have signed"), ("ja_JP.UTF-8", "署名のときと変わりました")] {
      let ran = try await ToolProcess.started(
        ["vault", "card-key", "remove", "desfire-ev2", "--act", file, "--socket", city.folder + "/operator.sock"],
        environment: ["LC_ALL": language])
      #expect(ran.status == 1 && ran.errors.contains(sentence) && !ran.errors.contains("HT409"), "\(ran.errors)")
    }
    let kept: [VaultCardKeySummary] = try await city.link.fetch("/v1/admin/vault/card-keys")
    #expect(kept.map(\.cards) == [1])
    await city.end()
  }
}
