public import AuthTerms

/// What a card is, in a segment and on a day, that tells a number and proves nothing.
public enum NumberCardStanding: Sendable, Hashable {
  /// Its number is taken for the card, under this waiver.
  case taken(UsedWaiver)
  /// Nothing: there is no waiver, or none that is signed and has begun.
  case notTaken
  /// Nothing any more: the waiver has ended.
  case over
}

extension PolicySet {
  /// - Parameters:
  ///   - day: `LocalTime.day`
  ///   - approved: waivers whose approvals hold.
  public func numberCards(_ segment: Segment, on day: Int, approved: Set<WaiverHash>) -> NumberCardStanding {
    rules[segment]?.numbers(on: day, approved: approved) ?? .notTaken
  }

  /// The last day on which numbers can stand for cards in the segment, as its file says, signed or not; `nil`: they never can.
  ///
  /// - Returns: `LocalTime.day`, and the same as `2027-09-30`.
  public func lastDayOfNumberCards(_ segment: Segment) -> (day: Int, text: String)? {
    rules[segment]?.lastDayOfNumbers.map { ($0, CalendarDay.text($0)) }
  }

  /// The oldest chip of a FeliCa card that is known by its number; `nil`: any.
  public func felicaGeneration(_ segment: Segment) -> FelicaGeneration? { rules[segment]?.felicaGeneration }
}
