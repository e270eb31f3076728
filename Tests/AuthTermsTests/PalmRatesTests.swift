import AuthTerms
import Testing

@Suite("rates of palms")
struct PalmRatesTests {
  @Test("no weaker than the floor, no stricter than anything is measured, and alone at least as strict as beside another")
  func limits() {
    for beside in 0...10 {
      for alone in 0...10 {
        let isRight = (5...7).contains(beside) && (6...7).contains(alone) && alone >= beside
        #expect(((try? PalmRates(besideAnother: beside, alone: alone)) != nil) == isRight, "\(beside), \(alone)")
      }
    }
    #expect(PalmRates.weakest == (try? PalmRates(besideAnother: 5, alone: 6)))
  }
}
