public import AuthTerms

/// The clock, the random source and the state of this machine, handed in by the executable.
public struct Surroundings: Sendable {
  public let now: @Sendable () -> Moment
  /// That many bytes of the system's random source.
  public let random: @Sendable (Int) -> [UInt8]
  public let machine: @Sendable () -> MachineState

  public init(
    now: @escaping @Sendable () -> Moment, random: @escaping @Sendable (Int) -> [UInt8],
    machine: @escaping @Sendable () -> MachineState = { MachineState() }
  ) {
    self.now = now
    self.random = random
    self.machine = machine
  }
}
