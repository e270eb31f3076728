import AuthPolicy
import AuthTerms
import DurableSQLite
import GRDB

enum SessionsTable {
  // As version 1 shipped it. The partial index is the rule "one live session on one workstation", kept by the database whatever the code above does.
  static let schema = """
    CREATE TABLE sessions (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      workstation TEXT NOT NULL REFERENCES workstations (id),
      segment TEXT NOT NULL,
      scenario TEXT NOT NULL,
      card TEXT REFERENCES cards (id),
      phase TEXT NOT NULL CHECK (phase IN ('open', 'locked', 'ended')),
      is_revoked INTEGER NOT NULL CHECK (is_revoked IN (0, 1)),
      kinds TEXT NOT NULL,
      assurance INTEGER NOT NULL,
      opened_at TEXT NOT NULL,
      last_activity TEXT NOT NULL,
      lease_until TEXT NOT NULL,
      lease_seconds INTEGER NOT NULL,
      idle_seconds INTEGER NOT NULL,
      overall_seconds INTEGER NOT NULL,
      on_card_removal TEXT NOT NULL,
      signing_key BLOB NOT NULL,
      sealing_key BLOB NOT NULL,
      sealing_suite TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX live_session_of_workstation ON sessions (workstation) WHERE phase <> 'ended';
    CREATE INDEX live_sessions_of_person ON sessions (person) WHERE phase <> 'ended';
    """

  /// When a lease ends depends on when its workstation was last heard, which no row tells.
  static let withoutLease = "ALTER TABLE sessions DROP COLUMN lease_until"

  /// Whoever is removed takes ended sessions along, and a person or a card that goes is looked for in them. One index for this and
  /// for live sessions: of two SQLite takes either, and one of them has a thousand rows a person.
  static let byPersonAndCard = """
    DROP INDEX live_sessions_of_person;
    CREATE INDEX sessions_by_person ON sessions (person, phase);
    CREATE INDEX sessions_by_card ON sessions (card) WHERE card IS NOT NULL;
    """

  private static let sql = TableSQL(
    name: "sessions",
    columns: [
      "id", "person", "workstation", "segment", "scenario", "card", "phase", "is_revoked", "kinds", "assurance", "opened_at",
      "last_activity", "lease_seconds", "idle_seconds", "overall_seconds", "on_card_removal", "signing_key",
      "sealing_key", "sealing_suite",
    ])

  static func session(_ id: SessionID, in db: Database) throws -> SessionRecord? {
    try db.row("\(sql.select) WHERE id = ?", [id.text]).map(session)
  }

  static func liveSession(on workstation: WorkstationID, in db: Database) throws -> SessionRecord? {
    try db.row("\(sql.select) WHERE workstation = ? AND phase <> 'ended'", [workstation.text]).map(session)
  }

  static func liveSessions(of person: PersonID, in db: Database) throws -> [SessionRecord] {
    try db.rows("\(sql.select) WHERE person = ? AND phase IN ('open', 'locked') ORDER BY id", [person.text]).map(session)
  }

  static func liveSessions(in db: Database) throws -> [SessionRecord] {
    try db.rows("\(sql.select) WHERE phase <> 'ended' ORDER BY id").map(session)
  }

  static func put(_ session: SessionRecord, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        session.id.text, session.person.text, session.workstation.text, session.segment.name, session.scenario.rawValue,
        session.card?.text, session.phase.rawValue, session.isRevoked,
        FactorKind.allCases.filter(session.kinds.contains).map(\.rawValue).joined(separator: ","),
        session.assurance.rawValue, session.openedAt.column, session.lastActivity.column,
        session.terms.leaseSeconds, session.terms.idleSeconds, session.terms.overallSeconds,
        session.terms.onCardRemoval.rawValue, session.signingKey, session.sealingKey, session.sealingSuite,
      ])
  }

  private static func session(_ row: SQLiteRow) throws -> SessionRecord {
    var columns = Columns(row, of: "sessions")
    return SessionRecord(
      id: try columns.word { try SessionID(parsing: $0) }, person: try columns.word { try PersonID(parsing: $0) },
      workstation: try columns.word { try WorkstationID(parsing: $0) }, segment: try columns.word { try Segment(parsing: $0) },
      scenario: try columns.word(Scenario.init(rawValue:)), card: try columns.optionalWord { try CardID(parsing: $0) },
      phase: try columns.word(SessionPhase.init(rawValue:)), isRevoked: try columns.flag(), kinds: try columns.word(kinds),
      assurance: try assurance(&columns), openedAt: try columns.moment(), lastActivity: try columns.moment(),
      terms: SessionTerms(
        leaseSeconds: Int(try columns.integer()), idleSeconds: Int(try columns.integer()),
        overallSeconds: Int(try columns.integer()), onCardRemoval: try columns.word(CardRemoval.init(rawValue:))),
      signingKey: try columns.bytes(), sealingKey: try columns.bytes(), sealingSuite: try columns.text())
  }

  /// Those of the person, and those that name a card of the person's own.
  static func removeAll(of person: PersonID, in db: Database) throws -> Int {
    try db.run(
      "DELETE FROM sessions WHERE person = ? OR card IN (SELECT id FROM cards WHERE person = ? AND is_stock = 0)",
      [person.text, person.text])
    return db.changesCount
  }

  private static func kinds(_ text: String) -> Set<FactorKind>? {
    let words = text.split(separator: ",")
    let kinds = words.compactMap { FactorKind(rawValue: String($0)) }
    return kinds.count == words.count ? Set(kinds) : nil
  }

  private static func assurance(_ columns: inout Columns) throws -> AssuranceLevel {
    guard let level = AssuranceLevel(rawValue: Int(try columns.integer())) else {
      throw StorageFault.corrupt("table sessions, assurance")
    }
    return level
  }
}
