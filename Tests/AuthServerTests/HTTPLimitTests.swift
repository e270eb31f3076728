import AuthServer
import AuthTerms
import Foundation
import Hummingbird
import NIOConcurrencyHelpers
import Testing

@Suite("HTTP limits", .timeLimit(.minutes(10)))
struct HTTPLimitTests {
  static func echo(_ router: Router<SanmonRequestContext>) { router.post("/echo", use: Sample.echo) }

  @Test(
    "what is not HTTP gets one answer in JSON and the end of the connection",
    arguments: [
      "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET / HTTP/1.1\r\nA\u{0}: b\r\n\r\n", "GET / HTTP/1.1\r\n: b\r\n\r\n",
      "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST /echo HTTP/1.1\r\nContent-Length: 1x\r\n\r\nab",
      "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 9000))\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 200))\r\n",
      "GET /\(String(repeating: "a", count: 3000)) HTTP/1.1\r\nHost: x\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}",
    ])
  func notHTTP(text: String) async throws {
    try await TestServer.withPlain(Self.echo) { server, port in
      let client = try await TestClient.connect(port: port)
      try await client.send(text)
      let reply = try await client.reply()
      #expect(reply.status == 400)
      #expect(reply.code == "HT400")
      #expect(reply["connection"] == "close")
      #expect(reply["cache-control"] == "no-store")
      #expect(try await client.closed().isEmpty)
      // The server itself goes on.
      let next = try await TestClient.connect(port: port)
      #expect(try await next.request("POST", "/echo", body: HTTPJSONTests.whole).status == 200)
      // One line for what was refused before a route saw it, one for the next request; a route that was already called adds its own.
      #expect((2...3).contains(server.log.lines.count))
    }
  }

  @Test("a body over the limit: announced, chunked, to a route and to none")
  func body() async throws {
    var limits = Limits()
    limits.bodyBytes = 1000
    try await TestServer.withPlain(limits: limits, Self.echo) { _, port in
      let big = String(repeating: " ", count: 1001)
      for path in ["/echo", "/nothing"] {
        let announced = try await TestClient.connect(port: port)
        let reply = try await announced.request("POST", path, body: big)
        #expect(reply.status == 413 && reply.code == "HT413")
        #expect(try await announced.closed().isEmpty)
      }
      let endless = try await TestClient.connect(port: port)
      try await endless.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n")
      #expect([400, 413].contains(try await endless.reply().status))
      let chunked = try await TestClient.connect(port: port)
      try await chunked.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<11 { try? await chunked.send("64\r\n\(String(repeating: " ", count: 100))\r\n") }
      #expect(try await chunked.reply().status == 413)
      let fits = try await TestClient.connect(port: port)
      #expect(try await fits.request("POST", "/echo", body: HTTPJSONTests.whole).status == 200)
    }
  }

  @Test("a request that does not end, and a connection without one, are closed")
  func slow() async throws {
    var limits = Limits()
    limits.bodySeconds = 1
    limits.idleSeconds = 1
    try await TestServer.withPlain(limits: limits, Self.echo) { server, port in
      let clients = try await (
        TestClient.connect(port: port), TestClient.connect(port: port), TestClient.connect(port: port)
      )
      try await clients.0.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
      try await clients.1.send("POST /echo HTTP/1.1\r\nHost:")
      for client in [clients.0, clients.1, clients.2] { #expect(try await client.closed().isEmpty) }
      #expect(server.log.text.contains("tooSlow"))
    }
  }

  @Test("one source has so many connections; closing one makes room")
  func perSource() async throws {
    var limits = Limits()
    limits.connectionsPerSource = 3
    try await TestServer.withPlain(limits: limits, Self.echo) { server, port in
      var open: [TestClient] = []
      for _ in 0..<3 {
        let client = try await TestClient.connect(port: port)
        #expect(try await client.request("POST", "/echo", body: HTTPJSONTests.whole).status == 200)
        open.append(client)
      }
      let refused = try await TestClient.connect(port: port)
      #expect(try await refused.closed().isEmpty)
      #expect(try await server.counts("sanmon_connections_refused_total{listener=\"metrics\"} 1"))
      await open.removeLast().close()
      // Once the server has noticed, and before it drops the others for being idle (60 s).
      var status: Int?
      for _ in 0..<300 where status == nil {
        let next = try await TestClient.connect(port: port)
        status = try? await next.request("POST", "/echo", body: HTTPJSONTests.whole).status
        if status == nil { try await Task.sleep(for: .milliseconds(100)) }
      }
      #expect(status == 200)
    }
  }

  @Test("beyond so many requests at once the answer is 503 with Retry-After, at once")
  func admission() async throws {
    var limits = Limits()
    limits.requestsAtOnce = 2
    let waiting = NIOLockedValueBox<[CheckedContinuation<Void, Never>]>([])
    try await TestServer.withPlain(
      limits: limits,
      { router in
        router.get("/wait") { _, _ in
          await withCheckedContinuation { continuation in waiting.withLockedValue { $0.append(continuation) } }
          return try JSONAnswer(HealthReport(state: "running"))
        }
      }
    ) { server, port in
      let clients = try await (
        TestClient.connect(port: port), TestClient.connect(port: port), TestClient.connect(port: port)
      )
      async let first = clients.0.request("GET", "/wait")
      async let second = clients.1.request("GET", "/wait")
      while waiting.withLockedValue({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
      let refused = try await clients.2.request("GET", "/wait")
      #expect(refused.status == 503 && refused.code == "HT503")
      #expect(refused["retry-after"] == "1")
      #expect(try await server.counts("sanmon_http_requests_running{listener=\"metrics\"} 2"))
      for continuation in waiting.withLockedValue({ $0 }) { continuation.resume() }
      #expect(try await first.status == 200)
      #expect(try await second.status == 200)
    }
  }

  @Test("of bodies that are larger than any other's so many are taken in at once; the one too many holds up nothing else")
  func largeBodies() async throws {
    var limits = Limits()
    (limits.bodyBytes, limits.proofBytes, limits.largeBodiesAtOnce) = (1000, 10_000, 1)
    try await TestServer.withPlain(
      limits: limits,
      { router in
        Self.echo(router)
        router.post("/v1/ceremonies/:ceremony/proofs") { request, context in
          _ = try await request.body.collect(upTo: 10_000)
          return try JSONAnswer(HealthReport(state: "running"))
        }
      }
    ) { _, port in
      func head(_ bytes: Int) -> String {
        "POST /v1/ceremonies/c-1/proofs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(bytes)\r\n\r\n"
      }
      let slow = try await TestClient.connect(port: port)
      try await slow.send(head(5000))
      var refused: TestReply?
      for _ in 0..<300 where refused?.status != 503 {
        let next = try await TestClient.connect(port: port)
        try await next.send(head(2000) + String(repeating: " ", count: 2000))
        refused = try await next.reply()
      }
      #expect(refused?.status == 503 && refused?.code == "HT503")
      let small = try await TestClient.connect(port: port)
      #expect(try await small.request("POST", "/echo", body: HTTPJSONTests.whole).status == 200)
      try await slow.send(String(repeating: " ", count: 5000))
      #expect(try await slow.reply().status == 200)
      try await slow.send(head(5000) + String(repeating: " ", count: 5000))
      #expect(try await slow.reply().status == 200)
    }
  }

  @Test("requests sent one behind the other are answered in order")
  func pipelined() async throws {
    try await TestServer.withPlain(Self.echo) { _, port in
      let client = try await TestClient.connect(port: port)
      let one = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
      let bodies = (0..<5).map { #"{"name":"n\#($0)","count":0,"data":""}"# }
      try await client.send(bodies.map { "\(one)\($0.utf8.count)\r\n\r\n\($0)" }.joined())
      for number in 0..<5 { #expect(try await client.reply().json["name"] as? String == "n\(number)") }
    }
  }

  @Test("thousands of random bytes are answered or dropped, and the server lives")
  func fuzz() async throws {
    let whole = Array("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".utf8)
    var limits = Limits()
    limits.connectionsPerSource = 500
    try await TestServer.withPlain(limits: limits, Self.echo) { _, port in
      for _ in 0..<150 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4) { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
        let client = try await TestClient.connect(port: port)
        try? await client.send(bytes)
        if let reply = try? await client.reply(within: 0.05) {
          #expect([400, 404, 405, 413, 415].contains(reply.status))
          #expect(reply.code?.hasPrefix("HT") == true)
        }
        await client.close()
      }
      let client = try await TestClient.connect(port: port)
      #expect(try await client.request("POST", "/echo", body: HTTPJSONTests.whole).status == 200)
    }
  }
}
