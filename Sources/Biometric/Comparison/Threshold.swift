public import AuthTerms

/// A false match rate as a power of ten, 1e-3 to 1e-9 per comparison transaction. Policies name this and never a score.
public struct FalseMatchRate: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 6 for 1e-6.
  public let exponent: Int

  public init(exponent: Int) throws(MalformedInput) {
    guard (3...9).contains(exponent) else { throw MalformedInput("false match rate", expected: "1e-3 to 1e-9") }
    self.exponent = exponent
  }

  private init(known exponent: Int) { self.exponent = exponent }

  /// Logon by card and palm, per attempt; a policy may ask for more.
  public static let logon = FalseMatchRate(known: PalmRates.weakest.besideAnother)
  /// Unlock by the palm inside a live session.
  public static let unlock = FalseMatchRate(known: PalmRates.weakest.alone)

  public var description: String { "1e-\(exponent)" }
  /// The stricter rate is the smaller one.
  public static func < (a: Self, b: Self) -> Bool { a.exponent > b.exponent }
}

/// What a threshold was measured for. A threshold says nothing about any other combination.
public struct ComparisonConditions: Hashable, Sendable {
  /// 64
  public let grid: Int
  public let filterBank: UInt16
  public let alignmentWindow: UInt16
  /// Poses of the probe that are tried.
  public let poses: Int
  /// Templates of the person that are compared.
  public let templates: Int

  /// Accepts grid 64, 1 to 64 poses, 1 to 16 templates, banks and windows other than 0.
  public init(
    grid: Int, filterBank: UInt16, alignmentWindow: UInt16, poses: Int, templates: Int
  ) throws(MalformedInput) {
    guard grid == VeinTemplate.rows, filterBank != 0, alignmentWindow != 0, (1...64).contains(poses),
      (1...16).contains(templates)
    else {
      throw MalformedInput("comparison conditions", expected: "grid 64, 1 to 64 poses, 1 to 16 templates, bank and window")
    }
    self.init(known: grid, filterBank, alignmentWindow, poses, templates)
  }

  /// For a table that a test puts through the initialiser above.
  init(known grid: Int, _ filterBank: UInt16, _ alignmentWindow: UInt16, _ poses: Int, _ templates: Int) {
    self.grid = grid
    self.filterBank = filterBank
    self.alignmentWindow = alignmentWindow
    self.poses = poses
    self.templates = templates
  }
}

/// The largest normalised distance, as an exact fraction, that counts as the same palm at one rate under one set of conditions.
public struct Threshold: Hashable, Sendable {
  public let rate: FalseMatchRate
  public let conditions: ComparisonConditions
  public let normalisation: Normalisation
  public let numerator: Int
  public let denominator: Int

  /// Accepts 0 < numerator/denominator < 1/2 (from one half on, two palms that have nothing in common agree), denominator at most
  /// 1,000,000.
  public init(
    rate: FalseMatchRate, conditions: ComparisonConditions, normalisation: Normalisation, numerator: Int, denominator: Int
  ) throws(MalformedInput) {
    guard numerator > 0, (1...1_000_000).contains(denominator), numerator < denominator, 2 * numerator < denominator else {
      throw MalformedInput("threshold", expected: "a fraction between 0 and 1/2")
    }
    self.rate = rate
    self.conditions = conditions
    self.normalisation = normalisation
    self.numerator = numerator
    self.denominator = denominator
  }

  /// A threshold for `conditions` or nothing: a mismatch is a fault, never an approximation.
  public func applied(under conditions: ComparisonConditions) throws(MalformedInput) -> Threshold {
    guard conditions == self.conditions else {
      throw MalformedInput("threshold", expected: "the conditions it was measured under")
    }
    return self
  }

  /// Whether a transaction under these conditions came close enough; exact. No result is no match.
  public func accepts(_ found: AlignedDistance?, under conditions: ComparisonConditions) throws(MalformedInput) -> Bool {
    let threshold = try applied(under: conditions)
    return found.map { threshold.normalisation.isWithin($0, threshold.numerator, threshold.denominator) } ?? false
  }
}
