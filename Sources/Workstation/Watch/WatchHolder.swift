public import AuthAPI
public import AuthTerms
import Foundation

/// The session keys held by the running `watch`: they never leave its memory, only signatures do.
public struct WatchHolder: SessionHolder {
  public let isLasting = true
  private let folder: String

  /// nil if no watch of this state folder is running.
  public init?(folder: String) async throws(AgentFault) {
    guard try await WatchSocket.ask(WatchCommand(.status), folder: folder) != nil else { return nil }
    self.folder = folder
  }

  public func prepare() async throws(AgentFault) -> SessionKeys {
    guard let keys = try await ask(WatchCommand(.prepare)).keys else { throw .watchAnswer }
    return keys
  }

  public func held(_ session: SessionID) async throws(AgentFault) -> SessionKeys? {
    var command = WatchCommand(.held)
    command.session = session.text
    return try await ask(command, allowing: ["noSession", "unknownKeys"]).keys
  }

  public func sign(_ preimage: SessionPreimage) async throws(AgentFault) -> [UInt8]? {
    var command = WatchCommand(.sign)
    command.session = preimage.session
    command.ceremony = preimage.ceremony
    command.nonce = Data(preimage.nonce)
    return try await ask(command, allowing: ["noSession", "unknownKeys"]).signature.map { Array($0) }
  }

  public func sign(_ palm: PalmPreimage, keys: SessionKeys) async throws(AgentFault) -> [UInt8]? {
    var command = WatchCommand(.signPalm)
    command.keys = keys
    command.ceremony = palm.ceremony
    command.nonce = Data(palm.nonce)
    command.sensor = palm.sensor
    command.hand = palm.hand
    command.sample = Data(palm.sample)
    return try await ask(command, allowing: ["noSession", "unknownKeys"]).signature.map { Array($0) }
  }

  public func adopt(
    _ session: SessionOpened, keys: SessionKeys, reader: String?, evidence: SessionEvidence?
  ) async throws(AgentFault) {
    var command = WatchCommand(.adopt)
    command.opened = session
    command.keys = keys
    command.reader = reader
    command.evidence = evidence.map { Data($0.encoded) }
    _ = try await ask(command)
  }

  private func ask(_ command: WatchCommand, allowing: Set<String> = []) async throws(AgentFault) -> WatchReply {
    guard let reply = try await WatchSocket.ask(command, folder: folder) else { throw .watchNotRunning }
    if let fault = reply.fault, !allowing.contains(fault) { throw .watchAnswer }
    return reply
  }
}
