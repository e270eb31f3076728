import Foundation
import Testing

/// A call of one of our programs as a document shows it: in a block of commands, in a table or in a sentence.
struct DocumentedCall: CustomTestStringConvertible, Sendable {
  static let programs: Set<String> = [
    "sanmon", "sanmond", "sanmon-agent", "sanmon-vault", "sanmon-matcher", "sanmon-rotator", "sanmon-cardsim", "sanmon-palmsim",
  ]

  let place: String
  let words: [String]
  var testDescription: String { "\(place): \(words.joined(separator: " "))" }

  /// Calls in one document. `a` · `b` beside each other in a table are several calls of one program and are left to their blocks.
  static func calls(in text: String, of path: String) -> [DocumentedCall] {
    var found: [DocumentedCall] = []
    var isCommands = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let place = "\(path):\(index + 1)"
      if line.trimmingCharacters(in: .whitespaces).hasPrefix("```") {
        isCommands = line.contains("```sh")
        continue
      }
      let texts = isCommands ? [String(line)] : line.matches(of: /`([^`]+)`/).map { String($0.1) }
      for text in texts {
        // A comment, a pipe and a second command end the call; what a person fills in stays a word.
        let call = text.prefix { !"#|;>&".contains($0) }
        var words = call.split(separator: " ").map(String.init)
        while let first = words.first, first == "$" || first.contains("=") || first == "sudo" { words.removeFirst() }
        guard let program = words.first, programs.contains(program), words.count > 1 else { continue }
        found.append(DocumentedCall(place: place, words: words))
      }
    }
    return found
  }
}

@Suite("documented commands exist")
struct DocumentedCommandTests {
  /// The help of a command, and the names of the commands below it.
  private final class Helps {
    private let binaries: URL
    private var known: [[String]: String] = [:]

    init(_ binaries: URL) { self.binaries = binaries }

    func help(_ path: [String]) throws -> String {
      if let text = known[path] { return text }
      let ran = try Tree.run(
        [binaries.appending(path: path[0]).path] + path.dropFirst() + ["--help"], in: Tree.root,
        environment: ["LANG": "C.UTF-8"])
      let text = ran.code == 0 ? ran.output : ""
      known[path] = text
      return text
    }

    func subcommands(_ path: [String]) throws -> Set<String> {
      guard let list = try help(path).components(separatedBy: "SUBCOMMANDS:").dropFirst().first else { return [] }
      return Set(
        list.split(separator: "\n").prefix { !$0.contains("See '") }.compactMap { line in
          line.hasPrefix("  ") && !line.hasPrefix("   ") ? line.split(separator: " ").first.map(String.init) : nil
        })
    }
  }

  @Test("every call of our programs in a document names commands and options that are there")
  func calls() throws {
    guard let binaries = try Binary.folder(with: "sanmon") else { return }
    let helps = Helps(binaries)
    var tried = 0
    for document in try Tree.files() where document.hasSuffix(".md") {
      for call in DocumentedCall.calls(in: try Tree.text(document), of: document) {
        tried += 1
        var path = [call.words[0]]
        var rest = call.words.dropFirst()
        while let next = rest.first, try helps.subcommands(path).contains(next) {
          path.append(next)
          rest = rest.dropFirst()
        }
        let help = try helps.help(path)
        #expect(!help.isEmpty, "\(call.testDescription)")
        if let next = rest.first, !next.hasPrefix("-"), try !helps.subcommands(path).isEmpty {
          // `sanmon policy …` in a sentence speaks of the group.
          #expect(["…", "..."].contains(next), "\(call.testDescription): no such command")
        }
        for option in rest where option.hasPrefix("--") && option != "--" {
          let name = option.prefix { $0 != "=" && $0 != "]" }
          #expect(
            ["--help", "--version", "--generate-completion-script"].contains(name) || help.contains(name),
            "\(call.testDescription): no option \(name)")
        }
      }
    }
    #expect(tried > 60, "the reader of documents finds calls: \(tried)")
  }

  @Test("the reader takes calls out of blocks, tables and sentences, and nothing else")
  func reading() {
    let text = """
      | `sanmon why 482913` | a row |
      Say `sanmon` or `ls -l`, or `A=b sanmon policy check X`.
      ```sh
      $ sanmond --config FILE   # comment --none
      sanmon audit list | less --raw
      other --thing
      ```
      ```yaml
      sanmon: no call
      ```
      """
    #expect(
      DocumentedCall.calls(in: text, of: "d.md").map { $0.words.joined(separator: " ") } == [
        "sanmon why 482913", "sanmon policy check X", "sanmond --config FILE", "sanmon audit list",
      ])
  }
}
