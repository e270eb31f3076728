import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Testing

/// Rules of a card's life that the story of a morning passes by: each would be missed by nothing else.
@Suite("rules of a card's life", .serialized)
struct CardLifeRuleTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let number = [UInt8](repeating: 0xD4, count: 16)
  private let word = "kawa-no-nagare-7"

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

  private func lend(_ city: City, _ card: String, to person: String) async throws -> CardsPaused {
    try await city.link.call(
      "POST", "/v1/admin/cards/\(card)/lend", CardLending(person: person, until: nil, days: nil, reason: "left at home"))
  }

  private func takeBack(_ city: City, _ card: String) async throws -> CardStateChanged {
    try await city.link.call("POST", "/v1/admin/cards/\(card)/return", CardReturn(reason: ""))
  }

  /// Imports the sample people again, with one field of one of them changed.
  private func change(_ city: City, _ person: String, _ column: Int, to value: String) async throws {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let people = try text("people.csv").split(separator: "\r\n").map { line in
      guard line.hasPrefix(person + ",") else { return String(line) }
      var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      fields[column] = value
      return fields.joined(separator: ",")
    }
    let imported: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people.joined(separator: "\r\n"), groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: false))
    #expect(imported.applied)
  }

  private func day(_ city: City, plus days: Int64) -> String {
    let seconds = city.clock.now().wallMilliseconds / 1000 + 9 * 3600 + days * 86_400
    return Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle().year().month().day())
  }

  @Test("nothing is lent to somebody who is disabled, or whose last day is over; on the last day itself it is")
  func borrowers() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (loan, second) = (try await city.stockCard(), try await city.stockCard())
    try await change(city, sato, 7, to: "false")
    #expect(try await code { _ = try await lend(city, loan.id, to: sato) } == "AP103")
    try await change(city, takahashi, 9, to: day(city, plus: -1))
    #expect(try await code { _ = try await lend(city, loan.id, to: takahashi) } == "AP104")
    #expect(try await city.audit("action=card.lent&outcome=refused").compactMap(\.code) == ["AP103", "AP104"])
    let stock: [CardSummary] = try await city.link.fetch("/v1/admin/cards/stock")
    #expect(stock.allSatisfy { $0.person == nil && $0.lentUntil == nil })
    try await change(city, takahashi, 9, to: day(city, plus: 0))
    #expect(try await lend(city, second.id, to: takahashi).lent?.person == takahashi)
    await city.end()
  }

  @Test("what the former holder failed at is not held against the next one")
  func throttle() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let loan = try await city.stockCard()
    try await city.setPassword(sato, word)
    _ = try await lend(city, loan.id, to: sato)
    _ = try await city.setPIN(loan)
    for _ in 0..<3 { _ = try await refusal { try await pc.enter(loan, password: "wrong") } }
    #expect(try await refusal { try await pc.enter(loan) }?.body.code == "AP111")
    _ = try await takeBack(city, loan.id)
    _ = try await lend(city, loan.id, to: takahashi)
    _ = try await city.setPIN(loan)
    #expect(try await pc.enter(loan).person == takahashi)
    await city.end()
  }

  @Test("a loan card that was lost locks what its holder has open, goes to nobody else, and never back into the box")
  func lostLoan() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let loan = try await city.stockCard()
    _ = try await lend(city, loan.id, to: sato)
    _ = try await city.setPIN(loan)
    _ = try await pc.enter(loan)
    #expect(try await set(city, loan.id, "lost").sessionsLocked == 1)
    #expect(try await code { _ = try await takeBack(city, loan.id) } == "AP105")
    #expect(try await code { _ = try await lend(city, loan.id, to: takahashi) } == "AP105")
    #expect(try await refusal { try await pc.enter(loan) }?.body.code == "AP105")
    let collected = try await set(city, loan.id, "collected")
    #expect(collected.card.state == "collected" && collected.card.person == nil && collected.card.lentUntil == nil)
    #expect(try await code { _ = try await takeBack(city, loan.id) } == "AP187")
    let row = try #require(try await city.audit("action=card.returned&outcome=refused").first)
    #expect(row.code == "AP105" && row.person == sato && row.card == loan.id)
    await city.end()
  }

  @Test("one end of a card does not become another; the shredder is for what is collected, or of somebody who leaves")
  func ends() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (lost, revoked, kept) = (
      try await city.enrolCard(sato), try await city.enrolCard(sato), try await city.enrolCard(takahashi)
    )
    _ = try await set(city, lost.id, "lost")
    _ = try await set(city, revoked.id, "revoked")
    #expect(try await code { _ = try await set(city, lost.id, "revoked") } == "AP105", "it stays lost")
    #expect(try await code { _ = try await set(city, revoked.id, "lost") } == "AP187")
    #expect(try await code { _ = try await set(city, kept.id, "destroyed") } == "AP168")
    #expect(try await set(city, lost.id, "destroyed").card.state == "destroyed", "handed in and shredded at once")
    #expect(try await code { _ = try await set(city, lost.id, "lost") } == "AP187")
    #expect(try await code { _ = try await set(city, lost.id, "destroyed") } == "AP187", "once")
    await city.end()
  }

  @Test("only a card with a key that was seen to ask its PIN can be forgotten, and only that key brings it back")
  func forgotten() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let own = try await city.enrolCard(sato, guid: number)
    let without = try await city.enrolCard(sato, slot: "9e", guid: number)
    #expect(without.id == own.id)
    let (plain, unseen) = (
      try await city.enrolCard(takahashi, slot: "9e"), try await city.enrolCard(takahashi, refusedWithoutPIN: false)
    )
    for card in [plain, unseen] {
      #expect(try await code { _ = try await set(city, card.id, "forgotten") } == "AP168", "it could not come back")
    }
    _ = try await set(city, own.id, "forgotten")
    func find(_ card: TestCard) async throws -> CardFound {
      let challenge: CardFoundChallenge = try await city.link.call("POST", "/v1/admin/cards/\(own.id)/found/challenge")
      let preimage = CardFoundPreimage(nonce: Array(challenge.nonce), card: own.id, slot: "9a")
      return try await city.link.call(
        "POST", "/v1/admin/cards/\(own.id)/found",
        CardFoundProof(
          nonce: challenge.nonce, certificate: Data(card.certificate), algorithm: "ecdsa-p256-sha256",
          signature: Data(try card.sign(preimage.canonicalBytes)), reason: ""))
    }
    #expect(try await code { _ = try await find(without) } == "AP132", "the key without a PIN, of the very card")
    #expect(try await find(own).card.state == "active")
    await city.end()
  }

  @Test(
    "a new PIN: none on a forgotten card, none on one of the stock that lies in the box; lent, it is its holder's of that day")
  func newPIN() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (own, loan) = (try await city.enrolCard(sato), try await city.stockCard())
    func begin(_ card: TestCard) async throws -> PINResetBegun {
      try await city.link.call(
        "POST", "/v1/admin/cards/pin-resets",
        PINResetBegin(keys: [Data(SHA256.hash(data: Data(card.publicKey)))], reason: "forgot it"))
    }
    #expect(try await code { _ = try await begin(loan) } == "AP102", "nobody's")
    _ = try await lend(city, loan.id, to: sato)
    #expect(try await begin(loan).card.person == sato)
    #expect(try await code { _ = try await begin(own) } == "AP186")
    _ = try await takeBack(city, loan.id)
    #expect(try await code { _ = try await begin(loan) } == "AP102")
    let rows = try await city.audit("class=enrolment&action=card.pinResetBegun")
    #expect(
      rows.map(\.outcome) == ["refused", "done", "refused", "refused"] && rows[0].person == nil && rows[1].person == sato)
    await city.end()
  }
}
