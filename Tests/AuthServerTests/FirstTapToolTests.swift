import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Testing

/// `sanmon card enrolment-codes` and `sanmon card import --certificates` as administrators use them.
@Suite("first taps and the operator's tool", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct FirstTapToolTests {
  private func sanmon(_ city: City, _ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
    try await ToolProcess.started(
      ["card"] + arguments + ["--socket", city.folder + "/operator.sock"],
      environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
  }

  @Test("a list of certificates: base64 and files, wrong lines, a dry run, the real one, what is expected, and taken off")
  func certificates() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let (one, two) = (try city.cards.issue(slot: "9a"), try city.cards.issue(slot: "9a"))
    try PEMFile.encode(certificate: two.certificate).write(
      toFile: city.folder + "/0007.pem", atomically: true, encoding: .utf8)
    let path = city.folder + "/issued.csv"
    try
      ("\u{FEFF}職員番号,証明書\r\np-000042,\(Data(one.certificate).base64EncodedString())\r\np-000007,0007.pem\r\n"
      + "p-000009,none.pem\r\np-999999,\(Data(try city.cards.issue(slot: "9a").certificate).base64EncodedString())\r\n")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let dry = try await sanmon(city, ["import", path, "--segment", "lgwan", "--certificates", "--dry-run"])
    #expect(dry.status == 1 && dry.output.contains("2 can be expected, 0 are already, 2 lines cannot"))
    #expect(dry.errors.contains("[3/3]"))
    for said in ["✗ 4: p-000009 a certificate is DER in base64", "✗ 5: p-999999 no person of this staff number"] {
      #expect(dry.output.contains(said), "\(said)")
    }
    let real = try await sanmon(city, ["import", path, "--segment", "lgwan", "--certificates"], japanese: true)
    #expect(real.status == 1 && real.output.contains("予定に加えた 2 枚"))
    let listed = try await sanmon(city, ["expected", "list"])
    #expect(listed.status == 0 && listed.output.contains("p-000042  lgwan") && listed.output.contains("p-000007  lgwan"))
    let shown: ExpectedCardsShown = try await city.link.fetch("/v1/admin/cards/expected?person=p-000042")
    let withdrawn = try await sanmon(city, ["expected", "withdraw", try #require(shown.cards.first).key])
    #expect(withdrawn.status == 0 && withdrawn.output.contains("withdrawn."))
    #expect(try await sanmon(city, ["expected", "withdraw", "abc"]).status == 64)
    let none = try await sanmon(city, ["import", path, "--segment", "mynumber", "--certificates"])
    #expect(none.status == 1 && none.errors.contains("AP203"))
    await city.end()
  }

  /// Some people of one department, one of them with a name that a spreadsheet would take for a formula.
  private func importFew(_ city: City) async throws {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let lines = try text("people.csv").split(separator: "\r\n").map(String.init)
    let few = lines.dropFirst().filter { line in ["p-000001,", "p-000018,", "p-000042,"].contains { line.hasPrefix($0) } }
    let people = (lines.prefix(1) + few).joined(separator: "\r\n")
    let imported: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people.replacing("佐藤 花子", with: "=佐藤 花子"), groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: false))
    #expect(imported.applied)
  }

  @Test("letters and tables: their owner's alone, over no other file, no formula, and nothing is left of a failed signature")
  func letters() async throws {
    let city = try await City()
    try await importFew(city)
    try await city.takeFirstTaps()
    let key = city.folder + "/yamada.key"
    let secret = city.operatorKey.rawRepresentation.base64EncodedString() + "\n"
    _ = FileManager.default.createFile(atPath: key, contents: Data(secret.utf8), attributes: [.posixPermissions: 0o600])
    func issue(_ more: [String], key: String) async throws -> ToolProcess.Ran {
      let those = ["enrolment-codes", "issue", "--department", "0401", "--segment", "lgwan", "--days", "7"]
      return try await sanmon(city, those + more + ["--as", "yamada", "--key-file", key])
    }
    func written(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map { Array($0) } ?? [] }
    func mode(_ path: String) throws -> Int? {
      (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }
    let (pages, table) = (city.folder + "/letters.txt", city.folder + "/codes.csv")
    for path in [pages, table] {
      #expect(try await issue(["--out", path], key: city.folder + "/none.key").status == 65)
      #expect(!FileManager.default.fileExists(atPath: path), "it would be in the way of the next try")
    }
    let first = try await issue(["--out", pages], key: key)
    #expect(first.status == 0 && first.errors.contains("Codes for 2 people were issued"), "\(first.errors)")
    #expect(try mode(pages) == 0o600)
    let letters = String(decoding: written(pages), as: UTF8.self)
    #expect(letters.split(separator: "\u{0C}").count == 2 && letters.contains("p-000042  =佐藤 花子"))
    #expect(letters.contains("register-card --account sato.hanako"))
    let none = try await issue(["--out", table], key: key)
    #expect(none.status == 0 && none.output.contains("Nobody there needs a code."), "\(none.errors)")
    let same = try await issue(["--again", "--out", pages], key: key)
    #expect(same.status == 73 && String(decoding: written(pages), as: UTF8.self) == letters, "\(same.errors)")
    #expect(try await city.audit("class=administration&action=enrolment-codes.signed").count == 1)
    let again = try await issue(["--again", "--out", table], key: key)
    #expect(again.status == 0 && again.errors.contains("Codes for 2 people were issued"), "\(again.errors)")
    #expect(try mode(table) == 0o600 && written(table).starts(with: [0xEF, 0xBB, 0xBF]))
    let rows = String(decoding: written(table), as: UTF8.self).split(separator: "\r\n")
    // The people of a department stand in the order of their accounts.
    #expect(rows.count == 3 && rows.contains { $0.hasPrefix("\"p-000042\",\"'=佐藤 花子\",") }, "a formula is text")
    #expect(try await city.firstTapCodes("?state=open").map(\.person) == ["p-000018", "p-000042"])
    await city.end()
  }

  @Test("codes: their list, and what is refused before anything is signed")
  func codes() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeFirstTaps()
    _ = try await city.firstTapCode("p-000042")
    let listed = try await sanmon(city, ["enrolment-codes", "list", "--segment", "lgwan", "--state", "open"])
    #expect(listed.status == 0 && listed.output.contains("p-000042  lgwan") && listed.output.contains("by yamada"))
    let withdrawn = try await sanmon(
      city, ["enrolment-codes", "withdraw", "--person", "p-000042", "--segment", "lgwan"], japanese: true)
    #expect(withdrawn.status == 0 && withdrawn.output.contains("取り消しました。"))
    let again = try await sanmon(city, ["enrolment-codes", "withdraw", "--person", "p-000042", "--segment", "lgwan"])
    #expect(again.status == 1 && again.errors.contains("no open code"))
    for wrong in [
      ["issue", "--segment", "lgwan", "--days", "7"], ["issue", "--person", "p-1", "--segment", "lgwan", "--days", "15"],
      ["issue", "--person", "p-1", "--department", "0401", "--segment", "lgwan", "--days", "7"], ["list", "--state", "new"],
      ["issue", "--person", "p-1", "--again", "--segment", "lgwan", "--days", "7"],
    ] {
      #expect(try await sanmon(city, ["enrolment-codes"] + wrong).status == 64, "\(wrong)")
    }
    await city.end()
  }
}
