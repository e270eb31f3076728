import AuthTerms
import DurableSQLite
import GRDB

enum PalmsTable {
  // Untrusted: what is sealed opens for its own row only; at worst a row is deleted or put back (docs/threat-model.md).
  static let schema = """
    CREATE TABLE palms (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      hand INTEGER NOT NULL CHECK (hand IN (1, 2)),
      format TEXT NOT NULL,
      ring INTEGER NOT NULL CHECK (ring BETWEEN 0 AND 4294967295),
      sealed BLOB NOT NULL,
      recent BLOB NOT NULL,
      enrolled_by TEXT NOT NULL,
      enrolled_at TEXT NOT NULL,
      UNIQUE (person, hand, format)
    ) STRICT;
    CREATE TABLE palm_samples (
      sample BLOB NOT NULL PRIMARY KEY CHECK (length(sample) = 32),
      day INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX palm_samples_by_day ON palm_samples (day);
    """

  private static let sql = TableSQL(
    name: "palms",
    columns: ["id", "person", "hand", "format", "ring", "sealed", "recent", "enrolled_by", "enrolled_at"])

  static func palms(of person: PersonID, in db: Database) throws -> [RegisteredPalm] {
    try db.rows("\(sql.select) WHERE person = ? ORDER BY id", [person.text]).map(palm)
  }

  static func palms(after id: String, limit: Int, in db: Database) throws -> [RegisteredPalm] {
    try db.rows("\(sql.select) WHERE id > ? ORDER BY id LIMIT ?", [id, max(limit, 0)]).map(palm)
  }

  private static let otherKey = "WHERE ring NOT IN (0, ?)"

  static func palms(notUnder ring: UInt32, limit: Int, in db: Database) throws -> [RegisteredPalm] {
    try db.rows("\(sql.select) \(otherKey) ORDER BY id LIMIT ?", [Int64(ring), max(limit, 0)]).map(palm)
  }

  static func count(notUnder ring: UInt32, in db: Database) throws -> Int {
    guard let row = try db.row("SELECT count(*) FROM palms \(otherKey)", [Int64(ring)]) else { return 0 }
    var columns = Columns(row, of: "palms")
    return Int(try columns.integer())
  }

  static func oldestSampleDay(in db: Database) throws -> Int? {
    guard let row = try db.row("SELECT min(day) FROM palm_samples") else { return nil }
    var columns = Columns(row, of: "palm_samples")
    return try columns.optionalInteger().map(Int.init)
  }

  static func put(_ palm: RegisteredPalm, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        palm.id, palm.person.text, Int64(palm.hand.rawValue), palm.format, Int64(palm.ring), palm.sealed,
        palm.recent, palm.enrolledBy.text, palm.enrolledAt.column,
      ])
  }

  static func remove(_ id: String, in db: Database) throws -> Bool {
    try db.run("DELETE FROM palms WHERE id = ?", [id])
    return db.changesCount > 0
  }

  static func removeAll(of person: PersonID, in db: Database) throws -> Int {
    try db.run("DELETE FROM palms WHERE person = ?", [person.text])
    return db.changesCount
  }

  static func isKnown(_ sample: SampleFingerprint, in db: Database) throws -> Bool {
    try db.row("SELECT 1 FROM palm_samples WHERE sample = ?", [sample.bytes]) != nil
  }

  static func remember(_ sample: SampleFingerprint, day: Int, in db: Database) throws {
    try db.run("INSERT INTO palm_samples (sample, day) VALUES (?, ?)", [sample.bytes, day])
  }

  static func forgetSamples(before day: Int, in db: Database) throws -> Int {
    try db.run("DELETE FROM palm_samples WHERE day < ?", [day])
    return db.changesCount
  }

  private static func palm(_ row: SQLiteRow) throws -> RegisteredPalm {
    var columns = Columns(row, of: "palms")
    let id = try columns.text()
    let person = try columns.word { try PersonID(parsing: $0) }
    guard let hand = UInt8(exactly: try columns.integer()).flatMap(Hand.init) else { throw corrupt }
    let format = try columns.text()
    guard let ring = UInt32(exactly: try columns.integer()) else { throw corrupt }
    let palm = RegisteredPalm(
      person: person, hand: hand, format: format, ring: ring, sealed: try columns.bytes(), recent: try columns.bytes(),
      enrolledBy: try columns.word { try OperatorID(parsing: $0) }, enrolledAt: try columns.moment())
    guard palm.id == id else { throw corrupt }
    return palm
  }

  private static var corrupt: StorageFault { .corrupt("table palms") }
}
