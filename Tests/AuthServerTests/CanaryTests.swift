import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Programs
import Testing

/// What was typed must not be found anywhere afterwards, however it is written.
@Suite("secrets leave no trace", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmond and sanmon-vault are not built"))
struct CanaryTests {
  /// The ways in which a program could have written `secret`.
  static func spellings(of secret: String) -> [(name: String, bytes: [UInt8])] {
    spellings(of: Array(secret.utf8)) + [
      ("UTF-16LE", secret.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
      ("UTF-16BE", secret.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }),
    ]
  }

  static func spellings(of raw: [UInt8]) -> [(name: String, bytes: [UInt8])] {
    let hex = raw.map { String(format: "%02x", $0) }.joined()
    var found: [(String, [UInt8])] = [("raw", raw), ("hex", Array(hex.utf8)), ("HEX", Array(hex.uppercased().utf8))]
    // Inside something longer, base64 has three looks; the characters that neighbours share are left off.
    for shift in 0..<3 {
      let text = Data([UInt8](repeating: 0, count: shift) + raw).base64EncodedString().replacing("=", with: "")
      let whole = Array(text.utf8).dropFirst(shift == 0 ? 0 : shift + 1).dropLast((shift + raw.count) % 3 == 0 ? 0 : 1)
      found.append(("base64 at \(shift)", Array(whole)))
    }
    return found
  }

  /// Where any spelling of a secret stands: files below the folders, and files named.
  static func finds(_ secret: String, below folders: [String], and files: [String] = []) -> [String] {
    finds(spellings(of: secret), below: folders, and: files)
  }

  /// - Parameter but: where it belongs.
  static func finds(
    _ spellings: [(name: String, bytes: [UInt8])], below folders: [String], and files: [String] = [], but home: [String] = []
  ) -> [String] {
    var paths = files
    for folder in folders {
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        paths.append("\(folder)/\(name)")
      }
    }
    return paths.filter { path in !home.contains { path.hasSuffix($0) } }.flatMap { path -> [String] in
      guard let handle = FileHandle(forReadingAtPath: path), let content = try? handle.readToEnd() else { return [] }
      return spellings.filter { content.range(of: Data($0.bytes)) != nil }.map { "\($0.name) in \(path)" }
    }
  }

  @Test("the search finds each spelling of a planted secret")
  func planted() throws {
    let folder = NSTemporaryDirectory() + "/sanmon-canary-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let secret = "kanariya-9Q7z-見本"
    #expect(Self.finds(secret, below: [folder]) == [])
    for (name, bytes) in Self.spellings(of: secret) {
      try Data([7, 7] + bytes + [7]).write(to: URL(filePath: folder + "/planted"))
      #expect(Self.finds(secret, below: [folder]).contains("\(name) in \(folder)/planted"), "\(name)")
    }
    for shift in 0..<3 {
      let inside = Data([UInt8](repeating: 0x5A, count: 30 + shift) + Array(secret.utf8) + Array("tail".utf8))
      try Data(inside.base64EncodedString().utf8).write(to: URL(filePath: folder + "/planted"))
      #expect(Self.finds(secret, below: [folder]) != [], "base64 inside a longer text, \(shift)")
    }
  }

  @Test("a typed password, right or wrong: not in databases, logs, answers, arguments or environment; no core can be dumped")
  func password() async throws {
    let (right, wrong) = ("kanariya-Zq81-migi", "kanariya-Xw52-hidari")
    let teleworker = "p-000025"
    var city: City? = try await City()
    _ = try await city?.importPeople()
    let pc = try #require(try await city?.workstation("LGWAN-PC-0800", access: "remote"))
    let card = try #require(try await city?.enrolCard(teleworker))
    try await city?.setPassword(teleworker, right)
    let running = try await ProcessCity(takingOver: #require(city))
    city = nil
    try running.start()
    let moved = try await pc.moved(to: running.port)
    let session = try await moved.enterOnceServed(card, password: right)
    let opened = try await moved.open()
    let answer = try await moved.connection.request(
      "POST", "/v1/ceremonies/\(opened.ceremony.ceremony)/proofs",
      body: Array(JSONEncoder().encode(moved.proofs(opened, card, password: wrong))))
    #expect(session != nil && answer.status == 403)
    try Data(answer.body).write(to: URL(filePath: running.folder + "/answer"))

    let processes = [running.server, running.vault].compactMap { $0.map { "/proc/\($0.pid)" } }
    let files = processes.flatMap { [$0 + "/cmdline", $0 + "/environ"] }
    for secret in [right, wrong] { #expect(Self.finds(secret, below: [running.folder], and: files) == []) }
    #expect(Self.finds("p-000025", below: [running.folder]) != [], "the search reads what is there")
    for process in processes {
      let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
      #expect(limits.contains(/Max core file size\s+0\s+0\s/), "\(process): no core file")
      // The kernel gives the files of a process that may not be dumped to root, whoever runs it.
      let owner = try FileManager.default.attributesOfItem(atPath: process + "/mem")[.ownerAccountID] as? Int
      #expect(owner == 0)
    }
  }

  @Test("codes, used, unused and wrong, and every key: only where each belongs")
  func codesAndKeys() async throws {
    var city: City? = try await City()
    _ = try await city?.importPeople()
    let firstCode = try #require(city?.firstCode)
    let acts = try ["LGWAN-PC-0801", "LGWAN-PC-0802"].map { try #require(try city?.enrolmentAct($0)) }
    let card = try #require(try await city?.enrolCard("p-000042"))
    let operatorKey = try #require(city?.operatorKey.rawRepresentation)
    let running = try await ProcessCity(takingOver: #require(city))
    city = nil
    try running.start()
    let link = ServerConnection(unixSocket: running.folder + "/operator.sock", settings: ClientSettings())
    var status: InstanceStatus?
    for _ in 0..<500 where status == nil {
      status = try? await link.fetch("/v1/admin/status")
      if status == nil { try await Task.sleep(for: .milliseconds(20)) }
    }
    let instance = try #require(status)
    var codes: [String] = []
    for act in acts {
      let code: EnrolmentCode = try await link.call("POST", "/v1/admin/workstations/codes", act)
      codes.append(code.code)
    }
    let enrolment = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(instance.enrolmentPort)"),
      trust: .authority(CertificateFingerprint(hex: instance.authority)), identity: nil)
    let key = P256.Signing.PrivateKey()
    let request = Data(try CertificateRequest.make(key: key))
    let issued: WorkstationCertificateIssued = try await enrolment.call(
      "POST", "/v1/enrolment/workstations", WorkstationEnrolmentRequest(code: codes[0], certificateRequest: request))
    // Burned, and one with its last two groups exchanged.
    let groups = codes[1].split(separator: "-")
    let wrong = (groups.dropLast(2) + [groups[6], groups[5]]).joined(separator: "-")
    var answers = Data()
    for code in [codes[0], wrong, firstCode] {
      let answer = try await enrolment.request(
        "POST", "/v1/enrolment/workstations",
        body: Array(JSONEncoder().encode(WorkstationEnrolmentRequest(code: code, certificateRequest: request))))
      #expect(answer.status == 403)
      answers += Data(answer.body)
    }
    let pc = try await TestWorkstation(name: "LGWAN-PC-0801", key: key, issued: issued, port: running.port)
    _ = try await pc.enter(card)
    try answers.write(to: URL(filePath: running.folder + "/answers"))

    let processes = [running.server, running.vault].compactMap { $0.map { "/proc/\($0.pid)" } }
    let files = processes.flatMap { [$0 + "/cmdline", $0 + "/environ"] }
    for code in codes + [wrong, firstCode] {
      for text in [code, code.replacing("-", with: ""), code.lowercased()] {
        #expect(Self.finds(text, below: [running.folder], and: files) == [])
      }
    }
    let foreign = [Array(key.rawRepresentation), Array(operatorKey)] + pc.privateSessionKeys
    for secret in foreign { #expect(Self.finds(Self.spellings(of: secret), below: [running.folder], and: files) == []) }
    for name in ["state/tls.key", "state/column.key", "master.key"] {
      let content = try Data(contentsOf: URL(filePath: running.folder + "/" + name))
      let text = String(decoding: content, as: UTF8.self)
      let secret: [UInt8]
      if text.contains("PRIVATE KEY") {
        secret = Array(try P256.Signing.PrivateKey(pemRepresentation: text).rawRepresentation)
      } else {
        let digits = text.filter { !$0.isWhitespace }.split(separator: "_").last ?? ""
        secret = (try? Hex.decode(digits)) ?? Array(content)
      }
      #expect(secret.count == 32, "\(name)")
      #expect(Self.finds(Self.spellings(of: secret), below: [running.folder], and: files, but: ["/" + name]) == [], "\(name)")
      // The file itself: the search would have found it elsewhere.
      if name != "state/tls.key" {
        #expect(Self.finds(Self.spellings(of: secret), below: [running.folder]) != [], "\(name)")
      }
    }
    link.close()
    enrolment.close()
  }
}

/// The same for the programs on a workstation and on the desk: with a card, its PIN and a reader.
@Suite(
  "secrets typed at the agent and at the tool leave no trace", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: ToolBench.mayRun, "pcscd, vpcd or a program is missing: run deploy/test"))
struct TypedCanaryTests {
  @Test("a PIN, right or wrong, and a code: not in the folders of agent and server, outputs, arguments or environment")
  func typed() async throws {
    let (right, wrong) = ("86420975", "13579086")
    let bench = try ToolBench()
    defer { bench.end() }
    try bench.issue("sato", key: "p256", pin: right)
    let city = try await City(prepare: { folder in
      let roots = folder + "/cards.pem"
      try FileManager.default.removeItem(atPath: roots)
      try FileManager.default.copyItem(atPath: bench.folder + "/operators.pem", toPath: roots)
    })
    _ = try await city.importPeople()
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let code: EnrolmentCode = try await city.link.call(
      "POST", "/v1/admin/workstations/codes", city.enrolmentAct("LGWAN-PC-0042"))
    let state = bench.folder + "/pc"
    let card = try await bench.insert("sato")
    var outputs = ""
    func expect(_ status: Int32, _ ran: (status: Int32, output: String)) {
      #expect(ran.status == status, "\(ran.output)")
      outputs += ran.output
    }
    let desk = ["card", "enrol", "--person", "p-000042", "--segment", "lgwan", "--socket", city.folder + "/operator.sock"]
    expect(65, try await bench.sanmon(desk, pin: wrong))
    expect(0, try await bench.sanmon(desk, pin: right))
    expect(
      0,
      try await bench.agent(
        [
          "enrol", "--server", "https://127.0.0.1:\(status.mainPort)", "--enrolment",
          "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--state", state, "--code-fd", "3",
        ], code.code))
    let watch = try bench.watch(state, log: bench.folder + "/watch.log")
    defer { watch.terminate() }
    for _ in 0..<900 {
      if try await bench.agent(["status", "--state", state], "").status == 0 { break }
      try await Task.sleep(for: .milliseconds(100))
    }
    expect(12, try await bench.agent(["logon", "--state", state, "--pin-fd", "3"], wrong))
    expect(0, try await bench.agent(["logon", "--state", state, "--pin-fd", "3"], right))
    expect(0, try await bench.agent(["lock", "--state", state], ""))
    expect(0, try await bench.agent(["unlock", "--state", state, "--pin-fd", "3"], right))
    try Data(outputs.utf8).write(to: URL(filePath: state + "/outputs"))

    let process = "/proc/\(watch.pid)"
    let files = [process + "/cmdline", process + "/environ", bench.folder + "/watch.log"]
    for secret in [right, wrong, code.code, code.code.replacing("-", with: "")] {
      #expect(CanaryTests.finds(secret, below: [state, city.folder], and: files) == [])
    }
    let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
    #expect(limits.contains(/Max core file size\s+0\s+0\s/), "no core file")
    #expect(CanaryTests.finds("LGWAN-PC-0042", below: [state]) != [], "the search reads what is there")
    await card.takeOut()
    await city.end()
  }
}
