import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage

/// Registers cards that tell a number alone, one at the desk or many from a list. Nothing is proven by it: what is registered
/// counts for as long as the segment's waiver does, and for nothing in any other segment.
struct NumberCardDesk: Sendable {
  let services: Services

  func enrol(_ message: NumberCardEnrolment, by acting: OperatorRecord) async throws -> CardSummary {
    let now = services.surroundings.now()
    let segment = try Segment(parsing: message.segment)
    guard services.instance.segments.contains(segment), (message.chip?.count ?? 8) == 8 else {
      throw HTTPFault.malformed(.value)
    }
    let number = try CardNumber(parsing: message.number)
    let person = try PersonID(parsing: message.person)
    let known = try await services.store.read { (state) throws(StorageFault) -> Bool in try state.person(person) != nil }
    guard known else { throw HTTPFault.notFound }
    let chip = message.chip.flatMap { FelicaGeneration(pmm: $0) }
    if let (code, note) = refusal(segment, now) ?? refusal(number, chip: chip, isChipKnown: true, segment) {
      throw try await refuse(code, note, person, segment, acting, now)
    }
    switch try await services.recorder.commit(change(number, for: person, segment, acting, now), now: now) {
    case .registered(let card): return CardDesk.summary(card)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .personUnknown: throw HTTPFault.conflict
    }
  }

  /// Each line is a change of its own, with its row: a list that is cut off in the middle is given again from its beginning,
  /// and what was registered is found so.
  /// - Throws: refused as a whole where the segment takes no numbers.
  func take(_ message: NumberCardImport, by acting: OperatorRecord) async throws -> NumberCardsImported {
    let now = services.surroundings.now()
    let segment = try Segment(parsing: message.segment)
    guard services.instance.segments.contains(segment), (1...NumberCardImport.mostLines).contains(message.lines.count) else {
      throw HTTPFault.malformed(.value)
    }
    if let (code, note) = refusal(segment, now) {
      guard !message.isDryRun else { throw Refusal(code, reference: nil, isToldWhole: true) }
      throw try await refuse(code, note, nil, segment, acting, now)
    }
    // All of them before the first is written: a request that is none leaves nothing behind.
    var cards: [(line: NumberCardLine, number: CardNumber, chip: FelicaGeneration?)] = []
    for line in message.lines {
      let chip = line.generation.flatMap { FelicaGeneration(name: $0) }
      guard (line.generation == nil) == (chip == nil) else { throw HTTPFault.malformed(.value) }
      cards.append((line, try CardNumber(parsing: line.number), chip))
    }
    var outcomes: [NumberCardLineOutcome] = []
    for card in cards {
      outcomes.append(try await take(card.line, card.number, card.chip, segment, message.isDryRun, acting))
    }
    return NumberCardsImported(lines: outcomes)
  }

  /// - Parameter chip: as the list says; without a word of it the chip itself says it at each logon.
  private func take(
    _ line: NumberCardLine, _ number: CardNumber, _ chip: FelicaGeneration?, _ segment: Segment, _ isDryRun: Bool,
    _ acting: OperatorRecord
  ) async throws -> NumberCardLineOutcome {
    guard let person = try? PersonID(parsing: line.person) else {
      return NumberCardLineOutcome(line: line.line, outcome: "personUnknown")
    }
    let key = number.fingerprint
    let (isKnown, owner) = try await services.store.read { (state) throws(StorageFault) -> (Bool, RegisteredCard?) in
      (try state.person(person) != nil, try state.card(key: key))
    }
    guard isKnown else { return NumberCardLineOutcome(line: line.line, outcome: "personUnknown") }
    if let owner, owner.person == person {
      return NumberCardLineOutcome(line: line.line, outcome: "already", card: owner.id.text)
    }
    func refused(_ code: DenialCode) -> NumberCardLineOutcome {
      NumberCardLineOutcome(line: line.line, outcome: "refused", code: code.rawValue)
    }
    let now = services.surroundings.now()
    if let (code, note) = refusal(number, chip: chip, isChipKnown: chip != nil, segment) {
      if !isDryRun { _ = try await refuse(code, note, person, segment, acting, now) }
      return refused(code)
    }
    if isDryRun {
      return owner == nil ? NumberCardLineOutcome(line: line.line, outcome: "registrable") : refused(.keyRegistered)
    }
    switch try await services.recorder.commit(change(number, for: person, segment, acting, now), now: now) {
    case .registered(let card): return NumberCardLineOutcome(line: line.line, outcome: "registered", card: card.id.text)
    case .refused(let code): return refused(code)
    case .personUnknown: return NumberCardLineOutcome(line: line.line, outcome: "personUnknown")
    }
  }

  private func change(
    _ number: CardNumber, for person: PersonID, _ segment: Segment, _ acting: OperatorRecord, _ now: Moment
  ) -> RegisterKey {
    let key = RegisteredKey(
      fingerprint: number.fingerprint, profile: "identifier", slot: number.kind.rawValue, provenClass: .identifier,
      enrolledBy: acting.id, enrolledAt: now)
    return RegisterKey(
      key: key, person: person, guid: nil, named: nil, newCard: services.surroundings.identifier("card"), segment: segment,
      now: now, day: services.local(now).day)
  }

  // MARK: Refusals

  /// A waiver that is not signed yet, or has not begun, is no reason to wait with 1,200 cards.
  private func refusal(_ segment: Segment, _ now: Moment) -> (DenialCode, String)? {
    guard let last = services.policy.policy.lastDayOfNumberCards(segment)?.day else {
      return (.numberNotEnough, "\(segment) takes no numbers for cards")
    }
    guard last >= services.local(now).day else { return (.numberWaiverOver, "the waiver of \(segment) has ended") }
    return nil
  }

  /// - Parameter isChipKnown: the card is here, or its list says what chip it has.
  private func refusal(
    _ number: CardNumber, chip: FelicaGeneration?, isChipKnown: Bool, _ segment: Segment
  ) -> (DenialCode, String)? {
    guard number.kind == .felica, isChipKnown, let oldest = services.policy.policy.felicaGeneration(segment) else { return nil }
    if let chip, chip >= oldest { return nil }
    return (.chipTooOld, "chip \(chip?.name ?? "unknown"), \(oldest.name) is asked for")
  }

  /// The desk is told the cause; the row keeps it.
  private func refuse(
    _ code: DenialCode, _ note: String, _ person: PersonID?, _ segment: Segment, _ acting: OperatorRecord, _ now: Moment
  ) async throws -> Refusal {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "card.enrolled", outcome: .refused)
    record.person = person
    record.segment = segment
    record.operatorID = acting.id
    record.code = code
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return Refusal(code, reference: nil, isToldWhole: true)
  }
}
