import AuditLog
public import AuthPolicy
import DirectorySync
import Sealing

/// What people copied by hand into the start-up file, read in full: its check characters find a slip.
struct HandCopiedKeys {
  /// `nil`: no backups are made.
  let recovery: RecoveryPublicKey?
  /// `nil`: no snapshots are read.
  let snapshot: SnapshotKey?
  /// The one domain whose snapshots are taken; `nil`: that of the first one.
  let domain: DomainSID?
  /// Of the witnesses, in the file's order.
  let witnesses: [WitnessVerifier]

  init(_ instance: InstanceFile) throws(StartFault) {
    do { recovery = try instance.recoveryKey.map { try RecoveryPublicKey(parsing: $0) } } catch {
      throw .recoveryKeyWrong
    }
    do {
      snapshot = try instance.snapshot.map { try SnapshotKey(parsing: $0.key) }
      domain = try instance.snapshot?.domain.map { try DomainSID(parsing: $0) }
    } catch { throw .snapshotKeyWrong }
    do { witnesses = try instance.witnesses.map { try WitnessVerifier(vkey: $0.key) } } catch { throw .witnessKeyWrong }
    guard Set(witnesses.map(\.name)).count == witnesses.count else { throw .witnessKeyWrong }
  }
}

extension Server {
  /// Looks at what the start-up file alone does not show to be wrong, without a vault or a database.
  public static func check(_ instance: InstanceFile) throws(StartFault) { _ = try HandCopiedKeys(instance) }
}
