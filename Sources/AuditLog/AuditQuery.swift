public import AuthTerms

/// A row with its place in the tree.
public struct AuditRow: Sendable, Hashable {
  /// 0 for the first row of the instance.
  public var sequence: UInt64
  public var record: AuditRecord

  public init(sequence: UInt64, record: AuditRecord) {
    self.sequence = sequence
    self.record = record
  }
}

/// Filter and page as a value; absent means any.
public struct AuditQuery: Sendable, Hashable {
  public var person: PersonID?
  public var workstation: WorkstationID?
  public var segment: Segment?
  /// A department's code: rows of people who are in it now, as main post or besides. Rows say no department of their own.
  public var department: String?
  public var eventClass: EventClass?
  /// With a dot at its end every action that begins so: `directory.` finds `directory.held`.
  public var action: String?
  public var outcome: AuditOutcome?
  /// Why somebody was refused.
  public var code: DenialCode?
  public var reference: Reference?
  /// A text in a row's note, in the id of its person or workstation, or in a name that its person has now; or its reference, all
  /// six digits. Width, case, kana script, spaces and common variant kanji do not matter. Nothing but spaces: any row.
  public var text: String?
  /// Milliseconds since 1970-01-01 UTC; from inclusive, until exclusive.
  public var from: Int64?
  public var until: Int64?
  public var fromSequence: UInt64?
  public var untilSequence: UInt64?
  public var newestFirst = false
  /// 1 … 10,000
  public var limit = 200

  public init() {}
}
