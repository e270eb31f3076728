import Foundation
import Testing

/// The project speaks of itself alone: no folder of the machine it was written on, no word about how it was written.
enum ForbiddenWords {
  // Each is joined from halves, so that this file does not contain what it looks for.
  static let everywhere = [
    "/wo" + "rk/", "/ro" + "ot/", "/tmp/" + "w/", "/tmp/" + "pkg", "/tmp/" + "rel", "/fa" + "rm/", ".lib" + "rary/",
    "anthro" + "pic", "clau" + "de", "language " + "model", "this ses" + "sion of the project", "helper ses" + "sion",
    "the le" + "ad writes", "issues sh" + "ow", "AI-gene" + "rated", "co-authored" + "-by",
  ]
  /// In code: promises instead of work.
  static let inCode = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]

  static func found(in text: String, of path: String) -> [String] {
    let lower = text.lowercased()
    var hits = everywhere.filter { lower.contains($0.lowercased()) }
    if [".swift", ".c", ".h", ".sh", ".py"].contains(where: path.hasSuffix) { hits += inCode.filter(text.contains) }
    return hits.map { "\(path): \($0)" }
  }
}

@Suite("words")
struct WordTests {
  @Test("no tracked file speaks of the machine or the making")
  func words() throws {
    var hits: [String] = []
    for path in try Tree.files() {
      guard let text = try? Tree.text(path) else { continue }  // not text
      hits += ForbiddenWords.found(in: text, of: path)
    }
    #expect(hits == [])
  }

  @Test("the checker finds what is planted", arguments: ForbiddenWords.everywhere + ForbiddenWords.inCode)
  func planted(word: String) {
    #expect(ForbiddenWords.found(in: "before \(word) after", of: "Sources/A.swift") == ["Sources/A.swift: \(word)"])
  }

  @Test("a person's session and an agent on a workstation are our own words")
  func ourOwn() {
    #expect(ForbiddenWords.found(in: "the agent opens a session for the clerk", of: "README.md") == [])
  }

  @Test("no source file has grown past 500 lines")
  func length() throws {
    var long: [String] = []
    for path in try Tree.files() where [".swift", ".c", ".h", ".sh", ".py", ".js"].contains(where: path.hasSuffix) {
      let lines = try Tree.text(path).split(separator: "\n", omittingEmptySubsequences: false).count
      if lines > 501 { long.append("\(path): \(lines)") }
    }
    #expect(long == [])
  }
}
