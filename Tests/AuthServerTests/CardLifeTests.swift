import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Testing

/// A card from the box to the shredder: the stock, loans, and cards that were left at home.
@Suite("a card's life", .serialized)
struct CardLifeTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let number = [UInt8](repeating: 0xD4, count: 16)
  private let day: Int64 = 86_400

  private func code(_ work: () async throws -> Void) async throws -> String? {
    do {
      try await work()
      return nil
    } catch ClientFault.refused(let body) {
      return body.code
    }
  }

  private func set(_ city: City, _ card: String, _ state: String) async throws -> CardStateChanged {
    try await city.link.call("POST", "/v1/admin/cards/\(card)/state", CardStateChange(state: state, reason: "telephone"))
  }

  private func lend(
    _ city: City, _ card: String, to person: String, until: String? = nil, days: Int? = nil
  ) async throws -> CardsPaused {
    try await city.link.call(
      "POST", "/v1/admin/cards/\(card)/lend",
      CardLending(person: person, until: until, days: days, reason: "left at home"))
  }

  private func takeBack(_ city: City, _ card: String) async throws -> CardStateChanged {
    try await city.link.call("POST", "/v1/admin/cards/\(card)/return", CardReturn(reason: ""))
  }

  /// - Parameter bend: changes what is signed.
  private func find(
    _ city: City, _ card: TestCard, named id: String? = nil, bend: (inout CardFoundPreimage) -> Void = { _ in }
  ) async throws -> CardFound {
    let id = id ?? card.id
    let challenge: CardFoundChallenge = try await city.link.call("POST", "/v1/admin/cards/\(id)/found/challenge")
    var preimage = CardFoundPreimage(nonce: Array(challenge.nonce), card: id, slot: "9a")
    bend(&preimage)
    return try await city.link.call(
      "POST", "/v1/admin/cards/\(id)/found",
      CardFoundProof(
        nonce: challenge.nonce, certificate: Data(card.certificate), algorithm: "ecdsa-p256-sha256",
        signature: Data(try card.sign(preimage.canonicalBytes)), reason: "brought along"))
  }

  private func today(_ city: City, plus days: Int64 = 0) -> String {
    let seconds = city.clock.now().wallMilliseconds / 1000 + 9 * 3600 + days * day
    return Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle().year().month().day())
  }

  @Test("a card is stocked, lent in place of one that was left at home, and returned; the own one comes back with its PIN only")
  func loan() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (pc, other) = (try await city.workstation("LGWAN-PC-0042"), try await city.workstation("LGWAN-PC-0043"))
    let own = try await city.enrolCard(sato, guid: number)
    let plain = try await city.enrolCard(sato, slot: "9e")
    let loan = try await city.stockCard()
    #expect(try await refusal { try await pc.enter(loan) }?.body.code == "AP184", "lent to nobody")
    let left = try await pc.enter(own)
    var watch = try await Events(pc)

    let lent = try await lend(city, loan.id, to: sato)
    #expect(lent.lent?.person == sato && lent.lent?.isStock == true && lent.lent?.lentUntil == today(city))
    #expect(
      Dictionary(uniqueKeysWithValues: lent.paused.map { ($0.card, $0.state) }) == [own.id: "forgotten", plain.id: "suspended"])
    #expect(lent.sessionsLocked == 1)
    #expect(try await watch.next() == WatchEvent(event: "lock", session: left.session, cause: "cardForgotten"))
    #expect(try await refusal { try await pc.enter(own) }?.body.code == "AP186")
    // Its former holder knows its PIN: nobody gets in before this one has set another at the desk.
    #expect(lent.lent?.awaitsPIN == true)
    #expect(try await refusal { try await other.enter(loan) }?.body.code == "AP205")
    #expect(try await city.endPINReset(loan).awaitsPIN == true, "nobody has begun a new PIN since it was lent")
    #expect(try await refusal { try await other.enter(loan) }?.body.code == "AP205")
    #expect(try await city.setPIN(loan).awaitsPIN == nil)
    let session = try await other.enter(loan)
    #expect(session.person == sato)
    let granted = try #require(try await city.audit("action=logon&outcome=granted").last)
    #expect(granted.person == sato && granted.card == loan.id && granted.note.contains("lent until \(today(city))"))
    let row = try #require(try await city.audit("action=card.lent").last)
    #expect(row.person == sato && row.card == loan.id && row.operatorID == "yamada" && row.note.contains("left at home"))
    #expect(try await city.audit("action=card.forgotten").map(\.card) == [own.id])
    #expect(try await code { _ = try await lend(city, loan.id, to: takahashi) } == "AP168", "it is lent already")

    // Neither a desk's word nor another card brings it back; only its own signature behind its PIN.
    #expect(try await code { _ = try await set(city, own.id, "active") } == "AP186")
    #expect(try await code { _ = try await set(city, own.id, "suspended") } == "AP186", "suspended it could be restored")
    let stranger = try await city.enrolCard(takahashi)
    #expect(try await code { _ = try await find(city, stranger, named: own.id) } == "AP132", "another card")
    #expect(try await code { _ = try await find(city, own) { $0.card = stranger.id } } == "AP141", "signed for another card")
    #expect(try await code { _ = try await find(city, own) { $0.nonce[0] ^= 1 } } == "AP141", "an old signature")
    #expect(try await refusal { try await pc.enter(own) }?.body.code == "AP186")
    let found = try await find(city, own)
    #expect(found.card.state == "active" && found.stillLent.map(\.card) == [loan.id])
    #expect(try await pc.enter(own).person == sato)

    var second = try await Events(other)
    let returned = try await takeBack(city, loan.id)
    #expect(returned.card.person == nil && returned.card.lentUntil == nil && returned.sessionsLocked == 1)
    #expect(try await second.next() == WatchEvent(event: "lock", session: session.session, cause: "cardReturned"))
    #expect(try await refusal { try await other.enter(loan) }?.body.code == "AP184")
    #expect(try await code { _ = try await takeBack(city, loan.id) } == "AP168", "nobody has it")

    // The next holder's rows are the next holder's.
    _ = try await lend(city, loan.id, to: takahashi, days: 3)
    let stories: [CardStory] = try await city.link.fetch("/v1/admin/cards/stories?card=\(loan.id)")
    let acts = try #require(stories.first?.acts)
    let steps = [
      "card.stocked", "card.lent", "card.pinReset", "card.pinResetBegun", "card.pinReset", "card.returned", "card.lent",
    ]
    #expect(acts.filter { $0.outcome == "done" }.map(\.action) == steps)
    #expect(try await refusal { try await other.enter(loan) }?.body.code == "AP205", "the next holder sets a PIN too")
    #expect(acts.filter { $0.action == "card.lent" && $0.outcome == "done" }.map(\.person) == [sato, takahashi])
    let hers: [CardStory] = try await city.link.fetch("/v1/admin/cards/stories?person=\(sato)")
    #expect(Set(hers.map(\.card.card)) == [own.id, plain.id, loan.id])
    #expect(hers.first { $0.card.card == loan.id }?.acts.allSatisfy { $0.person == sato } == true)
    #expect(try await code { let _: [CardStory] = try await city.link.fetch("/v1/admin/cards/stories") } == "HT400")
    #expect(try await city.audit("action=audit.read").contains { $0.card == loan.id }, "looking is a row")

    // Begun before it was lent, ended afterwards: that was for who had it before.
    #expect(try await city.endPINReset(loan).awaitsPIN == true)
    let ended = try #require(try await city.audit("action=card.pinReset").last)
    #expect(ended.person == takahashi && ended.note.contains("not begun since the card was lent"))
    #expect(try await city.setPIN(loan).awaitsPIN == nil)
    await city.end()
  }

  @Test(
    "a loan dies at its date though nobody returned it: what is open locks, nothing opens, and a clock set back changes nothing"
  )
  func overdue() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let local = (city.clock.now().wallMilliseconds / 1000 + 9 * 3600) % day
    city.clock.advance(seconds: (23 * 3600 + 40 * 60 - local + day) % day)
    let loan = try await city.stockCard()
    _ = try await lend(city, loan.id, to: sato)
    _ = try await city.setPIN(loan)
    let session = try await pc.enter(loan)
    var watch = try await Events(pc)
    city.clock.advance(seconds: 7 * 60)
    let notice = try await watch.next()
    #expect(notice.event == "ending" && notice.cause == "loanEnds")
    city.clock.advance(seconds: 14 * 60)
    #expect(try await watch.next() == WatchEvent(event: "lock", session: session.session, cause: "loanEnds"))
    let rows = try await city.audit("action=session.withdrawn")
    #expect(rows.map(\.code) == ["AP185"] && rows.first?.person == sato && rows.first?.card == loan.id)
    #expect(try await refusal { try await pc.enter(loan) }?.body.code == "AP185")
    // The row of midnight is in the log: a clock that is set back revives no loan.
    city.clock.setWall(bySeconds: -3600)
    #expect(try await refusal { try await pc.enter(loan) }?.body.code == "AP185")
    city.clock.setWall(bySeconds: 3600)
    let asked: [CardToCollect] = try await city.link.fetch("/v1/admin/cards/collection")
    #expect(asked.map(\.why) == ["loanOver"] && asked.first?.card.card == loan.id && asked.first?.card.person == sato)
    #expect(try await code { _ = try await lend(city, loan.id, to: takahashi) } == "AP168", "returned first")
    _ = try await takeBack(city, loan.id)
    let none: [CardToCollect] = try await city.link.fetch("/v1/admin/cards/collection")
    #expect(none.isEmpty)
    await city.end()
  }

  @Test("what is refused at the desk leaves nothing but its row")
  func refusals() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (own, loan, second) = (
      try await city.enrolCard(sato, guid: number), try await city.stockCard(), try await city.stockCard()
    )
    #expect(try await code { _ = try await lend(city, own.id, to: takahashi) } == "AP168", "not of the stock")
    #expect(try await code { _ = try await lend(city, "card-none", to: sato) } == "HT404")
    #expect(try await code { _ = try await lend(city, loan.id, to: "p-none") } == "HT404")
    for (until, days) in [
      (today(city, plus: -1), nil), (today(city, plus: 7), nil), ("tomorrow", nil), (nil, 0), (nil, 8), (nil, Int.max),
      (today(city), 1),
    ] as [(String?, Int?)] {
      #expect(
        try await code { _ = try await lend(city, loan.id, to: sato, until: until, days: days) } == "HT400",
        "\(until ?? "") \(days ?? -1)")
    }
    // The shape that a message may have is not what a day has.
    #expect(try await lend(city, loan.id, to: sato, until: today(city, plus: 6)).lent?.lentUntil == today(city, plus: 6))
    #expect(try await code { _ = try await lend(city, second.id, to: sato) } == "AP168", "one at a time")
    #expect(try await code { _ = try await set(city, loan.id, "forgotten") } == "AP168", "a loan card is not forgotten")
    #expect(try await code { _ = try await set(city, loan.id, "collected") } == "AP168", "returned first")
    #expect(try await code { _ = try await city.enrolCard(sato, key: loan) } == "AP133")
    #expect(try await code { _ = try await city.stockCard(key: own) } == "AP133")
    #expect(try await code { _ = try await city.stockCard(guid: number) } == "AP131", "the number of somebody's card")
    #expect(try await code { _ = try await city.stockCard(refusedAs: sato) } == "AP141", "signed for a person")
    let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(sato)")
    #expect(Set(cards.map { "\($0.card) \($0.state)" }) == ["\(own.id) forgotten", "\(loan.id) active"])
    let none: CardsPaused? = try? await city.link.call(
      "POST", "/v1/admin/cards/forgotten", CardsForgotten(person: takahashi, reason: ""))
    #expect(none == nil, "no card to forget")
    #expect(try await city.audit("action=card.lent&outcome=refused").count == 4)
    // Lost before its holder had set a PIN: it goes to the shredder like any other.
    #expect(try await set(city, loan.id, "lost").card.awaitsPIN == true)
    let gone = try await set(city, loan.id, "collected").card
    #expect(gone.state == "collected" && gone.person == nil && gone.awaitsPIN == nil)
    await city.end()
  }

  @Test("lost and revoked never come back; what was found after its loss, and leavers' cards, stand on the collection list")
  func collected() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let (lost, revoked, kept) = (
      try await city.enrolCard(sato), try await city.enrolCard(sato), try await city.enrolCard(takahashi)
    )
    func list() async throws -> [String: String] {
      let asked: [CardToCollect] = try await city.link.fetch("/v1/admin/cards/collection")
      return Dictionary(uniqueKeysWithValues: asked.map { ($0.card.card, $0.why) })
    }
    _ = try await set(city, lost.id, "lost")
    _ = try await set(city, lost.id, "lost")
    _ = try await set(city, revoked.id, "revoked")
    #expect(try await list() == [revoked.id: "revoked"], "what nobody has seen cannot be got back")
    for (card, expected) in [(lost, "AP105"), (revoked, "AP187")] {
      for state in ["active", "suspended", "forgotten"] {
        #expect(try await code { _ = try await set(city, card.id, state) } == expected, "\(state)")
      }
      #expect(try await code { _ = try await find(city, card) } == expected)
      #expect(try await refusal { try await pc.enter(card) }?.body.code == expected)
    }
    #expect(try await list() == [revoked.id: "revoked", lost.id: "lostAndFound"])
    #expect(try await code { _ = try await set(city, kept.id, "collected") } == "AP168", "its person stays")
    for card in [lost, revoked] {
      _ = try await set(city, card.id, "collected")
      #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP187")
      #expect(try await set(city, card.id, "destroyed").card.state == "destroyed")
      #expect(try await code { _ = try await set(city, card.id, "collected") } == "AP187")
    }
    #expect(try await list().isEmpty)
    // A card of the stock at the end of its life.
    let loan = try await city.stockCard()
    #expect(try await set(city, loan.id, "collected").card.state == "collected")
    #expect(try await code { _ = try await lend(city, loan.id, to: sato) } == "AP187")
    let stock: [CardSummary] = try await city.link.fetch("/v1/admin/cards/stock")
    #expect(stock.map(\.card) == [loan.id])

    // Takahashi's last day is today: the card is asked for, and may be taken in, at once.
    let people = try String(contentsOfFile: Repository.root + "/deploy/sample-city/people.csv", encoding: .utf8)
      .split(separator: "\r\n").map { line in
        guard line.hasPrefix(takahashi + ",") else { return String(line) }
        var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        fields[9] = today(city)
        return fields.joined(separator: ",")
      }
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let imported: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people.joined(separator: "\r\n"), groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: false))
    #expect(imported.applied)
    #expect(try await list() == [kept.id: "lastDay"])
    #expect(try await set(city, kept.id, "collected").card.state == "collected")
    #expect(try await list().isEmpty)
    await city.end()
  }
}

extension City {
  /// The holder of a lent card sets a PIN at the desk.
  func setPIN(_ card: TestCard) async throws -> CardSummary {
    let begun: PINResetBegun = try await link.call(
      "POST", "/v1/admin/cards/pin-resets",
      PINResetBegin(keys: [Data(SHA256.hash(data: Data(card.publicKey)))], reason: "lent"))
    #expect(begun.card.card == card.id)
    return try await endPINReset(card)
  }

  /// What the desk says after the holder has typed it.
  func endPINReset(_ card: TestCard) async throws -> CardSummary {
    try await link.call(
      "POST", "/v1/admin/cards/\(card.id)/pin-reset", PINResetEnd(isDone: true, code: nil, triesLeft: nil, reason: "lent"))
  }

  /// Takes one key of a card into the stock at the desk.
  /// - Parameter person: whom the card signs for; nobody, as it has to be.
  func stockCard(guid: [UInt8]? = nil, key: TestCard? = nil, refusedAs person: String = "") async throws -> TestCard {
    let card = try key ?? cards.issue(slot: "9a")
    let challenge: StockCardChallenge = try await link.call("POST", "/v1/admin/cards/stock/challenge")
    let preimage = EnrolmentPreimage(
      nonce: Array(challenge.nonce), person: person, slot: card.slot, guid: guid ?? [], card: "")
    let summary: CardSummary = try await link.call(
      "POST", "/v1/admin/cards/stock",
      StockCardEnrolment(
        segment: segment.name, profile: "piv", slot: card.slot, nonce: challenge.nonce, certificate: Data(card.certificate),
        algorithm: "ecdsa-p256-sha256", signature: Data(try card.sign(preimage.canonicalBytes)), refusedWithoutPIN: true,
        guid: guid.map { Data($0) }, card: nil))
    if key == nil { card.id = summary.card }
    return card
  }
}
