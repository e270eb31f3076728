/// How much was kept of a person who was removed.
public struct RemovedPerson: Sendable, Hashable {
  public var cards = 0
  public var keys = 0
  public var palms = 0
  public var sessions = 0
  public var hadPassword = false
  public var identities = 0

  public init() {}
}
