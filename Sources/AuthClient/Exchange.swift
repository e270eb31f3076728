import Crypto
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// One request travelling down the pipeline with the place where its answer goes.
struct Exchange: Sendable {
  let head: HTTPRequestHead
  let body: [UInt8]
  let answer: EventLoopPromise<ServerAnswer>
  let limit: Int
  /// If set, a 200 answer's body is handed on as it comes and `answer` is completed at its head.
  let sink: (any BodySink)?
}

/// Takes the body of one answer as it comes, on the connection's own thread.
protocol BodySink: Sendable {
  /// - Returns: why no more of it is wanted.
  func take(_ bytes: ByteBufferView) -> ClientFault?
  /// What stands behind the body, before `finish`.
  func end(with trailers: HTTPHeaders)
  /// - Parameter fault: `nil` at the end of a whole body.
  func finish(_ fault: ClientFault?)
}

/// Carries out one exchange at a time on one connection and reports why it could not.
final class ExchangeHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = Exchange
  typealias OutboundOut = HTTPClientRequestPart

  private var current: Exchange?
  private var status: Int?
  private var body: [UInt8] = []
  private var keepAlive = true
  private var streaming = false
  /// The first reason; it outlives this handler, which a closed connection removes.
  private let fault: NIOLockedValueBox<ClientFault?>
  private var serverCertificate: [UInt8]?
  /// Completed when the connection may carry a request: after the handshake, or at once without TLS.
  private let ready: EventLoopPromise<Void>
  private let tls: Bool

  init(tls: Bool, ready: EventLoopPromise<Void>, fault: NIOLockedValueBox<ClientFault?>) {
    self.fault = fault
    self.tls = tls
    self.ready = ready
  }

  func channelActive(context: ChannelHandlerContext) {
    if !tls { ready.succeed() }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
      do {
        guard let leaf = try context.pipeline.syncOperations.nioSSL_peerCertificate() else {
          throw ClientFault.tlsRefused(.serverUntrusted)
        }
        serverCertificate = Array(SHA256.hash(data: try leaf.toDERBytes()))
        ready.succeed()
      } catch {
        fail(.tlsRefused(.serverUntrusted), context)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let exchange = unwrapOutboundIn(data)
    guard current == nil, fault.withLockedValue({ $0 == nil }), context.channel.isActive else {
      promise?.fail(ClientFault.interrupted)
      return
    }
    current = exchange
    status = nil
    body = []
    streaming = false
    context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
    if !exchange.body.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: exchange.body)))), promise: nil)
    }
    context.write(wrapOutboundOut(.end(nil)), promise: promise)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let exchange = current else {
      // Bytes nobody asked for: whoever sends them may be smuggling an answer to the next request.
      return fail(.malformedAnswer(expected: "no answer without a request"), context)
    }
    switch unwrapInboundIn(data) {
    case .head(let head):
      status = Int(head.status.code)
      keepAlive = head.isKeepAlive
      if exchange.sink != nil, head.status == .ok {
        streaming = true
        exchange.answer.succeed(ServerAnswer(status: 200, body: [], serverCertificate: serverCertificate))
      } else if let declared = head.headers.first(name: "content-length"), let count = Int(declared), count > exchange.limit {
        fail(.malformedAnswer(expected: "an answer of at most \(exchange.limit) bytes"), context)
      }
    case .body(let buffer):
      if streaming, let sink = exchange.sink {
        if let fault = sink.take(buffer.readableBytesView) { fail(fault, context) }
      } else if body.count + buffer.readableBytes > exchange.limit {
        fail(.malformedAnswer(expected: "an answer of at most \(exchange.limit) bytes"), context)
      } else {
        body.append(contentsOf: buffer.readableBytesView)
      }
    case .end(let trailers):
      current = nil
      if streaming {
        exchange.sink?.end(with: trailers ?? [:])
        exchange.sink?.finish(nil)
      } else {
        exchange.answer.succeed(
          ServerAnswer(status: status ?? 0, body: body, serverCertificate: serverCertificate))
        body = []
      }
      if !keepAlive || streaming { context.close(promise: nil) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let refusal = TLSSetup.refusal(of: error) {
      fail(.tlsRefused(refusal), context)
    } else if let parser = error as? HTTPParserError, parser == .invalidEOFState {
      fail(.interrupted, context)
    } else if error is HTTPParserError || error is NIOHTTPDecoderError {
      fail(.malformedAnswer(expected: "an HTTP/1.1 answer"), context)
    } else if let known = error as? ClientFault {
      fail(known, context)
    } else {
      fail(.interrupted, context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(.interrupted, context)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { ready.fail(ClientFault.unreachable) }

  private func fail(_ fault: ClientFault, _ context: ChannelHandlerContext) {
    // The first reason is the reason; what follows (close, end of file) only echoes it.
    let reason = self.fault.withLockedValue { first in
      if first == nil { first = fault }
      return first ?? fault
    }
    ready.fail(reason == .interrupted ? .unreachable : reason)
    if let exchange = current {
      current = nil
      exchange.answer.fail(reason)
      exchange.sink?.finish(reason)
    }
    context.close(promise: nil)
  }
}
