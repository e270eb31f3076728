import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Offers leavers' cards to the same people's new registrations, and gives them on when two administrators have signed that.
struct RelinkDesk: Sendable {
  private static let shown = 5

  let services: Services

  /// Everything that is offered now, each with the proof that counts.
  func offers() async throws -> [RelinkOffer] {
    let now = services.surroundings.now()
    let offers = RelinkOffers(services, at: now)
    return try await services.store.read { (state) throws(StorageFault) -> [RelinkOffer] in
      let proofs = try RelinkProofs(in: state)
      return try offers.all(in: state).map { offer in
        let proof = proofs.proof(former: offer.former.id, person: offer.person.id)
        return offer.told(proof.flatMap { $0.counts(at: now) ? $0 : nil })
      }
    }
  }

  func warnings() async throws -> (ja: [String], en: [String]) {
    let offers = try await offers()
    guard !offers.isEmpty else { return ([], []) }
    let pairs = offers.prefix(Self.shown).map { "\($0.person) ← \($0.former)" }.joined(separator: ", ")
    let more = offers.count > Self.shown ? " …" : ""
    return (
      ["離職した人の再任用・任期更新かもしれない登録が \(offers.count) 件あります（\(pairs)\(more)）。前のカードを引き継ぐか、新しいカードを登録してください: sanmon directory relink"],
      [
        "new people who may be former ones: \(offers.count) (\(pairs)\(more)). Let them keep their cards, or have cards registered anew: sanmon directory relink"
      ]
    )
  }

  /// - Throws: conflict, with the reason, if it is not as the act says (any more) or the act was used; otherwise refused, with a row.
  func relink(_ message: DirectoryAct, by acting: OperatorRecord) async throws -> RelinkDone {
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let change = RelinkPerson(act: act, offers: RelinkOffers(services, at: now))
    switch try await services.recorder.commit(change, now: now) {
    case .done(let former, let person, let cards, let withdrawn):
      for session in withdrawn {
        services.watch.tell(
          session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "accountDisabled"))
      }
      return RelinkDone(former: former.text, person: person.text, cards: cards.map(CardDesk.summary))
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .notCarriedOut(let outcome):
      try DirectoryDesk.answer(outcome)
      throw HTTPFault.conflict
    }
  }
}

/// The cards of somebody who left become the cards of the same person's new registration: one transaction, all of them or none.
///
/// Cards go, and nothing else. Groups are the directory's. A password of Sanmon's own is not shown by a card and stays behind, where nothing
/// asks for it without a card. A role as operator, approvals and dated accesses name the former person and do not follow. Failures that
/// were counted do, so that nobody gets rid of a lockout by this.
struct RelinkPerson: Change {
  enum Outcome: Sendable {
    case done(former: PersonID, person: PersonID, cards: [RegisteredCard], withdrawn: [SessionRecord])
    case refused(DenialCode)
    case notCarriedOut(LocalActOutcome)
  }

  private static let action = "person.relinked"

  let act: LocalAct
  let offers: RelinkOffers

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    if let fault = try act.fault(kind: Act.Kind.relinkPerson, in: state) { return refuse(fault) }
    guard let former = Self.person(act.signed.act.parameters["former"]),
      let person = Self.person(act.signed.act.parameters["person"])
    else { return refuse(.refused("the act names nobody")) }
    let offer: RelinkOffers.Offer
    switch try offers.verdict(former: former, person: person, in: state) {
    case .offered(let found): offer = found
    case .refused(let code, let note): return refuse(code, note, former, person)
    }
    var proofs = try RelinkProofs(in: state)
    let named = act.signed.act.parameters["proof"] ?? ""
    guard let proof = proofs.proof(former: former, person: person), Hex.encode(proof.hash) == named else {
      return refuse(.relinkProofMissing, "no such proof, or another one since", former, person)
    }
    guard proof.counts(at: act.now) else { return refuse(.relinkProofTooOld, "the proof is too old", former, person) }
    let shown = offer.cards.first { $0.id == proof.card }
    guard shown?.state == .active, shown?.key(proof.key) != nil else {
      return refuse(.relinkProofMissing, "the card that was shown does not count any more", former, person)
    }
    guard act.signed.act.parameters == offer.told(proof).parameters(proof.told) else {
      return refuse(.relinkActStale, "cards or objects are not as they were signed", former, person)
    }
    if let fault = try act.unsigned(required: ApproveDirectory.required, in: state) { return refuse(fault) }

    var withdrawn: [SessionRecord] = []
    for session in try state.liveSessions(of: former) { withdrawn.append(try state.withdraw(session)) }
    var cards = offer.cards
    for index in cards.indices {
      cards[index].person = person
      try state.put(cards[index])
    }
    try Self.carryFailures(from: former, to: person, at: act.now, in: &state)
    proofs.remove(former: former, person: person)
    try proofs.keep(in: &state)
    try act.keep(in: &state)
    let names = cards.map(\.id.text).joined(separator: ", ")
    let signers = act.signed.signers.map(\.text).joined(separator: ", ")
    var record = act.record(Self.action, .done)
    record.count = Int64(max(1, cards.count))
    record.card = proof.card
    record.note =
      "cards \(names) of \(former) are \(person)'s; proof \(named) at \(proof.workstation); signed by \(signers); \(record.note)"
    // Who looks for the former person finds it, too.
    record.person = former
    try state.append(record)
    record.person = person
    return (.done(former: former, person: person, cards: cards, withdrawn: withdrawn), record)
  }

  private static func person(_ text: String?) -> PersonID? { text.flatMap { try? PersonID(parsing: $0) } }

  private func refuse(_ outcome: LocalActOutcome) -> (Outcome, AuditRecord) {
    (.notCarriedOut(outcome), act.record(Self.action, outcome))
  }

  private func refuse(
    _ code: DenialCode, _ note: String, _ former: PersonID, _ person: PersonID
  ) -> (Outcome, AuditRecord) {
    var record = act.record(Self.action, .refused("\(former) to \(person): \(note)"))
    record.code = code
    record.person = person
    return (.refused(code), record)
  }

  /// The worse of both counts.
  private static func carryFailures(
    from former: PersonID, to person: PersonID, at now: Moment, in state: inout some StateTransaction
  ) throws(StorageFault) {
    guard let before = try state.throttle(.person(former)) else { return }
    guard var own = try state.throttle(.person(person)) else { return try state.setThrottle(before, for: .person(person)) }
    own.failures = max(own.failures, before.failures)
    if let until = before.blockedUntil, Throttle.isLater(until, than: own.blockedUntil, at: now) {
      own.blockedUntil = until
      own.lastFailure = before.lastFailure
    }
    try state.setThrottle(own, for: .person(person))
  }
}
