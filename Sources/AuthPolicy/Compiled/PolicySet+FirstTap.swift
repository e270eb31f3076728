public import AuthTerms

extension PolicySet {
  /// Whether people of the segment register their own cards at its workstations, with an enrolment code and their password. Never
  /// in My Number, whatever a compiled set says.
  public func takesFirstTaps(_ segment: Segment) -> Bool {
    segment != .mynumber && rules[segment]?.takesFirstTaps == true
  }
}
