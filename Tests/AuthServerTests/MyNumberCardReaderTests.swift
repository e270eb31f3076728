import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// As people do it: the built tool and agent, a real reader service, a My Number Card in software, a real server.
@Suite(
  "a My Number Card on a real reader", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: ToolBench.mayRun, "pcscd, vpcd or a program is missing: run deploy/test"))
struct MyNumberCardReaderTests {
  private static let pin = "4649"

  private struct Bench {
    let tools: ToolBench
    let city: City
    let state: String

    func enrol(_ pin: String, _ more: [String] = []) async throws -> (status: Int32, output: String) {
      try await tools.sanmon(
        ["card", "enrol", "--person", "p-000042", "--segment", "lgwan", "--socket", city.folder + "/operator.sock"] + more,
        pin: pin)
    }

    func logon(_ pin: String, _ more: [String] = []) async throws -> (status: Int32, output: String) {
      try await tools.agent(["logon", "--pin-fd", "3", "--state", state] + more, pin)
    }
  }

  private func bench(isOn: Bool) async throws -> Bench {
    let tools = try ToolBench()
    let city = try await City(
      prepare: { folder in
        try FileManager.default.copyItem(atPath: tools.folder + "/other.pem", toPath: folder + "/jpki.pem")
      }, lines: { folder in "jpki-roots: {lgwan: [\(folder)/jpki.pem]}\n" })
    _ = try await city.importPeople()
    if isOn { try await city.takeMyNumberCards() }
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let code: EnrolmentCode = try await city.link.call(
      "POST", "/v1/admin/workstations/codes", city.enrolmentAct("LGWAN-PC-0042"))
    let state = tools.folder + "/agent"
    let agent = try await tools.agent(
      [
        "enrol", "--server", "https://127.0.0.1:\(status.mainPort)", "--enrolment",
        "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--state", state, "--code-fd", "3",
      ], code.code)
    try #require(agent.status == 0, "\(agent.output)")
    return Bench(tools: tools, city: city, state: state)
  }

  @Test(
    "recognised at the desk, it logs on; wrong, last and blocked PIN; another person's card; nothing else of it was touched")
  func everything() async throws {
    let bench = try await bench(isOn: true)
    defer { bench.tools.end() }
    try bench.tools.issuePersonal("hanako", pin: Self.pin)
    try bench.tools.issuePersonal("taro", pin: Self.pin)
    let card = try await bench.tools.insert("hanako")
    let early = try await bench.logon(Self.pin)
    #expect(early.status == 10 && early.output.contains("AP102"), "\(early.output)")
    let long = try await bench.enrol("246810")
    #expect(long.status == 65 && long.output.contains("4 digits"), "\(long.output)")
    let piv = try await bench.enrol(Self.pin, ["--profile", "piv"])
    #expect(piv.status == 74, "\(piv.output)")
    let enrolled = try await bench.enrol(Self.pin)
    #expect(
      enrolled.status == 0 && enrolled.output.contains("My Number Card (user authentication)  pk-pin"), "\(enrolled.output)")
    let logon = try await bench.logon(Self.pin)
    #expect(logon.status == 0 && logon.output.contains("佐藤"), "\(logon.output)")

    let wrong = try await bench.logon("0000")
    #expect(wrong.status == 12, "\(wrong.output)")
    #expect(try await bench.logon("0000").status == 12)
    let kept = try await bench.logon(Self.pin)
    #expect(kept.status == 12 && kept.output.contains("one try"), "\(kept.output)")
    let blocked = try await bench.logon("0000", ["--use-last-try"])
    #expect(blocked.status == 13 && blocked.output.contains("(SA121)"), "\(blocked.output)")
    #expect(try await bench.logon(Self.pin, ["--use-last-try"]).status == 13)
    let story = try await bench.tools.sanmon(
      ["card", "show", "p-000042", "--socket", bench.city.folder + "/operator.sock"], pin: nil)
    #expect(story.status == 0 && story.output.contains("possession, revocation unknown"), "\(story.output)")
    let report = try await bench.tools.sanmon(
      ["card", "report", "--socket", bench.city.folder + "/operator.sock"], pin: nil)
    #expect(report.output.contains("My Number Cards (possession, revocation unknown): 1 people"), "\(report.output)")
    await card.takeOut()
    #expect(try bench.tools.shown("hanako").contains("selected   surface 0, signature 0"), "neither digits nor name were read")

    let other = try await bench.tools.insert("taro")
    let stranger = try await bench.logon(Self.pin)
    #expect(stranger.status == 10 && stranger.output.contains("AP102"), "\(stranger.output)")
    await other.takeOut()
    #expect(try bench.tools.shown("taro").contains("selected   surface 0, signature 0"))
    await bench.city.end()
  }

  @Test("where it is not switched on, the agent reads nothing of it, and the desk is told")
  func off() async throws {
    let bench = try await bench(isOn: false)
    defer { bench.tools.end() }
    try bench.tools.issuePersonal("hanako", pin: Self.pin)
    let card = try await bench.tools.insert("hanako")
    let logon = try await bench.logon(Self.pin)
    #expect(logon.status == 14 && logon.output.contains("(SA119)"), "\(logon.output)")
    let enrol = try await bench.enrol(Self.pin, ["--profile", "jpki"])
    #expect(enrol.status != 0 && enrol.output.contains("AP198"), "\(enrol.output)")
    await card.takeOut()
    #expect(try bench.tools.shown("hanako").contains("pin tries  3 of 3 left"))
    await bench.city.end()
  }

  @Test("an expired one is refused at the desk")
  func expired() async throws {
    let bench = try await bench(isOn: true)
    defer { bench.tools.end() }
    try bench.tools.issuePersonal("old", pin: Self.pin, options: ["--valid-days", "10", "--started-days-ago", "20"])
    let card = try await bench.tools.insert("old")
    let enrol = try await bench.enrol(Self.pin)
    #expect(enrol.status != 0 && enrol.output.contains("AP199"), "\(enrol.output)")
    await card.takeOut()
    await bench.city.end()
  }
}
