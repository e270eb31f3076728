import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Testing

/// A new PIN that a desk sets with a card's PUK: no act without a row, and none on a card that is not in use.
@Suite("New PINs at the desk", .serialized)
struct PINResetTests {
  private let sato = "p-000042"
  private let number = [UInt8](repeating: 0xD4, count: 16)

  private func key(_ card: TestCard) -> Data { Data(SHA256.hash(data: Data(card.publicKey))) }

  private func begin(
    _ city: City, _ keys: [Data], reason: String = "forgot it", over link: ServerConnection? = nil
  ) async throws -> PINResetBegun {
    try await (link ?? city.link).call(
      "POST", "/v1/admin/cards/pin-resets", PINResetBegin(keys: keys, reason: reason))
  }

  private func end(
    _ city: City, _ card: String, _ code: String? = nil, tries: Int? = nil, isDone: Bool? = nil, reason: String = "forgot it"
  ) async throws -> CardSummary {
    try await city.link.call(
      "POST", "/v1/admin/cards/\(card)/pin-reset",
      PINResetEnd(isDone: isDone ?? (code == nil), code: code, triesLeft: tries, reason: reason))
  }

  /// What is refused: the HTTP status, and the code in the body.
  private func told<R>(_ work: () async throws -> R) async throws -> (status: Int, code: String)? {
    do {
      _ = try await work()
      return nil
    } catch ClientFault.refused(let body) {
      let status = body.code.hasPrefix("HT") ? Int(body.code.dropFirst(2)) : nil
      return (status ?? 0, body.code)
    }
  }

  @Test("the desk learns whose card it is; a row before and a row after say who, which card, whose and why")
  func rows() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato, guid: number)
    let other = try await city.enrolCard(sato, slot: "9e", guid: number)
    #expect(other.id == card.id)
    // By either key, or by both of one card; a key that nobody registered does not stand in the way.
    for keys in [[key(card)], [key(other)], [key(card), key(other)], [key(card), Data(repeating: 7, count: 32)]] {
      let begun = try await begin(city, keys)
      #expect(begun.card.card == card.id && begun.card.person == sato && !begun.displayName.isEmpty)
    }
    #expect(try await end(city, card.id).card == card.id)
    let begun = try await city.audit("class=enrolment&action=card.pinResetBegun")
    #expect(
      begun.count == 4 && begun.allSatisfy { $0.outcome == "done" && $0.note == "forgot it" && $0.operatorID == "yamada" })
    let row = try #require(try await city.audit("class=enrolment&action=card.pinReset").last)
    #expect(row.person == sato && row.card == card.id && row.operatorID == "yamada" && row.outcome == "done")
    #expect(row.note == "forgot it")
    // What did not come of it stands there too.
    _ = try await end(city, card.id, "SA112", tries: 2)
    _ = try await end(city, card.id, "fault")
    let notes = try await city.audit("class=enrolment&action=card.pinReset&outcome=refused").map(\.note)
    #expect(Set(notes) == ["SA112, tries left 2; forgot it", "fault; forgot it"] && notes.count == 2)
    let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(sato)")
    #expect(cards.count == 1 && cards[0].state == "active" && cards[0].keys.count == 2, "nothing of the card changed")
    await city.end()
  }

  @Test("a card that is lost, suspended or nobody's gets none, with a row")
  func refused() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato, guid: number)
    let second = try await city.enrolCard("p-000007")
    // What is lost never comes back: it goes last.
    for (state, code) in [("suspended", "AP106"), ("lost", "AP105")] {
      let _: CardStateChanged = try await city.link.call(
        "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: state, reason: ""))
      #expect(try await told { try await begin(city, [key(card)]) }?.code == code)
    }
    #expect(try await told { try await begin(city, [Data(repeating: 7, count: 32)]) }?.code == "AP102")
    // Keys of two cards on one piece of plastic.
    #expect(try await told { try await begin(city, [key(second), key(card)]) }?.code == "AP102")
    let rows = try await city.audit("class=enrolment&action=card.pinResetBegun")
    #expect(rows.count == 4 && rows.allSatisfy { $0.outcome == "refused" && $0.operatorID == "yamada" })
    #expect(Set(rows.compactMap(\.code)) == ["AP105", "AP106", "AP102"])
    #expect(rows.filter { $0.code == "AP105" }.map(\.person) == [sato])
    await city.end()
  }

  @Test("no reason, no keys, another length, a code nobody has: nothing is written")
  func malformed() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato)
    let key = key(card)
    for (keys, reason) in [
      ([], "x"), ([key, key, key], "x"), ([Data(repeating: 1, count: 31)], "x"), ([key], ""), ([key], "  "),
      ([key], String(repeating: "x", count: 501)), ([key], "a\u{202E}b"),
    ] as [([Data], String)] {
      #expect(try await told { try await begin(city, keys, reason: reason) }?.status == 400)
    }
    #expect(try await told { try await end(city, card.id, "SA999") }?.status == 400)
    #expect(try await told { try await end(city, card.id, "SA112", tries: 16) }?.status == 400)
    #expect(try await told { try await end(city, card.id, "SA112", isDone: true) }?.status == 400)
    #expect(try await told { try await end(city, card.id, isDone: false) }?.status == 400)
    #expect(try await told { try await end(city, card.id, reason: "") }?.status == 400)
    #expect(try await city.audit("class=enrolment&action=card.pinResetBegun").isEmpty)
    #expect(try await city.audit("class=enrolment&action=card.pinReset").isEmpty)
    // A card that is not there has a row all the same: somebody said something about it.
    #expect(try await told { try await end(city, "card-none") }?.status == 404)
    #expect(try await city.audit("class=enrolment&action=card.pinReset").map(\.outcome) == ["refused"])
    await city.end()
  }

  @Test("a branch desk may, an auditor may not")
  func roles() async throws {
    let office = try await OperatorCity()
    let city = office.city
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato)
    let auditor = try OperatorTestCard(.p256, of: office.authority)
    try await office.register(auditor, as: "auditor", person: "p-000003", role: "auditor")
    let desk = try await office.connect(office.newOperator(role: "desk").identity)
    #expect(try await begin(city, [key(card)], over: desk).card.person == sato)
    #expect(try await city.audit("class=enrolment&action=card.pinResetBegun").last?.operatorID == "suzuki")
    let auditors = try await office.connect(auditor.identity)
    #expect(try await told { try await begin(city, [key(card)], over: auditors) }?.code == "AP125")
    auditors.close()
    desk.close()
    await city.end()
  }
}
