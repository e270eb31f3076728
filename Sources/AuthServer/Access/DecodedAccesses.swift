import AuthPolicy
import AuthTerms
import Crypto
import Synchronization

/// Bodies of dated accesses that were decoded, by the SHA-256 of their bytes: one may name 2,000 people, and is asked for at every
/// logon of theirs and every two seconds. What other bytes say is never found here, so nothing has to be told of a change.
final class DecodedAccesses: Sendable {
  /// - Parameters: of the act that approves it.
  typealias Decoded = (access: DatedAccess, parameters: [String: String])

  private let most: Int
  private let known = Mutex<[[UInt8]: Decoded]>([:])

  /// - Parameter most: kept at a time.
  init(most: Int) { self.most = most }

  /// `nil`: this is none.
  func read(_ bytes: [UInt8]) -> Decoded? {
    let hash = Array(SHA256.hash(data: bytes))
    if let found = known.withLock({ $0[hash] }) { return found }
    // Only its canonical form is read, so the hash of these bytes is the hash of what it encodes to.
    guard let access = try? DatedAccess(parsing: bytes) else { return nil }
    let decoded = (access, DatedAccessBook.parameters(access, hash: hash))
    known.withLock { known in
      if known.count >= most { known.removeAll() }
      known[hash] = decoded
    }
    return decoded
  }

  /// Who one was for stays in memory no longer than in the store.
  func forget() { known.withLock { $0.removeAll() } }
}
