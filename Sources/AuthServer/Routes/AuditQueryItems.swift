import AuditLog
import AuthTerms
import Hummingbird

/// The query of `GET /v1/admin/audit`: a closed set of names, each parsed into its type.
enum AuditQueryItems {
  private static let names: Set<String> = [
    "person", "workstation", "segment", "class", "action", "outcome", "from", "until", "fromSequence", "untilSequence",
    "limit", "newest",
  ]

  static func query(_ request: Request) throws -> AuditQuery {
    let items = request.uri.queryParameters
    guard items.allSatisfy({ names.contains(String($0.key)) }) else { throw HTTPFault.malformed(.query) }
    var query = AuditQuery()
    query.person = try items.get("person").map { try PersonID(parsing: $0) }
    query.workstation = try items.get("workstation").map { try WorkstationID(parsing: $0) }
    query.segment = try items.get("segment").map { try Segment(parsing: $0) }
    query.eventClass = try items.get("class").map { try value($0) { EventClass(rawValue: $0) } }
    query.action = try items.get("action").map { try value($0) { $0.unicodeScalars.count <= 64 ? $0 : nil } }
    query.outcome = try items.get("outcome").map { try value($0) { AuditOutcome(rawValue: $0) } }
    query.from = try items.get("from").map { try value($0) { Int64($0) } }
    query.until = try items.get("until").map { try value($0) { Int64($0) } }
    query.fromSequence = try items.get("fromSequence").map { try value($0, row) }
    query.untilSequence = try items.get("untilSequence").map { try value($0, row) }
    query.newestFirst = try items.get("newest").map { try value($0) { ["true": true, "false": false][$0] } } ?? false
    query.limit = try items.get("limit").map { try value($0) { Int($0) } } ?? 200
    guard (1...10_000).contains(query.limit) else { throw HTTPFault.malformed(.query) }
    return query
  }

  private static func value<T>(_ text: String, _ parse: (String) -> T?) throws -> T {
    guard let value = parse(text) else { throw HTTPFault.malformed(.query) }
    return value
  }

  /// SQLite keeps signed 64-bit numbers.
  private static func row(_ text: String) -> UInt64? { UInt64(text).flatMap { $0 <= UInt64(Int64.max) ? $0 : nil } }
}
