import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage

/// The stock, loans, and cards that were left at home.
extension CardDesk {
  func stockChallenge() -> StockCardChallenge {
    let nonce = services.surroundings.random(32)
    challenges.remember(nonce, for: .stock, now: services.surroundings.now())
    return StockCardChallenge(nonce: Data(nonce))
  }

  func stock(_ message: StockCardEnrolment, by acting: OperatorRecord) async throws -> CardSummary {
    let enrolment = CardEnrolment(
      person: "", segment: message.segment, profile: message.profile, slot: message.slot, nonce: message.nonce,
      certificate: message.certificate, algorithm: message.algorithm, signature: message.signature,
      refusedWithoutPIN: message.refusedWithoutPIN, guid: message.guid, card: message.card)
    return try await register(enrolment, for: nil, by: acting)
  }

  func lend(_ id: CardID, _ message: CardLending, by acting: OperatorRecord) async throws -> CardsPaused {
    let (person, reason) = (try PersonID(parsing: message.person), try Remark(parsing: message.reason))
    let now = services.surroundings.now()
    let today = services.local(now).day
    let until: Int
    switch (message.until, message.days) {
    case (nil, let days):
      guard (1...CardLending.mostDays).contains(days ?? 1) else { throw HTTPFault.malformed(.value) }
      until = today + (days ?? 1) - 1
    case (let text?, nil):
      guard let day = DatedAccess.day(ofText: text) else { throw HTTPFault.malformed(.value) }
      until = day
    case (_?, _?): throw HTTPFault.malformed(.value)
    }
    guard (today..<today + CardLending.mostDays).contains(until) else { throw HTTPFault.malformed(.value) }
    let change = LendCard(card: id, person: person, until: until, day: today, reason: reason, by: acting.id, now: now)
    switch try await services.recorder.commit(change, now: now) {
    case .lent(let card, let paused, let sessions):
      lock(sessions, cause: "cardForgotten")
      return CardsPaused(lent: Self.summary(card), paused: paused.map(Self.summary), sessionsLocked: sessions.count)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .unknown: throw HTTPFault.notFound
    }
  }

  func takeBack(_ id: CardID, _ message: CardReturn, by acting: OperatorRecord) async throws -> CardStateChanged {
    let reason = try Remark(parsing: message.reason)
    let now = services.surroundings.now()
    let change = ReturnCard(card: id, reason: reason, by: acting.id, now: now)
    return try answer(try await services.recorder.commit(change, now: now), cause: "cardReturned")
  }

  func forget(_ message: CardsForgotten, by acting: OperatorRecord) async throws -> CardsPaused {
    let (person, reason) = (try PersonID(parsing: message.person), try Remark(parsing: message.reason))
    let now = services.surroundings.now()
    let change = ForgetCards(person: person, reason: reason, by: acting.id, now: now)
    switch try await services.recorder.commit(change, now: now) {
    case .paused(let cards, let sessions):
      lock(sessions, cause: "cardForgotten")
      return CardsPaused(lent: nil, paused: cards.map(Self.summary), sessionsLocked: sessions.count)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .personUnknown: throw HTTPFault.notFound
    }
  }

  // MARK: Back again

  /// - Throws: conflict, with the reason and a row, for a card that is not forgotten: before anybody types a PIN.
  func foundChallenge(_ id: CardID, by acting: OperatorRecord) async throws -> CardFoundChallenge {
    let now = services.surroundings.now()
    let found = try await services.store.read { (state) throws(StorageFault) -> (RegisteredCard, Person?)? in
      guard let card = try state.card(id) else { return nil }
      return (card, try card.person.flatMap { (person) throws(StorageFault) in try state.person(person) })
    }
    guard let (card, person) = found else { throw HTTPFault.notFound }
    guard card.state == .forgotten, let holder = card.person else {
      let failure = CeremonyService.CardRefusal(code: .cardStepImpossible, note: "not forgotten")
      let change = FindCard(card: id, proof: .failure(failure), reason: try Remark(parsing: ""), by: acting.id, now: now)
      _ = try answer(try await services.recorder.commit(change, now: now))
      throw HTTPFault.conflict
    }
    let nonce = services.surroundings.random(32)
    challenges.remember(nonce, for: .found(id), now: now)
    return CardFoundChallenge(
      card: id.text, person: holder.text, displayName: person?.displayName ?? "", nonce: Data(nonce))
  }

  func find(_ id: CardID, _ message: CardFoundProof, by acting: OperatorRecord) async throws -> CardFound {
    let reason = try Remark(parsing: message.reason)
    let now = services.surroundings.now()
    guard challenges.redeem(Array(message.nonce), for: .found(id), now: now) else { throw HTTPFault.malformed(.value) }
    let change = FindCard(card: id, proof: proof(message, of: id, at: now), reason: reason, by: acting.id, now: now)
    return try answer(try await services.recorder.commit(change, now: now))
  }

  private func answer(_ outcome: FindCard.Outcome) throws -> CardFound {
    switch outcome {
    case .found(let card, let lent): return CardFound(card: Self.summary(card), stillLent: lent.map(Self.summary))
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .unknown: throw HTTPFault.notFound
    }
  }

  /// The certificate has to count in one of the segments served here, as it would at a logon.
  private func proof(
    _ message: CardFoundProof, of id: CardID, at now: Moment
  ) -> Result<KeyFingerprint, CeremonyService.CardRefusal> {
    var refusal = CeremonyService.CardRefusal(code: .certificateUntrusted, note: "no segment here believes cards")
    for segment in services.instance.segments {
      guard let trust = services.trust.trust(segment) else { continue }
      switch trust.validate(Array(message.certificate), at: services.clockFloor.later(of: now), for: .authentication) {
      case .refused(let code, let note): refusal = CeremonyService.CardRefusal(code: code, note: note)
      case .valid(let certificate):
        let preimage = CardFoundPreimage(nonce: Array(message.nonce), card: id.text, slot: "9a")
        guard
          certificate.verify(
            signature: Array(message.signature), algorithm: message.algorithm, over: preimage.canonicalBytes)
        else { return .failure(CeremonyService.CardRefusal(code: .proofSignatureWrong, note: "not over this challenge")) }
        return .success(certificate.key)
      }
    }
    return .failure(refusal)
  }
}
