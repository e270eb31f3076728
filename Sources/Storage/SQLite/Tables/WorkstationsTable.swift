import AuthTerms
import DurableSQLite
import GRDB

enum WorkstationsTable {
  static let schema = """
    CREATE TABLE workstations (
      id TEXT NOT NULL PRIMARY KEY,
      segment TEXT NOT NULL,
      access TEXT NOT NULL,
      is_revoked INTEGER NOT NULL CHECK (is_revoked IN (0, 1)),
      enrolled_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE workstation_certificates (
      certificate BLOB NOT NULL PRIMARY KEY,
      workstation TEXT NOT NULL REFERENCES workstations (id),
      place INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX workstation_certificates_by_workstation ON workstation_certificates (workstation, place);
    """

  static let withSite = "ALTER TABLE workstations ADD COLUMN site TEXT;"

  private static let sql = TableSQL(
    name: "workstations", columns: ["id", "segment", "access", "is_revoked", "enrolled_at", "site"])

  static func workstation(_ id: WorkstationID, in db: Database) throws -> WorkstationRecord? {
    try db.row("\(sql.select) WHERE id = ?", [id.text]).map { try workstation($0, in: db) }
  }

  static func workstation(certificate: CertificateFingerprint, in db: Database) throws -> WorkstationRecord? {
    try db.row(
      "\(sql.select) WHERE id = (SELECT workstation FROM workstation_certificates WHERE certificate = ?)",
      [certificate.bytes]
    ).map { try workstation($0, in: db) }
  }

  static func workstations(in db: Database) throws -> [WorkstationRecord] {
    try db.rows("\(sql.select) ORDER BY id").map { try workstation($0, in: db) }
  }

  static func put(_ workstation: WorkstationRecord, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        workstation.id.text, workstation.segment.name, workstation.access.rawValue, workstation.isRevoked,
        workstation.enrolledAt.column, workstation.site,
      ])
    try db.run("DELETE FROM workstation_certificates WHERE workstation = ?", [workstation.id.text])
    for (place, certificate) in workstation.certificates.enumerated() {
      try db.run(
        "INSERT INTO workstation_certificates (certificate, workstation, place) VALUES (?, ?, ?)",
        [certificate.bytes, workstation.id.text, place])
    }
  }

  private static func workstation(_ row: SQLiteRow, in db: Database) throws -> WorkstationRecord {
    var columns = Columns(row, of: "workstations")
    let id = try columns.word { try WorkstationID(parsing: $0) }
    let certificates = try db.rows(
      "SELECT certificate FROM workstation_certificates WHERE workstation = ? ORDER BY place", [id.text]
    ).map { row in
      var columns = Columns(row, of: "workstation_certificates")
      return try columns.fingerprint(CertificateFingerprint.self)
    }
    return WorkstationRecord(
      id: id, segment: try columns.word { try Segment(parsing: $0) },
      access: try columns.word(WorkstationAccess.init(rawValue:)), certificates: certificates,
      isRevoked: try columns.flag(), enrolledAt: try columns.moment(), site: try columns.optionalText())
  }
}
