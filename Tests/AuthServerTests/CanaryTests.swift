import AuthAPI
import AuthClient
import Foundation
import Testing

/// What was typed must not be found anywhere afterwards, however it is written.
@Suite("secrets leave no trace", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmond and sanmon-vault are not built"))
struct CanaryTests {
  /// The ways in which a program could have written `secret`.
  static func spellings(of secret: String) -> [(name: String, bytes: [UInt8])] {
    let raw = Array(secret.utf8)
    let hex = raw.map { String(format: "%02x", $0) }.joined()
    var found: [(String, [UInt8])] = [
      ("raw", raw), ("hex", Array(hex.utf8)), ("HEX", Array(hex.uppercased().utf8)),
      ("UTF-16LE", secret.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
      ("UTF-16BE", secret.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }),
    ]
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
    var paths = files
    for folder in folders {
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        paths.append("\(folder)/\(name)")
      }
    }
    let spellings = spellings(of: secret)
    return paths.flatMap { path -> [String] in
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
    var session: SessionOpened?
    for _ in 0..<500 where session == nil {
      session = try? await moved.enter(card, password: right)
      if session == nil { try await Task.sleep(for: .milliseconds(20)) }
    }
    let opened = try await moved.open()
    let answer = try await moved.connection.request(
      "POST", "/v1/ceremonies/\(opened.ceremony.ceremony)/proofs",
      body: Array(JSONEncoder().encode(moved.proofs(opened, card, password: wrong))))
    #expect(session != nil && answer.status == 403)
    try Data(answer.body).write(to: URL(filePath: running.folder + "/answer"))

    let processes = [running.server, running.vault].map { "/proc/\($0.processIdentifier)" }
    let files = processes.flatMap { [$0 + "/cmdline", $0 + "/environ"] }
    for secret in [right, wrong] { #expect(Self.finds(secret, below: [running.folder], and: files) == []) }
    #expect(Self.finds("p-000025", below: [running.folder]) != [], "the search reads what is there")
    for process in processes {
      let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
      #expect(limits.contains(/Max core file size\s+0\s+0\s/), "\(process): no core file")
      // The kernel gives the files of a process that may not be dumped to root, whoever runs it.
      var status = stat()
      #expect(stat(process + "/mem", &status) == 0 && status.st_uid == 0)
    }
  }
}
