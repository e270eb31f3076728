public import AuthTerms

/// Whose failures are counted. The spelling is canonical: `person:ID`, `card:ID`, `workstation:ID`, `palm:PERSON`.
public struct ThrottleKey: Sendable, Hashable {
  public let text: String
  public static func person(_ id: PersonID) -> ThrottleKey { ThrottleKey(text: "person:\(id)") }
  public static func card(_ id: CardID) -> ThrottleKey { ThrottleKey(text: "card:\(id)") }
  /// The palms of a person: what is counted here keeps no card and no password from anybody.
  public static func palm(_ id: PersonID) -> ThrottleKey { ThrottleKey(text: "palm:\(id)") }
  public static func workstation(_ id: WorkstationID) -> ThrottleKey { ThrottleKey(text: "workstation:\(id)") }
}

/// Failures of one key; the arithmetic is `AuthPolicy.Throttle`'s.
public struct ThrottleRecord: Sendable, Hashable {
  public var failures: Int
  public var lastFailure: Moment
  public var blockedUntil: Moment?

  public init(failures: Int, lastFailure: Moment, blockedUntil: Moment?) {
    self.failures = failures
    self.lastFailure = lastFailure
    self.blockedUntil = blockedUntil
  }
}
