import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import CertificateTrust
import Foundation
import Programs
import Testing
import X509

/// The operator's tool as a person uses it: the built program, a real reader service, a card in software, a real server.
@Suite(
  "The operator's tool over TLS", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: ToolBench.mayRun, "pcscd, vpcd or a program is missing: run deploy/test"))
struct OperatorToolTests {
  @Test(
    "the card lets in and signs, its PIN asked once a command; what goes wrong is said",
    arguments: ["p256", "rsa2048", "p384", "rsa3072"])
  func everything(kind: String) async throws {
    let bench = try ToolBench()
    defer { bench.end() }
    try bench.issue("suzuki", key: kind)
    try bench.issue("stranger", key: "p256")
    try bench.issue("clerk", key: "p256", authority: "other")
    let city = try await City(
      prepare: { folder in
        try FileManager.default.copyItem(atPath: bench.folder + "/operators.pem", toPath: folder + "/operators.pem")
      },
      lines: { folder in
        "operator-listen: {address: 127.0.0.1, port: 0}\noperator-roots: [\(folder)/operators.pem]"
      })
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let port = try #require(city.server.port(.operatorsTLS))
    let server = ["--server", "127.0.0.1:\(port)", "--authority", status.authority, "--card"]

    let first = try await bench.insert("suzuki")
    let act = try city.act(
      "operator.register",
      ["operator": "suzuki", "person": "p-000002", "role": "administrator", "key": try bench.publicKey("suzuki")])
    try Data(try city.sign(act).encoded).write(to: URL(filePath: bench.folder + "/suzuki.act"))

    // Before the register knows the key.
    let unknown = try await bench.sanmon(["operator", "list"] + server)
    #expect(unknown.status == 77 && unknown.output.contains("does not accept the key of this card"), "\(unknown.output)")
    #expect(unknown.output.contains("reference"), "\(unknown.output)")
    let accepted = try await bench.sanmon([
      "operator", "accept", bench.folder + "/suzuki.act", "--card", "--out", bench.folder + "/suzuki.sig",
    ])
    #expect(accepted.status == 0, "\(accepted.output)")
    let added = try await bench.sanmon(
      [
        "operator", "add", bench.folder + "/suzuki.act", "--accepted", bench.folder + "/suzuki.sig", "--socket",
        city.folder + "/operator.sock",
      ], pin: nil)
    #expect(added.status == 0, "\(added.output)")

    let list = try await bench.sanmon(["operator", "list"] + server)
    #expect(list.status == 0 && list.output.contains("suzuki  administrator"), "\(list.output)")
    // By the environment alone, and with the authority's certificate in a file.
    let quiet = try await bench.sanmon(
      ["status"], environment: ["SANMON_SERVER=127.0.0.1:\(port)", "SANMON_AUTHORITY=\(status.authority)"])
    #expect(quiet.status == 0 && quiet.output.contains("lgwan-1"), "\(quiet.output)")
    // Four requests, one connection, the same card for the act: the descriptor holds the PIN once.
    let code = try await bench.sanmon(["workstation", "enrol", "LGWAN-PC-0042", "--segment", "lgwan"] + server)
    #expect(code.status == 0 && code.output.contains("LGWAN-PC-0042"), "\(code.output)")
    let row = try #require(try await city.audit("action=workstation.code").first)
    #expect(row.operatorID == "suzuki")

    try await wrongUsage(bench, server, city)
    let wrong = try await bench.sanmon(["status"] + server, pin: "000000")
    #expect(wrong.status == 65 && wrong.output.contains("wrong PIN; 2 tries left"), "\(wrong.output)")
    #expect(try await bench.sanmon(["status"] + server).status == 0, "the right PIN sets the card's counter back")
    let elsewhere = try await bench.sanmon(
      ["status", "--server", "127.0.0.1:\(port)", "--authority", String(repeating: "0", count: 64)])
    #expect(elsewhere.status == 76, "\(elsewhere.output)")
    await first.takeOut()

    let none = try await bench.sanmon(["status"] + server)
    #expect(none.status == 74 && none.output.contains("no card on the reader"), "\(none.output)")
    try await others(bench, server, city)
    await city.end()
  }

  private func wrongUsage(_ bench: ToolBench, _ server: [String], _ city: City) async throws {
    let socket = ["--socket", city.folder + "/operator.sock"]
    for arguments in [
      ["status"] + server + socket, ["status", "--server", "127.0.0.1:1"], ["status", "--server", "127.0.0.1"],
      ["status", "--authority", "00"] + socket, ["status", "--server", "127.0.0.1:1", "--authority", "00"],
      ["workstation", "enrol", "LGWAN-PC-0043", "--segment", "lgwan", "--key-file", "/nowhere"] + server,
      ["operator", "first", "--operator", "a", "--person", "b"] + server,
    ] {
      let result = try await bench.sanmon(arguments)
      #expect(result.status == 64, "\(arguments): \(result.output)")
    }
    let both = try await bench.sanmon(
      ["status"], environment: ["SANMON_SOCKET=\(city.folder)/operator.sock", "SANMON_SERVER=127.0.0.1:1"])
    #expect(both.status == 64, "\(both.output)")
  }

  /// A card of these roots that is nobody's, and a card of other roots.
  private func others(_ bench: ToolBench, _ server: [String], _ city: City) async throws {
    let stranger = try await bench.insert("stranger")
    let unknown = try await bench.sanmon(["status"] + server)
    #expect(unknown.status == 77 && unknown.output.contains("does not accept the key"), "\(unknown.output)")
    await stranger.takeOut()
    let rows = try await city.audit("class=administration&outcome=denied").count
    let clerk = try await bench.insert("clerk")
    let refused = try await bench.sanmon(["status"] + server)
    #expect(refused.status == 77 && refused.output.contains("refused the certificate of this card"), "\(refused.output)")
    #expect(try await city.audit("class=administration&outcome=denied").count == rows, "no request was read")
    await clerk.takeOut()
  }
}

/// A reader service of our own in a namespace, cards, and the built programs.
final class ToolBench: Sendable {
  static let pin = "246810"
  private static let library = Repository.root + "/deploy/lib/pcscd.sh"
  static let programs =
    ProcessInfo.processInfo.environment["SANMON_BIN"] ?? ProcessCity.binaries
    ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

  /// In CI the suite has to run, whether it can or not.
  static let mayRun: Bool = {
    if ProcessInfo.processInfo.environment["CI"] != nil { return true }
    let probe = try? run(["bash", "-c", "source '\(library)'; pcscd_missing"])
    let isBuilt = ["sanmon", "sanmon-cardsim"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: programs + "/" + $0)
    }
    return isBuilt && probe?.status == 0
  }()

  let folder = "/tmp/sanmon-tool-tests-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
  private var reader: String { folder + "/reader" }

  init() throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
    try must(["bash", "-c", "source '\(Self.library)'; pcscd_start '\(reader)'"])
    for authority in ["operators", "other"] {
      try must([
        Self.programs + "/sanmon-cardsim", "make-ca", "--cert", "\(folder)/\(authority).pem", "--key",
        "\(folder)/\(authority).key", "--name", "Sample \(authority)",
      ])
    }
  }

  func end() {
    _ = try? Self.run(["bash", "-c", "source '\(Self.library)'; pcscd_stop '\(reader)'"])
    try? FileManager.default.removeItem(atPath: folder)
  }

  func issue(
    _ name: String, key: String, authority: String = "operators", pin: String = pin, puk: String? = nil
  ) throws {
    try must(
      [
        "bash", "-c", "exec \"$@\" 3<<<'\(pin)' 4<<<'\(puk ?? "")'", "bash", Self.programs + "/sanmon-cardsim", "issue",
        "--card", "\(folder)/\(name).card", "--name", name, "--key", key, "--pin-fd", "3", "--ca-cert",
        "\(folder)/\(authority).pem", "--ca-key", "\(folder)/\(authority).key", "--cert-out", "\(folder)/\(name).pem",
      ] + (puk == nil ? [] : ["--puk-fd", "4"]))
  }

  /// A card like a My Number Card, under its own authority (`other`).
  func issuePersonal(_ name: String, pin: String, options: [String] = []) throws {
    try must(
      [
        "bash", "-c", "exec \"$@\" 3<<<'\(pin)'", "bash", Self.programs + "/sanmon-cardsim", "issue-jpki", "--card",
        "\(folder)/\(name).card", "--name", name, "--pin-fd", "3", "--ca-cert", "\(folder)/other.pem", "--ca-key",
        "\(folder)/other.key",
      ] + options)
  }

  /// What the simulator says of a card.
  func shown(_ name: String) throws -> String {
    try Self.run([Self.programs + "/sanmon-cardsim", "show", "--card", "\(folder)/\(name).card"]).output
  }

  /// DER SubjectPublicKeyInfo of 9A, hexadecimal.
  func publicKey(_ name: String) throws -> String {
    let pem = try String(contentsOfFile: "\(folder)/\(name).pem", encoding: .utf8)
    let certificate = try #require(try PEMFile.certificates(pem).first)
    guard case .valid(let card) = try trust().validate(certificate, at: Int64(Date().timeIntervalSince1970 * 1000)) else {
      throw Failed("the card's certificate does not lead to its authority")
    }
    return Hex.encode(card.publicKeyDER)
  }

  private func trust() throws -> CardTrust {
    let pem = try String(contentsOfFile: "\(folder)/operators.pem", encoding: .utf8)
    return try CardTrust(anchors: try PEMFile.certificates(pem))
  }

  /// Runs the tool with the PIN on descriptor 3, once.
  func sanmon(_ arguments: [String], pin: String? = pin, environment: [String] = []) async throws -> (
    status: Int32, output: String
  ) {
    let fixed = ["LC_ALL=C", "HOME=\(folder)", "PCSCLITE_CSOCK_NAME=\(reader)/run/pcscd/pcscd.comm"]
    let words = ["env", "-u", "SANMON_SOCKET", "-u", "SANMON_SERVER", "-u", "SANMON_AUTHORITY"] + fixed + environment
    let tool = [Self.programs + "/sanmon"] + arguments + (pin == nil ? [] : ["--pin-fd", "3"])
    return try await Self.started(["bash", "-c", "exec \"$@\" 3<<<'\(pin ?? "")'", "bash"] + words + tool)
  }

  /// Starts the tool; what it reads from descriptor 0 is sent to it when the test says so.
  func starting(_ arguments: [String]) throws -> Program {
    try Program(
      [Self.programs + "/sanmon"] + arguments,
      environment: ["LC_ALL": "C", "HOME": folder, "PCSCLITE_CSOCK_NAME": "\(reader)/run/pcscd/pcscd.comm"],
      input: .open, output: .together)
  }

  /// Ends the reader service as a crash does, and brings it back.
  func withoutService(_ test: () async throws -> Void) async throws {
    try must(["bash", "-c", "source '\(Self.library)'; pcscd_daemon_stop '\(reader)'"])
    try await test()
    try must(["bash", "-c", "source '\(Self.library)'; pcscd_daemon_start '\(reader)'"])
  }

  /// Runs the agent with a text on descriptor 3, once.
  func agent(_ arguments: [String], _ secret: String) async throws -> (status: Int32, output: String) {
    let words = ["env", "LC_ALL=C", "HOME=\(folder)", "PCSCLITE_CSOCK_NAME=\(reader)/run/pcscd/pcscd.comm"]
    let agent = [Self.programs + "/sanmon-agent"] + arguments
    return try await Self.started(["bash", "-c", "exec \"$@\" 3<<<'\(secret)'", "bash"] + words + agent)
  }

  /// The resident process of a workstation, until it is ended.
  func watch(_ state: String, log: String) throws -> Program {
    try Program(
      [Self.programs + "/sanmon-agent", "watch", "--state", state],
      environment: ["LC_ALL": "C", "HOME": folder, "PCSCLITE_CSOCK_NAME": "\(reader)/run/pcscd/pcscd.comm"],
      output: .appended(to: log))
  }

  /// Puts a card on the reader and waits until the service has found it.
  func insert(_ name: String) async throws -> OnReader {
    let card = try OnReader([
      "env", "SANMON_BIN=\(Self.programs)", "bash", "-c",
      "source '\(Self.library)'; cardsim_in_namespace '\(reader)' insert --card '\(folder)/\(name).card'",
    ])
    try await card.isFound()
    return card
  }

  struct Failed: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  private func must(_ words: [String]) throws {
    let result = try Self.run(words)
    guard result.status == 0 else { throw Failed("\(words): exit \(result.status)\n\(result.output)") }
  }

  static func started(_ words: [String]) async throws -> (status: Int32, output: String) {
    let ended = try await Program.running(words, output: .together)
    return (ended.status, ended.output)
  }

  private static func run(_ words: [String]) throws -> (status: Int32, output: String) {
    let ended = try Program.run(words, output: .together)
    return (ended.status, ended.output)
  }

  /// A card on the reader until it is taken out.
  final class OnReader {
    private let program: Program

    fileprivate init(_ words: [String]) throws { program = try Program(words, input: .open) }

    fileprivate func isFound() async throws {
      let end = ContinuousClock.now + .seconds(90)
      while !program.output.contains("found\n") {
        guard ContinuousClock.now < end, program.isRunning else {
          throw Failed("the reader does not find the card: \(program.output)")
        }
        try await Task.sleep(for: .milliseconds(20))
      }
      // And tells its clients.
      try await Task.sleep(for: .milliseconds(300))
    }

    /// Gives the card a fault, and waits until it has it.
    func fault(_ name: String) async throws {
      try program.send("fault \(name)\n")
      let end = ContinuousClock.now + .seconds(30)
      while !program.output.contains("fault \(name)\n") {
        guard ContinuousClock.now < end, program.isRunning else { throw Failed("no fault: \(program.output)") }
        try await Task.sleep(for: .milliseconds(10))
      }
    }

    func takeOut() async {
      program.closeInput()
      _ = try? await program.ending()
      // The service looks every 400 ms.
      try? await Task.sleep(for: .seconds(2))
    }
  }
}
