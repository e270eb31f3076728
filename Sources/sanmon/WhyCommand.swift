import ArgumentParser
import AuthAPI
import AuthTerms

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Explain a refusal by its six-digit reference. / 照会番号から拒否の理由を表示します。",
    discussion: """
      EXAMPLES
        sanmon why 482913
        sanmon why 482913 --date 2026-04-01
      """)
  @Argument(help: "The six digits the clerk was shown.") var reference: String
  @Option(help: "The day it happened, YYYY-MM-DD. Default: today.") var date: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard (try? Reference(parsing: reference)) != nil else {
      throw fail(64, "照会番号は 6 桁の数字です。", "a reference is six digits")
    }
    guard let from = Times.parse(date ?? "today") else {
      throw fail(64, "--date は 2026-04-01 のように書きます。", "--date: write 2026-04-01")
    }
    let operatorLink = OperatorLink(options: link)
    let day = (from + 9 * 3_600_000) / 86_400_000
    let entry = try await operatorLink.get(
      query("/v1/admin/why", [("reference", reference), ("day", String(day))]), as: AuditEntry.self,
      notFound: (
        "\(Times.show(from).prefix(10)) に照会番号 \(reference) の拒否はありません。番号と日付（--date）、接続先の系統を確認してください。",
        "no refusal has the reference \(reference) on \(Times.show(from).prefix(10)); check the digits, the day (--date) and the segment's server"
      ))
    try operatorLink.show(entry) { entry in
      guard let code = entry.code.flatMap(DenialCode.init(rawValue:)) else { return Rows.whole(entry) }
      let sentence = Sentences.of(code)
      return [
        say("理由: ", "reason: ") + "\(code.rawValue) " + say(sentence.ja, sentence.en),
        say("次の手順: ", "next step: ") + say(sentence.nextStepJa, sentence.nextStepEn), "", Rows.whole(entry),
      ].joined(separator: "\n")
    }
  }
}
