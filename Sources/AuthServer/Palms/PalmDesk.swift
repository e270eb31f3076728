import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import MatcherLink
import Storage

/// Registers palms at the desk, lists them and takes them away.
struct PalmDesk: Sendable {
  let services: Services

  /// How alike two captures of one enrolment have to be, and how alike the palms of two people must not be, as −log10 of the false
  /// match rate in thousandths.
  private static let agreement = 2000
  private static let duplicate = 6000
  /// Palms read in one piece, so that logons are not kept waiting.
  private static let page = 256

  private struct Captured {
    var templates: [BiometricTemplate] = []
    var quality = 100
    var refused: [PalmRefused] = []
  }

  func list(person: PersonID) async throws -> [PalmSummary] {
    let found = try await services.store.read { (state) throws(StorageFault) -> [RegisteredPalm]? in
      try state.person(person) == nil ? nil : try state.palms(of: person)
    }
    guard let found else { throw HTTPFault.notFound }
    return found.map(Self.summary)
  }

  /// One at a time: of two people who bring the same palm at the same moment the second one is to be found out.
  func enrol(_ enrolment: PalmEnrolment, of person: PersonID, by acting: OperatorRecord) async throws -> PalmEnrolled {
    try await services.palmKeeper.enrolments.pass { try await enrolNext(enrolment, of: person, by: acting) }
  }

  private func enrolNext(
    _ enrolment: PalmEnrolment, of person: PersonID, by acting: OperatorRecord
  ) async throws -> PalmEnrolled {
    let now = services.surroundings.now()
    guard (PalmEnrolment.templates...PalmEnrolment.mostSamples).contains(enrolment.samples.count),
      let first = enrolment.samples.first,
      enrolment.samples.allSatisfy({ $0.hand == first.hand && $0.sensor == first.sensor })
    else { throw HTTPFault.malformed(.value) }
    let samples = try enrolment.samples.map { try $0.capture() }
    guard enrolment.noticeGiven else { throw try await refuse(.palmNoticeMissing, "", person, acting, now) }
    let isKnown = try await services.store.read { (state) throws(StorageFault) -> Bool? in
      guard try state.person(person) != nil else { return nil }
      for sample in samples where try state.isKnown(sample.fingerprint) { return true }
      return false
    }
    guard let isKnown else { throw HTTPFault.notFound }
    guard !isKnown, Set(samples.map(\.fingerprint)).count == samples.count else {
      throw try await refuse(.palmSampleRepeated, "", person, acting, now)
    }
    do {
      let pair = try await matcher(for: samples[0].sample)
      let facts = try await pair.compare.describe()
      let captured = try await capture(samples.map(\.sample), pair.extract)
      guard captured.templates.count == PalmEnrolment.templates else {
        return PalmEnrolled(outcome: "retake", palm: nil, refused: captured.refused)
      }
      let draft = RegisteredPalm(
        person: person, hand: samples[0].sample.hand, format: facts.format.description,
        ring: facts.takesKeys ? try await PalmRing(services: services).current() : 0, sealed: [], enrolledBy: acting.id,
        enrolledAt: now)
      let palm = try await make(draft, captured, pair, facts, acting, now)
      let change = RegisterPalm(
        palm: palm, samples: samples.map(\.fingerprint), quality: captured.quality, sensor: first.sensor,
        day: services.localByClock(now).day, now: now)
      guard try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
      services.palmKeeper.removed()
      return PalmEnrolled(outcome: "enrolled", palm: Self.summary(palm), refused: captured.refused)
    } catch MatcherFault.failed(.implausible) {
      throw try await refuse(.palmSampleRepeated, "", person, acting, now)
    } catch let fault as MatcherFault {
      throw try await refuse(.palmUnavailable, "\(fault)", person, acting, now)
    }
  }

  func remove(_ removal: PalmRemoval, of person: PersonID, by acting: OperatorRecord) async throws -> PalmsRemoved {
    let hand = try removal.hand.map { name in
      guard let hand = Hand(name: name) else { throw HTTPFault.malformed(.value) }
      return hand
    }
    let now = services.surroundings.now()
    let change = RemovePalms(
      person: person, hand: hand, reason: try Remark(parsing: removal.reason), by: acting.id, now: now)
    guard let removed = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    services.palmKeeper.removed()
    return PalmsRemoved(removed: removed)
  }

  // MARK: Steps of an enrolment

  /// The first matcher that takes such samples: later ones know former sensors.
  private func matcher(for sample: BiometricSample) async throws -> PalmMatchers.Pair {
    for pair in services.palms.pairs where try await pair.takes(sample) { return pair }
    throw MatcherFault.unreachable("no matcher of this instance takes such samples")
  }

  private func capture(_ samples: [BiometricSample], _ extract: MatcherLink) async throws -> Captured {
    var captured = Captured()
    for (index, sample) in samples.enumerated() where captured.templates.count < PalmEnrolment.templates {
      switch try await extract.extract(sample) {
      case .success(let made):
        captured.templates.append(made.template)
        captured.quality = min(captured.quality, made.quality)
      case .failure(let refusal):
        captured.refused.append(PalmRefused(sample: index + 1, advice: refusal.advice.rawValue))
      }
    }
    return captured
  }

  private func make(
    _ draft: RegisteredPalm, _ captured: Captured, _ pair: PalmMatchers.Pair, _ facts: MatcherDescription,
    _ acting: OperatorRecord, _ now: Moment
  ) async throws -> RegisteredPalm {
    var palm = draft
    let keys = PalmKeys(vault: services.vault)
    var contents = PalmContents(half: nil, references: captured.templates, searched: [])
    if facts.takesKeys {
      let half = Secret<KeyMaterial>(copying: services.surroundings.random(32))
      let key = try await keys.key(of: palm.person, half: half, ring: palm.ring)
      contents.half = half
      contents.references = try await protect(captured.templates, pair.compare, key)
      try await requireAgreement(captured.templates, contents.references, palm, acting, now) { probe, others in
        try await pair.compare.search(probe, in: others, under: key)
      }
      let search = try await keys.searchKey(ring: palm.ring)
      contents.searched = try await protect(captured.templates, pair.compare, search)
      try await requireNobodyElse(captured.templates[0], palm, pair.compare, acting, now)
    } else {
      try await requireAgreement(captured.templates, captured.templates, palm, acting, now) { probe, others in
        try await pair.compare.compare(probe, with: others)
      }
    }
    palm.sealed = try PalmColumn.seal(contents, in: palm, services.columns)
    return palm
  }

  private func protect(
    _ templates: [BiometricTemplate], _ matcher: MatcherLink, _ key: TemplateKey
  ) async throws -> [BiometricTemplate] {
    var protected: [BiometricTemplate] = []
    for template in templates { protected.append(try await matcher.protect(template, under: key)) }
    return protected
  }

  /// Captures of another hand, or of one that was moved, would let nobody in, or somebody else.
  private func requireAgreement(
    _ probes: [BiometricTemplate], _ references: [BiometricTemplate], _ palm: RegisteredPalm, _ acting: OperatorRecord,
    _ now: Moment, compare: (BiometricTemplate, [BiometricTemplate]) async throws -> [MatchResult]
  ) async throws {
    for (index, probe) in probes.enumerated() {
      var others = references
      others.remove(at: index)
      for result in try await compare(probe, others) {
        switch result {
        case .score(_, let strength) where strength >= Self.agreement: continue
        case .failed(.implausible): throw try await refuse(.palmSampleRepeated, "", palm.person, acting, now)
        default: throw try await refuse(.palmsDisagree, palm.hand.name, palm.person, acting, now)
        }
      }
    }
  }

  /// Of the whole city, at enrolment only: nobody's palm opens another person's session.
  private func requireNobodyElse(
    _ probe: BiometricTemplate, _ palm: RegisteredPalm, _ matcher: MatcherLink, _ acting: OperatorRecord, _ now: Moment
  ) async throws {
    var close: [PersonID: Int] = [:]
    // Two keys while palms are on their way to a new one.
    for (ring, others) in Dictionary(grouping: try await others(palm), by: \.ring) {
      var (people, templates): ([PersonID], [BiometricTemplate]) = ([], [])
      for other in others {
        for template in try PalmColumn.open(other, services.columns).searched {
          people.append(other.person)
          templates.append(template)
        }
      }
      guard !templates.isEmpty else { continue }
      let key = try await PalmKeys(vault: services.vault).searchKey(ring: ring)
      for (person, result) in zip(people, try await matcher.search(probe, in: templates, under: key)) {
        if case .score(_, let strength) = result, strength >= Self.duplicate { close[person, default: 0] += 1 }
      }
    }
    // One of three may be chance among thousands of people; two are the same palm.
    if let found = close.filter({ $0.value >= 2 }).keys.min() {
      throw try await refuse(.palmOfOtherPerson, "is that of \(found)", palm.person, acting, now)
    }
  }

  /// The palms of everybody else that this one could be taken for.
  private func others(_ palm: RegisteredPalm) async throws -> [RegisteredPalm] {
    var found: [RegisteredPalm] = []
    var last = ""
    while true {
      let page = try await services.store.read { [last] (state) throws(StorageFault) in
        try state.palms(after: last, limit: Self.page)
      }
      found += page.filter { $0.format == palm.format && $0.hand == palm.hand && $0.person != palm.person }
      guard page.count == Self.page, let end = page.last else { return found }
      last = end.id
    }
  }

  private func refuse(
    _ code: DenialCode, _ note: String, _ person: PersonID, _ acting: OperatorRecord, _ now: Moment
  ) async throws -> Refusal {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "palm.enrolled", outcome: .refused)
    record.person = person
    record.operatorID = acting.id
    record.code = code
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return Refusal(code, reference: nil, isToldWhole: true)
  }

  static func summary(_ palm: RegisteredPalm) -> PalmSummary {
    PalmSummary(
      person: palm.person.text, hand: palm.hand.name, format: palm.format, enrolledBy: palm.enrolledBy.text,
      enrolledAt: palm.enrolledAt.wallMilliseconds)
  }
}
