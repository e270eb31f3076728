import Foundation
import Testing

/// What a person is told before a palm is registered has one definition, in the tool; documents show what it prints.
@Suite("the notice on palm data")
struct PalmNoticeTests {
  /// A command of a document, and the text that the document says it prints.
  private struct Quoted {
    let command: String
    let text: String

    init(_ document: String) throws {
      let blocks = try Tree.text(document).firstMatch(of: /(?s)```sh\n(.*?)\n```\n\n```text\n(.*?)```/)
      let found = try #require(blocks, "\(document) shows no command with what it prints")
      (command, text) = (String(found.1), String(found.2))
    }
  }

  private func printed(_ command: String, language: String) throws -> Tree.Ran? {
    guard let binaries = try Binary.folder(with: "sanmon") else { return nil }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return try Tree.run(
      ["bash", "-euc", command],
      environment: ["PATH": "\(binaries.path):\(path)", "LC_ALL": language, "SANMON_SOCKET": "/nonexistent/socket"])
  }

  @Test(
    "the documents quote it to the letter, whatever the terminal's language",
    arguments: ["docs/ja/静脈情報の取扱い.md", "docs/palm-notice.md"], ["C.UTF-8", "ja_JP.UTF-8"])
  func quoted(document: String, language: String) throws {
    let quoted = try Quoted(document)
    guard let ran = try printed(quoted.command, language: language) else { return }
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(ran.output == quoted.text)
  }

  @Test(
    "both languages say use, what is kept, how long, removal, alternatives and the law; the terminal's language is the default")
  func points() throws {
    for (language, words) in [
      ("ja_JP.UTF-8", ["1 利用目的", "2 保存するもの", "90 日", "3 保存期間", "4 削除", "5 代わりの方法", "個人識別符号", "情報システム担当"]),
      (
        "C.UTF-8",
        [
          "1 What it is", "2 What is kept", "90 days", "3 How long", "4 Removal", "5 What you can", "identification code",
          "IT section",
        ]
      ),
    ] {
      guard let ran = try printed("sanmon palm notice", language: language) else { return }
      for word in words { #expect(ran.output.contains(word), "\(language): \(word)") }
    }
    // Who is named stands where it belongs.
    guard let named = try printed("sanmon palm notice --japanese --city 見本町 --contact 内線9", language: "C.UTF-8") else { return }
    #expect(named.output.hasPrefix("手のひら静脈の取扱いについて（見本町）\n"))
    #expect(named.output.hasSuffix("\nお問い合わせ  内線9\n"))
  }

  @Test(
    "names that are no line, and two languages at once, are refused",
    arguments: ["--city ''", "--contact ''", "--city $'a\\nb'", "--japanese --english"])
  func refused(words: String) throws {
    guard let ran = try printed("sanmon palm notice " + words, language: "C.UTF-8") else { return }
    #expect(ran.code == 64 && ran.output.isEmpty)
  }

  @Test("no line is wider than a page of 80 columns, where two are one of Japanese")
  func width() throws {
    for document in ["docs/ja/静脈情報の取扱い.md", "docs/palm-notice.md"] {
      for line in try Quoted(document).text.split(separator: "\n") {
        let width = line.unicodeScalars.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
        #expect(width <= 80, "\(line)")
      }
    }
  }
}
