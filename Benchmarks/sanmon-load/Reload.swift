import ArgumentParser
import AuthAPI
import Foundation
import LoadClient
import Synchronization

/// Policies are read again and again while people log on.
struct Reload: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reload the policies, alone and 1,000 times under 50 logons a second. / 規則の再読込。")

  @OptionGroup var common: CommonOptions
  @Option(help: "Reloads under load.") var reloads = 1000
  @Option(help: "Logons a second meanwhile.") var rate = 50.0

  func run() async throws {
    try await common.measuring {
      let city = try await common.city(clerks: min(common.people, 200))
      defer { city.end() }
      common.figures.show(
        Figure(
          "policy.reload_ms", try await alone(city),
          note: say("操作ソケットの往復と監査記録を含む", "with the operator socket and its audit row")))
      let (rush, times) = try await underLoad(city)
      common.figures.show(
        Figure(
          "policy.reload_failures", [Double(rush.wrong.count)],
          note: say("再読込 \(reloads) 回の間のログオン \(rush.seconds.count) 回", "\(rush.seconds.count) logons during \(reloads) reloads")
            + ": \(rush.latencies); reload p50 \(Figures.short(Distribution(times).median)), p99 \(Figures.short(Distribution(times).quantile(0.99))) ms"
        ))
      return rush.wrong
    }
  }

  private func alone(_ city: LoadCity) async throws -> [Double] {
    var times: [Double] = []
    for _ in 0..<max(common.runs, 5) { times.append(try await reload(city)) }
    return times
  }

  private func reload(_ city: LoadCity) async throws -> Double {
    let start = ContinuousClock.now
    let answer = try await city.desk.reloadPolicies()
    let milliseconds = start.duration(to: .now).inSeconds * 1000
    guard answer.faultsEn.isEmpty else { throw RunFault("規則が断られました。", "the shipped policies were refused") }
    return milliseconds
  }

  private func underLoad(_ city: LoadCity) async throws -> (Rush, [Double]) {
    let isOver = Mutex(false)
    async let logons = Rush.steadily(city.clerks, perSecond: rate) { isOver.withLock { $0 } }
    var times: [Double] = []
    do {
      for _ in 0..<reloads { times.append(try await reload(city)) }
    } catch {
      isOver.withLock { $0 = true }
      _ = await logons
      throw error
    }
    isOver.withLock { $0 = true }
    return (await logons, times)
  }
}
