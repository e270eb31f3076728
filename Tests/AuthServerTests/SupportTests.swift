import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Programs
import Testing

/// `sanmon support` over a real instance: what leaves is counted and shown, and nobody is in it.
@Suite("support bundle", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct SupportTests {
  private func content(_ tar: String) async throws -> [String: String] {
    let folder = tar + ".d"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let unpacked = try await Program.running(["tar", "-xf", tar, "-C", folder])
    #expect(unpacked.status == 0, "another program reads it")
    var found: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/sanmon-support") {
      found[name] = try String(contentsOfFile: folder + "/sanmon-support/" + name, encoding: .utf8)
    }
    return found
  }

  @Test("names, ids, workstations, cards, passwords and codes that went through an instance are in no form in its bundle")
  func canary() async throws {
    let (right, wrong) = ("kanariya-Rq71-migi", "kanariya-Hw62-hidari")
    let (teleworker, sato) = ("p-000025", "p-000042")
    var city: City? = try await City()
    _ = try await city?.importPeople()
    let pc = try #require(try await city?.workstation("LGWAN-PC-0800", access: "remote"))
    let desk = try #require(try await city?.workstation("LGWAN-PC-0042"))
    let card = try #require(try await city?.enrolCard(teleworker))
    let deskCard = try #require(try await city?.enrolCard(sato))
    try await city?.setPassword(teleworker, right)
    var names: [String] = []
    for person in [teleworker, sato] {
      let shown = try #require(try await city?.link.fetch("/v1/admin/people/\(person)", returning: PersonSummary.self))
      names += [shown.displayName, shown.account]
    }
    let code = try #require(city?.firstCode)
    // What people write freely stands in rule files too.
    let rules = try #require(city?.folder) + "/policies/lgwan.yaml"
    let text = try String(contentsOfFile: rules, encoding: .utf8)
    try (text + "# chushaku-kanariya: 佐藤さんのため\n").write(toFile: rules, atomically: true, encoding: .utf8)
    let running = try await ProcessCity(takingOver: #require(city))
    city = nil
    try running.start()
    let moved = try await pc.moved(to: running.port)
    let session = try await moved.enterOnceServed(card, password: right)
    let denied = try await moved.open()
    _ = try await moved.connection.request(
      "POST", "/v1/ceremonies/\(denied.ceremony.ceremony)/proofs",
      body: Array(JSONEncoder().encode(moved.proofs(denied, card, password: wrong))))
    let second = try await desk.moved(to: running.port).enter(deskCard)

    let tar = running.folder + "/bundle.tar"
    let arguments = [
      "support", "--config", running.folder + "/instance.yaml", "--log", running.folder + "/sanmond.log", "--yes", "--out",
    ]
    let ran = try await ToolProcess.started(arguments + [tar])
    #expect(ran.status == 0, "\(ran.errors)")
    let secrets =
      [
        right, wrong, teleworker, sato, "LGWAN-PC-0800", "LGWAN-PC-0042", card.id, deskCard.id, code, "yamada", "127.0.0.1",
        "chushaku-kanariya", "三門市", "lgwan-1", running.folder, second.session, try #require(session).session,
      ] + names + names.flatMap { $0.split(separator: " ").map(String.init) }
    try (ran.output + ran.errors).replacing(tar, with: "").write(
      toFile: running.folder + "/shown", atomically: true, encoding: .utf8)
    for secret in secrets {
      #expect(CanaryTests.finds(secret, below: [], and: [tar, running.folder + "/shown"]) == [], "\(secret)")
    }
    for there in [sato, card.id, "LGWAN-PC-0800"] {
      #expect(CanaryTests.finds(there, below: [running.folder + "/state"]) != [], "the search finds what is there: \(there)")
    }

    let files = try await content(tar)
    #expect(
      Set(files.keys) == [
        "about.txt", "doctor.txt", "settings.txt", "rules.txt", "status.txt", "metrics.txt", "audit.jsonl", "service.jsonl",
      ])
    let rows = try #require(files["audit.jsonl"])
    let people = Set(rows.matches(of: /"person":"(person-[0-9a-f]{10})"/).map { String($0.1) })
    #expect(
      people.count >= 2 && people.count < rows.split(separator: "\n").count, "the same person is the same name in all rows")
    #expect(rows.contains("\"code\":\"AP109\"") && rows.contains("\"action\":\"logon\""))
    #expect(files["service.jsonl"]?.contains("\"route\":\"/v1/ceremonies/") == true, "\(files["service.jsonl"] ?? "")")
    #expect(files["rules.txt"]?.contains("lgwan.yaml:") == true && files["rules.txt"]?.contains("logon: card + pin") == true)
    #expect(files["metrics.txt"]?.contains("sanmon_ceremonies_total{scenario=") == true)
    #expect(files["doctor.txt"]?.contains("ok server: answers") == true)
    #expect(files["about.txt"]?.contains("sanmon \(Release.version)") == true)
    // Another bundle has other names: two of them cannot be laid side by side.
    #expect(try await ToolProcess.started(arguments + [tar + "2"]).status == 0)
    let others = try #require(try await content(tar + "2")["audit.jsonl"])
    #expect(people.allSatisfy { !others.contains($0) })
    let mode = (try FileManager.default.attributesOfItem(atPath: tar)[.posixPermissions] as? NSNumber)?.intValue
    #expect(mode == 0o600)
  }

  /// A folder with a start-up file and rules, without a running instance.
  private func stopped() throws -> String {
    let folder = "/tmp/sanmon-support-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try FileManager.default.copyItem(atPath: Repository.root + "/policies", toPath: folder + "/policies")
    try Data(City.instanceText(folder, .lgwan).utf8).write(to: URL(filePath: folder + "/instance.yaml"))
    return folder
  }

  @Test("of the service log only known fields with known values leave; the rest is counted and not quoted")
  func unknownLines() async throws {
    let folder = try stopped()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let planted = [
      #"{"event":"http","listener":"workstations","method":"POST","route":"/v1/ceremonies","status":201,"us":5,"x":"kanariya"}"#,
      #"{"event":"http","route":"/v1/admin/people/p-000042","status":200}"#, #"{"event":"yamada","status":1}"#,
      #"{"event":"http","cause":"Sato Hanako","code":"p-000042","method":"yamada","listener":"yamada","time":"yamada"}"#,
      #"{"event":"http","uid":4242,"reference":"482913","certificate":"00112233445566aa"}"#, "sato logged on at LGWAN-PC-0042",
      "sanmond: waiting for the vault at /home/yamada/vault.sock (3 s so far)", "{", "",
    ]
    try Data(planted.joined(separator: "\n").utf8).write(to: URL(filePath: folder + "/log"))
    let ran = try await ToolProcess.started([
      "support", "--config", folder + "/instance.yaml", "--log", folder + "/log", "--out", folder + "/b.tar", "--yes",
    ])
    #expect(ran.status == 0, "\(ran.errors)")
    let lines = try #require(try await content(folder + "/b.tar")["service.jsonl"]).split(separator: "\n").map(String.init)
    #expect(
      lines.first
        == #"{"event":"http","listener":"workstations","method":"POST","route":"/v1/ceremonies","status":"201","us":"5"}"#)
    #expect(lines.contains(#"{"event":"http","status":"200"}"#) && lines.contains(#"{"event":"http"}"#))
    #expect(lines.contains(#"{"sentence":"waitingForVault"}"#) && lines.count == 5, "\(lines)")
    for word in ["kanariya", "p-000042", "yamada", "Hanako", "4242", "482913", "0011223344", "LGWAN-PC"] {
      #expect(CanaryTests.finds(word, below: [], and: [folder + "/b.tar"]) == [], "\(word)")
    }
    #expect(ran.output.contains("3 of unknown form left out"), "\(ran.output)")
  }

  @Test("shown, and not written, while nobody says yes; a file that is there stays; wrong input is refused with its code")
  func refusals() async throws {
    let folder = try stopped()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data().write(to: URL(filePath: folder + "/log"))
    let config = ["support", "--config", folder + "/instance.yaml", "--log", folder + "/log", "--out", folder + "/b.tar"]
    let shown = try await ToolProcess.started(config)
    #expect(shown.status == 1 && shown.output.contains("==== doctor.txt\nok config:") && shown.errors.contains("--yes"))
    #expect(!FileManager.default.fileExists(atPath: folder + "/b.tar"))
    try Data("mine".utf8).write(to: URL(filePath: folder + "/b.tar"))
    #expect(try await ToolProcess.started(config + ["--yes"]).status == 74)
    #expect(FileManager.default.contents(atPath: folder + "/b.tar") == Data("mine".utf8))
    for (more, status) in [(["--rows", "10001"], 64), (["--lines", "-1"], 64), (["--rows", "10001", "--yes"], 64)]
      as [([String], Int32)]
    {
      #expect(try await ToolProcess.started(config + more).status == status, "\(more)")
    }
    #expect(
      try await ToolProcess.started(["support", "--config", folder + "/nowhere.yaml", "--log", folder + "/log"]).status == 65)
    #expect(
      try await ToolProcess.started(["support", "--config", folder + "/instance.yaml", "--log", folder + "/nowhere"]).status
        == 74)
  }

  @Test(
    "at a terminal: asked whether to look and whether to write; only a yes writes",
    arguments: [("n\ny\n", true), ("y\nn\n", false), ("n\n\n", false)])
  func asked(answers: String, isWritten: Bool) async throws {
    try #require(FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "script(1) of bsdutils")
    let folder = try stopped()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data().write(to: URL(filePath: folder + "/log"))
    try Data(answers.utf8).write(to: URL(filePath: folder + "/answers"))
    let tool =
      "PAGER=cat \(try #require(ProcessCity.binaries))/sanmon support --config \(folder)/instance.yaml --log \(folder)/log --out \(folder)/b.tar"
    _ = try await Program.running(["sh", "-c", "script -qec '\(tool) | cat' /dev/null < \(folder)/answers > \(folder)/seen"])
    let seen = try String(contentsOfFile: folder + "/seen", encoding: .utf8)
    #expect(FileManager.default.fileExists(atPath: folder + "/b.tar") == isWritten, "\(seen)")
    #expect(seen.contains("==== rules.txt") == answers.hasPrefix("y"), "\(seen)")
  }
}
