import AuditLog
import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Storage
import Synchronization
import Testing

/// Rows behind one another.
private struct AppendRows: Change {
  let rows: [AuditRecord]

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    guard let last = rows.last else { throw .conflict("no rows") }
    for row in rows.dropLast() { try state.append(row) }
    return ((), last)
  }
}

/// The log as an auditor reads it: searched, exported, and every look a row of its own.
@Suite("reading the log", .serialized)
struct AuditReadTests {
  private static let rows = 2500

  /// The city's people, and rows like a morning's with names and notes as bad as they come.
  private static func withCity(_ work: (City) async throws -> Void) async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await work(city)
    await city.end()
  }

  private func path(_ path: String, _ items: [(String, String)]) -> String {
    path + "?"
      + items.map { name, value in name + "=" + value.utf8.map { "%" + Hex.encode([$0]) }.joined() }.joined(separator: "&")
  }

  private func page(_ city: City, _ items: [(String, String)]) async throws -> [AuditEntry] {
    let page: AuditPage = try await city.link.fetch(path("/v1/admin/audit", [("purpose", "四半期点検")] + items))
    return page.entries
  }

  /// A body as it came, and the number behind it.
  private func export(_ city: City, _ items: [(String, String)]) async throws -> (text: String, rows: String?) {
    let pieces = Mutex<[UInt8]>([])
    let (answer, trailers) = try await city.link.receive(
      path("/v1/admin/audit/export", [("purpose", "監査委員へ提出")] + items)
    ) { piece in
      pieces.withLock { $0 += piece }
    }
    #expect(answer.status == 200 && answer.body.isEmpty)
    return (String(decoding: pieces.withLock { $0 }, as: UTF8.self), trailers["sanmon-rows"])
  }

  @Test("a read without a purpose is refused and shows nothing; one with it leaves who, what, why and how many")
  func purpose() async throws {
    try await Self.withCity { city in
      let count = try await city.audit("action=audit.").count
      let bad: [[(String, String)]] = [
        [], [("purpose", "")], [("purpose", "  ")], [("purpose", "　")], [("purpose", String(repeating: "長", count: 201))],
        [("purpose", "a\nb")], [("purpose", "a\u{202E}b")], [("purpose", "x"), ("reason", "y")],
      ]
      for items in bad {
        for place in ["/v1/admin/audit", "/v1/admin/audit/0"] {
          #expect(try await city.link.request("GET", path(place, items)).status == 400, "\(place) \(items)")
        }
        let file = path("/v1/admin/audit/export", [("format", "csv")] + items)
        #expect(try await city.link.request("GET", file).status == 400, "\(items)")
      }
      let rows = try await city.audit("action=audit.")
      #expect(rows.count == count + 1, "the look itself, and no refused one")
      let longest = String(repeating: "長", count: 200)
      let one: AuditEntry = try await city.link.fetch(path("/v1/admin/audit/0", [("purpose", longest)]))
      #expect(one.sequence == 0)
      _ = try await page(city, [("person", "p-000042"), ("segment", "lgwan"), ("text", "佐藤"), ("limit", "3")])
      let newest = try await city.audit("action=audit.read&newest=true&limit=2")
      #expect(newest.last?.note == "purpose: \(longest); filter: fromSequence=0 untilSequence=1; 1 rows")
      #expect(newest.first?.person == "p-000042" && newest.first?.segment == "lgwan")
      #expect(newest.first?.operatorID == "yamada" && newest.first?.eventClass == "auditRead")
      #expect(newest.first?.note == "purpose: 四半期点検; filter: person=p-000042 segment=lgwan text=佐藤; 0 rows")
    }
  }

  @Test("found by department, code and words of one and two characters; what is no such thing is refused")
  func search() async throws {
    try await Self.withCity { city in
      let card = try await city.enrolCard("p-000042")
      try await city.setPassword("p-000042", "kawa-no-nagare-7")
      let id = card.id
      let people: [PersonSummary] = try await city.link.fetch(path("/v1/admin/people", [("q", "佐藤 花子")]))
      let department = try #require(people.first { $0.id == "p-000042" }?.departments.first)
      let questions: [[(String, String)]] = [
        [("text", "佐")], [("text", "佐藤")], [("text", "さとう")], [("text", "花子")], [("text", "P-000042")],
        [("department", department)], [("department", department), ("class", "enrolment"), ("text", "佐藤")],
      ]
      for items in questions {
        let found = try await page(city, items + [("limit", "1000")])
        #expect(found.contains { $0.action == "card.enrolled" && $0.card == id }, "\(items)")
      }
      #expect(try await page(city, [("text", "佐藤"), ("department", "no-such")]).isEmpty)
      #expect(try await page(city, [("text", "いない人")]).allSatisfy { $0.eventClass == "auditRead" })
      #expect(try await page(city, [("code", "AP105")]).isEmpty)
      for (name, value) in [
        ("code", "AP1"), ("code", ""), ("text", "a\u{0}b"), ("department", String(repeating: "0", count: 65)),
      ] {
        let asked = path("/v1/admin/audit", [("purpose", "x"), (name, value)])
        #expect(try await city.link.request("GET", asked).status == 400, "\(name)")
      }
    }
  }

  @Test("CSV: a byte order mark, CRLF, quotes as RFC 4180 has them, no formula, one line a row; the rows are counted behind it")
  func csv() async throws {
    try await Self.withCity { city in
      try await Self.fill(city, Self.hostileRows(Self.rows))
      let size = try await city.audit("limit=10000").count
      let (text, told) = try await export(city, [("format", "csv")])
      #expect(text.unicodeScalars.first == "\u{FEFF}")
      let end: Character = "\r\n"
      let lines = text.dropFirst().split(separator: end, omittingEmptySubsequences: false).map { String($0) }
      #expect(lines.first?.hasPrefix("row,time,class,outcome,action,person,name,workstation,segment") == true)
      #expect(lines.last == "", "each line has its end")
      // The look that counted them is a row too, and the one that this export began with is not among them.
      #expect(lines.count - 2 == size + 1 && told == String(size + 1))
      for line in lines.dropFirst().dropLast() {
        #expect(!line.unicodeScalars.contains { !VisibleText.shows($0) }, "\(line)")
        let fields = try Self.fields(line)
        #expect(fields.count == 24)
        #expect(fields.dropFirst().allSatisfy { field in !"=+-@＝＋－＠".contains(field.first ?? "a") }, "\(line)")
      }
      let notes = try lines.filter { $0.contains(",note.") }.prefix(Self.notes.count).map { try Self.fields($0)[22] }
      #expect(notes == Self.notesInCSV)
      let ended = try #require(try await city.audit("action=audit.export.ended").first)
      #expect(ended.outcome == "done" && ended.note.hasSuffix("; csv; \(size + 1) rows, all of them"), "\(ended.note)")
      #expect(ended.note.hasPrefix("purpose: 監査委員へ提出; filter: none"))
      #expect(try await city.audit("action=audit.export.begun").count == 1)
    }
  }

  @Test(
    "JSON Lines: each row as a page has it, each text byte for byte; filters and spans hold; the format has to be one of both")
  func jsonLines() async throws {
    try await Self.withCity { city in
      try await Self.fill(city, Self.hostileRows(Self.rows))
      let (text, told) = try await export(city, [("format", "jsonl"), ("action", "note."), ("segment", "lgwan")])
      let lines = text.split(separator: "\n")
      #expect(lines.count == Self.rows && told == String(Self.rows))
      let entries = try lines.map { try JSONDecoder().decode(AuditEntry.self, from: Data($0.utf8)) }
      for (number, entry) in entries.enumerated() {
        #expect(Array(entry.note.utf8) == Array(Self.notes[number % Self.notes.count].utf8))
      }
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || VisibleText.shows($0) }, "nothing steers a terminal")
      let first = try #require(entries.first?.sequence)
      let (few, two) = try await export(
        city, [("format", "jsonl"), ("fromSequence", String(first)), ("untilSequence", String(first + 2))])
      #expect(two == "2" && few.split(separator: "\n").count == 2)
      let (empty, zero) = try await export(city, [("format", "csv"), ("person", "p-none")])
      #expect(zero == "0" && empty.hasPrefix("\u{FEFF}row,") && empty.hasSuffix("\r\n"))
      for format in ["", "CSV", "xlsx"] {
        let asked = path("/v1/admin/audit/export", [("purpose", "x"), ("format", format)])
        #expect(try await city.link.request("GET", asked).status == 400)
      }
      let limited = path("/v1/admin/audit/export", [("purpose", "x"), ("format", "csv"), ("limit", "1")])
      #expect(try await city.link.request("GET", limited).status == 400, "a file has no pages")
    }
  }

  @Test("a reader that goes away ends the export, and the log says that it broke off")
  func brokenOff() async throws {
    try await Self.withCity { city in
      // More than the sockets hold.
      try await Self.fill(city, Self.hostileRows(4000, padding: 4000))
      let taken = Mutex(0)
      await #expect(throws: ClientFault.interrupted) {
        _ = try await city.link.receive(path("/v1/admin/audit/export", [("purpose", "x"), ("format", "csv")])) { piece in
          let count = taken.withLock { taken in
            taken += piece.count
            return taken
          }
          if count > 100_000 { throw CancellationError() }
        }
      }
      var ended: AuditEntry?
      for _ in 0..<200 where ended == nil {
        ended = try await city.audit("action=audit.export.ended").first
        if ended == nil { try await Task.sleep(for: .milliseconds(50)) }
      }
      #expect(
        ended?.outcome == "refused" && ended?.note.contains("broke off after") == true, "\(String(describing: ended?.note))")
    }
  }

  private func sanmon(_ city: City, _ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
    try await ToolProcess.started(
      ["audit"] + arguments + ["--socket", city.folder + "/operator.sock"],
      environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
  }

  @Test(
    "the tool: a purpose is asked, a file is there whole or not at all, its rows are counted",
    .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
  func tool() async throws {
    try await Self.withCity { city in
      try await Self.fill(city, Self.hostileRows(12_000))
      let count = try await city.audit("class=auditRead").count
      for arguments in [["list"], ["show", "0"], ["export"], ["list", "--purpose", " "], ["list", "--purpose", "a\nb"]] {
        let refused = try await sanmon(city, arguments)
        #expect(refused.status == 64 && refused.errors.contains("--purpose") && refused.output.isEmpty, "\(arguments)")
      }
      #expect(try await city.audit("class=auditRead").count == count + 1, "nothing was asked of the server")
      let listed = try await sanmon(
        city, ["list", "--purpose", "窓口の照会", "--text", "髙橋", "--action", "note.", "--limit", "3"], japanese: true)
      #expect(listed.status == 0 && listed.output.split(separator: "\n").count == 3, "\(listed.errors)")
      let file = city.folder + "/rows.csv"
      let export = ["export", "--purpose", "監査委員へ提出", "--action", "note.", "--out", file]
      let made = try await sanmon(city, export, japanese: true)
      #expect(made.status == 0 && made.output == "12000 件を書き出しました。\n", "\(made.errors)")
      #expect(made.errors.contains("件…"), "progress is told")
      let bytes = try #require(FileManager.default.contents(atPath: file))
      #expect(Array(bytes.prefix(3)) == [0xEF, 0xBB, 0xBF])
      #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 12_001)
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
      let again = try await sanmon(city, export)
      #expect(again.status == 73 && again.errors.contains("exists already"))
      #expect(try Data(contentsOf: URL(filePath: file)) == bytes)
      let lines = try await sanmon(city, ["export", "--purpose", "x", "--action", "note.", "--format", "jsonl"])
      #expect(lines.output.split(separator: "\n").count == 12_000 && lines.errors.contains("12000 rows written"))
      #expect(try await sanmon(city, ["export", "--purpose", "x", "--format", "xls"]).status == 64)
      #expect(try await sanmon(city, ["export", "--purpose", "x", "--out", "/nowhere/a.csv"]).status == 73)
      let long = String(repeating: "長", count: 200)
      #expect(try await sanmon(city, ["export", "--purpose", long, "--text", String(repeating: "長", count: 64)]).status == 64)
      let wrong = try await sanmon(city, ["export", "--purpose", "x", "--person", "a b", "--out", city.folder + "/wrong.csv"])
      #expect(wrong.status == 1)
      let left = try FileManager.default.contentsOfDirectory(atPath: city.folder).filter { $0.hasSuffix(".partial") }
      #expect(left.isEmpty && !FileManager.default.fileExists(atPath: city.folder + "/wrong.csv"))
    }
  }

  // MARK: Rows

  private static func fill(_ city: City, _ rows: [AuditRecord]) async throws {
    try await city.restart { path in
      let store = try SQLiteStore(path: path)
      try await store.commit(AppendRows(rows: rows))
      store.close()
    }
  }

  private static let notes = [
    "=1+1", "+81-3", "-2", "@SUM(A1)", "\t=1", "＝1", "a,b", "say \"hi\"", "改行\r\nと\u{0}と\u{202E}右", "髙橋 𠮷田", "", " =1", "'x",
  ]
  private static let notesInCSV = [
    "'=1+1", "'+81-3", "'-2", "'@SUM(A1)", "<U+0009>=1", "'＝1", "a,b", "say \"hi\"", "改行<U+000D><U+000A>と<U+0000>と<U+202E>右",
    "髙橋 𠮷田", "", " =1", "'x",
  ]

  private static func hostileRows(_ count: Int, padding: Int = 0) -> [AuditRecord] {
    (0..<count).map { number in
      var record = AuditRecord(
        time: 1_700_000_000_000 + Int64(number), eventClass: .session, action: "note.\(number % 3)", outcome: .done)
      record.segment = .lgwan
      record.note = notes[number % notes.count] + String(repeating: ".", count: padding)
      return record
    }
  }

  /// A reader of RFC 4180 of its own.
  private static func fields(_ line: String) throws -> [String] {
    var fields = [""]
    var isQuoted = false
    var rest = line.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch (scalar, isQuoted) {
      case ("\"", false):
        #expect(fields.last == "", "quotes begin a field")
        isQuoted = true
      case ("\"", true):
        if rest.first == "\"" {
          rest.removeFirst()
          fields[fields.count - 1] += "\""
        } else {
          isQuoted = false
        }
      case (",", false): fields.append("")
      default: fields[fields.count - 1].unicodeScalars.append(scalar)
      }
    }
    #expect(!isQuoted)
    return fields
  }
}
