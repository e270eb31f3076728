public import AuthTerms

/// What a pack was asked for: the span, and why. It stands in the row that the export left in the log, and the pack proves
/// that row too, so that nobody writes another purpose over it.
public struct AuditPackOrder: Sendable, Hashable {
  /// The row's action.
  public static let action = "audit.pack"

  /// Milliseconds since 1970-01-01 UTC; from inclusive, until exclusive.
  public let from: Int64
  public let until: Int64
  /// In the operator's words.
  public let purpose: String

  /// - Throws: `MalformedInput` when the span has no moment in it.
  public init(from: Int64, until: Int64, purpose: String) throws(MalformedInput) {
    guard from < until else { throw MalformedInput("audit pack", expected: "a span that ends after it begins") }
    self.from = from
    self.until = until
    self.purpose = purpose
  }

  /// Reads the note of the row.
  public init(parsing note: String) throws(MalformedInput) {
    let fault = MalformedInput("audit pack", expected: "from … until …: purpose")
    let parts = note.utf8.split(separator: 0x20, maxSplits: 4, omittingEmptySubsequences: false).map { String(Substring($0)) }
    guard parts.count == 5, let from = Int64(parts[1]), let until = Int64(String(parts[3].dropLast())) else { throw fault }
    try self.init(from: from, until: until, purpose: parts[4])
    guard Array(self.note.utf8) == Array(note.utf8) else { throw fault }
  }

  public var note: String { "from \(from) until \(until): \(purpose)" }

  /// The row of the export.
  public func record(at time: Int64, by acting: OperatorID) -> AuditRecord {
    var record = AuditRecord(time: time, eventClass: .auditRead, action: Self.action, outcome: .done)
    record.operatorID = acting
    record.note = note
    return record
  }

  func contains(_ time: Int64) -> Bool { from <= time && time < until }
}
