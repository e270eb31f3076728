import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Synchronization
import Testing

/// Shared-key cards at the desk: what is carried there, by whom, and for how long.
@Suite("Shared-key cards at the desk", .serialized)
struct SharedCardDeskTests {
  private let sato = "p-000042"

  private func rows(_ city: City) async throws -> [AuditEntry] {
    try await city.audit("class=enrolment&action=card.enrolled")
  }

  @Test("each round is asked for once; a card is registered once, whoever it is for")
  func replay() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    _ = city.exchangingVault()
    let card = try SharedTestCard(.felicaLiteS)
    let begun = try await city.beginShared(card, for: sato)
    #expect(try CardScript(canonicalBytes: Array(begun.script)).id == "felica-lite-s" && begun.card == nil)
    #expect(!begun.displayName.isEmpty)
    let answers = try card.answer(try #require(begun.commands))
    let second = try await city.goOnShared(begun.exchange, answers)
    #expect(second.exchange != begun.exchange)
    #expect(try await refusal { try await city.goOnShared(begun.exchange, answers) }?.status == 404)
    let done = try await city.goOnShared(second.exchange, card.answer(try #require(second.commands)))
    #expect(done.card?.person == sato && done.card?.keys.map(\.proofClass) == ["sym-3des"] && done.commands == nil)
    #expect(try await refusal { try await city.goOnShared(second.exchange, answers) }?.status == 404)
    // The same card again, for the same person and for another one.
    for person in [sato, "p-000025"] {
      let again = try #require(try await refusal { try await city.enrolShared(card, for: person) })
      #expect(again.status == 409 && again.body.code == "AP133")
    }
    let rows = try await rows(city)
    #expect(rows.map(\.outcome) == ["done", "refused", "refused"] && rows.last?.code == "AP133")
    await city.end()
  }

  @Test("five minutes, and not one second more")
  func fiveMinutes() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    _ = city.exchangingVault()
    let card = try SharedTestCard(.desfireEV2)
    city.clock.stop()
    for (seconds, isTaken) in [(299, true), (300, false)] as [(Int64, Bool)] {
      let begun = try await city.beginShared(card, for: sato)
      let answers = try card.answer(try #require(begun.commands))
      city.clock.advance(seconds: seconds)
      let refused = try await refusal { try await city.goOnShared(begun.exchange, answers) }
      #expect((refused == nil) == isTaken && (isTaken || refused?.status == 404))
    }
    await city.end()
  }

  @Test("another operator goes on with nothing that she did not begin, and voids nothing")
  func otherOperator() async throws {
    let office = try await OperatorCity()
    let city = office.city
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    _ = city.exchangingVault()
    let suzuki = try await office.connect(office.newOperator(role: "desk").identity)
    let card = try SharedTestCard(.desfireEV2)
    let begun = try await city.beginShared(card, for: sato)
    let answers = try card.answer(try #require(begun.commands))
    #expect(try await refusal { try await city.goOnShared(begun.exchange, answers, over: suzuki) }?.status == 404)
    var step = try await city.goOnShared(begun.exchange, answers)
    step = try await city.goOnShared(step.exchange, card.answer(step.commands ?? []))
    #expect(step.card?.person == sato)
    #expect(try await rows(city).last?.operatorID == "yamada")
    // She registers one herself: it is hers in the row.
    let other = try SharedTestCard(.felicaLiteS)
    #expect(try await city.enrolShared(other, for: sato, over: suzuki).keys.first?.enrolledBy == "suzuki")
    suzuki.close()
    await city.end()
  }

  @Test("a card without the city's key is not registered; the desk is told which word, the row has it")
  func stranger() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    let vault = city.exchangingVault()
    for (kind, said) in [(SharedKeyCardKind.felicaLiteS, "wrong-mac"), (.desfireEV2, "card-refused 91ae")] {
      let card = try SharedTestCard(kind, master: SharedTestCard.cityKey(kind, seed: 9))
      let refused = try #require(try await refusal { try await city.enrolShared(card, for: sato) })
      #expect(refused.status == 403 && refused.body.code == "AP182" && refused.body.en.contains("city's key"))
      let row = try #require(try await rows(city).last)
      #expect(row.outcome == "refused" && row.code == "AP182" && row.note.contains(said) && row.person == sato)
    }
    vault.state.withLock { $0.refusal = .storeUnavailable }
    let away = try #require(try await refusal { try await city.enrolShared(SharedTestCard(.desfireEV2), for: sato) })
    #expect(away.status == 503 && away.body.code == "AP193")
    vault.state.withLock { $0.refusal = .cardKeyMissing }
    _ = try await refusal { try await city.enrolShared(SharedTestCard(.desfireEV2), for: sato) }
    #expect(try await rows(city).last?.note == "desfire-ev2: V186")
    let listed: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(sato)")
    #expect(listed.isEmpty)
    await city.end()
  }

  @Test("nobody of that number, no such file, no such segment, a number of another kind")
  func unknown() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    let vault = city.exchangingVault()
    func status(_ person: String, _ segment: String, _ profile: String, _ number: [UInt8]) async throws -> Int {
      let body = SharedCardEnrolment(person: person, segment: segment, profile: profile, number: Data(number))
      return try await city.link.request(
        "POST", "/v1/admin/cards/shared", body: Array(try JSONEncoder().encode(body))
      ).status
    }
    let number: [UInt8] = [4, 1, 2, 3, 4, 5, 6]
    #expect(try await status("p-999999", "lgwan", "desfire-ev2", number) == 404)
    #expect(try await status(sato, "lgwan", "desfire-ev9", number) == 400)
    #expect(try await status(sato, "internet", "desfire-ev2", number) == 400, "not served here")
    #expect(try await status(sato, "lgwan", "desfire-ev2", number + [7]) == 400)
    #expect(try await status(sato, "lgwan", "felica-lite-s", number) == 400)
    #expect(vault.state.withLock { $0.begun } == 0)
    #expect(try await refusal { try await city.goOnShared("x-00", []) }?.status == 404)
    await city.end()
  }
}
