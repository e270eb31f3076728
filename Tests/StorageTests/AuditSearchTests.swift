import AuditLog
import AuthTerms
import Storage
import Testing

/// People, and rows behind one another.
private struct AppendRows: Change {
  var people: [Person] = []
  let rows: [AuditRecord]

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for person in people { try state.put(person) }
    guard let last = rows.last else { throw .conflict("no rows") }
    for row in rows.dropLast() { try state.append(row) }
    return ((), last)
  }
}

extension Store {
  fileprivate func rows(_ query: AuditQuery) async throws -> [AuditRow] {
    try await read { (state) throws(StorageFault) in try state.auditRows(query) }
  }
}

@Suite("the log is searched by indexes, and found is what a walk through all of it finds")
struct AuditSearchTests {
  private static let names = ["佐藤 花子", "髙橋 一郎", "渡邉 さくら", "ｻﾄｳ ｹﾝ", "Sato Ken", "𠮷田 誠"]
  private static let departments = ["010", "020", "0100", "窓口"]
  private static let notes = [
    "", "cause: cardRemoved", "tries left: 2", "tries left: 12", "貸出期限 2026-04-01", "窓口にて再発行", "改行\r\n, \u{0}, \u{202E}右から左",
    "ledger for p-3", "key a1b2c3 of a list",
  ]
  private static let texts = [
    "佐", "佐藤", "さとう", "高橋", "渡辺", "吉田", "sato", "窓口", "再発行", "left: 12", "1", "p-3", "PC-1", "p", "000007", "7", " ", "右から",
    "2026-04-0", "誰もいない", "\r\n", "for p-",
  ]

  private static func people() throws -> [Person] {
    try names.enumerated().map { number, name in
      var person = Person(
        id: try PersonID(parsing: "p-\(number)"), account: try AccountName(parsing: "user\(number)"), displayName: name,
        kana: number == 0 ? "サトウ ハナコ" : "カナ")
      person.departments = Array(departments.shuffled().prefix(number % 3))
      return person
    }
  }

  private static func row(_ number: Int, _ days: ClosedRange<Int64> = -2...4) throws -> AuditRecord {
    // The clock is not always right: rows are not in the order of their times.
    let time = Int64.random(in: days) * 86_400_000 + Int64(number)
    var record = AuditRecord(
      time: time, eventClass: [EventClass.ceremony, .ceremony, .session, .auditRead].randomElement() ?? .session,
      action: ["logon", "logon", "unlock", "card.lost", "card.returned"].randomElement() ?? "lock",
      outcome: [AuditOutcome.granted, .granted, .denied].randomElement() ?? .done)
    // p-6 and p-7 have been removed since.
    if Int.random(in: 0..<5) > 0 { record.person = try PersonID(parsing: "p-\(Int.random(in: 0..<8))") }
    if Int.random(in: 0..<4) > 0 { record.workstation = try WorkstationID(parsing: "PC-\(Int.random(in: 0..<20))") }
    let segments: [Segment?] = [.lgwan, .lgwan, .lgwan, .mynumber, nil]
    record.segment = segments.randomElement() ?? nil
    if record.outcome == .denied {
      record.code = [DenialCode.factorMissing, .cardLost].randomElement()
      if number < 1_000_000 { record.reference = try Reference(number: number) }
    }
    record.note = notes.randomElement() ?? ""
    return record
  }

  private static func query(_ size: UInt64) throws -> AuditQuery {
    func sometimes(_ edit: () throws -> Void) rethrows { if Int.random(in: 0..<4) == 0 { try edit() } }
    var query = AuditQuery()
    query.newestFirst = Bool.random()
    query.limit = [1, 3, 20, 10_000].randomElement() ?? 20
    try sometimes { query.person = try PersonID(parsing: "p-\(Int.random(in: 0..<9))") }
    try sometimes { query.workstation = try WorkstationID(parsing: "PC-\(Int.random(in: 0..<21))") }
    sometimes { query.segment = [Segment.lgwan, .mynumber, .internet].randomElement() }
    sometimes { query.department = (departments + ["01", ""]).randomElement() }
    sometimes { query.eventClass = EventClass.allCases.randomElement() }
    sometimes { query.action = ["logon", "card.", "card.lost", "lock"].randomElement() }
    sometimes { query.outcome = AuditOutcome.allCases.randomElement() }
    sometimes { query.code = [DenialCode.factorMissing, .cardLost, .notAccepted].randomElement() }
    try sometimes { query.reference = try Reference(number: Int.random(in: 0...Int(size))) }
    sometimes { query.text = texts.randomElement() }
    sometimes { query.from = [Int64.min, -86_400_000, 0, 100_000_000, 345_600_001, .max].randomElement() }
    sometimes { query.until = [Int64.min, 0, 86_400_000, 200_000_000, .max].randomElement() }
    sometimes { query.fromSequence = UInt64.random(in: 0...size) }
    sometimes { query.untilSequence = UInt64.random(in: 0...size + 1) }
    return query
  }

  /// The same rows in both, in commits of several.
  private func fill(_ count: Int, _ store: SQLiteStore, _ memory: InMemoryStore) async throws {
    let people = try Self.people()
    for start in stride(from: 0, to: count, by: 100) {
      let rows = try (start..<min(start + 100, count)).map { try Self.row($0) }
      _ = try await store.commit(AppendRows(people: people, rows: rows))
      _ = try await memory.commit(AppendRows(people: people, rows: rows))
    }
  }

  /// Random questions to both.
  private func compare(_ count: Int, _ store: SQLiteStore, _ memory: InMemoryStore, _ when: String) async throws {
    let size = try await memory.size()
    var found = 0
    for _ in 0..<count {
      let query = try Self.query(size)
      let (fast, slow) = (try await store.rows(query), try await memory.rows(query))
      #expect(fast == slow, "\(when): \(query): \(fast.map(\.sequence)) for \(slow.map(\.sequence))")
      found += slow.count
    }
    #expect(found > 0, "the questions find something")
  }

  @Test("random rows and questions: SQLite and memory agree")
  func differential() async throws {
    let scratch = try Scratch()
    let (store, memory) = (try SQLiteStore(path: scratch.database), InMemoryStore())
    try await compareEmpty(store)
    try await fill(1200, store, memory)
    try await compare(600, store, memory, "indexed")
    #expect(try await !store.indexOlderRows(10), "nothing is older than the index")
    store.close()
  }

  private func compareEmpty(_ store: SQLiteStore) async throws {
    for _ in 0..<50 { #expect(try await store.rows(Self.query(3)) == []) }
  }

  @Test("rows of an older version are found before, while and after they are put into the index, a few at a time")
  func olderRows() async throws {
    let scratch = try Scratch()
    let memory = InMemoryStore()
    var store = try SQLiteStore(path: scratch.database)
    try await fill(600, store, memory)
    store.close()
    // As version 11 left it.
    try Tool(scratch.database).run(
      """
      DROP TABLE audit_kinds; DROP TABLE audit_of_kind; DROP TABLE audit_days; DROP TABLE audit_unindexed;
      DELETE FROM grdb_migrations WHERE identifier = 'v12';
      """)
    #expect(try AuditArchive(path: scratch.database).facts().size == 600, "a copy of it is read as it is")
    store = try SQLiteStore(path: scratch.database)
    try await compare(100, store, memory, "before")
    let rows = try (600..<700).map { try Self.row($0) }
    _ = try await store.commit(AppendRows(rows: rows))
    _ = try await memory.commit(AppendRows(rows: rows))
    try await compare(100, store, memory, "with new rows")
    #expect(try await store.indexOlderRows(250))
    try await compare(100, store, memory, "in between")
    store.close()
    // A kill in between loses nothing.
    store = try SQLiteStore(path: scratch.database)
    #expect(try await store.indexOlderRows(250))
    #expect(try await !store.indexOlderRows(250))
    try await compare(200, store, memory, "after")
    #expect(try await !memory.indexOlderRows(250))
    store.close()
  }

  @Test("who changes the index hides rows at most: nothing is shown that was not asked")
  func forged() async throws {
    let scratch = try Scratch()
    let memory = InMemoryStore()
    var store = try SQLiteStore(path: scratch.database)
    try await fill(300, store, memory)
    store.close()
    try Tool(scratch.database).run(
      """
      INSERT OR IGNORE INTO audit_of_kind (kind, sequence)
      SELECT audit_kinds.id, audit.sequence FROM audit_kinds, audit;
      INSERT OR IGNORE INTO audit_of_kind (kind, sequence) SELECT id, 999999 FROM audit_kinds;
      UPDATE audit_days SET first = 0, last = 1000000;
      """)
    store = try SQLiteStore(path: scratch.database)
    try await compare(200, store, memory, "with entries of other rows")
    store.close()
    try Tool(scratch.database).run("DELETE FROM audit_of_kind")
    store = try SQLiteStore(path: scratch.database)
    for _ in 0..<100 {
      let query = try Self.query(300)
      let all = Set(try await memory.rows(Self.endless(query)))
      #expect(try await Set(store.rows(query)).isSubset(of: all), "\(query)")
    }
    store.close()
  }

  private static func endless(_ query: AuditQuery) -> AuditQuery {
    var query = query
    query.limit = 10_000
    return query
  }

  @Test("notes that differ in numbers are one kind; beyond the limit of kinds every note is still found")
  func kinds() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    func rows(_ notes: [String]) -> [AuditRecord] {
      notes.enumerated().map { number, note in
        var record = AuditRecord(time: Int64(number), eventClass: .session, action: "lock", outcome: .done)
        record.note = note
        return record
      }
    }
    func kinds() throws -> String {
      String(decoding: try Tool(scratch.database).bytes("SELECT CAST(count(*) AS BLOB) FROM audit_kinds"), as: UTF8.self)
    }
    _ = try await store.commit(AppendRows(rows: rows((0..<500).map { "row \($0) of 2026-04-\($0 % 30)" })))
    #expect(try kinds() == "1")
    // Letters in the place of digits: 20,100 notes of which no two have one shape.
    let names = (0..<20_100).map { number in
      "件" + String(number).utf8.map { String(UnicodeScalar($0 + 49)) }.joined() + "終"
    }
    for start in stride(from: 0, to: names.count, by: 2000) {
      _ = try await store.commit(AppendRows(rows: rows(Array(names[start..<min(start + 2000, names.count)]))))
    }
    #expect(try kinds() == "20001", "the last of them has none of its own shape")
    for index in [0, 1, 19_000, 19_998, 19_999, 20_000, 20_099] {
      var query = AuditQuery()
      query.text = names[index]
      #expect(try await store.rows(query).map(\.record.note) == [names[index]])
    }
    var query = AuditQuery()
    query.text = "row 499 of"
    #expect(try await store.rows(query).map(\.sequence) == [499])
    // Too long to have a shape.
    let long = String(repeating: "長い備考。", count: 200) + "終わり"
    _ = try await store.commit(AppendRows(rows: rows([long])))
    query.text = "。終わり"
    #expect(try await store.rows(query).map(\.record.note) == [long])
    store.close()
  }

  @Test("each index serves its question, and the log is not walked for it")
  func plans() async throws {
    let scratch = try Scratch()
    try SQLiteStore(path: scratch.database).close()
    let tool = try Tool(scratch.database)
    let span = "AND sequence >= 1 AND sequence < 9 ORDER BY sequence DESC LIMIT 3"
    for column in ["person", "workstation", "reference"] {
      let plan = try tool.plan("SELECT sequence FROM audit INDEXED BY audit_by_\(column) WHERE \(column) = 1 \(span)")
      let index = "COVERING INDEX audit_by_\(column) (\(column)=? AND rowid>? AND rowid<?)"
      #expect(plan.count == 1 && plan.allSatisfy { $0.contains(index) }, "\(plan)")
    }
    let plan = try tool.plan("SELECT sequence FROM audit_of_kind WHERE kind = 1 \(span)")
    #expect(plan.count == 1 && plan.allSatisfy { $0.contains("PRIMARY KEY (kind=? AND sequence>? AND sequence<?)") }, "\(plan)")
  }
}
