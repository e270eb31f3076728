public import AuthTerms
import Synchronization

/// Asks a domain controller whether a password is right, by simple bind on a few warm connections (connecting costs ten times a
/// bind). Bounded: when the server is slow, people wait here up to their deadline and nowhere else.
public final class BindPool: Sendable {
  private struct State {
    var free: [BindConnection]
    /// In the order of arrival.
    var waiting: [(number: Int, continuation: CheckedContinuation<Place, Never>)] = []
    var arrivals = 0
  }

  private let state: Mutex<State>
  private let patience: Duration
  private let waitingLimit: Int

  /// - Parameters:
  ///   - connections: 1 or more, each with a queue of its own; opened when they are needed.
  ///   - waiting: people who may wait for one; a further one is answered `.timedOut` at once.
  ///   - patience: for the whole check, waiting included.
  ///   - reader: who looks names of objects up.
  public init(
    _ server: LDAPServer, connections: Int = 4, waiting: Int = 256, patience: Duration = .seconds(5),
    reader: (account: String, password: Secret<TypedPassword>)? = nil
  ) {
    state = Mutex(State(free: (0..<max(1, connections)).map { _ in BindConnection(server, reader) }))
    waitingLimit = waiting
    self.patience = patience
  }

  /// The same for an object, by the name that it has at this moment: names are changed and handed on, a GUID is not.
  ///
  /// - Throws: `LDAPFault`; `.noSuchObject` if the account that reads is shown no such object.
  public func check(_ guid: ObjectGUID, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult {
    try await check(.object(guid), password)
  }

  /// - Parameter account: a user principal name (`sato.hanako@…`), `DOMAIN\name` or DN; sent as it is.
  /// - Throws: `LDAPFault`: nothing is known about the password then.
  public func check(_ account: String, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult {
    try await check(.name(account), password)
  }

  fileprivate enum Account: Sendable {
    case name(String)
    case object(ObjectGUID)
  }

  private func check(_ account: Account, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult {
    let deadline = ContinuousClock.now + patience
    switch await place(until: deadline) {
    case .connection(let connection):
      defer { giveBack(connection) }
      return try await connection.bind(account, password, until: deadline)
    case .late: throw LDAPFault(.timedOut, "waited")
    case .tooMany: throw LDAPFault(.timedOut, "\(waitingLimit) wait already")
    }
  }

  private enum Place {
    case connection(BindConnection)
    case late
    case tooMany
  }

  private func place(until deadline: ContinuousClock.Instant) async -> Place {
    let number = state.withLock { state in
      state.arrivals += 1
      return state.arrivals
    }
    let alarm = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      giveUp(number)
    }
    defer { alarm.cancel() }
    return await withCheckedContinuation { continuation in
      let answer: Place? = state.withLock { state in
        if let connection = state.free.popLast() { return .connection(connection) }
        guard ContinuousClock.now < deadline else { return .late }
        guard state.waiting.count < waitingLimit else { return .tooMany }
        state.waiting.append((number, continuation))
        return nil
      }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  private func giveUp(_ number: Int) {
    let late = state.withLock { state -> CheckedContinuation<Place, Never>? in
      guard let place = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
      return state.waiting.remove(at: place).continuation
    }
    late?.resume(returning: .late)
  }

  private func giveBack(_ connection: BindConnection) {
    let next = state.withLock { state -> CheckedContinuation<Place, Never>? in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
      state.free.append(connection)
      return nil
    }
    next?.resume(returning: .connection(connection))
  }
}

/// One warm connection, bound as whoever was checked last; nothing else is ever asked on it.
private actor BindConnection {
  private let queue = LDAPQueue()
  nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

  private let server: LDAPServer
  private let reader: (account: String, password: Secret<TypedPassword>)?
  private var handle: LDAPHandle?
  /// Stays bound as the account that reads.
  private var finder: LDAPHandle?

  init(_ server: LDAPServer, _ reader: (account: String, password: Secret<TypedPassword>)?) {
    self.server = server
    self.reader = reader
  }

  func bind(
    _ account: BindPool.Account, _ password: Secret<TypedPassword>, until deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> BindResult {
    let name =
      switch account {
      case .name(let name): name
      case .object(let guid): try name(of: guid, deadline)
      }
    return try bind(name, password, deadline)
  }

  private func name(of guid: ObjectGUID, _ deadline: ContinuousClock.Instant) throws(LDAPFault) -> String {
    let wasOpen = finder != nil
    do { return try find(guid, deadline) } catch {
      // Hung up meanwhile.
      guard error.code == .unreachable, wasOpen else { throw error }
      return try find(guid, deadline)
    }
  }

  private func find(_ guid: ObjectGUID, _ deadline: ContinuousClock.Instant) throws(LDAPFault) -> String {
    guard let reader else { throw LDAPFault(.settings, "no account that reads") }
    guard ContinuousClock.now < deadline else { throw LDAPFault(.timedOut) }
    do throws(LDAPFault) {
      if finder == nil {
        let new = try LDAPHandle(server, until: deadline)
        if case .refused(let refusal) = try new.bind(reader.account, reader.password, until: deadline) {
          throw LDAPFault(.serviceRefused, refusal.rawValue)
        }
        finder = new
      }
      guard let finder else { throw LDAPFault(.unreachable) }
      var name: String?
      _ = try finder.search(
        LDAPQuery(base: "<GUID=\(guid)>", scope: .base, attributes: ["1.1"]), until: deadline
      ) { name = $0.name }
      guard let name, !name.isEmpty else { throw LDAPFault(.noSuchObject) }
      return name
    } catch {
      if error.code != .noSuchObject { finder = nil }
      throw error
    }
  }

  private func bind(
    _ account: String, _ password: Secret<TypedPassword>, _ deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> BindResult {
    let wasOpen = handle != nil
    do { return try ask(account, password, deadline) } catch {
      // Hung up meanwhile.
      guard error.code == .unreachable, wasOpen else { throw error }
      return try ask(account, password, deadline)
    }
  }

  private func ask(
    _ account: String, _ password: Secret<TypedPassword>, _ deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> BindResult {
    guard ContinuousClock.now < deadline else { throw LDAPFault(.timedOut) }
    if handle == nil { handle = try LDAPHandle(server, until: deadline) }
    guard let open = handle else { throw LDAPFault(.unreachable) }
    do { return try open.bind(account, password, until: deadline) } catch {
      handle = nil
      throw error
    }
  }
}
