import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Cards with a number alone at the desk: one by one, from a list, and counted.
@Suite("Cards with a number alone at the desk", .serialized)
struct NumberCardDeskTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"

  private func city(generation: String? = nil) async throws -> City {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeNumbers(generation: generation)
    return city
  }

  private func rows(_ city: City) async throws -> [AuditEntry] {
    try await city.audit("class=enrolment&action=card.enrolled")
  }

  private func line(_ line: Int, _ person: String, _ number: [UInt8], _ generation: String? = nil) -> NumberCardLine {
    NumberCardLine(line: line, person: person, number: Data(number), generation: generation)
  }

  @Test("a number is one person's; nobody of that id, another segment, no number and no chip are refused with nothing kept")
  func enrol() async throws {
    let city = try await city()
    let card = try await city.enrolNumber(.sato, for: sato)
    #expect(card.person == sato && card.guid == nil && card.keys.map(\.proofClass) == ["identifier"])
    #expect(try card.keys.map(\.key) == [TagCard.sato.fingerprint] && card.keys.map(\.slot) == ["felica"])
    for person in [sato, takahashi] {
      let again = try #require(try await refusal { try await city.enrolNumber(.sato, for: person) })
      #expect(again.status == 409 && again.body.code == "AP133")
    }
    #expect(try await refusal { try await city.enrolNumber(.takahashi, for: "p-999999") }?.status == 404)
    #expect(try await refusal { try await city.enrolNumber(.takahashi, for: sato, segment: .internet) }?.status == 400)
    var short = TagCard.takahashi
    short.number = [1, 2, 3]
    #expect(try await refusal { try await city.enrolNumber(short, for: sato) }?.status == 400)
    var chip = TagCard.sato
    chip.chip = [1, 2]
    #expect(try await refusal { try await city.enrolNumber(chip, for: sato) }?.status == 400)
    #expect(try await rows(city).map(\.outcome) == ["done", "refused", "refused"])
    let listed: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(takahashi)")
    #expect(listed.isEmpty)
    await city.end()
  }

  @Test("with the shipped rules no segment takes numbers: nothing is registered, and the desk is told why")
  func shippedRules() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let refused = try #require(try await refusal { try await city.enrolNumber(.sato, for: sato) })
    #expect(refused.status == 403 && refused.body.code == "AP157")
    let row = try #require(try await rows(city).last)
    #expect(row.outcome == "refused" && row.code == "AP157" && row.person == sato && row.operatorID == "yamada")
    let all = try await rows(city).count
    #expect(
      try await refusal { try await city.importNumbers([line(2, sato, [4, 1, 2, 3])], isDryRun: true) }?.body.code == "AP157")
    #expect(try await rows(city).count == all, "a dry run writes nothing")
    #expect(try await refusal { try await city.importNumbers([line(2, sato, [4, 1, 2, 3])]) }?.body.code == "AP157")
    #expect(try await rows(city).count == all + 1)
    await city.end()
  }

  @Test("a list: what a dry run says is what comes of it; a second time everything is there already")
  func list() async throws {
    let city = try await city(generation: "lite-s")
    _ = try await city.enrolNumber(.takahashi, for: takahashi)
    let lines = [
      line(2, sato, TagCard.sato.number, "aes"), line(3, takahashi, TagCard.takahashi.number),
      line(4, sato, TagCard.takahashi.number), line(5, "p-999999", [4, 1, 2, 3]), line(6, "no id", [4, 1, 2, 4]),
      line(7, sato, [1, 1, 1, 1, 1, 1, 1, 2], "des"), line(8, sato, [1, 1, 1, 1, 1, 1, 1, 3]),
    ]
    let before = try await rows(city).count
    let dry = try await city.importNumbers(lines, isDryRun: true)
    #expect(
      dry.map(\.outcome)
        == ["registrable", "already", "refused", "personUnknown", "personUnknown", "refused", "registrable"])
    #expect(dry.map(\.code) == [nil, nil, "AP133", nil, nil, "AP159", nil] && dry.map(\.line) == Array(2...8))
    #expect(try await rows(city).count == before)

    let done = try await city.importNumbers(lines)
    #expect(done.map(\.outcome) == dry.map { $0.outcome == "registrable" ? "registered" : $0.outcome })
    #expect(done.map(\.code) == dry.map(\.code))
    let written = try await rows(city).dropFirst(before)
    #expect(written.map(\.outcome) == ["done", "refused", "refused", "done"], "each line has a row of its own")
    #expect(written.compactMap(\.code) == ["AP133", "AP159"] && written.allSatisfy { $0.operatorID == "yamada" })
    let again = try await city.importNumbers(lines)
    #expect(again.count { $0.outcome == "already" } == 3 && again.count { $0.outcome == "registered" } == 0)
    await city.end()
  }

  @Test("a request with no line, with 201, or with one that is none is refused whole, and leaves nothing behind")
  func wholeRequests() async throws {
    let city = try await city()
    #expect(try await refusal { try await city.importNumbers([]) }?.status == 400)
    let many = (0...200).map { line($0, sato, [4, 1, UInt8($0), 3]) }
    #expect(try await refusal { try await city.importNumbers(many) }?.status == 400)
    #expect(
      try await refusal { try await city.importNumbers([line(2, sato, [4, 1, 2, 3]), line(3, sato, [1])]) }?.status == 400)
    let word = [line(2, sato, [4, 1, 2, 3]), line(3, sato, [4, 1, 2, 4], "new")]
    #expect(try await refusal { try await city.importNumbers(word) }?.status == 400)
    #expect(try await refusal { try await city.importNumbers(word, segment: "internet") }?.status == 400)
    #expect(try await rows(city).isEmpty)
    #expect(try await city.importNumbers(Array(many.dropLast())).allSatisfy { $0.outcome == "registered" })
    await city.end()
  }

  @Test("people are counted by the best of their active cards, and named where a class is asked for")
  func report() async throws {
    let city = try await city()
    func report(_ query: String = "") async throws -> CardReport { try await city.link.fetch("/v1/admin/cards/report" + query) }
    let first = try #require(try await report().segments.first)
    #expect(first.segment == "lgwan" && first.floor == "identifier" && first.takesNumbers && first.daysLeft == 31)
    #expect(first.people > 100 && first.withoutCard == first.people && first.classes.allSatisfy { $0.people == 0 })
    #expect(first.classes.map(\.proofClass) == ["pk-pin", "pk", "sym-aes", "sym-3des", "identifier"])

    _ = try await city.enrolNumber(.sato, for: sato)
    let number = try await city.enrolNumber(.takahashi, for: takahashi)
    _ = try await city.enrolCard(takahashi)
    let second = try #require(try await report().segments.first)
    func people(_ name: String, _ segment: SegmentCards) -> Int? { segment.classes.first { $0.proofClass == name }?.people }
    #expect(people("identifier", second) == 1 && people("pk-pin", second) == 1 && second.withoutCard == second.people - 2)
    let named = try await report("?class=identifier")
    #expect(named.people.map(\.person) == [sato] && named.people.first?.segments == ["lgwan"] && named.more == 0)
    #expect(try await report().people.isEmpty)
    #expect(try await report("?class=pk-pin").people.map(\.person) == [takahashi])
    let none = try await report("?class=none")
    #expect(none.people.count + none.more == second.withoutCard && none.people.allSatisfy { $0.proofClass == nil })

    // A card that was lost is none.
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(number.card)/state", CardStateChange(state: "lost", reason: "reported"))
    #expect(try await report("?class=identifier").people.map(\.person) == [sato])
    for query in ["?class=gold", "?kind=pk"] {
      #expect(try await city.link.request("GET", "/v1/admin/cards/report" + query).status == 400)
    }
    await city.end()
  }

  @Test("a clerk's desk registers one card; a whole list is the administrators'")
  func roles() async throws {
    let office = try await OperatorCity()
    let city = office.city
    _ = try await city.importPeople()
    try await city.takeNumbers()
    let desk = try await office.connect(office.newOperator(role: "desk").identity)
    func status(_ path: String, _ body: some Encodable) async throws -> Int {
      try await desk.request("POST", path, body: Array(try JSONEncoder().encode(body))).status
    }
    let one = NumberCardEnrolment(person: sato, segment: "lgwan", number: Data([4, 1, 2, 3]), chip: nil)
    #expect(try await status("/v1/admin/cards/numbers", one) == 201)
    let many = NumberCardImport(segment: "lgwan", isDryRun: true, lines: [line(2, sato, [4, 1, 2, 4])])
    #expect(try await status("/v1/admin/cards/numbers/import", many) == 403)
    #expect(try await desk.request("GET", "/v1/admin/cards/report").status == 200)
    desk.close()
    await city.end()
  }
}
