import AuditLog
import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Storage
import Testing

/// Line breaks, NUL, escapes and direction marks at every place where a name, a reason or a comment enters over the wire, and
/// what comes out where such text stands in the database all the same.
@Suite("hostile names", .serialized)
struct HostileNameTests {
  static let hostile = [
    "a\r\nb", "a\u{0}b", "\u{1B}[2Jb", "a\u{85}b", "a\u{2028}b", "a\u{200B}b", "a\u{202E}b", "a\u{2066}b", "a\u{FFFE}b",
  ]

  /// Every text of every row shows itself: what `work` did left nothing else there.
  private func expectCleanRows(_ city: City) async throws {
    for entry in try await city.audit() {
      for text in [entry.note, entry.action, entry.personName ?? "", entry.rule ?? ""] {
        #expect(text.unicodeScalars.allSatisfy(VisibleText.shows), "row \(entry.sequence)")
      }
    }
  }

  private func status(_ city: City, _ path: String, _ body: some Encodable) async throws -> Int {
    try await city.link.request("POST", path, body: Array(try JSONEncoder().encode(body))).status
  }

  /// As a path of a request has to spell it.
  private func escaped(_ text: String) -> String {
    text.utf8.map { "%" + Hex.encode([$0]).uppercased() }.joined()
  }

  @Test("workstations: no act with such a name, segment, way or time makes a code, and nothing is asked under one")
  func workstations() async throws {
    let city = try await City()
    let good = ["workstation": "LGWAN-PC-0042", "segment": "lgwan", "access": "console", "validSeconds": "3600"]
    for text in Self.hostile {
      for name in good.keys.sorted() {
        let signed = try city.sign(city.act("workstation.enrol", good.merging([name: text]) { $1 }))
        let answer = try await status(
          city, "/v1/admin/workstations/codes", WorkstationCodeRequest(act: Data(signed.encoded)))
        #expect([400, 403].contains(answer), "\(name): \(answer)")
      }
      let act = try city.sign(city.act("workstation.revoke", ["workstation": text]))
      let revoked = try await status(
        city, "/v1/admin/workstations/\(escaped(text))/revoke", WorkstationRevocation(act: Data(act.encoded)))
      #expect(revoked == 404)
      #expect(try await city.link.request("GET", "/v1/admin/sessions?workstation=\(escaped(text))").status == 400)
    }
    let listed: [WorkstationSummary] = try await city.link.fetch("/v1/admin/workstations")
    #expect(listed.isEmpty)
    try await expectCleanRows(city)
    await city.end()
  }

  @Test("operators: no act with such an id, person, role, key or unix user lets anybody in")
  func operators() async throws {
    let city = try await City()
    let key = Hex.encode(Array(repeating: UInt8(7), count: 44))
    let good = ["operator": "suzuki", "person": "p-000002", "role": "administrator", "key": key, "unixUser": "suzuki"]
    for text in Self.hostile {
      for name in good.keys.sorted() {
        let signed = try city.sign(city.act("operator.register", good.merging([name: text]) { $1 }))
        let answer = try await status(
          city, "/v1/admin/operators",
          OperatorAddition(act: Data(signed.encoded), possession: Data(count: 64), possessionScheme: "ed25519"))
        #expect([400, 403].contains(answer), "\(name): \(answer)")
      }
      let act = try city.sign(city.act("operator.revoke", ["operator": text]))
      let removed = try await status(
        city, "/v1/admin/operators/\(escaped(text))/remove", OperatorRemoval(act: Data(act.encoded)))
      #expect(removed == 404)
      #expect(throws: MalformedInput.self) { try city.act("card.lost", [:], by: text) }
    }
    let listed: [OperatorSummary] = try await city.link.fetch("/v1/admin/operators")
    #expect(listed.map(\.operatorID) == ["yamada"])
    try await expectCleanRows(city)
    await city.end()
  }

  @Test("reasons: a card keeps its state and a session goes on; a reason in plain Japanese stands in the row")
  func reasons() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard("p-000042")
    let session = try await pc.enter(card).session
    let rows = try await city.audit("class=enrolment").count
    for text in Self.hostile + [String(repeating: "あ", count: 167)] {
      #expect(
        try await status(city, "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "lost", reason: text)) == 400)
      #expect(try await status(city, "/v1/admin/sessions/\(session)/end", SessionEndRequest(reason: text)) == 400)
    }
    #expect(try await city.audit("class=enrolment").count == rows)
    let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=p-000042")
    #expect(cards.map(\.state) == ["active"])
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session)/lease").status == 200)
    #expect(
      try await status(city, "/v1/admin/sessions/\(session)/end", SessionEndRequest(reason: "支所から電話、髙橋さん")) == 200)
    #expect(try await city.audit("action=session.ended").first?.note == "支所から電話、髙橋さん")
    #expect(try await status(city, "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "lost", reason: "紛失")) == 200)
    try await expectCleanRows(city)
    await city.end()
  }

  private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  @Test("people: an import with one such name is refused whole, and the refusal does not quote it")
  func people() async throws {
    let city = try await City()
    func file(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let (csv, ldif) = (try file("people.csv"), try file("sample-city.ldif"))
    let (groups, departments) = (try file("groups.csv"), try file("departments.csv"))
    let name = "山田 太郎"
    for text in Self.hostile {
      let spelled = (csv: csv.replacing(name, with: "\"\(text)\""), ldif: ldif.replacing(base64(name), with: base64(text)))
      #expect(spelled.csv != csv && spelled.ldif != ldif)
      for message in [
        PeopleImport(
          format: "csv", people: spelled.csv, groups: groups, departments: departments, confirmed: nil, preview: false),
        PeopleImport(format: "ldif", people: spelled.ldif, groups: nil, departments: nil, confirmed: nil, preview: false),
      ] {
        let answer: PeopleImported = try await city.link.call("POST", "/v1/admin/people", message)
        #expect(!answer.applied && answer.added == 0)
        for note in answer.notesJa + answer.notesEn { #expect(note.unicodeScalars.allSatisfy(VisibleText.shows)) }
      }
      #expect(try await city.link.request("GET", "/v1/admin/people/\(escaped(text))").status == 404)
      let found: [PersonSummary] = try await city.link.fetch("/v1/admin/people?q=\(escaped(text))")
      #expect(found.isEmpty)
    }
    try await expectCleanRows(city)
    await city.end()
  }

  @Test("agents: no event, cause, id, slot or algorithm of a workstation gets into a row")
  func agents() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard("p-000042")
    let session = try await pc.enter(card).session
    func sent(_ path: String, _ body: some Encodable) async throws -> Int {
      try await pc.connection.request("POST", path, body: Array(try JSONEncoder().encode(body))).status
    }
    for text in Self.hostile {
      #expect(try await sent("/v1/events", WorkstationEvent(kind: text, triesLeft: nil)) == 400)
      #expect(try await sent("/v1/sessions/\(session)/lock", SessionEnding(cause: text)) == 400)
      #expect(try await sent("/v1/sessions/\(escaped(text))/lock", SessionEnding(cause: "asked")) == 404)
      let opened = try await pc.open()
      let path = "/v1/ceremonies/\(escaped(text))/proofs"
      #expect(try await sent(path, pc.proofs(opened, card)) == 404)
      var message = try pc.proofs(opened, card)
      let proof = try #require(message.card)
      message.card = CardProofMessage(
        profile: text, slot: text, certificate: proof.certificate, algorithm: text, signature: proof.signature)
      #expect(try await sent("/v1/ceremonies/\(opened.ceremony.ceremony)/proofs", message) == 403)
    }
    try await expectCleanRows(city)
    #expect(try await city.audit("class=ceremony&outcome=denied").contains { $0.code == "AP149" })
    await city.end()
  }

  /// As an older version, or somebody with the database, could have put them there.
  private struct Planted: Change {
    let text: String

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      guard let id = try? PersonID(parsing: "p-000042"), var person = try state.person(id) else { throw .conflict("p-000042") }
      person.displayName = text
      person.kana = text
      try state.put(person)
      var record = AuditRecord(time: 0, eventClass: .enrolment, action: "test", outcome: .done)
      record.person = id
      record.note = text
      return ((), record)
    }
  }

  @Test(
    "lists: the tool shows each on its own line with the mark in its place, exports included",
    .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
  func lists() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    _ = try await pc.enter(city.enrolCard("p-000042"))
    // SQLite's own reader ends a column at NUL; the row's bytes keep it.
    let text = Self.hostile.filter { !$0.contains("\u{0}") }.joined() + "\u{0}b"
    try await city.restart { path in
      let store = try SQLiteStore(path: path)
      try await store.commit(Planted(text: text))
    }
    let row = try #require(try await city.audit("action=test").first)
    #expect(row.note == text, "the log keeps it byte for byte")
    let tool = try #require(ProcessCity.binaries) + "/sanmon"
    let reads: [[String]] = [
      ["audit", "list"], ["audit", "show", String(row.sequence)], ["audit", "export", "--format", "csv"],
      ["audit", "export", "--format", "jsonl"], ["audit", "list", "--json"],
    ]
    let looks: [[String]] = [
      ["person", "list", "--json"], ["session", "list"], ["person", "show", "p-000042"], ["session", "list", "--json"],
      ["person", "list"],
    ]
    for arguments in reads.map({ $0 + ["--purpose", "test"] }) + looks {
      let shown = try await ToolBench.started(
        ["env", "LC_ALL=C", tool] + arguments + ["--socket", city.folder + "/operator.sock"]
      ).output
      let isMarked = shown.contains("<U+202E>") || shown.contains("\\u202e")
      #expect(
        isMarked || arguments == ["person", "list"] || arguments == ["person", "list", "--json"], "\(arguments): \(shown)")
      for scalar in shown.unicodeScalars where scalar != "\n" && scalar != "\r" && scalar != "\u{FEFF}" {
        #expect(VisibleText.shows(scalar), "\(arguments): U+\(String(scalar.value, radix: 16))")
      }
    }
    await city.end()
  }
}
