import AuditLog
import AuthPolicy
import AuthTerms
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// Rows of the log as a file, in the order of the log: a page is read, written, and forgotten, so a long log needs no more memory
/// than a short one, and a slow reader slows it down.
///
/// A file that broke off never looks whole: its end is the end of the transfer coding, and behind it `Sanmon-Rows` says how many
/// rows there were (RFC 9110 §6.5). The log has two rows of it: that it began, and how many rows were read, or that it broke off.
struct AuditExport: Sendable {
  /// Rows in memory at once.
  private static let page = 1000
  private static let rowsField = "Sanmon-Rows"

  let services: Services

  /// - Parameter asked: its limit and order are not looked at.
  func answer(
    _ asked: AuditQuery, as format: AuditSheet.Format, for purpose: ReadPurpose, by acting: OperatorRecord
  ) async throws -> Response {
    guard let rowsField = HTTPField.Name(Self.rowsField), let trailer = HTTPField.Name("Trailer") else {
      throw HTTPFault.serverFault
    }
    // As long as it is now: its own rows, and all that come meanwhile, are not in it.
    let size = try await services.store.read { (state) throws(StorageFault) in try state.auditSize() }
    var query = asked
    query.untilSequence = min(asked.untilSequence ?? size, size)
    query.newestFirst = false
    query.limit = Self.page
    let service = AuditService(services: services)
    let what = "purpose: \(purpose.text); \(AuditService.text(asked)); \(format.rawValue)"
    try await service.record("audit.export.begun", asked, what, by: acting)
    let first = query
    let body = ResponseBody { writer in
      var sheet = AuditSheet(format, offsetSeconds: services.policy.policy.organisation.timeZoneOffsetSeconds)
      do {
        var query = first
        try await writer.write(ByteBuffer(bytes: sheet.header))
        while true {
          let count = try await append(query, to: &sheet)
          if !sheet.bytes.isEmpty { try await writer.write(ByteBuffer(bytes: sheet.bytes)) }
          guard count == Self.page, let last = sheet.last else { break }
          query.fromSequence = last + 1
        }
      } catch {
        // Without this row too the log says that it began, and not that it came to its end.
        try? await service.record(
          "audit.export.ended", asked, "\(what); broke off after \(sheet.count) rows", outcome: .refused, by: acting)
        throw error
      }
      try await service.record("audit.export.ended", asked, "\(what); \(sheet.count) rows, all of them", by: acting)
      try await writer.finish([rowsField: String(sheet.count)])
    }
    return Response(
      status: .ok, headers: [.contentType: format.mediaType, trailer: Self.rowsField], body: body)
  }

  /// - Returns: how many rows there were; `sheet.bytes` are theirs alone.
  private func append(_ query: AuditQuery, to sheet: inout AuditSheet) async throws -> Int {
    let known = sheet.names
    let (rows, names) = try await services.store.read {
      (state) throws(StorageFault) -> ([AuditRow], [PersonID: String]) in
      let rows = try state.auditRows(query)
      return (rows, try AuditService.names(of: rows, besides: known, in: state))
    }
    sheet.names.merge(names) { $1 }
    try sheet.put(rows)
    return rows.count
  }
}
