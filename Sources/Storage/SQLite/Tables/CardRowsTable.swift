import AuditLog
import AuthTerms
import DurableSQLite
import GRDB

/// Which rows of the log tell a card's story: a table of their own, because a column of the log would cost every logon of the city.
///
/// Untrusted: who can change it hides rows from a story, and nothing else; each row that is shown was compared with its hash, and
/// with the card that it names.
enum CardRowsTable {
  static let schema = """
    CREATE TABLE card_rows (
      card TEXT NOT NULL,
      sequence INTEGER NOT NULL REFERENCES audit (sequence),
      PRIMARY KEY (card, sequence)
    ) STRICT, WITHOUT ROWID;
    """

  /// Acts at the desk that are in the log already. When a lost card was shown at a workstation is not among them: to find that, the
  /// whole log would have to be read.
  static func fill(in db: Database) throws {
    for row in try db.rows("SELECT sequence, encoded FROM audit WHERE action >= 'card.' AND action < 'card/'") {
      var columns = Columns(row, of: "audit")
      let sequence = UInt64(clamping: try columns.integer())
      guard let record = try? RecordEncoding.decode(try columns.bytes()) else {
        throw StorageFault.corrupt("audit row \(sequence)")
      }
      try remember(record, at: sequence, in: db)
    }
  }

  static func remember(_ record: AuditRecord, at sequence: UInt64, in db: Database) throws {
    guard let card = record.cardOfItsStory else { return }
    try db.run("INSERT INTO card_rows (card, sequence) VALUES (?, ?)", [card.text, Int64(sequence)])
  }

  /// The newest of them, in the order of the log.
  static func rows(of card: CardID, limit: Int, in db: Database) throws -> [AuditRow] {
    let found = try db.rows(
      """
      SELECT audit.sequence, audit.encoded, audit.hash FROM card_rows JOIN audit ON audit.sequence = card_rows.sequence
      WHERE card_rows.card = ? ORDER BY card_rows.sequence DESC LIMIT ?
      """, [card.text, AuditQuery.bounded(limit)]
    ).map(AuditTable.row)
    return found.reversed().filter { $0.record.cardOfItsStory == card }
  }
}
