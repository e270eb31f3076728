import AuditLog
import AuthTerms
import Foundation
import Storage

/// A folder of its own for one test; removed with its contents.
final class Scratch: Sendable {
  let folder: String
  var database: String { folder + "/sanmon.sqlite" }

  init() throws {
    folder = NSTemporaryDirectory() + "/sanmon-store-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The database and its side files, as a thief or an auditor would take them.
  func copy() throws -> String {
    let target = folder + "/copy-\(UUID().uuidString)"
    for side in ["", "-wal"] where FileManager.default.fileExists(atPath: database + side) {
      try FileManager.default.copyItem(atPath: database + side, toPath: target + side)
    }
    return target
  }
}

/// Appends one row and sets one setting, nothing else.
struct Note: Change {
  var number: Int
  var padding = 0

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Int, AuditRecord) {
    try state.set([UInt8(truncatingIfNeeded: number)], forSetting: "note.\(number)")
    var record = AuditRecord(time: Int64(number), eventClass: .ceremony, action: "logon", outcome: .granted)
    record.note = "row \(number)" + String(repeating: ".", count: padding)
    return (number, record)
  }
}

extension Store {
  func size() async throws -> UInt64 { try await read { (state) throws(StorageFault) in try state.auditSize() } }
}
