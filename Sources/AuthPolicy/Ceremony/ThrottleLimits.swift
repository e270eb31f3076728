/// How failures of one kind of key slow down what comes next.
public struct ThrottleLimits: Sendable, Hashable {
  /// Failures before the first delay.
  public var freeFailures: Int
  /// The first delay in seconds; each further failure doubles it.
  public var firstDelaySeconds: Int
  /// No delay grows beyond, in seconds.
  public var longestDelaySeconds: Int
  /// Failures in a row after which nothing is tried any more until an operator clears the counter; `nil` = never.
  public var ceiling: Int?
  /// One failure is forgiven for so many seconds without a new one, and a success forgives none; `nil` = a success clears
  /// the counter and time forgives nothing.
  public var decaySeconds: Int?

  public init(
    freeFailures: Int, firstDelaySeconds: Int, longestDelaySeconds: Int, ceiling: Int?, decaySeconds: Int?
  ) {
    self.freeFailures = freeFailures
    self.firstDelaySeconds = firstDelaySeconds
    self.longestDelaySeconds = longestDelaySeconds
    self.ceiling = ceiling
    self.decaySeconds = decaySeconds
  }

  /// Persons and cards: two slips are free, then 30 s, 1 min, 2 min … 1 h, and at 50 in a row an operator is needed
  /// (NIST SP 800-63B-4 §3.2.2 allows 100).
  public static let person = ThrottleLimits(
    freeFailures: 2, firstDelaySeconds: 30, longestDelaySeconds: 3600, ceiling: 50, decaySeconds: nil)

  /// Palms of a person: after five in a row that were not hers 30 s, 1 min … 10 min, and at 50 none is looked at until an operator
  /// clears it (NIST SP 800-63B-4 §3.2.3). The card and the password are not touched by it.
  public static let palm = ThrottleLimits(
    freeFailures: 4, firstDelaySeconds: 30, longestDelaySeconds: 600, ceiling: 50, decaySeconds: nil)

  /// Workstations: ten are free, then 5 s … 5 min, and each quiet minute forgives one. No end is reached: a workstation in a
  /// corridor must not be a switch that turns a counter off for good.
  public static let workstation = ThrottleLimits(
    freeFailures: 10, firstDelaySeconds: 5, longestDelaySeconds: 300, ceiling: nil, decaySeconds: 60)
}
