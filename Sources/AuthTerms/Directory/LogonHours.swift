/// The hours of the week in which an account may log on: `logonHours` of Active Directory (MS-ADA2 2.49), 168 bits, the first for
/// the hour after midnight (UTC) of a Sunday, the lowest bit of the first byte.
public struct LogonHours: Hashable, Sendable {
  public let bytes: [UInt8]

  /// - Returns: `nil` unless 21 bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 21 else { return nil }
    self.bytes = bytes
  }

  /// No hour at all: what an attribute that cannot be read counts as.
  public static let never = LogonHours(none: ())

  private init(none: Void) { bytes = [UInt8](repeating: 0, count: 21) }

  public func contains(_ moment: Moment) -> Bool {
    // 1970-01-01 was a Thursday.
    let hours = moment.wallMilliseconds.flooredDivision(by: 3_600_000) + 4 * 24
    let hour = Int((hours % 168 + 168) % 168)
    return bytes[hour / 8] >> (hour % 8) & 1 == 1
  }
}
