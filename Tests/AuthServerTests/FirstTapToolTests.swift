import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
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
    ] {
      #expect(try await sanmon(city, ["enrolment-codes"] + wrong).status == 64, "\(wrong)")
    }
    await city.end()
  }
}
