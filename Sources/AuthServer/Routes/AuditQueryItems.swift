import AuditLog
import AuthTerms
import Hummingbird

/// The queries of `GET /v1/admin/audit` and what lies below it: closed sets of names, each parsed into its type.
enum AuditQueryItems {
  private static let names: Set<String> = [
    "purpose", "person", "workstation", "segment", "department", "class", "action", "outcome", "code", "text", "from", "until",
    "fromSequence", "untilSequence",
  ]

  /// A page.
  static func query(_ request: Request) throws -> (query: AuditQuery, purpose: ReadPurpose) {
    let (items, purpose) = try parsed(request, names.union(["limit", "newest"]))
    var query = try filter(items)
    query.newestFirst = try items.get("newest").map { try value($0) { ["true": true, "false": false][$0] } } ?? false
    query.limit = try items.get("limit").map { try value($0) { Int($0) } } ?? 200
    guard (1...10_000).contains(query.limit) else { throw HTTPFault.malformed(.query) }
    return (query, purpose)
  }

  /// A file.
  static func export(_ request: Request) throws -> (query: AuditQuery, format: AuditSheet.Format, purpose: ReadPurpose) {
    let (items, purpose) = try parsed(request, names.union(["format"]))
    guard let format = items.get("format").flatMap({ AuditSheet.Format(rawValue: $0) }) else {
      throw HTTPFault.malformed(.query)
    }
    return (try filter(items), format, purpose)
  }

  /// One row.
  static func purpose(_ request: Request) throws -> ReadPurpose { try parsed(request, ["purpose"]).purpose }

  private static func parsed(
    _ request: Request, _ names: Set<String>
  ) throws -> (items: Parameters, purpose: ReadPurpose) {
    let items = request.uri.queryParameters
    guard items.allSatisfy({ names.contains(String($0.key)) }), let purpose = items.get("purpose") else {
      throw HTTPFault.malformed(.query)
    }
    return (items, try ReadPurpose(parsing: purpose))
  }

  private static func filter(_ items: Parameters) throws -> AuditQuery {
    var query = AuditQuery()
    query.person = try items.get("person").map { try PersonID(parsing: $0) }
    query.workstation = try items.get("workstation").map { try WorkstationID(parsing: $0) }
    query.segment = try items.get("segment").map { try Segment(parsing: $0) }
    query.department = try items.get("department").flatMap(line)
    query.eventClass = try items.get("class").map { try value($0) { EventClass(rawValue: $0) } }
    query.action = try items.get("action").map { try value($0) { $0.unicodeScalars.count <= 64 ? $0 : nil } }
    query.outcome = try items.get("outcome").map { try value($0) { AuditOutcome(rawValue: $0) } }
    query.code = try items.get("code").map { try value($0) { DenialCode(rawValue: $0) } }
    query.text = try items.get("text").flatMap(line)
    query.from = try items.get("from").map { try value($0) { Int64($0) } }
    query.until = try items.get("until").map { try value($0) { Int64($0) } }
    query.fromSequence = try items.get("fromSequence").map { try value($0, row) }
    query.untilSequence = try items.get("untilSequence").map { try value($0, row) }
    return query
  }

  private static func value<T>(_ text: String, _ parse: (String) -> T?) throws -> T {
    guard let value = parse(text) else { throw HTTPFault.malformed(.query) }
    return value
  }

  /// What somebody typed stands in the row of the read: on one line, all of it visible. Nothing typed is nothing asked.
  private static func line(_ text: String) throws -> String? {
    guard text.unicodeScalars.count <= 64, text.unicodeScalars.allSatisfy(VisibleText.shows) else {
      throw HTTPFault.malformed(.query)
    }
    return text.isEmpty ? nil : text
  }

  /// SQLite keeps signed 64-bit numbers.
  private static func row(_ text: String) -> UInt64? { UInt64(text).flatMap { $0 <= UInt64(Int64.max) ? $0 : nil } }
}
