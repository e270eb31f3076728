public import AuthTerms

/// Time-limited exceptions. Each has approvers, an end and a mark in every row it made possible.
package enum WaiverName: String, CaseIterable, Sendable {
  /// A card that only shows its number (UID, IDm) counts as possession.
  case identifierAsPossession = "identifier-as-possession"
  /// Logon and remote with one kind of factor while factors are introduced one after the other.
  case introductionPhase = "introduction-phase"

  /// Days from `from` to `until`, both inside.
  package var longestDays: Int {
    switch self {
    case .identifierAsPossession: 366
    case .introductionPhase: 90
    }
  }
}

/// What a file says about one exception. It counts for nothing until its approvers have signed exactly this.
package struct Waiver: Sendable, Hashable {
  package static let label = "sanmon/waiver/1"

  package var segment: Segment
  package var name: WaiverName
  /// `LocalTime.day`, both inclusive.
  package var from: Int
  package var until: Int
  /// The operators who have to sign, all of them: at least one, in My Number at least two.
  package var approvers: [OperatorID]
  package var reason: String
  package var rule: RuleID
  package var column: Int
  /// SHA-256 of `canonicalBytes`.
  package var hash: WaiverHash

  /// - Throws: if `digest` does not give 32 bytes.
  package init(
    segment: Segment, name: WaiverName, from: Int, until: Int, approvers: [OperatorID], reason: String, rule: RuleID,
    column: Int = 1, digest: ([UInt8]) -> [UInt8]
  ) throws(MalformedInput) {
    self.segment = segment
    self.name = name
    self.from = from
    self.until = until
    self.approvers = approvers
    self.reason = reason
    self.rule = rule
    self.column = column
    hash = try WaiverHash(
      parsing: digest(
        Self.canonicalBytes(
          segment: segment.name, waiver: name.rawValue, from: CalendarDay.text(from), until: CalendarDay.text(until),
          approvers: approvers.map(\.text), reason: reason)))
  }

  package func isInForce(on day: Int) -> Bool { (from...max(from, until)).contains(day) }

  /// A domain, then each part as it is written in the file, length-prefixed; the place in the file is no part of it.
  package static func canonicalBytes(
    segment: String, waiver: String, from: String, until: String, approvers: [String], reason: String
  ) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    for part in [segment, waiver, from, until] { writer.field(part) }
    writer.field(UInt64(approvers.count))
    for approver in approvers { writer.field(approver) }
    writer.field(reason)
    return writer.bytes
  }

  /// The parameters of the act that approves it: the hash, and everything it is the hash of, to be read by who signs.
  package var parameters: [String: String] {
    [
      "hash": hash.hex, "segment": segment.name, "waiver": name.rawValue, "from": CalendarDay.text(from),
      "until": CalendarDay.text(until), "approvers": approvers.map(\.text).joined(separator: ","), "reason": reason,
    ]
  }
}

/// A waiver that made a grant possible, as it is marked in the row.
public struct UsedWaiver: Sendable, Hashable, CustomStringConvertible {
  public let name: String
  public let hash: WaiverHash

  init(_ waiver: Waiver) {
    name = waiver.name.rawValue
    hash = waiver.hash
  }

  /// `identifier-as-possession@` and 16 digits of the hash.
  public var description: String { "\(name)@\(hash.hex.prefix(16))" }
}
