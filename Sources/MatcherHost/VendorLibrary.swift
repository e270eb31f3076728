public import AuthAPI
import AuthTerms
import CMatcherABI
import Foundation

/// Why a library cannot be used at all: said at the start, to the administrator.
public struct VendorLibraryFault: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// A vendor's library, loaded into this process. Whatever it answers is held to its own description; what cannot be an answer is a
/// failure, never a score.
///
/// trusted: not at all. Its process holds nothing but what one call gives it.
public final class VendorLibrary: BiometricMatcher {
  public let facts: MatcherDescription
  private let functions: sanmon_matcher_functions
  private let matcher: OpaquePointer
  private let mostTemplateBytes: Int
  private let scores: ClosedRange<Int32>
  private let decode: (_ file: [UInt8]) throws(MatcherFailure) -> GreyPicture

  /// - Parameters:
  ///   - path: of the library.
  ///   - configuration: what stands in the administrator's file.
  ///   - decode: reads a picture out of its file.
  public init(
    path: String, configuration: String, decode: @escaping (_ file: [UInt8]) throws(MatcherFailure) -> GreyPicture
  ) throws(VendorLibraryFault) {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw Self.fault("\(path) cannot be loaded: \(dlerror().map { String(cString: $0) } ?? "")")
    }
    guard let symbol = dlsym(handle, "sanmon_matcher_functions") else {
      throw Self.fault("\(path) has no symbol sanmon_matcher_functions")
    }
    typealias Table = @convention(c) () -> UnsafePointer<sanmon_matcher_functions>?
    guard let table = unsafeBitCast(symbol, to: Table.self)()?.pointee else { throw Self.fault("the library gives no table") }
    guard table.abi == SANMON_MATCHER_ABI, table.bytes == MemoryLayout<sanmon_matcher_functions>.size else {
      throw Self.fault(
        "the library is made for another ABI (\(table.abi), \(table.bytes) bytes; here \(SANMON_MATCHER_ABI), "
          + "\(MemoryLayout<sanmon_matcher_functions>.size))")
    }
    guard let describe = table.describe, let open = table.open, table.close != nil, table.extract != nil,
      table.compare != nil, table.threshold_for_fmr != nil, table.zeroise != nil
    else { throw Self.fault("the library's table has a hole") }
    let gallery = [table.gallery_make != nil, table.gallery_free != nil, table.identify != nil]
    guard Set(gallery).count == 1 else { throw Self.fault("the library's table has half a gallery") }
    var said = sanmon_matcher_description()
    guard describe(&said) == SANMON_MATCHER_OK else { throw Self.fault("the library does not describe itself") }
    facts = try Self.facts(said)
    guard (1...SANMON_MATCHER_MOST_BYTES).contains(said.most_template_bytes), said.least_score < said.most_score else {
      throw Self.fault("the library's limits are none")
    }
    mostTemplateBytes = Int(said.most_template_bytes)
    scores = said.least_score...said.most_score
    var made: OpaquePointer?
    guard open(configuration, &made) == SANMON_MATCHER_OK, let made else {
      throw Self.fault("the library does not open with this configuration")
    }
    functions = table
    matcher = made
    self.decode = decode
  }

  deinit { functions.close(matcher) }

  private static func fault(_ words: String) -> VendorLibraryFault { VendorLibraryFault(description: words) }

  private static func facts(_ said: sanmon_matcher_description) throws(VendorLibraryFault) -> MatcherDescription {
    func text(_ pointer: UnsafePointer<CChar>?) -> String {
      guard let pointer else { return "" }
      let length = strnlen(pointer, 64)
      return String(
        validating: UnsafeRawBufferPointer(start: pointer, count: length), as: UTF8.self) ?? ""
    }
    do {
      guard let modality = MatcherDescription.Modality(rawValue: UInt64(said.modality)) else {
        throw fault("the library has a modality that is not known")
      }
      return try MatcherDescription(
        name: text(said.name), vendor: text(said.vendor), version: text(said.version),
        format: MatcherFormat(text(said.format), version: said.format_version), modality: modality,
        takesPictures: said.abilities & SANMON_MATCHER_PICTURES != 0, takesBlobs: said.abilities & SANMON_MATCHER_BLOBS != 0)
    } catch let error as MalformedInput {
      throw fault("the library's description is malformed: \(error.expected)")
    } catch let error as VendorLibraryFault {
      throw error
    } catch { throw fault("the library's description is malformed") }
  }

  // MARK: Extraction

  public func extract(_ sample: BiometricSample) throws(MatcherFailure) -> Extraction {
    var said = sanmon_matcher_sample()
    said.hand = UInt32(sample.hand.rawValue)
    switch sample.content {
    case .picture(let file, let wavelength, let resolution):
      guard facts.takesPictures else { throw .unsupported }
      let picture = try decode(file)
      said.kind = SANMON_MATCHER_PICTURES
      (said.width, said.height, said.bits) = (UInt32(picture.width), UInt32(picture.height), UInt32(picture.bits))
      (said.wavelength, said.resolution) = (wavelength, resolution)
      return try extract(said, picture.pixels)
    case .blob(let format, let bytes):
      guard facts.takesBlobs, format.name == facts.format.name else { throw .unsupported }
      said.kind = SANMON_MATCHER_BLOBS
      said.blob_version = format.version
      return try extract(said, bytes)
    }
  }

  private func extract(_ sample: sanmon_matcher_sample, _ bytes: [UInt8]) throws(MatcherFailure) -> Extraction {
    var sample = sample
    var room = [UInt8](repeating: 0, count: mostTemplateBytes)
    defer { wipe(&room) }
    var (count, quality, reason) = (0, UInt32.max, UInt32(SANMON_MATCHER_NO_REASON))
    let status = bytes.withUnsafeBufferPointer { bytes in
      sample.bytes = bytes.baseAddress
      sample.count = bytes.count
      return functions.extract(matcher, &sample, &room, &count, &quality, &reason)
    }
    switch status {
    case SANMON_MATCHER_OK:
      guard (1...mostTemplateBytes).contains(count), quality <= 100,
        let template = try? BiometricTemplate(format: facts.format, bytes: Array(room[..<count]))
      else { throw .malformedReply }
      return .template(template, quality: min(Int(quality), try self.quality(of: template)))
    case SANMON_MATCHER_SAMPLE:
      guard let advice = CaptureAdvice(rawValue: reason) else { throw .malformedReply }
      return .retake(advice)
    default: throw Self.failure(status)
    }
  }

  /// What the library says of a template by itself; the best where it says nothing.
  private func quality(of template: BiometricTemplate) throws(MatcherFailure) -> Int {
    guard let ask = functions.quality else { return 100 }
    var quality = UInt32.max
    let status = template.bytes.withUnsafeBufferPointer { bytes in
      var made = sanmon_matcher_bytes(bytes: bytes.baseAddress, count: bytes.count)
      return ask(matcher, &made, &quality)
    }
    guard status == SANMON_MATCHER_OK else { throw Self.failure(status) }
    guard quality <= 100 else { throw .malformedReply }
    return Int(quality)
  }

  private static func failure(_ status: Int32) -> MatcherFailure {
    switch status {
    case SANMON_MATCHER_TEMPLATE: .otherTemplate
    case SANMON_MATCHER_UNSUPPORTED: .unsupported
    case SANMON_MATCHER_FAILED: .libraryFailed
    default: .malformedReply
    }
  }

  // MARK: Comparison

  public func compare(
    _ probe: BiometricTemplate, with references: [BiometricTemplate]
  ) throws(MatcherFailure) -> [MatchResult] {
    guard probe.format == facts.format else { throw .otherTemplate }
    // One of another format is told apart here: the library never sees it.
    let own = references.filter { $0.format == facts.format }
    guard !own.isEmpty else { return references.map { _ in .failed(.otherTemplate) } }
    // What is not written stays what no answer can be.
    var written = [sanmon_matcher_score](
      repeating: sanmon_matcher_score(status: .min, score: .min, false_match: .nan), count: own.count)
    // In one piece, so that the library gets a place for each for as long as the call takes.
    var bytes = own.flatMap(\.bytes)
    defer { wipe(&bytes) }
    let status = probe.bytes.withUnsafeBufferPointer { probeBytes in
      bytes.withUnsafeBufferPointer { bytes in
        var start = 0
        let places = own.map { reference -> sanmon_matcher_bytes in
          defer { start += reference.bytes.count }
          return sanmon_matcher_bytes(bytes: bytes.baseAddress.map { $0 + start }, count: reference.bytes.count)
        }
        var probe = sanmon_matcher_bytes(bytes: probeBytes.baseAddress, count: probeBytes.count)
        return functions.compare(matcher, &probe, places, places.count, &written)
      }
    }
    guard status == SANMON_MATCHER_OK else { throw Self.failure(status) }
    var rest = written[...]
    return references.map { $0.format == facts.format ? result(rest.removeFirst()) : .failed(.otherTemplate) }
  }

  private func result(_ said: sanmon_matcher_score) -> MatchResult {
    guard said.status == SANMON_MATCHER_OK else {
      // An error that brings a score along is neither.
      guard said.score == 0, said.false_match == 0 else { return .failed(.malformedReply) }
      return .failed(Self.failure(said.status))
    }
    // NaN is in no range.
    guard scores.contains(said.score), said.false_match >= 0, said.false_match * 1000 <= Double(MatchResult.mostFalseMatch)
    else { return .failed(.malformedReply) }
    // Rounded down: what a policy asks for is reached or not.
    return .score(said.score, falseMatch: Int(said.false_match * 1000))
  }

  /// The score at which so many templates of one person, compared together, let strangers in at a rate of 10^−exponent.
  /// - Throws: `MatcherFailure`; `.malformedReply` for one outside the library's own range.
  public func threshold(exponent: Int, templates: Int) throws(MatcherFailure) -> Int32 {
    guard (3...9).contains(exponent), (1...MatcherRequest.mostReferences).contains(templates) else { throw .unsupported }
    var score = Int32.min
    let status = functions.threshold_for_fmr(matcher, UInt32(exponent), UInt32(templates), &score)
    guard status == SANMON_MATCHER_OK else { throw Self.failure(status) }
    guard scores.contains(score) else { throw .malformedReply }
    return score
  }

  public func zeroise() { functions.zeroise(matcher) }

  private func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }
  }
}
