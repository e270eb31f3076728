public import AuthAPI
public import AuthTerms
import Biometric

/// The first of our own two matchers: pictures of palms become probes. It parses what comes from a sensor, so it is given no keys
/// and no templates of anybody.
///
/// A probe is one capture in the nine poses of `AlignmentWindow.standard`, not protected: 18,720 bytes that are as good as the palm
/// until `PalmComparison` has put them under a key.
public final class PalmExtraction: BiometricMatcher {
  public let facts: MatcherDescription
  private let formats: PalmFormats
  private let extractor: VeinExtractor
  private let resolution: Int

  /// Nanometres that count where a sensor does not tell its wavelength; no result depends on it.
  private static let usualWavelength: UInt32 = 850

  /// - Parameter resolution: pixels per centimetre of sensors that do not tell it, 12 to 80.
  public init(resolution: Int) throws(MalformedInput) {
    _ = try CaptureConditions(hand: .right, wavelength: Int(Self.usualWavelength), resolution: resolution)
    formats = try PalmFormats()
    extractor = VeinExtractor(window: formats.window)
    self.resolution = resolution
    facts = try MatcherDescription(
      name: "sanmon-palm-extraction", vendor: "Sanmon", version: "1", format: formats.probe, modality: .palmVein,
      takesPictures: true, takesBlobs: false)
  }

  /// - Throws: `unsupported` for a blob; `malformedSample` for bytes that are no picture, and for a wavelength or a resolution outside
  ///   the limits of `CaptureConditions`.
  public func extract(_ sample: BiometricSample) throws(MatcherFailure) -> Extraction {
    guard case .picture(let file, let wavelength, let resolution) = sample.content else { throw .unsupported }
    let picture: PalmPicture
    let conditions: CaptureConditions
    do {
      picture = try PalmPicture(decoding: file)
      conditions = try CaptureConditions(
        hand: sample.hand, wavelength: Int(wavelength == 0 ? Self.usualWavelength : wavelength),
        resolution: resolution == 0 ? self.resolution : Int(resolution))
    } catch { throw .malformedSample }
    switch extractor.extract(picture, conditions) {
    case .sample(let sample):
      return .template(try formats.write(probe: sample), quality: Int(sample.quality.score))
    case .refused(let advice): return .retake(advice)
    }
  }

  /// - Throws: always `unsupported`: the other matcher compares.
  public func compare(
    _ probe: BiometricTemplate, with references: [BiometricTemplate]
  ) throws(MatcherFailure) -> [MatchResult] { throw .unsupported }

  /// Nothing is kept.
  public func zeroise() {}
}
