import AuthTerms
import DurableSQLite
import GRDB

/// Enrolment codes and the cards that lists announced.
enum FirstTapTables {
  // Trusted: who can change these and knows somebody's password can register a card for that person. Who reads them alone has no
  // code: the key of the hash is not here.
  static let schema = """
    CREATE TABLE enrolment_codes (
      person TEXT NOT NULL REFERENCES people (id),
      segment TEXT NOT NULL,
      state TEXT NOT NULL,
      digest BLOB NOT NULL,
      key_id INTEGER NOT NULL,
      issued_by TEXT NOT NULL,
      issued_at TEXT NOT NULL,
      last_day INTEGER NOT NULL,
      wrong INTEGER NOT NULL CHECK (wrong BETWEEN 0 AND 5),
      PRIMARY KEY (person, segment),
      CHECK (CASE state WHEN 'open' THEN length(digest) = 32 AND wrong < 5 ELSE length(digest) = 0 END)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE expected_cards (
      key BLOB NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      segment TEXT NOT NULL,
      imported_by TEXT NOT NULL,
      imported_at TEXT NOT NULL,
      last_day INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX expected_cards_by_person ON expected_cards (person);
    """

  private static let selectCode =
    "SELECT person, segment, state, digest, key_id, issued_by, issued_at, last_day, wrong FROM enrolment_codes"
  private static let expectedSQL = TableSQL(
    name: "expected_cards", columns: ["key", "person", "segment", "imported_by", "imported_at", "last_day"])

  static func code(of person: PersonID, in segment: Segment, in db: Database) throws -> FirstTapCode? {
    try db.row("\(selectCode) WHERE person = ? AND segment = ?", [person.text, segment.name]).map(code)
  }

  static func codes(_ query: FirstTapCodeQuery, in db: Database) throws -> [FirstTapCode] {
    var conditions: [String] = []
    var values: [SQLiteValue] = []
    func require(_ condition: String, _ value: String?) {
      guard let value else { return }
      conditions.append(condition)
      values.append(value.sqliteValue)
    }
    require("person = ?", query.person?.text)
    require("segment = ?", query.segment?.name)
    require("state = ?", query.state?.rawValue)
    let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
    return try db.rows(
      "\(selectCode)\(filter) ORDER BY person, segment LIMIT ?", values + [FirstTapCode.bounded(query.limit).sqliteValue]
    ).map(code)
  }

  static func put(_ code: FirstTapCode, in db: Database) throws {
    try db.run(
      """
      INSERT INTO enrolment_codes (person, segment, state, digest, key_id, issued_by, issued_at, last_day, wrong)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (person, segment) DO UPDATE SET state = excluded.state, digest = excluded.digest, key_id = excluded.key_id,
        issued_by = excluded.issued_by, issued_at = excluded.issued_at, last_day = excluded.last_day, wrong = excluded.wrong
      """,
      [
        code.person.text, code.segment.name, code.state.rawValue, code.digest, Int64(code.keyID), code.issuedBy.text,
        code.issuedAt.column, code.lastDay, code.wrong,
      ])
  }

  static func expected(_ key: KeyFingerprint, in db: Database) throws -> ExpectedCard? {
    try db.row("\(expectedSQL.select) WHERE key = ?", [key.bytes]).map(expected)
  }

  static func expected(limit: Int, in db: Database) throws -> [ExpectedCard] {
    try db.rows("\(expectedSQL.select) ORDER BY person, key LIMIT ?", [FirstTapCode.bounded(limit)]).map(expected)
  }

  static func put(_ expected: ExpectedCard, in db: Database) throws {
    try db.run(
      expectedSQL.upsert,
      [
        expected.key.bytes, expected.person.text, expected.segment.name, expected.importedBy.text, expected.importedAt.column,
        expected.lastDay,
      ])
  }

  static func removeExpected(_ key: KeyFingerprint, in db: Database) throws -> Bool {
    try db.run("DELETE FROM expected_cards WHERE key = ?", [key.bytes])
    return db.changesCount > 0
  }

  static func removeAll(of person: PersonID, in db: Database) throws {
    try db.run("DELETE FROM enrolment_codes WHERE person = ?", [person.text])
    try db.run("DELETE FROM expected_cards WHERE person = ?", [person.text])
  }

  private static func code(_ row: SQLiteRow) throws -> FirstTapCode {
    var columns = Columns(row, of: "enrolment_codes")
    let person = try columns.word { try PersonID(parsing: $0) }
    let segment = try columns.word { try Segment(parsing: $0) }
    let state = try columns.word(FirstTapCode.State.init(rawValue:))
    let digest = try columns.bytes()
    let keyID = UInt32(exactly: try columns.integer())
    let code = FirstTapCode(
      person: person, segment: segment, digest: digest, keyID: keyID ?? 0,
      issuedBy: try columns.word { try OperatorID(parsing: $0) }, issuedAt: try columns.moment(),
      lastDay: Int(try columns.integer()), state: state, wrong: Int(try columns.integer()))
    guard code.isWhole, keyID != nil else { throw StorageFault.corrupt("table enrolment_codes, a code that is none") }
    return code
  }

  private static func expected(_ row: SQLiteRow) throws -> ExpectedCard {
    var columns = Columns(row, of: "expected_cards")
    return ExpectedCard(
      key: try columns.fingerprint(KeyFingerprint.self), person: try columns.word { try PersonID(parsing: $0) },
      segment: try columns.word { try Segment(parsing: $0) }, importedBy: try columns.word { try OperatorID(parsing: $0) },
      importedAt: try columns.moment(), lastDay: Int(try columns.integer()))
  }
}
