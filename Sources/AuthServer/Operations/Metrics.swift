import NIOConcurrencyHelpers

/// Counters, gauges and histograms in Prometheus' text form, version 0.0.4.
///
/// Labels are few and bounded: a metric takes 1,000 label sets, and one more is counted under `other`.
public final class MetricsRegistry: Sendable {
  public enum Kind: String, Sendable {
    case counter
    case gauge
    case histogram
  }

  /// Seconds; the answer to a logon is expected below the first ones.
  public static let durationBuckets: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
  static let maximumSeries = 1000

  private struct Series {
    var value: Double = 0
    var buckets: [UInt64] = []
    var count: UInt64 = 0
  }
  private struct Family {
    let kind: Kind
    let help: String
    var series: [[String]: Series] = [:]
    var labels: [String] = []
  }

  private let families = NIOLockedValueBox<[String: Family]>([:])
  private let readings = NIOLockedValueBox<[String: @Sendable () -> Double]>([:])

  public init() {}

  /// Declares a metric so that it is shown before its first event. Names and labels: `[a-z_]`, chosen by us.
  public func declare(_ name: StaticString, _ kind: Kind, help: StaticString, labels: [StaticString] = []) {
    families.withLockedValue { families in
      guard families["\(name)"] == nil else { return }
      var family = Family(kind: kind, help: "\(help)", labels: labels.map { "\($0)" })
      if labels.isEmpty && kind != .histogram { family.series[[]] = Series() }
      families["\(name)"] = family
    }
  }

  /// A gauge that is read when somebody asks.
  public func observe(_ name: StaticString, help: StaticString, _ read: @escaping @Sendable () -> Double) {
    declare(name, .gauge, help: help)
    readings.withLockedValue { $0["\(name)"] = read }
  }

  /// Adds to a counter or gauge. An undeclared name is ignored: a metric must not be able to stop a logon.
  public func add(_ amount: Double = 1, to name: StaticString, _ labels: [String] = []) {
    update("\(name)", labels) { $0.value += amount }
  }

  public func set(_ value: Double, _ name: StaticString, _ labels: [String] = []) {
    update("\(name)", labels) { $0.value = value }
  }

  /// Records one duration in a histogram.
  public func record(seconds: Double, in name: StaticString, _ labels: [String] = []) {
    update("\(name)", labels) { series in
      if series.buckets.isEmpty { series.buckets = Array(repeating: 0, count: Self.durationBuckets.count) }
      for (index, bound) in Self.durationBuckets.enumerated() where seconds <= bound { series.buckets[index] += 1 }
      series.count += 1
      series.value += seconds
    }
  }

  private func update(_ name: String, _ labels: [String], _ change: (inout Series) -> Void) {
    families.withLockedValue { families in
      guard var family = families.removeValue(forKey: name) else { return }
      defer { families[name] = family }
      guard family.labels.count == labels.count else { return }
      let isFull = family.series.count >= Self.maximumSeries && family.series[labels] == nil
      change(&family.series[isFull ? labels.map { _ in "other" } : labels, default: Series()])
    }
  }

  /// The whole page, in a stable order.
  public func text() -> String {
    for (name, read) in readings.withLockedValue({ $0 }) { update(name, []) { $0.value = read() } }
    let families = families.withLockedValue { $0 }
    var page = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      page += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
      for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        let labels = zip(family.labels, values).map { "\($0)=\"\(Self.escape($1))\"" }
        page +=
          family.kind == .histogram ? Self.histogram(name, labels, series) : Self.line(name, labels, Self.number(series.value))
      }
    }
    return page
  }

  private static func histogram(_ name: String, _ labels: [String], _ series: Series) -> String {
    var page = ""
    for (bound, count) in zip(durationBuckets, series.buckets) {
      page += line(name + "_bucket", labels + ["le=\"\(number(bound))\""], String(count))
    }
    page += line(name + "_bucket", labels + ["le=\"+Inf\""], String(series.count))
    page += line(name + "_sum", labels, number(series.value))
    return page + line(name + "_count", labels, String(series.count))
  }

  private static func line(_ name: String, _ labels: [String], _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels.joined(separator: ","))} \(value)\n"
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }

  private static func escape(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}

/// The metrics every listener keeps.
struct HTTPMetrics: Sendable {
  private let registry: MetricsRegistry
  private let listener: String

  init(_ registry: MetricsRegistry, listener: ListenerName) {
    self.registry = registry
    self.listener = listener.rawValue
    registry.declare(
      "sanmon_http_requests_total", .counter, help: "Requests answered.", labels: ["listener", "route", "method", "status"])
    registry.declare(
      "sanmon_http_request_seconds", .histogram, help: "Seconds from head to answer.", labels: ["listener", "route"])
    registry.declare("sanmon_http_requests_running", .gauge, help: "Requests being answered.", labels: ["listener"])
    registry.declare("sanmon_tls_handshake_failures_total", .counter, help: "Handshakes that failed.", labels: ["listener"])
    registry.declare(
      "sanmon_connections_refused_total", .counter, help: "Connections beyond the limit of one source.", labels: ["listener"])
  }

  func answered(route: String, method: String, status: Int, microseconds: Int64) {
    registry.add(to: "sanmon_http_requests_total", [listener, route, method, String(status)])
    registry.record(seconds: Double(microseconds) / 1_000_000, in: "sanmon_http_request_seconds", [listener, route])
  }

  func running(_ change: Double) { registry.add(change, to: "sanmon_http_requests_running", [listener]) }
  func handshakeFailed() { registry.add(to: "sanmon_tls_handshake_failures_total", [listener]) }
  func sourceRefused() { registry.add(to: "sanmon_connections_refused_total", [listener]) }
}
