import AuditLog
import AuthAPI
import AuthTerms
import Storage
import VaultLink

/// Keeps the head of the vault's log in ours, and looks whether each release over there has the row here that authorised it.
///
/// A vault that was put back to an older state has another root than the one that was kept; a release without a row means that
/// somebody asked the vault past this server, or that this log lost rows. Both are rows of their own, a count and a line in the log.
struct VaultWatch: Sendable {
  let services: Services
  let log: SafeLog

  enum Finding: Sendable, Equatable {
    case contradicts
    case unauthorised(Int)
  }

  /// Once with every checkpoint.
  func look() async throws {
    let (kept, end) = try await services.store.read {
      (state) throws(StorageFault) -> (KeptVaultHead, UInt64) in
      (try KeptVaultHead(in: state) ?? KeptVaultHead(), try state.auditSize())
    }
    var (releases, others, from): ([[UInt8]], UInt64, UInt64) = ([], 0, kept.size)
    var witness = try await services.vault.witness(from: from)
    var findings: [Finding] = []
    if witness.size < kept.size || witness.rootBefore != kept.root {
      findings.append(.contradicts)
      // What is there now is what counts from here on; the row says that it is another log.
      from = witness.size
    } else {
      while true {
        releases += witness.releases
        others += witness.others
        guard witness.end > from, witness.end < witness.size, releases.count < Self.mostAtOnce else { break }
        from = witness.end
        witness = try await services.vault.witness(from: from)
      }
      from = witness.end
      let missing = try await unauthorised(releases, from: kept.ownBefore)
      if missing > 0 { findings.append(.unauthorised(missing)) }
    }
    guard !findings.isEmpty || others > 0 || from >= kept.size + UInt64(VaultWitness.mostRows) else { return }
    // A head whose rows were not all looked at yet is kept by its own root the next time.
    let root = from == witness.size ? witness.root : try await services.vault.witness(from: from).rootBefore
    let now = services.surroundings.now()
    for finding in findings {
      try await commit(Self.row(finding, now), kept, now)
      services.metrics.add(to: "sanmon_vault_log_faults_total")
      switch finding {
      case .contradicts: log.event("vaultLogContradicts")
      case .unauthorised: log.event("releaseUnauthorised")
      }
    }
    let head = KeptVaultHead(size: from, root: root, ownBefore: kept.own, own: end)
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.checkpoint", outcome: .done)
    record.note = "size \(head.size) root \(Hex.encode(head.root))"
    try await commit(record, head, now)
  }

  private static let mostAtOnce = 8192

  private static func row(_ finding: Finding, _ now: Moment) -> AuditRecord {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.log.contradicts", outcome: .refused)
    switch finding {
    case .contradicts: record.note = "the vault's log is not the one whose head was kept here"
    case .unauthorised(let count):
      record.action = "release.unauthorised"
      record.note = "\(count) releases of the vault name no row of this log"
    }
    return record
  }

  private func commit(_ record: AuditRecord, _ head: KeptVaultHead, _ now: Moment) async throws {
    try await services.recorder.commit(KeepVaultHead(record: record, head: head), now: now)
  }

  /// How many of these hashes no row of ours has.
  /// - Parameter from: rows before it were looked at when all that they authorised had long been released.
  private func unauthorised(_ releases: [[UInt8]], from: UInt64) async throws -> Int {
    var missing = Set(releases.map { Array($0) })
    var query = AuditQuery()
    query.eventClass = .release
    query.action = SessionAct.Kind.release.rawValue
    query.fromSequence = from
    query.limit = 1000
    while !missing.isEmpty {
      let asked = query
      let rows = try await services.store.read { (state) throws(StorageFault) in try state.auditRows(asked) }
      for row in rows {
        if let encoded = try? RecordEncoding.encode(row.record) { missing.remove(TreeHash.leaf(encoded).bytes) }
      }
      guard rows.count == query.limit, let last = rows.last else { break }
      query.fromSequence = last.sequence + 1
    }
    return missing.count
  }
}

/// The head of the vault's log as this server saw it last, and how long our own was then.
struct KeptVaultHead: Sendable, Equatable {
  private static let setting = "vault.head"

  var size: UInt64 = 0
  /// 32 bytes; empty for an empty log.
  var root: [UInt8] = []
  /// Our rows at the look before the last: what was authorised before it was released or refused long ago.
  var ownBefore: UInt64 = 0
  var own: UInt64 = 0

  init() {}

  init(size: UInt64, root: [UInt8], ownBefore: UInt64, own: UInt64) {
    (self.size, self.root, self.ownBefore, self.own) = (size, root, ownBefore, own)
  }

  /// `nil` before the first look.
  init?(in state: some StateReader) throws(StorageFault) {
    guard let bytes = try state.setting(Self.setting) else { return nil }
    do {
      var reader = LengthPrefixedReader(bytes, subject: "vault head", limit: 32)
      size = try reader.unsigned()
      root = try reader.field()
      ownBefore = try reader.unsigned()
      own = try reader.unsigned()
      try reader.requireEnd()
    } catch { throw .corrupt("setting \(Self.setting)") }
  }

  func keep(in state: inout some StateTransaction) throws(StorageFault) {
    var writer = LengthPrefixedWriter()
    writer.field(size)
    writer.field(root)
    writer.field(ownBefore)
    writer.field(own)
    try state.set(writer.bytes, forSetting: Self.setting)
  }
}

struct KeepVaultHead: Change {
  let record: AuditRecord
  let head: KeptVaultHead

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    try head.keep(in: &state)
    return ((), record)
  }
}
