import AuditLog
import AuthTerms
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a witness answered.
struct WitnessReply: Sendable {
  let status: Int
  let body: [UInt8]
}

/// Speaks to one witness: a connection for each question, ten seconds for the whole talk, 64 KiB of answer.
///
/// untrusted: who answers; at worst it is silent, or says sizes that nobody signed, which are told and change nothing.
struct WitnessConnection: Sendable {
  let address: ListAddress

  private static let connecting = TimeAmount.seconds(3)
  private static let talking = TimeAmount.seconds(10)

  /// - Throws: whatever kept it from answering.
  func add(_ request: AddCheckpoint) async throws -> WitnessReply {
    try await ask(.POST, address.path + "add-checkpoint", request.encoded)
  }

  /// The note that it cosigned last for this origin; only our own witnesses know the question.
  func newest(origin: String) async throws -> WitnessReply {
    try await ask(.GET, String(address.path.dropLast()) + WitnessCall.newestPath(origin: origin), [])
  }

  private func ask(_ method: HTTPMethod, _ path: String, _ body: [UInt8]) async throws -> WitnessReply {
    var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
    head.headers.add(name: "host", value: address.authority)
    head.headers.add(name: "connection", value: "close")
    if method == .POST {
      head.headers.add(name: "content-type", value: "text/plain; charset=utf-8")
      head.headers.add(name: "content-length", value: String(body.count))
    }
    let request = head
    // A name may have several addresses, tried side by side: only the connection that came about is spoken to.
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(Self.connecting)
      .connect(host: address.host, port: address.port).get()
    let answer = channel.eventLoop.makePromise(of: WitnessReply.self)
    let alarm = channel.eventLoop.scheduleTask(in: Self.talking) { channel.close(promise: nil) }
    defer { alarm.cancel() }
    do {
      try await channel.eventLoop.submit {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(WitnessExchange(request, body, answer))
      }.get()
    } catch {
      answer.fail(error)
      channel.close(promise: nil)
    }
    return try await answer.futureResult.get()
  }
}

private struct Silent: Error {}

/// One question and its answer.
private final class WitnessExchange: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let request: HTTPRequestHead
  private let content: [UInt8]
  private let answer: EventLoopPromise<WitnessReply>
  private var status: Int?
  private var body: [UInt8] = []

  init(_ request: HTTPRequestHead, _ content: [UInt8], _ answer: EventLoopPromise<WitnessReply>) {
    self.request = request
    self.content = content
    self.answer = answer
  }

  /// The connection stands already.
  func handlerAdded(context: ChannelHandlerContext) {
    guard context.channel.isActive else { return answer.fail(Silent()) }
    context.write(wrapOutboundOut(.head(request)), promise: nil)
    if !content.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: content)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      status = Int(head.status.code)
    case .body(let buffer):
      body.append(contentsOf: buffer.readableBytesView)
      if body.count > SignedNote.limit { context.close(promise: nil) }
    case .end:
      if let status { answer.succeed(WitnessReply(status: status, body: body)) }
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// After an answer this says nothing more.
  func channelInactive(context: ChannelHandlerContext) { answer.fail(Silent()) }

  func handlerRemoved(context: ChannelHandlerContext) { answer.fail(Silent()) }
}
