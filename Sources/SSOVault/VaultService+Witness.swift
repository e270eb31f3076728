import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import GRDB

// Each log holds the other to account: signed checkpoints of the server's have a row in ours, and the server keeps our head, and
// looks whether each release here has its row there.

extension VaultService {
  static let checkpointRow = "vault.checkpoint.signed"

  /// - Parameter from: rows that the server has seen already.
  func witness(from: UInt64, _ database: Database) throws -> VaultWitness {
    let log = VaultLog(database)
    let size = try log.treeSize()
    func root(_ size: UInt64) throws -> [UInt8] { size == 0 ? [] : try MerkleTree.root(of: size, in: log)?.bytes ?? [] }
    var answer = VaultWitness(
      size: size, root: try root(size), rootBefore: from <= size ? try root(from) : [], end: min(from, size), releases: [],
      others: 0)
    guard from < size else { return answer }
    let rows = try Data.fetchCursor(
      database, sql: "SELECT encoded FROM log_rows WHERE sequence >= ? ORDER BY sequence LIMIT ?",
      arguments: [Int64(from), VaultWitness.mostRows])
    while answer.releases.count < VaultWitness.mostReleases, let encoded = try rows.next() {
      let record = try RecordEncoding.decode(Array(encoded))
      answer.end += 1
      if record.action != Self.checkpointRow { answer.others += 1 }
      if record.action == "vault.released" { answer.releases.append(Self.authorised(record.note)) }
    }
    return answer
  }

  private static let authorisedWord = " authorised="

  /// What a release's row says of the server's row that authorised it.
  static func note(authorised: [UInt8]) -> String { authorisedWord + Hex.encode(authorised) }

  /// Zeros for a note that names none: no row has that hash.
  private static func authorised(_ note: String) -> [UInt8] {
    guard let range = note.range(of: authorisedWord), let hash = try? Hex.decode(note[range.upperBound...].prefix(64)),
      hash.count == 32
    else { return [UInt8](repeating: 0, count: 32) }
    return hash
  }
}
