/// The session of the asking workstation, if any: answer to `GET /v1/sessions/current`.
public struct SessionStatus: Codable, Sendable {
  public var session: String
  public var person: String
  /// `open` or `locked`
  public var state: String
  public var leaseSeconds: Int
  public var endsAt: Int64

  public init(session: String, person: String, state: String, leaseSeconds: Int, endsAt: Int64) {
    self.session = session
    self.person = person
    self.state = state
    self.leaseSeconds = leaseSeconds
    self.endsAt = endsAt
  }
}

/// Body of `POST /v1/sessions/{session}/lock` and `/logoff`.
public struct SessionEnding: Codable, Sendable {
  /// `asked`, `cardRemoved`, `idle`, `leaseExpired` or `shutdown`
  public var cause: String
  public init(cause: String) { self.cause = cause }
}

/// One line of `GET /v1/watch`, a response that stays open: newline-separated JSON.
public struct WatchEvent: Codable, Sendable, Equatable {
  /// `ready`, `keepalive`, `ending` (the session will lock at `endsAt`), `lock`, `logoff` or `close` (the workstation itself was
  /// revoked)
  public var event: String
  public var session: String?
  /// `cardLost` and the others of `APIMessages.cardCauses`, `accountDisabled`, `accountEnds`, `accessChanged` (a transfer),
  /// `workstationRevoked`, `byOperator`
  public var cause: String?
  /// Of `ending`: minutes until then by the server's clock, rounded up.
  public var minutes: Int?
  /// Of `ending`: milliseconds since 1970-01-01 UTC.
  public var endsAt: Int64?

  public init(
    event: String, session: String? = nil, cause: String? = nil, minutes: Int? = nil, endsAt: Int64? = nil
  ) {
    self.event = event
    self.session = session
    self.cause = cause
    self.minutes = minutes
    self.endsAt = endsAt
  }
}

/// Body of `POST /v1/events`: something that happened at the workstation and that no proof will tell.
public struct WorkstationEvent: Codable, Sendable {
  /// `wrongPIN`, `pinBlocked`, `cardRemoved`, `readerLost`, `leaseExpired`
  public var kind: String
  public var triesLeft: Int?

  public init(kind: String, triesLeft: Int? = nil) {
    self.kind = kind
    self.triesLeft = triesLeft
  }
}

/// One session as an operator sees it.
public struct SessionSummary: Codable, Sendable {
  public var session: String
  public var person: String
  public var displayName: String
  public var workstation: String
  public var segment: String
  public var scenario: String
  /// `open`, `locked` or `ended`
  public var state: String
  /// Withdrawn: it can be neither used nor unlocked.
  public var isRevoked: Bool
  public var card: String?
  /// Milliseconds since 1970-01-01 UTC.
  public var openedAt: Int64
  public var endsAt: Int64
  /// Seconds since its workstation was heard; 0 while it holds a connection.
  public var silentSeconds: Int64

  public init(
    session: String, person: String, displayName: String, workstation: String, segment: String, scenario: String,
    state: String, isRevoked: Bool, card: String?, openedAt: Int64, endsAt: Int64, silentSeconds: Int64
  ) {
    self.session = session
    self.person = person
    self.displayName = displayName
    self.workstation = workstation
    self.segment = segment
    self.scenario = scenario
    self.state = state
    self.isRevoked = isRevoked
    self.card = card
    self.openedAt = openedAt
    self.endsAt = endsAt
    self.silentSeconds = silentSeconds
  }
}

/// Body of `POST /v1/admin/sessions/{session}/end`.
public struct SessionEndRequest: Codable, Sendable {
  /// At most 500 bytes; stands in the log.
  public var reason: String
  public init(reason: String) { self.reason = reason }
}
