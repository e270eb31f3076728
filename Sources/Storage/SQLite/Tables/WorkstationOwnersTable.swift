import AuthTerms
import DurableSQLite
import GRDB

enum WorkstationOwnersTable {
  // Trusted: who can change it silences the alarm about one number at two workstations; it lets nobody in.
  static let schema = """
    CREATE TABLE workstation_owners (
      person TEXT NOT NULL REFERENCES people (id),
      workstation TEXT NOT NULL REFERENCES workstations (id),
      PRIMARY KEY (person, workstation)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX workstation_owners_by_workstation ON workstation_owners (workstation, person);
    """

  static func workstations(of person: PersonID, in db: Database) throws -> [WorkstationID] {
    try db.rows("SELECT workstation FROM workstation_owners WHERE person = ? ORDER BY workstation", [person.text]).map { row in
      var columns = Columns(row, of: "workstation_owners")
      return try columns.word { try WorkstationID(parsing: $0) }
    }
  }

  static func owners(of workstation: WorkstationID, in db: Database) throws -> [PersonID] {
    try db.rows("SELECT person FROM workstation_owners WHERE workstation = ? ORDER BY person", [workstation.text]).map { row in
      var columns = Columns(row, of: "workstation_owners")
      return try columns.word { try PersonID(parsing: $0) }
    }
  }

  static func set(_ person: PersonID, of workstation: WorkstationID, _ isOwner: Bool, in db: Database) throws {
    try db.run(
      "DELETE FROM workstation_owners WHERE person = ? AND workstation = ?", [person.text, workstation.text])
    guard isOwner else { return }
    try db.run("INSERT INTO workstation_owners (person, workstation) VALUES (?, ?)", [person.text, workstation.text])
  }

  static func removeAll(of person: PersonID, in db: Database) throws {
    try db.run("DELETE FROM workstation_owners WHERE person = ?", [person.text])
  }
}
