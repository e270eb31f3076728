import AuthAPI
import AuthClient
import AuthTerms
import Synchronization
import Workstation

/// Hands out what it was told to, and writes down what it was asked.
final class MemoryBroker: CredentialBroker {
  struct Contents {
    var state: BrokerState
    var credentials: [String: Result<ReleasedCredential, AgentFault>] = [:]
    var released: [String] = []
    var reported: [String] = []
    var changes: [String: Result<PasswordChange, AgentFault>] = [:]
    var changed: [String] = []
    var captured: [String] = []
    var captureFault: AgentFault?
    var beforeRelease: (@Sendable () async -> Void)?
    var stateFault: AgentFault?
    var reportFault: AgentFault?
  }

  let contents: Mutex<Contents>
  let changes: AsyncStream<BrokerChange>
  let announce: AsyncStream<BrokerChange>.Continuation

  init(_ state: BrokerState) {
    contents = Mutex(Contents(state: state))
    (changes, announce) = AsyncStream.makeStream()
  }

  func state() async throws(AgentFault) -> BrokerState {
    let (state, fault) = contents.withLock { ($0.state, $0.stateFault) }
    if let fault { throw fault }
    return state
  }

  /// `application/account`, behind it ` of owner`.
  private static func name(_ account: BrokerAccount) -> String {
    "\(account.application)/\(account.account)\(account.owner.isEmpty ? "" : " of \(account.owner)")"
  }

  func release(_ account: BrokerAccount) async throws(AgentFault) -> ReleasedCredential {
    let (found, before) = contents.withLock { contents in
      contents.released.append(Self.name(account))
      return (contents.credentials[Self.name(account)], contents.beforeRelease)
    }
    await before?()
    guard let found else { throw .noSession }
    return try found.get()
  }

  func report(
    _ account: BrokerAccount, version: UInt64, outcome: SignInOutcome
  ) async throws(AgentFault) {
    try note("\(Self.name(account)) \(version) \(outcome)")
  }

  func reportChange(application: String, account: String, isAccepted: Bool) async throws(AgentFault) {
    try note("\(application)/\(account) change \(isAccepted)")
  }

  private func note(_ report: String) throws(AgentFault) {
    let fault = contents.withLock { contents in
      contents.reported.append(report)
      return contents.reportFault
    }
    if let fault { throw fault }
  }

  func change(application: String, account: String) async throws(AgentFault) -> PasswordChange {
    let (found, before) = contents.withLock { contents in
      contents.changed.append("\(application)/\(account)")
      return (contents.changes["\(application)/\(account)"], contents.beforeRelease)
    }
    await before?()
    guard let found else { throw .noSession }
    return try found.get()
  }

  func capture(application: String, account: String, credential: StoredCredential) async throws(AgentFault) {
    let fault = contents.withLock { contents in
      contents.captured.append("\(application)/\(account) \(credential.user)")
      return contents.captureFault
    }
    if let fault { throw fault }
  }

  var released: [String] { contents.withLock { $0.released } }
  var reported: [String] { contents.withLock { $0.reported } }
  var changed: [String] { contents.withLock { $0.changed } }
  var captured: [String] { contents.withLock { $0.captured } }
}
