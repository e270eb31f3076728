import HTTPTypes
import NIOCore
import NIOHTTP1

/// Stops requests that are too large, too slow or not HTTP, in our words; the framework would answer without a body.
///
/// After such an answer the connection only drains: closing at once, with bytes unread, would reset it and lose the answer.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let limits: Limits
  private let onEarlyAnswer: @Sendable (HTTPFault?) -> Void
  private var isDraining = false
  /// Heads passed on whose response has not ended.
  private var unanswered = 0
  private var hasBegunAnswer = false
  private var isReadingBody = false
  private var bodyBytes = 0
  private var bodyLimit = 0
  private var closesAfterAnswer = false
  /// The peer has sent its last byte.
  private var isPeerDone = false
  private var readTimer: Scheduled<Void>?
  private var writeTimer: Scheduled<Void>?

  init(limits: Limits, onEarlyAnswer: @escaping @Sendable (HTTPFault?) -> Void) {
    self.limits = limits
    self.onEarlyAnswer = onEarlyAnswer
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    readTimer?.cancel()
    writeTimer?.cancel()
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDraining else { return }
    switch unwrapInboundIn(data) {
    case .head(let head): read(head, context)
    case .body(let buffer):
      bodyBytes += buffer.readableBytes
      if bodyBytes > bodyLimit { stop(.tooLarge, context) } else { context.fireChannelRead(data) }
    case .end:
      isReadingBody = false
      readTimer?.cancel()
      readTimer = nil
      context.fireChannelRead(data)
    }
  }

  private func read(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    isReadingBody = true
    bodyBytes = 0
    // The decoder has accepted a single, decimal Content-Length; a length beyond Int is not one we would read.
    let announced = head.headers.first(name: "content-length").map { Int($0) ?? Int.max } ?? 0
    if head.uri.utf8.count > limits.targetBytes { return stop(.malformed(.query), context) }
    bodyLimit = limits.bodyLimit(target: head.uri, announced: announced)
    if announced > bodyLimit { return stop(.tooLarge, context) }
    unanswered += 1
    let channel = context.channel
    readTimer?.cancel()
    readTimer = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.bodySeconds))) { [onEarlyAnswer] in
      onEarlyAnswer(nil)
      channel.close(mode: .all, promise: nil)
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is HTTPParserError else { return context.fireErrorCaught(error) }
    if !isDraining { stop(.malformed(.framework), context) }
  }

  /// Answers if this request is the only one and nothing was said yet; otherwise the connection just ends.
  private func stop(_ fault: HTTPFault, _ context: ChannelHandlerContext) {
    isDraining = true
    readTimer?.cancel()
    onEarlyAnswer(fault)
    let isOnlyRequest = unanswered == 0 || (unanswered == 1 && isReadingBody && !hasBegunAnswer)
    guard isOnlyRequest, context.channel.isActive else { return context.close(promise: nil) }
    let answer = HTTPMapping.answer(for: fault)
    let body = ByteBuffer(bytes: (try? JSONBody.encode(answer.body)) ?? Array("{}".utf8))
    let headers: HTTPHeaders = [
      "content-type": JSONBody.mediaType, "content-length": String(body.readableBytes), "cache-control": "no-store",
      "x-content-type-options": "nosniff", "connection": "close",
    ]
    let status = HTTPResponseStatus(statusCode: answer.status.code)
    context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    let channel = context.channel
    readTimer = context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(mode: .all, promise: nil) }
    // Reads went through the stream above, which may have stopped asking; draining asks by itself.
    context.read()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if isDraining { context.read() } else { context.fireChannelReadComplete() }
  }

  /// A peer that has closed its side gets the answer it waits for, but no open-ended one: nobody would read it.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      isPeerDone = true
      if hasBegunAnswer || unanswered == 0 || isDraining { return context.close(promise: nil) }
      closesAfterAnswer = true
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isDraining else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(let head):
      hasBegunAnswer = true
      if head.headers["connection"].contains("close") { closesAfterAnswer = true }
      if isPeerDone && !head.headers.contains(name: "content-length") {
        promise?.fail(ChannelError.ioOnClosedChannel)
        return context.close(promise: nil)
      }
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      hasBegunAnswer = false
      unanswered -= 1
      if closesAfterAnswer { end(context, data, promise) } else { context.write(data, promise: promise) }
    }
  }

  /// Sends the end of the last answer, then closes: at once if the request was read to its end, else after draining.
  private func end(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
    isDraining = true
    readTimer?.cancel()
    let channel = context.channel
    let written = promise ?? context.eventLoop.makePromise()
    context.writeAndFlush(data, promise: written)
    if isReadingBody {
      readTimer = context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(mode: .all, promise: nil) }
      context.read()
    } else {
      written.futureResult.whenComplete { _ in channel.close(mode: .all, promise: nil) }
    }
  }

  /// A reader that takes nothing holds memory and, at `/v1/watch`, a place: it gets a limited time.
  func channelWritabilityChanged(context: ChannelHandlerContext) {
    writeTimer?.cancel()
    writeTimer = nil
    if !context.channel.isWritable {
      let channel = context.channel
      writeTimer = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.stalledWriteSeconds))) {
        channel.close(mode: .all, promise: nil)
      }
    }
    context.fireChannelWritabilityChanged()
  }
}
