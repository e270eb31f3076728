import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Storage

/// Has a card of a former registration shown at a workstation, for a new one. Nothing is opened by it, and until the card's signature is
/// verified every refusal looks as at a logon.
struct RelinkService: WorkstationChallenges {
  static let action = "relink.proven"
  static let rule = RuleID.builtin("possession")

  let services: Services

  func open(_ message: RelinkBegin, _ caller: CeremonyService.Caller) async throws -> RelinkOpened {
    let now = services.surroundings.now()
    let workstation = try await workstation(caller, now)
    // Whether there is such a person is said behind the card alone.
    let opened = OpenRelink(
      id: services.surroundings.identifier("r"), nonce: services.surroundings.random(32),
      person: try PersonID(parsing: message.person), certificate: caller.certificate,
      expiresAt: now.advanced(bySeconds: CeremonyService.lifetimeSeconds))
    services.relinks.open(opened, at: workstation.id)
    return RelinkOpened(
      ceremony: opened.id.text, nonce: Data(opened.nonce), person: opened.person.text, segment: workstation.segment.name,
      workstation: workstation.id.text, expiresAt: opened.expiresAt.wallMilliseconds)
  }

  func prove(
    _ id: CeremonyID, _ message: RelinkProofMessage, _ caller: CeremonyService.Caller
  ) async throws -> RelinkProven {
    let now = services.surroundings.now()
    let workstation = try await workstation(caller, now)
    guard let opened = services.relinks.redeem(id, at: workstation.id, now: now) else {
      throw try await refuse(.ceremonyUnknown, workstation, caller, now)
    }
    guard opened.certificate == caller.certificate else {
      throw try await refuse(.proofContextMismatch, workstation, caller, now, counts: true)
    }
    let card = message.card
    // The PIN is half of the proof: 9E signs for whoever has found the card.
    guard card.profile == "piv", card.slot == "9a", let trust = services.trust.trust(workstation.segment) else {
      throw try await refuse(.proofMalformed, workstation, caller, now, note: "not key 9A of a PIV card", counts: true)
    }
    let validated: ValidatedCardCertificate
    switch trust.validate(Array(card.certificate), at: services.clockFloor.later(of: now), for: CardTrust.Use(slot: card.slot))
    {
    case .valid(let certificate): validated = certificate
    case .refused(let code, let note):
      throw try await refuse(code, workstation, caller, now, note: note, counts: true)
    }
    let preimage = RelinkPreimage(
      nonce: opened.nonce, ceremony: opened.id.text, person: opened.person.text, workstation: workstation.id.text,
      segment: workstation.segment.name, expiresAt: opened.expiresAt.wallMilliseconds,
      serverCertificate: caller.serverCertificate.bytes, workstationCertificate: caller.certificate.bytes
    ).canonicalBytes
    guard validated.verify(signature: Array(card.signature), algorithm: card.algorithm, over: preimage) else {
      throw try await refuse(
        .proofSignatureWrong, workstation, caller, now, note: "the signature is not over this challenge", counts: true)
    }
    let change = KeepRelinkProof(
      person: opened.person, key: validated.key, workstation: workstation, hash: Array(SHA256.hash(data: preimage)),
      offers: RelinkOffers(services, at: now), record: record(workstation, caller, now), now: now,
      referenceDay: services.localByClock(now).day, referenceStart: services.surroundings.number())
    switch try await services.recorder.commit(change, now: now) {
    case .kept(let proof, let name):
      return RelinkProven(
        former: proof.former.text, person: proof.person.text, displayName: name, until: proof.until.wallMilliseconds)
    case .denied(let code, let reference): throw Refusal(code, reference: reference)
    }
  }
}

/// A challenge to a card of a former registration. Not among the ceremonies: neither can be concluded as the other.
struct OpenRelink: WorkstationChallenge {
  let id: CeremonyID
  let nonce: [UInt8]
  let person: PersonID
  let certificate: CertificateFingerprint
  let expiresAt: Moment
}

/// A card signed for a new registration: kept, if it is one that could go on there.
struct KeepRelinkProof: Change {
  enum Outcome: Sendable {
    /// With the name of the new person.
    case kept(RelinkProof, String)
    case denied(DenialCode, Reference?)
  }

  let person: PersonID
  let key: KeyFingerprint
  let workstation: WorkstationRecord
  let hash: [UInt8]
  let offers: RelinkOffers
  /// With what is known before the card is.
  let record: AuditRecord
  let now: Moment
  let referenceDay: Int
  let referenceStart: UInt32

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = record
    let card = try state.card(key: key)
    record.card = card?.id
    record.person = card?.person
    record.proofClass = card?.key(key)?.provenClass
    record.factors = [Factor.card.rawValue, Factor.pin.rawValue]
    func deny(_ code: DenialCode, _ note: String) throws(StorageFault) -> (Outcome, AuditRecord) {
      record.code = code
      record.rule = .builtin("relink")
      record.note = note
      record.reference = try ReferenceSource.free(startingAt: referenceStart, day: referenceDay, in: state)
      return (.denied(code, record.reference), record)
    }
    guard let card else { return try deny(.cardNotRegistered, "the key is nobody's") }
    guard card.key(key)?.provenClass == .publicKeyWithPIN else {
      return try deny(.proofBelowFloor, "nobody has seen this key refuse without its PIN")
    }
    if let (code, state) = card.state.denial { return try deny(code, "a card that is \(state) proves nothing") }
    guard !card.isStock, let former = card.person else {
      return try deny(.relinkNotOffered, "a card of the stock is nobody's own")
    }
    let throttled: [ThrottleKey] = [.workstation(workstation.id), .card(card.id), .person(former)]
    guard try Throttling.blockedUntil(throttled, now: now, in: state) == nil else {
      return try deny(.throttled, "too many failures")
    }
    switch try offers.verdict(former: former, person: person, in: state) {
    case .refused(let code, let note): return try deny(code, note)
    case .offered(let offer):
      let proof = RelinkProof(
        former: former, person: person, card: card.id, key: key, workstation: workstation.id, hash: hash, at: now)
      var proofs = try RelinkProofs(in: state)
      proofs.put(proof, at: now)
      try proofs.keep(in: &state)
      record.outcome = .done
      record.note = "for \(person); proof \(Hex.encode(hash))"
      return (.kept(proof, offer.person.displayName), record)
    }
  }
}
