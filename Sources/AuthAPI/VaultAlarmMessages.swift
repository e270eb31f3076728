/// An alarm of the vault, and who has seen it.
public struct VaultAlarmSummary: Codable, Sendable, Equatable {
  /// 1 and above.
  public var number: Int64
  /// As the vault's log names it, without `vault.`.
  public var action: String
  public var note: String
  /// How often with this note, until it was seen.
  public var times: Int64
  /// Milliseconds since 1970-01-01 UTC; 0 of before they were listed.
  public var firstAt: Int64
  public var lastAt: Int64
  /// Who has seen it; absent while it is open, as are the two below.
  public var seenBy: String?
  /// Milliseconds since 1970-01-01 UTC.
  public var seenAt: Int64?
  public var reason: String?

  public init(
    number: Int64, action: String, note: String, times: Int64, firstAt: Int64, lastAt: Int64, seenBy: String?, seenAt: Int64?,
    reason: String?
  ) {
    self.number = number
    self.action = action
    self.note = note
    self.times = times
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.seenBy = seenBy
    self.seenAt = seenAt
    self.reason = reason
  }
}

/// Alarms of the vault, the newest first; as many as one answer holds.
public struct VaultAlarmPage: Codable, Sendable, Equatable {
  /// Each with the longest note and reason, they stay below the MiB that a client reads.
  public static let most = 256

  public var alarms: [VaultAlarmSummary]
  /// How many older ones were asked for and are left out.
  public var more: Int64

  public init(alarms: [VaultAlarmSummary], more: Int64) {
    self.alarms = alarms
    self.more = more
  }
}
