import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A real HTTP/1.1 server on 127.0.0.1 or a unix socket, with or without TLS, whose answers a test scripts.
final class TestServer: Sendable {
  /// What to do with one request.
  enum Reply: Sendable {
    case json(Int, String)
    /// Sends the bytes as they are and closes.
    case raw(String)
    /// Starts an answer of the given length, sends less, and cuts the connection.
    case cut
    /// Answers, then closes although it had promised to keep the connection.
    case jsonThenClose(Int, String)
    /// Never answers.
    case silence
    /// Cuts the connection without a byte.
    case hangUp
    /// A held answer: these chunks, then nothing more; closes if `ends`.
    case stream([String], ends: Bool)
    /// A held answer that says what the stream says, until it ends.
    case feed(AsyncStream<String>)
  }

  struct Seen: Sendable {
    var method: String
    var path: String
    var body: String
    var headers: [(String, String)]
  }

  private let listening: any Channel
  private let seen = NIOLockedValueBox<[Seen]>([])
  private let connections = NIOLockedValueBox(0)

  var requests: [Seen] { seen.withLockedValue { $0 } }
  var connectionCount: Int { connections.withLockedValue { $0 } }

  var port: Int { listening.localAddress?.port ?? 0 }

  init(
    tls: TLSConfiguration?, unixSocket: String? = nil, port: Int = 0, reply: @escaping @Sendable (Int, Seen) -> Reply
  ) async throws {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let (seen, connections) = (seen, connections)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          connections.withLockedValue { $0 += 1 }
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
          try channel.pipeline.syncOperations.addHandler(
            Answering { request in
              let number = seen.withLockedValue { list in
                list.append(request)
                return list.count
              }
              return reply(number, request)
            })
        }
      }
    listening =
      if let unixSocket {
        try await bootstrap.bind(unixDomainSocketPath: unixSocket).get()
      } else {
        try await bootstrap.bind(host: "127.0.0.1", port: port).get()
      }
  }

  func stop() async { try? await listening.close() }

  static func tls(_ issued: TestAuthority.Issued, chain: [[UInt8]] = [], clientRoots: [[UInt8]]?) throws -> TLSConfiguration {
    let certificates = try ([issued.certificate] + chain).map { try NIOSSLCertificate(bytes: $0, format: .der) }
    let key = try NIOSSLPrivateKey(bytes: issued.keyPEM, format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    if let clientRoots {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(try clientRoots.map { try NIOSSLCertificate(bytes: $0, format: .der) })
    }
    return configuration
  }

  private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let reply: (Seen) -> Reply
    private var current: Seen?

    init(reply: @escaping (Seen) -> Reply) { self.reply = reply }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        current = Seen(
          method: head.method.rawValue, path: head.uri, body: "", headers: head.headers.map { ($0.name, $0.value) })
      case .body(let buffer): current?.body += String(decoding: buffer.readableBytesView, as: UTF8.self)
      case .end: if let request = current { answer(reply(request), context) }
      }
    }

    private func answer(_ reply: Reply, _ context: ChannelHandlerContext) {
      switch reply {
      case .json(let status, let text): send(status, text, announced: text.utf8.count, context)
      case .jsonThenClose(let status, let text):
        send(status, text, announced: text.utf8.count, context)
        context.close(promise: nil)
      case .cut:
        var headers = HTTPHeaders()
        headers.add(name: "content-length", value: "1000")
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "half")))), promise: nil)
        context.close(promise: nil)
      case .raw(let text):
        // Past the HTTP encoder: the bytes leave as they are, through TLS if there is TLS.
        guard let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self) else { return }
        encoder.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
        context.close(promise: nil)
      case .silence: break
      case .hangUp: context.close(promise: nil)
      case .feed(let chunks): feed(chunks, context)
      case .stream(let chunks, let ends):
        context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok))), promise: nil)
        for chunk in chunks {
          context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: chunk)))), promise: nil)
        }
        if ends { context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
      }
    }

    private func feed(_ chunks: AsyncStream<String>, _ context: ChannelHandlerContext) {
      context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok))), promise: nil)
      let channel = context.channel
      Task {
        for await chunk in chunks {
          try? await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: chunk))))
        }
        try? await channel.close()
      }
    }

    private func send(_ status: Int, _ text: String, announced: Int, _ context: ChannelHandlerContext) {
      var headers = HTTPHeaders()
      headers.add(name: "content-type", value: "application/json")
      headers.add(name: "content-length", value: String(announced))
      context.write(
        wrapOutboundOut(.head(.init(version: .http1_1, status: .init(statusCode: status), headers: headers))), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
