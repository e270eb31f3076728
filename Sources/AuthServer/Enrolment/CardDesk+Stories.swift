import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What desks look at: the stock, what has to be got back, and a card's whole story.
extension CardDesk {
  private static let page = 500
  /// Of one card; who has more to tell finds the rest in the log.
  private static let mostActs = 1_000

  /// Cards of the stock that are not destroyed, in the order of their ids.
  func stock() async throws -> [CardSummary] {
    try await services.store.read { (state) throws(StorageFault) -> [RegisteredCard] in
      try Self.all(in: state) { $0.isStock && $0.state != .destroyed }
    }.map(Self.summary)
  }

  private static func all(
    in state: any StateReader, where isAsked: (RegisteredCard) throws(StorageFault) -> Bool
  ) throws(StorageFault) -> [RegisteredCard] {
    var (found, last): ([RegisteredCard], CardID?) = ([], nil)
    while true {
      let cards = try state.cards(after: last, limit: page)
      for card in cards where try isAsked(card) { found.append(card) }
      guard cards.count == page, let end = cards.last else { return found }
      last = end.id
    }
  }

  /// Cards that are somewhere and should be here.
  func toCollect() async throws -> [CardToCollect] {
    let day = services.local(services.surroundings.now()).day
    return try await services.store.read { (state) throws(StorageFault) -> [CardToCollect] in
      var asked: [CardToCollect] = []
      for card in try Self.all(in: state, where: { _ in true }) {
        guard let why = try Self.whyToCollect(card, on: day, in: state) else { continue }
        let person = try card.person.flatMap { (id) throws(StorageFault) in try state.person(id) }
        asked.append(CardToCollect(card: Self.summary(card), displayName: person?.displayName ?? "", why: why))
      }
      return asked
    }
  }

  private static func whyToCollect(
    _ card: RegisteredCard, on day: Int, in state: any StateReader
  ) throws(StorageFault) -> CardToCollect.Why? {
    switch card.state {
    case .collected, .destroyed: return nil
    // What nobody has seen since cannot be got back.
    case .lost: return try wasSeen(card.id, in: state) ? .lostAndFound : nil
    case .revoked: return .revoked
    case .active, .suspended, .forgotten:
      if card.isStock, card.person == nil { return nil }
      if let last = card.lentUntil, last < day { return .loanOver }
      return try state.leaving(card.person, on: day)
    }
  }

  /// Whether a lost card was shown at a workstation, or brought to a desk, after it was reported.
  private static func wasSeen(_ card: CardID, in state: any StateReader) throws(StorageFault) -> Bool {
    let rows = try state.cardRows(of: card, limit: mostActs)
    let loss = rows.last { $0.record.action == "card.lost" && $0.record.outcome == .done }?.sequence ?? 0
    // What an operator only said of it is no sight of it.
    let isSight = ["card.found", "card.enrolled", "card.returned"]
    return rows.contains { row in
      row.sequence > loss && row.record.code == .cardLost
        && (!row.record.action.hasPrefix("card.") || isSight.contains(row.record.action))
    }
  }

  // MARK: Stories

  /// The card's; or the person's: own cards whole, and of each card of the stock what names the person.
  func stories(card: CardID?, person: PersonID?, by acting: OperatorRecord) async throws -> [CardStory] {
    let now = services.surroundings.now()
    // Reading the log is itself a row.
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .auditRead, action: "audit.read", outcome: .done)
    (record.operatorID, record.card, record.person) = (acting.id, card, person)
    record.note = "the story of a card was read"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return try await services.store.read { (state) throws(StorageFault) -> [CardStory] in
      if let card {
        guard let found = try state.card(card) else { return [] }
        return [try Self.story(found, of: nil, in: state)]
      }
      guard let person else { return [] }
      var query = AuditQuery()
      (query.person, query.action, query.limit) = (person, "card.", Self.mostActs)
      query.newestFirst = true
      let named = Set(try state.auditRows(query).compactMap(\.record.card) + state.cards(of: person).map(\.id))
      var stories: [CardStory] = []
      for id in named.sorted() {
        guard let found = try state.card(id) else { continue }
        stories.append(try Self.story(found, of: found.isStock || found.person != person ? person : nil, in: state))
      }
      return stories
    }
  }

  /// - Parameter person: only what names this one.
  private static func story(
    _ card: RegisteredCard, of person: PersonID?, in state: any StateReader
  ) throws(StorageFault) -> CardStory {
    let rows = try state.cardRows(of: card.id, limit: mostActs).filter { person == nil || $0.record.person == person }
    return CardStory(card: summary(card), acts: try AuditService.entries(rows, in: state))
  }
}
