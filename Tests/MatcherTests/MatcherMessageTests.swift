import AuthAPI
import AuthTerms
import Fuzzing
import Testing

@Suite("messages of a matcher")
struct MatcherMessageTests {
  private static func key(_ id: UInt32 = 7, _ byte: UInt8 = 1, ring: Int = 32) throws(MalformedInput) -> TemplateKey {
    try TemplateKey(
      id: id, personHalf: Secret(copying: [UInt8](repeating: byte, count: 32)),
      ringHalf: Secret(copying: [UInt8](repeating: byte &+ 1, count: ring)))
  }

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
      .protect(probe: template, key: try key()),
      .verify(probe: template, references: [template], former: [], key: try key(.max)),
      .verify(probe: template, references: [template, template], former: [template], key: try key()),
      .rekey([template, template], from: try key(), to: try key(8, 9)),
      .search(probe: template, references: [template, template], key: try key()),
    ]
  }

  private static func answers() throws -> [MatcherAnswer] {
    let format = try MatcherFormat("EXB", version: .max)
    return [
      .described(
        try MatcherDescription(
          name: "a", vendor: "b c", version: "1", format: format, modality: .palmVein, takesPictures: true, takesBlobs: false)),
      .described(
        try MatcherDescription(
          name: "a", vendor: "b", version: "1", format: format, modality: .face, takesPictures: false, takesBlobs: false,
          takesKeys: true)),
      .extracted(try BiometricTemplate(format: format, bytes: [UInt8](repeating: 5, count: 65_536)), quality: 100),
      .retake(.wet),
      .scored([.score(.min, falseMatch: 0), .failed(.otherTemplate), .score(.max, falseMatch: 15_000)]),
      .protected([try BiometricTemplate(format: format, bytes: [1, 2]), try BiometricTemplate(format: format, bytes: [3])]),
      .verified(.score(-1, falseMatch: 5000)),
      .verified(.failed(.implausible)),
      .found([.score(1, falseMatch: 0), .failed(.otherTemplate)]),
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
    let key = try Self.key()
    func isRead(_ request: MatcherRequest) -> Bool { (try? MatcherRequest.decode(request.encoded(id: 1))) != nil }
    func some(_ count: Int) -> [BiometricTemplate] { Array(repeating: template, count: count) }
    for (references, former, expected) in [(16, 16, true), (1, 0, true), (0, 0, false), (17, 0, false), (1, 17, false)] {
      #expect(isRead(.verify(probe: template, references: some(references), former: some(former), key: key)) == expected)
    }
    for (count, expected) in [(1, true), (16, true), (0, false), (17, false)] {
      #expect(isRead(.rekey(some(count), from: key, to: key)) == expected)
    }
    for (count, expected) in [(1, true), (1024, true), (0, false), (1025, false)] {
      #expect(isRead(.search(probe: template, references: some(count), key: key)) == expected)
    }
    // The largest search and the largest verification fit into one frame; a template that might break that is refused.
    let largest = try BiometricTemplate(
      format: MatcherFormat(String(repeating: "a", count: 63), version: .max), bytes: [UInt8](repeating: 0, count: 65_536))
    let searched = try BiometricTemplate(format: largest.format, bytes: [UInt8](repeating: 0, count: 3072))
    let search = MatcherRequest.search(probe: largest, references: Array(repeating: searched, count: 1024), key: key)
    #expect(isRead(search) && search.encoded(id: .max).count <= MatcherRequest.frameLimit)
    let more = try BiometricTemplate(format: largest.format, bytes: [UInt8](repeating: 0, count: 3073))
    #expect(!isRead(.search(probe: template, references: [more], key: key)))
    let sixteen = Array(repeating: largest, count: 16)
    let verification = MatcherRequest.verify(probe: largest, references: sixteen, former: sixteen, key: key)
    #expect(isRead(verification) && verification.encoded(id: .max).count <= MatcherRequest.frameLimit)
    let answer = MatcherAnswer.found(Array(repeating: .score(.min, falseMatch: 15_000), count: 1024)).encoded(id: .max)
    #expect(answer.count <= MatcherRequest.frameLimit && (try? MatcherAnswer.decode(answer)) != nil)
    for answer in [
      MatcherAnswer.found(Array(repeating: .score(1, falseMatch: 1), count: 1025)), .found([]), .protected([]),
      .protected(some(17)), .scored([]),
    ] {
      #expect(throws: MalformedInput.self) { try MatcherAnswer.decode(answer.encoded(id: 1)) }
    }
    // A picture of the most that there may be fits into one frame.
    let most = try BiometricSample(
      hand: .left,
      content: .picture(
        file: [UInt8](repeating: 7, count: BiometricSample.mostPictureBytes), wavelength: .max, resolution: .max))
    #expect(MatcherRequest.extract(most).encoded(id: .max).count <= MatcherRequest.frameLimit)
  }

  @Test("a key has an id and two whole halves, and a matcher takes something")
  func keys() throws {
    #expect(throws: MalformedInput.self) { try Self.key(0) }
    for count in [0, 31, 33] { #expect(throws: MalformedInput.self) { try Self.key(1, ring: count) } }
    #expect(throws: MalformedInput.self) {
      try TemplateKey(id: 1, personHalf: Secret(copying: [1]), ringHalf: Secret(copying: [UInt8](repeating: 1, count: 32)))
    }
    let template = try BiometricTemplate(format: MatcherFormat("x", version: 0), bytes: [1])
    var bytes = MatcherRequest.protect(probe: template, key: try Self.key()).encoded(id: 1)
    let (_, read) = try MatcherRequest.decode(bytes)
    guard case .protect(_, let key) = read else {
      Issue.record("another request")
      return
    }
    #expect(key.id == 7 && key.personHalf.withBytes { $0.allSatisfy { $0 == 1 } } && key.ringHalf.withBytes { $0[31] == 2 })
    // The id stands before two halves of 32 bytes with their lengths.
    bytes[bytes.count - 73] = 0
    #expect(throws: MalformedInput.self) { try MatcherRequest.decode(bytes) }
    #expect(throws: MalformedInput.self) {
      try MatcherDescription(
        name: "a", vendor: "b", version: "1", format: template.format, modality: .palmVein, takesPictures: false,
        takesBlobs: false)
    }
  }

  @Test("damaged bytes are refused or read as what they say, and nothing else happens")
  func fuzz() throws {
    let tally = try Fuzzer(
      "matcher request", corpus: Self.requests().map { $0.encoded(id: 7) }, words: ["blob", "verify", "search"]
    ).run { bytes in
      guard let (id, request) = try? MatcherRequest.decode(bytes) else { return false }
      guard request.encoded(id: id) == bytes else { throw Fuzzer.Broken("another message") }
      return true
    }
    #expect(tally.accepted > 0 && tally.refused > 0)
    let answers = try Fuzzer(
      "matcher answer", corpus: Self.answers().map { $0.encoded(id: 7) }, words: ["score", "implausible"]
    ).run {
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
    let key = try Self.key(7, 201)
    let request = MatcherRequest.verify(probe: template, references: [template], former: [template], key: key)
    for text in [
      "\(key)", String(reflecting: key), "\(template)", "\(sample)", String(reflecting: template), String(reflecting: sample),
      "\(request)",
    ] {
      #expect(!text.contains("201") && !text.contains("202"), "\(text)")
    }
    var dumped = ""
    dump(template, to: &dumped)
    dump(sample, to: &dumped)
    dump(key, to: &dumped)
    dump(request, to: &dumped)
    #expect(!dumped.contains("201"))
  }
}
