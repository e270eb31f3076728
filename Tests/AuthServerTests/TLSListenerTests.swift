import AuthServer
import AuthTerms
import Crypto
import Foundation
import Hummingbird
import NIOCore
import NIOSSL
import Testing

/// Who the server thinks is there, for tests.
private struct WhoAmI: Codable {
  var kind: String
  var certificate: String?
  var server: String?
}

@Suite("TLS listeners", .timeLimit(.minutes(10)))
struct TLSListenerTests {
  private static func router() -> Router<SanmonRequestContext> {
    let router = Router(context: SanmonRequestContext.self)
    router.get("who") { _, context in
      switch context.identity {
      case .certificate(let fingerprint, let der):
        #expect(Array(SHA256.hash(data: der)) == fingerprint.bytes)
        return try JSONAnswer(
          WhoAmI(kind: "certificate", certificate: fingerprint.hex, server: context.serverCertificate?.hex))
      case .operatorCertificate(let fingerprint, _):
        return try JSONAnswer(
          WhoAmI(kind: "operatorCertificate", certificate: fingerprint.hex, server: context.serverCertificate?.hex))
      case .unixPeer: return try JSONAnswer(WhoAmI(kind: "unix"))
      case .anonymous: return try JSONAnswer(WhoAmI(kind: "anonymous", server: context.serverCertificate?.hex))
      }
    }
    return router
  }

  private struct City {
    let authority: TestAuthority
    let server: TestLeaf
    let workstation: TestLeaf

    init() throws {
      authority = try TestAuthority("test authority")
      server = try authority.issue("server", isServer: true)
      workstation = try authority.issue("LGWAN-PC-0042", isServer: false)
    }

    func mutual(_ minimum: TLSMinimum = .tls13) throws -> ServerTLS {
      try ServerTLS.mutual(identity: server.identity(), trustRoots: authority.roots(), minimum: minimum)
    }
  }

  private func withWorkstations<R: Sendable>(
    _ tls: ServerTLS, limits: Limits = Limits(), _ body: @escaping @Sendable (TestServer, Int) async throws -> R
  ) async throws -> R {
    let configuration = ListenerConfiguration(.workstations(address: "127.0.0.1", port: 0, tls: tls), limits: limits)
    return try await TestServer.with([(configuration, Self.router())]) { server in
      try await body(server, server.port(.workstations))
    }
  }

  /// In TLS 1.3 a client learns of the refusal of its certificate only when it reads.
  private func expectRefused(_ port: Int, _ tls: TLSConfiguration, _ expected: Bool = true) async throws {
    let isRefused = try await isRefused(port, tls)
    #expect(isRefused == expected)
  }

  private func isRefused(_ port: Int, _ tls: TLSConfiguration) async throws -> Bool {
    do {
      let client = try await TestClient.connect(port: port, tls: tls)
      _ = try await client.request("GET", "/who")
      return false
    } catch TestClientFault.timeout { throw TestClientFault.timeout } catch { return true }
  }

  @Test("a workstation is known by its certificate, and sees the leaf that the server says it showed")
  func mutual() async throws {
    let city = try City()
    let tls = try city.mutual()
    let client = try city.workstation.client(trusting: city.authority)
    let (expected, leaf) = (try city.workstation.fingerprint.hex, try city.server.fingerprint.hex)
    try await withWorkstations(tls) { _, port in
      let connection = try await TestClient.connect(port: port, tls: client)
      for _ in 0..<3 {
        let reply = try await connection.request("GET", "/who")
        #expect(reply.status == 200)
        #expect(reply.json["certificate"] as? String == expected)
        #expect(reply.json["server"] as? String == leaf)
      }
      let seen = try await connection.channel.nioSSL_peerCertificate().get()?.toDERBytes()
      #expect(seen.map { Array(SHA256.hash(data: $0)) }.map(Hex.encode) == leaf)
    }
  }

  @Test("the kernel is asked to notice a peer that goes without a word within a minute")
  func deadPeer() async throws {
    let city = try City()
    try await withWorkstations(city.mutual()) { _, port in
      let client = try await TestClient.connect(port: port)
      let mine = try #require(client.channel.localAddress?.port)
      // Both ends are in this process: the server's is the one whose peer is the client.
      func ends() -> [CInt] { (0..<4096).filter { Sockets.peerPort(of: $0) == mine } }
      while ends().isEmpty || Sockets.option(TCP_USER_TIMEOUT, of: ends()[0]) == 0 {
        try await Task.sleep(for: .milliseconds(5))
      }
      let end = try #require(ends().first)
      #expect(Sockets.option(TCP_USER_TIMEOUT, of: end) == 30_000)
      #expect(Sockets.option(TCP_KEEPIDLE, of: end) == 30)
      #expect(Sockets.option(TCP_KEEPINTVL, of: end) == 5 && Sockets.option(TCP_KEEPCNT, of: end) == 3)
      #expect(Sockets.option(SO_KEEPALIVE, level: SOL_SOCKET, of: end) == 1)
    }
  }

  @Test("no certificate, one of another authority, one for servers: the handshake is refused")
  func refused() async throws {
    let city = try City()
    let other = try TestAuthority("test authority")
    let stranger = try other.issue("LGWAN-PC-0042", isServer: false)
    let clients = [
      try TLSConfiguration.anonymous(trusting: city.authority), try stranger.client(trusting: city.authority),
      try city.server.client(trusting: city.authority),
    ]
    try await withWorkstations(city.mutual()) { server, port in
      for client in clients { try await expectRefused(port, client) }
      #expect(try await server.counts("sanmon_tls_handshake_failures_total{listener=\"workstations\"} 3"))
      #expect(server.log.lines.isEmpty, "a failed handshake never becomes a request")
    }
  }

  @Test("TLS 1.2 only where it was said, and then with ECDHE and AEAD alone")
  func versions() async throws {
    let city = try City()
    var old = try city.workstation.client(trusting: city.authority)
    old.maximumTLSVersion = .tlsv12
    var weak = old
    weak.cipherSuiteValues = [.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, .TLS_RSA_WITH_AES_128_GCM_SHA256]
    let clients = (old, weak)
    try await withWorkstations(city.mutual()) { _, port in try await expectRefused(port, clients.0) }
    try await withWorkstations(city.mutual(.tls12)) { _, port in
      try await expectRefused(port, clients.0, false)
      try await expectRefused(port, clients.1)
    }
  }

  @Test("a reload gives new connections the new leaf; the open one goes on and still names its own")
  func reload() async throws {
    let city = try City()
    let tls = try city.mutual()
    let next = try city.authority.issue("server 2", isServer: true)
    let nextAuthority = try TestAuthority("next authority")
    let newcomer = try nextAuthority.issue("LGWAN-PC-0043", isServer: false)
    let client = try city.workstation.client(trusting: city.authority)
    let newClient = try newcomer.client(trusting: city.authority)
    let leaves = (try city.server.fingerprint.hex, try next.fingerprint.hex)
    let (identity, roots) = (try next.identity(), try nextAuthority.roots())
    try await withWorkstations(tls) { _, port in
      let before = try await TestClient.connect(port: port, tls: client)
      #expect(try await before.request("GET", "/who").json["server"] as? String == leaves.0)
      try await expectRefused(port, newClient)
      try tls.replace(identity: identity, trustRoots: roots)
      #expect(tls.leaf.hex == leaves.1)
      #expect(try await before.request("GET", "/who").json["server"] as? String == leaves.0)
      let after = try await TestClient.connect(port: port, tls: newClient)
      #expect(try await after.request("GET", "/who").json["server"] as? String == leaves.1)
      // The former authority is no longer trusted by new connections.
      try await expectRefused(port, client)
    }
  }

  @Test("a reload that cannot work changes nothing")
  func badReload() throws {
    let city = try City()
    let tls = try city.mutual()
    let other = try city.authority.issue("other", isServer: true)
    let mixed = try TLSIdentity(certificates: other.der, key: Secret(copying: Array(city.server.key.derRepresentation)))
    #expect(throws: TLSFault.identityRefused) { try tls.replace(identity: mixed, trustRoots: city.authority.roots()) }
    #expect(throws: TLSFault.trustRootsMissing) { try tls.replace(identity: other.identity(), trustRoots: nil) }
    #expect(try tls.leaf == city.server.fingerprint)
  }

  @Test("the enrolment listener asks for no certificate and takes none into account")
  func enrolment() async throws {
    let city = try City()
    let tls = try ServerTLS.serverOnly(identity: city.server.identity())
    let clients = [
      try TLSConfiguration.anonymous(trusting: city.authority), try city.workstation.client(trusting: city.authority),
    ]
    let configuration = ListenerConfiguration(.enrolment(address: "127.0.0.1", port: 0, tls: tls))
    try await TestServer.with([(configuration, Self.router())]) { server in
      for client in clients {
        let connection = try await TestClient.connect(port: server.port(.enrolment), tls: client)
        #expect(try await connection.request("GET", "/who").json["kind"] as? String == "anonymous")
      }
    }
  }

  @Test("a listener cannot be given the TLS of the other")
  func modes() throws {
    let city = try City()
    let support = HTTPSupport(
      clock: TestServer.clock, log: SafeLog(clock: TestServer.clock) { _ in }, metrics: MetricsRegistry())
    let serverOnly = try ServerTLS.serverOnly(identity: city.server.identity())
    let mutual = try city.mutual()
    #expect(throws: ListenerFault.wrongTLSMode) {
      try Listener(
        ListenerConfiguration(.workstations(address: "127.0.0.1", port: 0, tls: serverOnly)), router: Self.router(),
        support: support)
    }
    #expect(throws: ListenerFault.wrongTLSMode) {
      try Listener(
        ListenerConfiguration(.enrolment(address: "127.0.0.1", port: 0, tls: mutual)), router: Self.router(), support: support)
    }
    #expect(throws: ListenerFault.notLoopback) {
      try Listener(
        ListenerConfiguration(.metrics(address: "0.0.0.0", port: 0)), router: Self.router(), support: support)
    }
  }

  @Test("a peer that starts no handshake is dropped, and plain HTTP gets no answer")
  func handshakeDeadline() async throws {
    let city = try City()
    var limits = Limits()
    limits.handshakeSeconds = 1
    try await withWorkstations(city.mutual(), limits: limits) { _, port in
      let silent = try await TestClient.connect(port: port)
      let plain = try await TestClient.connect(port: port)
      try await plain.send("GET /who HTTP/1.1\r\nHost: test\r\n\r\n")
      let answer = try await plain.closed()
      #expect(!String(decoding: answer, as: UTF8.self).contains("HTTP/1.1"))
      #expect(try await silent.closed(within: 9).isEmpty)
    }
  }

  @Test("an identity is read from PEM and DER; what is neither is refused without a word of it")
  func identities() throws {
    let city = try City()
    let leaf = city.server
    let pem = Array(leaf.key.pemRepresentation.utf8)
    let certificatePEM = Array(
      "-----BEGIN CERTIFICATE-----\n\(Data(leaf.der).base64EncodedString(options: .lineLength64Characters))\n-----END CERTIFICATE-----\n"
        .utf8)
    #expect(try TLSIdentity(certificates: certificatePEM, key: Secret(copying: pem)).leaf == leaf.fingerprint)
    #expect(throws: TLSFault.certificateUnreadable) {
      try TLSIdentity(certificates: Array("secret".utf8), key: Secret(copying: pem))
    }
    #expect(throws: TLSFault.certificateUnreadable) { try TLSIdentity(certificates: [], key: Secret(copying: pem)) }
    #expect(throws: TLSFault.keyUnreadable) {
      try TLSIdentity(certificates: leaf.der, key: Secret(copying: Array("-----BEGIN nothing".utf8)))
    }
    #expect(throws: TLSFault.trustRootsMissing) { try TLSTrustRoots([]) }
    #expect(throws: TLSFault.trustRootsUnreadable) { try TLSTrustRoots([[0x30, 0x01]]) }
  }
}

private enum Sockets {
  static func peerPort(of descriptor: CInt) -> Int? {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
    }
    guard status == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  static func option(_ name: CInt, level: CInt = CInt(IPPROTO_TCP), of descriptor: CInt) -> CInt? {
    var value: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : nil
  }
}
