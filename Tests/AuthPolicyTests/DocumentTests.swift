import AuthPolicy
import AuthTerms
import Foundation
import Testing

/// What docs/policy.md and its Japanese sister show is what the compiler takes.
@Suite("the documents")
struct DocumentTests {
  private func text(_ name: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
  }

  private func blocks(_ name: String) throws -> [String] {
    try text(name).components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
  }

  @Test("the segment file and the waiver shown compile", arguments: ["docs/policy.md", "docs/ja/policy.md"])
  func examples(document: String) throws {
    let found = try blocks(document)
    #expect(found.count == 2)
    let set = try Samples.set(found[0] + "\n" + found[1])
    #expect(
      set.combinations(segment: .lgwan, scenario: .unlock, person: nil).map(\.names)
        == [["card", "password"], ["password", "code"], ["palm"]])
    #expect(set.warnings.map(\.code).sorted() == ["PF412", "PF417"])
  }

  @Test("the dated accesses shown are right in form, each on its own")
  func accesses() throws {
    let found = try blocks("docs/ja/access.md")
    #expect(found.count == 3)
    for text in found { #expect(throws: Never.self) { try DatedAccessFile.read(Samples.source("access.yaml", text)) } }
  }

  @Test("the application shown is right, its program too", arguments: ["docs/applications.md", "docs/ja/applications.md"])
  func applications(document: String) throws {
    let found = try blocks(document)
    #expect(found.count == 3)
    let windows = try ApplicationFile.compile(Samples.source("windows.yaml", found[2]))
    #expect(windows.warnings.isEmpty && windows.definition.isWindows)
    let file = try ApplicationFile.compile(Samples.source("ledger.yaml", found[0]))
    #expect(file.warnings.isEmpty && file.definition.accounts == ["approver"])
    let lines = found[0].split(separator: "\n").map(String.init)
    let others = lines.filter { !$0.hasPrefix("browser") && !$0.hasPrefix(" ") }.joined(separator: "\n")
    let program = try ApplicationFile.compile(Samples.source("ledger.yaml", others + "\n" + found[1]))
    let use = try ProgramUse(program: #"C:\Ledger\ledger.exe"#, windowTitle: "伝票起票 ログイン")
    #expect(program.definition.access == .program(use))
  }

  @Test("the card shown is right")
  func cards() throws {
    let found = try blocks("docs/cards.md")
    #expect(found.count == 1)
    let file = try CardScriptFile.compile(Samples.source("branch-lite-s.yaml", found[0]))
    #expect(file.warnings.isEmpty && file.script.kind == .felicaLiteS)
  }

  @Test func everyCodeIsListed() throws {
    let document = try text("docs/policy.md")
    let missing = PolicyFault.codes.filter { !document.contains($0 + " ") }
    #expect(missing == [])
  }

  @Test("the table of the two readings", arguments: ["(card + password) or palm", "card + (password or palm)"])
  func readings(expression: String) throws {
    let cells = try text("docs/policy.md").components(separatedBy: "\n").first { $0.hasPrefix("| `\(expression)`") }?
      .components(separatedBy: "|").dropFirst(2).prefix(4).map { $0.trimmingCharacters(in: .whitespaces) == "unlocks" }
    let set = try Samples.set(Samples.lgwan.breaking("(card + password) or palm", expression))
    let palm = Proof.palm(falseMatchExponent: 6)
    let shown: [[Proof]] = [
      [palm], [try Situation.card(.publicKey), palm], [.password], [try Situation.card(.publicKey), .password],
    ]
    let unlocks = try shown.map { proofs in
      var request = try Situation(.unlock).request
      request.proofs += proofs
      return set.decide(request).isGrant
    }
    #expect(cells == unlocks)
  }
}
