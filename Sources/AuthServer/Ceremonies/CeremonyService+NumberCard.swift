import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage

/// A card that tells a number alone, in a ceremony. Only a waiver in force makes it more than a user name, so without one it is
/// refused before any password or palm is looked at, like everything before possession.
extension CeremonyService {
  /// What an opened ceremony says of it: `nil` is no.
  func takesNumbers(_ standing: NumberCardStanding) -> Bool? {
    if case .taken = standing { true } else { nil }
  }

  /// Takes the number for the card if the segment does today, and if nothing speaks against this very number.
  func take(
    _ shown: CardNumberMessage, of message: ProofsMessage, in ceremony: inout OpenCeremony, at workstation: WorkstationRecord,
    _ caller: Caller, _ now: Moment
  ) async throws {
    let scenario = ceremony.scenario
    func no(
      _ code: DenialCode, _ note: String, counts: Bool = false, card: RegisteredCard? = nil
    ) async throws -> Refusal {
      try await refuse(code, workstation, caller, now, scenario: scenario, note: note, counts: counts, card: card)
    }
    if let keys = message.sessionKeys, let failure = Self.adopt(keys, in: &ceremony) {
      throw try await no(failure.code, failure.note, counts: true)
    }
    // Nor beside a code: it would stand for whoever the number is of.
    guard message.card == nil, ceremony.shown == nil, ceremony.code == nil else {
      throw try await no(.proofReplayed, "a second card proof in one ceremony", counts: true)
    }
    guard ceremony.sessionKeys != nil, let number = try? CardNumber(parsing: shown.number), (shown.chip?.count ?? 8) == 8 else {
      throw try await no(.proofMalformed, "no number of a card, no chip, or no session keys", counts: true)
    }
    let (key, segment, policy, waivers) = (number.fingerprint, ceremony.segment, services.policy.policy, services.waivers)
    let day = services.local(now).day
    let (card, approved, neighbours) = try await services.store.lookUp {
      (state) throws(StorageFault) -> (RegisteredCard?, Set<WaiverHash>, Set<WorkstationID>) in
      let card = try state.card(key: key)
      return (
        card, try waivers.approved(policy, in: segment, on: day, state: state),
        try state.neighbours(of: workstation, ownedBy: card?.person, sites: policy.siteNames)
      )
    }
    // Whose number it is stands in the row where it is known; nothing is counted against a person by what anybody can show.
    let said = "\(number.kind.rawValue) number \(card == nil ? "that is not registered" : String(key.hex.prefix(16)))"
    switch policy.numberCards(segment, on: day, approved: approved) {
    case .taken(let waiver): ceremony.numberWaiver = waiver.description
    case .notTaken: throw try await no(.numberNotEnough, said, card: card)
    case .over: throw try await no(.numberWaiverOver, said, card: card)
    }
    if let oldest = policy.felicaGeneration(segment), number.kind == .felica {
      let chip = shown.chip.flatMap { FelicaGeneration(pmm: $0) }
      guard let chip, chip >= oldest else {
        throw try await no(.chipTooOld, "\(said): chip \(chip?.name ?? "unknown"), \(oldest.name) is asked for", card: card)
      }
    }
    if let card {
      switch services.sightings.see(key, at: workstation.id, beside: neighbours, now: now) {
      case .alone: break
      case .full: throw HTTPFault.overloaded
      case .elsewhere(let other, let seconds):
        let note = "\(said): also at \(other) \(seconds) s before"
        try await alarm(card, note, workstation, scenario, now)
        throw try await no(.numberAtTwoWorkstations, note, counts: true, card: card)
      }
    }
    ceremony.shown = VerifiedCard(key: key, slot: number.kind.rawValue, exchangeClass: .identifier)
  }

  /// A row of its own, which no count of refusals swallows.
  private func alarm(
    _ card: RegisteredCard, _ note: String, _ workstation: WorkstationRecord, _ scenario: Scenario, _ now: Moment
  ) async throws {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .ceremony, action: "card.twoWorkstations", outcome: .denied)
    record.card = card.id
    record.person = card.person
    record.workstation = workstation.id
    record.segment = workstation.segment
    record.scenario = scenario
    record.code = .numberAtTwoWorkstations
    record.policyVersion = services.policy.policy.version
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }
}

extension CardNumber {
  /// As registers and rows name it.
  var fingerprint: KeyFingerprint {
    guard let key = try? KeyFingerprint(parsing: Array(SHA256.hash(data: canonicalBytes))) else {
      // Cannot happen: SHA-256 has 32 bytes.
      preconditionFailure("a SHA-256 hash has 32 bytes")
    }
    return key
  }
}
