import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Programs
import Testing

/// What a desk does with a card on its reader: the built tool, a real reader service, cards in software, a real server.
@Suite(
  "a desk's acts on a real reader", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: ToolBench.mayRun, "pcscd, vpcd or a program is missing: run deploy/test"))
struct DeskReaderTests {
  private static let sato = "p-000042"
  private static let takahashi = "p-000007"
  private static let puk = "k7!Qz9x4"

  private struct Desk {
    let bench: ToolBench
    let city: City
    var socket: [String] { ["--socket", city.folder + "/operator.sock"] }

    func run(_ arguments: [String], pin: String? = ToolBench.pin) async throws -> (status: Int32, output: String) {
      try await bench.sanmon(arguments + socket, pin: pin)
    }

    /// The card on the reader becomes one of this person's.
    func enrol(_ person: String) async throws -> String {
      let enrolled = try await run(["card", "enrol", "--person", person, "--segment", "lgwan"])
      try #require(enrolled.status == 0, "\(enrolled.output)")
      let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(person)")
      return try #require(cards.first?.card)
    }

    func state(_ card: String, of person: String) async throws -> String? {
      let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(person)")
      return cards.first { $0.card == card }?.state
    }

    func forget(_ person: String) async throws {
      let _: CardsPaused = try await city.link.call(
        "POST", "/v1/admin/cards/forgotten", CardsForgotten(person: person, reason: "left at home"))
    }

    func rows(_ action: String, _ outcome: String) async throws -> [AuditEntry] {
      try await city.audit("class=enrolment&action=\(action)&outcome=\(outcome)")
    }
  }

  private func atDesk(_ cards: [(name: String, authority: String)], _ test: (Desk) async throws -> Void) async throws {
    let bench = try ToolBench()
    defer { bench.end() }
    for card in cards { try bench.issue(card.name, key: "p256", authority: card.authority, puk: Self.puk) }
    let city = try await City(prepare: { folder in
      let roots = folder + "/cards.pem"
      let more = try String(contentsOfFile: bench.folder + "/operators.pem", encoding: .utf8)
      try (String(contentsOfFile: roots, encoding: .utf8) + more).write(toFile: roots, atomically: true, encoding: .utf8)
    })
    do {
      _ = try await city.importPeople()
      try await test(Desk(bench: bench, city: city))
    } catch {
      await city.end()
      throw error
    }
    await city.end()
  }

  @Test("card add: into the stock with the right PIN alone, once; a card that cannot be used or is not believed leaves no card")
  func stock() async throws {
    try await atDesk([("loan", "operators"), ("stranger", "other"), ("blocked", "operators")]) { desk in
      let add = ["card", "add", "--segment", "lgwan"]
      let none = try await desk.run(add)
      #expect(none.status == 74 && none.output.contains("the card could not be used"), "\(none.output)")
      let elsewhere = try await desk.run(add + ["--reader", "No Such Reader 00 00"])
      #expect(elsewhere.status == 74, "\(elsewhere.output)")
      #expect(try await desk.run(["card", "add", "--segment", "lgwan", "--slot", "9x"]).status == 64)

      let loan = try await desk.bench.insert("loan")
      let wrong = try await desk.run(add, pin: "000000")
      #expect(wrong.status == 65 && wrong.output.contains("wrong PIN; 2 tries left"), "\(wrong.output)")
      // Pulled out inside the signature: the PIN was right, and nothing is known of the key.
      try await loan.fault("pull-mid-sign")
      let pulled = try await desk.run(add)
      #expect(pulled.status == 74 && pulled.output.contains("the card could not be used"), "\(pulled.output)")
      await loan.takeOut()
      #expect(try await desk.rows("card.stocked", "done").isEmpty, "nothing came to the server")
      #expect(try await desk.rows("card.stocked", "refused").isEmpty)

      let stranger = try await desk.bench.insert("stranger")
      let unbelieved = try await desk.run(add)
      let row = try #require(try await desk.rows("card.stocked", "refused").last)
      let code = try #require(row.code)
      #expect(unbelieved.status == 1 && unbelieved.output.contains(code), "\(unbelieved.output)")
      #expect(row.operatorID == "yamada" && row.card == nil)
      await stranger.takeOut()

      let again = try await desk.bench.insert("loan")
      let added = try await desk.run(add)
      #expect(added.status == 0 && added.output.contains("stock") && added.output.contains("pk-pin"), "\(added.output)")
      let twice = try await desk.run(add)
      #expect(twice.status == 1 && twice.output.contains("AP133"), "\(twice.output)")
      // What lies in the stock becomes nobody's own.
      let own = try await desk.run(["card", "enrol", "--person", Self.sato, "--segment", "lgwan"])
      #expect(own.status == 1, "\(own.output)")
      await again.takeOut()
      let stocked = try await desk.rows("card.stocked", "done")
      #expect(stocked.count == 1 && stocked[0].operatorID == "yamada" && stocked[0].person == nil)
      #expect(try await desk.rows("card.enrolled", "done").isEmpty)

      let blocked = try await desk.bench.insert("blocked")
      for _ in 0..<3 { _ = try await desk.run(add, pin: "000000") }
      let end = try await desk.run(add)
      #expect(end.status == 65 && end.output.contains("PIN is blocked"), "\(end.output)")
      await blocked.takeOut()
      #expect(try await desk.rows("card.stocked", "done").count == 1)
    }
  }

  @Test("card found: its own signature behind its PIN brings it back, and nothing else that lies on the reader")
  func found() async throws {
    try await atDesk([("own", "operators"), ("wrong", "operators")]) { desk in
      let other = try await desk.bench.insert("wrong")
      let stranger = try await desk.enrol(Self.takahashi)
      await other.takeOut()
      let own = try await desk.bench.insert("own")
      let card = try await desk.enrol(Self.sato)
      let found = ["card", "found", card]

      let early = try await desk.run(found)
      #expect(early.status == 1 && early.output.contains("AP168"), "not forgotten: \(early.output)")
      #expect(try await desk.run(["card", "found", "?"]).status == 64)
      #expect(try await desk.run(["card", "found", "card-none"]).status == 1)
      try await desk.forget(Self.sato)

      let wrongPIN = try await desk.run(found, pin: "000000")
      #expect(wrongPIN.status == 65 && wrongPIN.output.contains("wrong PIN; 2 tries left"), "\(wrongPIN.output)")
      try await own.fault("pull-mid-sign")
      let pulled = try await desk.run(found)
      #expect(pulled.status == 74, "\(pulled.output)")
      await own.takeOut()
      let none = try await desk.run(found)
      #expect(none.status == 74 && none.output.contains("the card is of: \(Self.sato)"), "\(none.output)")
      try await desk.bench.withoutService {
        let silent = try await desk.run(found)
        #expect(silent.status == 74, "\(silent.output)")
      }

      let placed = try await desk.bench.insert("wrong")
      let another = try await desk.run(found)
      #expect(another.status == 1 && another.output.contains("AP132"), "another card: \(another.output)")
      await placed.takeOut()
      #expect(try await desk.state(card, of: Self.sato) == "forgotten")
      #expect(try await desk.state(stranger, of: Self.takahashi) == "active")
      #expect(try await desk.rows("card.found", "done").isEmpty)
      #expect(Set(try await desk.rows("card.found", "refused").compactMap(\.code)) == ["AP168", "AP132"])

      let back = try await desk.bench.insert("own")
      let done = try await desk.run(found + ["--reason", "brought along"])
      #expect(done.status == 0 && done.output.contains("active"), "\(done.output)")
      await back.takeOut()
      let row = try #require(try await desk.rows("card.found", "done").last)
      #expect(row.card == card && row.person == Self.sato && row.operatorID == "yamada" && row.note.contains("brought along"))
    }
  }

  /// Starts a reset and lets somebody do something while it waits for the PUK.
  private func reset(
    _ desk: Desk, puk: String = puk, new: String = "902817", _ meanwhile: () async throws -> Void = {}
  ) async throws -> (status: Int32, output: String) {
    let tool = try desk.bench.starting(
      ["card", "pin-reset", "--reason", "forgot it", "--puk-fd", "0", "--new-pin-fd", "0"] + desk.socket)
    let end = ContinuousClock.now + .seconds(60)
    while !tool.output.contains("holder of this card"), tool.isRunning, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(10))
    }
    if tool.isRunning {
      #expect(tool.output.contains("holder of this card (compare with the person before you): \(Self.sato)"))
      try await meanwhile()
      try tool.send("\(puk)\n\(new)\n")
    }
    tool.closeInput()
    let ended = try await tool.ending()
    return (ended.status, ended.output)
  }

  @Test("card pin-reset: the PUK gives a blocked card a new PIN; a wrong one, and one that is used up, say so in the log too")
  func pinReset() async throws {
    try await atDesk([("own", "operators")]) { desk in
      let own = try await desk.bench.insert("own")
      // Nobody's yet.
      let nobody = try await reset(desk)
      #expect(nobody.status == 1 && nobody.output.contains("AP102"), "\(nobody.output)")
      let card = try await desk.enrol(Self.sato)
      for _ in 0..<3 { _ = try await desk.run(["card", "add", "--segment", "lgwan"], pin: "000000") }
      let wrong = try await reset(desk, puk: "k7!Qz9x5")
      #expect(wrong.status == 65 && wrong.output.contains("SA112"), "\(wrong.output)")
      let unfit = try await reset(desk, new: "123456")
      #expect(unfit.status == 65 && unfit.output.contains("SA110"), "\(unfit.output)")
      #expect(try await reset(desk, puk: "12").status == 65, "this cannot be a PUK")
      let done = try await reset(desk)
      #expect(done.status == 0 && done.output.contains("the PIN is reset") && done.output.contains(card), "\(done.output)")
      // The card takes the new PIN, and the old one no more.
      try await desk.forget(Self.sato)
      let old = try await desk.run(["card", "found", card])
      #expect(old.status == 65 && old.output.contains("2 tries left"), "\(old.output)")
      let new = try await desk.run(["card", "found", card], pin: "902817")
      #expect(new.status == 0, "\(new.output)")

      for _ in 0..<2 { #expect(try await reset(desk, puk: "k7!Qz9x5", new: "550172").output.contains("SA112")) }
      for puk in ["k7!Qz9x5", Self.puk] {
        let over = try await reset(desk, puk: puk, new: "550172")
        #expect(over.status == 74 && over.output.contains("SA113"), "\(over.output)")
      }
      await own.takeOut()
      let notes = try await desk.rows("card.pinReset", "refused").map(\.note)
      #expect(
        notes == [
          "SA112, tries left 2; forgot it", "SA110; forgot it", "fault; forgot it", "SA112, tries left 2; forgot it",
          "SA112, tries left 1; forgot it", "SA113, tries left 0; forgot it", "SA113, tries left 0; forgot it",
        ])
      #expect(try await desk.rows("card.pinReset", "done").map(\.card) == [card])
    }
  }

  @Test("card pin-reset: no secret goes to a card that was put in its place, nor is a pulled card taken for done")
  func exchanged() async throws {
    try await atDesk([("own", "operators"), ("wrong", "operators")]) { desk in
      // By the service's end, and by no card: nothing is recorded, because nobody's card was seen.
      try await desk.bench.withoutService {
        let silent = try await reset(desk)
        #expect(silent.status == 74, "\(silent.output)")
      }
      let none = try await reset(desk)
      #expect(none.status == 74, "\(none.output)")
      let blank = try await desk.run(
        ["card", "pin-reset", "--reason", " ", "--puk-fd", "3", "--new-pin-fd", "3"], pin: nil)
      #expect(blank.status == 64, "\(blank.output)")
      #expect(try await desk.rows("card.pinResetBegun", "done").isEmpty)
      #expect(try await desk.rows("card.pinResetBegun", "refused").isEmpty)

      let own = try await desk.bench.insert("own")
      let card = try await desk.enrol(Self.sato)
      let pulled = try await reset(desk) { await own.takeOut() }
      #expect(pulled.status == 74, "\(pulled.output)")
      let back = try await desk.bench.insert("own")
      var placed: ToolBench.OnReader?
      let other = try await reset(desk) {
        await back.takeOut()
        placed = try await desk.bench.insert("wrong")
      }
      #expect(other.status == 74 && other.output.contains("SA115"), "\(other.output)")
      await placed?.takeOut()
      let shown = try await ToolBench.started([
        ToolBench.programs + "/sanmon-cardsim", "show", "--card", desk.bench.folder + "/wrong.card",
      ])
      #expect(shown.output.contains("puk tries  3 of 3 left"), "\(shown.output)")
      #expect(try await desk.rows("card.pinReset", "refused").map(\.note) == ["fault; forgot it", "SA115; forgot it"])
      #expect(try await desk.rows("card.pinReset", "done").isEmpty)
      // The first card has the PIN it had.
      let again = try await desk.bench.insert("own")
      try await desk.forget(Self.sato)
      #expect(try await desk.run(["card", "found", card]).status == 0)
      await again.takeOut()
    }
  }
}
