import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What a decision knows of the palms of whoever asks, and of the one that was shown.
struct PalmFacts {
  /// What the comparison reached, if that is enough to be one: 6 for 1e-6.
  let exponent: Int?
  /// Whether one may still be shown, or was shown well enough.
  let canBeShown: Bool
  let isReplayed: Bool
  /// For the row; empty when none was shown.
  let note: String
  /// For the workstation, when it was not enough.
  let answer: PalmTry?
  private let shown: ShownPalm?
  private let isTired: Bool

  /// Reads what is registered now, and remembers the capture.
  init(
    of change: ConcludeCeremony, person: Person?, in state: inout some StateTransaction
  ) throws(StorageFault) {
    let left = change.ceremony.palmsLeft
    isTired = left <= 1
    guard change.looksAtPalms, let person else {
      (exponent, canBeShown, isReplayed, note, shown) = (nil, false, false, "", nil)
      answer = change.palm.map { _ in PalmTry(outcome: "unavailable", triesLeft: left) }
      return
    }
    let palms = try state.palms(of: person.id)
    let isBlocked = try Throttling.blockedUntil([.palm(person.id)], now: change.now, in: state) != nil
    shown = change.palm
    guard let shown = change.palm else {
      (exponent, isReplayed, note, answer) = (nil, false, "", nil)
      canBeShown = !palms.isEmpty && !isBlocked && left > 0
      return
    }
    let isKnown = try state.isKnown(shown.sample)
    if !isKnown { try state.remember(shown.sample, day: change.referenceDay) }
    let sensor = "palm at \(shown.sensor)"
    var isUsable = !palms.isEmpty && !isBlocked
    switch shown.outcome {
    case _ where isKnown, .replayed:
      let reason = if case .replayed(let reason) = shown.outcome { reason } else { "this very capture was shown before" }
      (exponent, isReplayed, note, answer, canBeShown) = (nil, true, "\(sensor): \(reason)", nil, false)
      return
    case .compared(let comparison):
      // Somebody may have taken it away, or put another one there, while it was compared. Under another key it is the same.
      guard palms.contains(where: { $0.id == comparison.palm.id && $0.enrolledAt == comparison.palm.enrolledAt }) else {
        exponent = nil
        note = "\(sensor): the registration was changed meanwhile"
        answer = PalmTry(outcome: "unavailable", triesLeft: left)
        (isReplayed, canBeShown) = (false, isUsable && left > 0)
        return
      }
      // As `CeremonyService.isMatched` has it: what uses up a code must also be enough to decide.
      let isAlone = change.ceremony.scenario == .unlock && change.card == nil && change.ceremony.code == nil
      let rates = change.policy.palmRates(change.ceremony.segment) ?? .weakest
      let needed = isAlone ? rates.alone : rates.besideAnother
      let isEnough = !isBlocked && comparison.exponent >= needed
      try change.count(shown, of: person, strength: comparison.strength, matches: isEnough, in: &state)
      exponent = isEnough ? comparison.exponent : nil
      let strength = String(comparison.strength / 1000) + "." + String(comparison.strength % 1000 / 100)
      note = "\(sensor): \(comparison.palm.hand.name), \(comparison.palm.format), FMR 1e-\(strength) of 1e-\(needed)"
      answer = isEnough ? nil : PalmTry(outcome: "noMatch", triesLeft: left)
      isUsable = isEnough || isUsable && left > 0
    case .retake(let advice):
      try change.count(shown, of: person, strength: nil, matches: false, in: &state)
      exponent = nil
      note = "\(sensor): to be taken again, \(advice)"
      answer = PalmTry(outcome: "retake", advice: advice.rawValue, triesLeft: left)
      isUsable = isUsable && left > 0
    case .unavailable(let reason):
      exponent = nil
      note = "\(sensor): \(reason)"
      answer = PalmTry(outcome: "unavailable", triesLeft: left)
      isUsable = false
    }
    isReplayed = false
    canBeShown = isUsable
  }

  /// A comparison that was not enough.
  var isFailure: Bool { answer?.outcome == "noMatch" }

  var comparison: PalmComparison? {
    if case .compared(let comparison)? = shown?.outcome { comparison } else { nil }
  }

  func said(before text: String) -> String { note.isEmpty ? text : note + "; " + text }

  /// What the person is told when a palm was all that could have helped.
  func code(instead code: DenialCode) -> DenialCode {
    guard let answer, [.factorUnavailable, .factorMissing, .passwordNotSet].contains(code) else { return code }
    return answer.outcome == "unavailable" ? .palmUnavailable : .palmNotMatched
  }

  /// Who has failed twice is asked for something else first.
  func sorted(_ combinations: [Combination]) -> [Combination] {
    guard isTired, answer != nil else { return combinations }
    return combinations.filter { !$0.factors.contains(.palm) } + combinations.filter { $0.factors.contains(.palm) }
  }
}

extension ConcludeCeremony {
  /// How the palm did, for the trend of its sensor and its person.
  ///
  /// - Parameter strength: nil for a sample that was no good.
  func count(
    _ palm: ShownPalm, of person: Person, strength: Int?, matches: Bool, in state: inout some StateTransaction
  ) throws(StorageFault) {
    let use = PalmUse(
      person: person.id, workstation: ceremony.workstation, sensor: palm.sensor, tries: 1, retakes: strength == nil ? 1 : 0,
      matches: matches ? 1 : 0, strength: strength ?? 0)
    try state.add(use, day: referenceDay)
  }

  /// Counts against the palms alone: whoever holds the card still has the password.
  func countPalm(_ palms: PalmFacts, of person: Person?, in state: inout some StateTransaction) throws(StorageFault) {
    guard palms.isFailure, let person else { return }
    try Throttling.countFailure(of: .palm(person.id), policy: policy, now: now, in: &state)
  }

  /// The capture is kept beside the palm, so that it is known when it comes again.
  func keepPalm(_ palms: PalmFacts, of person: Person, in state: inout some StateTransaction) throws(StorageFault) {
    guard let comparison = palms.comparison else { return }
    // Under another key since it was compared, it keeps the captures it has.
    for var palm in try state.palms(of: person.id) where palm.id == comparison.palm.id && palm.sealed == comparison.palm.sealed
    {
      palm.recent = comparison.recent
      try state.put(palm)
    }
    try Throttling.countSuccess(of: .palm(person.id), policy: policy, now: now, in: &state)
  }

  /// A capture that came before is no capture: somebody plays it.
  func denyReplay(
    of person: Person?, _ palms: PalmFacts, _ record: inout AuditRecord, _ state: inout some StateTransaction
  ) throws(StorageFault) -> (Outcome, AuditRecord) {
    try Throttling.countFailure(of: .workstation(ceremony.workstation), policy: policy, now: now, in: &state)
    if let person { try Throttling.countFailure(of: .palm(person.id), policy: policy, now: now, in: &state) }
    return try deny(.proofReplayed, .builtin("palm"), palms.note, &record, &state)
  }
}
