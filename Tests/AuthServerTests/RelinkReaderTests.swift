import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// As the person does it: the built agent, a real reader service, a card in software, a real server.
@Suite(
  "a former card on a real reader", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: ToolBench.mayRun, "pcscd, vpcd or a program is missing: run deploy/test"))
struct RelinkReaderTests {
  @Test("the agent shows it with its PIN, the card logs on when two have signed; a wrong PIN shows nothing")
  func shown() async throws {
    let bench = try ToolBench()
    defer { bench.end() }
    try bench.issue("seven", key: "p256")
    let card = try await bench.insert("seven")
    let state = bench.folder + "/agent"
    try await RelinkBench.renewed(adding: bench.folder + "/operators.pem") { relink in
      let city = relink.city
      // One of hers is lost; the other is the one on the reader.
      let _: CardStateChanged = try await city.link.call(
        "POST", "/v1/admin/cards/\(relink.card.id)/state", CardStateChange(state: "lost", reason: ""))
      let enrolled = try await bench.sanmon([
        "card", "enrol", "--person", RelinkBench.former, "--segment", "mynumber", "--socket", city.folder + "/operator.sock",
      ])
      try #require(enrolled.status == 0, "\(enrolled.output)")
      let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
      let code: EnrolmentCode = try await city.link.call(
        "POST", "/v1/admin/workstations/codes", city.enrolmentAct("MYNUMBER-PC-0009"))
      let agent = try await bench.agent(
        [
          "enrol", "--server", "https://127.0.0.1:\(status.mainPort)", "--enrolment",
          "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--state", state, "--code-fd", "3",
        ], code.code)
      try #require(agent.status == 0, "\(agent.output)")
    } _: { relink, _ in
      let city = relink.city
      func show(_ person: String = RelinkBench.new, _ pin: String = ToolBench.pin) async throws -> (
        status: Int32, output: String
      ) {
        try await bench.agent(["relink", "--person", person, "--pin-fd", "3", "--state", state], pin)
      }
      let wrong = try await show(RelinkBench.new, "135790")
      #expect(wrong.status == 12, "\(wrong.output)")
      let nobody = try await show("p-000008")
      #expect(
        nobody.status == 10 && nobody.output.contains("(AP161)") && nobody.output.contains("Reference:"), "\(nobody.output)")
      #expect(try await show("?").status == 65)
      let offer = try await relink.offer()
      #expect(offer.proof == nil && offer.cards.count == 2)
      let shown = try await show()
      #expect(shown.status == 0 && shown.output.contains("p-000007.2 (山田 花子61)"), "\(shown.output)")
      let act = try await relink.act()
      #expect(act.parameters["workstation"] == "MYNUMBER-PC-0009")
      #expect(try await relink.bring(relink.both(act)).status == 200)
      // The lost one went along, lost.
      #expect(try await relink.person(RelinkBench.new).cards.map(\.state).sorted() == ["active", "lost"])
      try await city.setPassword(RelinkBench.new, RelinkBench.password)
      let logon = try await bench.agent(
        ["logon", "--pin-fd", "3", "--password-fd", "3", "--state", state], "\(ToolBench.pin)\n\(RelinkBench.password)")
      #expect(logon.status == 0 && logon.output.contains("山田 花子61"), "\(logon.output)")
      let again = try await show()
      #expect(again.status == 10 && again.output.contains("AP161"), "\(again.output)")
    }
    await card.takeOut()
  }
}
