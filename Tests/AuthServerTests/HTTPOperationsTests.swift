import AuthServer
import AuthTerms
import Foundation
import Hummingbird
import Testing

@Suite("health, readiness, metrics", .timeLimit(.minutes(10)))
struct HTTPOperationsTests {
  @Test("ready only if every part answers in time; the missing ones are named")
  func readiness() async throws {
    let checks = [
      ReadinessCheck("store") { true }, ReadinessCheck("vault") { false },
      ReadinessCheck("policy") {
        try? await Task.sleep(for: .seconds(30))
        return true
      },
    ]
    let metrics = MetricsRegistry()
    try await TestServer.withPlain({ router in
      OperationsRoutes(metrics: metrics, checks: checks, deadline: .milliseconds(200)).add(to: router)
    }) { _, port in
      let client = try await TestClient.connect(port: port)
      let health = try await client.request("GET", "/health")
      #expect(health.status == 200 && health.text == #"{"state":"running"}"#)
      let readiness = try await client.request("GET", "/readiness")
      #expect(readiness.status == 503)
      #expect(readiness.text == #"{"missing":["vault","policy"],"state":"notReady"}"#)
    }
    try await TestServer.withPlain({ router in
      OperationsRoutes(metrics: metrics, checks: [ReadinessCheck("store") { true }]).add(to: router)
    }) { _, port in
      let client = try await TestClient.connect(port: port)
      let readiness = try await client.request("GET", "/readiness")
      #expect(readiness.status == 200 && readiness.text == #"{"missing":[],"state":"ready"}"#)
    }
  }

  @Test("the page is Prometheus text, with the requests that were answered")
  func page() async throws {
    let metrics = MetricsRegistry()
    try await TestServer.with(
      [
        (
          ListenerConfiguration(.metrics(address: "127.0.0.1", port: 0)),
          {
            let router = Router(context: SanmonRequestContext.self)
            OperationsRoutes(metrics: metrics, checks: []).add(to: router)
            return router
          }()
        )
      ], metrics: metrics
    ) { server in
      let client = try await TestClient.connect(port: server.port(.metrics))
      _ = try await client.request("GET", "/health")
      _ = try await client.request("GET", "/nothing")
      let page = try await client.request("GET", "/metrics")
      #expect(page["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      let line = #"sanmon_http_requests_total{listener="metrics",route="/health",method="GET",status="200"} 1"#
      #expect(page.text.contains(line))
      #expect(page.text.contains(#"route="unmatched",method="GET",status="404"} 1"#))
      #expect(page.text.contains("# TYPE sanmon_http_request_seconds histogram"))
    }
  }

  @Test("counters, gauges and histograms")
  func registry() {
    let metrics = MetricsRegistry()
    metrics.declare("b_total", .counter, help: "B.", labels: ["kind"])
    metrics.declare("a_gauge", .gauge, help: "A.")
    metrics.declare("c_seconds", .histogram, help: "C.")
    metrics.observe("d_gauge", help: "D.") { 2.5 }
    metrics.add(to: "b_total", ["x\"\\\ny"])
    metrics.add(2, to: "b_total", ["x\"\\\ny"])
    metrics.set(7, "a_gauge")
    metrics.record(seconds: 0.003, in: "c_seconds")
    metrics.record(seconds: 99, in: "c_seconds")
    // Undeclared, and with the wrong number of labels: ignored.
    metrics.add(to: "unknown")
    metrics.add(to: "b_total", [])
    let page = metrics.text()
    #expect(page.hasPrefix("# HELP a_gauge A.\n# TYPE a_gauge gauge\na_gauge 7\n"))
    #expect(page.contains("b_total{kind=\"x\\\"\\\\\\ny\"} 3\n"))
    #expect(page.contains("c_seconds_bucket{le=\"0.0025\"} 0\nc_seconds_bucket{le=\"0.005\"} 1\n"))
    #expect(page.contains("c_seconds_bucket{le=\"+Inf\"} 2\nc_seconds_sum 99.003\nc_seconds_count 2\n"))
    #expect(page.contains("d_gauge 2.5\n"))
    #expect(!page.contains("unknown"))
  }

  @Test("a label that grows without end is counted as other")
  func bounded() {
    let metrics = MetricsRegistry()
    metrics.declare("n_total", .counter, help: "N.", labels: ["id"])
    for number in 0..<3000 { metrics.add(to: "n_total", [String(number)]) }
    let lines = metrics.text().split(separator: "\n")
    #expect(lines.count <= 1003)
    #expect(lines.contains("n_total{id=\"other\"} 2000"))
  }

  @Test(
    "dates in headers and lines",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_798_761_599_000, "2026-12-31T23:59:59.000Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ])
  func dates(milliseconds: Int64, text: String) throws {
    let log = TestLog()
    let clock = ServerClock(now: { Moment(wallMilliseconds: milliseconds, boot: "b", monotonicMilliseconds: 0) })
    SafeLog(clock: clock) { log.add($0) }.event("tick", ["n": .number(1)])
    #expect(log.text == "{\"event\":\"tick\",\"n\":1,\"time\":\"\(text)\"}\n")
  }

  @Test("a line is one JSON object, names in order, whatever a word holds")
  func lines() throws {
    let log = TestLog()
    let clock = ServerClock(now: { Moment(wallMilliseconds: 0, boot: "b", monotonicMilliseconds: 0) })
    let word: StaticString = "q\" b\\ n\n t\t e\u{1B} / 三"
    SafeLog(clock: clock) { log.add($0) }.event(
      "http", ["b": .number(Int64.min), "a": .word(word), "c": .code(.factorMissing), "d": .number(UInt64.max)])
    let line = log.text
    #expect(line.hasSuffix("\"}\n") && !line.dropLast().contains("\n"))
    #expect(
      line.hasPrefix(
        #"{"a":"q\" b\\ n\u000a t\u0009 e\u001b / 三","b":-9223372036854775808,"c":"AP101","d":9223372036854775807,"event":"http""#
      ))
    struct Line: Decodable { let a: String }
    #expect(try JSONDecoder().decode(Line.self, from: Data(line.utf8)).a == "\(word)")
  }
}
