import AuditLog
import AuthAPI
import AuthTerms
import GRDB
import Synchronization

// The root that credentials are kept under changes while releases go on: each record names its root, so a rotation that was
// killed anywhere is carried on from where it stands.

extension VaultService {
  /// Makes the next root; from then on it seals what is new. A rotation that is under way goes on instead.
  package func beginCredentialRotation() throws {
    guard let keys = keys.withLock({ $0 }) else { throw VaultFailure.no(.notInitialised, "the vault is not initialised") }
    let ring = keys.ring.current
    try write { database in
      guard try !ReleaseRegister(database, keys).isRingInUse(before: ring) else { return }
      try VaultKeys.addCredentialRoot(ring + 1, keys.instance.text, master, database)
    }
    try readCredentialRoots(keys)
  }

  /// Seals some records anew under the newest root, in one transaction.
  /// - Returns: false when none was left; older roots are then destroyed.
  package func rotateCredentials(atMost limit: Int) throws -> Bool {
    guard let keys = keys.withLock({ $0 }) else { throw VaultFailure.no(.notInitialised, "the vault is not initialised") }
    let now = environment.now().wallMilliseconds
    let isUnderWay = try write { database in
      var register = ReleaseRegister(database, keys)
      let ring = keys.ring.current
      let versions = try register.versions(sealedBefore: ring, limit: limit)
      guard !versions.isEmpty else {
        try VaultKeys.removeCredentialRoots(before: ring, database)
        return false
      }
      for version in versions {
        var anew = version
        anew.kept = try keys.ring.seal(
          keys.ring.open(version.kept, at: version.place), at: version.place, salt: environment.random(32))
        try register.replace(version, by: anew)
      }
      var record = AuditRecord(time: now, eventClass: .administration, action: "vault.credentials.resealed", outcome: .done)
      record.count = Int64(versions.count)
      record.note = "root \(ring)"
      try VaultLog(database).append(record)
      try register.writeSum()
      return true
    }
    if !isUnderWay { try readCredentialRoots(keys) }
    return isUnderWay
  }

  private func readCredentialRoots(_ keys: VaultKeys) throws {
    keys.ring.replace(roots: try write { try VaultKeys.credentialRoots(keys.instance.text, master, $0) })
  }
}
