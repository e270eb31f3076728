public import AuthAPI
import AuthTerms
import Biometric

/// The second of our own two matchers: it puts palms under keys and compares them under keys (ISO/IEC 24745). It parses no pictures:
/// all that it reads has a fixed length. A key is there for one call.
///
/// A score is the normalised distance in millionths: lower is closer, 1,000,000 where the palms did not overlap enough. Policies
/// go by the false match rate beside it.
public final class PalmComparison: BiometricMatcher {
  public let facts: MatcherDescription
  private let formats: PalmFormats
  /// Holds no probe of its own: probes under a key bring their memory.
  private let comparator: VeinComparator
  /// One for each number of templates that a person may have.
  private let calibrations = [Calibration.standard]

  /// - Throws: `ComparisonFault` when there is no memory for it.
  public init() throws {
    formats = try PalmFormats()
    comparator = try VeinComparator(window: formats.window)
    facts = try MatcherDescription(
      name: "sanmon-palm-comparison", vendor: "Sanmon", version: "1", format: formats.template, modality: .palmVein,
      takesPictures: false, takesBlobs: false, takesKeys: true)
  }

  /// - Throws: always `unsupported`: the other matcher extracts.
  public func extract(_ sample: BiometricSample) throws(MatcherFailure) -> Extraction { throw .unsupported }

  /// - Throws: always `unsupported`: nothing is compared without a key.
  public func compare(
    _ probe: BiometricTemplate, with references: [BiometricTemplate]
  ) throws(MatcherFailure) -> [MatchResult] { throw .unsupported }

  /// - Throws: `otherTemplate` for what is no probe, or one that no calibration knows.
  public func protect(_ probe: BiometricTemplate, under key: TemplateKey) throws(MatcherFailure) -> BiometricTemplate {
    let upright = try formats.read(probe: probe).upright
    guard calibrations.contains(where: { $0.conditions.filterBank == upright.filterBank }) else { throw .otherTemplate }
    let protection = try Self.protection(key)
    guard let template = try? protection.protect(upright) else { throw .otherTemplate }
    return try formats.write(template)
  }

  /// Fused over all references: the closest counts, and the rate is that of the whole transaction.
  ///
  /// - Returns: a score; or `otherTemplate` for anything of another hand, format, key or filter bank, for damaged bytes, and for a
  ///   number of references without a calibration; or `implausible` when the probe is a reference or a former probe once more.
  public func verify(
    _ probe: BiometricTemplate, with references: [BiometricTemplate], former: [BiometricTemplate], under key: TemplateKey
  ) -> MatchResult {
    do throws(MatcherFailure) {
      let probe = try formats.read(probe: probe).probe
      let calibration = try calibration(for: probe, templates: references.count)
      var templates: [VeinTemplate] = []
      for bytes in references + former {
        let template = try formats.read(bytes)
        guard isComparable(template, probe, key) else { throw .otherTemplate }
        templates.append(template)
      }
      let found = try distances(probe, templates, key)
      guard !found.contains(where: { $0.map { Self.isImplausible($0, calibration) } ?? false }) else { throw .implausible }
      do throws(ComparisonFault) {
        let fused = try calibration.fused(Array(found.prefix(references.count)), under: calibration.conditions)
        return Self.result(fused.distance, strength: fused.strength, calibration)
      } catch { throw Self.failure(error) }
    } catch { return .failed(error) }
  }

  /// - Throws: `otherTemplate` for a template that `old` does not protect.
  public func rekey(
    _ templates: [BiometricTemplate], from old: TemplateKey, to new: TemplateKey
  ) throws(MatcherFailure) -> [BiometricTemplate] {
    let (former, other) = (try Self.protection(old), try Self.protection(new))
    var renewed: [BiometricTemplate] = []
    for bytes in templates {
      guard let template = try? former.rekey(try formats.read(bytes), to: other) else { throw .otherTemplate }
      renewed.append(try formats.write(template))
    }
    return renewed
  }

  /// Each reference for itself, at all alignments. The rate is the one measured for a whole transaction: with one template strangers
  /// come as close no more often.
  ///
  /// - Returns: for each reference a score, or `otherTemplate` as in `verify`.
  /// - Throws: `otherTemplate` for what is no probe.
  public func search(
    _ probe: BiometricTemplate, in references: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> [MatchResult] {
    let probe = try formats.read(probe: probe).probe
    guard let calibration = calibrations.first(where: { $0.conditions.filterBank == probe.filterBank }) else {
      throw .otherTemplate
    }
    var results = [MatchResult](repeating: .failed(.otherTemplate), count: references.count)
    var places: [Int] = []
    var templates: [VeinTemplate] = []
    for (place, bytes) in references.enumerated() {
      guard let template = try? formats.read(bytes), isComparable(template, probe, key) else { continue }
      places.append(place)
      templates.append(template)
    }
    guard !templates.isEmpty else { return results }
    let found = try distances(probe, templates, key)
    do throws(ComparisonFault) {
      for (place, distance) in zip(places, found) {
        let strength = try calibration.strength(of: distance, under: calibration.conditions)
        results[place] = Self.result(distance, strength: strength, calibration)
      }
    } catch { throw Self.failure(error) }
    return results
  }

  /// Nothing is kept: what held a probe, a template or a key was wiped when its call let go of it.
  public func zeroise() {}

  // MARK: Steps

  private func calibration(for probe: VeinProbe, templates: Int) throws(MatcherFailure) -> Calibration {
    guard let conditions = try? formats.window.conditions(filterBank: probe.filterBank, templates: templates),
      let calibration = calibrations.first(where: { $0.conditions == conditions })
    else { throw .otherTemplate }
    return calibration
  }

  private func isComparable(_ template: VeinTemplate, _ probe: VeinProbe, _ key: TemplateKey) -> Bool {
    template.hand == probe.hand && template.protectionKey == key.id && template.filterBank == probe.filterBank
      && template.alignmentWindow == probe.window.id
  }

  /// - Parameter templates: at least one, all comparable.
  private func distances(
    _ probe: VeinProbe, _ templates: [VeinTemplate], _ key: TemplateKey
  ) throws(MatcherFailure) -> [AlignedDistance?] {
    let protection = try Self.protection(key)
    do throws(ComparisonFault) {
      return try comparator.search(AlignedProbe(probe, under: protection), in: VeinGallery(of: templates))
    } catch { throw Self.failure(error) }
  }

  private static func protection(_ key: TemplateKey) throws(MatcherFailure) -> TemplateProtection {
    do throws(MalformedInput) {
      return try TemplateProtection(id: key.id, personHalf: key.personHalf, ringHalf: key.ringHalf)
    } catch { throw .libraryFailed }
  }

  /// Not one bit differing is the same sample, however few cells it has.
  private static func isImplausible(_ found: AlignedDistance, _ calibration: Calibration) -> Bool {
    found.distance == 0 || calibration.isWithin(found, millionths: Calibration.implausible)
  }

  private static func result(_ found: AlignedDistance?, strength: Int, _ calibration: Calibration) -> MatchResult {
    let whole = Double(Calibration.millionths)
    let score = found.map { calibration.normalisation.value(of: $0) * whole } ?? whole
    // Normalised distances lie between -1 and 1, strengths below 12.00.
    return .score(Int32(score.rounded()), falseMatch: 10 * strength)
  }

  private static func failure(_ fault: ComparisonFault) -> MatcherFailure {
    switch fault {
    case .mismatch: .otherTemplate
    case .outOfMemory, .path: .libraryFailed
    }
  }
}
