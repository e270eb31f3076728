import Foundation
import Testing

/// `sanmon application check` and `show`: what an operator gets to see, and the exit codes that scripts look at.
@Suite("files of applications at the command line")
struct ApplicationCommandTests {
  private struct Found: Decodable {
    struct Fault: Decodable {
      var severity, file, code, ja, en, hintJa, hintEn: String
      var line, column: Int
      var place: String { "\(severity) \(code) \(file):\(line):\(column)" }
    }

    var applications: [String]
    var faults: [Fault]
    var isRight: Bool

    init(_ ran: Tree.Ran) throws { self = try JSONDecoder().decode(Self.self, from: Data(ran.output.utf8)) }
  }

  private static let shipped = "policies/applications"

  private func sanmon(_ words: String..., language: String = "C.UTF-8") throws -> Tree.Ran? {
    guard let binaries = try Binary.folder(with: "sanmon") else { return nil }
    return try Tree.run(
      [binaries.appending(path: "sanmon").path, "application"] + words,
      environment: ["LC_ALL": language, "SANMON_SOCKET": "/nonexistent/socket"])
  }

  /// The shipped policies in a folder of their own, with one edit in the ledger's file.
  private func broken<R>(_ old: String, _ new: String, _ use: (_ applications: String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-applications-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Tree.root.appending(path: "policies"), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "applications/ledger.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.components(separatedBy: old).count == 2, "stands once")
    try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
    return try use(folder.appending(path: "applications").path)
  }

  @Test("the shipped ones are right, as a folder, one by one, and as JSON")
  func right() throws {
    guard let folder = try sanmon("check", Self.shipped) else { return }
    #expect(folder.code == 0 && folder.errors.isEmpty && folder.output.hasSuffix("right: 3 application(s)\n"))
    #expect(folder.output.contains("ledger  Ledger  lgwan  https://ledger.sanmon.example/login\n"))
    let files = try sanmon("check", Self.shipped + "/ledger.yaml", Self.shipped + "/sanitiser.yaml", language: "ja_JP.UTF-8")
    #expect(files?.code == 0 && files?.output.hasSuffix("正しいファイルです: 2 件\n") == true)
    let json = try Found(#require(try sanmon("check", Self.shipped, "--json")))
    #expect(json.isRight && json.applications == ["ledger", "sanitiser", "windows"] && json.faults.isEmpty)
  }

  @Test("a slip is named with its place and a hint in the terminal's language, and nothing counts")
  func wrong() throws {
    try broken("login-path: /login", "login-path: login") { folder in
      guard let ran = try sanmon("check", folder) else { return }
      #expect(ran.code == 65 && ran.output.isEmpty && ran.errors.contains("ledger.yaml:8:15: error: PF802 "))
      #expect(ran.errors.contains("→ Copy what location.pathname shows"))
      let japanese = try sanmon("check", folder, language: "ja_JP.UTF-8")
      #expect(japanese?.errors.contains("ledger.yaml:8:15: エラー: PF802 ") == true)
      let json = try #require(try sanmon("check", folder + "/ledger.yaml", folder + "/sanitiser.yaml", "--json"))
      let found = try Found(json)
      #expect(json.code == 65 && !found.isRight && found.applications == ["sanitiser"])
      #expect(found.faults.map(\.place) == ["error PF802 ledger.yaml:8:15"])
      let shown = try sanmon("show", folder + "/ledger.yaml")
      #expect(shown?.code == 65 && shown?.output.isEmpty == true && shown?.errors.contains("PF802") == true)
    }
  }

  @Test("a warning is said and is no fault")
  func warning() throws {
    try broken("https://ledger.sanmon.example", "http://127.0.0.1:8080") { folder in
      guard let ran = try sanmon("check", folder) else { return }
      #expect(ran.code == 0 && ran.errors.contains("ledger.yaml:7:3: warning: PF817 "))
      let found = try Found(#require(try sanmon("check", folder, "--json")))
      #expect(found.isRight && found.faults.map(\.place) == ["warning PF817 ledger.yaml:7:3"])
    }
  }

  @Test("a segment that the policy set above does not have is a fault; alone, without one, the same file is right")
  func segments() throws {
    try broken("segments: [lgwan]", "segments: [branch]") { folder in
      guard let ran = try sanmon("check", folder) else { return }
      #expect(ran.code == 65 && ran.errors.contains("ledger.yaml:4:12: error: PF814 "))
      #expect(try sanmon("check", folder + "/ledger.yaml")?.code == 65)
      try FileManager.default.removeItem(atPath: folder + "/../organisation.yaml")
      #expect(try sanmon("check", folder)?.code == 0)
    }
  }

  @Test("what cannot be read, and what is no file")
  func unreadable() throws {
    guard let ran = try sanmon("check", "/nonexistent") else { return }
    #expect(ran.code == 66 && ran.output.isEmpty)
    #expect(try sanmon("show", "/nonexistent/ledger.yaml")?.code == 66)
    #expect(try sanmon("show", Self.shipped)?.code == 66)
    #expect(try sanmon("check")?.code == 64)
  }

  @Test("show says it in words and as JSON, with one hash for one meaning")
  func show() throws {
    guard let words = try sanmon("show", Self.shipped + "/ledger.yaml") else { return }
    #expect(words.code == 0 && words.output.contains("login page: https://ledger.sanmon.example/login\n"))
    #expect(words.output.contains("success: / is reached\nfailure: there is #login-failed\n"))
    let hash = try #require(words.output.firstMatch(of: /SHA-256: ([0-9a-f]{64})\n/)?.1)
    let json = try #require(try sanmon("show", Self.shipped + "/ledger.yaml", "--json"))
    #expect(
      json.code == 0 && json.output.contains("\"sha256\":\"\(hash)\"") && json.output.contains("\"loginPath\":\"/login\""))
    #expect(words.output.contains("rotation: every 90 days\n"))
    try broken("\nrotation-days: 90", "\n# another comment\nrotation-days: 90") { folder in
      let same = try sanmon("show", folder + "/ledger.yaml")
      #expect(same?.output == words.output)
    }
    try broken("\nrotation-days: 90", "\nrotation-days: 91") { folder in
      let other = try sanmon("show", folder + "/ledger.yaml")
      #expect(other?.code == 0 && other?.output.contains(hash) == false)
    }
  }

  @Test("a rotation is promised only where there is a form for it, or a rotator")
  func rotation() throws {
    let file = Tree.root.appending(path: Self.shipped + "/ledger.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    let change = try #require(text.firstMatch(of: /\x20\x20change:\n(?:\x20\x20\x20\x20.*\n)+/)).output
    try broken(String(change), "") { folder in
      guard let shown = try sanmon("show", folder + "/ledger.yaml") else { return }
      #expect(shown.output.contains("rotation: not by itself (90 days are asked for, and there is no change)\n"))
      let windows = try sanmon("show", folder + "/windows.yaml")
      #expect(windows?.output.contains("rotation: by sanmon-rotator\n") == true)
    }
  }

  @Test("what Windows is given, in words and as JSON")
  func windows() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-windows-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let shipped = try String(contentsOf: Tree.root.appending(path: Self.shipped + "/windows.yaml"), encoding: .utf8)
    for (word, said) in [("typed", "given: the password typed at the logon"), ("certificate", "given: the name of the card")] {
      let file = folder.appending(path: "windows.yaml")
      try shipped.replacingOccurrences(of: "managed-group: sanmon-managed", with: "credential: \(word)").write(
        to: file, atomically: true, encoding: .utf8)
      guard let shown = try sanmon("show", file.path) else { return }
      #expect(shown.code == 0 && shown.output.contains(said) && shown.output.contains("rotation: none\n"))
      #expect(try sanmon("show", file.path, "--json")?.output.contains("\"windows\":{\"credential\":\"\(word)\"}") == true)
      let published = try sanmon("publish", file.path)
      #expect(published?.code == 65 && published?.errors.contains("nothing to publish") == true)
    }
  }
}
