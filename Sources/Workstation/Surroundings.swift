public import AuthTerms

/// The clock and the random source of this machine, handed in by the executable.
public struct Surroundings: Sendable {
  public let now: @Sendable () -> Moment
  /// That many bytes of the system's random source.
  public let random: @Sendable (Int) -> [UInt8]

  public init(now: @escaping @Sendable () -> Moment, random: @escaping @Sendable (Int) -> [UInt8]) {
    self.now = now
    self.random = random
  }
}
