import Foundation
import Testing

/// A block of commands in a document. A comment on a line of its own before the block says that a test runs it:
/// `<!-- run -->`, or `<!-- run: exit 2 -->` where the refusal is what the text shows. Marked blocks need no server.
struct CommandBlock: CustomTestStringConvertible, Sendable {
  let path: String
  let line: Int
  let commands: String
  let exit: Int32
  var testDescription: String { "\(path):\(line)" }

  static func blocks(in text: String, of path: String) -> [CommandBlock] {
    var found: [CommandBlock] = []
    var expected: Int32?
    var open: (line: Int, commands: [Substring])?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if var block = open {
        if line.hasPrefix("```") {
          found.append(
            CommandBlock(
              path: path, line: block.line, commands: block.commands.joined(separator: "\n"), exit: expected ?? 0))
          open = nil
          expected = nil
        } else {
          block.commands.append(line)
          open = block
        }
      } else if let mark = line.wholeMatch(of: /<!-- run(?:: exit (\d+))? -->/) {
        expected = mark.1.flatMap { Int32($0) } ?? 0
      } else if line == "```sh", expected != nil {
        open = (index + 1, [])
      } else if !line.isEmpty {
        expected = nil  // the mark belongs to the block that follows it
      }
    }
    return found
  }

  static func all() throws -> [CommandBlock] {
    try Tree.files().filter { $0.hasSuffix(".md") }.flatMap { blocks(in: try Tree.text($0), of: $0) }
  }
}

@Suite("documents say what is there")
struct DocumentTests {
  @Test("marked commands do what the text says")
  func commands() throws {
    guard let binaries = try Binary.folder(with: "sanmon") else { return }
    // A folder that looks like the checkout from inside, so that a command may write beside it and leave nothing behind.
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-documents-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["policies", "deploy", "docs"] where Tree.exists(name) {
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: name), withDestinationURL: Tree.root.appending(path: name))
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    for block in try CommandBlock.all() {
      let ran = try Tree.run(
        ["bash", "-euo", "pipefail", "-c", block.commands], in: folder,
        environment: ["PATH": "\(binaries.path):\(path)", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"])
      #expect(ran.code == block.exit, "\(block.testDescription)\n\(ran.output)\(ran.errors)")
    }
  }

  @Test("links within the documents lead somewhere")
  func links() throws {
    var broken: [String] = []
    for path in try Tree.files() where path.hasSuffix(".md") {
      let folder = Tree.root.appending(path: path).deletingLastPathComponent()
      for match in try Tree.text(path).matches(of: /\]\(([^)#\s]+)(?:#[^)]*)?\)/) {
        let target = String(match.1)
        if target.hasPrefix("http") || target.hasPrefix("mailto:") { continue }
        if !FileManager.default.fileExists(atPath: folder.appending(path: target).path) { broken.append("\(path): \(target)") }
      }
    }
    #expect(broken == [])
  }

  @Test("the two READMEs have the same sections and the same commands")
  func twoLanguages() throws {
    let english = try Tree.text("README.md")
    let japanese = try Tree.text("README.ja.md")
    func shape(_ text: String) -> [String] {
      text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { String($0.prefix { $0 == "#" }) }
    }
    func commands(_ text: String) -> [String] {
      text.matches(of: /(?s)```sh\n(.*?)```/).map { block in
        block.1.split(separator: "\n").map { String($0.split(separator: "#").first ?? "").trimmingCharacters(in: .whitespaces) }
          .joined(separator: "\n")
      }
    }
    #expect(shape(english) == shape(japanese))
    #expect(commands(english) == commands(japanese))
  }

  @Test("docs/operations.md explains every denial code and no other")
  func denialCodes() throws {
    let defined = Set(try Tree.text("Sources/AuthTerms/DenialCode.swift").matches(of: /"(AP\d{3})"/).map { String($0.1) })
    let explained = try Tree.text("docs/operations.md").matches(of: /(?m)^\| `(AP\d{3})`/).map { String($0.1) }
    #expect(Set(explained) == defined)
    #expect(explained.count == defined.count, "a code is explained twice")
  }

  /// What the server can say by itself, out of the sources: log lines, metrics, parts of readiness, codes of faults, and the rows
  /// that tell of something wrong.
  private static func alarms() throws -> Set<String> {
    // A matcher says nothing of its own; its library's symbol has the form of a metric.
    let files = try Tree.swiftFiles(below: "Sources").filter { !$0.hasPrefix("Sources/MatcherHost/") }
    let text = try files.map { try Tree.text($0) }.joined(separator: "\n")
    var found = Set(text.matches(of: /log\.event\(\s*"([A-Za-z.]+)"/).map { String($0.1) })
    found.formUnion(text.matches(of: /\\"event\\":\\"([a-z.]+)\\"/).map { String($0.1) })
    found.formUnion(text.matches(of: /"(sanmon_[a-z_]+)"/).map { String($0.1) })
    found.formUnion(text.matches(of: /ReadinessCheck\("([a-z]+)"\)/).map { String($0.1) })
    found.formUnion(text.matches(of: /"(AP19\d)"/).map { String($0.1) })
    let rows =
      /"(clock\.(?:stepped|behind|right|accepted)|directory\.(?:synced|held|approved|foreseen|rehearsed|confirmed|unreachable|reachable|drift|compared|snapshotRefused|snapshotWritten)|person\.(?:purged|relinked|external\.unanswered)|release\.unauthorised|rotation\.asked|cardkey\.(?:set|removed)|alarm\.seen|code\.(?:issued|used|wrong|dead)|card\.clone|card\.twoWorkstations|cards\.flooded|witness\.(?:away|back|contradicts)|vault\.(?:card\.(?:proven|refused)|log\.contradicts|unseal|unsealed|key\.(?:made|removed|used)|credentials\.resealed|registers\.rewritten|master\.renewed)|relink\.proven|leavers\.counted|revocation\.(?:taken|soon|late|ended)|access\.(?:approved|on|began|ended|off|removed)|[a-z]+\.(?:recovered|refused|displaced|withdrawn|coalesced)|forward\.(?:away|back|overdue|contradicts)|policy\.trial)"/
    return found.union(text.matches(of: rows).map { String($0.1) })
  }

  @Test(
    "every alarm of the server has its line in both languages, and no line is about one that is gone",
    arguments: ["docs/operations.md", "docs/ja/障害時の手順.md"])
  func everyAlarm(document: String) throws {
    let alarms = try Self.alarms()
    #expect(
      alarms.count > 30
        && alarms.isSuperset(of: [
          "AP190", "clock.behind", "clock.accepted", "audit.recovered", "http", "log.dropped", "store",
          "sanmon_ceremonies_total",
        ]))
    let text = try Tree.text(document)
    let explained = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { line in
      // The names in the first cell.
      line.dropFirst().prefix { $0 != "|" }.matches(of: /`([^`]+)`/).map { String($0.1) }
    }
    #expect(alarms.subtracting(explained).sorted() == [], "\(document)")
    let heading = document.contains("/ja/") ? "警報の一覧" : "## Alarms"
    let table = text.components(separatedBy: heading).dropFirst().joined().components(separatedBy: "\n## ").first ?? ""
    let named = table.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { line in
      line.dropFirst().prefix { $0 != "|" }.matches(of: /`([^`]+)`/).map { String($0.1) }
    }
    #expect(Set(named).subtracting(alarms).sorted() == [], "\(document)")
    #expect(Set(named).count == named.count, "\(document): an alarm is explained twice")
  }

  @Test("docs/dependencies.md names every package of the manifest with its exact version, and no other")
  func dependencies() throws {
    let manifest = Manifest(try Tree.text("Package.swift"))
    let written = try Tree.text("docs/dependencies.md").matches(of: /(?m)^\| ([\w.-]+) \| ([\d.]+) \|/)
    #expect(Dictionary(written.map { (String($0.1), String($0.2)) }) { first, _ in first } == manifest.packages)
    // Every manifest line is exact: a range would let a build differ from the one that was tried.
    let lines = try Tree.text("Package.swift").matches(of: /\.package\(url:/).count
    #expect(lines == manifest.packages.count)
  }

  @Test("docs/architecture.md draws every target of the house")
  func targets() throws {
    let text = try Tree.text("docs/architecture.md")
    for target in Manifest(try Tree.text("Package.swift")).targets where target.kind != .test {
      #expect(text.contains(target.name), "\(target.name) is not in docs/architecture.md")
    }
  }

  @Test("docs/threat-model.md names for each threat a test that is there")
  func threats() throws {
    let text = try Tree.text("docs/threat-model.md")
    let section = try #require(text.firstMatch(of: /(?s)Threats, defences, tests\n(.*?)\n##[ ]/)).1
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
    #expect(rows.count >= 50)
    let files = try Tree.files().filter { $0.hasPrefix("Tests/") && $0.hasSuffix(".swift") }
    for row in rows {
      guard let name = row.wholeMatch(of: /\| .+ \| .+ \| `(\w+)\/(\w+)\.(\w+)` \|/) else {
        Issue.record("\(row): no test named")
        continue
      }
      let file = files.first { $0.hasPrefix("Tests/\(name.1)/") && $0.hasSuffix("/\(name.2).swift") }
      let tests = try file.map { try Tree.text($0) } ?? ""
      #expect(tests.contains(try Regex("(?s)@Test(?:(?!@Test).)*?func \(name.3)\\(")), "\(row): no such test")
    }
  }

  // A number is taken when the work begins, so a later record may be there before an earlier one.
  @Test("decision records are numbered, no number twice, and linked from their list")
  func decisions() throws {
    let names = try Tree.files().filter { $0.hasPrefix("docs/decisions/0") }.map {
      String($0.dropFirst("docs/decisions/".count))
    }
    #expect(Set(names.map { $0.prefix(4) }).count == names.count)
    #expect(names.allSatisfy { $0.wholeMatch(of: /[0-9]{4}-[a-z0-9-]+\.md/) != nil } && names.first?.hasPrefix("0001-") == true)
    let list = try Tree.text("docs/decisions/README.md")
    for name in names { #expect(list.contains("(\(name))"), "\(name) is not in docs/decisions/README.md") }
  }
}

@Suite("the document reader")
struct CommandBlockTests {
  @Test("only marked blocks are taken, and a mark belongs to the next block only")
  func marked() {
    let text = """
      ```sh
      rm -rf everything
      ```
      <!-- run -->
      ```sh
      one
      two
      ```
      <!-- run: exit 2 -->

      ```sh
      three
      ```
      <!-- run -->
      words between
      ```sh
      four
      ```
      <!-- run -->
      ```json
      {}
      ```
      """
    let blocks = CommandBlock.blocks(in: text, of: "a.md")
    #expect(blocks.map(\.commands) == ["one\ntwo", "three"])
    #expect(blocks.map(\.exit) == [0, 2])
    #expect(blocks.map(\.line) == [5, 11])
  }
}
