import AuthTerms
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTPS/1.1 client of one server: mutual TLS with pinned roots and host name check, keep-alive, deadlines, bounded
/// answers. Also speaks plain HTTP/1.1 over a unix socket, for the operator's tool.
///
/// Safe to use from several tasks: each request has a connection to itself while it runs. A request other than GET is sent
/// again after a broken connection only if the caller says it is repeatable.
public final class ServerConnection: Sendable {
  private enum Place: Sendable {
    case tls(ServerAddress, TLSSetup)
    case unixSocket(String)
  }

  /// A connection and, once it is broken, why.
  private struct Link: Sendable {
    let channel: any Channel
    let fault: NIOLockedValueBox<ClientFault?>

    /// Sends the exchange; its answer is completed in every case: by the handler, by the deadline, or here when the
    /// connection was gone before the handler saw it.
    func send(_ exchange: Exchange, deadline: NIODeadline) -> Scheduled<Void> {
      let sent = channel.eventLoop.makePromise(of: Void.self)
      sent.futureResult.whenFailure { _ in
        let reason = fault.withLockedValue { $0 } ?? .interrupted
        exchange.answer.fail(reason)
        exchange.sink?.finish(reason)
      }
      channel.writeAndFlush(exchange, promise: sent)
      return channel.eventLoop.scheduleTask(deadline: deadline) {
        channel.pipeline.fireErrorCaught(ClientFault.timedOut)
        exchange.answer.fail(ClientFault.timedOut)
      }
    }
  }

  private struct Idle: Sendable {
    let link: Link
    let since: NIODeadline
  }

  private let place: Place
  private let settings: ClientSettings
  private let idle = NIOLockedValueBox<[Idle]>([])

  /// Mutual TLS if `identity` is given, else the server alone is authenticated (enrolment).
  ///
  /// Makes no connection, except with `ServerTrust.authority`, where the authority's certificate is fetched and compared.
  public init(
    to address: ServerAddress, trust: ServerTrust, identity: ClientIdentity?, settings: ClientSettings = ClientSettings()
  ) async throws(ClientFault) {
    let roots: [[UInt8]]
    switch trust {
    case .roots(let given): roots = given
    case .authority(let fingerprint):
      let deadline = NIODeadline.now() + .milliseconds(settings.deadlineMilliseconds)
      roots = [
        try await TLSSetup.authority(fingerprint, at: address, deadline: deadline, allowTLS12: settings.allowTLS12)
      ]
    }
    place = .tls(address, try TLSSetup(roots: roots, identity: identity, allowTLS12: settings.allowTLS12))
    self.settings = settings
  }

  /// Plain HTTP/1.1 over a unix socket; the kernel tells the server who asks.
  ///
  /// trusted: whoever can bind this path can answer in the server's name; it lies in a directory of the server's user.
  public init(unixSocket path: String, settings: ClientSettings = ClientSettings()) {
    place = .unixSocket(path)
    self.settings = settings
  }

  deinit { close() }

  /// Closes the unused connections; running requests end by themselves.
  public func close() {
    let channels = idle.withLockedValue { list in
      defer { list = [] }
      return list
    }
    for entry in channels { entry.link.channel.close(promise: nil) }
  }

  /// Sends one request and waits for its whole answer, whatever its status.
  ///
  /// - Parameter repeatable: may be sent twice if a kept connection broke before the first byte of the answer. GET always is.
  public func request(
    _ method: String, _ path: String, body: [UInt8]? = nil, contentType: String = "application/json",
    repeatable: Bool = false
  ) async throws(ClientFault) -> ServerAnswer {
    let deadline = NIODeadline.now() + .milliseconds(settings.deadlineMilliseconds)
    let head = try head(method, path, body: body, contentType: contentType)
    if let link = reusable() {
      do {
        return try await exchange(head, body ?? [], on: link, deadline: deadline)
      } catch .interrupted where repeatable || method == "GET" {
        // The server hung up while the request was on its way; a new connection decides.
      }
    }
    return try await exchange(head, body ?? [], on: try await open(deadline: deadline), deadline: deadline)
  }

  /// `GET path` whose answer stays open: its lines, without the line end, until the server ends it or it breaks.
  ///
  /// Throws what is wrong before the first line; later faults end the stream. Letting go of the stream closes the connection.
  public func lines(_ path: String) async throws(ClientFault) -> (
    lines: AsyncThrowingStream<[UInt8], any Error>, serverCertificate: [UInt8]?
  ) {
    let deadline = NIODeadline.now() + .milliseconds(settings.deadlineMilliseconds)
    let head = try head("GET", path, body: nil, contentType: "")
    let link = try await open(deadline: deadline)
    let channel = link.channel
    let (stream, continuation) = AsyncThrowingStream.makeStream(
      of: [UInt8].self, throwing: (any Error).self, bufferingPolicy: .bufferingOldest(256))
    let silence = TimeAmount.milliseconds(settings.silenceLimitMilliseconds)
    let sink = LineSink(continuation, limit: settings.lineLimit) {
      channel.eventLoop.scheduleTask(in: silence) { channel.pipeline.fireErrorCaught(ClientFault.timedOut) }
    }
    continuation.onTermination = { _ in channel.close(promise: nil) }
    let answer = channel.eventLoop.makePromise(of: ServerAnswer.self)
    let alarm = link.send(
      Exchange(head: head, body: [], answer: answer, limit: settings.answerLimit, sink: sink), deadline: deadline)
    let first: ServerAnswer
    do { first = try await answer.futureResult.get() } catch { throw Self.fault(error) }
    alarm.cancel()
    _ = sink.take(ByteBufferView())
    guard first.status == 200 else { throw ErrorAnswer.fault(first) }
    return (stream, first.serverCertificate)
  }

  /// `GET path` whose body may be of any length: handed on piece by piece, none of it kept. Whoever takes a piece slowly slows the
  /// server down.
  ///
  /// - Parameter take: called in order, on the connection's own thread, with nothing at first; what it throws ends the connection,
  ///   and is thrown as `.interrupted`.
  /// - Returns: an answer without its body if its status is 200, and the fields behind the body, their names in small letters. Any
  ///   other answer is whole, and nothing of it was handed on.
  /// - Throws: also for a body that broke off before its end.
  public func receive(
    _ path: String, take: @escaping @Sendable ([UInt8]) throws -> Void
  ) async throws(ClientFault) -> (answer: ServerAnswer, trailers: [String: String]) {
    let deadline = NIODeadline.now() + .milliseconds(settings.deadlineMilliseconds)
    let head = try head("GET", path, body: nil, contentType: "")
    let link = try await open(deadline: deadline)
    let channel = link.channel
    defer { channel.close(promise: nil) }
    let silence = TimeAmount.milliseconds(settings.silenceLimitMilliseconds)
    let whole = channel.eventLoop.makePromise(of: [String: String].self)
    let sink = PieceSink(whole, take: take) {
      channel.eventLoop.scheduleTask(in: silence) { channel.pipeline.fireErrorCaught(ClientFault.timedOut) }
    }
    let answer = channel.eventLoop.makePromise(of: ServerAnswer.self)
    let alarm = link.send(
      Exchange(head: head, body: [], answer: answer, limit: settings.answerLimit, sink: sink), deadline: deadline)
    do {
      let first = try await answer.futureResult.get()
      alarm.cancel()
      guard first.status == 200 else {
        sink.finish(.interrupted)
        return (first, [:])
      }
      // From now on silence ends it, before the first piece too.
      channel.eventLoop.execute { _ = sink.take(ByteBufferView()) }
      return (first, try await whole.futureResult.get())
    } catch {
      alarm.cancel()
      sink.finish(.interrupted)
      throw Self.fault(error)
    }
  }

  // MARK: One exchange

  private func head(_ method: String, _ path: String, body: [UInt8]?, contentType: String) throws(ClientFault)
    -> HTTPRequestHead
  {
    guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 2048, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw .invalidRequest(expected: "a path of visible ASCII") }
    var headers = HTTPHeaders()
    switch place {
    case .tls(let address, _): headers.add(name: "host", value: address.authority)
    case .unixSocket: headers.add(name: "host", value: "localhost")
    }
    headers.add(name: "accept", value: "application/json")
    if let body {
      headers.add(name: "content-type", value: contentType)
      headers.add(name: "content-length", value: String(body.count))
    } else if method != "GET" {
      headers.add(name: "content-length", value: "0")
    }
    return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
  }

  private func exchange(_ head: HTTPRequestHead, _ body: [UInt8], on link: Link, deadline: NIODeadline)
    async throws(ClientFault) -> ServerAnswer
  {
    let answer = link.channel.eventLoop.makePromise(of: ServerAnswer.self)
    let alarm = link.send(
      Exchange(head: head, body: body, answer: answer, limit: settings.answerLimit, sink: nil), deadline: deadline)
    do {
      let result = try await withTaskCancellationHandler {
        try await answer.futureResult.get()
      } onCancel: {
        link.channel.close(promise: nil)
      }
      alarm.cancel()
      keep(link)
      return result
    } catch {
      alarm.cancel()
      throw Self.fault(error)
    }
  }

  private static func fault(_ error: any Error) -> ClientFault { error as? ClientFault ?? .interrupted }

  // MARK: Connections

  private func reusable() -> Link? {
    let now = NIODeadline.now()
    let limit = TimeAmount.milliseconds(settings.idleLimitMilliseconds)
    let (chosen, stale) = idle.withLockedValue { list -> (Link?, [Link]) in
      var stale: [Link] = []
      while let entry = list.popLast() {
        if entry.link.channel.isActive, entry.since + limit > now { return (entry.link, stale) }
        stale.append(entry.link)
      }
      return (nil, stale)
    }
    for link in stale { link.channel.close(promise: nil) }
    return chosen
  }

  private func keep(_ link: Link) {
    let kept = idle.withLockedValue { list in
      guard link.channel.isActive, list.count < 4 else { return false }
      list.append(Idle(link: link, since: .now()))
      return true
    }
    if !kept { link.channel.close(promise: nil) }
  }

  /// One try to connect.
  private struct Opening: Sendable {
    /// Completed by the try's own handler, at the latest when it leaves the pipeline.
    let ready: EventLoopPromise<Void>
    let fault = NIOLockedValueBox<ClientFault?>(nil)
  }

  private func open(deadline: NIODeadline) async throws(ClientFault) -> Link {
    // A name may have several addresses, tried side by side: each try has its own promise, or the first that fails would end
    // the one that succeeds.
    let tries = NIOLockedValueBox<[ObjectIdentifier: Opening]>([:])
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .resolver(settings.resolver)
      .connectTimeout(max(.milliseconds(1), deadline - .now()))
      .channelInitializer { [place] channel in
        let opening = Opening(ready: channel.eventLoop.makePromise(of: Void.self))
        tries.withLockedValue { $0[ObjectIdentifier(channel)] = opening }
        return channel.eventLoop.makeCompletedFuture {
          do {
            let pipeline = channel.pipeline.syncOperations
            var tls = false
            if case .tls(let address, let setup) = place {
              tls = true
              let name = address.isAddress ? nil : address.host
              try pipeline.addHandler(NIOSSLClientHandler(context: setup.context, serverHostname: name))
            }
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(ExchangeHandler(tls: tls, ready: opening.ready, fault: opening.fault))
          } catch {
            opening.ready.fail(error)
            throw error
          }
        }
      }
    let channel: any Channel
    do {
      switch place {
      case .tls(let address, _): channel = try await bootstrap.connect(host: address.host, port: address.port).get()
      case .unixSocket(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
      }
    } catch {
      throw NIODeadline.now() >= deadline ? .timedOut : .unreachable
    }
    guard let opening = tries.withLockedValue({ $0[ObjectIdentifier(channel)] }) else { throw .unreachable }
    let alarm = channel.eventLoop.scheduleTask(deadline: deadline) { channel.pipeline.fireErrorCaught(ClientFault.timedOut) }
    defer { alarm.cancel() }
    do { try await opening.ready.futureResult.get() } catch { throw Self.fault(error) }
    return Link(channel: channel, fault: opening.fault)
  }
}
