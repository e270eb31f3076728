import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SmartCard
import Testing
import Workstation

/// As the person does it: the built agent and tool, SoftHSM as the token, a real server.
@Suite(
  "certificate cards through a PKCS#11 library", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: TokenBench.mayRun, "softhsm2, opensc or a program is missing: run deploy/test"))
struct TokenTests {
  private static let sato = "p-000042"

  /// A city whose clerk has a password, and a workstation.
  private func with(_ test: (TokenBench, City) async throws -> Void) async throws {
    let bench = try TokenBench()
    defer { bench.end() }
    let city = try await City()
    _ = try await city.importPeople()
    try await city.setPassword(Self.sato, TokenBench.password)
    try await bench.enrolWorkstation("LGWAN-PC-0042", in: city)
    do { try await test(bench, city) } catch {
      await city.end()
      throw error
    }
    await city.end()
  }

  @Test("the right PIN logs on", arguments: ["EC:secp256r1", "EC:secp384r1", "rsa:2048", "rsa:3072"])
  func logsOn(type: String) async throws {
    try await with { bench, city in
      try bench.token("staff")
      try bench.key("staff", type: type, of: city.cards)
      let enrolled = try await bench.enrol(Self.sato, in: city, bench.options())
      try #require(enrolled.status == 0, "\(enrolled.output)")
      #expect(enrolled.output.contains("certificate card  pk  "), "\(enrolled.output)")
      let logon = try await bench.logon(bench.options() + ["--json"])
      #expect(logon.status == 0 && logon.output.contains("\"granted\""), "\(logon.output)")
      let rows = try await city.audit("class=ceremony&outcome=granted")
      #expect(rows.last?.proofClass == "pk" && rows.last?.person == Self.sato)
    }
  }

  @Test("a wrong PIN is the token's no, is reported, and leaves the right one as it was")
  func wrongPIN() async throws {
    try await with { bench, city in
      try bench.token("staff")
      try bench.key("staff", of: city.cards)
      let refused = try await bench.enrol(Self.sato, in: city, bench.options(), pin: "135790")
      #expect(refused.status == 65 && refused.output.contains("wrong PIN"), "\(refused.output)")
      #expect(try await bench.enrol(Self.sato, in: city, bench.options()).status == 0)
      let wrong = try await bench.logon(bench.options(), pin: "135790")
      #expect(wrong.status == 12 && wrong.output.contains("does not tell how many"), "\(wrong.output)")
      let rows = try await city.audit()
      #expect(rows.contains { $0.action == "wrongPIN" && $0.note.isEmpty })
      // Shorter than any token takes: nothing was asked.
      let short = try await bench.logon(bench.options(), pin: "12")
      #expect(short.status == 65, "\(short.output)")
      #expect(try await bench.logon(bench.options()).status == 0)
    }
  }

  @Test("no token, no library, no certificate, no key: each says so")
  func missing() async throws {
    try await with { bench, city in
      let none = try await bench.logon(bench.options())
      #expect(none.status == 14, "\(none.output)")
      try bench.token("staff")
      try bench.key("staff", of: nil)
      let bare = try await bench.logon(bench.options())
      #expect(bare.status == 14 && bare.output.contains("SA118"), "\(bare.output)")
      let other = try await bench.logon(bench.options(["--token", "other"]))
      #expect(other.status == 14 && !other.output.contains("SA118"), "\(other.output)")
      for path in ["/nonexistent.so", bench.configuration] {
        let unusable = try await bench.logon(["--pkcs11", path])
        #expect(unusable.status == 15 && unusable.output.contains("SA116"), "\(unusable.output)")
      }
      for wrong in [["--pkcs11", "softhsm.so"], ["--token", "staff"], bench.options(["--key-id", "1"])] {
        #expect(try await bench.logon(wrong).status == 65, "\(wrong)")
      }
      try bench.token("empty")
      try bench.key("empty", of: city.cards)
      try bench.deleteKey("empty")
      let gone = try await bench.logon(bench.options(["--token", "empty"]))
      #expect(gone.status == 14 && gone.output.contains("SA118") && gone.output.contains("private key"), "\(gone.output)")
    }
  }

  @Test("of two keys the one is taken that is named, and without a name none")
  func twoKeys() async throws {
    try await with { bench, city in
      try bench.token("staff")
      try bench.key("staff", id: "01", of: city.cards)
      try bench.key("staff", id: "02", type: "rsa:2048", of: city.cards)
      let which = try await bench.logon(bench.options())
      #expect(which.status == 14 && which.output.contains("SA118") && which.output.contains("--key-id"), "\(which.output)")
      let shown = try await bench.agent(["token", "show"] + bench.options())
      #expect(
        shown.status == 14 && shown.output.contains("  01  staff") && shown.output.contains("  02  staff"), "\(shown.output)")
      let second = bench.options(["--key-id", "02"])
      #expect(try await bench.enrol(Self.sato, in: city, second).status == 0)
      #expect(try await bench.logon(second).status == 0)
      // The other one is registered for nobody.
      let first = try await bench.logon(bench.options(["--key-id", "01"]))
      #expect(first.status == 10, "\(first.output)")
    }
  }

  /// A line of `token show`.
  private struct ShownKey: Decodable {
    let token: String
    let reader: String
  }

  @Test("a reader that is named is the only one that counts; what names no key of a library is refused")
  func reader() async throws {
    try await with { bench, city in
      for label in ["mine", "other"] {
        try bench.token(label)
        try bench.key(label, of: city.cards)
      }
      let shown = try await bench.agent(["token", "show"] + bench.options(["--json"]))
      let line = String(shown.output.prefix { $0 != "\n" })
      let lines = try JSONDecoder().decode([ShownKey].self, from: Data(line.utf8))
      let slot = try #require(lines.first { $0.token == "mine" }?.reader)
      for wrong in [["--slot", "9e"], ["--profile", "piv"], ["--profile", "jpki"]] {
        let refused = try await bench.enrol(Self.sato, in: city, bench.options(["--token", "mine"] + wrong))
        #expect(refused.status == 64 && refused.output.contains("with --pkcs11"), "\(refused.output)")
      }
      let none = try await bench.enrol(Self.sato, in: city, bench.options(["--reader", "Reader 09 00"]))
      #expect(none.status == 74 && none.output.contains("noCard"), "\(none.output)")
      let enrolled = try await bench.enrol(Self.sato, in: city, bench.options(["--reader", slot]))
      try #require(enrolled.status == 0, "\(enrolled.output)")
      #expect(try await bench.logon(bench.options(["--reader", slot])).status == 0)
      #expect(try await bench.logon(bench.options(["--reader", "Reader 09 00"])).status == 14)
      #expect(try await bench.logon(bench.options()).status == 14, "two tokens fit")
    }
  }

  @Test("the workstation's settings name the library; a command that names another one goes before them")
  func settings() async throws {
    try await with { bench, city in
      try bench.token("staff")
      try bench.key("staff", of: city.cards)
      #expect(try await bench.enrol(Self.sato, in: city, bench.options()).status == 0)
      let before = try await bench.logon([])
      #expect(before.status == 15 && !before.output.contains("SA11"), "\(before.output)")
      #expect(try await bench.agent(["token", "use"]).status == 65)
      #expect(try await bench.agent(["token", "use"] + bench.options(["--token", "staff"])).status == 0)
      let shown = try await bench.agent(["token", "show"])
      #expect(shown.status == 0 && shown.output.contains("* 01  staff"), "\(shown.output)")
      let logon = try await bench.logon([])
      #expect(logon.status == 0, "\(logon.output)")
      #expect(try await bench.logon(["--pkcs11", "/nonexistent.so"]).status == 15)
      #expect(try await bench.agent(["token", "forget"]).status == 0)
      #expect(try await bench.logon([]).status == 15)
    }
  }

  // MARK: A library that does harm

  private static let manners: [(String, CardFailure)] = [
    ("fine", .module(.noKey)), ("crash", .module(.ended)), ("abort", .module(.ended)), ("leave", .module(.ended)),
    ("hang", .module(.overdue)), ("spin", .module(.overdue)), ("finalize-hangs", .module(.overdue)),
    ("scribble", .module(.malformed)), ("scribble-large", .module(.malformed)), ("print", .module(.noKey)),
    ("init-fails", .module(.unusable)), ("no-list", .module(.unusable)), ("list-fails", .module(.unusable)),
    ("version", .module(.unusable)), ("hole", .module(.unusable)), ("slots-many", .module(.malformed)),
    ("slots-more", .module(.malformed)), ("no-slots", .noCard), ("not-recognised", .noCard),
    ("objects-many", .module(.malformed)), ("objects-endless", .module(.noKey)), ("lengths", .module(.noKey)),
    ("length-huge", .module(.noKey)), ("length-unavailable", .module(.noKey)), ("names", .module(.noKey)),
    ("environment", .module(.noKey)), ("descriptors", .module(.noKey)), ("neighbour", .module(.noKey)),
    ("neighbours", .module(.failed)),
  ]

  @Test("whatever a library does, its process ends, and the agent says which kind of harm it was", arguments: manners)
  func harm(manner: String, expected: CardFailure) async throws {
    // A pipe that is not closed on exec, with a PIN in it.
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    _ = Array("246810\n".utf8).withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
    let module = try TokenModule(library: TokenBench.hostile, configuration: "/manner/\(manner)")
    let cards = ModuleCards(module, program: ToolBench.programs + "/sanmon-agent", within: 5000)
    let began = ContinuousClock.now
    let failure = await Self.failure { () async throws(CardFailure) in _ = try await cards.view() }
    #expect(failure == expected)
    #expect(ContinuousClock.now - began < .seconds(30))
  }

  @Test(
    "a library reaches no file but its own and the system's, no network, no program and no other process",
    arguments: ["files", "network", "programs", "processes"])
  func confined(manner: String) async throws {
    let bench = try TokenBench()
    defer { bench.end() }
    let (own, home) = (bench.folder + "/own", bench.folder + "/home")
    for folder in [own, home] { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    try "246810\n".write(toFile: home + "/secret", atomically: true, encoding: .utf8)
    let module = try TokenModule(library: TokenBench.hostile, configuration: own + "/" + manner)
    let cards = ModuleCards(module, program: ToolBench.programs + "/sanmon-agent", within: 10_000)
    // The library says whether it got what it asked for: it ends its process then.
    let failure = await Self.failure { () async throws(CardFailure) in _ = try await cards.view() }
    #expect(failure == .module(.noKey))
    #expect(try String(contentsOfFile: home + "/secret", encoding: .utf8) == "246810\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: home) == ["secret"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: own).isEmpty)
    // Whoever asked has lost nothing.
    #expect(FileManager.default.createFile(atPath: own + "/after", contents: Data()))
  }

  private static func failure(_ work: () async throws(CardFailure) -> Void) async -> CardFailure? {
    do throws(CardFailure) {
      try await work()
      return nil
    } catch { return error }
  }

  @Test("at the screen it has a code and a next step, and the server hears nothing")
  func harmIsSaid() async throws {
    try await with { bench, city in
      let rows = try await city.audit("class=ceremony").count
      let crashed = try await bench.logon(["--pkcs11", TokenBench.hostile, "--pkcs11-config", "/manner/crash"])
      #expect(
        crashed.status == 15 && crashed.output.contains("SA117") && crashed.output.contains("Next: "), "\(crashed.output)")
      #expect(try await city.audit("class=ceremony").count == rows)
      let desk = try await bench.enrol(
        Self.sato, in: city, ["--pkcs11", TokenBench.hostile, "--pkcs11-config", "/manner/leave"])
      #expect(desk.status == 74 && desk.output.contains("SA117"), "\(desk.output)")
    }
  }
}

/// OpenSC's library over a real reader service, with our card in software: the same plastic, not spoken to by us.
@Suite(
  "certificate cards through OpenSC", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: ToolBench.mayRun && TokenBench.mayRun, "pcscd, vpcd, opensc or a program is missing: run deploy/test"))
struct OpenSCTests {
  private static let sato = "p-000042"

  @Test("logs on with its PIN; the reader is named; the last try is kept; a blocked PIN is told")
  func whole() async throws {
    let bench = try ToolBench()
    defer { bench.end() }
    try bench.issue("seven", key: "p256")
    let card = try await bench.insert("seven")
    let roots = try String(contentsOfFile: bench.folder + "/operators.pem", encoding: .utf8)
    let city = try await City(prepare: { folder in
      let own = try String(contentsOfFile: folder + "/cards.pem", encoding: .utf8)
      try (own + "\n" + roots).write(toFile: folder + "/cards.pem", atomically: true, encoding: .utf8)
    })
    _ = try await city.importPeople()
    try await city.setPassword(Self.sato, TokenBench.password)
    let state = bench.folder + "/agent"
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let code: EnrolmentCode = try await city.link.call(
      "POST", "/v1/admin/workstations/codes", city.enrolmentAct("LGWAN-PC-0042"))
    let workstation = try await bench.agent(
      [
        "enrol", "--server", "https://127.0.0.1:\(status.mainPort)", "--enrolment",
        "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--state", state, "--code-fd", "3",
      ], code.code)
    try #require(workstation.status == 0, "\(workstation.output)")
    let library = ["--pkcs11", TokenBench.openSC]
    // 9A is named for logons by its certificate, 9E is not.
    let shown = try await bench.agent(["token", "show", "--state", state] + library, "")
    #expect(shown.status == 0 && shown.output.contains("Virtual PCD 00 00") && shown.output.contains("* 01"), "\(shown.output)")
    let enrolled = try await bench.sanmon(
      ["card", "enrol", "--person", Self.sato, "--segment", "lgwan", "--socket", city.folder + "/operator.sock"] + library)
    try #require(enrolled.status == 0, "\(enrolled.output)")
    func logon(_ pin: String, _ more: [String] = []) async throws -> (status: Int32, output: String) {
      try await bench.agent(
        ["logon", "--factors", "card+password", "--pin-fd", "3", "--password-fd", "3", "--state", state] + library + more,
        "\(pin)\n\(TokenBench.password)")
    }
    let first = try await logon(ToolBench.pin)
    #expect(first.status == 0, "\(first.output)")
    for _ in 0..<2 {
      let wrong = try await logon("135790")
      #expect(wrong.status == 12, "\(wrong.output)")
    }
    let last = try await logon(ToolBench.pin)
    #expect(last.status == 12 && last.output.contains("--use-last-try"), "\(last.output)")
    // The desk keeps it too, and says so before a PIN is typed: there is nothing here that it could be read from.
    let desk = try await bench.sanmon(
      ["card", "enrol", "--person", Self.sato, "--segment", "lgwan", "--socket", city.folder + "/operator.sock"] + library,
      pin: nil)
    #expect(desk.status == 65 && desk.output.contains("one try is left"), "\(desk.output)")
    let lost = try await logon("135790", ["--use-last-try"])
    #expect(lost.status == 13 || lost.status == 12, "\(lost.output)")
    let blocked = try await logon(ToolBench.pin, ["--use-last-try"])
    #expect(blocked.status == 13, "\(blocked.output)")
    await city.end()
    await card.takeOut()
  }
}
