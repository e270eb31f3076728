import AuthPolicy
import AuthTerms
import DirectorySync
import Synchronization

/// What a domain controller is asked while somebody waits: whether a password is right, whether an account is disabled now.
///
/// Bounded in connections, in askers and in time: a slow domain controller holds up those who need its answer, up to their
/// deadline, and nobody else.
final class DirectoryAccounts: Sendable {
  /// What a logon waits to hear whether an account is disabled, at most. It goes on without the answer then.
  private static let patience = Duration.milliseconds(250)
  private static let askersAtOnce = 8
  /// After a late answer one asker tries again, so long afterwards.
  private static let pause = Duration.seconds(10)
  private static let changePatience = Duration.seconds(10)

  private struct State {
    /// The domain controller that the last look was answered by.
    var server = 0
    /// Of a look that is not answered yet.
    var lookBegan: ContinuousClock.Instant?
    /// The last look was answered.
    var isWell = false
    /// The last look was answered within `patience`, and so was the last asker.
    var isQuick = false
    /// While it is not: when the next asker tries.
    var triesAt = ContinuousClock.now
    var isHeld = false
    var askers = 0
    var pools: [Int: BindPool] = [:]
    var reader: (server: Int, connection: LDAPConnection)?
  }

  private let configuration: DirectoryConnection
  private let state = Mutex(State())

  init(_ configuration: DirectoryConnection) { self.configuration = configuration }

  var knowsPasswords: Bool { configuration.passwords == .directory }

  // MARK: Told by whoever follows the directory

  func lookBegins() { state.withLock { $0.lookBegan = .now } }

  /// - Parameters:
  ///   - isAnswered: `false`: nobody is asked until one is again.
  ///   - readsAll: it took the time that a whole domain takes, which says nothing about the server.
  func lookEnds(server: Int, isAnswered: Bool, readsAll: Bool) {
    state.withLock { state in
      let began = state.lookBegan ?? .now
      state.lookBegan = nil
      state.server = server
      state.isWell = isAnswered
      state.isQuick = isAnswered && (readsAll || ContinuousClock.now - began < Self.patience)
      if !state.isQuick { state.triesAt = .now + Self.pause }
    }
  }

  /// While a change is held, what the directory says of one account may be part of it, and does not count.
  func isHeld(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }

  // MARK: Asked by whoever decides

  /// Whether the directory says, now and quickly, that the account is disabled. No answer is no.
  func isDisabled(_ guid: ObjectGUID) async -> Bool {
    guard let connection = reader() else { return false }
    let answer = await Self.soon(Self.patience) { () -> Bool? in
      // An object that is not shown says nothing of the account, but the server has answered.
      do { return try await connection.isDisabled(guid, patience: Self.patience) ?? false } catch { return nil }
    }
    state.withLock { state in
      state.askers -= 1
      state.isQuick = state.isWell && answer != nil
      if answer == nil {
        state.triesAt = .now + Self.pause
        // The next one is made with the password that the account that reads has by then: the old one tried on would lock it.
        state.reader = nil
      }
    }
    return answer == .some(true)
  }

  /// - Throws: `LDAPFault`: nothing is known about the password then. At once, while no look is answered.
  func check(_ guid: ObjectGUID, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult {
    let (server, isWell) = state.withLock { ($0.server, $0.isWell) }
    guard isWell else { throw LDAPFault(.unreachable, "no look is answered") }
    do { return try await pool(server).check(guid, password) } catch {
      // Made anew for the next look that is answered, with the password that the account that reads has by then.
      if error.code == .serviceRefused {
        state.withLock { state in
          state.pools[server] = nil
          state.isWell = false
        }
      }
      throw error
    }
  }

  /// The owner's own change, by the password that is in force.
  func change(
    _ guid: ObjectGUID, from present: Secret<TypedPassword>, to new: Secret<TypedPassword>
  ) async throws(LDAPFault) -> PasswordChange {
    let connection = try configuration.connection(state.withLock { $0.server })
    return try await connection.changePassword(of: guid, from: present, to: new, until: .now + Self.changePatience)
  }

  // MARK: Connections

  private func pool(_ server: Int) throws(LDAPFault) -> BindPool {
    if let pool = state.withLock({ $0.pools[server] }) { return pool }
    let made = BindPool(
      try configuration.server(server),
      reader: (configuration.account, try PasswordFile.read(configuration.passwordFile)))
    return state.withLock { state in
      let pool = state.pools[server] ?? made
      state.pools[server] = pool
      return pool
    }
  }

  /// Counts as an asker until the answer; `nil`: nobody is asked now.
  private func reader() -> LDAPConnection? {
    let (server, isFree) = state.withLock { state in
      let isLate = state.lookBegan.map { ContinuousClock.now - $0 > Self.patience } ?? false
      let isOpen = state.isQuick ? state.askers < Self.askersAtOnce : state.askers == 0 && ContinuousClock.now >= state.triesAt
      return (state.server, state.isWell && isOpen && !state.isHeld && !isLate)
    }
    guard isFree else { return nil }
    let known = state.withLock { $0.reader }
    guard let connection = known?.server == server ? known?.connection : try? configuration.connection(server) else {
      return nil
    }
    return state.withLock { state in
      state.askers += 1
      if state.reader?.server != server { state.reader = (server, connection) }
      return state.reader?.connection
    }
  }

  /// - Returns: the answer; `nil` after the time, however long the work goes on.
  private static func soon<Answer: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async -> Answer?
  ) async -> Answer? {
    return await withCheckedContinuation { continuation in
      let once = Once(continuation)
      Task { once.resume(await work()) }
      Task {
        try? await Task.sleep(for: limit)
        once.resume(nil)
      }
    }
  }
}

extension DirectoryConnection {
  func server(_ place: Int) throws(LDAPFault) -> LDAPServer {
    let server = servers[place]
    return try LDAPServer(
      host: server.host, port: server.port.map { UInt16($0) }, protection: server.protection == .ldaps ? .ldaps : .startTLS,
      authorities: authorities)
  }

  /// One of the account that reads; opened when it is first used.
  func connection(_ place: Int) throws(LDAPFault) -> LDAPConnection {
    LDAPConnection(try server(place), account: account, password: try PasswordFile.read(passwordFile))
  }
}
