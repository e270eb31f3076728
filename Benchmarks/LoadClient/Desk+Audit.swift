package import AuthAPI
import AuthClient
import Synchronization

/// The log as an auditor asks for it.
extension Desk {
  /// A page of rows.
  /// - Parameter query: as it stands behind the purpose, encoded.
  package func audit(_ query: String) async throws -> AuditPage {
    try await link.fetch("/v1/admin/audit?purpose=bench&\(query)")
  }

  /// All rows as CSV, each piece let go of.
  /// - Returns: lines that are rows, and the number that the server counted.
  package func exportAudit() async throws -> (lines: Int, rows: Int?) {
    let lines = Mutex(0)
    let (answer, trailers) = try await link.receive("/v1/admin/audit/export?format=csv&purpose=bench") { piece in
      let found = piece.count { $0 == UInt8(ascii: "\n") }
      lines.withLock { $0 += found }
    }
    guard answer.status == 200 else { return (0, nil) }
    return (lines.withLock { $0 } - 1, trailers["sanmon-rows"].flatMap { Int($0) })
  }
}
