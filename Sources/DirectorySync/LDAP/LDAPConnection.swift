public import AuthTerms

/// One connection to one domain controller, on a queue of its own. Opened when it is first used. A server that hung up
/// meanwhile (they do after minutes of silence, and when they restart) is asked again on a new connection, once.
public actor LDAPConnection {
  private let queue = LDAPQueue()
  public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

  public nonisolated let server: LDAPServer
  private let account: String
  private let password: Secret<TypedPassword>
  private let patience: Duration
  private let limits: LDAPLimits
  private var handle: LDAPHandle?

  /// - Parameters:
  ///   - account: whom the connection belongs to, as a user principal name (`svc-sanmon@…`) or DN.
  ///   - patience: for connecting, and for each answer.
  public init(
    _ server: LDAPServer, account: String, password: Secret<TypedPassword>, patience: Duration = .seconds(10)
  ) {
    self.server = server
    self.account = account
    self.password = password
    self.patience = patience
    limits = LDAPLimits()
  }

  package init(
    _ server: LDAPServer, account: String, password: Secret<TypedPassword>, patience: Duration, limits: LDAPLimits
  ) {
    self.server = server
    self.account = account
    self.password = password
    self.patience = patience
    self.limits = limits
  }

  /// What every server says to everybody who is let in (RFC 4512 §5.1): the counter that any change moves, and who it is.
  public func root() throws(LDAPFault) -> RootDSE {
    var found: LDAPEntry?
    _ = try search(LDAPQuery(base: "", scope: .base, attributes: RootDSE.attributes)) { found = $0 }
    guard let found else { throw LDAPFault(.malformed, "rootDSE") }
    return try RootDSE(found)
  }

  /// - Parameter patience: for the whole answer; `nil`: the connection's.
  func search(
    _ query: LDAPQuery, _ requests: [LDAPControlRequest] = [], patience: Duration? = nil,
    each: (consuming LDAPEntry) throws(LDAPFault) -> Void
  ) throws(LDAPFault) -> LDAPAnswer {
    let wasOpen = handle != nil
    var isUnderWay = false
    do {
      return try ask(query, requests, patience) { (entry) throws(LDAPFault) in
        isUnderWay = true
        try each(entry)
      }
    } catch {
      guard error.code == .unreachable, wasOpen, !isUnderWay else { throw error }
      return try ask(query, requests, patience, each)
    }
  }

  private func ask(
    _ query: LDAPQuery, _ requests: [LDAPControlRequest], _ patience: Duration?,
    _ each: (consuming LDAPEntry) throws(LDAPFault) -> Void
  ) throws(LDAPFault) -> LDAPAnswer {
    let handle = try opened()
    do {
      return try handle.search(query, requests, until: .now + (patience ?? self.patience), each: each)
    } catch {
      // What the directory refuses it says on a connection that is well; all else starts anew.
      switch error.code {
      case .rights, .noSuchObject, .cookie, .result: break
      default: self.handle = nil
      }
      throw error
    }
  }

  private func opened() throws(LDAPFault) -> LDAPHandle {
    if let handle { return handle }
    let new = try LDAPHandle(server, limits: limits, until: .now + patience)
    switch try new.bind(account, password, until: .now + patience) {
    case .right: break
    case .refused(let refusal): throw LDAPFault(.serviceRefused, refusal.rawValue)
    }
    handle = new
    return new
  }

  /// Whether the account is disabled at this moment; `nil` if the directory shows no such object, which says nothing: it may be
  /// deleted, or out of sight of the account that asks.
  public func isDisabled(_ guid: ObjectGUID, patience: Duration) throws(LDAPFault) -> Bool? {
    var control: Int64?
    do {
      _ = try search(
        LDAPQuery(base: "<GUID=\(guid)>", scope: .base, attributes: ["userAccountControl"]), patience: patience
      ) { control = $0.text("useraccountcontrol").flatMap { Int64($0) } }
    } catch  where error.code == .noSuchObject { return nil }
    // UF_ACCOUNTDISABLE
    return control.map { $0 & 2 != 0 }
  }

  /// Changes somebody's password as its owner does.
  public func changePassword(
    of guid: ObjectGUID, from present: Secret<TypedPassword>, to new: Secret<TypedPassword>,
    until deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> PasswordChange {
    try modifying { (handle) throws(LDAPFault) in
      try handle.changePassword(of: "<GUID=\(guid)>", from: present, to: new, until: deadline)
    }
  }

  /// Never asked twice: a change that may have arrived is not sent again.
  func modifying<R>(_ change: (LDAPHandle) throws(LDAPFault) -> R) throws(LDAPFault) -> R {
    let handle = try opened()
    do {
      return try change(handle)
    } catch {
      if error.code != .result && error.code != .rights { self.handle = nil }
      throw error
    }
  }

  public func close() { handle = nil }
}

/// The root of a directory server's own entry.
public struct RootDSE: Sendable, Equatable {
  package static let attributes = ["highestCommittedUSN", "dsServiceName", "defaultNamingContext", "dnsHostName"]

  /// Moves with every change this server commits.
  public let highestCommittedUSN: Int64
  /// The server's own settings object: names which domain controller answered.
  public let serviceName: String
  public let namingContext: String
  public let hostName: String

  init(_ entry: LDAPEntry) throws(LDAPFault) {
    guard let usn = entry.text("highestcommittedusn").flatMap({ Int64($0) }), usn >= 0,
      let service = entry.text("dsservicename"), let context = entry.text("defaultnamingcontext")
    else { throw LDAPFault(.malformed, "rootDSE") }
    highestCommittedUSN = usn
    serviceName = service
    namingContext = context
    hostName = entry.text("dnshostname") ?? ""
  }
}
