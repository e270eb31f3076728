/// What every refusal and every error looks like on the wire.
public struct ErrorBody: Codable, Sendable, Equatable {
  /// A `DenialCode` (`AP…`) or, for malformed requests, `HTnnn`.
  public var code: String
  public var ja: String
  public var en: String
  public var nextStepJa: String
  public var nextStepEn: String
  /// Six digits, for refusals that have an audit row.
  public var reference: String?

  public init(code: String, ja: String, en: String, nextStepJa: String, nextStepEn: String, reference: String?) {
    self.code = code
    self.ja = ja
    self.en = en
    self.nextStepJa = nextStepJa
    self.nextStepEn = nextStepEn
    self.reference = reference
  }
}
