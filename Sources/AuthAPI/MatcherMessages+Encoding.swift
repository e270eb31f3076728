public import AuthTerms

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// One frame is one message: label, request id, word, fields; each length-prefixed, no optional parts, nothing after the last.

private let requestLabel = "sanmon/matcher-request/1"
private let answerLabel = "sanmon/matcher-answer/1"

extension MatcherRequest {
  /// Of one frame: a picture and what stands beside it. No other request is longer.
  public static let frameLimit = BiometricSample.mostPictureBytes + 4096

  private enum Kind: String { case describe, picture, blob, compare, protect, verify, rekey, search }

  public func encoded(id: UInt64) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(requestLabel)
    writer.field(id)
    switch self {
    case .describe: writer.field(Kind.describe.rawValue)
    case .extract(let sample):
      switch sample.content {
      case .picture(let file, let wavelength, let resolution):
        writer.field(Kind.picture.rawValue)
        writer.field(UInt64(sample.hand.rawValue))
        writer.field(UInt64(wavelength))
        writer.field(UInt64(resolution))
        writer.field(file)
      case .blob(let format, let bytes):
        writer.field(Kind.blob.rawValue)
        writer.field(UInt64(sample.hand.rawValue))
        writer.format(format)
        writer.field(bytes)
      }
    case .compare(let probe, let references):
      writer.field(Kind.compare.rawValue)
      writer.template(probe)
      writer.templates(references)
    case .protect(let probe, let key):
      writer.field(Kind.protect.rawValue)
      writer.template(probe)
      writer.key(key)
    case .verify(let probe, let references, let former, let key):
      writer.field(Kind.verify.rawValue)
      writer.template(probe)
      writer.templates(references)
      writer.templates(former)
      writer.key(key)
    case .rekey(let templates, let from, let to):
      writer.field(Kind.rekey.rawValue)
      writer.templates(templates)
      writer.key(from)
      writer.key(to)
    case .search(let probe, let references, let key):
      writer.field(Kind.search.rawValue)
      writer.template(probe)
      writer.templates(references)
      writer.key(key)
    }
    return writer.bytes
  }

  /// What is read here may hold keys: `bytes` stay the caller's to wipe.
  public static func decode(_ bytes: [UInt8]) throws(MalformedInput) -> (id: UInt64, request: MatcherRequest) {
    var reader = LengthPrefixedReader(bytes, subject: "matcher request", limit: BiometricSample.mostPictureBytes)
    guard try reader.text() == requestLabel else { throw MalformedInput("matcher request", expected: "its label") }
    let id = try reader.unsigned()
    guard let kind = Kind(rawValue: try reader.text()) else {
      throw MalformedInput("matcher request", expected: "a known word")
    }
    let request: MatcherRequest
    switch kind {
    case .describe: request = .describe
    case .picture:
      let hand = try reader.hand()
      let (wavelength, resolution) = (try reader.small(), try reader.small())
      request = .extract(
        try BiometricSample(
          hand: hand, content: .picture(file: try reader.field(), wavelength: wavelength, resolution: resolution)))
    case .blob:
      let hand = try reader.hand()
      request = .extract(
        try BiometricSample(hand: hand, content: .blob(format: try reader.format(), bytes: try reader.field())))
    case .compare:
      request = .compare(probe: try reader.template(), references: try reader.templates(1...mostReferences))
    case .protect: request = .protect(probe: try reader.template(), key: try reader.key())
    case .verify:
      request = .verify(
        probe: try reader.template(), references: try reader.templates(1...mostReferences),
        former: try reader.templates(0...mostFormer), key: try reader.key())
    case .rekey:
      request = .rekey(try reader.templates(1...mostReferences), from: try reader.key(), to: try reader.key())
    case .search:
      let (probe, references) = (try reader.template(), try reader.templates(1...mostSearched))
      guard references.allSatisfy({ $0.bytes.count <= mostSearchedBytes }) else {
        throw MalformedInput("matcher request", expected: "templates of at most \(mostSearchedBytes) bytes to search")
      }
      request = .search(probe: probe, references: references, key: try reader.key())
    }
    try reader.requireEnd()
    return (id, request)
  }
}

extension MatcherAnswer {
  private enum Kind: String { case described, extracted, retake, scored, protected, verified, found, failed }

  public func encoded(id: UInt64) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(answerLabel)
    writer.field(id)
    switch self {
    case .described(let value):
      writer.field(Kind.described.rawValue)
      for text in [value.name, value.vendor, value.version] { writer.field(text) }
      writer.format(value.format)
      writer.field(value.modality.rawValue)
      writer.field(UInt64((value.takesPictures ? 1 : 0) + (value.takesBlobs ? 2 : 0) + (value.takesKeys ? 4 : 0)))
    case .extracted(let template, let quality):
      writer.field(Kind.extracted.rawValue)
      writer.template(template)
      writer.field(UInt64(quality))
    case .retake(let advice):
      writer.field(Kind.retake.rawValue)
      writer.field(UInt64(advice.rawValue))
    case .scored(let results):
      writer.field(Kind.scored.rawValue)
      writer.field(UInt64(results.count))
      for result in results { writer.result(result) }
    case .protected(let templates):
      writer.field(Kind.protected.rawValue)
      writer.templates(templates)
    case .verified(let result):
      writer.field(Kind.verified.rawValue)
      writer.result(result)
    case .found(let results):
      writer.field(Kind.found.rawValue)
      writer.field(UInt64(results.count))
      for result in results { writer.result(result) }
    case .failed(let failure):
      writer.field(Kind.failed.rawValue)
      writer.field(failure.rawValue)
    }
    return writer.bytes
  }

  public static func decode(_ bytes: [UInt8]) throws(MalformedInput) -> (id: UInt64, answer: MatcherAnswer) {
    var reader = LengthPrefixedReader(bytes, subject: "matcher answer", limit: BiometricTemplate.mostBytes)
    func fault(_ expected: String) -> MalformedInput { MalformedInput("matcher answer", expected: expected) }
    guard try reader.text() == answerLabel else { throw fault("its label") }
    let id = try reader.unsigned()
    guard let kind = Kind(rawValue: try reader.text()) else { throw fault("a known word") }
    let answer: MatcherAnswer
    switch kind {
    case .described:
      let (name, vendor, version) = (try reader.text(), try reader.text(), try reader.text())
      let format = try reader.format()
      guard let modality = MatcherDescription.Modality(rawValue: try reader.unsigned()) else { throw fault("a modality") }
      let abilities = try reader.unsigned()
      guard (1...7).contains(abilities) else { throw fault("what it takes") }
      answer = .described(
        try MatcherDescription(
          name: name, vendor: vendor, version: version, format: format, modality: modality,
          takesPictures: abilities & 1 != 0, takesBlobs: abilities & 2 != 0, takesKeys: abilities & 4 != 0))
    case .extracted:
      let template = try reader.template()
      let quality = try reader.unsigned()
      guard quality <= 100 else { throw fault("quality 0 to 100") }
      answer = .extracted(template, quality: Int(quality))
    case .retake:
      guard let advice = CaptureAdvice(rawValue: try reader.small()) else { throw fault("an advice") }
      answer = .retake(advice)
    case .scored: answer = .scored(try reader.results(1...MatcherRequest.mostReferences))
    case .protected: answer = .protected(try reader.templates(1...MatcherRequest.mostReferences))
    case .verified: answer = .verified(try reader.result())
    case .found: answer = .found(try reader.results(1...MatcherRequest.mostSearched))
    case .failed:
      guard let failure = MatcherFailure(rawValue: try reader.text()) else { throw fault("a failure") }
      answer = .failed(failure)
    }
    try reader.requireEnd()
    return (id, answer)
  }
}

extension LengthPrefixedWriter {
  fileprivate mutating func format(_ format: MatcherFormat) {
    field(format.name)
    field(UInt64(format.version))
  }

  fileprivate mutating func template(_ template: BiometricTemplate) {
    format(template.format)
    field(template.bytes)
  }

  fileprivate mutating func templates(_ templates: [BiometricTemplate]) {
    field(UInt64(templates.count))
    for template in templates { self.template(template) }
  }

  fileprivate mutating func key(_ key: TemplateKey) {
    field(UInt64(key.id))
    for half in [key.personHalf, key.ringHalf] { unsafe half.withBytes { unsafe field($0) } }
  }

  fileprivate mutating func result(_ result: MatchResult) {
    switch result {
    case .score(let score, let falseMatch):
      field("score")
      field(Int64(score))
      field(UInt64(falseMatch))
    case .failed(let failure): field(failure.rawValue)
    }
  }
}

extension LengthPrefixedReader {
  fileprivate mutating func small() throws(MalformedInput) -> UInt32 {
    guard let number = UInt32(exactly: try unsigned()) else {
      throw MalformedInput("matcher message", expected: "a number of 4 bytes")
    }
    return number
  }

  fileprivate mutating func hand() throws(MalformedInput) -> Hand {
    guard let hand = UInt8(exactly: try unsigned()).flatMap(Hand.init) else {
      throw MalformedInput("matcher message", expected: "hand 1 or 2")
    }
    return hand
  }

  fileprivate mutating func format() throws(MalformedInput) -> MatcherFormat {
    let name = try text()
    return try MatcherFormat(name, version: try small())
  }

  fileprivate mutating func template() throws(MalformedInput) -> BiometricTemplate {
    let format = try format()
    return try BiometricTemplate(format: format, bytes: try field())
  }
  fileprivate mutating func count(_ range: ClosedRange<Int>, of things: String) throws(MalformedInput) -> Int {
    guard let count = Int(exactly: try unsigned()), range.contains(count) else {
      throw MalformedInput("matcher message", expected: "\(range.lowerBound) to \(range.upperBound) \(things)")
    }
    return count
  }

  fileprivate mutating func templates(_ range: ClosedRange<Int>) throws(MalformedInput) -> [BiometricTemplate] {
    var templates: [BiometricTemplate] = []
    for _ in 0..<(try count(range, of: "templates")) { templates.append(try template()) }
    return templates
  }

  fileprivate mutating func key() throws(MalformedInput) -> TemplateKey {
    let id = try small()
    return try TemplateKey(id: id, personHalf: try half(), ringHalf: try half())
  }

  private mutating func half() throws(MalformedInput) -> Secret<KeyMaterial> {
    var bytes = try field()
    defer {
      unsafe bytes.withUnsafeMutableBytes { memory in
        if let base = memory.baseAddress { unsafe explicit_bzero(base, memory.count) }
      }
    }
    return Secret(copying: bytes)
  }

  fileprivate mutating func results(_ range: ClosedRange<Int>) throws(MalformedInput) -> [MatchResult] {
    var results: [MatchResult] = []
    for _ in 0..<(try count(range, of: "results")) { results.append(try result()) }
    return results
  }

  fileprivate mutating func result() throws(MalformedInput) -> MatchResult {
    func fault(_ expected: String) -> MalformedInput { MalformedInput("matcher message", expected: expected) }
    let word = try text()
    guard word == "score" else {
      guard let failure = MatcherFailure(rawValue: word) else { throw fault("a score or a failure") }
      return .failed(failure)
    }
    let (score, rate) = (try signed(), try unsigned())
    guard let score = Int32(exactly: score), rate <= UInt64(MatchResult.mostFalseMatch) else { throw fault("a score") }
    return .score(score, falseMatch: Int(rate))
  }
}
