import AuthTerms
import DurableSQLite
import GRDB

enum PalmUseTable {
  // Trusted: who can change it can hide a dirty sensor, or have somebody enrolled anew; it decides nothing.
  static let schema = """
    CREATE TABLE palm_use (
      person TEXT NOT NULL REFERENCES people (id),
      day INTEGER NOT NULL,
      workstation TEXT NOT NULL,
      sensor TEXT NOT NULL,
      tries INTEGER NOT NULL,
      retakes INTEGER NOT NULL,
      matches INTEGER NOT NULL,
      strength INTEGER NOT NULL,
      PRIMARY KEY (person, day, workstation, sensor)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX palm_use_by_day ON palm_use (day);
    """

  static func add(_ use: PalmUse, day: Int, in db: Database) throws {
    try db.run(
      """
      INSERT INTO palm_use (person, day, workstation, sensor, tries, retakes, matches, strength)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (person, day, workstation, sensor) DO UPDATE SET tries = tries + excluded.tries,
        retakes = retakes + excluded.retakes, matches = matches + excluded.matches, strength = strength + excluded.strength
      """,
      [
        use.person.text, day, use.workstation.text, use.sensor.text, use.tries, use.retakes, use.matches, use.strength,
      ])
  }

  static func use(from first: Int, to last: Int, in db: Database) throws -> [PalmUse] {
    try db.rows(
      """
      SELECT person, workstation, sensor, sum(tries), sum(retakes), sum(matches), sum(strength) FROM palm_use
      WHERE day BETWEEN ? AND ? GROUP BY person, workstation, sensor ORDER BY person, workstation, sensor
      """, [first, last]
    ).map { row in
      var columns = Columns(row, of: "palm_use")
      return PalmUse(
        person: try columns.word { try PersonID(parsing: $0) },
        workstation: try columns.word { try WorkstationID(parsing: $0) },
        sensor: try columns.word { try SensorID(parsing: $0) }, tries: Int(try columns.integer()),
        retakes: Int(try columns.integer()), matches: Int(try columns.integer()), strength: Int(try columns.integer()))
    }
  }

  static func oldestDay(in db: Database) throws -> Int? {
    guard let row = try db.row("SELECT min(day) FROM palm_use") else { return nil }
    var columns = Columns(row, of: "palm_use")
    return try columns.optionalInteger().map(Int.init)
  }

  static func forget(before day: Int, in db: Database) throws -> Int {
    try db.run("DELETE FROM palm_use WHERE day < ?", [day])
    return db.changesCount
  }

  static func removeAll(of person: PersonID, in db: Database) throws {
    try db.run("DELETE FROM palm_use WHERE person = ?", [person.text])
  }
}
