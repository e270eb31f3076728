import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import MatcherLink
import Storage

/// A palm that was shown, and what came of it.
struct ShownPalm: Sendable {
  enum Outcome: Sendable {
    case compared(PalmComparison)
    case retake(CaptureAdvice)
    /// No answer could be found, or none is looked for now: neither a match nor a failure.
    case unavailable(String)
    /// What was shown before.
    case replayed(String)
  }

  let sample: SampleFingerprint
  let sensor: SensorID
  let outcome: Outcome
}

/// How close a sample came to the palm it was compared with.
struct PalmComparison: Sendable {
  /// As it was read; the decision looks whether it is still so.
  let palm: RegisteredPalm
  /// −log10 of the false match rate of the whole comparison, in thousandths.
  let strength: Int
  /// `RegisteredPalm.recent` with this capture, should it let the person in.
  let recent: [UInt8]

  /// 6 for 1e-6; what was not reached in full does not count.
  var exponent: Int { strength / 1000 }
}

/// Compares shown palms with the ones that are registered for whoever has shown a card, or holds the session's key.
struct PalmVerifier: Sendable {
  let services: Services

  private static let tooClose = "closer than two captures of one palm ever are"

  private struct Known: Sendable {
    let person: PersonID
    let palms: [RegisteredPalm]
    let isKnownSample: Bool
    let isBlocked: Bool
  }

  /// - Returns: `nil` when nobody is known whose palm it could be: the decision says why.
  func check(_ capture: PalmCapture, _ ceremony: OpenCeremony, now: Moment) async throws -> ShownPalm? {
    let (fingerprint, day) = (capture.fingerprint, services.local(now).day)
    let found = try await services.store.lookUp { (state) throws(StorageFault) -> Known? in
      guard let person = try Self.holder(ceremony, on: day, state), try state.person(person)?.isEnabled == true else {
        return nil
      }
      return Known(
        person: person, palms: try state.palms(of: person), isKnownSample: try state.isKnown(fingerprint),
        isBlocked: try Throttling.blockedUntil([.palm(person), .person(person)], now: now, in: state) != nil)
    }
    guard let found else { return nil }
    let outcome = await compare(capture.sample, found)
    let rates = services.policy.policy.palmRates(ceremony.segment) ?? .weakest
    services.metrics.add(to: "sanmon_palms_total", [Self.label(outcome, rates)])
    return ShownPalm(sample: fingerprint, sensor: capture.sensor, outcome: outcome)
  }

  /// Who has shown a usable card, or whose session's key has signed.
  private static func holder(
    _ ceremony: OpenCeremony, on day: Int, _ state: any StateReader
  ) throws(StorageFault) -> PersonID? {
    if let shown = ceremony.shown {
      guard let card = try state.card(key: shown.key), card.isInForce(on: day), card.key(shown.key)?.slot == shown.slot else {
        return nil
      }
      return card.person
    }
    if let code = ceremony.code { return code.person }
    guard let id = ceremony.session, let session = try state.session(id), ceremony.provesKey(of: session) else { return nil }
    return session.person
  }

  private func compare(_ sample: BiometricSample, _ known: Known) async -> ShownPalm.Outcome {
    if known.isKnownSample { return .replayed("this very capture was shown before") }
    guard !services.palms.isEmpty else { return .unavailable("this instance has no matcher") }
    guard !known.palms.isEmpty else { return .unavailable("no palm is registered") }
    guard !known.isBlocked else { return .unavailable("too many failures of this person") }
    var reason = "no matcher takes such samples, or knows this person's palms"
    for pair in services.palms.pairs {
      do {
        guard try await pair.takes(sample) else { continue }
        let facts = try await pair.compare.describe()
        let palms = known.palms.filter { $0.format == facts.format.description }
        guard !palms.isEmpty else { continue }
        guard let palm = palms.first(where: { $0.hand == sample.hand }) else { return .retake(.otherHand) }
        switch try await pair.extract.extract(sample) {
        case .failure(let refusal): return .retake(refusal.advice)
        case .success(let made): return try await compare(made.template, palm, facts, pair.compare)
        }
      } catch MatcherFault.failed(.implausible) {
        return .replayed(Self.tooClose)
      } catch {
        reason = "\(error)"
      }
    }
    return .unavailable(reason)
  }

  private func compare(
    _ probe: BiometricTemplate, _ palm: RegisteredPalm, _ facts: MatcherDescription, _ matcher: MatcherLink
  ) async throws -> ShownPalm.Outcome {
    let contents = try PalmColumn.open(palm, services.columns)
    guard facts.takesKeys, let half = contents.half else {
      let results = try await matcher.compare(probe, with: contents.references)
      guard let strength = Self.fused(results) else { return .unavailable("the matcher gave no score") }
      return .compared(PalmComparison(palm: palm, strength: strength, recent: palm.recent))
    }
    let key = try await PalmKeys(vault: services.vault).key(of: palm.person, half: half, ring: palm.ring)
    let recent = try PalmColumn.recent(of: palm, services.columns)
    switch try await matcher.verify(probe, with: contents.references, former: recent, under: key) {
    case .failed(.implausible): return .replayed(Self.tooClose)
    case .failed(let failure): return .unavailable("the matcher failed: \(failure.rawValue)")
    case .score(_, let strength):
      let comparison = PalmComparison(palm: palm, strength: strength, recent: palm.recent)
      // What lets nobody in, whatever a policy says, is not kept.
      guard comparison.exponent >= PalmRates.weakest.besideAnother else { return .compared(comparison) }
      let kept = recent + [try await matcher.protect(probe, under: key)]
      return .compared(
        PalmComparison(
          palm: palm, strength: strength, recent: try PalmColumn.seal(recent: kept, in: palm, services.columns)))
    }
  }

  /// Of a vendor's scores, each for one template: the best one, weakened by the number of chances there were.
  /// - Returns: `nil` without any score.
  static func fused(_ results: [MatchResult]) -> Int? {
    let rates = results.compactMap { if case .score(_, let falseMatch) = $0 { falseMatch } else { nil } }
    guard let best = rates.max() else { return nil }
    return max(0, best - Int((1000 * log10(Double(results.count))).rounded(.up)))
  }

  private static func label(_ outcome: ShownPalm.Outcome, _ rates: PalmRates) -> String {
    switch outcome {
    case .compared(let comparison): comparison.exponent >= rates.besideAnother ? "match" : "noMatch"
    case .retake: "retake"
    case .unavailable: "unavailable"
    case .replayed: "replayed"
    }
  }
}
