import AuthAPI
import AuthTerms
import Testing

@Suite("what a person before the sensor is told")
struct CaptureAdviceTests {
  @Test("every advice has a sentence in both languages, and no two are alike")
  func sentences() {
    #expect(Set(CaptureAdvice.allCases.map(\.ja)).count == CaptureAdvice.allCases.count)
    #expect(Set(CaptureAdvice.allCases.map(\.en)).count == CaptureAdvice.allCases.count)
    #expect(CaptureAdvice.tooNear.ja == "手をセンサーから少し遠ざけてください")
  }
}
