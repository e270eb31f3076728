import Crypto
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A collector of logs: syslog over TLS with octet counting (RFC 5425), as a program of somebody else would do it. Keeps whole
/// messages only, and what it took of a connection that broke.
final class SyslogReceiver: Sendable {
  enum Manner: Sendable {
    case takes
    /// Ends without a word when it has so many messages of one connection.
    case dies(after: Int)
    /// Takes everything and ends without `close_notify`.
    case silent
  }

  let leaf: TestLeaf
  private let context: NIOSSLContext
  private let state = NIOLockedValueBox<(manner: Manner, messages: [[UInt8]], connections: Int)>((.takes, [], 0))
  private let listening = NIOLockedValueBox<(any Channel)?>(nil)
  private let open = NIOLockedValueBox<[any Channel]>([])

  /// - Parameter clients: whose certificates it asks for; `nil`: it asks for none.
  init(_ authority: TestAuthority, clients: TestAuthority? = nil, chain: TestLeaf? = nil) throws {
    leaf = try chain ?? authority.issue("collector", isServer: true)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(try NIOSSLCertificate(bytes: leaf.der, format: .der))],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leaf.key.derRepresentation), format: .der)))
    configuration.minimumTLSVersion = .tlsv12
    if let clients {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates([
        try NIOSSLCertificate(bytes: clients.certificate.derBytes(), format: .der)
      ])
    }
    context = try NIOSSLContext(configuration: configuration)
  }

  var messages: [[UInt8]] { state.withLockedValue { $0.messages } }
  var connections: Int { state.withLockedValue { $0.connections } }
  var port: Int { listening.withLockedValue { $0?.localAddress?.port } ?? 0 }

  func behave(_ manner: Manner) { state.withLockedValue { $0.manner = manner } }

  /// - Parameter port: 0 takes a free one.
  func listen(port: Int = 0) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { [self] channel in
        let manner = state.withLockedValue { state in
          state.connections += 1
          return state.manner
        }
        open.withLockedValue { $0.append(channel) }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(SyslogSocket())
          try pipeline.addHandler(NIOSSLServerHandler(context: self.context))
          try pipeline.addHandler(SyslogCollecting(manner) { [self] in keep($0) })
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    listening.withLockedValue { $0 = channel }
  }

  /// Switched off: nobody listens, and what is open is cut.
  func stop() async {
    let channel = listening.withLockedValue { $0 }
    try? await channel?.close().get()
    let all = open.withLockedValue { list in
      defer { list = [] }
      return list
    }
    for channel in all { channel.triggerUserOutboundEvent(SyslogCut(), promise: nil) }
  }

  private func keep(_ message: [UInt8]) { state.withLockedValue { $0.messages.append(message) } }
}

private struct SyslogCut: Sendable {}

/// Cuts the connection below TLS.
private final class SyslogSocket: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    if event is SyslogCut { context.close(promise: promise) } else { context.triggerUserOutboundEvent(event, promise: promise) }
  }
}

private final class SyslogCollecting: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let manner: SyslogReceiver.Manner
  private let keep: @Sendable ([UInt8]) -> Void
  private var bytes: [UInt8] = []
  private var start = 0
  private var count = 0

  init(_ manner: SyslogReceiver.Manner, keep: @escaping @Sendable ([UInt8]) -> Void) {
    self.manner = manner
    self.keep = keep
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += Array(unwrapInboundIn(data).readableBytesView)
    while let space = bytes[start...].firstIndex(of: UInt8(ascii: " ")) {
      guard let length = Int(String(decoding: bytes[start..<space], as: UTF8.self)), bytes.count - space - 1 >= length else {
        break
      }
      keep(Array(bytes[(space + 1)..<(space + 1 + length)]))
      start = space + 1 + length
      count += 1
      if case .dies(let most) = manner, count >= most {
        context.triggerUserOutboundEvent(SyslogCut(), promise: nil)
        return
      }
    }
    bytes.removeFirst(start)
    start = 0
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Their `close_notify`, or the end of their stream.
    guard let end = event as? ChannelEvent, end == .inputClosed else { return }
    if case .silent = manner {
      context.triggerUserOutboundEvent(SyslogCut(), promise: nil)
    } else {
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.triggerUserOutboundEvent(SyslogCut(), promise: nil)
  }
}
