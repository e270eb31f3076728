import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Storage
import Testing

@Suite(
  "a transfer that was approved before a real Active Directory says it", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct TransferTests {
  private func together(_ test: (DomainController, City, Administrator) async throws -> Void) async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      do {
        try await becomes("the city is read") {
          try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 1200
        }
        let second = Administrator(id: "suzuki", person: "p-000002")
        #expect(try await city.register(second) == 201)
        try await test(dc, city, second)
      } catch {
        await city.end()
        throw error
      }
      await city.end()
    }
  }

  private func plan(_ city: City, _ list: String) async throws -> TransferReport {
    try await city.link.call("POST", "/v1/admin/directory/plan", TransferQuestion(list: list))
  }

  private func progress(_ city: City) async throws -> TransferReport {
    try await city.link.fetch("/v1/admin/directory/transfer")
  }

  private func directory(_ city: City) async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  private func signed(_ city: City, _ plan: String, with second: Administrator?) throws -> SignedAct {
    let act = try city.act("directory.foresee", ["transfer": plan])
    let signed = try city.sign(act)
    return SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: try second.map { [try $0.approval(act)] } ?? [])
  }

  /// - Returns: the status of the answer.
  private func bring(_ city: City, _ list: String, _ act: SignedAct) async throws -> Int {
    let body = try JSONEncoder().encode(TransferAct(act: Data(act.encoded), list: list))
    return try await city.link.request("POST", "/v1/admin/directory/foresee", body: Array(body)).status
  }

  private func approve(_ city: City, _ list: String, _ plan: String, by second: Administrator?) async throws -> Int {
    try await bring(city, list, signed(city, plan, with: second))
  }

  /// Nobody of the people who run the system here.
  private static let staying: Set<String> = ["p-000001", "p-000002"]

  @Test("four hundred move and three leave, in as many commands, and nothing of it stays held; anything else is held as ever")
  func inForce() async throws {
    try await together { dc, city, second in
      let leavers = ["p-000043", "p-000044", "p-000045"]
      let all = try Move.all(but: Self.staying.union(leavers))
      let staying = Array(all.prefix(400))
      let list = Move.header + staying.map(\.row).joined() + leavers.map { "\($0),,,退職\n" }.joined()
      let report = try await plan(city, list)
      #expect(report.lines.count == staying.count + 3 && report.lines.allSatisfy { $0.state == "right" })
      #expect(
        report.totalsEn.contains {
          $0.hasPrefix("Held unless approved beforehand: ") && $0.contains("counting the last hour (limit 355)")
        })
      #expect(report.totalsEn.contains("Administrators afterwards: 2 (suzuki, yamada)"))
      let line = try #require(report.lines.first)
      #expect(line.to.first?.hasPrefix(staying[0].to) == true && line.joins.contains("ka-\(staying[0].to)"))
      #expect(line.leaves.contains("ka-\(staying[0].from)") && line.missingEn == ["no card"])
      #expect(line.factors.allSatisfy { $0.contains("card+") } && !line.factors.isEmpty)

      let hash = try #require(report.plan)
      #expect(try await approve(city, list, hash, by: nil) == 403)
      #expect(try await approve(city, list + all[400].row, hash, by: second) == 409)
      #expect(try await progress(city).isApproved == false)
      let act = try signed(city, hash, with: second)
      #expect(try await bring(city, list, act) == 200)
      #expect(try await bring(city, list, act) == 409, "carried out once")
      #expect(try await bring(city, "職員番号", act) == 400)
      #expect(try await progress(city).lines.filter { $0.state == "waiting" }.count == report.lines.count)

      let told = Dictionary(uniqueKeysWithValues: report.lines.map { ($0.number, $0) })
      try dc.change(staying.map { $0.groups(told[$0.id]) + $0.department() + $0.place() }.joined())
      for id in leavers { try dc.tool("user disable '\(try Move.account(of: id))'") }
      try await becomes("all have arrived, and all of it is in force") {
        let now = try await (report: progress(city), held: directory(city).plan)
        return now.held == nil && now.report.lines.allSatisfy { $0.state == "arrived" }
      }
      // The report is of what was read last, which is put in force a moment later.
      try await becomes("the people are as the directory says") {
        let one: PersonSummary = try await city.link.fetch("/v1/admin/people/\(staying[0].id)")
        let gone: PersonSummary = try await city.link.fetch("/v1/admin/people/\(leavers[0])")
        return one.departments == [staying[0].to] && one.groups.contains("ka-\(staying[0].to)") && !gone.isEnabled
      }

      // The same people on another way, and others.
      try dc.tool("ou delete 'OU=行政委員会等,OU=職員,\(DomainController.base)' --force-subtree-delete")
      try await becomes("a mistake is held as ever") { try await directory(city).plan != nil }
      let rows = try await city.audit("newest=true&limit=500").filter { $0.action == "directory.foreseen" }
      #expect(rows.map(\.outcome) == ["refused", "done", "refused", "refused"])
      #expect(rows[1].note.contains("signed by yamada, suzuki"))
    }
  }

  @Test("twelve mistakes among three hundred moves are named, each with what is wrong, and none beside them")
  func mistakes() async throws {
    try await together { dc, city, second in
      let leavers = ["p-000043", "p-000044"]
      let all = try Move.all(but: Self.staying.union(leavers))
      let moves = Array(all.prefix(300))
      let list = Move.header + moves.map(\.row).joined() + leavers.map { "\($0),,,退職\n" }.joined()
      let report = try await plan(city, list)
      #expect(report.lines.allSatisfy { $0.state == "right" })
      #expect(try await approve(city, list, try #require(report.plan), by: second) == 200)

      let (wrongPlace, leftIn, notIn) = (moves[10..<13], moves[50..<54], moves[120..<122])
      let beside = all[310..<312]
      var commands = ""
      let told = Dictionary(uniqueKeysWithValues: report.lines.map { ($0.number, $0) })
      for (number, move) in moves.enumerated() {
        commands += move.groups(
          told[move.id], removes: !leftIn.indices.contains(number), adds: !notIn.indices.contains(number))
        commands += wrongPlace.indices.contains(number) ? move.department("0605") : move.department()
        commands += move.place()
      }
      for move in beside { commands += move.department() + move.place() }
      try dc.change(commands)
      // One of those who leave stays enabled.
      for id in leavers.dropFirst() { try dc.tool("user disable '\(try Move.account(of: id))'") }

      let expected = Set((wrongPlace + leftIn + notIn).map(\.id) + leavers.prefix(1))
      try await becomes("all but the mistakes have arrived") {
        let lines = try await progress(city).lines
        return Set(lines.filter { $0.state == "waiting" }.map(\.number)) == expected
          && Set(lines.filter { $0.state == "unlisted" }.map(\.number)) == Set(beside.map(\.id))
      }
      #expect(expected.count + beside.count == 12)
      let lines = Dictionary(uniqueKeysWithValues: try await progress(city).lines.map { ($0.number, $0) })
      for move in wrongPlace { #expect(lines[move.id]?.notesEn == ["department 0605, to be \(move.to)"]) }
      for move in leftIn { #expect(lines[move.id]?.notesEn.contains("still in group ka-\(move.from)") == true) }
      for move in notIn { #expect(lines[move.id]?.notesEn.contains("not in group ka-\(move.to)") == true) }
      #expect(lines[leavers[0]]?.notesEn == ["the account is still enabled, and does not end"])
      for move in beside { #expect(lines[move.id]?.state == "unlisted" && lines[move.id]?.notesEn.isEmpty == false) }
      let warnings = try await progress(city).warningsEn
      #expect(warnings == ["access of people who are not on the list has changed: is it meant?"])
    }
  }

  @Test("an approved transfer is over after a month")
  func over() async throws {
    try await together { _, city, second in
      let list = Move.header + (try Move.all(but: Self.staying)).prefix(3).map(\.row).joined()
      let hash = try #require(try await plan(city, list).plan)
      #expect(try await approve(city, list, hash, by: second) == 200)
      #expect(try await progress(city).isApproved)
      city.clock.advance(seconds: 31 * 86_400 - 3600)
      #expect(try await progress(city).isApproved)
      city.clock.advance(seconds: 7200)
      #expect(try await !progress(city).isApproved)
    }
  }

  @Test("a quarter of all accounts ends on one day, half of them are renewed: that is foreseen, and nothing is held")
  func ending() async throws {
    try await together { dc, city, _ in
      let people = Array(try Move.all(but: Self.staying).prefix(300))
      // The first moment of the day after tomorrow in Japan.
      let day = (city.clock.now().wallMilliseconds + 9 * 3_600_000) / 86_400_000 + 2
      let end = day * 86_400_000 - 9 * 3_600_000
      try dc.change(people.map { $0.expiry("\((end + 11_644_473_600_000) * 10_000)") }.joined())
      try dc.change(people.dropFirst(150).map { $0.expiry("0") }.joined() + people[150].name(as: "印"))
      try await becomes("all of it is read") {
        try await city.link.fetch("/v1/admin/people/\(people[150].id)", returning: PersonSummary.self).displayName == "印"
      }
      let pc = try await city.workstation("LGWAN-PC-0042")
      let (ends, stays) = (try await city.enrolCard(people[0].id), try await city.enrolCard(people[150].id))
      #expect(try await pc.enter(ends).person == people[0].id)
      city.clock.advance(seconds: (end - city.clock.now().wallMilliseconds) / 1000 + 60)
      #expect(try await refusal { try await pc.enter(ends) }?.body.code == DenialCode.accountOutsideDates.rawValue)
      #expect(try await pc.enter(stays).person == people[150].id)
      #expect(try await directory(city).plan == nil)
      #expect(try await city.audit("newest=true&limit=500").allSatisfy { $0.action != "directory.held" })
    }
  }

  @Test("whoever is no administrator plans and approves nothing, and may look", arguments: [OperatorRole.desk, .auditor])
  func roles(role: OperatorRole) async throws {
    let city = try await City()
    try await city.demoteOperators(to: role)
    let question = Array(try JSONEncoder().encode(TransferQuestion(list: Move.header)))
    #expect(try await city.link.request("POST", "/v1/admin/directory/plan", body: question).status == 403)
    #expect(try await approve(city, Move.header, String(repeating: "0", count: 64), by: nil) == 403)
    #expect(try await city.link.request("GET", "/v1/admin/directory/transfer").status == 200)
    await city.end()
  }

  @Test("a list that is none is refused with its place, and a line that is wrong with its reason")
  func refused() async throws {
    try await together { _, city, _ in
      let report = try await plan(city, "職員番号,氏名,新所属\n1,\"佐藤,0401\n")
      #expect(report.faultEn?.hasPrefix("list.csv:2:") == true && report.lines.isEmpty && report.plan == nil)
      let wrong = try await plan(city, Move.header + "p-999999,,0401,\np-000042,別人 太郎,0402,\n")
      #expect(wrong.lines.map(\.state) == ["wrong", "wrong"] && wrong.plan == nil)
      #expect(wrong.lines[1].faultsJa.first?.contains("佐藤 花子") == true)
      #expect(wrong.lines[0].faultsEn == ["no user of the directory has this staff number"])
    }
  }

  @Test("the page and the table for a spreadsheet: every line is there, and a name is text, whatever stands in it")
  func page() async throws {
    try await together { dc, city, _ in
      try dc.set(account: "sato.hanako", "displayName", "=1+1 <script>alert(1)</script> \"花子\"")
      try await becomes("it is read") {
        try await city.link.fetch("/v1/admin/people/p-000042", returning: PersonSummary.self).displayName.hasPrefix("=1+1")
      }
      let list = city.folder + "/list.csv"
      // As a spreadsheet on Windows writes it: code page 932.
      let heads: [UInt8] = [
        0x90, 0x45, 0x88, 0xF5, 0x94, 0xD4, 0x8D, 0x86, 0x2C, 0x8E, 0x81, 0x96, 0xBC, 0x2C, 0x90, 0x56, 0x8F, 0x8A, 0x91, 0xAE,
        0x0D,
        0x0A,
      ]
      try Data(heads + Array("p-000042,,0301\r\np-999999,,0301\r\n".utf8)).write(to: URL(filePath: list))
      func sanmon(_ arguments: [String], _ language: String = "C") async throws -> (status: Int32, output: String) {
        try await ToolBench.started(
          ["env", "LC_ALL=\(language)", ToolBench.programs + "/sanmon", "directory"] + arguments + [
            "--socket", city.folder + "/operator.sock",
          ])
      }
      let (html, csv) = (city.folder + "/page.html", city.folder + "/table.csv")
      let told = try await sanmon(["plan", list, "--html", html, "--csv", csv])
      #expect(told.status == 1 && told.output.contains("✗ 3: p-999999") && told.output.contains("0301 市民税課"), "\(told.output)")
      let page = try String(contentsOfFile: html, encoding: .utf8)
      #expect(page.contains("=1+1 &lt;script&gt;alert(1)&lt;/script&gt; &quot;花子&quot;") && !page.contains("<script"))
      #expect(
        page.contains("LGWAN segment: card + PIN") && page.contains("add: ka-0301") && page.contains("To be looked at（1）"))
      let bytes = try Data(contentsOf: URL(filePath: csv))
      let table = String(decoding: bytes, as: UTF8.self)
      #expect(bytes.starts(with: [0xEF, 0xBB, 0xBF, 0x22]))
      #expect(table.contains("\"'=1+1 <script>") && table.contains("\"\"花子\"\""))
      let japanese = try await sanmon(["plan", list, "--html", html], "ja_JP.UTF-8")
      #expect(japanese.output.contains("この職員番号の利用者が Active Directory にいません"), "\(japanese.output)")
      #expect(try String(contentsOfFile: html, encoding: .utf8).contains("LGWAN接続系：カード＋暗証番号"))
      #expect(try await sanmon(["plan"]).output.contains("No transfer is approved."))
      let history = try await sanmon(["history", "--since", "yesterday"])
      #expect(history.status == 0 && history.output.split(separator: "\n").count { $0.contains("directory.synced") } == 2)
      #expect(history.output.contains("0 added, 1 changed"), "\(history.output)")
      #expect(try await sanmon(["history", "--limit", "0"]).status == 64)
      #expect(try await sanmon(["history", "--since", "yesterdai"]).status == 64)
      try Data([0x81]).write(to: URL(filePath: list))
      #expect(try await sanmon(["plan", list]).status == 65)
      #expect(try await sanmon(["plan", list, "--html", "/nonexistent/x"]).status == 65)
      #expect(try await sanmon(["approve", "--list", city.folder + "/none.csv", "--key-file", "/nonexistent"]).status == 65)
    }
  }

  @Test("where people are imported from files there is nothing to plan")
  func withoutDirectory() async throws {
    let city = try await City()
    let body = Array(try JSONEncoder().encode(TransferQuestion(list: Move.header)))
    #expect(try await city.link.request("POST", "/v1/admin/directory/plan", body: body).status == 409)
    #expect(try await progress(city).isApproved == false)
    await city.end()
  }
}

/// Somebody of the sample city who moves to the next department, in the standard tool's language.
private struct Move {
  static let header = "職員番号,氏名,新所属,区分\n"

  let id: String
  let name: String
  let from: String
  let to: String
  private let oldPlace: String
  private let newPlace: String

  var row: String { "\(id),\(name),\(to),\n" }
  private var dn: String { "CN=\(name) \(id),\(oldPlace)" }

  /// What the plan says is to be done in the directory.
  func groups(_ line: TransferLine?, removes: Bool = true, adds: Bool = true) -> String {
    func change(_ group: String, _ what: String) -> String {
      "dn:: \(Self.base64("CN=\(group),OU=グループ,\(DomainController.base)"))\nchangetype: modify\n\(what): member\nmember:: \(Self.base64(dn))\n-\n\n"
    }
    return (adds ? line?.joins ?? [] : []).map { change($0, "add") }.joined()
      + (removes ? line?.leaves ?? [] : []).map { change($0, "delete") }.joined()
  }

  func department(_ code: String? = nil) -> String {
    "dn:: \(Self.base64(dn))\nchangetype: modify\nreplace: departmentNumber\ndepartmentNumber: \(code ?? to)\n-\n\n"
  }

  func expiry(_ value: String) -> String {
    "dn:: \(Self.base64(dn))\nchangetype: modify\nreplace: accountExpires\naccountExpires: \(value)\n-\n\n"
  }

  func name(as text: String) -> String {
    "dn:: \(Self.base64(dn))\nchangetype: modify\nreplace: displayName\ndisplayName:: \(Self.base64(text))\n-\n\n"
  }

  func place() -> String {
    "dn:: \(Self.base64(dn))\nchangetype: moddn\nnewrdn:: \(Self.base64("CN=\(name) \(id)"))\ndeleteoldrdn: 1\nnewsuperior:: \(Self.base64(newPlace))\n\n"
  }

  private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private static func rows(_ name: String) throws -> [[String]] {
    try String(contentsOfFile: DomainController.root + "/deploy/sample-city/\(name).csv", encoding: .utf8)
      .split(whereSeparator: \.isNewline).dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
  }

  static func account(of id: String) throws -> String {
    try #require(try rows("people").first { $0[0] == id })[1]
  }

  /// Enabled people with one post, whose only group is their department's; two of three, so that nobody is without colleagues.
  static func all(but staying: Set<String>) throws -> [Move] {
    var places: [String: String] = [:]
    var codes: [String] = []
    for row in try rows("departments") {
      let above = row[2].isEmpty ? "OU=職員,\(DomainController.base)" : places[row[2], default: ""]
      places[row[0]] = "OU=\(row[1]),\(above)"
      if !row[2].isEmpty { codes.append(row[0]) }
    }
    let people = try rows("people").filter { row in
      row[7] == "true" && row[6] == "ka-\(row[5])" && row[9].isEmpty && !staying.contains(row[0])
    }
    return try people.enumerated().filter { $0.offset % 3 != 0 }.map { _, row in
      let next = try #require(codes.firstIndex(of: row[5])) + 1
      let to = codes[next % codes.count]
      return Move(
        id: row[0], name: row[2], from: row[5], to: to, oldPlace: places[row[5], default: ""], newPlace: places[to, default: ""]
      )
    }
  }
}
