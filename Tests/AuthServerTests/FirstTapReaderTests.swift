import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// As the clerk does it: the built agent, a real reader service, a card in software, a real server.
@Suite(
  "a first tap on a real reader", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: ToolBench.mayRun, "pcscd, vpcd or a program is missing: run deploy/test"))
struct FirstTapReaderTests {
  @Test("the agent registers the card with its PIN, the password and the code, and the card logs on; a slip goes nowhere")
  func registered() async throws {
    let bench = try ToolBench()
    defer { bench.end() }
    try bench.issue("sato", key: "p256")
    let roots = bench.folder + "/operators.pem"
    let state = bench.folder + "/agent"
    let city = try await City(prepare: { folder in
      let cards = folder + "/cards.pem"
      let all = try String(contentsOfFile: cards, encoding: .utf8) + String(contentsOfFile: roots, encoding: .utf8)
      try all.write(toFile: cards, atomically: true, encoding: .utf8)
    })
    _ = try await city.importPeople()
    try await city.setPassword("p-000042", "kawa-no-nagare-7")
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let code: EnrolmentCode = try await city.link.call(
      "POST", "/v1/admin/workstations/codes", city.enrolmentAct("LGWAN-PC-0042"))
    let enrolled = try await bench.agent(
      [
        "enrol", "--server", "https://127.0.0.1:\(status.mainPort)", "--enrolment",
        "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--state", state, "--code-fd", "3",
      ], code.code)
    try #require(enrolled.status == 0, "\(enrolled.output)")
    let card = try await bench.insert("sato")
    func register(
      _ pin: String, _ password: String, _ code: String
    ) async throws -> (status: Int32, output: String) {
      try await bench.agent(
        [
          "register-card", "--account", "sato.hanako", "--pin-fd", "3", "--password-fd", "3", "--code-fd", "3", "--state",
          state,
        ], "\(pin)\n\(password)\n\(code)")
    }
    let off = try await register(ToolBench.pin, "kawa-no-nagare-7", "1234")
    #expect(off.status == 10 && off.output.contains("(AP169)"), "\(off.output)")
    try await city.takeFirstTaps()
    let digits = try await city.firstTapCode("p-000042")
    let printed = try LookUpCode(parsing: digits.utf8).printed
    let slip = try await register(ToolBench.pin, "kawa-no-nagare-7", "1234")
    #expect(slip.status == 65, "\(slip.output)")
    let wrong = try await register("135790", "kawa-no-nagare-7", printed)
    #expect(wrong.status == 12, "\(wrong.output)")
    #expect(try await city.cardsOf("p-000042").isEmpty)
    let done = try await register(ToolBench.pin, "kawa-no-nagare-7", printed)
    #expect(done.status == 0 && done.output.contains("佐藤 花子"), "\(done.output)")
    let cards = try await city.cardsOf("p-000042")
    #expect(cards.flatMap(\.keys).map(\.proofClass) == ["pk-pin"])
    let logon = try await bench.agent(["logon", "--pin-fd", "3", "--state", state], ToolBench.pin)
    #expect(logon.status == 0 && logon.output.contains("佐藤 花子"), "\(logon.output)")
    let again = try await register(ToolBench.pin, "kawa-no-nagare-7", printed)
    #expect(again.status == 10 && again.output.contains("(AP100)"), "the code is used up: \(again.output)")
    await card.takeOut()
    await city.end()
  }
}
