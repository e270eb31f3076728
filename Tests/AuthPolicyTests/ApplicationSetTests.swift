import AuthPolicy
import AuthTerms
import Foundation
import Testing

@Suite("folders of applications")
struct ApplicationSetTests {
  /// An application of another name on a page of its own.
  private func source(_ name: String, origin: String? = nil, segments: String = "[lgwan, internet]") -> PolicySource {
    let text = Samples.application.breaking(": ledger\n", ": \(name)\n").breaking("[lgwan, internet]", segments)
      .breaking("https://ledger.example", origin ?? "https://\(name).example")
    return Samples.source(name + ".yaml", text)
  }

  private func places(_ sources: [PolicySource], _ segments: Set<Segment>? = nil) -> [String] {
    do throws(PolicyFaults) {
      _ = try ApplicationSet.compile(sources, segments: segments)
      return []
    } catch { return error.faults.map(\.place) }
  }

  @Test("the shipped ones compile without a warning, for segments that the city has")
  func shipped() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appending(path: "policies/applications")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    let sources = try names.map { PolicySource(name: $0, bytes: Array(try Data(contentsOf: folder.appending(path: $0)))) }
    let set = try ApplicationSet.compile(sources, segments: Set(Samples.compile(Samples.shipped()).segments))
    #expect(set.warnings.isEmpty && set.applications.map(\.id.text) == ["ledger", "sanitiser", "windows"])
    #expect(set.applications(in: .lgwan).map(\.nameJa) == ["伝票起票", "ファイル無害化", "Windows へのログオン"])
    #expect(set.applications(in: .internet).map(\.nameEn) == ["File sanitiser", "Windows logon"])
    #expect(set.applications(in: .mynumber).map(\.id.text) == ["windows"] && set.managedGroups == ["sanmon-managed"])
    #expect(set[try ApplicationID(parsing: "ledger")]?.rotationDays == 90)
    #expect(try set[ApplicationID(parsing: "other")] == nil)
    for definition in set.applications where !definition.isWindows {
      guard case .browser(let form) = definition.access else { Issue.record("not a page"); continue }
      #expect(form.origin == "https://\(definition.id).sanmon.example" && form.loginPath == "/login" && form.change != nil)
    }
  }

  @Test("none is a set too; their order is that of their names")
  func order() throws {
    #expect(try ApplicationSet.compile([]).applications.isEmpty && ApplicationSet().applications.isEmpty)
    let set = try ApplicationSet.compile([source("b"), source("c"), source("a")])
    #expect(set.applications.map(\.id.text) == ["a", "b", "c"])
  }

  @Test("what is signed: every byte and every name, in whatever order a folder is listed")
  func canonicalBytes() {
    let (a, b) = (Samples.source("a.yaml", "x"), Samples.source("b.yaml", "y"))
    let whole = ApplicationSet.canonicalBytes([a, b])
    #expect(whole == ApplicationSet.canonicalBytes([b, a]))
    for other in [
      [a], [a, Samples.source("b.yaml", "z")], [a, Samples.source("c.yaml", "y")], [Samples.source("a.yaml", "xb"), b],
    ] {
      #expect(ApplicationSet.canonicalBytes(other) != whole)
    }
    #expect(PolicySet.canonicalBytes([a, b]) != whole, "a signature over rules is none over applications")
  }

  @Test("warnings of all files, in their order")
  func warnings() throws {
    let set = try ApplicationSet.compile([
      source("b", origin: "http://localhost:8080"), source("a", origin: "http://localhost:8081"), source("c"),
    ])
    #expect(set.warnings.map(\.place) == ["PF817 a.yaml:9:3", "PF817 b.yaml:9:3"])
  }

  @Test("64 applications and not one more")
  func count() {
    let many = (0..<65).map { source("a\($0)") }
    #expect(places(Array(many.prefix(64))) == [] && places(many) == ["PF816 applications:1:1"])
  }

  @Test(
    "file names",
    arguments: [
      ("notes.txt", "PF813 notes.txt:1:1"), ("a b.yaml", "PF813 ?:1:1"), ("\u{1B}[2J.yaml", "PF813 ?:1:1"),
      ("applications/ledger.yaml", "PF813 ?:1:1"), (".yaml", "PF813 ?:1:1"), ("", "PF813 ?:1:1"),
      ("Ledger.yaml", "PF812 Ledger.yaml:1:14"), ("other.yaml", "PF812 other.yaml:1:14"),
    ])
  func names(name: String, expected: String) {
    #expect(places([Samples.source(name, Samples.application)]) == [expected])
  }

  @Test("the same file twice")
  func twice() { #expect(places([source("a"), source("b"), source("a")]) == ["PF506 a.yaml:1:1"]) }

  @Test("one login page is one application's in a segment, whichever file is read first")
  func formTwice() {
    let (one, other) = (source("a"), source("b", origin: "https://a.example"))
    #expect(places([one, other]) == ["PF815 b.yaml:10:3"] && places([other, one]) == ["PF815 b.yaml:10:3"])
    #expect(places([one, source("b", origin: "https://a.example", segments: "[mynumber]")]) == [], "another network")
    #expect(places([one, source("b", origin: "https://a.example", segments: "[mynumber, internet]")]) == ["PF815 b.yaml:10:3"])
    #expect(places([one, source("b", origin: "https://a.example:8443")]) == [])
    let elsewhere = String(decoding: other.bytes, as: UTF8.self).breaking("login-path: /login", "login-path: /signin")
    #expect(places([one, Samples.source("b.yaml", elsewhere)]) == [], "another page")
    let program = Samples.program
    #expect(
      places([Samples.source("ledger.yaml", program), Samples.source("b.yaml", program.breaking(": ledger\n", ": b\n"))]) == [])
  }

  @Test("a segment that the city does not have")
  func undeclared() {
    #expect(places([source("a")], [.lgwan, .internet]) == [])
    #expect(places([source("a")], [.lgwan]) == ["PF814 a.yaml:3:19"])
    #expect(places([source("a")], []) == ["PF814 a.yaml:3:12", "PF814 a.yaml:3:19"])
  }

  @Test("all faults of all files at once")
  func allAtOnce() {
    let broken = Samples.source("a.yaml", String(decoding: source("a").bytes, as: UTF8.self).breaking("480", "0"))
    #expect(places([broken, source("b"), Samples.source("c.yaml", "")]) == ["PF206 a.yaml:6:20", "PF112 c.yaml:1:1"])
  }

  @Test("a key that is not known never passes, wherever it is put")
  func unknownKeys() {
    let lines = Samples.application.split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.isEmpty {
      let indent = String(line.prefix { $0 == " " })
      for added in ["\(indent)zone: x", "\(indent)Application: x"] {
        var changed = lines.map(String.init)
        changed.insert(added, at: number)
        #expect(Samples.faults(application: changed.joined(separator: "\n")).contains { $0.code == "PF201" }, "\(number + 1)")
      }
    }
  }
}
