/// How seldom strangers may pass for a person by their palm, as exponents of false match rates for each attempt: 5 for 1e-5.
public struct PalmRates: Hashable, Sendable {
  /// Beside a factor of another kind.
  public let besideAnother: Int
  /// Where a palm alone opens a locked screen.
  public let alone: Int

  /// What holds where a segment's file says nothing, and the most that one may allow.
  public static let weakest = PalmRates(known: 5, 6)
  /// The strictest rate that a file may ask for. Nothing measures more than that for a city.
  public static let strictest = 7
  /// The strictest rate that our own comparator tells; below it only a vendor's library can match.
  public static let strictestOfOurs = 6

  /// Accepts 5 to 7 beside another factor and 6 to 7 alone, where it has to be at least as strict.
  public init(besideAnother: Int, alone: Int) throws(MalformedInput) {
    guard (Self.weakest.besideAnother...Self.strictest).contains(besideAnother),
      (Self.weakest.alone...Self.strictest).contains(alone), alone >= besideAnother
    else {
      throw MalformedInput("palm rates", expected: "1e-5 to 1e-7, alone 1e-6 to 1e-7 and no weaker than beside another factor")
    }
    self.init(known: besideAnother, alone)
  }

  private init(known besideAnother: Int, _ alone: Int) {
    self.besideAnother = besideAnother
    self.alone = alone
  }
}
