import AuthPolicy
import Crypto
import Synchronization

/// Sets that were compiled and proven before, for whoever starts many servers in one process: the same bytes on the same day
/// give the same set, and its proof is the longest part of a start. Files that have a fault are read again each time.
package final class CompiledPolicies: Sendable {
  private struct Key: Hashable {
    let files: [UInt8]
    let today: Int
  }

  /// So many are kept; when more come, all go.
  private static let most = 256
  private let sets = Mutex<[Key: PolicySet]>([:])

  package init() {}

  /// - Throws: `PolicyFaults`.
  func compile(_ sources: [PolicySource], today: Int) throws(PolicyFaults) -> PolicySet {
    let key = Key(files: Array(SHA256.hash(data: PolicySet.canonicalBytes(sources))), today: today)
    if let known = sets.withLock({ $0[key] }) { return known }
    let set = try PolicySet.compile(sources, digest: { Array(SHA256.hash(data: $0)) }, today: today)
    sets.withLock { sets in
      if sets.count >= Self.most { sets = [:] }
      sets[key] = set
    }
    return set
  }
}
