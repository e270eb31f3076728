import ArgumentParser
import AuthAPI

/// `sanmon policy trial`: whom the rules in the folder `trial` would have treated otherwise.
struct PolicyTrialCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trial", abstract: "Whom would the rules on trial refuse or ask for more? / 試行中の規則で、だれがどう変わるか。",
    discussion: """
      A whole set in the folder "trial" below the server's rules is tried beside them: it decides nothing, and each logon in which
      it would have said something else is counted, by department, at most 31 days back. Reading is a row of the log.

      EXAMPLE
        sanmon policy trial
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.get("/v1/admin/policy/trial", as: PolicyTrial.self)
    try operatorLink.show(answer) { Self.text($0).joined(separator: "\n") }
  }

  private static func text(_ answer: PolicyTrial) -> [String] {
    guard let version = answer.trialVersion?.prefix(16), let since = answer.since else {
      let faults = Language.current == .ja ? answer.faultsJa : answer.faultsEn
      return faults.isEmpty
        ? [say("試行中の規則はありません。", "no rules are on trial")]
        : faults + [say("フォルダー trial の組は使えません。", "the set in the folder trial cannot be used")]
    }
    let count = answer.ceremonies
    let head = say(
      "試行中の規則 \(version): \(Times.show(since)) から \(count) 回のログオンとロック解除",
      "on trial \(version): \(count) logons and unlocks since \(Times.show(since))")
    return [head]
      + (answer.lines.isEmpty ? [say("  変わる人はいません。", "  nobody would be treated otherwise")] : answer.lines.map(line))
  }

  private static func line(_ line: PolicyTrialLine) -> String {
    let department = line.department.isEmpty ? "-" : line.department
    let effect =
      switch line.effect {
      case "refused": say("断られます（\(line.verdict)）", "would be refused (\(line.verdict))")
      case "asked": say("さらに求められます（\(line.verdict)）", "would be asked for more (\(line.verdict))")
      case "weaker": say("弱い証明で入れます（\(line.verdict)）", "would get in by a weaker proof (\(line.verdict))")
      case "stronger": say("強い証明になります（\(line.verdict)）", "would get in by a stronger proof (\(line.verdict))")
      case "admitted": say("入れるようになります（\(line.verdict)）", "would be let in (\(line.verdict))")
      default: say("別の理由で断られます（\(line.verdict)）", "would be refused for another reason (\(line.verdict))")
      }
    let people = line.people.joined(separator: ", ")
    return say(
      "  \(department): \(line.people.count) 人、\(line.times) 回、\(effect): \(people)",
      "  \(department): \(line.people.count) people, \(line.times) times, \(effect): \(people)")
  }
}
