import AuthAPI
import AuthServer
import AuthTerms
import Foundation
import Hummingbird
import Storage
import Testing

private struct Unexpected: Error { let text = "canary-in-an-error" }

@Suite("HTTP answers", .timeLimit(.minutes(10)))
struct HTTPAnswerTests {
  private static func routes(_ router: Router<SanmonRequestContext>) {
    router.post("/v1/echo", use: Sample.echo)
    router.post("/v1/none") { request, _ in
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(HealthReport(state: "running"), .created)
    }
    router.get("/v1/things/:thing/fail/:how") { _, context -> JSONAnswer in
      let thing = try context.identifier("thing", as: CardTag.self)
      context.notes.set("card", .id(thing))
      throw failures[context.parameters.get("how") ?? ""] ?? HTTPFault.notFound
    }
    router.get("/v1/framework") { _, context in try context.parameters.require("missing") }
  }

  private static let failures: [String: any Error] = [
    "refusal": Refusal(.cardLost, reference: try? Reference(number: 42)),
    "hidden": Refusal(.proofReplayed, reference: try? Reference(number: 7)),
    "unknown": Unexpected(), "malformed": MalformedInput("thing", expected: "another"),
    "store": StorageFault.unavailable("disk full"), "corrupt": StorageFault.corrupt("row"), "conflict": HTTPFault.conflict,
    "busy": HTTPFault.tooManyRequests(retryAfterSeconds: 7), "vault": Refusal(.vaultUnavailable, reference: nil),
    "framework": HTTPError(.unprocessableContent, message: "canary-of-the-framework"), "cancelled": CancellationError(),
  ]

  @Test(
    "each outcome has one status, one code and our sentence",
    arguments: [
      ("refusal", 403, "AP105"), ("hidden", 403, "AP100"), ("unknown", 503, "AP191"), ("malformed", 400, "HT400"),
      ("store", 503, "AP190"), ("corrupt", 503, "AP191"), ("conflict", 409, "HT409"), ("busy", 429, "HT429"),
      ("vault", 503, "AP193"), ("framework", 400, "HT400"), ("cancelled", 503, "AP191"), ("nothing", 404, "HT404"),
    ])
  func outcomes(how: String, status: Int, code: String) async throws {
    try await TestServer.withPlain(Self.routes) { server, port in
      let client = try await TestClient.connect(port: port)
      let reply = try await client.request("GET", "/v1/things/card-1/fail/\(how)")
      #expect(reply.status == status)
      #expect(reply.code == code)
      #expect(reply["content-type"] == "application/json")
      #expect(reply["cache-control"] == "no-store")
      #expect(reply["date"]?.hasSuffix(" GMT") == true)
      #expect(reply["server"] == nil)
      #expect((status == 503 || status == 429) == (reply["retry-after"] != nil))
      let body = try JSONBody.decode(ErrorBody.self, from: reply.body)
      #expect(!body.ja.isEmpty && !body.en.isEmpty && !body.nextStepJa.isEmpty && !body.nextStepEn.isEmpty)
      #expect(body.reference == (how == "refusal" ? "000042" : how == "hidden" ? "000007" : nil))
      #expect(!reply.text.contains("canary"))
      let line = try #require(server.log.lines.last)
      #expect(line.contains(#""route":"/v1/things/{thing}/fail/{how}""#))
      #expect(line.contains(#""card":"card-1""#))
      // The log names the code that the client does not see.
      if how == "hidden" { #expect(line.contains("AP142")) }
      #expect(!line.contains("canary"))
    }
  }

  @Test("what is not a request of ours: not found, wrong method, wrong type, body where none belongs")
  func requests() async throws {
    try await TestServer.withPlain(Self.routes) { _, port in
      let client = try await TestClient.connect(port: port)
      func expect(
        _ status: Int, _ code: String, _ method: String, _ path: String, body: String? = nil, type: String = "application/json"
      )
        async throws
      {
        let reply = try await client.request(method, path, body: body, type: type)
        #expect(reply.status == status, "\(method) \(path)")
        #expect(reply.code == code, "\(method) \(path)")
        if status == 405 { #expect(reply["allow"] == "POST") }
      }
      try await expect(404, "HT404", "GET", "/nothing")
      try await expect(404, "HT404", "GET", "/v1")
      try await expect(404, "HT404", "GET", "/v1/echo/more")
      try await expect(404, "HT404", "POST", "/V1/ECHO", body: HTTPJSONTests.whole)
      try await expect(404, "HT404", "GET", "/v1/things/%2e%2e/fail/refusal")
      try await expect(404, "HT404", "GET", "/v1/things/a%20b/fail/refusal")
      for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] where method != "BREW" {
        try await expect(405, "HT405", method, "/v1/echo")
      }
      try await expect(415, "HT415", "POST", "/v1/echo", body: HTTPJSONTests.whole, type: "text/plain")
      try await expect(415, "HT415", "POST", "/v1/echo")
      try await expect(400, "HT400", "POST", "/v1/echo", body: "")
      try await expect(400, "HT400", "POST", "/v1/echo", body: "{")
      try await expect(400, "HT400", "POST", "/v1/echo", body: String(repeating: "[", count: 60_000))
      try await expect(400, "HT400", "POST", "/v1/none", body: "{}")
      try await expect(400, "HT400", "GET", "/v1/framework")
      let echo = try await client.request("POST", "/v1/echo?x=1", body: HTTPJSONTests.whole)
      #expect(echo.status == 200)
      #expect(echo.text == #"{"count":-7,"data":"AAE=","inner":{"flag":true,"numbers":[1,2]},"name":"n","optional":"o"}"#)
      #expect(try await client.request("POST", "/v1/none").status == 201)
    }
  }

  @Test("nothing that a client sends stands in the log or comes back")
  func canary() async throws {
    let canary = "c4n4ry-\(UInt64.random(in: .min ... .max))"
    let echoing = canary + "-echo"
    try await TestServer.withPlain(Self.routes) { server, port in
      let client = try await TestClient.connect(port: port)
      let headers =
        "Authorization: Bearer \(canary)\r\nX-\(canary): \(canary)\r\nUser-Agent: \(canary)\r\nCookie: a=\(canary)\r\n"
      let paths = [
        "/\(canary)", "/v1/echo?\(canary)=\(canary)", "/v1/things/\(canary)%20/fail/refusal", "/v1/things/x/fail/\(canary)",
      ]
      for path in paths {
        for body in [canary, #"{"\#(canary)":1}"#, #"{"name":"\#(canary)","count":"\#(canary)","data":""}"#] {
          for method in ["POST", "GET", "DELETE"] {
            let reply = try await client.request(method, path, body: body, headers: headers)
            #expect(reply.status >= 400)
            #expect(!reply.text.contains(canary))
            #expect(!reply.headers.contains { $0.value.contains(canary) || $0.name.contains(canary) })
          }
        }
      }
      let odd = try await TestClient.connect(port: port)
      try await odd.send("\(canary) /\(canary) HTTP/9.9\r\n\(canary)\r\n\r\n")
      #expect(try await odd.reply().code == "HT400")
      // A whole answer may hold what was sent; the log may not.
      let whole = #"{"name":"\#(echoing)","count":0,"data":""}"#
      #expect(try await client.request("POST", "/v1/echo", body: whole, headers: headers).text.contains(echoing))
      #expect(server.log.lines.count == paths.count * 9 + 2)
      #expect(!server.log.text.lowercased().contains(canary))
      #expect(!server.metrics.text().contains(canary))
    }
  }

  @Test("before possession every refusal leaves at a multiple of the quantum after arrival")
  func uniform() async throws {
    var limits = Limits()
    limits.uniformQuantumMilliseconds = 200
    try await TestServer.withPlain(
      limits: limits,
      { router in
        router.get("/quick") { _, _ -> JSONAnswer in throw Refusal.beforePossession(reference: nil) }
        router.get("/slow") { _, _ -> JSONAnswer in
          try await Task.sleep(for: .milliseconds(90))
          throw Refusal.beforePossession(reference: nil)
        }
        router.get("/late") { _, _ -> JSONAnswer in
          try await Task.sleep(for: .milliseconds(250))
          throw Refusal.beforePossession(reference: nil)
        }
      }
    ) { _, port in
      let client = try await TestClient.connect(port: port)
      var bodies: Set<[UInt8]> = []
      for (path, quanta) in [("/quick", 1), ("/slow", 1), ("/late", 2)] {
        let begun = ContinuousClock.now
        let reply = try await client.request("GET", path)
        let spent = ContinuousClock.now - begun
        #expect(reply.code == "AP100")
        bodies.insert(reply.body)
        #expect(spent >= .milliseconds(200 * quanta - 5))
        #expect(spent < .seconds(20))
      }
      #expect(bodies.count == 1)
    }
  }

  @Test("the wait until the next quantum", arguments: [(0, 100), (1, 99), (99, 1), (100, 0), (101, 99), (250, 50), (-5, 100)])
  func quantum(elapsed: Int64, wait: Int64) {
    #expect(UniformRefusal.wait(afterElapsed: elapsed, quantum: 100) == wait)
  }
}
