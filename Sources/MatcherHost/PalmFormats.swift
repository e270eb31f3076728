import AuthAPI
import AuthTerms
import Biometric

/// What passes between our own two matchers, and what is kept: docs/vein-template.md has both byte by byte.
struct PalmFormats {
  /// One capture in all poses of the window, one template after the other, not protected.
  let probe: MatcherFormat
  /// One template, upright, under a key.
  let template: MatcherFormat
  let window = AlignmentWindow.standard
  private let upright: Int

  init() throws(MalformedInput) {
    probe = try MatcherFormat("sanmon/palm-probe", version: 1)
    template = try MatcherFormat("sanmon/palm", version: 1)
    guard let upright = window.poses.firstIndex(of: .upright) else {
      throw MalformedInput("alignment window", expected: "the upright pose")
    }
    self.upright = upright
  }

  func write(probe sample: VeinSample) throws(MatcherFailure) -> BiometricTemplate {
    try write(sample.poses.flatMap(\.encoded), as: probe)
  }

  func write(_ protected: VeinTemplate) throws(MatcherFailure) -> BiometricTemplate {
    try write(protected.encoded, as: template)
  }

  private func write(_ bytes: [UInt8], as format: MatcherFormat) throws(MatcherFailure) -> BiometricTemplate {
    do throws(MalformedInput) { return try BiometricTemplate(format: format, bytes: bytes) } catch { throw .libraryFailed }
  }

  /// - Throws: `otherTemplate` for whatever `write(probe:)` does not write.
  func read(probe bytes: BiometricTemplate) throws(MatcherFailure) -> (probe: VeinProbe, upright: VeinTemplate) {
    guard bytes.format == probe, bytes.bytes.count == window.poses.count * VeinTemplate.encodedBytes else {
      throw .otherTemplate
    }
    var poses: [VeinTemplate] = []
    for pose in window.poses.indices {
      let start = pose * VeinTemplate.encodedBytes
      poses.append(try decode(bytes.bytes[start..<start + VeinTemplate.encodedBytes]))
    }
    do throws(ComparisonFault) { return (try VeinProbe(poses, window: window), poses[upright]) } catch { throw .otherTemplate }
  }

  /// - Throws: `otherTemplate` for another format, a damaged one, and one that is not protected.
  func read(_ bytes: BiometricTemplate) throws(MatcherFailure) -> VeinTemplate {
    guard bytes.format == template else { throw .otherTemplate }
    let read = try decode(bytes.bytes[...])
    guard read.protectionKey != 0 else { throw .otherTemplate }
    return read
  }

  private func decode(_ bytes: ArraySlice<UInt8>) throws(MatcherFailure) -> VeinTemplate {
    do throws(MalformedInput) { return try VeinTemplate(decoding: bytes) } catch { throw .otherTemplate }
  }
}
