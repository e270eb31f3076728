import AuthPolicy
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Brings messages to one collector: a connection for each batch, and the answer whether all of it was taken.
///
/// Syslog over TLS has no acknowledgement (RFC 5425). What counts instead: everything was written, then our `close_notify`; the
/// collector answered with its own, which its TLS can only do behind all that was sent before; and it ended the connection in
/// order, with nothing unacknowledged. A process that ends with unread bytes makes its kernel send a reset, which is no such end.
struct ForwardDelivery: Sendable {
  let destination: ForwardDestination
  let context: NIOSSLContext

  static let connectSeconds: Int64 = 5
  /// For one batch, from the first packet to the last.
  static let seconds: Int64 = 30

  /// - Throws: `.ownFiles`.
  init(_ destination: ForwardDestination) throws(ForwardFault) {
    self.destination = destination
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.certificateVerification = .fullVerification
      configuration.minimumTLSVersion = .tlsv12
      // For TLS 1.2; the suites of 1.3 are fixed and all of this kind.
      configuration.cipherSuiteValues = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
      ]
      configuration.renegotiationSupport = .none
      // Never the first to give up: `seconds` is.
      configuration.shutdownTimeout = .seconds(2 * Self.seconds)
      let roots = try NIOSSLCertificate.fromPEMFile(destination.trust)
      guard !roots.isEmpty else { throw ForwardFault.ownFiles }
      configuration.trustRoots = .certificates(roots)
      if let identity = destination.identity {
        let chain = try NIOSSLCertificate.fromPEMFile(identity.certificate)
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: identity.key, format: .pem))
      }
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      throw .ownFiles
    }
  }

  /// Returns when the collector has taken every byte.
  func send(_ bytes: [UInt8]) async throws(ForwardFault) {
    let deadline = NIODeadline.now() + .seconds(Self.seconds)
    let (channel, state) = try await connect()
    let alarm = channel.eventLoop.scheduleTask(deadline: deadline) { Self.hangUp(channel, state, .timedOut) }
    defer {
      alarm.cancel()
      Self.hangUp(channel, state, .interrupted)
    }
    do {
      try await withTaskCancellationHandler {
        try await state.ready.futureResult.get()
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        state.beginEnd()
        channel.close(promise: nil)
        try await state.ended.futureResult.get()
      } onCancel: {
        Self.hangUp(channel, state, .interrupted)
      }
      try await requireTaken(channel, state)
    } catch let fault as ForwardFault {
      throw state.fault ?? fault
    } catch {
      throw state.fault ?? .interrupted
    }
  }

  /// A name may have several addresses, tried side by side: each try has its own state.
  private func connect() async throws(ForwardFault) -> (any Channel, ForwardConnection) {
    let tries = NIOLockedValueBox<[ObjectIdentifier: ForwardConnection]>([:])
    let address = destination.address
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(Self.connectSeconds))
      // The end of their stream is looked at while the socket is still there to be asked.
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { [context] channel in
        let state = ForwardConnection(channel.eventLoop)
        tries.withLockedValue { $0[ObjectIdentifier(channel)] = state }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(ForwardSocketEnd(state))
          try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: address.isAddress ? nil : address.host))
          try pipeline.addHandler(ForwardTLSEnd(state))
        }
      }
    do {
      let channel = try await bootstrap.connect(host: address.host, port: address.port).get()
      guard let state = tries.withLockedValue({ $0[ObjectIdentifier(channel)] }) else { throw ForwardFault.unreachable }
      return (channel, state)
    } catch {
      throw .unreachable
    }
  }

  /// After the end of their stream: nothing is unacknowledged, and no reset followed.
  private func requireTaken(_ channel: any Channel, _ state: ForwardConnection) async throws {
    guard let socket = channel as? any SocketOptionProvider else { throw ForwardFault.interrupted }
    // Their acknowledgement may come a moment behind their end.
    for _ in 0..<100 {
      let unacknowledged = try await socket.getTCPInfo().map { $0.tcpi_unacked }.get()
      let error = try await channel.getOption(.socketOption(.so_error)).get()
      if let fault = state.fault { throw fault }
      guard error == 0 else { throw ForwardFault.interrupted }
      if unacknowledged == 0 {
        guard state.isAnswered || destination.ending == .unanswered else { throw ForwardFault.unanswered }
        return
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw ForwardFault.timedOut
  }

  /// Closes the socket below TLS, which would go on waiting for an answer.
  private static func hangUp(_ channel: any Channel, _ state: ForwardConnection, _ fault: ForwardFault) {
    state.fail(fault)
    channel.triggerUserOutboundEvent(ForwardHangUp(), promise: nil)
  }
}

struct ForwardHangUp: Sendable {}

/// What both ends of the pipeline know of one connection. Each promise is completed once; later completions change nothing.
final class ForwardConnection: Sendable {
  private struct Facts {
    var fault: ForwardFault?
    var isEnding = false
    var isAnswered = false
  }

  let ready: EventLoopPromise<Void>
  /// The collector's stream is over, or it answered and keeps its socket open.
  let ended: EventLoopPromise<Void>
  private let facts = NIOLockedValueBox(Facts())

  init(_ loop: any EventLoop) {
    ready = loop.makePromise()
    ended = loop.makePromise()
  }

  var fault: ForwardFault? { facts.withLockedValue { $0.fault } }
  /// Whether their `close_notify` came behind the beginning of our end.
  var isAnswered: Bool { facts.withLockedValue { $0.isAnswered } }

  /// Everything was written: from here on their end may be the one we wait for.
  func beginEnd() { facts.withLockedValue { $0.isEnding = true } }

  /// - Returns: whether it was waited for.
  func streamEnded() -> Bool {
    let isEnding = facts.withLockedValue { $0.isEnding }
    if isEnding { ended.succeed(()) } else { fail(.interrupted) }
    return isEnding
  }

  /// - Returns: whether it was waited for.
  func answered() -> Bool {
    facts.withLockedValue { facts in
      if facts.isEnding { facts.isAnswered = true }
      return facts.isEnding
    }
  }

  /// The first reason is the reason; what follows only echoes it.
  func fail(_ fault: ForwardFault) {
    let first = facts.withLockedValue { facts in
      let first = facts.fault ?? fault
      facts.fault = first
      return first
    }
    ready.fail(first)
    ended.fail(first)
  }
}

/// Next to the socket: sees the end of their stream before TLS does, and keeps the socket until it was asked.
private final class ForwardSocketEnd: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private let state: ForwardConnection

  init(_ state: ForwardConnection) { self.state = state }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let end = event as? ChannelEvent, end == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
    if !state.streamEnded() { context.close(promise: nil) }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard event is ForwardHangUp else { return context.triggerUserOutboundEvent(event, promise: promise) }
    context.close(promise: promise)
  }
}

/// Above TLS: the handshake, its faults, their `close_notify`.
private final class ForwardTLSEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let state: ForwardConnection

  init(_ state: ForwardConnection) { self.state = state }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? TLSUserEvent, case .handshakeCompleted = event { state.ready.succeed(()) }
    // The socket's own end goes no further than to `ForwardSocketEnd`: this one is TLS's.
    if let end = event as? ChannelEvent, end == .inputClosed, state.answered() {
      // Whoever answers ends the connection; if not, the answer has to do after a while.
      let state = state
      context.eventLoop.scheduleTask(in: .seconds(3)) { state.ended.succeed(()) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  /// Syslog has no answers: what a collector says is read and dropped.
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    state.fail(Self.fault(error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    state.fail(.interrupted)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { state.fail(.interrupted) }

  private static func fault(_ error: any Error) -> ForwardFault {
    if let extra = error as? NIOSSLExtraError {
      return extra == .failedToValidateHostname || extra == .serverHostnameImpossibleToMatch ? .untrusted : .refused
    }
    if let own = error as? NIOSSLError {
      switch own {
      case .uncleanShutdown, .writeDuringTLSShutdown, .shutdownFailed: return .interrupted
      case .unableToValidateCertificate, .noCertificateToValidate: return .untrusted
      default: break
      }
    }
    guard error is NIOSSLError || error is BoringSSLError else { return .interrupted }
    // The library has no typed reasons: its text names BoringSSL's constant.
    let text = String(describing: error)
    if text.contains("CERTIFICATE_VERIFY_FAILED") { return .untrusted }
    return text.contains("eofDuringHandshake") ? .interrupted : .refused
  }
}
