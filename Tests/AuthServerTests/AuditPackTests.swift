import AuditLog
import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

@Suite("packs for an auditor, from a running server", .serialized)
struct AuditPackTests {
  private static let packs = "/v1/admin/audit-packs"

  /// The pack as the tool writes it.
  private func read(_ city: City, _ opened: AuditPackOpened) async throws -> [UInt8] {
    let note = try SignedNote(parsing: opened.note)
    let size = try Checkpoint(parsing: note.text).size
    func proof(_ first: UInt64, _ end: UInt64, _ data: Data) throws -> RangeProof {
      let bytes = Array(data)
      let hashes = try stride(from: 0, to: bytes.count, by: 32).map { try TreeHash(parsing: bytes[$0..<$0 + 32]) }
      return try RangeProof(first: first, end: end, size: size, hashes: hashes)
    }
    let own = try proof(opened.exportRow, opened.exportRow + 1, opened.exportProof)
    var writer = try AuditPackWriter(
      note: note, export: ProvenRow(sequence: opened.exportRow, encoded: Array(opened.export), proof: own),
      rows: proof(opened.first, opened.end, opened.proof))
    var bytes = writer.head
    var next = opened.first
    while next < opened.end {
      let page: AuditPackRows = try await city.link.fetch("\(Self.packs)/\(opened.pack)/rows?from=\(next)")
      var reader = LengthPrefixedReader(page.rows, subject: "rows")
      try #require(!reader.isAtEnd)
      while !reader.isAtEnd {
        bytes += try writer.row(reader.field())
        next += 1
      }
    }
    bytes += try writer.tail()
    return bytes
  }

  private func check(_ bytes: [UInt8], key: String) throws -> AuditPackReport {
    var verifier = AuditPackVerifier(verifiers: [try NoteVerifier(vkey: key)])
    verifier.feed(bytes)
    return verifier.finish()
  }

  private func open(_ city: City, _ from: Int64, _ until: Int64, _ purpose: String = "四半期監査") async throws -> AuditPackOpened {
    try await city.link.call("POST", Self.packs, AuditPackRequest(from: from, until: until, purpose: purpose))
  }

  @Test("rows of a span, with both neighbours, under a checkpoint that covers the row of the export; the key fits")
  func sound() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    city.clock.advance(seconds: 3600)
    let from = city.clock.now().wallMilliseconds
    for _ in 0..<5 { _ = try await city.audit("limit=1") }
    city.clock.advance(seconds: 3600)
    let until = city.clock.now().wallMilliseconds
    for _ in 0..<2 { _ = try await city.audit("limit=1") }
    let opened = try await open(city, from, until)
    let report = try await check(read(city, opened), key: opened.verifierKey)
    #expect(report.isSound && report.rows >= 5, "\(report.findings)")
    #expect(opened.end - opened.first == report.rows + 2)
    #expect(report.order?.purpose == "四半期監査" && report.order?.from == from && report.order?.until == until)
    #expect(report.export?.record.operatorID?.text == "yamada")
    let row = try #require(try await city.audit("action=audit.pack").first)
    #expect(row.sequence == opened.exportRow && row.note.hasSuffix("四半期監査") && row.eventClass == "auditRead")

    // The same rows once more: another row of the export, another pack, as sound.
    let again = try await open(city, from, until, "inquiry 12")
    #expect(again.pack != opened.pack && again.exportRow > opened.exportRow)
    #expect(try await check(read(city, again), key: opened.verifierKey).rows == report.rows)
    await city.end()
  }

  @Test("a span without rows, one that begins before the first row, and one that reaches behind now")
  func edges() async throws {
    let city = try await City()
    city.clock.advance(seconds: 3600)
    let now = city.clock.now().wallMilliseconds
    let empty = try await open(city, now - 1800_000, now - 1700_000)
    var report = try await check(read(city, empty), key: empty.verifierKey)
    #expect(report.isSound && report.rows == 0, "\(report.findings)")
    let before = try await open(city, 0, 1)
    report = try await check(read(city, before), key: before.verifierKey)
    #expect(report.isSound && report.rows == 0 && before.first == 0 && before.end == 1, "\(report.findings)")
    city.clock.advance(seconds: 10)
    let all = try await open(city, 0, 253_402_300_799_999)
    report = try await check(read(city, all), key: all.verifierKey)
    #expect(report.isSound && report.rows == all.exportRow && all.first == 0, "\(report.findings)")
    #expect(report.order.map { $0.until <= city.clock.now().wallMilliseconds } == true)
    await city.end()
  }

  @Test("no purpose, no span, no such pack: refused, and nothing is in the log")
  func refused() async throws {
    let city = try await City()
    func status(_ from: Int64, _ until: Int64, _ purpose: String) async throws -> Int {
      let body = Array(try JSONEncoder().encode(AuditPackRequest(from: from, until: until, purpose: purpose)))
      return try await city.link.request("POST", Self.packs, body: body).status
    }
    for purpose in ["", "  ", "a\nb", "a\u{202E}b", String(repeating: "a", count: 501)] {
      #expect(try await status(0, 1, purpose) == 400, "\(purpose)")
    }
    #expect(try await status(1, 1, "x") == 400)
    #expect(try await status(2, 1, "x") == 400)
    #expect(try await status(-1, 1, "x") == 400)
    #expect(try await status(0, 253_402_300_800_000, "x") == 400)
    // It begins after now.
    #expect(try await status(253_402_300_000_000, 253_402_300_799_999, "x") == 400)
    #expect(try await city.audit("action=audit.pack").isEmpty)

    let opened = try await open(city, 0, 1)
    func rows(_ pack: String, _ from: String) async throws -> Int {
      try await city.link.request("GET", "\(Self.packs)/\(pack)/rows?from=\(from)").status
    }
    #expect(try await rows("k-0", "0") == 404)
    #expect(try await rows(opened.pack, "0") == 200)
    #expect(try await rows(opened.pack, String(opened.end)) == 200)
    #expect(try await rows(opened.pack, String(opened.end + 1)) == 404)
    #expect(try await rows(opened.pack, "x") == 400)
    #expect(try await rows(opened.pack, "0&until=9") == 400)
    // Void after a day, and after a restart.
    let other = try await open(city, 0, 1)
    city.clock.advance(seconds: 86_401)
    #expect(try await rows(opened.pack, "0") == 404)
    #expect(try await rows(other.pack, "0") == 404)
    let third = try await open(city, 0, 1)
    try await city.restart()
    #expect(try await rows(third.pack, "0") == 404)
    await city.end()
  }

  @Test("a desk gets none, an auditor her own, and nobody another's")
  func roles() async throws {
    let office = try await OperatorCity()
    _ = try await office.city.importPeople()
    let (desk, auditor) = (
      try OperatorTestCard(.p256, of: office.authority), try OperatorTestCard(.p256, of: office.authority)
    )
    try await office.register(desk, as: "desk", person: "p-000002", role: "desk")
    try await office.register(auditor, as: "auditor", person: "p-000003", role: "auditor")
    let (desks, auditors) = (try await office.connect(desk.identity), try await office.connect(auditor.identity))
    let asked = AuditPackRequest(from: 0, until: 1, purpose: "x")
    #expect(try await desks.request("POST", Self.packs, body: Array(JSONEncoder().encode(asked))).status == 403)
    #expect(try await office.city.audit("action=audit.pack").isEmpty)
    let opened: AuditPackOpened = try await auditors.call("POST", Self.packs, asked)
    let rows = "\(Self.packs)/\(opened.pack)/rows?from=\(opened.first)"
    #expect(try await auditors.request("GET", rows).status == 200)
    #expect(try await desks.request("GET", rows).status == 403)
    #expect(try await office.city.link.request("GET", rows).status == 404)
    #expect(try await office.city.audit("action=audit.pack").map(\.operatorID) == ["auditor"])
    desks.close()
    auditors.close()
    await office.city.end()
  }

  @Test("pages of many rows, and more packs than are kept")
  func pages() async throws {
    let city = try await City()
    for _ in 0..<1100 { _ = try await city.audit("limit=1") }
    city.clock.advance(seconds: 1)
    let opened = try await open(city, 0, city.clock.now().wallMilliseconds)
    let report = try await check(read(city, opened), key: opened.verifierKey)
    #expect(report.isSound && report.rows > 1100, "\(report.findings)")
    for _ in 0..<100 { _ = try await open(city, 0, 1) }
    #expect(try await city.link.request("GET", "\(Self.packs)/\(opened.pack)/rows?from=0").status == 404)
    await city.end()
  }
}

@Suite(
  "packs for an auditor, by the tool", .serialized, .enabled(if: BackupBench.mayRun, "sanmon is not built"))
struct AuditPackToolTests {
  @Test("a month written and checked without the server; a row removed from a copy is named; a stranger's key is refused")
  func tool() async throws {
    let city = try await City()
    let desk = NSTemporaryDirectory() + "/sanmon-pack-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: desk, withIntermediateDirectories: true)
    _ = try await city.audit("limit=1")
    city.clock.advance(seconds: 2)
    let answer: CheckpointAnswer = try await city.link.fetch("/v1/admin/audit/checkpoint")
    try answer.verifierKey.write(toFile: desk + "/log.vkey", atomically: true, encoding: .utf8)
    let file = desk + "/all.pack.html"
    let socket = ["--socket", city.folder + "/operator.sock"]
    let asked = ["audit", "pack", "--since", "2020-01-01", "--purpose", "四半期監査", "--out", file] + socket
    let made = try await ToolProcess.started(asked)
    #expect(made.status == 0 && made.output.contains("nothing is missing and nothing was changed"), "\(made.errors)")
    #expect(made.output.contains("yamada") && made.output.contains("四半期監査"))
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
    let again = try await ToolProcess.started(asked)
    #expect(again.status == 65 && again.errors.contains("not overwritten"), "\(again.errors)")
    let month = try await ToolProcess.started(
      ["audit", "pack", "--month", "2020-12", "--purpose", "x", "--out", desk + "/month.pack.html"] + socket)
    #expect(month.status == 0 && month.output.contains("0 rows"), "\(month.errors)")
    let wrongs = [
      ["--month", "2026-13"], ["--month", "26-3"], ["--month", "2026-03", "--since", "today"], [], ["--until", "today"],
    ]
    for wrong in wrongs {
      let refused = try await ToolProcess.started(["audit", "pack", "--purpose", "x", "--out", desk + "/no"] + wrong + socket)
      #expect(refused.status == 64 && refused.errors.contains("--month 2026-03"), "\(wrong): \(refused.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: desk + "/no"))
    #expect(!FileManager.default.fileExists(atPath: file + ".part"))
    await city.end()

    // From here on there is no server.
    let key = ["--key-file", desk + "/log.vkey"]
    func check(_ path: String, _ key: [String], language: String = "C.UTF-8") async throws -> ToolProcess.Ran {
      try await ToolProcess.started(["audit", "check", path] + key, environment: ["LC_ALL": language])
    }
    #expect(try await check(file, key).status == 0)
    #expect(try await check(file, ["--log-key", answer.verifierKey]).status == 0)
    let japanese = try await check(file, key, language: "ja_JP.UTF-8")
    #expect(japanese.status == 0 && japanese.output.contains("欠落・改変はありません"), "\(japanese.output)")
    let json = try await check(file, key + ["--json"])
    #expect(json.status == 0 && json.output.contains("\"isSound\":true"), "\(json.output)")

    var lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    let second = try #require(lines.firstIndex { $0.hasPrefix("<p id=\"r1\"") })
    lines.remove(at: second)
    try lines.joined(separator: "\n").write(toFile: desk + "/copy.html", atomically: true, encoding: .utf8)
    let found = try await check(desk + "/copy.html", key)
    #expect(found.status == 65 && found.output.contains("row 1 is missing"), "\(found.output)")
    let told = try await check(desk + "/copy.html", key, language: "ja_JP.UTF-8")
    #expect(told.status == 65 && told.output.contains("1 件目が欠落しています"), "\(told.output)")

    let stranger = "sanmon.city.example/lgwan+016b594d+AUge3nctoVeFyeWaCGIBuMP5wwcSnj/G1/NKpN/tWBTl"
    #expect(try await check(file, ["--log-key", stranger]).status == 65)
    #expect(try await check(file, ["--log-key", "x"]).status == 66)
    #expect(try await check(file, []).status == 64)
    #expect(try await check(file, key + ["--log-key", stranger]).status == 64)
    #expect(try await check(desk + "/none", key).status == 66)
    #expect(try await check(file, ["--key-file", desk + "/none"]).status == 66)
    try FileManager.default.removeItem(atPath: desk)
  }
}
