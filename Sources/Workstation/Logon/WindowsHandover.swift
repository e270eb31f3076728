import AuthAPI
public import AuthClient
import AuthTerms
import Foundation
import Isolation

/// Gives Windows what it needs, right after a logon or an unlock was granted: the program in LSA's place gets it over a pipe.
///
/// The file of the application of kind `windows` says what it is. It comes from the server, unproven unless the vault's signed
/// statement names it; at worst a program of this workstation's own is given what was typed here.
public struct WindowsHandover: Sendable {
  /// Seconds that the program has.
  public static let patience = 60
  /// The password in force, and once the other one that a rotator which was stopped half-way has left.
  static let mostTries = 2

  /// What was given, and taken.
  public enum Given: String, Sendable {
    case vault, typed, certificate
  }

  private let state: AgentState
  private let servers: ServerList
  private let surroundings: Surroundings
  private let program: [String]
  private let milliseconds: Int

  /// - Parameters:
  ///   - program: an absolute path of an executable file, and its arguments. Ends with 0 when Windows took it, with 65 when
  ///     it was wrong, with 66 when it has to be changed first.
  ///   - milliseconds: after which it is killed, 1 to 600,000.
  /// - Throws: `badInput`
  public init(
    state: AgentState, servers: ServerList, surroundings: Surroundings, program: [String],
    milliseconds: Int = patience * 1000
  ) throws(AgentFault) {
    guard let path = program.first, path.hasPrefix("/"), access(path, X_OK) == 0 else {
      throw .badInput(expected: "--credential-to: an absolute path of an executable file")
    }
    guard (1...600_000).contains(milliseconds) else { throw .badInput(expected: "a deadline of 1 to 600000 ms") }
    self.state = state
    self.servers = servers
    self.surroundings = surroundings
    self.program = program
    self.milliseconds = milliseconds
  }

  /// - Throws: why Windows has nothing that it takes; the session stays open.
  public func run(_ logon: GrantedLogon) async throws(AgentFault) -> Given {
    let definitions = try await ReleaseClient(
      servers: servers, workstation: state.workstation, roots: state.roots, surroundings: surroundings
    ).definitions()
    for definition in definitions {
      guard case .windows(let windows) = definition.access else { continue }
      switch windows.credential {
      case .vault:
        try await release(definition.id, to: logon.session.person)
        return .vault
      case .typed:
        guard let typed = logon.typed else { throw .windows(.nothingTyped) }
        try Self.check(await give(.typed(typed), to: logon.session.person))
        return .typed
      case .certificate:
        guard let card = logon.card else { throw .windows(.noCard) }
        try Self.check(await give(.certificate(card), to: logon.session.person))
        return .certificate
      }
    }
    throw .windows(.noApplication)
  }

  /// The same password is never tried twice: Windows locks accounts.
  private func release(_ application: ApplicationID, to person: String) async throws(AgentFault) {
    let client = CredentialClient(folder: state.path)
    var tried: Set<UInt64> = []
    while tried.count < Self.mostTries {
      let handed = try await client.release(application, account: "")
      guard tried.insert(handed.version).inserted else { break }
      let ended = try await give(.stored(handed.credential), to: person)
      guard let outcome = Self.outcome(ended) else { throw .windows(.programFailed) }
      try await client.report(application, account: "", version: handed.version, outcome)
      if outcome != .refused { return try Self.check(ended) }
    }
    throw .windows(.refused)
  }

  private static func outcome(_ status: Int32?) -> SignInOutcome? {
    switch status {
    case 0: .accepted
    case 65: .refused
    case 66: .mustChange
    default: nil
    }
  }

  private static func check(_ status: Int32?) throws(AgentFault) {
    switch outcome(status) {
    case .accepted: return
    case .refused: throw .windows(.refused)
    case .mustChange: throw .windows(.mustChange)
    case nil: throw .windows(.programFailed)
    }
  }

  /// - Returns: what the program ended with; `nil` if it had to be killed.
  private func give(_ gift: WindowsGift, to person: String) async throws(AgentFault) -> Int32? {
    let child: ChildProgram
    do {
      child = try ChildProgram(starting: program) { gift.write(for: person, to: $0) }
    } catch { throw .windows(.programFailed) }
    let deadline = Deadline(milliseconds: milliseconds)
    return await BlockingCall.run {
      let status = child.status(by: deadline)
      if status == nil { child.end() }
      return status
    }
  }
}
