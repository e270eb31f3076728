import LoadClient
import Testing

@Suite("how runs are summed up")
struct DistributionTests {
  @Test(
    "quantiles are values that occurred, by nearest rank", arguments: [(0.5, 50.0), (0.99, 99), (0.999, 100), (0, 1), (1, 100)])
  func quantiles(share: Double, expected: Double) {
    #expect(Distribution((1...100).map(Double.init).shuffled()).quantile(share) == expected)
  }

  @Test("median, least and most, also of one value and of none")
  func summary() {
    let four = Distribution([4, 1, 3, 2])
    #expect(four.median == 2.5 && four.least == 1 && four.most == 4 && four.count == 4)
    #expect(Distribution([7]).median == 7 && Distribution([7]).quantile(0.999) == 7)
    #expect(Distribution([]).median == 0 && Distribution([]).count == 1)
  }

  @Test("a figure names its goal, its ratio to the limit and whether the goal was met")
  func figure() {
    let good = Figure("logon.card_cpu_ms", [0.3, 0.2, 0.4], limit: (0.1, "bare"))
    #expect(good.value == 0.3 && good.goal == 0.35 && good.met == true && good.unit == "ms CPU")
    #expect(good.ratio.map { ($0 * 10).rounded() } == 30 && good.spread == [0.2, 0.4] && good.runs == 3)
    #expect(good.peer == "privacyIDEA HOTP 44.6 (noted, not run)")
    #expect(Figure("logon.card_cpu_ms", [0.36]).met == false)
    #expect(Figure("beside", [1], unit: "ms").goal == nil)
  }

  @Test(
    "numbers are shown with three significant digits",
    arguments: [(1234.5, "1234"), (12.34, "12.3"), (1.234, "1.23"), (0.1234, "0.123"), (0.01234, "0.0123"), (0, "0")])
  func short(value: Double, text: String) { #expect(Figures.short(value) == text) }

  @Test("results keep the order of the elements, at most so many run at once, and an error ends all")
  func parallel() async throws {
    #expect(try await Array(0..<50).inParallel(4) { $0 * 2 } == (0..<50).map { $0 * 2 })
    #expect(try await [Int]().inParallel(4) { $0 } == [])
    await #expect(throws: WrongAnswer("three")) {
      try await Array(0..<9).inParallel(2) { number in if number == 3 { throw WrongAnswer("three") } }
    }
  }
}
