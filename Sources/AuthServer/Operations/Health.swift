import AuthAPI
import HTTPTypes
public import Hummingbird
import NIOCore

/// One part the server cannot work without, and how to ask it.
public struct ReadinessCheck: Sendable {
  public let name: String
  public let isReady: @Sendable () async -> Bool

  public init(_ name: StaticString, isReady: @escaping @Sendable () async -> Bool) {
    self.name = "\(name)"
    self.isReady = isReady
  }
}

/// Answer to `GET /readiness`.
public struct ReadinessReport: Codable, Sendable, Equatable {
  /// `ready` or `notReady`
  public var state: String
  /// Names of the parts that do not answer.
  public var missing: [String]

  public init(state: String, missing: [String]) {
    self.state = state
    self.missing = missing
  }
}

/// Answer to `GET /health`: the process runs.
public struct HealthReport: Codable, Sendable, Equatable {
  /// `running`
  public var state: String
  public init(state: String) { self.state = state }
}

/// `/health`, `/readiness`, `/metrics` and the document of all doors, for the metrics listener or the operators' socket.
public struct OperationsRoutes: Sendable {
  private let metrics: MetricsRegistry
  private let checks: [ReadinessCheck]
  private let deadline: Duration

  /// - Parameter deadline: a check that has not answered by then counts as missing.
  public init(metrics: MetricsRegistry, checks: [ReadinessCheck], deadline: Duration = .seconds(2)) {
    self.metrics = metrics
    self.checks = checks
    self.deadline = deadline
  }

  public func add(to router: Router<SanmonRequestContext>) {
    router.get("openapi.json") { _, _ in JSONAnswer(encoded: OpenAPIDocument.whole) }
    router.get("health") { _, _ in try JSONAnswer(HealthReport(state: "running")) }
    router.get("readiness") { _, _ in
      let missing = await missingParts()
      guard missing.isEmpty else { throw HTTPFault.notReady(missing: missing) }
      return try JSONAnswer(ReadinessReport(state: "ready", missing: []))
    }
    router.get("metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text())))
    }
  }

  /// Names of the parts that are not ready, in the order of the checks; asked at the same time.
  public func missingParts() async -> [String] {
    let answers = await withTaskGroup(of: (Int, Bool).self) { group in
      for (index, check) in checks.enumerated() {
        group.addTask { (index, await Self.isReady(check, within: deadline)) }
      }
      return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
    }
    return checks.indices.filter { answers[$0] != true }.map { checks[$0].name }
  }

  private static func isReady(_ check: ReadinessCheck, within deadline: Duration) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { await check.isReady() }
      group.addTask {
        try? await Task.sleep(for: deadline)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
  }
}
