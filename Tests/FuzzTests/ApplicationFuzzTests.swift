import AuthPolicy
import AuthTerms
import Foundation
import Fuzzing
import Testing

/// What decides where a password goes: the files that people write, and the form in which definitions are kept.
@Suite("Fuzz: applications", .serialized)
struct ApplicationFuzzTests {
  private static func shipped() throws -> [[UInt8]] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try ["ledger", "sanitiser"].map { name in
      Array(try Data(contentsOf: root.appending(path: "policies/applications/\(name).yaml")))
    }
  }

  private static let program = """
    application: ledger
    name: {ja: 伝票起票, en: Ledger}
    segments: [lgwan]
    accounts: [approver, "2"]
    program: {path: 'C:\\Ledger\\ledger.exe', window-title: 伝票起票 ログイン}
    password: {minimum: 12, maximum: 64, classes: 3}
    freshness-minutes: 1

    """

  private static let windows = """
    application: ledger
    name: {ja: Windows へのログオン, en: Windows logon}
    segments: [internet, lgwan]
    kind: windows
    managed-group: sanmon-managed
    freshness-minutes: 5

    """

  /// Judged by another program than the one that reads: what an extension would take for a place is one that is written so.
  private static func isPlace(_ form: BrowserForm) -> Bool {
    guard let url = URL(string: form.origin + form.loginPath), let host = url.host, url.user == nil, url.query == nil,
      url.fragment == nil, url.password == nil
    else { return false }
    let port = url.port.map { ":\($0)" } ?? ""
    let isHere = ["localhost", "127.0.0.1"].contains(host)
    return "\(url.scheme ?? "")://\(host)\(port)" == form.origin && (url.scheme == "https" || (url.scheme == "http" && isHere))
      && url.path(percentEncoded: true) == form.loginPath && url.standardized.path(percentEncoded: true) == form.loginPath
  }

  private static func check(_ definition: ApplicationDefinition) throws {
    guard (try? ApplicationDefinition(canonicalBytes: definition.canonicalBytes)) == definition else {
      throw Fuzzer.Broken("does not read back")
    }
    if case .browser(let form) = definition.access, !isPlace(form) { throw Fuzzer.Broken("an origin or path of two readings") }
    let texts = [definition.nameJa, definition.nameEn] + definition.accounts
    guard texts.allSatisfy({ VisibleText.marking($0) == $0 }) else { throw Fuzzer.Broken("invisible") }
    var byte: UInt8 = 0
    let password = try definition.password.generate { count in
      (0..<count).map { _ in
        byte = byte &* 197 &+ 83
        return byte
      }
    }
    guard definition.password.accepts(password) else { throw Fuzzer.Broken("generates what it does not accept") }
  }

  @Test("a file: a definition inside every limit that reads back as it is, or every fault has a place in it")
  func files() throws {
    let words = [
      "https://", "http://localhost", "http://127.0.0.1:80", ":443", ":8443", "@", "..", "//", "%2e", "/login", "#",
      "[name=user]",
      "\"#a\"", "path", "selector", "{", "}", "program", "browser", "kind: windows", "managed-group: a", "[", ": ", "- ", "\"",
      "'", "~", "&a", "*a", "1440", "256",
    ]
    let corpus = try Self.shipped() + [Array(Self.program.utf8), Array(Self.windows.utf8)]
    let tally = try Fuzzer("application-file", corpus: corpus, words: words, count: 4000, share: 0.5).run { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      // Whatever it is called: most of what is changed lies behind the name.
      let name = text.contains("application: sanitiser") ? "sanitiser.yaml" : "ledger.yaml"
      let definition: ApplicationDefinition
      do throws(PolicyFaults) {
        definition = try ApplicationFile.compile(PolicySource(name: name, bytes: bytes)).definition
      } catch {
        guard !error.faults.isEmpty, error.faults.allSatisfy({ $0.line >= 1 && $0.column >= 1 }) else {
          throw Fuzzer.Broken("no place")
        }
        return false
      }
      try Self.check(definition)
      return true
    }
    #expect(tally.accepted > 200 && tally.refused > 1000)
  }

  @Test("canonical bytes: taken only as they were written")
  func kept() throws {
    let names = ["ledger.yaml", "sanitiser.yaml", "ledger.yaml", "ledger.yaml"]
    let files = try Self.shipped() + [Array(Self.program.utf8), Array(Self.windows.utf8)]
    let corpus = try zip(names, files).map { name, bytes in
      try ApplicationFile.compile(PolicySource(name: name, bytes: bytes)).definition.canonicalBytes
    }
    let words = [
      "https://a", "/", "#a", "[name=a]", "browser", "program", "windows", "path", "selector", "\u{0}\u{0}\u{0}\u{8}", "lgwan",
    ]
    let tally = try Fuzzer("application-kept", corpus: corpus, words: words, count: 8000, share: 0.5).run { bytes in
      guard let definition = try? ApplicationDefinition(canonicalBytes: bytes) else { return false }
      guard definition.canonicalBytes == bytes else { throw Fuzzer.Broken("two ways to write one definition") }
      try Self.check(definition)
      return true
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
  }
}
