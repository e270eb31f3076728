import AuthAPI
import AuthTerms
import Workstation

/// Holds keys like a watch would.
actor MemoryHolder: SessionHolder {
  nonisolated let isLasting = true
  private let keyring: SessionKeyring?
  private let session: String?
  private(set) var adopted: SessionOpened?
  private(set) var reader: String?

  init(_ surroundings: Surroundings, holds session: String?) {
    keyring = SessionKeyring(surroundings)
    self.session = session
  }

  func prepare() async throws(AgentFault) -> SessionKeys {
    guard let keyring else { throw .watchAnswer }
    return keyring.publicKeys
  }
  func held(_ session: SessionID) async throws(AgentFault) -> SessionKeys? {
    session.text == self.session ? keyring?.publicKeys : nil
  }
  func sign(_ preimage: SessionPreimage) async throws(AgentFault) -> [UInt8]? { keyring?.sign(preimage) }
  func sign(_ palm: PalmPreimage, keys: SessionKeys) async throws(AgentFault) -> [UInt8]? {
    keyring?.publicKeys == keys ? keyring?.sign(palm) : nil
  }
  func adopt(
    _ session: SessionOpened, keys: SessionKeys, reader: String?, evidence: SessionEvidence?
  ) async throws(AgentFault) {
    adopted = session
    self.reader = reader
  }
}
