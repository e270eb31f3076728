import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// One card is one piece of plastic, whatever number of its keys is registered.
@Suite("One card with several keys", .serialized)
struct CardKeysTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let number = [UInt8](repeating: 0xD4, count: 16)

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

  @Test("a loss is reported once: both keys are refused at once and every session of either is told to lock")
  func lost() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.setPassword(sato, "kawa-no-nagare-7")
    let first = try await city.workstation("LGWAN-PC-0042")
    let second = try await city.workstation("LGWAN-PC-0043")
    let withPIN = try await city.enrolCard(sato, guid: number)
    let without = try await city.enrolCard(sato, slot: "9e", guid: number)
    #expect(without.id == withPIN.id)
    let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(sato)")
    #expect(cards.count == 1 && cards[0].guid == Hex.encode(number))
    #expect(cards[0].keys.map(\.slot) == ["9a", "9e"] && cards[0].keys.map(\.proofClass) == ["pk-pin", "pk"])

    let one = try await first.enter(withPIN)
    let two = try await second.enter(without, password: "kawa-no-nagare-7")
    var watches: [(String, Events)] = []
    for (pc, session) in [(first, one.session), (second, two.session)] {
      let events = try await Events(pc)
      watches.append((session, events))
    }
    let changed = try await set(city, withPIN.id, "lost")
    #expect(changed.sessionsLocked == 2 && changed.card.keys.count == 2 && changed.card.state == "lost")
    #expect(try await refusal { try await first.enter(withPIN) }?.body.code == "AP105")
    #expect(try await refusal { try await second.enter(without, password: "kawa-no-nagare-7") }?.body.code == "AP105")
    for (session, watch) in watches {
      var events = watch
      let told = try await events.next()
      #expect(told == WatchEvent(event: "lock", session: session, cause: "cardLost"))
    }
    let row = try #require(try await city.audit("action=card.lost").first)
    #expect(row.count == 4 && row.note == "keys 2, sessions 2; telephone" && row.card == withPIN.id)

    #expect(try await code { _ = try await set(city, withPIN.id, "active") } == "AP105", "lost is for good")
    await city.end()
  }

  @Test("a card that was suspended comes back with all its keys")
  func suspended() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.setPassword(sato, "kawa-no-nagare-7")
    let pc = try await city.workstation("LGWAN-PC-0042")
    let withPIN = try await city.enrolCard(sato, guid: number)
    let without = try await city.enrolCard(sato, slot: "9e", guid: number)
    _ = try await set(city, withPIN.id, "suspended")
    #expect(try await refusal { try await pc.enter(withPIN) }?.body.code == "AP106")
    _ = try await set(city, withPIN.id, "active")
    let session = try await pc.enter(withPIN)
    #expect(session.person == sato)
    _ = try await pc.end("logoff", session.session)
    #expect(try await pc.enter(without, password: "kawa-no-nagare-7").person == sato)
    await city.end()
  }

  @Test("a number that another person's card has is refused with a row; the same number is never two cards")
  func otherPerson() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato, guid: number)
    #expect(try await code { _ = try await city.enrolCard(takahashi, guid: number) } == "AP131")
    let row = try #require(try await city.audit("action=card.enrolled&outcome=refused").first)
    #expect(row.code == "AP131" && row.person == takahashi && row.card == card.id && row.operatorID == "yamada")
    let others: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(takahashi)")
    #expect(others.isEmpty)
    // What the desk sends must be what the card signed.
    let bent = [UInt8](repeating: 0xD5, count: 16)
    #expect(try await code { _ = try await city.enrolCard(takahashi, guid: number, sent: bent) } == "AP141")
    // A key is registered once, whoever shows it.
    #expect(try await code { _ = try await city.enrolCard(sato, guid: number, key: card) } == "AP133")
    await city.end()
  }

  @Test("cards without a number are cards of their own, and the desk may name one that is registered")
  func withoutNumber() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let zero = [UInt8](repeating: 0, count: 16)
    let one = try await city.enrolCard(sato)
    let two = try await city.enrolCard(sato, guid: zero)
    let three = try await city.enrolCard(takahashi, guid: zero)
    #expect(Set([one.id, two.id, three.id]).count == 3)
    let joined = try await city.enrolCard(sato, slot: "9e", named: one.id)
    #expect(joined.id == one.id)
    for (person, slot, guid, named, why) in [
      (sato, "9e", nil, three.id, "another person's card"), (sato, "9e", nil, "card-none", "no such card"),
      (sato, "9a", nil, two.id, "its slot has a key"),
    ] as [(String, String, [UInt8]?, String, Comment)] {
      #expect(
        try await code { _ = try await city.enrolCard(person, slot: slot, guid: guid, named: named) } == "AP132", why)
    }
    // The first number that is read for a named card becomes the card's; from then on another number is another card.
    #expect(try await city.enrolCard(sato, slot: "9e", guid: number, named: two.id).id == two.id)
    let other = [UInt8](repeating: 7, count: 16)
    #expect(try await code { _ = try await city.enrolCard(sato, guid: other, named: two.id) } == "AP132")
    #expect(try await code { _ = try await city.enrolCard(sato, named: two.id) } == "AP132")
    #expect(try await code { _ = try await city.enrolCard(sato, guid: [1, 2, 3]) } == "HT400")
    await city.end()
  }

  @Test(
    "a card that is not active gains no key, by its number or by its name",
    arguments: [("lost", "AP105"), ("suspended", "AP106"), ("forgotten", "AP186"), ("revoked", "AP187")])
  func notActive(state: String, expected: String) async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato, guid: number)
    let plain = try await city.enrolCard(sato)
    for id in [card.id, plain.id] { _ = try await set(city, id, state) }
    #expect(try await code { _ = try await city.enrolCard(sato, slot: "9e", guid: number) } == expected)
    #expect(try await code { _ = try await city.enrolCard(sato, slot: "9e", guid: number, named: card.id) } == expected)
    #expect(try await code { _ = try await city.enrolCard(sato, slot: "9e", named: plain.id) } == expected)
    let rows = try await city.audit("action=card.enrolled&outcome=refused")
    #expect(rows.count == 3 && rows.allSatisfy { $0.code == expected })
    let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(sato)")
    #expect(cards.count == 2 && cards.allSatisfy { $0.keys.count == 1 })
    await city.end()
  }

  @Test("a card that got a new key in a slot has the new one only")
  func newKey() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let old = try await city.enrolCard(sato, guid: number)
    let new = try await city.enrolCard(sato, guid: number)
    #expect(new.id == old.id)
    #expect(try await pc.enter(new).person == sato)
    #expect(try await refusal { try await pc.enter(old) }?.body.code == "AP102")
    #expect(try await city.audit("action=card.enrolled").last?.note.contains("replaces key") == true)
    await city.end()
  }

  @Test("wrong passwords count against the card, whichever of its keys was shown")
  func throttle() async throws {
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    try await city.setPassword(takahashi, "kawa-no-nagare-7")
    let pc = try await city.workstation("MYNUMBER-PC-0007")
    let withPIN = try await city.enrolCard(takahashi, guid: number)
    let without = try await city.enrolCard(takahashi, slot: "9e", guid: number)
    #expect(withPIN.id == without.id)
    var codes: [String] = []
    for _ in 0..<12 {
      if let refused = try await refusal({ try await pc.enter(withPIN, password: "wrong-password") }) {
        codes.append(refused.body.code)
      }
    }
    #expect(codes.contains("AP111"))
    #expect(try await refusal { try await pc.enter(without, password: "kawa-no-nagare-7") }?.body.code == "AP111")
    await city.end()
  }
}
