import ArgumentParser
import AuthAPI
import AuthPolicy
import AuthTerms

/// `sanmon policy diff OLD NEW`: what a set changes, without a server.
struct PolicyDiff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say in words what one policy folder changes in comparison with another. / 二つの規則の違いを文で示します。",
    discussion: """
      Needs no server. Widenings come first: somebody may do what was refused before. Where the start-up file asks for signatures,
      a set with any of them waits for two administrators. / 広がるものが先です。署名を求める装置では、広がる組は管理者二人の署名を待ちます。

      EXAMPLE
        sanmon policy diff /etc/sanmon/lgwan/policies COPY

      EXIT CODES
        0 both can be used   65 one of them is wrong   66 a folder cannot be read
      """)
  @Argument(help: "The folder as it is. / 今のフォルダー") var former: String
  @Argument(help: "The folder as it shall be. / 新しいフォルダー") var next: String
  @Flag(help: "Print the changes as JSON, in both languages.") var json = false

  func run() throws {
    let (old, new) = (try PolicyReport.compile(former), try PolicyReport.compile(next))
    var changes = new.changes(from: old)
    let applications = try PolicyChanges.applications(former, old.segments)
    changes += try PolicyChanges.applications(next, new.segments).changes(from: applications)
    let cards = try PolicyChanges.cards(former)
    changes += try PolicyChanges.cards(next).changes(from: cards)
    let shown = (changes.filter { $0.effect == .widening } + changes.filter { $0.effect != .widening }).map {
      PolicyChangeShown(effect: $0.effect.rawValue, rule: $0.rule.description, ja: $0.ja, en: $0.en)
    }
    if json {
      print(try Rows.json(shown))
    } else {
      print(shown.isEmpty ? say("違いはありません。", "nothing differs") : PolicyChanges.lines(shown).joined(separator: "\n"))
    }
  }
}

/// `sanmon policy status`: what lies in the server's folder, and what it waits for.
struct PolicyStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "What would the folder's rules change, and who has to sign? / 置かれた規則が何を変え、だれの署名を待つか。",
    discussion: """
      EXAMPLE
        sanmon policy status
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.get("/v1/admin/policy/pending", as: PolicyPending.self)
    try operatorLink.show(answer) { Self.text($0).joined(separator: "\n") }
  }

  private static func text(_ answer: PolicyPending) -> [String] {
    let version = answer.policyVersion.prefix(16)
    var lines = [say("働いている規則: \(version)", "rules in force: \(version)")]
    guard answer.isPending else { return lines + [say("フォルダーと同じです。", "the folder holds the same")] }
    guard let found = answer.folderVersion?.prefix(16) else {
      return lines + (Language.current == .ja ? answer.faultsJa : answer.faultsEn)
        + [say("置かれた組は使えません。", "the set in the folder cannot be used")]
    }
    lines.append(say("置かれた規則: \(found)", "rules in the folder: \(found)"))
    lines += PolicyChanges.lines(answer.changes)
    let signed = answer.signers.isEmpty ? say("なし", "nobody") : answer.signers.joined(separator: ", ")
    let (has, needs) = (answer.signers.count, answer.signaturesNeeded)
    lines.append(
      say("署名: \(has) / \(needs) 人（\(signed)）", "signed by \(has) of \(needs) (\(signed))"))
    lines.append(
      has >= needs
        ? say("→ sanmon policy reload で働き始めます。", "-> sanmon policy reload puts them in force")
        : say("→ 足りない人が sanmon policy sign で署名します。", "-> who is missing signs with: sanmon policy sign"))
    return lines
  }
}

/// Changes as lines, and the files that a difference reads.
enum PolicyChanges {
  static func lines(_ changes: [PolicyChangeShown]) -> [String] {
    changes.map { change in
      let mark =
        switch change.effect {
        case "widening": say("[広がる]", "[widens]")
        case "narrowing": say("[狭まる]", "[narrows]")
        default: say("[同じ]", "[same]")
        }
      return "  \(mark) \(say(change.ja, change.en))  (\(change.rule))"
    }
  }

  /// Wrong ones end the command.
  static func applications(_ folder: String, _ segments: [Segment]) throws -> ApplicationSet {
    guard try PolicyReport.applications(below: folder, segments: segments) != nil else { return ApplicationSet() }
    return try ApplicationSet.compile(PolicyReport.read(folder + "/applications"), segments: Set(segments))
  }

  static func cards(_ folder: String) throws -> CardScriptSet {
    guard try PolicyReport.cards(below: folder) != nil else { return CardScriptSet() }
    return try CardScriptSet.compile(PolicyReport.read(folder + "/cards"))
  }
}
