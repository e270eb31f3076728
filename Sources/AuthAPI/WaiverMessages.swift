public import Foundation

/// One waiver of the policy files, and whether its approvers have signed it.
public struct WaiverSummary: Codable, Sendable {
  /// SHA-256 of exactly this waiver, in hexadecimal: what is approved.
  public var hash: String
  public var segment: String
  public var waiver: String
  /// `2026-08-15`, both days inside.
  public var from: String
  public var until: String
  /// Operators who all have to sign.
  public var approvers: [String]
  public var reason: String
  /// File and line.
  public var rule: String
  /// `unsigned`; `approved`; `lapsed`: an approval is kept and does not hold any more, for example because an approver left.
  public var state: String
  /// Whether today is one of its days.
  public var isWithinDates: Bool
  /// Approvers whose signature holds, and those whose is missing.
  public var signedBy: [String]
  public var missing: [String]
  /// Milliseconds since 1970-01-01 UTC, as the proposer's act says.
  public var signedAt: Int64?
  /// SHA-256 of the act that is kept with the instance.
  public var act: String?

  public init(
    hash: String, segment: String, waiver: String, from: String, until: String, approvers: [String], reason: String,
    rule: String, state: String, isWithinDates: Bool, signedBy: [String], missing: [String], signedAt: Int64?, act: String?
  ) {
    self.hash = hash
    self.segment = segment
    self.waiver = waiver
    self.from = from
    self.until = until
    self.approvers = approvers
    self.reason = reason
    self.rule = rule
    self.state = state
    self.isWithinDates = isWithinDates
    self.signedBy = signedBy
    self.missing = missing
    self.signedAt = signedAt
    self.act = act
  }
}

/// A signed act `policy.waiver.approve` or `policy.waiver.withdraw`.
public struct WaiverAct: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data

  public init(act: Data) { self.act = act }
}

/// The waiver is not approved any more, and what leaned on it is not there.
public struct WaiverWithdrawn: Codable, Sendable {
  public var hash: String

  public init(hash: String) { self.hash = hash }
}
