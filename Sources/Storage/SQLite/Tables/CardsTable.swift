import AuthPolicy
import AuthTerms
import DurableSQLite
import GRDB

enum CardsTable {
  /// As version 1 shipped it: one key was one card.
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

  /// Keys get a table of their own. Each card of version 1 stays a card with its one key: nobody then read which keys lie on one.
  static let keysOfTheirOwn = """
    CREATE TABLE new_cards (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      guid BLOB UNIQUE,
      state TEXT NOT NULL
    ) STRICT;
    INSERT INTO new_cards (id, person, guid, state) SELECT id, person, NULL, state FROM cards;
    CREATE TABLE new_keys (
      key BLOB NOT NULL PRIMARY KEY,
      card TEXT NOT NULL REFERENCES new_cards (id),
      profile TEXT NOT NULL,
      slot TEXT NOT NULL,
      proven_class TEXT NOT NULL,
      enrolled_by TEXT NOT NULL,
      enrolled_at TEXT NOT NULL,
      UNIQUE (card, slot)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO new_keys (key, card, profile, slot, proven_class, enrolled_by, enrolled_at)
      SELECT key, id, profile, slot, proven_class, enrolled_by, enrolled_at FROM cards;
    DROP TABLE cards;
    ALTER TABLE new_cards RENAME TO cards;
    ALTER TABLE new_keys RENAME TO card_keys;
    CREATE INDEX cards_by_person ON cards (person);
    """

  /// A stock card is lent, and nobody's in between. The check is the rule, kept by the database whatever the code above does.
  static let ofTheStock = """
    CREATE TABLE new_cards (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT REFERENCES people (id),
      guid BLOB UNIQUE,
      state TEXT NOT NULL,
      is_stock INTEGER NOT NULL CHECK (is_stock IN (0, 1)),
      lent_until INTEGER,
      CHECK (
        CASE is_stock WHEN 1 THEN (person IS NULL) = (lent_until IS NULL) ELSE person IS NOT NULL AND lent_until IS NULL END)
    ) STRICT;
    INSERT INTO new_cards (id, person, guid, state, is_stock, lent_until) SELECT id, person, guid, state, 0, NULL FROM cards;
    DROP TABLE cards;
    ALTER TABLE new_cards RENAME TO cards;
    CREATE INDEX cards_by_person ON cards (person);
    CREATE INDEX cards_lent ON cards (id) WHERE lent_until IS NOT NULL;
    """

  /// What was lent before its column was there stays usable until it is returned.
  static let awaitingPIN = """
    ALTER TABLE cards ADD COLUMN awaits_pin INTEGER NOT NULL DEFAULT 0
      CHECK (awaits_pin = 0 OR awaits_pin = 1 AND lent_until IS NOT NULL);
    """

  private static let sql = TableSQL(
    name: "cards", columns: ["id", "person", "guid", "state", "is_stock", "lent_until", "awaits_pin"])
  private static let keys = TableSQL(
    name: "card_keys", columns: ["key", "card", "profile", "slot", "proven_class", "enrolled_by", "enrolled_at"])

  static func card(_ id: CardID, in db: Database) throws -> RegisteredCard? {
    try db.row("\(sql.select) WHERE id = ?", [id.text]).map { try card($0, in: db) }
  }

  static func card(key: KeyFingerprint, in db: Database) throws -> RegisteredCard? {
    try db.row("\(sql.select) WHERE id = (SELECT card FROM card_keys WHERE key = ?)", [key.bytes])
      .map { try card($0, in: db) }
  }

  static func card(guid: CardGUID, in db: Database) throws -> RegisteredCard? {
    try db.row("\(sql.select) WHERE guid = ?", [guid.bytes]).map { try card($0, in: db) }
  }

  static func cards(of person: PersonID, in db: Database) throws -> [RegisteredCard] {
    try db.rows("\(sql.select) WHERE person = ? ORDER BY id", [person.text]).map { try card($0, in: db) }
  }

  static func cards(after id: CardID?, limit: Int, in db: Database) throws -> [RegisteredCard] {
    try db.rows("\(sql.select) WHERE id > ? ORDER BY id LIMIT ?", [id?.text ?? "", max(limit, 0)]).map { try card($0, in: db) }
  }

  static func lent(in db: Database) throws -> [RegisteredCard] {
    try db.rows("\(sql.select) WHERE lent_until IS NOT NULL ORDER BY id").map { try card($0, in: db) }
  }

  static func put(_ card: RegisteredCard, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        card.id.text, card.person?.text, card.guid?.bytes, card.state.rawValue, card.isStock, card.lentUntil, card.awaitsPIN,
      ])
    try db.run("DELETE FROM card_keys WHERE card = ?", [card.id.text])
    for key in card.keys {
      try db.run(
        keys.insert,
        [
          key.fingerprint.bytes, card.id.text, key.profile, key.slot, key.provenClass.name, key.enrolledBy.text,
          key.enrolledAt.column,
        ])
    }
  }

  /// The person's own cards. What was lent to the person is nobody's again.
  static func removeAll(of person: PersonID, in db: Database) throws -> Int {
    try db.run(
      "UPDATE cards SET person = NULL, lent_until = NULL, awaits_pin = 0 WHERE person = ? AND is_stock = 1", [person.text])
    try db.run("DELETE FROM card_keys WHERE card IN (SELECT id FROM cards WHERE person = ?)", [person.text])
    try db.run("DELETE FROM cards WHERE person = ?", [person.text])
    return db.changesCount
  }

  static func keys(after key: KeyFingerprint?, limit: Int, in db: Database) throws -> [KnownCardKey] {
    try db.rows(
      """
      SELECT card_keys.key, card_keys.profile, CASE cards.is_stock WHEN 1 THEN NULL ELSE cards.person END, cards.state
      FROM card_keys JOIN cards ON cards.id = card_keys.card
      WHERE card_keys.key > ? ORDER BY card_keys.key LIMIT ?
      """, [(key?.bytes ?? []), max(limit, 0)]
    ).map { row in
      var columns = Columns(row, of: "card_keys")
      return KnownCardKey(
        key: try columns.fingerprint(KeyFingerprint.self), profile: try columns.text(),
        person: try columns.optionalWord { try PersonID(parsing: $0) }, state: try columns.word { CardState(rawValue: $0) })
    }
  }

  private static func card(_ row: SQLiteRow, in db: Database) throws -> RegisteredCard {
    var columns = Columns(row, of: "cards")
    let id = try columns.word { try CardID(parsing: $0) }
    let card = RegisteredCard(
      id: id, person: try columns.optionalWord { try PersonID(parsing: $0) },
      guid: try columns.optionalBytes().map { (bytes) throws -> CardGUID in
        guard let guid = try? CardGUID(parsing: bytes) else { throw StorageFault.corrupt("table cards, guid") }
        return guid
      },
      state: try columns.word(CardState.init(rawValue:)),
      keys: try db.rows("\(keys.select) WHERE card = ? ORDER BY slot", [id.text]).map(key), isStock: try columns.flag(),
      lentUntil: try columns.optionalInteger().map { Int($0) }, awaitsPIN: try columns.flag())
    guard card.isWhole else { throw StorageFault.corrupt("table cards, a card of nobody") }
    return card
  }

  private static func key(_ row: SQLiteRow) throws -> RegisteredKey {
    var columns = Columns(row, of: "card_keys")
    let fingerprint = try columns.fingerprint(KeyFingerprint.self)
    _ = try columns.text()
    return RegisteredKey(
      fingerprint: fingerprint, profile: try columns.text(), slot: try columns.text(),
      provenClass: try columns.word { ProofClass(name: $0) },
      enrolledBy: try columns.word { try OperatorID(parsing: $0) }, enrolledAt: try columns.moment())
  }
}
