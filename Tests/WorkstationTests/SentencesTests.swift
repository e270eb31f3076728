import AuthAPI
import AuthTerms
import Testing

@Suite("the sentences of refusals")
struct SentencesTests {
  private var all: [(code: String, sentence: Sentence)] {
    DenialCode.allCases.map { ($0.rawValue, Sentences.of($0)) } + HTTPProblem.allCases.map { ($0.rawValue, Sentences.of($0)) }
  }

  @Test("no text is missing, and Japanese is Japanese")
  func complete() {
    for (code, sentence) in all {
      for text in [sentence.ja, sentence.nextStepJa] {
        #expect(text.unicodeScalars.contains { (0x3040...0x309F).contains($0.value) }, "\(code): no hiragana")
        #expect(text.hasSuffix("。"), "\(code): Japanese sentences end with 。")
      }
      for text in [sentence.en, sentence.nextStepEn] {
        #expect(text.utf8.allSatisfy { $0 < 0x80 }, "\(code): English text with other letters")
        #expect(text.hasSuffix("."), "\(code): English sentences end with a full stop")
      }
    }
  }

  @Test("no two codes share a sentence, and no next step repeats its sentence")
  func distinct() {
    var ja: [String: String] = [:]
    var en: [String: String] = [:]
    for (code, sentence) in all {
      #expect(ja.updateValue(code, forKey: sentence.ja) == nil, "\(code) has the Japanese sentence of another code")
      #expect(en.updateValue(code, forKey: sentence.en) == nil, "\(code) has the English sentence of another code")
      #expect(sentence.ja != sentence.nextStepJa)
      #expect(sentence.en != sentence.nextStepEn)
    }
  }

  @Test("a PIN is never called a password")
  func terms() {
    for (code, sentence) in all {
      #expect(!sentence.ja.contains("PINパスワード"), "\(code)")
      for text in [sentence.ja, sentence.nextStepJa] where text.contains("暗証番号") {
        #expect(text.contains("暗証番号（PIN）"), "\(code): the term is 暗証番号（PIN）")
      }
    }
  }

  @Test(
    "before possession is proven every refusal leaves the server with the same body",
    arguments: DenialCode.allCases.filter { $0.shown == .notAccepted })
  func neutral(code: DenialCode) throws {
    let reference = try Reference(number: 7)
    #expect(ErrorBody(code, reference: reference) == ErrorBody(.notAccepted, reference: reference))
    #expect(ErrorBody(code, reference: reference).reference == "000007")
  }

  @Test("a clerk's own reason is told with its code")
  func own() {
    let body = ErrorBody(.cardLost, reference: nil)
    #expect(body.code == "AP105")
    #expect(body.ja == Sentences.of(.cardLost).ja)
    #expect(body.reference == nil)
  }

  @Test("the HTTP status is the number in the code", arguments: HTTPProblem.allCases)
  func status(problem: HTTPProblem) {
    #expect(problem.rawValue == "HT\(problem.status)")
    #expect(ErrorBody(problem).code == problem.rawValue)
  }
}
