import AuditLog
import AuthTerms
import Foundation
import GRDB

/// Puts a vault's keys under another master key, while the vault is stopped.
///
/// One transaction: before it the former master key opens the state, after it the new one, and never both or neither. Copies and
/// backups of before still open with the former one.
public enum MasterRewrap {
  /// - Parameter now: milliseconds since 1970-01-01 UTC.
  /// - Returns: how many keys were sealed anew.
  /// - Throws: `.masterKey` when the former key does not open the state or is the new one; `.state` when a vault has it open.
  public static func rewrap(
    directory: String, from old: MasterSecret, to new: MasterSecret, now: Int64
  ) throws(VaultStartFault) -> Int {
    let (oldKey, newKey) = (try MasterKey(old), try MasterKey(new))
    guard !old.isSame(as: new) else {
      throw VaultStartFault(.masterKey, "the new master key is the former one")
    }
    let database = try VaultDatabase(directory: directory, isAlone: true)
    let count: Int
    do {
      // A state that is damaged stays as it is: what cannot be opened now could never be opened again.
      guard try database.write(VaultLog.verify) != nil else {
        throw VaultStartFault(.state, "the log in \(directory) is not what was written")
      }
      count = try database.write { database in
        guard try VaultKeys.load(master: oldKey, from: database) != nil else { return 0 }
        let count = try VaultKeys.rewrap(from: oldKey, to: newKey, database)
        var record = AuditRecord(time: now, eventClass: .administration, action: "vault.master.renewed", outcome: .done)
        record.count = Int64(count)
        try VaultLog(database).append(record)
        return count
      }
    } catch let fault as VaultStartFault {
      throw fault
    } catch let error as DatabaseError {
      throw VaultStartFault(
        .state, "could not write in \(directory): \(VaultDatabase.reason(error)); 'verify' tells which key opens it")
    } catch {
      throw VaultStartFault(.masterKey, "this master key does not open the keys in \(directory)")
    }
    guard count > 0 else { throw VaultStartFault(.state, "the vault in \(directory) is not initialised") }
    // The keys under the former master key lie in no file of the state any more; where that fails, they are worth what it is worth.
    try? database.compact()
    return count
  }
}
