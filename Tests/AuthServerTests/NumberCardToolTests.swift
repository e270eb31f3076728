import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// `sanmon card import` and `sanmon card report` as administrators use them: the built program, files, a real server.
@Suite("card lists and the operator's tool", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct NumberCardToolTests {
  private func sanmon(_ city: City, _ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
    try await ToolProcess.started(
      ["card"] + arguments + ["--socket", city.folder + "/operator.sock"],
      environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
  }

  private func list(_ city: City, _ text: String) throws -> String {
    let path = city.folder + "/cards.csv"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test("a list with wrong lines: a dry run, the real one, the mended one; each line is told what is wrong with it")
  func wrongLines() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeNumbers()
    let path = try list(
      city,
      "\u{FEFF}職員番号,カード番号,証明書\r\np-000042,01:12:0D:8A:A1:B2:C3:D4,\r\np-000007,04a1b2c3,MIIB\r\np-999999,04a1b2c4,\r\n"
        + "p-000007,0112,\r\np-000007,01120d8aa1b2c3d4,\r\n")
    let dry = try await sanmon(city, ["import", path, "--segment", "lgwan", "--dry-run"])
    #expect(dry.status == 1 && dry.output.contains("1 can be registered, 0 are already, 4 lines cannot"))
    #expect(dry.errors.contains("[2/2]"), "how far it is: lines that are no cards are not sent")
    for said in [
      "✗ 3: a certificate is not registered from a list", "✗ 4: p-999999 no person of this staff number",
      "✗ 5: a card's number is", "✗ 6: the same card stands in line 2",
    ] { #expect(dry.output.contains(said), "\(said)") }
    let none: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=p-000042")
    #expect(none.isEmpty)

    let real = try await sanmon(city, ["import", path, "--segment", "lgwan"], japanese: true)
    #expect(real.status == 1 && real.output.contains("登録した 1 枚") && real.output.contains("証明書は一覧からは登録できません"))
    let whole = try list(city, "number,uid\np-000042,01120d8aa1b2c3d4\np-000007,04a1b2c3\n")
    let mended = try await sanmon(city, ["import", whole, "--segment", "lgwan", "--json"])
    struct Report: Decodable {
      struct Line: Decodable { let line: Int; let outcome: String }
      let registered: Int
      let already: Int
      let notRegistered: Int
      let lines: [Line]
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(mended.output.utf8))
    #expect(mended.status == 0 && report.registered == 1 && report.already == 1 && report.notRegistered == 0)
    #expect(report.lines.map(\.outcome) == ["already", "registered"] && report.lines.map(\.line) == [2, 3])

    let listed = try await sanmon(city, ["list", "--person", "p-000042"])
    #expect(listed.status == 0 && listed.output.contains("number alone, felica  identifier"))
    let counted = try await sanmon(city, ["report", "--class", "identifier"])
    #expect(
      counted.status == 0 && counted.output.contains("identifier  2") && counted.output.contains("31 days left (in force)"))
    #expect(counted.output.contains("p-000042") && counted.output.contains("p-000007"))
    let japanese = try await sanmon(city, ["report"], japanese: true)
    #expect(japanese.output.contains("番号だけのカード") && japanese.output.contains("残り 31 日（有効）"))
    await city.end()
  }

  @Test("a list that cannot be read, a segment that takes no numbers, a class that is none")
  func refused() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let path = try list(city, "number,uid\np-000042,01120d8aa1b2c3d4\n")
    let never = try await sanmon(city, ["import", path, "--segment", "lgwan"])
    #expect(never.status == 1 && never.errors.contains("AP157") && never.errors.contains("->"))
    let other = try await sanmon(city, ["import", try list(city, "name,uid\nx,01020304\n"), "--segment", "lgwan"])
    #expect(other.status == 65 && other.errors.contains("cards.csv:1:1: DS111"))
    #expect(try await sanmon(city, ["import", city.folder + "/none.csv", "--segment", "lgwan"]).status == 65)
    #expect(try await sanmon(city, ["report", "--class", "gold"]).status == 64)
    await city.end()
  }
}
