import AuthAPI
import AuthTerms
import Fuzzing
import Testing

@Suite("messages of a matcher")
struct MatcherMessageTests {
  private static func requests() throws -> [MatcherRequest] {
    let format = try MatcherFormat("EXB", version: 7)
    let template = try BiometricTemplate(format: format, bytes: [1, 2, 3])
    return [
      .describe,
      .extract(
        try BiometricSample(hand: .left, content: .picture(file: [80, 53], wavelength: 850, resolution: 120))),
      .extract(try BiometricSample(hand: .right, content: .blob(format: format, bytes: [9]))),
      .compare(probe: template, references: [template]),
      .compare(probe: template, references: Array(repeating: template, count: 16)),
    ]
  }

  private static func answers() throws -> [MatcherAnswer] {
    let format = try MatcherFormat("EXB", version: .max)
    return [
      .described(
        try MatcherDescription(
          name: "a", vendor: "b c", version: "1", format: format, modality: .palmVein, takesPictures: true, takesBlobs: false)),
      .extracted(try BiometricTemplate(format: format, bytes: [UInt8](repeating: 5, count: 65_536)), quality: 100),
      .retake(.wet),
      .scored([.score(.min, falseMatch: 0), .failed(.otherTemplate), .score(.max, falseMatch: 15_000)]),
      .failed(.malformedReply),
    ]
  }

  @Test("what is written reads back")
  func roundTrip() throws {
    for (id, request) in try Self.requests().enumerated() {
      let bytes = request.encoded(id: UInt64(id))
      let (read, again) = try MatcherRequest.decode(bytes)
      #expect(read == UInt64(id) && again.encoded(id: read) == bytes)
    }
    for (id, answer) in try Self.answers().enumerated() {
      let bytes = answer.encoded(id: UInt64(id))
      let (read, again) = try MatcherAnswer.decode(bytes)
      #expect(read == UInt64(id) && again.encoded(id: read) == bytes)
    }
  }

  @Test("limits at their edges")
  func limits() throws {
    let format = try MatcherFormat("x", version: 0)
    for count in [0, BiometricTemplate.mostBytes + 1] {
      let bytes = [UInt8](repeating: 0, count: count)
      #expect(throws: MalformedInput.self) { try BiometricTemplate(format: format, bytes: bytes) }
      #expect(throws: MalformedInput.self) { try BiometricSample(hand: .left, content: .blob(format: format, bytes: bytes)) }
    }
    for count in [0, BiometricSample.mostPictureBytes + 1] {
      #expect(throws: MalformedInput.self) {
        try BiometricSample(
          hand: .left, content: .picture(file: [UInt8](repeating: 0, count: count), wavelength: 0, resolution: 0))
      }
    }
    for name in ["", "a\nb", "名", String(repeating: "a", count: 64)] {
      #expect(throws: MalformedInput.self) { try MatcherFormat(name, version: 1) }
    }
    #expect(try MatcherFormat(String(repeating: "a", count: 63), version: 1).name.count == 63)
    let template = try BiometricTemplate(format: format, bytes: [1])
    for count in [0, 17] {
      let request = MatcherRequest.compare(probe: template, references: Array(repeating: template, count: count))
      #expect(throws: MalformedInput.self) { try MatcherRequest.decode(request.encoded(id: 1)) }
    }
    // A picture of the most that there may be fits into one frame.
    let most = try BiometricSample(
      hand: .left,
      content: .picture(
        file: [UInt8](repeating: 7, count: BiometricSample.mostPictureBytes), wavelength: .max, resolution: .max))
    #expect(MatcherRequest.extract(most).encoded(id: .max).count <= MatcherRequest.frameLimit)
  }

  @Test("damaged bytes are refused or read as what they say, and nothing else happens")
  func fuzz() throws {
    let tally = try Fuzzer("matcher request", corpus: Self.requests().map { $0.encoded(id: 7) }, words: ["blob", "picture"]).run
    { bytes in
      guard let (id, request) = try? MatcherRequest.decode(bytes) else { return false }
      guard request.encoded(id: id) == bytes else { throw Fuzzer.Broken("another message") }
      return true
    }
    #expect(tally.accepted > 0 && tally.refused > 0)
    let answers = try Fuzzer("matcher answer", corpus: Self.answers().map { $0.encoded(id: 7) }, words: ["score"]).run {
      bytes in
      guard let (id, answer) = try? MatcherAnswer.decode(bytes) else { return false }
      guard answer.encoded(id: id) == bytes else { throw Fuzzer.Broken("another message") }
      return true
    }
    #expect(answers.accepted > 0 && answers.refused > 0)
  }

  @Test("no byte of a sample or template is printed")
  func unprintable() throws {
    let format = try MatcherFormat("EXB", version: 7)
    let template = try BiometricTemplate(format: format, bytes: [201, 202])
    let sample = try BiometricSample(hand: .left, content: .blob(format: format, bytes: [201, 202]))
    let request = MatcherRequest.compare(probe: template, references: [template])
    for text in ["\(template)", "\(sample)", String(reflecting: template), String(reflecting: sample), "\(request)"] {
      #expect(!text.contains("201") && !text.contains("202"), "\(text)")
    }
    var dumped = ""
    dump(template, to: &dumped)
    dump(sample, to: &dumped)
    #expect(!dumped.contains("201"))
  }
}
