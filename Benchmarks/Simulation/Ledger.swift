import AuditLog
import AuthTerms
import Storage

/// What the rows alone say, without the model and without asking the server: a third witness.
struct Ledger: Sendable {
  private let rows: [AuditRow]
  private let root: TreeHash?
  private let sessions: [SessionRecord]

  init(of store: any CheckpointingStore) async throws {
    var query = AuditQuery()
    query.limit = 10_000
    let asked = query
    let (rows, sessions) = try await store.read { (state) throws(StorageFault) -> ([AuditRow], [SessionRecord]) in
      (try state.auditRows(asked), try state.liveSessions())
    }
    self.rows = rows
    self.sessions = sessions
    root = try await store.auditRoot(UInt64(rows.count))
  }

  /// - Parameters:
  ///   - told: sessions that were granted to somebody's face.
  ///   - notes: checkpoints that an auditor kept elsewhere.
  func check(
    told: [(session: String, workstation: String)], notes: [String], verifier: NoteVerifier
  ) throws(Broken) {
    try checkGrants(told)
    try checkRevocations()
    try checkReferences()
    try checkTree(notes, verifier)
  }

  private func checkGrants(_ told: [(session: String, workstation: String)]) throws(Broken) {
    var granted: [String: AuditRecord] = [:]
    var all: Set<[String]> = []
    for row in rows where row.record.outcome == .granted {
      guard let session = row.record.session?.text else {
        throw Broken(invariant: .noGrantWithoutDurableRow, what: "row \(row.sequence) grants no session")
      }
      if row.record.action != "unlock", granted.updateValue(row.record, forKey: session) != nil {
        throw Broken(invariant: .noSessionWithoutGrant, what: "row \(row.sequence) opens \(session) again")
      }
      all.insert([session, row.record.workstation?.text ?? ""])
    }
    for (session, workstation) in told where !all.contains([session, workstation]) {
      throw Broken(invariant: .noGrantWithoutDurableRow, what: "\(session) was granted on \(workstation)")
    }
    for session in sessions {
      guard let row = granted[session.id.text], row.person == session.person, row.workstation == session.workstation else {
        throw Broken(invariant: .noSessionWithoutGrant, what: "\(session.id) of \(session.person) on \(session.workstation)")
      }
    }
  }

  /// A card that is lost or suspended, and a workstation that is revoked, stand in no grant; a suspended card does again when it
  /// is restored.
  private func checkRevocations() throws(Broken) {
    var withdrawnCards: Set<CardID> = []
    var revoked: Set<WorkstationID> = []
    var dead: Set<SessionID> = []
    var opened: [SessionID: CardID] = [:]
    for row in rows {
      let record = row.record
      if record.outcome == .granted {
        if let card = record.card, withdrawnCards.contains(card) {
          throw Broken(invariant: .revokedIsRefused, what: "row \(row.sequence) grants with \(card)")
        }
        if let workstation = record.workstation, revoked.contains(workstation) {
          throw Broken(invariant: .revokedIsRefused, what: "row \(row.sequence) grants on \(workstation)")
        }
        if let session = record.session, dead.contains(session) {
          throw Broken(invariant: .revokedIsRefused, what: "row \(row.sequence) grants \(session), which was withdrawn")
        }
        if record.action != "unlock", let session = record.session { opened[session] = record.card }
      }
      guard record.outcome == .done else { continue }
      switch record.action {
      case "card.lost", "card.suspended":
        guard let card = record.card else { continue }
        withdrawnCards.insert(card)
        dead.formUnion(opened.filter { $0.value == card }.keys)
      case "card.active": if let card = record.card { withdrawnCards.remove(card) }
      case "workstation.revoked":
        if let workstation = record.workstation { revoked.insert(workstation) }
        if let session = record.session { dead.insert(session) }
      case "session.ended", "logoff", "session.displaced": if let session = record.session { dead.insert(session) }
      default: break
      }
    }
  }

  private func checkReferences() throws(Broken) {
    var seen: Set<[Int]> = []
    for row in rows {
      guard let reference = row.record.reference else { continue }
      let day = Int((row.record.time / 1000 + 32_400) / 86_400)
      guard seen.insert([day, reference.number]).inserted else {
        throw Broken(invariant: .rowsTellWhatHappened, what: "the reference of row \(row.sequence) was given out before")
      }
    }
  }

  private func checkTree(_ notes: [String], _ verifier: NoteVerifier) throws(Broken) {
    let stored: [StoredRow]
    do {
      stored = try rows.map { row in
        let bytes = try RecordEncoding.encode(row.record)
        return StoredRow(sequence: row.sequence, encoded: bytes, hash: TreeHash.leaf(bytes).bytes)
      }
    } catch { throw Broken(invariant: .logVerifies, what: "a row cannot be written again: \(error)") }
    let kept = notes.map { KeptCheckpoint(source: "auditor", note: $0) }
    let report = LogVerifier.verify(stored, checkpoints: kept, verifiers: [verifier])
    guard report.isIntact, report.root == root, report.checkpointsMatched == notes.count else {
      throw Broken(
        invariant: .logVerifies,
        what: "\(report.findings.map(\.english)), \(report.checkpointsMatched) of \(notes.count) checkpoints match")
    }
  }
}
