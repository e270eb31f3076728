import Foundation

/// One measured figure and what it is held against; one line of a run.
package struct Figure: Codable, Sendable, Equatable {
  /// As in `Goal.all`, or a name of its own for what is only printed beside one.
  package var name: String
  /// The median, where there were several runs.
  package var value: Double
  package var unit: String
  /// `value` should be at most this, or at least, where `atLeast` says so.
  package var goal: Double?
  package var atLeast: Bool?
  package var met: Bool?
  /// The same work with everything of ours left out, measured in the same run.
  package var limit: Double?
  package var limitIs: String?
  /// `value` divided by `limit`.
  package var ratio: Double?
  /// What another product needs, and whether it ran in this run.
  package var peer: String?
  package var runs: Int
  /// Least and greatest of the runs.
  package var spread: [Double]
  package var note: String?
  /// The machine's load average of the last minute when the figure was taken.
  package var load: Double

  /// - Parameter runs: one value for each run, at least one.
  package init(_ name: String, _ runs: [Double], unit: String? = nil, limit: (Double, String)? = nil, note: String? = nil) {
    let runs = Distribution(runs)
    let goal = Goal.all[name]
    self.name = name
    value = runs.median
    self.unit = unit ?? goal?.unit ?? ""
    self.goal = goal?.limit
    atLeast = goal.flatMap { $0.isLeast ? true : nil }
    met = goal.map { $0.isMet(by: runs.median) }
    self.limit = limit?.0
    limitIs = limit?.1
    ratio = limit.flatMap { $0.0 > 0 ? runs.median / $0.0 : nil }
    peer = Peers.measured(name) ?? goal?.peer
    self.runs = runs.count
    spread = [runs.least, runs.most]
    self.note = note
    load = Machine.load
  }
}

/// What the project promises, by name. Tests do not assert these: machines differ; a run prints whether they were met.
package struct Goal: Sendable {
  package let limit: Double
  /// More is better.
  package let isLeast: Bool
  package let unit: String
  package let peer: String?

  private init(_ atMost: Double, _ unit: String, _ peer: String? = nil) {
    self.init(limit: atMost, isLeast: false, unit, peer)
  }

  private init(atLeast: Double, _ unit: String, _ peer: String? = nil) {
    self.init(limit: atLeast, isLeast: true, unit, peer)
  }

  private init(limit: Double, isLeast: Bool, _ unit: String, _ peer: String?) {
    self.limit = limit
    self.isLeast = isLeast
    self.unit = unit
    self.peer = peer.map { "\($0) (noted, not run)" }
  }

  package func isMet(by value: Double) -> Bool { isLeast ? value >= limit : value <= limit }

  package static let all: [String: Goal] = [
    "policy.decide_us": Goal(2, "µs"),
    "policy.floor_proof_ms": Goal(20, "ms"),
    "policy.mutants_widening": Goal(0, "mutants"),
    "policy.reload_ms": Goal(100, "ms"),
    "policy.reload_failures": Goal(0, "logons"),
    "logon.card_cpu_ms": Goal(0.35, "ms CPU", "privacyIDEA HOTP 44.6"),
    "logon.card_burst_s": Goal(2.5, "s", "privacyIDEA HOTP 50.2"),
    "logon.password_burst_ratio": Goal(1.3, "×", "privacyIDEA 67.7 s"),
    "logon.minute_p99_ms": Goal(200, "ms", "privacyIDEA 250 at 20/s"),
    "logon.growth_ratio": Goal(1.1, "×", "privacyIDEA 1.08"),
    "logon.wrong_denials": Goal(0, "logons"),
    "server.rss_mb": Goal(100, "MB", "privacyIDEA 26 + 154 to 221 a worker"),
    "server.connection_kb": Goal(60, "KB"),
    "server.restart_s": Goal(1, "s", "privacyIDEA 1.3 to 3.6"),
    "audit.verify_1m_s": Goal(10, "s"),
    "audit.search_100k_ms": Goal(50, "ms", "privacyIDEA 27 to 50"),
    "audit.search_50m_ms": Goal(300, "ms"),
    "audit.export_100k_s": Goal(2, "s", "privacyIDEA 21.5"),
    "directory.paged_ratio": Goal(1.1, "×"),
    "directory.full_ratio": Goal(1.3, "×"),
    "directory.april_ratio": Goal(1.5, "×"),
    "directory.tick_ratio": Goal(1.5, "×"),
    "directory.freshness_p99_s": Goal(2.5, "s", "AD change notification 3.7 to 4.9 s"),
    "directory.import30k_s": Goal(60, "s", "privacyIDEA, enrolment by its API, 260 to 552 s for 1,200"),
    "vault.release_cpu_ms": Goal(0.5, "ms CPU"),
    "vault.release_p50_ms": Goal(1, "ms", "OpenBao 0.29, plain HTTP, without sealing or session"),
    "vault.release_per_s": Goal(atLeast: 2500, "/s", "OpenBao 6,260, without sealing or session"),
    "vault.release_p99_50s_ms": Goal(20, "ms"),
    "vault.release_minute_p99_ms": Goal(200, "ms"),
    "vault.rotation_failures": Goal(0, "releases"),
    "vault.rotation_s": Goal(10, "s"),
    "vault.seal_open_ms": Goal(0.3, "ms"),
    "vault.unseal_s": Goal(1, "s", "OpenBao 0.42"),
    "vault.wrong_refusals": Goal(0, "releases"),
    "vein.masked_limit_ratio": Goal(atLeast: 0.85, "×"),
    "vein.three_plane_limit_ratio": Goal(atLeast: 0.8, "×"),
    "vein.dram_ratio": Goal(atLeast: 0.85, "×"),
    "vein.avx2_times_popcnt": Goal(atLeast: 1.5, "×"),
    "vein.two_threads_times": Goal(atLeast: 1.8, "×"),
    "vein.verify_us": Goal(50, "µs"),
    "vein.verify_protected_ms": Goal(3, "ms"),
    "vein.identify_city_ms": Goal(50, "ms"),
    "vein.eer_guided_pct": Goal(0.1, "%", "maximum curvature + Miura match 1.2"),
    "vein.fnmr_guided_1e4_pct": Goal(0.2, "%"),
    "vein.fnmr_guided_1e6_pct": Goal(1.5, "%"),
    "vein.eer_hard_pct": Goal(0.5, "%", "maximum curvature + Miura match 3.7"),
    "vein.fnmr_hard_1e4_pct": Goal(3, "%"),
    "card.apdu_ratio": Goal(1.2, "×"),
    "card.ready_ms": Goal(20, "ms"),
    "card.logon_own_ms": Goal(5, "ms"),
  ]
}

/// Figures of another product taken in this run by `deploy/bench --peers`, handed over in `SANMON_PEERS` as `name=value,…`.
enum Peers {
  private static let taken: [String: String] = {
    let said = ProcessInfo.processInfo.environment["SANMON_PEERS"] ?? ""
    let pairs = said.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
  }()

  static func measured(_ name: String) -> String? { taken[name].map { "\($0) (same run)" } }
}
