import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing
import X509

@Suite("the held connection and its lines")
struct LineStreamTests {
  @discardableResult private func serving<R>(
    _ reply: TestServer.Reply, _ adjust: (inout ClientSettings) -> Void = { _ in },
    _ use: (ServerConnection) async throws -> R
  ) async throws -> R {
    let authority = try TestAuthority()
    let issued = try authority.issue("server", names: [TestAuthority.loopback])
    let server = try await TestServer(tls: TestServer.tls(issued, clientRoots: nil)) { _, _ in reply }
    var settings = ClientSettings()
    adjust(&settings)
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]), identity: nil,
      settings: settings)
    let result: Result<R, any Error>
    do { result = .success(try await use(connection)) } catch { result = .failure(error) }
    await server.stop()
    return try result.get()
  }

  private func read(_ connection: ServerConnection) async throws -> [String] {
    var lines: [String] = []
    for try await line in try await connection.lines("/v1/watch").lines { lines.append(String(decoding: line, as: UTF8.self)) }
    return lines
  }

  @Test("lines arrive whole, however the chunks were cut")
  func chunks() async throws {
    let lines = try await serving(.stream(["{\"event\":\"rea", "dy\"}\n{\"event\":", "\"lock\"}\n\n{}\n"], ends: true)) {
      try await read($0)
    }
    #expect(lines == ["{\"event\":\"ready\"}", "{\"event\":\"lock\"}", "{}"])
  }

  @Test("an event is handed on while the answer is still open")
  func live() async throws {
    try await serving(.stream(["one\n"], ends: false)) { connection in
      for try await line in try await connection.lines("/v1/watch").lines {
        #expect(line == Array("one".utf8))
        return
      }
      Issue.record("the stream ended without a line")
    }
  }

  @Test("a line without end is a fault, not memory")
  func longLine() async throws {
    await #expect(throws: ClientFault.malformedAnswer(expected: "lines of at most 100 bytes")) {
      try await serving(.stream([String(repeating: "x", count: 150)], ends: false), { $0.lineLimit = 100 }) {
        _ = try await read($0)
      }
    }
  }

  @Test("a stream that says nothing is taken for dead")
  func silent() async throws {
    await #expect(throws: ClientFault.timedOut) {
      try await serving(.stream(["one\n"], ends: false), { $0.silenceLimitMilliseconds = 200 }) { _ = try await read($0) }
    }
  }

  @Test("a server that refuses the stream says why")
  func refused() async throws {
    let body = ErrorBody(.workstationRevoked, reference: nil)
    let text = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
    await #expect(throws: ClientFault.refused(body)) {
      try await serving(.json(403, text)) { _ = try await read($0) }
    }
  }

  @Test("a flood of lines that nobody reads ends the stream instead of dropping one silently")
  func flood() async throws {
    await #expect(throws: ClientFault.malformedAnswer(expected: "no more lines than are read")) {
      try await serving(.stream([String(repeating: "a\n", count: 5000)], ends: false)) { connection in
        let stream = try await connection.lines("/v1/watch").lines
        try await Task.sleep(for: .milliseconds(200))
        for try await _ in stream {}
      }
    }
  }
}

@Suite("an authority known by its fingerprint")
struct PinnedAuthorityTests {
  private func attempt(pin: [UInt8]?, chain: Bool, foreignLeaf: Bool = false) async throws -> Int {
    let authority = try TestAuthority()
    let issuer = foreignLeaf ? try TestAuthority() : authority
    let issued = try issuer.issue("server", names: [TestAuthority.loopback])
    let tls = try TestServer.tls(issued, chain: chain ? [authority.certificate] : [], clientRoots: nil)
    let server = try await TestServer(tls: tls) { _, _ in .json(200, "{}") }
    let result: Result<Int, any Error>
    do {
      let connection = try await ServerConnection(
        to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"),
        trust: .authority(.init(parsing: pin ?? TestAuthority.sha256(authority.certificate))), identity: nil)
      result = .success(try await connection.request("GET", "/").status)
    } catch { result = .failure(error) }
    await server.stop()
    return try result.get()
  }

  @Test("the authority in the chain is found and the server verified against it")
  func found() async throws { #expect(try await attempt(pin: nil, chain: true) == 200) }

  @Test("another fingerprint, or a server that does not show its authority, is refused")
  func notFound() async throws {
    await #expect(throws: ClientFault.tlsRefused(.serverUntrusted)) {
      _ = try await attempt(pin: [UInt8](repeating: 7, count: 32), chain: true)
    }
    await #expect(throws: ClientFault.tlsRefused(.serverUntrusted)) { _ = try await attempt(pin: nil, chain: false) }
  }

  @Test("showing the right authority beside a certificate it did not issue does not help")
  func foreignLeaf() async throws {
    await #expect(throws: ClientFault.tlsRefused(.serverUntrusted)) {
      _ = try await attempt(pin: nil, chain: true, foreignLeaf: true)
    }
  }
}

@Suite("several servers")
struct ServerListTests {
  @Test("a server that cannot be reached is passed over, and the one that answered is remembered")
  func failover() async throws {
    let (a, b) = (
      "/tmp/sanmon-none-\(UInt32.random(in: 0...UInt32.max)).sock", "/tmp/sanmon-b-\(UInt32.random(in: 0...UInt32.max)).sock"
    )
    let server = try await TestServer(tls: nil, unixSocket: b) { _, _ in .json(200, "{}") }
    let list = try ServerList([ServerConnection(unixSocket: a), ServerConnection(unixSocket: b)])
    var tried = 0
    for _ in 0..<2 {
      let status = try await list.withServer { connection throws(ClientFault) in
        tried += 1
        return try await connection.request("GET", "/").status
      }
      #expect(status == 200)
    }
    #expect(tried == 3, "the first, the second, and then the second at once")
    await server.stop()
    list.close()
    await #expect(throws: ClientFault.unreachable) {
      _ = try await list.withServer { connection throws(ClientFault) in try await connection.request("GET", "/").status }
    }
    try? FileManager.default.removeItem(atPath: b)
  }

  @Test("a fault after sending is not carried to another server")
  func noSecond() async throws {
    let path = "/tmp/sanmon-c-\(UInt32.random(in: 0...UInt32.max)).sock"
    let server = try await TestServer(tls: nil, unixSocket: path) { _, _ in .hangUp }
    let list = try ServerList([ServerConnection(unixSocket: path), ServerConnection(unixSocket: path)])
    await #expect(throws: ClientFault.interrupted) {
      _ = try await list.withServer { connection throws(ClientFault) in
        try await connection.request("POST", "/", body: []).status
      }
    }
    #expect(server.requests.count == 1)
    await server.stop()
    try? FileManager.default.removeItem(atPath: path)
  }

  @Test("an empty list is refused") func empty() { #expect(throws: ClientFault.self) { _ = try ServerList([]) } }
}

@Suite("where a server is")
struct ServerAddressTests {
  @Test(
    "what is accepted",
    arguments: [
      ("https://sanmon.city.example:8443", "sanmon.city.example", 8443), ("https://10.0.0.1", "10.0.0.1", 443),
      ("https://[fd00::1]:8443/", "fd00::1", 8443),
    ])
  func good(text: String, host: String, port: Int) throws {
    let address = try ServerAddress(parsing: text)
    #expect(address.host == host)
    #expect(address.port == port)
  }

  @Test(
    "what is refused",
    arguments: [
      "", "http://a", "https://", "https://a:0", "https://a:65536", "https://a:+80", "https://a:8443/v1", "https://u@a",
      "https://a b", "https://a\r\n", "https://[::1", "https://[zz]", "https://-a", "https://日本.example", "https://a:",
    ])
  func bad(text: String) { #expect(throws: ClientFault.self) { _ = try ServerAddress(parsing: text) } }
}
