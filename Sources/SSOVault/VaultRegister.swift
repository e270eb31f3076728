import AuthAPI
import AuthTerms
import Foundation
import GRDB

/// The vault's own register of operators, codes and workstations: nobody else's word counts here. Lives inside a transaction.
struct VaultRegister {
  static let operatorLimit = 64
  private let database: Database

  init(_ database: Database) { self.database = database }

  // MARK: Operators

  func operators() throws -> [KnownOperator] {
    try Row.fetchAll(database, sql: "SELECT * FROM operators ORDER BY registered_at, id").map(Self.known)
  }

  func knownOperator(_ id: OperatorID) throws -> KnownOperator? {
    try Row.fetchOne(database, sql: "SELECT * FROM operators WHERE id = ?", arguments: [id.text]).map(Self.known)
  }

  func insert(_ known: KnownOperator, now: Int64) throws {
    try database.execute(
      sql: """
        INSERT INTO operators(id, person, role, key, public_key, is_active, registered_at) VALUES (?, ?, ?, ?, ?, 1, ?)
        """,
      arguments: [known.id.text, known.person.text, known.role, known.key.bytes.blob, known.publicKey.blob, now])
  }

  func deactivate(_ id: OperatorID) throws {
    try database.execute(sql: "UPDATE operators SET is_active = 0 WHERE id = ?", arguments: [id.text])
  }

  private static func known(_ row: Row) throws -> KnownOperator {
    KnownOperator(
      id: try OperatorID(parsing: row["id"] as String), person: try PersonID(parsing: row["person"] as String),
      key: try KeyFingerprint(parsing: row["key"] as Data), publicKey: Array(row["public_key"] as Data), role: row["role"],
      isActive: row["is_active"] == 1)
  }

  /// False when this operator's act was carried out before. Acts are kept for ever: they are few, and a clock set back must
  /// not make an old one new.
  func remember(_ signed: SignedAct, hash: [UInt8]) throws -> Bool {
    try database.execute(
      sql: "INSERT OR IGNORE INTO acts(operator, nonce, hash, encoded) VALUES (?, ?, ?, ?)",
      arguments: [signed.act.operatorID.text, signed.act.nonce.blob, hash.blob, signed.encoded.blob])
    return database.changesCount == 1
  }

  // MARK: One-time codes

  enum CodeKind: String { case firstAdministrator, workstation }

  struct Code {
    var kind: CodeKind
    var workstation = ""
    var segment = ""
    var access = ""
    var createdBy = ""
    var expires: Moment
  }

  func insert(_ code: Code, hash: [UInt8]) throws {
    try database.execute(
      sql: """
        INSERT INTO codes(hash, kind, workstation, segment, access, created_by, expires_wall, expires_boot, expires_monotonic)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        hash.blob, code.kind.rawValue, code.workstation, code.segment, code.access, code.createdBy,
        code.expires.wallMilliseconds, code.expires.boot, code.expires.monotonicMilliseconds,
      ])
  }

  /// Finds a code and marks it as used in one step of this transaction.
  func burn(_ hash: [UInt8], kind: CodeKind, now: Moment) throws -> Code {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM codes WHERE hash = ? AND kind = ?", arguments: [hash.blob, kind.rawValue])
    else { throw VaultFailure.no(.codeUnknown, "no such code was made here") }
    guard row["used_at"] == nil else { throw VaultFailure.no(.codeUsed, "the code was used before") }
    let code = Code(
      kind: kind, workstation: row["workstation"], segment: row["segment"], access: row["access"], createdBy: row["created_by"],
      expires: Moment(
        wallMilliseconds: row["expires_wall"], boot: row["expires_boot"], monotonicMilliseconds: row["expires_monotonic"]))
    guard !now.hasReached(code.expires) else { throw VaultFailure.no(.codeExpired, "the code has expired") }
    try database.execute(
      sql: "UPDATE codes SET used_at = ? WHERE hash = ?", arguments: [now.wallMilliseconds, hash.blob])
    return code
  }

  /// Codes that were made for a workstation and not used yet die when a newer one is made.
  func voidCodes(for workstation: WorkstationID, now: Int64) throws {
    try database.execute(
      sql: "UPDATE codes SET used_at = ? WHERE workstation = ? AND kind = ? AND used_at IS NULL",
      arguments: [now, workstation.text, CodeKind.workstation.rawValue])
  }

  /// Codes that a copy believes unused may have been used since.
  func voidAllCodes(now: Int64) throws {
    try database.execute(sql: "UPDATE codes SET used_at = ? WHERE used_at IS NULL", arguments: [now])
  }

  // MARK: Workstations

  struct Workstation {
    var segment: Segment
    var access: EnrolledAccess
    var isRevoked: Bool
  }

  func workstation(_ id: WorkstationID) throws -> Workstation? {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM workstations WHERE id = ?", arguments: [id.text]) else {
      return nil
    }
    guard let access = EnrolledAccess(rawValue: row["access"]) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    return Workstation(
      segment: try Segment(parsing: row["segment"] as String), access: access, isRevoked: row["is_revoked"] == 1)
  }

  /// A workstation enters, or enters again after a new code: certificates of before can no longer be renewed.
  func enrol(_ id: WorkstationID, segment: Segment, access: EnrolledAccess, now: Int64) throws {
    try database.execute(
      sql: """
        INSERT INTO workstations(id, segment, access, is_revoked, enrolled_at) VALUES (?, ?, ?, 0, ?)
        ON CONFLICT(id) DO UPDATE SET segment = excluded.segment, access = excluded.access, is_revoked = 0,
          enrolled_at = excluded.enrolled_at
        """, arguments: [id.text, segment.name, access.rawValue, now])
    try database.execute(sql: "UPDATE certificates SET is_current = 0 WHERE workstation = ?", arguments: [id.text])
  }

  func revoke(_ id: WorkstationID, now: Int64) throws {
    try database.execute(sql: "UPDATE workstations SET is_revoked = 1 WHERE id = ?", arguments: [id.text])
    try voidCodes(for: id, now: now)
  }

  func insert(certificate: CertificateFingerprint, of id: WorkstationID, now: Int64) throws {
    try database.execute(
      sql: "INSERT INTO certificates(fingerprint, workstation, is_current, issued_at) VALUES (?, ?, 1, ?)",
      arguments: [certificate.bytes.blob, id.text, now])
  }

  /// Whether this certificate may still be renewed.
  func isCurrent(certificate: CertificateFingerprint, of id: WorkstationID) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT is_current FROM certificates WHERE fingerprint = ? AND workstation = ?",
      arguments: [certificate.bytes.blob, id.text]) ?? false
  }
}
