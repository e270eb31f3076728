import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// What came back on a connection, byte for byte.
struct TestReply: Sendable {
  let status: Int
  let headers: [(name: String, value: String)]
  let body: [UInt8]

  subscript(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
  var text: String { String(decoding: body, as: UTF8.self) }
  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:] }
  var code: String? { json["code"] as? String }
}

enum TestClientFault: Error {
  /// The peer closed, or the handshake failed, before a whole answer had come.
  case closed
  case timeout
}

/// A client that sends exactly the bytes it is told to; it knows just enough HTTP to find the end of an answer.
final class TestClient: Sendable {
  let channel: any Channel
  private let collector: Collector

  private init(channel: any Channel, collector: Collector) {
    self.channel = channel
    self.collector = collector
  }

  static func connect(port: Int, tls: TLSConfiguration? = nil) async throws -> TestClient {
    try await connect(tls: tls) { try await $0.connect(host: "127.0.0.1", port: port).get() }
  }

  static func connect(socket: String) async throws -> TestClient {
    try await connect(tls: nil) { try await $0.connect(unixDomainSocketPath: socket).get() }
  }

  private static func connect(
    tls: TLSConfiguration?, _ connect: (ClientBootstrap) async throws -> any Channel
  ) async throws -> TestClient {
    let collector = Collector()
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        if let context {
          try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
        }
        try channel.pipeline.syncOperations.addHandler(CollectingHandler(collector))
      }
    }
    return TestClient(channel: try await connect(bootstrap), collector: collector)
  }

  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

  func request(
    _ method: String, _ path: String, body: String? = nil, type: String = "application/json", headers: String = ""
  ) async throws -> TestReply {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\n\(headers)"
    if let body { head += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n" }
    try await send(head + "\r\n" + (body ?? ""))
    return try await reply()
  }

  /// The next whole answer (with Content-Length).
  func reply(within seconds: Double = 30) async throws -> TestReply {
    try await collector.wait(seconds) { bytes in
      guard let (reply, used) = Self.parse(bytes) else { return nil }
      bytes.removeFirst(used)
      return reply
    }
  }

  /// The next bytes up to and with a newline, of an open response.
  func line(within seconds: Double = 30) async throws -> String {
    try await collector.wait(seconds) { bytes in
      guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      let line = String(decoding: bytes[...end], as: UTF8.self)
      bytes.removeFirst(end + 1)
      return line
    }
  }

  /// Waits until the peer has closed; returns what was left unread. Less than a listener lets a connection idle (60 s): what closes
  /// for that reason alone is not what a test waits for.
  func closed(within seconds: Double = 30) async throws -> [UInt8] {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if collector.isClosed { return collector.rest }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw TestClientFault.timeout
  }

  func close() async { try? await channel.close() }

  private static func parse(_ bytes: [UInt8]) -> (TestReply, Int)? {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let headers = lines.dropFirst().map { line -> (name: String, value: String) in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
    }
    let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
    let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    guard bytes.count >= end.upperBound + length else { return nil }
    let body = Array(bytes[end.upperBound..<end.upperBound + length])
    return (TestReply(status: status, headers: headers, body: body), end.upperBound + length)
  }
}

private final class Collector: @unchecked Sendable {
  // All fields are read and written under `lock`.
  private let lock = NSLock()
  private var bytes: [UInt8] = []
  private var closed = false

  func add(_ more: [UInt8]) { lock.withLock { bytes += more } }
  func close() { lock.withLock { closed = true } }
  var isClosed: Bool { lock.withLock { closed } }
  var rest: [UInt8] { lock.withLock { bytes } }

  func wait<R>(_ seconds: Double, _ take: (inout [UInt8]) -> R?) async throws -> R {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      let (found, isClosed) = lock.withLock { (take(&bytes), closed) }
      if let found { return found }
      if isClosed { throw TestClientFault.closed }
      try await Task.sleep(for: .milliseconds(2))
    }
    throw TestClientFault.timeout
  }
}

private final class CollectingHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let collector: Collector

  init(_ collector: Collector) { self.collector = collector }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    collector.add(Array(unwrapInboundIn(data).readableBytesView))
  }

  func channelInactive(context: ChannelHandlerContext) { collector.close() }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
