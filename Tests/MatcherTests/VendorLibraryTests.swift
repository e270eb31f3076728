import AuthAPI
import AuthTerms
import Foundation
import MatcherHost
import Testing

@Suite("a vendor's library, held to its own description", .serialized, .enabled(if: Built.isThere, "run deploy/test"))
struct VendorLibraryTests {
  private func failure<R>(_ work: () throws -> R) -> MatcherFailure? {
    do {
      _ = try work()
      return nil
    } catch { return error as? MatcherFailure }
  }

  private func picture(_ seed: Int, _ width: Int = 64, _ height: Int = 64) throws -> BiometricSample {
    let pixels = (0..<(width * height)).map { place in
      UInt8(60 + (place / width / 4 * 7 + place % width / 4 * 13 + seed * (place / 97)) % 150)
    }
    return try BiometricSample(
      hand: .right, content: .picture(file: [UInt8(width), UInt8(height)] + pixels, wavelength: 850, resolution: 0))
  }

  private func template(_ library: VendorLibrary, _ sample: BiometricSample) throws -> BiometricTemplate {
    guard case .template(let template, let quality) = try library.extract(sample) else { throw CocoaError(.featureUnsupported) }
    #expect((0...100).contains(quality))
    return template
  }

  @Test("one that takes pictures: the same palm is near, another is not, too dark and too small are told")
  func pictures() throws {
    let library = try Built.open("ExamplePictureMatcher")
    #expect(library.facts.name == "example-pictures" && library.facts.takesPictures && !library.facts.takesBlobs)
    let (one, other) = (try template(library, picture(0)), try template(library, picture(5)))
    #expect(one.format == library.facts.format && one != other)
    let results = try library.compare(one, with: [one, other])
    guard case .score(256, falseMatch: 15_000) = results[0], case .score(let score, let rate) = results[1] else {
      Issue.record("\(results)")
      return
    }
    #expect(score < 256 && rate < 15_000)
    let dark = [UInt8](repeating: 1, count: 64 * 64)
    let sample = try BiometricSample(hand: .left, content: .picture(file: [64, 64] + dark, wavelength: 0, resolution: 0))
    guard case .retake(.tooDark) = try library.extract(sample) else {
      Issue.record("dark")
      return
    }
    guard case .retake(.tooFar) = try library.extract(picture(0, 8, 8)) else {
      Issue.record("small")
      return
    }
    #expect(try library.threshold(exponent: 5, templates: 3) > library.threshold(exponent: 3, templates: 3))
    #expect(failure { try library.threshold(exponent: 2, templates: 1) } == .unsupported)
    #expect(failure { try library.extract(Built.blob([1], of: "EXP", 1)) } == .unsupported)
    let broken = try BiometricSample(hand: .left, content: .picture(file: [64, 64, 1], wavelength: 0, resolution: 0))
    #expect(failure { try library.extract(broken) } == .malformedSample)
  }

  @Test("one that takes blobs gets them untouched, and its configuration")
  func blobs() throws {
    let library = try Built.open("ExampleBlobMatcher", "needed=40\n")
    let bytes = Array("BLOB".utf8) + [2] + (0..<64).map { UInt8($0) }
    let kept = try template(library, Built.blob(bytes, of: "EXB", 7))
    #expect(kept.bytes == bytes)
    var worn = bytes
    for place in 10..<30 { worn[place] ^= 1 }
    let probe = try template(library, Built.blob(worn, of: "EXB", 7))
    #expect(try library.compare(probe, with: [kept]) == [.score(44, falseMatch: 6000)])
    #expect(try library.threshold(exponent: 6, templates: 1) == 40)
    // Its own reasons, other versions, other vendors, what is no blob.
    guard case .retake(.otherHand) = try library.extract(Built.blob(bytes, of: "EXB", 7, .right)) else {
      Issue.record("hand")
      return
    }
    #expect(failure { try library.extract(Built.blob(bytes, of: "EXB", 6)) } == .unsupported)
    #expect(failure { try library.extract(Built.blob(bytes, of: "EXP", 7)) } == .unsupported)
    #expect(failure { try library.extract(Built.blob([1, 2], of: "EXB", 7)) } == .libraryFailed)
    // A template of another format is an error of its own, and the others are compared.
    let foreign = try BiometricTemplate(format: MatcherFormat("EXB", version: 8), bytes: bytes)
    let damaged = try BiometricTemplate(format: library.facts.format, bytes: [1])
    #expect(
      try library.compare(probe, with: [foreign, kept, damaged]) == [
        .failed(.otherTemplate), .score(44, falseMatch: 6000), .failed(.otherTemplate),
      ])
    #expect(try library.compare(probe, with: [foreign]) == [.failed(.otherTemplate)])
    #expect(failure { try library.compare(foreign, with: [kept]) } == .otherTemplate)
    #expect(failure { try library.compare(damaged, with: [kept]) } == .otherTemplate)
  }

  @Test(
    "an answer that cannot be one is a failure and no score",
    arguments: [
      "nan", "infinite", "negative", "beyond", "score-high", "score-low", "both", "status", "short",
    ])
  func malformedScores(manner: String) throws {
    let library = try Built.open("HostileMatcher")
    let (bad, good) = (try Built.hostileTemplate(manner), try Built.hostileTemplate("fine"))
    // The last one is the one that is wrong.
    #expect(try library.compare(good, with: [bad, good]) == [.score(100, falseMatch: 15_000), .failed(.malformedReply)])
    #expect(try library.compare(good, with: [bad]) == [.failed(.malformedReply)])
    #expect(try library.compare(good, with: [good]) == [.score(100, falseMatch: 15_000)])
  }

  @Test("whole answers that cannot be one, and its own failure")
  func malformedAnswers() throws {
    let library = try Built.open("HostileMatcher")
    for (manner, expected) in [("failed", MatcherFailure.libraryFailed), ("unknown", .malformedReply)] {
      let bad = try Built.hostileTemplate(manner)
      #expect(failure { try library.compare(bad, with: [bad]) } == expected)
    }
    for manner in ["count-large", "count-huge", "count-none", "quality", "reason", "unknown"] {
      #expect(failure { try library.extract(Built.hostile(manner)) } == .malformedReply, "\(manner)")
    }
    guard case .retake(.again) = try library.extract(Built.hostile("no-reason")) else {
      Issue.record("no reason")
      return
    }
    #expect(try library.threshold(exponent: 4, templates: 1) == 50)
    #expect(failure { try library.threshold(exponent: 9, templates: 1) } == .malformedReply)
    guard case .template(let template, 50) = try library.extract(Built.hostile("fine")) else {
      Issue.record("fine")
      return
    }
    #expect(template.bytes == [UInt8](repeating: 7, count: 64))
  }

  @Test(
    "a template that its own library grades lower counts lower; a grade that is none is a failure; without one the first counts"
  )
  func graded() throws {
    func quality(_ manner: String, _ library: VendorLibrary) throws -> Int? {
      if case .template(_, let quality) = try library.extract(Built.hostile(manner)) { quality } else { nil }
    }
    let library = try Built.open("HostileMatcher")
    #expect(try quality("graded-low", library) == 20)
    #expect(try quality("graded-high", library) == 50)
    for (manner, expected) in [
      ("graded-over", MatcherFailure.malformedReply), ("graded-nothing", .malformedReply), ("graded-unknown", .malformedReply),
      ("graded-failed", .libraryFailed),
    ] {
      #expect(failure { try library.extract(Built.hostile(manner)) } == expected, "\(manner)")
    }
    setenv("SANMON_HOSTILE", "no-quality", 1)
    let without = try Built.open("HostileMatcher")
    unsetenv("SANMON_HOSTILE")
    #expect(try quality("graded-low", without) == 50)
    // The examples: half of the features seen, and a picture of which three quarters are dark.
    let blobs = try Built.open("ExampleBlobMatcher")
    let half = Array("BLOB".utf8) + [2] + (0..<64).map { $0 < 32 ? 0 : 9 }
    guard case .template(_, 50) = try blobs.extract(Built.blob(half, of: "EXB", 7)) else {
      Issue.record("half of the features")
      return
    }
    let pixels = (0..<64 * 64).map { UInt8($0 < 16 * 64 ? 200 : 100) }
    let dark = try BiometricSample(hand: .left, content: .picture(file: [64, 64] + pixels, wavelength: 0, resolution: 0))
    guard case .template(_, 50) = try Built.open("ExamplePictureMatcher").extract(dark) else {
      Issue.record("a quarter above the mean")
      return
    }
  }

  @Test("what is no library of ours is refused with its reason")
  func refused() throws {
    func words(_ work: () throws -> VendorLibrary) -> String {
      do {
        _ = try work()
        return "opened"
      } catch { return "\(error)" }
    }
    #expect(words { try Built.open("nothing-there") }.contains("cannot be loaded"))
    let libc = "/lib/x86_64-linux-gnu/libz.so.1"
    if FileManager.default.fileExists(atPath: libc) {
      #expect(
        words { try VendorLibrary(path: libc, configuration: "") { (_) throws(MatcherFailure) in throw .unsupported } }
          .contains("no symbol"))
    }
    for (manner, expected) in [
      ("no-table", "no table"), ("other-abi", "another ABI"), ("former-abi", "another ABI"), ("half-gallery", "half a gallery"),
      ("short-table", "another ABI"), ("hole", "hole"),
      ("describe-nothing", "modality"), ("describe-large", "limits"), ("describe-line", "malformed"),
      ("describe-scores", "limits"),
    ] {
      setenv("SANMON_HOSTILE", manner, 1)
      #expect(words { try Built.open("HostileMatcher") }.contains(expected), "\(manner)")
      unsetenv("SANMON_HOSTILE")
    }
    for configuration in ["open-fails", "open-null"] {
      #expect(words { try Built.open("HostileMatcher", configuration) }.contains("does not open"), "\(configuration)")
    }
  }
}

@Suite("pictures as a library gets them")
struct GreyPictureTests {
  private func file(_ largest: Int, _ samples: [UInt8]) -> [UInt8] { Array("P5\n128 128\n\(largest)\n".utf8) + samples }

  @Test("8 bits stay 8 bits; 16 bits come in little-endian order, unless 8 say as much")
  func depths() throws {
    let eight = (0..<128 * 128).map { UInt8(truncatingIfNeeded: $0 / 3) }
    let picture = try GreyPicture(decoding: file(255, eight))
    #expect(picture.width == 128 && picture.height == 128 && picture.bits == 8 && picture.pixels == eight)
    let doubled = try GreyPicture(decoding: file(65_535, eight.flatMap { [$0, $0] }))
    #expect(doubled.bits == 8 && doubled.pixels == eight)
    let deep = try GreyPicture(decoding: file(65_535, eight.flatMap { [$0, 7] }))
    #expect(deep.bits == 16 && deep.pixels == eight.flatMap { [7, $0] })
  }

  @Test("what is no picture, and what is none of a palm's size, is a malformed sample; no pixel is printed")
  func refused() throws {
    for bytes in [[], [1, 2, 3], file(255, []), Array("P5\n8 8\n255\n".utf8) + [UInt8](repeating: 9, count: 64)] {
      #expect(throws: MatcherFailure.malformedSample) { try GreyPicture(decoding: bytes) }
    }
    #expect(GreyPicture(width: 8, height: 8, bits: 8, pixels: [1]) == nil)
    #expect(GreyPicture(width: 1, height: 1, bits: 12, pixels: [1]) == nil)
    var dumped = ""
    dump(try #require(GreyPicture(width: 1, height: 1, bits: 8, pixels: [201])), to: &dumped)
    #expect(!dumped.contains("201"))
  }
}
