import AuthAPI
import AuthTerms
import Foundation
import GRDB
import Sealing

/// A session whose card's signature the vault has verified itself.
struct ProvenSession: Sendable {
  /// SHA-256 over the session's public keys.
  var keys: [UInt8]
  /// From this register, for the card that signed; nobody else's word.
  var person: PersonID
  var card: KeyFingerprint
  var workstation: WorkstationID
  var segment: Segment
  var certificate: CertificateFingerprint
  var suite: SealingSuite
  var sealing: [UInt8]
  var signing: [UInt8]
  /// Milliseconds since 1970-01-01 UTC, by the server whose challenge the card signed.
  var logonAt: Int64

  fileprivate var bytes: [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 2048)
    writer.field("proven_sessions")
    writer.field(keys)
    writer.field(person.text)
    writer.field(card.bytes)
    writer.field(workstation.text)
    writer.field(segment.name)
    writer.field(certificate.bytes)
    writer.field(suite.rawValue)
    writer.field(sealing)
    writer.field(signing)
    writer.field(logonAt)
    return writer.bytes
  }
}

// Sessions are not part of the sum over the registers: an older row put back is still a session that was proven, and ends 24
// hours after its logon like any other.

extension ReleaseRegister {
  func session(_ keys: [UInt8]) throws -> ProvenSession? {
    guard
      let row = try first(
        """
        SELECT keys, person, card, workstation, segment, certificate, suite, sealing, signing, logon_at, mac
        FROM proven_sessions WHERE keys = ?
        """, [keys.blob])
    else { return nil }
    let (keys, person, card, workstation): (Data, String, Data, String) = (row[0], row[1], row[2], row[3])
    let (segment, certificate, suite): (String, Data, String) = (row[4], row[5], row[6])
    let (sealing, signing, logonAt, code): (Data, Data, Int64, Data) = (row[7], row[8], row[9], row[10])
    guard let suite = SealingSuite(rawValue: suite) else { throw DamagedRow(table: "proven_sessions") }
    let session = ProvenSession(
      keys: Array(keys), person: try PersonID(parsing: person), card: try KeyFingerprint(parsing: card),
      workstation: try WorkstationID(parsing: workstation), segment: try Segment(parsing: segment),
      certificate: try CertificateFingerprint(parsing: certificate), suite: suite, sealing: Array(sealing),
      signing: Array(signing), logonAt: logonAt)
    try seal.require(code, of: session.bytes, table: "proven_sessions")
    return session
  }

  /// What is authenticated of one row, after its code was checked.
  func sessionRow(_ keys: Data) throws -> [UInt8] { try session(Array(keys))?.bytes ?? [] }

  func put(_ session: ProvenSession) throws {
    try run(
      """
      INSERT OR REPLACE INTO proven_sessions(keys, person, card, workstation, segment, certificate, suite, sealing, signing,
        logon_at, mac) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        session.keys.blob, session.person.text, session.card.bytes.blob, session.workstation.text, session.segment.name,
        session.certificate.bytes.blob, session.suite.rawValue, session.sealing.blob, session.signing.blob, session.logonAt,
        seal.code(session.bytes),
      ])
  }

  /// How the vault knows a workstation at this moment.
  enum Standing {
    case unknown, revoked
    case enrolled(Segment)
  }

  func standing(of workstation: WorkstationID, certificate: CertificateFingerprint) throws -> Standing {
    guard
      let row = try first(
        """
        SELECT w.segment, w.is_revoked, c.is_current FROM certificates c JOIN workstations w ON w.id = c.workstation
        WHERE c.fingerprint = ? AND c.workstation = ?
        """, [certificate.bytes.blob, workstation.text])
    else { return .unknown }
    let (segment, isRevoked, isCurrent): (String, Int, Int) = (row[0], row[1], row[2])
    guard isRevoked == 0, isCurrent == 1 else { return .revoked }
    return .enrolled(try Segment(parsing: segment))
  }

  // MARK: Tickets

  /// False when this act was carried out before.
  func burn(_ ticket: [UInt8], _ act: SessionAct, now: Int64) throws -> Bool {
    try run(
      "INSERT OR IGNORE INTO tickets(ticket, kind, keys, burned_at) VALUES (?, ?, ?, ?)",
      [ticket.blob, act.kind.rawValue, act.keys.blob, now])
    return database.changesCount == 1
  }

  /// Which version of this owner's credential the session had last.
  func handedOver(_ act: SessionAct, of owner: PersonID) throws -> UInt64? {
    try first(
      "SELECT version FROM handed_over WHERE keys = ? AND owner = ? AND application = ? AND account = ?",
      [act.keys.blob, owner.text, act.application.text, act.account]
    ).map { UInt64($0[0] as Int64) }
  }

  func handOver(_ version: UInt64, _ act: SessionAct, of owner: PersonID) throws {
    try run(
      "INSERT OR REPLACE INTO handed_over(keys, owner, application, account, version) VALUES (?, ?, ?, ?, ?)",
      [act.keys.blob, owner.text, act.application.text, act.account, Int64(version)])
  }

  /// Tickets that no act of theirs can follow any more, and sessions that are too old for any.
  func prune(now: Int64) throws {
    try run("DELETE FROM tickets WHERE burned_at < ?", [now - VaultService.ticketsKept])
    try run("DELETE FROM proven_sessions WHERE logon_at < ?", [now - VaultService.longestSession])
    if database.changesCount > 0 {
      try run("DELETE FROM handed_over WHERE keys NOT IN (SELECT keys FROM proven_sessions)", [])
    }
  }

  var isStopped: Bool {
    get throws { try first("SELECT is_stopped FROM releases WHERE id = 1", []).map { $0[0] as Int != 0 } ?? true }
  }

  func stop(_ isStopped: Bool) throws { try run("UPDATE releases SET is_stopped = ? WHERE id = 1", [isStopped ? 1 : 0]) }
}
