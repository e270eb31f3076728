public import AuthAPI
public import AuthTerms

/// Who keeps a session's private keys: the running `watch`, or this process until it ends.
public protocol SessionHolder: Sendable {
  /// Whether the keys outlive this process.
  var isLasting: Bool { get }
  /// New keys for a session that may be granted.
  func prepare() async throws(AgentFault) -> SessionKeys
  /// The public keys of this session, if its private keys are held.
  func held(_ session: SessionID) async throws(AgentFault) -> SessionKeys?
  /// Signs an unlock of a held session.
  func sign(_ preimage: SessionPreimage) async throws(AgentFault) -> [UInt8]?
  /// Signs for a palm with these keys: made for a ceremony that runs now, or those of a locked session. Nil if they are not held.
  func sign(_ palm: PalmPreimage, keys: SessionKeys) async throws(AgentFault) -> [UInt8]?
  /// The session was granted with these keys, by the card in this reader; without a card (nil) the reader of its logon
  /// stays. Empty: a logon without a card.
  /// - Parameter evidence: what the card signed about these keys; without a card that of the logon stays.
  func adopt(
    _ session: SessionOpened, keys: SessionKeys, reader: String?, evidence: SessionEvidence?
  ) async throws(AgentFault)
}

/// Keys that die with this process.
public actor PassingHolder: SessionHolder {
  nonisolated public let isLasting = false
  private let surroundings: Surroundings
  private var keyring: SessionKeyring?

  public init(_ surroundings: Surroundings) { self.surroundings = surroundings }

  public func prepare() async throws(AgentFault) -> SessionKeys {
    guard let keys = SessionKeyring(surroundings) else { throw .badInput(expected: "a random source") }
    keyring = keys
    return keys.publicKeys
  }

  public func held(_ session: SessionID) async throws(AgentFault) -> SessionKeys? { nil }
  public func sign(_ preimage: SessionPreimage) async throws(AgentFault) -> [UInt8]? { nil }
  public func sign(_ palm: PalmPreimage, keys: SessionKeys) async throws(AgentFault) -> [UInt8]? {
    keyring?.publicKeys == keys ? keyring?.sign(palm) : nil
  }
  public func adopt(
    _ session: SessionOpened, keys: SessionKeys, reader: String?, evidence: SessionEvidence?
  ) async throws(AgentFault) {}
}
