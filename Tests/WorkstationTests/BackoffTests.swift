import Testing
import Workstation

@Suite("pauses before a server is asked again")
struct BackoffTests {
  @Test("each is up to twice the one before, never above the limit, never less than half, and starts anew after an answer")
  func growth() {
    for chance: UInt8 in [0, 255] {
      var backoff = Backoff(first: 500, limit: 15_000, random: { Array(repeating: chance, count: $0) })
      let pauses = (0..<8).map { _ in backoff.pause() }
      for (pause, whole) in zip(pauses, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]) {
        #expect((whole / 2...whole).contains(pause))
        if chance == 0 { #expect(pause == whole) }
      }
      backoff.reset()
      #expect(backoff.pause() <= 500)
    }
  }

  @Test("a city of workstations spreads out")
  func spread() {
    let pauses = Set(
      (0..<200).map { _ in
        var backoff = Backoff(first: 15_000, limit: 15_000, random: { (0..<$0).map { _ in UInt8.random(in: .min ... .max) } })
        return backoff.pause()
      })
    #expect(pauses.count > 150)
  }
}
