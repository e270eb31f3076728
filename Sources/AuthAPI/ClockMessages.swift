public import Foundation

/// The clock, and the time that dates are judged by. Times in milliseconds since 1970-01-01 UTC.
public struct ClockStatus: Codable, Sendable {
  public var clock: Int64
  /// The newest row of the log, or the day of this release: dates are judged by the later of this and the clock.
  public var floor: Int64
  /// 0 while the clock can be right.
  public var behindSeconds: Int64
  /// Signatures of different administrators that `clock.accept` takes here.
  public var required: Int

  public init(clock: Int64, floor: Int64, behindSeconds: Int64, required: Int) {
    self.clock = clock
    self.floor = floor
    self.behindSeconds = behindSeconds
    self.required = required
  }
}

/// A signed act `clock.accept`.
public struct ClockAct: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data

  public init(act: Data) { self.act = act }
}
