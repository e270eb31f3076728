import AuthAPI
import AuthTerms
import Foundation
import Testing

/// `sanmon card` as a desk uses it for loans: the built program, a real server. What needs a card on a reader is tested elsewhere.
@Suite("loans and the operator's tool", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct CardToolTests {
  private func sanmon(_ city: City, _ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
    try await ToolProcess.started(
      ["card"] + arguments + ["--socket", city.folder + "/operator.sock"],
      environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
  }

  @Test("a morning at the desk: the stock, a loan, its story, its return, the collection list")
  func everyday() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (own, loan) = (try await city.enrolCard("p-000042"), try await city.stockCard())
    let stock = try await sanmon(city, ["list", "--stock"])
    #expect(stock.status == 0 && stock.output.contains("\(loan.id)  stock  active"), "\(stock.output)")
    let lent = try await sanmon(city, ["lend", "--card", loan.id, "--to", "p-000042", "--reason", "left at home"])
    #expect(lent.status == 0 && lent.output.contains("\(loan.id)  stock, lent to p-000042 until"), "\(lent.errors)")
    #expect(lent.output.contains("\(own.id)  p-000042  forgotten"))
    #expect(lent.output.contains("the PIN has to be set first") && lent.output.contains("sanmon card pin-reset"))
    let again = try await sanmon(city, ["lend", "--card", loan.id, "--to", "p-000007", "--days", "2"])
    #expect(again.status == 1 && again.errors.contains("AP168"), "\(again.errors)")
    let restored = try await sanmon(city, ["restore", own.id], japanese: true)
    #expect(restored.status == 1 && restored.errors.contains("AP186") && restored.errors.contains("忘れた"), "\(restored.errors)")
    let story = try await sanmon(city, ["show", loan.id])
    let lines = story.output.split(separator: "\n")
    #expect(story.status == 0 && lines.count >= 4 && lines.contains { $0.contains("  stocked  by yamada") }, "\(story.output)")
    #expect(lines.contains { $0.contains("  lent  p-000042") && $0.contains("by yamada") && $0.contains("left at home") })
    #expect(lines.contains { $0.contains("lent (refused)") && $0.contains("AP168") })
    let hers = try await sanmon(city, ["show", "p-000042", "--json"])
    #expect(hers.output.contains(own.id) && hers.output.contains(loan.id) && !hers.output.contains("card.stocked"))
    let empty = try await sanmon(city, ["list", "--to-collect"])
    #expect(empty.status == 0 && empty.output.contains("no cards to collect"))
    #expect(try await sanmon(city, ["return", loan.id]).output.contains("\(loan.id)  stock  active"))
    #expect(try await sanmon(city, ["revoke", own.id, "--reason", "chip broken"]).output.contains("revoked"))
    let asked = try await sanmon(city, ["list", "--to-collect"], japanese: true)
    #expect(asked.output.contains("失効") && asked.output.contains(own.id), "\(asked.output)")
    for (command, word) in [("collect", "collected"), ("destroy", "destroyed")] {
      #expect(try await sanmon(city, [command, own.id]).output.contains(word))
    }
    await city.end()
  }

  @Test("what is wrong is said before anything is sent, or by name")
  func refusals() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    for (arguments, status, word) in [
      (["list"], 64, "--to-collect"), (["list", "--stock", "--person", "p-000042"], 64, "--to-collect"),
      (["lend", "--card", "../state", "--to", "p-000042"], 64, "not a card id"),
      (["lend", "--card", "card-none", "--to", "p-000042"], 1, "no card card-none"),
      (["lend", "--card", "card-none", "--to", "p-000042", "--days", "8"], 64, "1 to 7"),
      (["lend", "--card", "card-none", "--to", "p-000042", "--days", "2", "--until", "2026-11-27"], 64, "not both"),
      (["return", "card-none"], 1, "no card card-none"), (["show", "card-none"], 1, "no card card-none"),
      (["forgotten", "--person", "p-none"], 1, "p-none is not registered"),
      (["forgotten", "--person", "p-000042"], 1, "AP168"), (["collect", "card-none"], 1, "no card card-none"),
      (["lend", "--card", "card-none", "--to", "p-000042", "--reason", "two\nlines"], 64, "--reason"),
    ] as [([String], Int32, String)] {
      let ran = try await sanmon(city, arguments)
      #expect(ran.status == status && ran.errors.contains(word), "\(arguments): \(ran.status) \(ran.errors)")
    }
    await city.end()
  }
}
