import AuditLog
import AuthAPI
import AuthClient
import AuthPolicy
import AuthServer
import AuthTerms
import Foundation
import Programs
import Testing

@Suite("witnesses on other machines", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct WitnessTests {
  private func sign(_ city: City) async throws -> CheckpointAnswer {
    try await city.link.fetch("/v1/admin/audit/checkpoint")
  }

  private func size(_ note: String) throws -> UInt64 { try Checkpoint(parsing: SignedNote(parsing: note).text).size }

  /// Signs once, and looks until that checkpoint is cosigned.
  private func cosigned(_ city: City) async throws -> String {
    let wanted = try size(try await sign(city).note)
    for _ in 0..<300 {
      await city.server.lookAtWitnesses()
      // Asking signs again: rows of the meantime make it larger.
      if let note = try await sign(city).witnessed, try size(note) >= wanted { return note }
      try await Task.sleep(for: .milliseconds(50))
    }
    return try #require(try await sign(city).witnessed)
  }

  private func rows(_ city: City, _ action: String) async throws -> [AuditEntry] { try await city.audit("action=\(action)") }

  @Test("each checkpoint is cosigned and kept; the tool shows it, a stranger's program verifies it, and so does a whole log")
  func cosigns() async throws {
    let witness = try await WitnessProcess()
    let city = try await City(lines: { _ in witness.lines })
    let answer = try await sign(city)
    #expect(answer.witnessed == nil)
    let none = try await ToolProcess.started(
      ["audit", "checkpoint", "--witnessed", "--socket", city.folder + "/operator.sock"])
    #expect(none.status == 1 && none.errors.contains("no witness has cosigned"), "\(none.errors)")
    try await witness.start(log: answer.verifierKey)
    city.clock.advance(seconds: 600)
    let first = try await cosigned(city)
    #expect(witness.key.time(of: try SignedNote(parsing: first)) != nil)
    _ = try await city.importPeople()
    let second = try await cosigned(city)
    #expect(try size(second) > size(first))

    let (log, note, keys) = (city.folder + "/log.vkey", city.folder + "/cosigned.txt", city.folder + "/witness.vkey")
    let shown = try await ToolProcess.started(
      ["audit", "checkpoint", "--witnessed", "--key-file", log, "--socket", city.folder + "/operator.sock"])
    #expect(shown.status == 0, "\(shown.errors)")
    let reach = try size(shown.output)
    try shown.output.write(toFile: note, atomically: true, encoding: .utf8)
    try (witness.key.vkey + "\n").write(toFile: keys, atomically: true, encoding: .utf8)
    let foreign = try await Program.running(
      ["python3", Repository.root + "/Tests/AuthServerTests/foreign-note.py", note, answer.verifierKey, witness.key.vkey])
    #expect(foreign.status == 0 && foreign.output.hasPrefix("\(reach) "), "\(foreign.errors)")

    let verify = [
      "audit", "verify", "--database", city.folder + "/state/sanmon.sqlite", "--key-file", log, "--checkpoint", note,
    ]
    for key in [witness.key.vkey, keys] {
      let ran = try await ToolProcess.started(verify + ["--witness-key", key])
      #expect(ran.status == 0 && ran.output.contains("witnesses have cosigned up to "), "\(ran.errors)")
    }
    let other = try await WitnessProcess("witness.example/other")
    let unseen = try await ToolProcess.started(verify + ["--witness-key", other.key.vkey])
    #expect(unseen.status == 65 && unseen.output.contains("is not cosigned"), "\(unseen.output)")
    let wrong = try await ToolProcess.started(verify + ["--witness-key", log])
    #expect(wrong.status == 66 && wrong.errors.contains("is not a witness's key"), "\(wrong.errors)")
    let alone = try await ToolProcess.started(Array(verify.dropLast(2)) + ["--witness-key", keys])
    #expect(alone.status == 64 && alone.errors.contains("--checkpoint"), "\(alone.errors)")

    // After a restart the note is still there, and the witness is asked from its own size.
    try await city.restart()
    let third = try await cosigned(city)
    #expect(try size(third) > size(second))
    #expect(try await rows(city, "witness.contradicts").isEmpty)
    await city.end()
  }

  @Test("a witness that is away is said once after ten minutes, holds up nothing, and is said to be back")
  func away() async throws {
    let witness = try await WitnessProcess()
    let city = try await City(lines: { _ in witness.lines })
    let log = try await sign(city).verifierKey
    for _ in 0..<100 {
      await city.server.lookAtWitnesses()
      if try await !rows(city, "witness.away").isEmpty { break }
      city.clock.advance(seconds: 200)
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(try await rows(city, "witness.away").count == 1)
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.contains(witness.key.name) && $0.contains("has been away since 20") })
    #expect(status.warningsJa.contains { $0.contains(witness.key.name) && $0.contains("連署していません") })
    let config = city.folder + "/instance.yaml"
    try City.instanceText(city.folder, .lgwan, false, witness.lines).write(toFile: config, atomically: true, encoding: .utf8)
    let examined = try await ToolProcess.started(["doctor", "--config", config])
    #expect(examined.output.contains("a witness has cosigned nothing for"), "\(examined.output)")
    try await witness.start(log: log)
    city.clock.advance(seconds: 600)
    _ = try await cosigned(city)
    #expect(try await rows(city, "witness.back").count == 1)
    #expect(try await rows(city, "witness.away").count == 1)
    let later: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(!later.warningsEn.contains { $0.contains(witness.key.name) })
    await city.end()
  }

  @Test("server and vault put back together are refused where the witness can be reached, and told of where it comes later")
  func putBack() async throws {
    let witness = try await WitnessProcess()
    let city = try await City(lines: { _ in witness.lines })
    let log = try await sign(city).verifierKey
    try await witness.start(log: log)
    try await city.restartBoth { try Put(city: $0).aside("first") }
    _ = try await city.importPeople()
    let last = try size(try await cosigned(city))
    func putBack(_ folder: String, to name: String) throws {
      for part in ["state", "vault"] { try Put(city: folder).back(part, from: name) }
    }
    do {
      try await city.restartBoth {
        try Put(city: $0).aside("second")
        try putBack($0, to: "first")
      }
      Issue.record("an older copy was served")
    } catch let fault as StartFault {
      guard case .logIsOlder(let size, let signed, .witness(let name)) = fault else {
        Issue.record("\(fault)")
        return
      }
      #expect(size < signed && signed >= last && name == witness.key.name && fault.isOfAnOlderCopy)
      #expect(fault.japanese.contains(name) && fault.english.contains("the witness \(name)"))
    }
    // Out of reach it keeps nobody from opening, and says so when it comes back.
    witness.kill()
    try await city.restartBoth { _ in }
    try await witness.start(log: log)
    _ = try await sign(city)
    for _ in 0..<300 {
      await city.server.lookAtWitnesses()
      if try await !rows(city, "witness.contradicts").isEmpty { break }
      city.clock.advance(seconds: 60)
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(try await rows(city, "witness.contradicts").count == 1)
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.contains("remembers another log") })
    // The newest one is served again.
    try await city.restartBoth { try putBack($0, to: "second") }
    await city.end()
  }

  @Test("a witness whose key is wrong, or two of one name, keep the server from starting")
  func wrongKeys() async throws {
    let witness = try await WitnessProcess()
    let broken = witness.lines.replacingOccurrences(of: "auditor-1", with: "auditor-2")
    let twice =
      "witnesses: [{url: \"http://127.0.0.1:1/\", key: \"\(witness.key.vkey)\"}, "
      + "{url: \"http://127.0.0.1:2/\", key: \"\(witness.key.vkey)\"}]\n"
    for lines in [broken, twice] {
      let text = City.instanceText("/tmp/nothing", .lgwan, false, lines)
      let file = try InstanceFile.parse(PolicySource(name: "instance.yaml", bytes: Array(text.utf8)))
      #expect(throws: StartFault.witnessKeyWrong) { try Server.check(file) }
    }
  }

  // MARK: The witness alone

  @Test("every answer of the protocol over a real socket; killed and started again it remembers")
  func protocolAnswers() async throws {
    let witness = try await WitnessProcess()
    var log = try KeyedLog("log.example/a")
    var second = try KeyedLog("log.example/b")
    try await witness.start(log: log.verifier.vkey, second.verifier.vkey)
    log.grow(to: 5)
    second.grow(to: 2)
    let first = try await log.request(from: 0)
    let yes = try await witness.add(first)
    let whole = try SignedNote(parsing: first.note.encoded + yes.body)
    #expect(yes.status == 200 && witness.key.time(of: whole) != nil)
    #expect(try await witness.add(second.request(from: 0)).status == 200)
    let path = WitnessCall.newestPath(origin: "log.example/a")
    let kept = try await witness.ask("GET", path)
    #expect(kept.status == 200 && kept.body == whole.encoded)
    #expect(try await witness.ask("GET", WitnessCall.newestPath(origin: "log.example/c")).status == 404)

    witness.kill()
    try await witness.start(log: log.verifier.vkey, second.verifier.vkey)
    #expect(try await witness.ask("GET", path).body == whole.encoded)
    log.grow(to: 9)
    let late = try await witness.add(log.request(from: 0))
    #expect(late.status == 409 && late.type == "text/x.tlog.size" && late.body == "5\n")
    #expect(try await witness.add(log.request(from: 5)).status == 200)

    // Another history, signed by the log's own key.
    var forged = log
    forged.leaves = []
    forged.grow(to: 9, from: 7)
    let same = try await witness.add(forged.request(from: 9))
    #expect(same.status == 409 && same.body == "9\n")
    forged.grow(to: 12, from: 7)
    #expect(try await witness.add(forged.request(from: 9)).status == 422)
    let stranger = try KeyedLog("log.example/a")
    #expect(try await witness.add(stranger.request(from: 0)).status == 403)
    #expect(try await witness.add(KeyedLog("log.example/c").request(from: 0)).status == 404)
    #expect(try await witness.ask("POST", "/add-checkpoint", "old 1\n").status == 400)
    #expect(try await witness.ask("POST", "/", "").status == 404)
    #expect(try await witness.ask("GET", "/add-checkpoint").status == 405)
    let large = String(repeating: "x", count: AddCheckpoint.limit + 1)
    #expect(try await witness.ask("POST", "/add-checkpoint", large).status == 413)
    #expect(try await witness.ask("GET", path).body.hasPrefix("log.example/a\n9\n"))
  }

  @Test("sixteen that say nothing do not keep the seventeenth out for long; one that asks in pieces is answered")
  func slow() async throws {
    let witness = try await WitnessProcess()
    var log = try KeyedLog("log.example/a")
    log.grow(to: 1)
    try await witness.start(log: log.verifier.vkey)
    let silent = try Program(
      [
        "python3", "-c",
        """
        import socket, sys, time
        held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(16)]
        print("held", flush=True)
        time.sleep(60)
        """, "\(witness.port)",
      ])
    defer { silent.kill() }
    while !silent.output.contains("held"), silent.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    #expect(try await witness.add(log.request(from: 0)).status == 200)
    let pieces = try await Program.running(
      [
        "python3", "-c",
        """
        import socket, sys, time
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        for piece in (b"GET /nothing HT", b"TP/1.1\\r\\nHost: w\\r", b"\\n\\r", b"\\n"):
          s.sendall(piece)
          time.sleep(0.1)
        print(s.recv(12).decode())
        """, "\(witness.port)",
      ])
    #expect(pieces.output == "HTTP/1.1 404\n", "\(pieces.errors)")
  }

  @Test("a folder that is in use, open to others, or not as it was left starts no witness; nothing is overwritten")
  func folders() async throws {
    let witness = try await WitnessProcess()
    let log = try KeyedLog("log.example/a")
    func run(_ listen: String = "127.0.0.1:0", _ key: String? = nil) async throws -> ToolProcess.Ran {
      try await ToolProcess.started(
        ["witness", "run", "--state", witness.folder, "--listen", listen, "--log-key", key ?? log.verifier.vkey])
    }
    func mode(_ mode: Int, _ path: String) throws {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
    let key = witness.folder + "/witness.key"
    let attributes = try FileManager.default.attributesOfItem(atPath: key)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    let again = try await ToolProcess.started(["witness", "init", "--state", witness.folder, "--name", "w"])
    #expect(again.status == 65 && again.errors.contains("not overwritten"))
    let named = try await ToolProcess.started(["witness", "init", "--state", witness.folder + "-b", "--name", "a+b"])
    #expect(named.status == 64 && !FileManager.default.fileExists(atPath: witness.folder + "-b"))
    for listen in ["127.0.0.1", ":1", "127.0.0.1:x", "127.0.0.1:65536", "::1:80"] {
      #expect(try await run(listen).status == 64)
    }
    #expect(try await run("witness.example:80").status == 69, "a name is no place")
    #expect(try await run("127.0.0.1:0", witness.key.vkey).status == 66, "a witness's key is no log's")

    try mode(0o644, key)
    #expect(try await run().status == 65)
    try mode(0o600, key)
    try mode(0o755, witness.folder)
    #expect(try await run().status == 65)
    try mode(0o700, witness.folder)

    try await witness.start(log: log.verifier.vkey)
    let beside = try await run()
    #expect(beside.status == 65 && beside.errors.contains("in use"), "\(beside.errors)")
    #expect(try await witness.add(log.request(from: 0)).status == 200)
    witness.kill()
    let names = try FileManager.default.contentsOfDirectory(atPath: witness.folder).filter { $0.hasSuffix(".note") }
    let note = witness.folder + "/" + (try #require(names.first))
    let text = try String(contentsOfFile: note, encoding: .utf8)
    for damaged in ["", String(text.dropLast()), text.replacingOccurrences(of: "\n0\n", with: "\n1\n")] {
      try damaged.write(toFile: note, atomically: false, encoding: .utf8)
      let ran = try await run()
      #expect(ran.status == 66 && ran.errors.contains("make another witness"), "\(ran.errors)")
    }
  }
}
