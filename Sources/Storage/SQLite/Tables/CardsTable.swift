import AuthPolicy
import AuthTerms
import GRDB

enum CardsTable {
  static let schema = """
    CREATE TABLE cards (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      key BLOB NOT NULL UNIQUE,
      profile TEXT NOT NULL,
      slot TEXT NOT NULL,
      proven_class TEXT NOT NULL,
      state TEXT NOT NULL,
      enrolled_by TEXT NOT NULL,
      enrolled_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX cards_by_person ON cards (person);
    """

  private static let sql = TableSQL(
    name: "cards",
    columns: ["id", "person", "key", "profile", "slot", "proven_class", "state", "enrolled_by", "enrolled_at"])

  static func card(_ id: CardID, in db: Database) throws -> RegisteredCard? {
    try db.row("\(sql.select) WHERE id = ?", [id.text]).map(card)
  }

  static func card(key: KeyFingerprint, in db: Database) throws -> RegisteredCard? {
    try db.row("\(sql.select) WHERE key = ?", [key.bytes.column]).map(card)
  }

  static func cards(of person: PersonID, in db: Database) throws -> [RegisteredCard] {
    try db.rows("\(sql.select) WHERE person = ? ORDER BY id", [person.text]).map(card)
  }

  static func put(_ card: RegisteredCard, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        card.id.text, card.person.text, card.key.bytes.column, card.profile, card.slot, card.provenClass.name,
        card.state.rawValue, card.enrolledBy.text, card.enrolledAt.column,
      ])
  }

  private static func card(_ row: Row) throws -> RegisteredCard {
    var columns = Columns(row, of: "cards")
    return RegisteredCard(
      id: try columns.word { try CardID(parsing: $0) }, person: try columns.word { try PersonID(parsing: $0) },
      key: try columns.fingerprint(KeyFingerprint.self), profile: try columns.text(), slot: try columns.text(),
      provenClass: try columns.word { ProofClass(name: $0) }, state: try columns.word(CardState.init(rawValue:)),
      enrolledBy: try columns.word { try OperatorID(parsing: $0) }, enrolledAt: try columns.moment())
  }
}
