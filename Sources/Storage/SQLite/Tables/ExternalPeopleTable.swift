import AuthTerms
import DurableSQLite
import GRDB

enum ExternalPeopleTable {
  // Trusted: who can change it says who answers for whom, and can let people in anyway. Who answers may be removed before the
  // person goes, so it refers to nobody.
  static let schema = """
    CREATE TABLE external_people (
      person TEXT NOT NULL PRIMARY KEY REFERENCES people (id),
      responsible TEXT NOT NULL,
      is_answered INTEGER NOT NULL CHECK (is_answered IN (0, 1)),
      registered_at TEXT NOT NULL,
      ended_at TEXT
    ) STRICT, WITHOUT ROWID;
    """

  private static let sql = TableSQL(
    name: "external_people", columns: ["person", "responsible", "is_answered", "registered_at", "ended_at"])

  static func person(_ id: PersonID, in db: Database) throws -> ExternalPerson? {
    try db.row("\(sql.select) WHERE person = ?", [id.text]).map(external)
  }

  static func all(in db: Database) throws -> [ExternalPerson] {
    try db.rows("\(sql.select) ORDER BY person").map(external)
  }

  static func put(_ external: ExternalPerson, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        external.person.text, external.responsible.text, external.isAnswered, external.registeredAt.column,
        external.endedAt?.column,
      ])
  }

  static func remove(_ person: PersonID, in db: Database) throws {
    try db.run("DELETE FROM external_people WHERE person = ?", [person.text])
  }

  private static func external(_ row: SQLiteRow) throws -> ExternalPerson {
    var columns = Columns(row, of: "external_people")
    return ExternalPerson(
      person: try columns.word { try PersonID(parsing: $0) }, responsible: try columns.word { try PersonID(parsing: $0) },
      isAnswered: try columns.flag(), registeredAt: try columns.moment(), endedAt: try columns.optionalMoment())
  }
}
