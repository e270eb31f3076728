public import Hummingbird
import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The five doors of the server.
public enum ListenerName: String, Sendable, CaseIterable {
  case workstations
  case enrolment
  case operators
  case operatorsTLS
  case metrics

  /// Whether this door could have produced this identity.
  func accepts(_ identity: RequestIdentity) -> Bool {
    switch (self, identity) {
    case (.workstations, .certificate), (.operators, .unixPeer), (.operatorsTLS, .operatorCertificate),
      (.enrolment, .anonymous), (.metrics, .anonymous):
      true
    default: false
    }
  }
}

public enum ListenerFault: Error, Sendable, Equatable {
  /// The listeners of workstations and operators need `ServerTLS.mutual`, the enrolment listener `ServerTLS.serverOnly`.
  case wrongTLSMode
  /// Metrics speak plain HTTP, so only on 127.0.0.0/8 or ::1.
  case notLoopback
  case socketPathUnusable
  /// Another process answers there.
  case socketInUse
  case socketPermissions
}

public struct ListenerConfiguration: Sendable {
  public enum Endpoint: Sendable {
    /// mTLS. - Parameter port: 0 takes a free one.
    case workstations(address: String, port: Int, tls: ServerTLS)
    /// TLS; the client shows no certificate because it has none yet.
    case enrolment(address: String, port: Int, tls: ServerTLS)
    /// A unix socket; peers are known by uid.
    case operators(path: String, permissions: SocketPermissions)
    /// mTLS with the certificates on operators' cards; `tls` has their roots and no other.
    case operatorsTLS(address: String, port: Int, tls: ServerTLS)
    /// Plain HTTP on the loopback address.
    case metrics(address: String, port: Int)
  }

  public var endpoint: Endpoint
  public var limits: Limits

  public init(_ endpoint: Endpoint, limits: Limits = Limits()) {
    self.endpoint = endpoint
    self.limits = limits
  }

  public var name: ListenerName {
    switch endpoint {
    case .workstations: .workstations
    case .enrolment: .enrolment
    case .operators: .operators
    case .operatorsTLS: .operatorsTLS
    case .metrics: .metrics
    }
  }
}

/// What all listeners share.
public struct HTTPSupport: Sendable {
  public let clock: ServerClock
  public let log: SafeLog
  public let metrics: MetricsRegistry

  public init(clock: ServerClock, log: SafeLog, metrics: MetricsRegistry) {
    self.clock = clock
    self.log = log
    self.metrics = metrics
  }
}

/// Serves one router behind one door, until graceful shutdown: new connections are refused at once, running requests end,
/// watches are closed, idle connections are dropped.
public struct Listener: Service {
  private let configuration: ListenerConfiguration
  private let support: HTTPSupport
  private let pipeline: AnswerPipeline
  private let onBound: @Sendable (ListenerName, Int?) async -> Void

  /// - Parameter onBound: called when connections are accepted, with the port for TCP.
  public init(
    _ configuration: ListenerConfiguration, router: Router<SanmonRequestContext>, support: HTTPSupport,
    onBound: @escaping @Sendable (ListenerName, Int?) async -> Void = { _, _ in }
  ) throws(ListenerFault) {
    switch configuration.endpoint {
    case .workstations(_, _, let tls), .operatorsTLS(_, _, let tls):
      guard tls.asksForClientCertificate else { throw .wrongTLSMode }
    case .enrolment(_, _, let tls): guard !tls.asksForClientCertificate else { throw .wrongTLSMode }
    case .metrics(let address, _): guard Self.isLoopback(address) else { throw .notLoopback }
    case .operators: break
    }
    self.configuration = configuration
    self.support = support
    self.onBound = onBound
    pipeline = AnswerPipeline(
      name: configuration.name, router: router, limits: configuration.limits, support: support)
  }

  public func run() async throws {
    switch configuration.endpoint {
    case .workstations(let address, let port, let tls), .enrolment(let address, let port, let tls),
      .operatorsTLS(let address, let port, let tls):
      let channel = ReloadableTLSChannel(
        base: http(), tls: tls, holder: configuration.name == .operatorsTLS ? .operatorCard : .workstation,
        support: connectionSupport())
      try await serve(channel, at: .hostname(address, port: port)) { channel in
        await onBound(configuration.name, channel.localAddress?.port)
      }
    case .metrics(let address, let port):
      let channel = PlainChannel(base: http(), asksKernelForPeer: false, support: connectionSupport())
      try await serve(channel, at: .hostname(address, port: port)) { channel in
        await onBound(configuration.name, channel.localAddress?.port)
      }
    case .operators(let path, let permissions):
      try await runOperators(UnixSocketFile(path: path, permissions: permissions))
    }
  }

  private func runOperators(_ file: UnixSocketFile) async throws {
    let channel = PlainChannel(base: http(), asksKernelForPeer: true, support: connectionSupport())
    let fault = NIOLockedValueBox<ListenerFault?>(nil)
    defer { file.remove() }
    try await serve(channel, at: .unixDomainSocket(path: file.passingPath)) { channel in
      do throws(ListenerFault) {
        try file.publish()
        await onBound(configuration.name, nil)
      } catch {
        fault.withLockedValue { $0 = error }
        channel.close(promise: nil)
      }
    }
    if let fault = fault.withLockedValue({ $0 }) { throw fault }
  }

  // MARK: Parts

  private func http() -> HTTP1Channel {
    let limits = configuration.limits
    var channel = HTTP1Channel.Configuration(idleTimeout: .seconds(Int64(limits.idleSeconds)))
    channel.httpDecoder = .init(
      maxHeaderFieldSize: limits.headerFieldBytes, maxHeaderListSize: limits.headerBytes,
      maxHeaderFieldCount: limits.headerCount)
    return HTTP1Channel(
      responder: { [pipeline] request, writer, _ in
        let response = await pipeline.answer(request, facts: ConnectionFacts.current)
        try await writer.write(response: response.head, body: response.body)
      }, configuration: channel)
  }

  private func connectionSupport() -> ConnectionSupport {
    let metrics = HTTPMetrics(support.metrics, listener: configuration.name)
    let log = support.log
    let name = configuration.name
    return ConnectionSupport(
      limits: configuration.limits, ledger: ConnectionLedger(perSource: configuration.limits.connectionsPerSource),
      onHandshakeFailure: { metrics.handshakeFailed() }, onSourceRefused: { metrics.sourceRefused() },
      onEarlyAnswer: { fault in
        let answer = fault.map { HTTPMapping.answer(for: $0) }
        metrics.answered(route: "early", method: "OTHER", status: answer?.status.code ?? 0, microseconds: 0)
        var line: [String: LogValue] = ["listener": .ours(name.rawValue), "route": .word("early")]
        if let answer { line["status"] = .number(answer.status.code) } else { line["cause"] = .word("tooSlow") }
        log.event("http", line)
      })
  }

  private func serve(
    _ channel: some ServerChildChannel, at address: BindAddress, onRunning: @escaping @Sendable (any Channel) async -> Void
  ) async throws {
    // The framework's own messages may describe errors in words that hold input: none of them is kept.
    let silent = Logger(label: "sanmon.framework") { _ in SwiftLogNoOpLogHandler() }
    let server = channel.server(
      configuration: ServerConfiguration(
        // A connection that finds the queue full tries again after a second. The kernel caps this at net.core.somaxconn.
        address: address, backlog: configuration.limits.connections,
        availableConnectionsDelegate: .maximum(configuration.limits.connections, logger: silent)
      ),
      onServerRunning: onRunning, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: silent)
    try await server.run()
  }

  package static func isLoopback(_ address: String) -> Bool {
    if address == "::1" { return true }
    let parts = address.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}

/// All listeners of one server, started together; if one fails, all end.
public struct ListenerGroup: Service {
  private let listeners: [Listener]
  private let shutdownSeconds: Int

  public init(_ listeners: [Listener], shutdownSeconds: Int = 10) {
    self.listeners = listeners
    self.shutdownSeconds = shutdownSeconds
  }

  public func run() async throws {
    var configuration = ServiceGroupConfiguration(
      services: listeners.map { .init(service: $0) },
      logger: Logger(label: "sanmon.listeners") { _ in SwiftLogNoOpLogHandler() })
    // A request that does not end is cancelled after this.
    configuration.maximumGracefulShutdownDuration = .seconds(shutdownSeconds)
    try await ServiceGroup(configuration: configuration).run()
  }
}
