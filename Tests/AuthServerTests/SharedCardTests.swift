import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Synchronization
import Testing

/// Shared-key cards over the real wire: a server between a card in memory and a vault's part in the exchange.
@Suite("Shared-key cards", .serialized)
struct SharedCardTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let word = "kawa-no-nagare-7"

  private struct Office {
    let city: City
    let vault: ExchangingVault
    let pc: TestWorkstation
    let card: SharedTestCard
    var id = ""
  }

  /// LGWAN takes such cards; one is registered for Sato, who has a password.
  /// - Parameter asksVault: the city's own vault does the exchanges, with the city's key.
  private func office(_ kind: SharedKeyCardKind = .felicaLiteS, asksVault: Bool = false) async throws -> Office {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    let vault = asksVault ? ExchangingVault(city.door) : city.exchangingVault()
    if asksVault { try await city.keepCardKey(kind) }
    let card = try SharedTestCard(kind)
    let registered = try await city.enrolShared(card, for: sato)
    try await city.setPassword(sato, word)
    return Office(
      city: city, vault: vault, pc: try await city.workstation("LGWAN-PC-0042"), card: card, id: registered.card)
  }

  private func denied(_ city: City) async throws -> [AuditEntry] { try await city.audit("class=ceremony&outcome=denied") }

  @Test(
    "card and password open a session, and unlock it; the card is registered with what it proves",
    arguments: SharedKeyCardKind.allCases)
  func entersAndUnlocks(kind: SharedKeyCardKind) async throws {
    let office = try await office(kind, asksVault: true)
    let (city, pc) = (office.city, office.pc)
    let enrolled = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(enrolled.outcome == "done" && enrolled.proofClass == kind.proofClass.name && enrolled.person == sato)
    #expect(enrolled.operatorID == "yamada" && enrolled.card == office.id)
    let listed: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(sato)")
    #expect(try listed.first?.keys.map(\.key) == [office.card.fingerprint] && listed.first?.keys.first?.slot == kind.name)

    let opened = try await pc.open()
    let scripts = try #require(opened.ceremony.cardScripts).map { try CardScript(canonicalBytes: Array($0)).id }
    #expect(scripts == ["desfire-ev2", "felica-lite-s"])
    try await pc.carry(opened, office.card)
    // The card alone is not enough here, and opens nothing.
    let alone = try await pc.prove(opened, pc.proofs(opened, nil))
    #expect(alone.outcome == "stillNeeded" && alone.combinations?.contains(["password"]) == true)
    let answer = try await pc.prove(opened, pc.proofs(opened, nil, password: word))
    let session = try #require(answer.session)
    #expect(session.person == sato && session.scenario == "logon" && session.assurance == "AAL1")

    _ = try await pc.end("lock", session.session)
    let unlocked = try await pc.enter(office.card, password: word)
    #expect(unlocked.session == session.session && unlocked.scenario == "unlock")
    let rows = try await city.audit("class=ceremony&outcome=granted")
    #expect(rows.map(\.action) == ["logon", "unlock"])
    #expect(rows.allSatisfy { $0.proofClass == kind.proofClass.name && $0.card == office.id && $0.factors.contains("card") })
    // It signs nothing: the vault's register of cards that do is not asked to take it.
    let pending: VaultCardsPending = try await city.link.fetch("/v1/admin/vault/cards")
    #expect(pending.count == 0)
    await city.end()
  }

  @Test(
    "another city's card is refused like everything before possession; the row has the word",
    arguments: SharedKeyCardKind.allCases)
  func otherKey(kind: SharedKeyCardKind) async throws {
    let office = try await office(kind)
    let (city, pc) = (office.city, office.pc)
    let stranger = try SharedTestCard(kind, master: SharedTestCard.cityKey(kind, seed: 9))
    let opened = try await pc.open()
    let refused = try #require(try await refusal { try await pc.carry(opened, stranger) })
    #expect(refused.status == 403 && refused.body.code == "AP100" && refused.body.reference != nil)
    let row = try #require(try await denied(city).last)
    #expect(row.code == "AP182" && row.card == nil && row.person == nil)
    let said = kind == .felicaLiteS ? "wrong-mac" : "card-refused 91ae"
    #expect(try row.note == "\(kind.name): \(said), card \(stranger.fingerprint.prefix(16))")
    // A strange card in the reader first does not end the ceremony of the right one.
    try await pc.carry(opened, office.card)
    #expect(try await pc.prove(opened, pc.proofs(opened, nil, password: word)).session != nil)
    await city.end()
  }

  @Test("a copy is found out by its counter: a code of its own, the card and its person in the row, the ceremony is over")
  func copy() async throws {
    let office = try await office()
    let (city, pc, card) = (office.city, office.pc, office.card)
    _ = try await pc.enter(card, password: word)
    card.countBack(to: 3)
    let opened = try await pc.open()
    let refused = try #require(try await refusal { try await pc.carry(opened, card) })
    #expect(refused.body.code == "AP100")
    let row = try #require(try await denied(city).last)
    #expect(row.code == "AP183" && row.card == office.id && row.person == sato && row.note.contains("clone-suspected"))
    #expect(try await refusal { try await pc.round(opened, card) }?.body.code == "AP100")
    #expect(try await denied(city).last?.code == "AP142")
    await city.end()
  }

  @Test("answers belong to the ceremony that asked: not to another one, another workstation, card, file or other session keys")
  func otherCeremony() async throws {
    let office = try await office()
    let (city, pc, card) = (office.city, office.pc, office.card)
    let other = try await city.workstation("LGWAN-PC-0043")
    func ends(_ code: String, _ work: () async throws -> Void) async throws {
      #expect(try await refusal(work)?.body.code == "AP100")
      #expect(try await denied(city).last?.code == code)
      city.clock.advance(seconds: 3600)
    }

    // Of a former ceremony at the same workstation, and at another one.
    let first = try await pc.open()
    let commands = try #require(try await pc.round(first, card).commands)
    let answers = try card.answer(commands)
    try await ends("AP122") { _ = try await other.round(first, card, answers) }
    let second = try await pc.open()
    try await ends("AP143") { _ = try await pc.round(second, card, answers) }
    let third = try await pc.open()
    _ = try await pc.round(third, card)
    // The vault made another random number: these answers prove nothing to it.
    try await ends("AP182") { _ = try await pc.round(third, card, answers) }

    let fourth = try await pc.open()
    let mine = try card.answer(try #require(try await pc.round(fourth, card).commands))
    try await ends("AP143") { _ = try await pc.round(fourth, card, mine, number: [1, 2, 3, 4, 5, 6, 7, 8]) }
    let fifth = try await pc.open()
    _ = try await pc.round(fifth, card)
    try await ends("AP143") { _ = try await pc.round(fifth, card, mine, profile: "desfire-ev2") }
    let sixth = try await pc.open()
    _ = try await pc.round(sixth, card)
    try await ends("AP143") { _ = try await pc.round(sixth, card, mine, keys: other.keys) }
    // Proven, and then told of other session keys.
    let seventh = try await pc.open()
    try await pc.carry(seventh, card)
    try await ends("AP143") { _ = try await pc.prove(seventh, pc.proofsWithOtherKeys(seventh, nil)) }
    // A second card in one ceremony.
    let eighth = try await pc.open()
    try await pc.carry(eighth, card)
    try await ends("AP142") { _ = try await pc.round(eighth, card) }
    // Too late.
    let ninth = try await pc.open()
    let late = try card.answer(try #require(try await pc.round(ninth, card).commands))
    city.clock.advance(seconds: 31)
    try await ends("AP122") { _ = try await pc.round(ninth, card, late) }
    await city.end()
  }

  @Test("three exchanges in one ceremony and not a fourth; a new one takes the place of the one that is open")
  func fourth() async throws {
    let office = try await office()
    let (city, pc, card) = (office.city, office.pc, office.card)
    let opened = try await pc.open()
    let first = try card.answer(try #require(try await pc.round(opened, card).commands))
    _ = try await pc.round(opened, card)
    // The answers to the first now stand against the second's random number: refused, and the third may begin.
    #expect(try await refusal { try await pc.round(opened, card, first) }?.body.code == "AP100")
    #expect(try await denied(city).last?.code == "AP182")
    let third = try card.answer(try #require(try await pc.round(opened, card).commands))
    #expect(office.vault.state.withLock { $0.begun } == 4, "one of them at the desk")
    #expect(try await pc.round(opened, card, third).commands != nil)
    #expect(try await refusal { try await pc.round(opened, card) }?.body.code == "AP100")
    let row = try #require(try await denied(city).last)
    #expect(row.code == "AP143" && row.note.contains("more than 3"))
    #expect(office.vault.state.withLock { $0.begun } == 4, "the vault was not asked")
    await city.end()
  }

  @Test("what is no card's number, file or answer is refused before the vault is asked")
  func malformed() async throws {
    let office = try await office()
    let (city, pc, card) = (office.city, office.pc, office.card)
    let before = office.vault.state.withLock { $0.begun + $0.stepped }
    for (profile, number) in [
      ("other", card.number), ("desfire-ev2", card.number), ("felica-lite-s", Array(card.number.dropLast())),
    ] {
      let opened = try await pc.open()
      #expect(try await refusal { try await pc.round(opened, card, profile: profile, number: number) }?.body.code == "AP100")
      #expect(try await denied(city).last?.code == "AP149")
    }
    #expect(office.vault.state.withLock { $0.begun + $0.stepped } == before)
    for answers in [[Data](repeating: Data(), count: 9), [Data(repeating: 0, count: CardExchangeAnswer.longest + 1)]] {
      let opened = try await pc.open()
      _ = try await pc.round(opened, card)
      #expect(try await refusal { try await pc.round(opened, card, answers) }?.body.code == "AP100")
      #expect(try await denied(city).last?.code == "AP149")
    }
    #expect(office.vault.state.withLock { $0.stepped } == 2, "only those of the desk")
    await city.end()
  }

  @Test(
    "what the vault says besides: away is said as such, a missing key and too many tries are in the row",
    arguments: [
      (VaultRefusal.Code.storeUnavailable, "AP193", "AP193"), (.sealed, "AP193", "AP193"),
      (.cardExchangesFull, "AP193", "AP193"),
      (.cardKeyMissing, "AP100", "AP182"), (.cardScriptOther, "AP100", "AP182"), (.cardExchangeUnknown, "AP100", "AP182"),
      (.cardPaused, "AP100", "AP111"), (.cardsTooMany, "AP100", "AP111"),
    ])
  func vaultSaysNo(code: VaultRefusal.Code, shown: String, row: String) async throws {
    let office = try await office()
    let (city, pc, card) = (office.city, office.pc, office.card)
    let opened = try await pc.open()
    office.vault.state.withLock { $0.refusal = code }
    let refused = try #require(try await refusal { try await pc.round(opened, card) })
    #expect(refused.body.code == shown && refused.status == (shown == "AP193" ? 503 : 403))
    let last = try #require(try await denied(city).last)
    #expect(last.code == row && last.note == code.rawValue)
    // It was no fault of this workstation: the next logon is not put off.
    office.vault.state.withLock { $0.refusal = nil }
    #expect(try await pc.enter(card, password: word).person == sato)
    await city.end()
  }

  @Test("My Number takes no shared-key card: none is offered, and one that is shown all the same is told why")
  func myNumber() async throws {
    let city = try await City(combined: true)
    _ = try await city.importPeople()
    try await city.takeSharedKeyCards()
    _ = city.exchangingVault()
    let card = try SharedTestCard(.felicaLiteS)
    let refused = try #require(try await refusal { try await city.enrolShared(card, for: takahashi, segment: .mynumber) })
    #expect(refused.status == 403 && refused.body.code == "AP108")
    let row = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(row.outcome == "refused" && row.code == "AP108" && row.note == "sym-3des is below pk" && row.person == takahashi)

    _ = try await city.enrolShared(card, for: takahashi)
    try await city.setPassword(takahashi, word)
    let pc = try await city.workstation("MYNUMBER-PC-0007", segment: .mynumber)
    #expect(try await pc.open().ceremony.cardScripts == nil)
    #expect(try await refusal { try await pc.enter(card, password: word) }?.body.code == "AP108")
    let denied = try #require(try await denied(city).last)
    #expect(denied.code == "AP108" && denied.person == takahashi && denied.rule?.hasPrefix("mynumber.yaml:") == true)
    #expect(denied.note == "sym-3des is below pk")
    await city.end()
  }

  @Test("with the shipped rules no segment is content with a shared key: nothing is offered, nothing is registered")
  func shippedRules() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let vault = city.exchangingVault()
    let pc = try await city.workstation("LGWAN-PC-0042")
    #expect(try await pc.open().ceremony.cardScripts == nil)
    #expect(try await refusal { try await city.enrolShared(SharedTestCard(.desfireEV2), for: sato) }?.body.code == "AP108")
    #expect(vault.state.withLock { $0.begun } == 0)
    await city.end()
  }

  @Test("a lost card is refused and its session locks; a card that nobody registered is told so once it has proven itself")
  func lost() async throws {
    let office = try await office()
    let (city, pc, card) = (office.city, office.pc, office.card)
    let session = try await pc.enter(card, password: word)
    let changed: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(office.id)/state", CardStateChange(state: "lost", reason: "reported"))
    #expect(changed.sessionsLocked == 1)
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 403)
    #expect(try await refusal { try await pc.enter(card, password: word) }?.body.code == "AP105")
    let stranger = try SharedTestCard(.desfireEV2)
    #expect(try await refusal { try await pc.enter(stranger, password: word) }?.body.code == "AP102")
    await city.end()
  }
}
