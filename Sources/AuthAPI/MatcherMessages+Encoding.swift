public import AuthTerms

// One frame is one message: label, request id, word, fields; each length-prefixed, no optional parts, nothing after the last.

private let requestLabel = "sanmon/matcher-request/1"
private let answerLabel = "sanmon/matcher-answer/1"

extension MatcherRequest {
  /// Of one frame: a picture and what stands beside it.
  public static let frameLimit = BiometricSample.mostPictureBytes + 4096

  private enum Kind: String { case describe, picture, blob, compare }

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
      writer.field(UInt64(references.count))
      for reference in references { writer.template(reference) }
    }
    return writer.bytes
  }

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
      let probe = try reader.template()
      let count = try reader.unsigned()
      guard (1...UInt64(mostReferences)).contains(count) else {
        throw MalformedInput("matcher request", expected: "1 to \(mostReferences) references")
      }
      var references: [BiometricTemplate] = []
      for _ in 0..<count { references.append(try reader.template()) }
      request = .compare(probe: probe, references: references)
    }
    try reader.requireEnd()
    return (id, request)
  }
}

extension MatcherAnswer {
  private enum Kind: String { case described, extracted, retake, scored, failed }

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
      writer.field(UInt64((value.takesPictures ? 1 : 0) + (value.takesBlobs ? 2 : 0)))
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
      for result in results {
        switch result {
        case .score(let score, let falseMatch):
          writer.field("score")
          writer.field(Int64(score))
          writer.field(UInt64(falseMatch))
        case .failed(let failure): writer.field(failure.rawValue)
        }
      }
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
      guard (1...3).contains(abilities) else { throw fault("what it takes") }
      answer = .described(
        try MatcherDescription(
          name: name, vendor: vendor, version: version, format: format, modality: modality,
          takesPictures: abilities & 1 != 0, takesBlobs: abilities & 2 != 0))
    case .extracted:
      let template = try reader.template()
      let quality = try reader.unsigned()
      guard quality <= 100 else { throw fault("quality 0 to 100") }
      answer = .extracted(template, quality: Int(quality))
    case .retake:
      guard let advice = CaptureAdvice(rawValue: try reader.small()) else { throw fault("an advice") }
      answer = .retake(advice)
    case .scored:
      let count = try reader.unsigned()
      guard (1...UInt64(MatcherRequest.mostReferences)).contains(count) else {
        throw fault("1 to \(MatcherRequest.mostReferences) results")
      }
      var results: [MatchResult] = []
      for _ in 0..<count {
        let word = try reader.text()
        if word == "score" {
          let (score, rate) = (try reader.signed(), try reader.unsigned())
          guard let score = Int32(exactly: score), rate <= UInt64(MatchResult.mostFalseMatch) else { throw fault("a score") }
          results.append(.score(score, falseMatch: Int(rate)))
        } else {
          guard let failure = MatcherFailure(rawValue: word) else { throw fault("a score or a failure") }
          results.append(.failed(failure))
        }
      }
      answer = .scored(results)
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
}
