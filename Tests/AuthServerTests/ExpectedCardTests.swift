import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SwiftASN1
import Testing
import X509

/// Certificates of a list, and the cards that come after them.
@Suite("Cards that a list announced", .serialized)
struct ExpectedCardTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let word = "kawa-no-nagare-7"

  private func city() async throws -> City {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.setPassword(sato, word)
    return city
  }

  private func code(_ work: () async throws -> some Any) async throws -> String? { try await refusal(work)?.body.code }

  private func deskCode(_ work: () async throws -> some Any) async throws -> String? {
    do {
      _ = try await work()
      return nil
    } catch ClientFault.refused(let body) {
      return body.code
    }
  }

  private func expected(_ city: City) async throws -> [ExpectedCardSummary] {
    try await city.link.fetch("/v1/admin/cards/expected", returning: ExpectedCardsShown.self).cards
  }

  @Test("a certificate makes no card; the first logon in which its key signs does, of class pk, and the row says by which list")
  func firstLogon() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try city.cards.issue(slot: "9a")
    #expect(try await city.expect([(sato, card.certificate)], isDryRun: true).map(\.outcome) == ["expectable"])
    #expect(try await expected(city).isEmpty)
    #expect(try await code { try await pc.enter(card, password: word) } == "AP102")
    #expect(try await city.expect([(sato, card.certificate)]).map(\.outcome) == ["expected"])
    #expect(try await city.expect([(sato, card.certificate)]).map(\.outcome) == ["already"])
    #expect(try await city.cardsOf(sato).isEmpty)
    #expect(try await expected(city).map(\.person) == [sato])
    let session = try await pc.enter(card, password: word)
    #expect(session.person == sato)
    let cards = try await city.cardsOf(sato)
    #expect(cards.count == 1 && cards.first?.keys.map(\.proofClass) == ["pk"])
    #expect(try await expected(city).isEmpty)
    let row = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(row.outcome == "done" && row.person == sato && row.workstation == pc.name && row.operatorID == "yamada")
    #expect(row.note.hasSuffix("; first shown at LGWAN-PC-0042, announced by a list of yamada"))
    _ = try await pc.end("logoff", session.session)
    #expect(try await pc.enter(card, password: word).person == sato, "like any other card from here on")
    #expect(try await city.expect([(sato, card.certificate)]).map(\.outcome) == ["already"])
    await city.end()
  }

  @Test("who has the certificate and not the key gets nothing, and the card is still expected")
  func certificateAlone() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let (card, thief) = (try city.cards.issue(slot: "9a"), try city.cards.issue(slot: "9a"))
    _ = try await city.expect([(sato, card.certificate)])
    let opened = try await pc.open()
    var message = try pc.proofs(opened, thief, password: word)
    message.card?.certificate = Data(card.certificate)
    let bent = message
    #expect(try await code { try await pc.prove(opened, bent) } == "AP100")
    #expect(try await city.cardsOf(sato).isEmpty)
    #expect(try await expected(city).count == 1)
    await city.end()
  }

  @Test(
    "a card-authentication key is announced by no list: refused by its usage, and without one its first logon makes no card")
  func cardAuthenticationKey() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let named = try city.cards.issue(slot: "9e", usages: [.init(oid: [2, 16, 840, 1, 101, 3, 6, 8])])
    #expect(try await city.expect([(sato, named.certificate)]).map(\.outcome) == ["refused"])
    let unnamed = try city.cards.issue(slot: "9e")
    #expect(try await city.expect([(sato, unnamed.certificate)]).map(\.outcome) == ["expected"], "nothing says which key it is")
    #expect(try await code { try await pc.enter(unnamed, password: word) } == "AP102")
    #expect(try await city.cardsOf(sato).isEmpty)
    #expect(try await expected(city).count == 1)
    await city.end()
  }

  @Test("each line by itself: strangers' and expired certificates, nobody, keys of others; My Number takes none")
  func lines() async throws {
    let city = try await City(combined: true)
    _ = try await city.importPeople()
    let good = try city.cards.issue(slot: "9a")
    let registered = try await city.enrolCard(takahashi)
    let outcomes = try await city.expect([
      (sato, try CardAuthority(named: "Others").issue(slot: "9a").certificate),
      (sato, try city.cards.issue(slot: "9a", validDays: -1).certificate), (sato, [0x30, 0x01, 0x00]),
      ("p-999999", good.certificate), (sato, registered.certificate), (takahashi, registered.certificate),
      (sato, good.certificate), (takahashi, good.certificate),
    ])
    #expect(
      outcomes.map(\.outcome) == [
        "refused", "refused", "refused", "personUnknown", "refused", "already", "expected", "refused",
      ])
    #expect(outcomes.map(\.code) == ["AP144", "AP145", "AP149", nil, "AP133", nil, nil, "AP133"])
    #expect(outcomes.map(\.line) == Array(2...9))
    let none = try #require(try await refusal { try await city.expect([(sato, good.certificate)], segment: "mynumber") })
    #expect(none.status == 403 && none.body.code == "AP203")
    #expect(try await refusal { try await city.expect([], segment: "lgwan") }?.status == 400)
    let many = (0..<51).map { _ in (person: sato, certificate: [UInt8](repeating: 1, count: 8)) }
    #expect(try await refusal { try await city.expect(many) }?.status == 400)
    await city.end()
  }

  @Test("registered at the desk it is its person's alone, announced no more, and a key that is replaced later stays away")
  func atTheDesk() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try city.cards.issue(slot: "9a")
    let guid = [UInt8](repeating: 0xD4, count: 16)
    _ = try await city.expect([(sato, card.certificate)])
    #expect(try await deskCode { try await city.enrolCard(takahashi, key: card) } == "AP133")
    let row = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(row.outcome == "refused" && row.person == takahashi && row.code == "AP133")
    #expect(row.note.hasSuffix("; a list says that the key is p-000042's"))
    #expect(try await city.cardsOf(takahashi).isEmpty)
    #expect(try await expected(city).map(\.person) == [sato])
    _ = try await city.enrolCard(sato, guid: guid, key: card)
    #expect(try await expected(city).isEmpty)
    let next = try await city.enrolCard(sato, guid: guid)
    #expect(next.id == card.id)
    #expect(try await code { try await pc.enter(card, password: word) } == "AP102")
    #expect(try await city.cardsOf(sato).count == 1)
    #expect(try await pc.enter(next).person == sato)
    await city.end()
  }

  @Test("at a first tap another person's is refused behind all three, and one's own is announced no more")
  func atAFirstTap() async throws {
    let city = try await city()
    try await city.takeFirstTaps()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let account = try await city.account(sato)
    let digits = try await city.firstTapCode(sato)
    let (own, others) = (try city.cards.issue(slot: "9a"), try city.cards.issue(slot: "9a"))
    _ = try await city.expect([(sato, own.certificate), (takahashi, others.certificate)])
    #expect(try await code { try await pc.register(others, account: account, password: word, code: digits) } == "AP133")
    let row = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(row.outcome == "refused" && row.person == sato && row.code == "AP133" && row.reference != nil)
    #expect(row.note.contains("; a list says that the key is p-000007's"))
    #expect(try await city.firstTapCodes().map(\.state) == ["open"])
    #expect(try await pc.register(own, account: account, password: word, code: digits).person == sato)
    #expect(try await expected(city).map(\.person) == [takahashi])
    await city.end()
  }

  @Test("after its last day it is waited for no more: not listed, no card at a logon, and free for another list or the desk")
  func over() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let (shown, listed, enrolled) = (
      try city.cards.issue(slot: "9a"), try city.cards.issue(slot: "9a"), try city.cards.issue(slot: "9a")
    )
    _ = try await city.expect([(sato, shown.certificate), (sato, listed.certificate), (sato, enrolled.certificate)])
    city.clock.advance(seconds: 90 * 86_400)
    #expect(try await expected(city).count == 3)
    #expect(try await city.expect([(takahashi, listed.certificate)]).map(\.code) == ["AP133"])
    city.clock.advance(seconds: 86_400)
    #expect(try await expected(city).isEmpty)
    #expect(try await city.expect([(takahashi, listed.certificate)], isDryRun: true).map(\.outcome) == ["expectable"])
    #expect(try await city.expect([(takahashi, listed.certificate)]).map(\.outcome) == ["expected"])
    #expect(try await expected(city).map(\.person) == [takahashi])
    _ = try await city.enrolCard(takahashi, key: enrolled)
    let before = try await city.audit("class=enrolment&action=card.enrolled").count
    for _ in 1...2 { #expect(try await code { try await pc.enter(shown, password: word) } == "AP102") }
    let rows = try await city.audit("class=enrolment&action=card.enrolled")
    #expect(rows.count == before + 1 && rows.last?.note.hasSuffix("its last day is over") == true, "and is forgotten with that")
    #expect(try await city.cardsOf(sato).isEmpty)
    await city.end()
  }

  @Test("in another segment than it was announced for it is no card, and still expected where it was")
  func elsewhere() async throws {
    let city = try await City(combined: true)
    _ = try await city.importPeople()
    try await city.setPassword(takahashi, word)
    let (lgwan, mynumber) = (
      try await city.workstation("LGWAN-PC-0042"), try await city.workstation("MYNUMBER-PC-0007", segment: .mynumber)
    )
    let card = try city.cards.issue(slot: "9a")
    _ = try await city.expect([(takahashi, card.certificate)])
    #expect(try await code { try await mynumber.enter(card, password: word) } == "AP102")
    let row = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(row.outcome == "refused" && row.segment == "mynumber" && row.note.hasSuffix("of a list: expected in lgwan"))
    #expect(try await city.cardsOf(takahashi).isEmpty)
    #expect(try await expected(city).map(\.segment) == ["lgwan"])
    #expect(try await lgwan.enter(card, password: word).person == takahashi)
    await city.end()
  }

  @Test("whose person is not in force when it is first shown is no card, and one again when the person is")
  func notInForce() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try city.cards.issue(slot: "9a")
    _ = try await city.expect([(sato, card.certificate)])
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let disabled: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv",
        people: text("people.csv").replacing("ハナコ,,0401,ka-0401,true", with: "ハナコ,,0401,ka-0401,false"),
        groups: text("groups.csv"), departments: text("departments.csv"), confirmed: nil, preview: false))
    #expect(disabled.applied)
    #expect(try await code { try await pc.enter(card, password: word) } == "AP102")
    let row = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(row.outcome == "refused" && row.person == sato && row.note.hasSuffix("the person is not in force"))
    #expect(try await city.cardsOf(sato).isEmpty)
    _ = try await city.importPeople(everybody: true)
    #expect(try await pc.enter(card, password: word).person == sato)
    await city.end()
  }

  @Test("withdrawn, it is no card, and announced again it is")
  func withdrawn() async throws {
    let city = try await city()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try city.cards.issue(slot: "9a")
    _ = try await city.expect([(sato, card.certificate)])
    let key = try #require(try await expected(city).first).key
    let _: NoBody = try await city.link.call(
      "POST", "/v1/admin/cards/expected/withdraw", ExpectedCardWithdrawal(key: key))
    #expect(try await code { try await pc.enter(card, password: word) } == "AP102")
    let again = try await city.link.request(
      "POST", "/v1/admin/cards/expected/withdraw", body: Array(JSONEncoder().encode(ExpectedCardWithdrawal(key: key))))
    #expect(again.status == 404)
    #expect(try await city.audit("class=enrolment&action=card.notExpected").map(\.outcome) == ["done", "refused"])
    // Announced after the server had found that nothing is expected.
    _ = try await city.expect([(sato, card.certificate)])
    city.clock.advance(seconds: 120)
    #expect(try await pc.enter(card, password: word).person == sato)
    await city.end()
  }
}
