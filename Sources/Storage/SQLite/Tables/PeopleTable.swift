import AuthTerms
import DurableSQLite
import GRDB

enum PeopleTable {
  static let schema = """
    CREATE TABLE people (
      id TEXT NOT NULL PRIMARY KEY,
      account TEXT NOT NULL UNIQUE,
      display_name TEXT NOT NULL,
      kana TEXT NOT NULL,
      other_names BLOB NOT NULL,
      departments BLOB NOT NULL,
      groups BLOB NOT NULL,
      is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
      first_day INTEGER,
      last_day INTEGER,
      has_managed_password INTEGER NOT NULL CHECK (has_managed_password IN (0, 1)),
      search TEXT NOT NULL
    ) STRICT;
    """

  /// What a directory says besides.
  static let withLimits = """
    ALTER TABLE people ADD COLUMN logon_hours BLOB CHECK (length(logon_hours) = 21);
    ALTER TABLE people ADD COLUMN workstations BLOB NOT NULL DEFAULT x'';
    """

  private static let sql = TableSQL(
    name: "people",
    columns: [
      "id", "account", "display_name", "kana", "other_names", "departments", "groups", "is_enabled", "first_day", "last_day",
      "has_managed_password", "search", "logon_hours", "workstations",
    ])

  static func person(_ id: PersonID, in db: Database) throws -> Person? {
    try db.row("\(sql.select) WHERE id = ?", [id.text]).map(person)
  }

  static func person(account: AccountName, in db: Database) throws -> Person? {
    try db.row("\(sql.select) WHERE account = ?", [account.canonical]).map(person)
  }

  static func people(matching text: String, limit: Int, in db: Database) throws -> [Person] {
    // instr, not LIKE: what was typed is never read as a pattern.
    try db.rows("\(sql.select) WHERE instr(search, ?) > 0 ORDER BY account LIMIT ?", [SearchText.fold(text), limit]).map(person)
  }

  static func everybody(in db: Database) throws -> [Person] { try db.each("\(sql.select) ORDER BY account", read: person) }

  static func count(in db: Database) throws -> Int {
    guard let row = try db.row("SELECT count(*) FROM people") else { return 0 }
    var columns = Columns(row, of: "people")
    return Int(try columns.integer())
  }

  static func put(_ person: Person, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        person.id.text, person.account.canonical, person.displayName, person.kana, person.otherNames.column,
        person.departments.column, person.groups.sorted().column, person.isEnabled, person.firstDay, person.lastDay,
        person.hasManagedPassword, SearchText.line(of: person), person.logonHours?.bytes,
        person.workstations.sorted().column,
      ])
  }

  /// - Returns: whether the person was there.
  static func remove(_ person: PersonID, in db: Database) throws -> Bool {
    try db.run("DELETE FROM people WHERE id = ?", [person.text])
    return db.changesCount > 0
  }

  private static func person(_ row: SQLiteRow) throws -> Person {
    var columns = Columns(row, of: "people")
    var person = Person(
      id: try columns.word { try PersonID(parsing: $0) }, account: try columns.word(canonicalAccount),
      displayName: try columns.text(), kana: try columns.text())
    person.otherNames = try columns.list()
    person.departments = try columns.list()
    person.groups = Set(try columns.list())
    person.isEnabled = try columns.flag()
    person.firstDay = try columns.optionalInteger().map(Int.init)
    person.lastDay = try columns.optionalInteger().map(Int.init)
    person.hasManagedPassword = try columns.flag()
    _ = try columns.text()
    if let bytes = try columns.optionalBytes() {
      guard let hours = LogonHours(bytes: bytes) else { throw StorageFault.corrupt("hours of a person") }
      person.logonHours = hours
    }
    person.workstations = Set(try columns.list())
    return person
  }

  /// The name that was stored is canonical already; one that folds to another is damage.
  private static func canonicalAccount(_ text: String) throws -> AccountName? {
    let account = try AccountName(parsing: text)
    return account.canonical == text ? account : nil
  }
}
