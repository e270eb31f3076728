import DurableSQLite
import GRDB

enum CheckpointsTable {
  static let schema = """
    CREATE TABLE checkpoints (
      place INTEGER NOT NULL PRIMARY KEY,
      size INTEGER NOT NULL CHECK (size >= 0),
      note TEXT NOT NULL UNIQUE
    ) STRICT;
    """

  static func notes(in db: Database) throws -> [String] {
    try db.rows("SELECT note FROM checkpoints ORDER BY size, place").map { row in
      var columns = Columns(row, of: "checkpoints")
      return try columns.text()
    }
  }

  /// By its place: a checkpoint is kept only when it extends the ones before.
  static func newest(in db: Database) throws -> String? {
    guard let row = try db.row("SELECT note FROM checkpoints ORDER BY place DESC LIMIT 1") else { return nil }
    var columns = Columns(row, of: "checkpoints")
    return try columns.text()
  }

  /// The same note twice is one, and one with further signatures stands in the place of the one it begins with.
  static func put(_ note: String, size: UInt64, in db: Database) throws {
    // Signatures come within seconds: it is among the last.
    if let row = try db.row(
      """
      SELECT place FROM checkpoints WHERE place > (SELECT max(place) - 64 FROM checkpoints)
      AND size = ? AND note <> ? AND substr(?, 1, length(note)) = note ORDER BY place LIMIT 1
      """, [Int64(size), note, note])
    {
      var columns = Columns(row, of: "checkpoints")
      return try db.run("UPDATE OR IGNORE checkpoints SET note = ? WHERE place = ?", [note, try columns.integer()])
    }
    try db.run("INSERT INTO checkpoints (size, note) VALUES (?, ?) ON CONFLICT (note) DO NOTHING", [Int64(size), note])
  }
}
