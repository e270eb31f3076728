import ArgumentParser
import LoadClient

/// Whether a logon costs more in a city eight times as large.
struct Growth: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "CPU of a logon at 12,400 people against 1,550. / 8 倍の規模での費用。")

  @OptionGroup var common: CommonOptions
  @Option(help: "How many times as large.") var times = 8

  func run() async throws {
    try await common.measuring {
      let small = try await common.city()
      defer { small.end() }
      let large = try await common.city(copies: times, clerks: common.people * times)
      defer { large.end() }
      // The same number of logons in both, in the large city by people from all over it.
      let few = small.clerks
      let many = stride(from: 0, to: large.clerks.count, by: times).map { large.clerks[$0] }
      var wrong: [WrongAnswer] = []
      // Everybody has logged on once in both. In parts: a server holds 4,096 connections, not one for each of 9,600.
      for start in stride(from: 0, to: large.clerks.count, by: 1000) {
        let part = Array(large.clerks[start..<min(start + 1000, large.clerks.count)])
        wrong += await Rush.onKeptConnections(part).wrong
        for clerk in part { clerk.workstation.hangUp() }
      }
      // In both the same number of connections is open while it counts.
      wrong += await Rush.onKeptConnections(few).wrong
      wrong += await Rush.onKeptConnections(many).wrong
      var ratios: [Double] = []
      var costs: [(Double, Double)] = []
      for _ in 0..<common.runs {
        let a = try await cost(small, few, &wrong)
        let b = try await cost(large, many, &wrong)
        ratios.append(b / a)
        costs.append((a, b))
      }
      common.figures.show(
        Figure(
          "logon.growth_ratio", ratios,
          note: "\(large.people): \(Figures.short(Distribution(costs.map(\.1)).median)) ms CPU; "
            + "\(small.people): \(Figures.short(Distribution(costs.map(\.0)).median)) ms CPU"))
      return wrong
    }
  }

  private func cost(_ city: LoadCity, _ clerks: [LoadCity.Clerk], _ wrong: inout [WrongAnswer]) async throws -> Double {
    let before = city.instance.cpuSeconds
    let rush = await Rush.onKeptConnections(clerks, atOnce: 64)
    wrong += rush.wrong
    return (city.instance.cpuSeconds - before) / Double(clerks.count) * 1000
  }
}
