import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing
import X509

@Suite("the HTTPS client against a real server")
struct ServerConnectionTests {
  let authority: TestAuthority
  let server: TestAuthority.Issued
  let client: TestAuthority.Issued

  init() throws {
    authority = try TestAuthority()
    server = try authority.issue("server", names: [TestAuthority.loopback, .dnsName("localhost")])
    client = try authority.issue("workstation", names: [.uniformResourceIdentifier("urn:test:workstation")])
  }

  @discardableResult private func serving<R>(
    _ configure: (inout TLSConfiguration) -> Void = { _ in }, certificate: TestAuthority.Issued? = nil, chain: [[UInt8]] = [],
    clientRoots: [[UInt8]]? = nil, reply: @escaping @Sendable (Int, TestServer.Seen) -> TestServer.Reply,
    _ use: (TestServer) async throws -> R
  ) async throws -> R {
    var tls = try TestServer.tls(
      certificate ?? server, chain: chain, clientRoots: clientRoots ?? [authority.certificate])
    configure(&tls)
    let server = try await TestServer(tls: tls, reply: reply)
    let result: Result<R, any Error>
    do { result = .success(try await use(server)) } catch { result = .failure(error) }
    await server.stop()
    return try result.get()
  }

  private func connection(
    _ server: TestServer, host: String = "127.0.0.1", trust: ServerTrust? = nil, identity: ClientIdentity?? = nil,
    _ adjust: (inout ClientSettings) -> Void = { _ in }
  ) async throws -> ServerConnection {
    var settings = ClientSettings()
    settings.deadlineMilliseconds = 5000
    adjust(&settings)
    return try await ServerConnection(
      to: ServerAddress(parsing: "https://\(host):\(server.port)"), trust: trust ?? .roots([authority.certificate]),
      identity: identity ?? client.identity, settings: settings)
  }

  @Test("both ends prove themselves; the certificate seen in the handshake is told")
  func mutual() async throws {
    try await serving(reply: { _, seen in .json(200, "{\"path\":\"\(seen.path)\"}") }) { server in
      let answer = try await connection(server).request("POST", "/v1/ceremonies", body: Array("{}".utf8))
      #expect(answer.status == 200)
      #expect(String(decoding: answer.body, as: UTF8.self) == "{\"path\":\"/v1/ceremonies\"}")
      #expect(answer.serverCertificate == self.server.fingerprint)
      let seen = try #require(server.requests.first)
      #expect(seen.body == "{}")
      #expect(seen.headers.contains { $0.0 == "host" && $0.1 == "127.0.0.1:\(server.port)" })
      #expect(seen.headers.contains { $0.0 == "content-type" && $0.1 == "application/json" })
    }
  }

  @Test("a host name is checked: localhost stands in the certificate, another name does not")
  func hostName() async throws {
    try await serving(reply: { _, _ in .json(200, "{}") }) { server in
      let status = try await connection(server, host: "localhost").request("GET", "/").status
      #expect(status == 200)
    }
    let other = try authority.issue("other", names: [.dnsName("elsewhere.example")])
    try await serving(certificate: other, reply: { _, _ in .json(200, "{}") }) { server in
      await #expect(throws: ClientFault.tlsRefused(.nameMismatch)) {
        _ = try await connection(server, host: "localhost").request("GET", "/")
      }
      await #expect(throws: ClientFault.tlsRefused(.nameMismatch)) { _ = try await connection(server).request("GET", "/") }
      #expect(server.requests.isEmpty)
    }
  }

  /// A name with an address of each family, of which only one answers.
  private struct TwoAddresses: Resolver {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { addresses("127.0.0.1", port) }
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { addresses("::1", port) }
    func cancelQueries() {}

    private func addresses(_ address: String, _ port: Int) -> EventLoopFuture<[SocketAddress]> {
      loop.makeCompletedFuture { [try SocketAddress(ipAddress: address, port: port)] }
    }
  }

  @Test("a name with an address that does not answer is connected by the one that does")
  func twoAddresses() async throws {
    let named = try authority.issue("server", names: [.dnsName("two.example")])
    try await serving(certificate: named, reply: { _, _ in .json(200, "{}") }) { server in
      for _ in 0..<20 {
        let connection = try await connection(server, host: "two.example") { $0.resolver = TwoAddresses() }
        #expect(try await connection.request("GET", "/").status == 200)
      }
    }
    let stopped = try await TestServer(tls: try TestServer.tls(named, clientRoots: [authority.certificate])) { _, _ in
      .json(200, "{}")
    }
    let nowhere = try await connection(stopped, host: "two.example") { $0.resolver = TwoAddresses() }
    await stopped.stop()
    await #expect(throws: ClientFault.unreachable, "neither answers") { try await nowhere.request("GET", "/") }
  }

  @Test("a server of another authority is refused, though its name is right")
  func foreignAuthority() async throws {
    let foreign = try TestAuthority().issue("server", names: [TestAuthority.loopback])
    try await serving(certificate: foreign, reply: { _, _ in .json(200, "{}") }) { server in
      await #expect(throws: ClientFault.tlsRefused(.serverUntrusted)) {
        _ = try await connection(server).request("GET", "/")
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test("an expired server certificate is refused")
  func expired() async throws {
    let old = try authority.issue("server", names: [TestAuthority.loopback], validFor: -60)
    try await serving(certificate: old, reply: { _, _ in .json(200, "{}") }) { server in
      await #expect(throws: ClientFault.tlsRefused(.serverUntrusted)) {
        _ = try await connection(server).request("GET", "/")
      }
    }
  }

  @Test("a workstation of another authority, or without certificate, learns that it was its certificate")
  func refusedClient() async throws {
    let foreign = try TestAuthority("another authority").issue("workstation", names: [.uniformResourceIdentifier("urn:test:x")])
    let namesake = try TestAuthority().issue("workstation", names: [.uniformResourceIdentifier("urn:test:x")])
    try await serving(reply: { _, _ in .json(200, "{}") }) { server in
      for identity in [foreign.identity, namesake.identity, nil] as [ClientIdentity?] {
        await #expect(throws: ClientFault.tlsRefused(.clientCertificate)) {
          _ = try await connection(server, identity: .some(identity)).request("GET", "/")
        }
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test("TLS 1.2 is refused, unless an operator allowed it")
  func versions() async throws {
    try await serving({ $0.maximumTLSVersion = .tlsv12 }, reply: { _, _ in .json(200, "{}") }) { server in
      await #expect(throws: ClientFault.tlsRefused(.version)) { _ = try await connection(server).request("GET", "/") }
      let status = try await connection(server, { $0.allowTLS12 = true }).request("GET", "/").status
      #expect(status == 200)
    }
    try await serving(
      {
        $0.maximumTLSVersion = .tlsv12
        $0.cipherSuiteValues = [.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]
      }, reply: { _, _ in .json(200, "{}") }
    ) { server in
      await #expect(throws: ClientFault.self) {
        _ = try await connection(server) { $0.allowTLS12 = true }.request("GET", "/")
      }
    }
  }

  @Test("an answer larger than the limit is a fault, announced or not")
  func oversize() async throws {
    let large = String(repeating: "x", count: 3000)
    try await serving(reply: { _, seen in seen.path == "/a" ? .json(200, large) : .stream([large, large], ends: true) }) {
      server in
      for path in ["/a", "/b"] {
        await #expect(throws: ClientFault.malformedAnswer(expected: "an answer of at most 2000 bytes")) {
          _ = try await connection(server) { $0.answerLimit = 2000 }.request("GET", path)
        }
      }
    }
  }

  @Test("a server that does not answer is given up at the deadline")
  func slow() async throws {
    try await serving(reply: { _, _ in .silence }) { server in
      let start = ContinuousClock.now
      await #expect(throws: ClientFault.timedOut) {
        _ = try await connection(server) { $0.deadlineMilliseconds = 300 }.request("GET", "/")
      }
      #expect(ContinuousClock.now - start < .seconds(4))
    }
  }

  @Test("a listener that never completes the handshake is given up at the deadline")
  func muteHandshake() async throws {
    // Plain HTTP: it waits for a request line and never answers the ClientHello with TLS.
    let mute = try await TestServer(tls: nil) { _, _ in .silence }
    let faulty = try await connection(mute) { $0.deadlineMilliseconds = 500 }
    await #expect(throws: ClientFault.self) { _ = try await faulty.request("GET", "/") }
    await mute.stop()
  }

  @Test("a connection cut in the middle of a body gives no half answer")
  func cut() async throws {
    try await serving(reply: { _, _ in .cut }) { server in
      await #expect(throws: ClientFault.interrupted) { _ = try await connection(server).request("POST", "/", body: []) }
    }
  }

  @Test("bytes that are no HTTP are a malformed answer")
  func noHTTP() async throws {
    try await serving(reply: { _, _ in .raw("220 mail.example ESMTP\r\n") }) { server in
      await #expect(throws: ClientFault.malformedAnswer(expected: "an HTTP/1.1 answer")) {
        _ = try await connection(server).request("GET", "/")
      }
    }
  }

  @Test("nobody listens: unreachable")
  func nobody() async throws {
    let gone = try await TestServer(tls: nil) { _, _ in .silence }
    let connection = try await connection(gone)
    await gone.stop()
    await #expect(throws: ClientFault.unreachable) { _ = try await connection.request("GET", "/") }
  }

  @Test("requests share one connection while the server keeps it, and a new one is made when it does not")
  func keepAlive() async throws {
    try await serving(reply: { _, seen in seen.path == "/last" ? .jsonThenClose(200, "{}") : .json(200, "{}") }) { server in
      let connection = try await connection(server)
      for _ in 0..<3 { _ = try await connection.request("POST", "/", body: []) }
      #expect(server.connectionCount == 1)
      _ = try await connection.request("GET", "/last")
      try await Task.sleep(for: .milliseconds(100))
      #expect(try await connection.request("POST", "/", body: []).status == 200)
      #expect(server.connectionCount == 2)
    }
  }

  @Test("a kept connection that breaks under a request is replaced for GET, and for POST only if it may be repeated")
  func repeated() async throws {
    try await serving(reply: { number, _ in number % 2 == 0 ? .hangUp : .json(200, "{}") }) { server in
      let connection = try await connection(server)
      _ = try await connection.request("GET", "/1")
      #expect(try await connection.request("GET", "/2").status == 200)
      await #expect(throws: ClientFault.interrupted) { _ = try await connection.request("POST", "/4", body: []) }
      _ = try await connection.request("GET", "/5")
      #expect(try await connection.request("POST", "/6", body: [], repeatable: true).status == 200)
      #expect(server.requests.map(\.path) == ["/1", "/2", "/2", "/4", "/5", "/6", "/6"])
    }
  }

  @Test("paths that could carry a second request are refused before anything is sent")
  func paths() async throws {
    try await serving(reply: { _, _ in .json(200, "{}") }) { server in
      let connection = try await connection(server)
      for path in ["", "v1", "/a b", "/a\r\nHost: x", "/日本", "/" + String(repeating: "a", count: 2048)] {
        await #expect(throws: ClientFault.invalidRequest(expected: "a path of visible ASCII")) {
          _ = try await connection.request("GET", path)
        }
      }
      #expect(server.connectionCount == 0)
    }
  }
}

@Suite("calls in JSON, over a unix socket as the operator's tool makes them")
struct JSONCallTests {
  @discardableResult private func serving<R>(_ reply: TestServer.Reply, _ use: (ServerConnection) async throws -> R)
    async throws -> R
  {
    let path = "/tmp/sanmon-test-\(UInt32.random(in: 0...UInt32.max)).sock"
    let server = try await TestServer(tls: nil, unixSocket: path) { _, _ in reply }
    let result: Result<R, any Error>
    do { result = .success(try await use(ServerConnection(unixSocket: path))) } catch { result = .failure(error) }
    await server.stop()
    try? FileManager.default.removeItem(atPath: path)
    return try result.get()
  }

  @Test("a refusal is thrown with its body")
  func refusal() async throws {
    let body = ErrorBody(.cardLost, reference: try Reference(number: 482_913))
    let text = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
    try await serving(.json(403, text)) { connection in
      await #expect(throws: ClientFault.refused(body)) {
        _ = try await connection.call("POST", "/v1/ceremonies", NoBody(), returning: CeremonyOpened.self)
      }
    }
  }

  @Test("an error without our body, or a success that is something else, is a malformed answer")
  func malformed() async throws {
    try await serving(.json(502, "<html>")) { connection in
      await #expect(throws: ClientFault.malformedAnswer(expected: "an error body with status 502")) {
        _ = try await connection.fetch("/v1/sessions/current", returning: SessionStatus.self)
      }
    }
    try await serving(.json(200, "{\"session\":1}")) { connection in
      await #expect(throws: ClientFault.malformedAnswer(expected: "SessionStatus as JSON")) {
        _ = try await connection.fetch("/v1/sessions/current", returning: SessionStatus.self)
      }
    }
  }

  @Test("an empty success answers a call that expects nothing")
  func nothing() async throws {
    try await serving(.json(200, "")) { connection in
      _ = try await connection.call("POST", "/v1/events", WorkstationEvent(kind: "wrongPIN"), returning: NoBody.self)
    }
  }
}
