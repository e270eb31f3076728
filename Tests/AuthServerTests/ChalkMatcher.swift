import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import MatcherHost

/// A sensor and its matcher for tests of everything around them: what a capture is worth is written on it. Behind the real server of
/// matchers, on a socket; how palms are really compared is tested with the matchers themselves.
struct ChalkMatcher: BiometricMatcher {
  /// What a chalk palm says of itself.
  struct Capture {
    var hand: Hand = .right
    var palm: UInt8
    /// The same number is the same capture.
    var number: UInt8
    /// −log10 of the false match rate that it reaches with its own palm, in tenths.
    var strength: UInt8 = 72
    var advice: CaptureAdvice?
    /// The matcher fails at it.
    var isBroken = false

    var bytes: [UInt8] {
      [hand.rawValue, advice.map { UInt8($0.rawValue) } ?? 255, palm, number, strength, isBroken ? 1 : 0]
    }

    var message: PalmSampleMessage {
      PalmSampleMessage(
        hand: hand.name, sensor: "chalk-1", blob: Data(bytes), format: "CHK", formatVersion: 1)
    }

    /// The capture as a picture file, for what looks at its first two bytes.
    var picture: Data { Data("P5".utf8) + Data(bytes) }
  }

  let facts: MatcherDescription

  init(takesKeys: Bool = true, takesPictures: Bool = false) throws {
    facts = try MatcherDescription(
      name: "chalk", vendor: "tests", version: "1", format: MatcherFormat("CHK", version: 1), modality: .palmVein,
      takesPictures: takesPictures, takesBlobs: !takesPictures, takesKeys: takesKeys)
  }

  /// Serves it until the returned closure is called.
  static func serve(
    at socket: String, takesKeys: Bool = true, takesPictures: Bool = false
  ) throws -> @Sendable () -> Void {
    let server = try MatcherServer(
      socket: socket, mode: 0o600, peers: [getuid()], deadlineMilliseconds: 5000,
      makeMatcher: { try ChalkMatcher(takesKeys: takesKeys, takesPictures: takesPictures) })
    Thread.detachNewThread { try? server.run() }
    return { server.stop() }
  }

  func extract(_ sample: BiometricSample) throws(MatcherFailure) -> Extraction {
    let bytes: [UInt8]
    switch sample.content {
    case .blob(_, let blob): bytes = blob
    case .picture(let file, _, _): bytes = file.starts(with: Array("P5".utf8)) ? Array(file.dropFirst(2)) : []
    }
    guard bytes.count == 6 else { throw .malformedSample }
    if bytes[5] == 1 { throw .libraryFailed }
    if bytes[1] != 255 { return .retake(CaptureAdvice(rawValue: UInt32(bytes[1])) ?? .again) }
    guard bytes[0] == sample.hand.rawValue else { return .retake(.otherHand) }
    return .template(try template(bytes), quality: 80)
  }

  func compare(_ probe: BiometricTemplate, with references: [BiometricTemplate]) throws(MatcherFailure) -> [MatchResult] {
    references.map { result(probe.bytes, $0.bytes) }
  }

  func protect(_ probe: BiometricTemplate, under key: TemplateKey) throws(MatcherFailure) -> BiometricTemplate {
    try template(mark(key) + probe.bytes)
  }

  func verify(
    _ probe: BiometricTemplate, with references: [BiometricTemplate], former: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> MatchResult {
    let known = try (references + former).map { (template) throws(MatcherFailure) in try opened(template, key) }
    if known.contains(where: { $0[2...3] == probe.bytes[2...3] }) { throw .implausible }
    let results = try references.map { (template) throws(MatcherFailure) in result(probe.bytes, try opened(template, key)) }
    return results.first { $0 != .score(0, falseMatch: 0) } ?? .score(0, falseMatch: 0)
  }

  func rekey(
    _ templates: [BiometricTemplate], from old: TemplateKey, to new: TemplateKey
  ) throws(MatcherFailure) -> [BiometricTemplate] {
    try templates.map { (known) throws(MatcherFailure) in try template(mark(new) + opened(known, old)) }
  }

  func search(
    _ probe: BiometricTemplate, in references: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> [MatchResult] {
    try references.map { (template) throws(MatcherFailure) in
      let known = try opened(template, key)
      return known == probe.bytes ? .failed(.implausible) : result(probe.bytes, known)
    }
  }

  func zeroise() {}

  private func result(_ probe: [UInt8], _ reference: [UInt8]) -> MatchResult {
    .score(0, falseMatch: probe[2] == reference[2] ? Int(probe[4]) * 100 : 0)
  }

  private func template(_ bytes: [UInt8]) throws(MatcherFailure) -> BiometricTemplate {
    guard let template = try? BiometricTemplate(format: facts.format, bytes: bytes) else { throw .malformedReply }
    return template
  }

  private func mark(_ key: TemplateKey) -> [UInt8] {
    var hash = SHA256()
    key.personHalf.withBytes { hash.update(bufferPointer: $0) }
    key.ringHalf.withBytes { hash.update(bufferPointer: $0) }
    return Array(hash.finalize()).prefix(8) + [UInt8(truncatingIfNeeded: key.id)]
  }

  private func opened(_ template: BiometricTemplate, _ key: TemplateKey) throws(MatcherFailure) -> [UInt8] {
    guard template.bytes.starts(with: mark(key)) else { throw .otherTemplate }
    return Array(template.bytes.dropFirst(9))
  }
}

/// A city of the My Number segment with a chalk sensor, one clerk with a card, and what she does with her palm.
final class PalmCity: Sendable {
  let city: City
  let stopMatcher: @Sendable () -> Void
  /// Takahashi Ichiro.
  let person = "p-000007"

  static func lines(_ folder: String) -> String {
    "palm-matchers: [{extract-socket: \(folder)/palm.sock, compare-socket: \(folder)/palm.sock}]"
  }

  init(takesKeys: Bool = true, takesPictures: Bool = false) async throws {
    city = try await City(segment: .mynumber, lines: Self.lines)
    stopMatcher = try ChalkMatcher.serve(
      at: city.folder + "/palm.sock", takesKeys: takesKeys, takesPictures: takesPictures)
    _ = try await city.importPeople()
  }

  func end() async {
    await city.end()
    stopMatcher()
  }

  /// Registers captures 1 to 3 of a palm.
  @discardableResult
  func enrol(
    _ captures: [ChalkMatcher.Capture] = (1...3).map { ChalkMatcher.Capture(palm: 7, number: $0) }, of person: String? = nil,
    noticeGiven: Bool = true
  ) async throws -> PalmEnrolled {
    try await city.link.call(
      "POST", "/v1/admin/people/\(person ?? self.person)/palms",
      PalmEnrolment(noticeGiven: noticeGiven, samples: captures.map(\.message)))
  }

  func palms(of person: String? = nil) async throws -> [PalmSummary] {
    try await city.link.fetch("/v1/admin/people/\(person ?? self.person)/palms")
  }
}

extension TestWorkstation {
  /// A palm in a ceremony that was begun: with the card or the session's key at first, alone afterwards.
  func show(
    _ capture: ChalkMatcher.Capture, in opened: Opened, _ card: TestCard? = nil, isFirst: Bool = true, bend: Bool = false
  ) async throws -> CeremonyAnswer {
    var message = try proofs(opened, card)
    if !isFirst {
      message.card = nil
      message.sessionSignature = nil
    }
    message.palm = try palm(capture.message, in: opened, bend: bend)
    return try await prove(opened, message)
  }

  func palm(_ sample: PalmSampleMessage, in opened: Opened, bend: Bool = false) throws -> PalmProofMessage {
    let bytes = sample.blob ?? sample.picture ?? Data()
    let preimage = PalmPreimage(
      nonce: Array(opened.ceremony.nonce), ceremony: opened.ceremony.ceremony, sensor: sample.sensor, hand: sample.hand,
      sample: Array(SHA256.hash(data: bend ? Data([0]) : bytes)))
    return PalmProofMessage(sample: sample, signature: try sessionSignature(over: preimage.canonicalBytes))
  }
}
