public import AuthTerms

extension PolicySet {
  /// Whether the segment's file takes My Number Cards by their user-authentication key (`card.jpki`). Off unless it says so.
  public func takesMyNumberCards(_ segment: Segment) -> Bool { rules[segment]?.takesMyNumberCards ?? false }
}
