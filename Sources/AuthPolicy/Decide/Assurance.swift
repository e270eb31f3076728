import AuthTerms

/// The assurance level of what was shown this time (docs/policy.md, "Assurance"). Never AAL3: that needs more than Sanmon sees.
enum Assurance {
  /// Two kinds of factor, one of them a possession that a copy cannot stand in for: a card of class `pk` or better, or a
  /// one-time code (NIST SP 800-63B-4 §2.2). A shared-key card, a card number under a waiver and any single kind are AAL1,
  /// and so is an unlock by palm or password alone: the session keeps the level it was opened with.
  static func level(_ factors: FactorSet, card: ProofClass?) -> AssuranceLevel {
    guard SegmentFloor.kinds(factors).count >= 2 else { return .aal1 }
    let isStrongCard = factors.contains(.card) && (card ?? .identifier) >= .publicKey
    return isStrongCard || factors.contains(.code) ? .aal2 : .aal1
  }
}
