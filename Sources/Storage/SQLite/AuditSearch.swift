import AuditLog
import AuthTerms
import DurableSQLite
import GRDB

/// Rows that a query finds, in the order of the log.
///
/// Several filters have an index each, and which one is worth most is not known before: the few refusals of a large department, or
/// the many rows of one person. So all of them are followed by turns, each a few rows at a time, and the first that has found a
/// page or come to its end is believed: each of them finds the same rows. It costs the cheapest way times their number, at most
/// seven, and needs no statistics.
enum AuditSearch {
  /// Keys that one way may follow at once. What has more is everywhere in the log, and is found by walking it.
  private static let streamLimit = 4096

  /// Part of the log. What is not in the index yet is found without it.
  private struct Part {
    var low: Int64
    /// Exclusive.
    var high: Int64
    let isIndexed: Bool
  }

  static func rows(_ query: AuditQuery, in db: Database) throws -> [AuditRow] {
    let unindexed = try AuditIndexTables.unindexed(in: db)
    let words = try AuditWords(query) { code in
      try members(of: code, in: db)
    } named: { text in
      try named(text, in: db)
    }
    let low = Int64(clamping: query.fromSequence ?? 0)
    let high = Int64(clamping: query.untilSequence ?? .max)
    let older = Part(low: low, high: min(high, unindexed), isIndexed: false)
    let newer = Part(low: max(low, unindexed), high: high, isIndexed: true)
    var found: [AuditRow] = []
    for part in query.newestFirst ? [newer, older] : [older, newer] where found.count < query.boundedLimit {
      found += try rows(query, words, part, limit: query.boundedLimit - found.count, in: db)
    }
    return found
  }

  private static func rows(
    _ query: AuditQuery, _ words: AuditWords, _ whole: Part, limit: Int, in db: Database
  ) throws -> [AuditRow] {
    guard whole.low < whole.high else { return [] }
    var part = whole
    if part.isIndexed, query.from != nil || query.until != nil {
      guard let span = try AuditIndexTables.span(from: query.from, until: query.until, in: db) else { return [] }
      part.low = max(part.low, span.first)
      part.high = min(part.high, span.last == .max ? .max : span.last + 1)
    }
    guard part.low < part.high else { return [] }
    let look = AuditLook(query, words, limit: limit)
    let streams = try ways(query, words, isIndexed: part.isIndexed, in: db).filter { $0.count <= streamLimit }
    if streams.isEmpty, query.code == nil, query.department == nil, words.text.isEmpty {
      return try look.walk(low: part.low, high: part.high, in: db)
    }
    var turns = (streams + [[SequenceStream.all]]).map {
      (union: SequenceUnion($0, low: part.low, high: part.high, newestFirst: query.newestFirst), found: [AuditRow]())
    }
    while true {
      for index in turns.indices {
        let sequences = try turns[index].union.next(in: db)
        if sequences.isEmpty { return turns[index].found }
        turns[index].found += try look.rows(sequences, in: db)
        if turns[index].found.count >= limit { return Array(turns[index].found.prefix(limit)) }
      }
    }
  }

  /// Each of them leads to all rows that the query finds.
  private static func ways(
    _ query: AuditQuery, _ words: AuditWords, isIndexed: Bool, in db: Database
  ) throws -> [[SequenceStream]] {
    var ways: [[SequenceStream]] = []
    if let reference = query.reference { ways.append([.reference(reference.number)]) }
    if let person = query.person { ways.append([.person(person.text)]) }
    if let workstation = query.workstation { ways.append([.workstation(workstation.text)]) }
    if let members = words.members { ways.append(members.map { SequenceStream.person($0.text) }) }
    guard isIndexed else { return ways }
    let asksKind =
      query.segment != nil || query.eventClass != nil || query.action != nil || query.outcome != nil || query.code != nil
    if asksKind { ways.append(try AuditIndexTables.kinds(query, noteHas: nil, in: db).map { SequenceStream.kind($0) }) }
    if !words.text.isEmpty { ways.append(try streams(query, words, in: db)) }
    return ways
  }

  private static func streams(_ query: AuditQuery, _ words: AuditWords, in db: Database) throws -> [SequenceStream] {
    let shape = AuditWords.shape(folded: words.text)
    var streams = try AuditIndexTables.kinds(query, noteHas: shape, in: db).map { SequenceStream.kind($0) }
    var people = Set(words.named.map(\.text))
    // Ids are of ASCII.
    if words.text.utf8.allSatisfy({ $0 < 0x80 }) {
      people.formUnion(try ids("person", in: db).filter(words.has))
      streams += try ids("workstation", in: db).filter(words.has).map { SequenceStream.workstation($0) }
      if words.text.utf8.count == 6, let number = Int(words.text) { streams.append(.reference(number)) }
    }
    return streams + people.map { SequenceStream.person($0) }
  }

  // MARK: What rows do not say

  private static func members(of code: String, in db: Database) throws -> Set<PersonID> {
    var members: Set<PersonID> = []
    // A code within another one, or over the edge of two, is sorted out by reading the list.
    let rows = try db.rows("SELECT id, departments FROM people WHERE instr(departments, ?) > 0", [Array(code.utf8)])
    for row in rows {
      var columns = Columns(row, of: "people")
      let person = try columns.word { try PersonID(parsing: $0) }
      if try columns.list().contains(code) { members.insert(person) }
    }
    return members
  }

  private static func named(_ text: String, in db: Database) throws -> Set<PersonID> {
    let found = try db.each("SELECT id FROM people WHERE instr(search, ?) > 0", [text]) { row in
      var columns = Columns(row, of: "people")
      return try columns.word { try PersonID(parsing: $0) }
    }
    return Set(found)
  }

  /// Each id that stands in the log, one step in the index for each: also of people who were removed.
  /// - Parameter column: `person` or `workstation`.
  private static func ids(_ column: String, in db: Database) throws -> [String] {
    let sql = """
      WITH RECURSIVE ids (id) AS (
        SELECT min(\(column)) FROM audit WHERE \(column) IS NOT NULL
        UNION ALL SELECT (SELECT min(\(column)) FROM audit WHERE \(column) > ids.id) FROM ids WHERE ids.id IS NOT NULL
      ) SELECT id FROM ids WHERE id IS NOT NULL
      """
    return try db.each(sql) { row in
      var columns = Columns(row, of: "audit")
      return try columns.text()
    }
  }
}

/// Rows at given places, as far as the query finds them.
private struct AuditLook {
  private static let select = "SELECT sequence, encoded, hash FROM audit WHERE "

  private let query: AuditQuery
  private let words: AuditWords
  private let limit: Int
  private let conditions: AuditConditions

  init(_ query: AuditQuery, _ words: AuditWords, limit: Int) {
    (self.query, self.words, self.limit) = (query, words, limit)
    var conditions = AuditConditions()
    conditions.require(query)
    self.conditions = conditions
  }

  private var order: String { query.newestFirst ? " ORDER BY sequence DESC" : " ORDER BY sequence" }

  /// Those that the columns alone find: a page at most.
  func walk(low: Int64, high: Int64, in db: Database) throws -> [AuditRow] {
    let sql = Self.select + conditions.sql + " AND sequence >= ? AND sequence < ?" + order + " LIMIT ?"
    let places = [low.sqliteValue, high.sqliteValue, limit.sqliteValue]
    return try db.each(sql, conditions.values + places, read: AuditTable.row).filter { query.matches($0, words) }
  }

  /// - Parameter sequences: in the order of the query.
  func rows(_ sequences: [Int64], in db: Database) throws -> [AuditRow] {
    guard let first = sequences.first, let last = sequences.last else { return [] }
    let (low, high) = (min(first, last), max(first, last))
    // Where most rows are asked, one walk is cheaper than a step to each; who else is met there is not found by the query.
    if (high - low) / 2 < Int64(sequences.count) {
      let sql = Self.select + conditions.sql + " AND sequence >= ? AND sequence <= ?" + order
      return try db.each(sql, conditions.values + [low.sqliteValue, high.sqliteValue], read: AuditTable.row)
        .filter { query.matches($0, words) }
    }
    let sql = Self.select + conditions.sql + " AND sequence = ?"
    return try sequences.compactMap { (sequence) throws -> AuditRow? in
      guard let row = try db.row(sql, conditions.values + [sequence.sqliteValue]) else { return nil }
      let found = try AuditTable.row(row)
      return query.matches(found, words) ? found : nil
    }
  }
}

/// The places of rows under one key of one index.
struct SequenceStream {
  fileprivate let front: String
  fileprivate let key: SQLiteValue
  /// Read, and not handed on.
  fileprivate var waiting: ArraySlice<Int64> = []
  fileprivate var reached: Int64?
  fileprivate var isAtEnd = false

  private init(_ front: String, _ key: SQLiteValue) {
    self.front = front
    self.key = key
  }

  // Named, because the log's own order looks as good to the planner as any of them.
  static func person(_ id: String) -> Self { Self("audit INDEXED BY audit_by_person WHERE person = ?", id.sqliteValue) }
  static func workstation(_ id: String) -> Self {
    Self("audit INDEXED BY audit_by_workstation WHERE workstation = ?", id.sqliteValue)
  }
  static func reference(_ number: Int) -> Self {
    Self("audit INDEXED BY audit_by_reference WHERE reference = ?", number.sqliteValue)
  }
  static func kind(_ id: Int64) -> Self { Self("audit_of_kind WHERE kind = ?", id.sqliteValue) }
  static let all = Self("audit WHERE 1 = ?", Int64(1).sqliteValue)
}

/// The places under several keys, in the order of the log and each once, a few at a time.
struct SequenceUnion {
  private static let largestBatch = 512

  private var streams: [SequenceStream]
  private let low: Int64
  private let high: Int64
  private let newestFirst: Bool
  private var batch = 16

  /// - Parameter high: exclusive.
  init(_ streams: [SequenceStream], low: Int64, high: Int64, newestFirst: Bool) {
    (self.streams, self.low, self.high, self.newestFirst) = (streams, low, high, newestFirst)
  }

  /// - Returns: the next of them; none at the end.
  mutating func next(in db: Database) throws -> [Int64] {
    for index in streams.indices where streams[index].waiting.isEmpty { try read(index, in: db) }
    streams.removeAll { $0.isAtEnd && $0.waiting.isEmpty }
    // As far as all of them have been read.
    var border: Int64?
    for stream in streams where !stream.isAtEnd {
      guard let reached = stream.reached else { continue }
      border = border.map { newestFirst ? max($0, reached) : min($0, reached) } ?? reached
    }
    var found: [Int64] = []
    for index in streams.indices {
      let ready = streams[index].waiting.prefix { sequence in
        border.map { newestFirst ? sequence >= $0 : sequence <= $0 } ?? true
      }
      found += ready
      streams[index].waiting.removeFirst(ready.count)
    }
    batch = min(batch * 2, Self.largestBatch)
    found.sort { newestFirst ? $0 > $1 : $0 < $1 }
    var once: [Int64] = []
    for sequence in found where sequence != once.last { once.append(sequence) }
    return once
  }

  private mutating func read(_ index: Int, in db: Database) throws {
    let stream = streams[index]
    guard !stream.isAtEnd else { return }
    let from = newestFirst ? low : stream.reached.map { $0 + 1 } ?? low
    let until = newestFirst ? stream.reached ?? high : high
    let sql =
      "SELECT sequence FROM \(stream.front) AND sequence >= ? AND sequence < ? ORDER BY sequence"
      + (newestFirst ? " DESC LIMIT ?" : " LIMIT ?")
    let found = try db.each(sql, [stream.key, from, until, batch]) { row in
      var columns = Columns(row, of: "audit")
      return try columns.integer()
    }
    streams[index].waiting = found[...]
    streams[index].reached = found.last ?? stream.reached
    streams[index].isAtEnd = found.count < batch
  }
}
