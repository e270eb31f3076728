import ArgumentParser
import AuthAPI
import AuthTerms

struct CardReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "People by what their cards prove, and the days a waiver has left. / カードの証明の強さごとの人数と、特例の残り日数。",
    discussion: """
      Counts the enabled people of each segment served here by the best of their active cards: pk-pin, pk, sym-aes, sym-3des,
      identifier (a number alone), or none. --class lists who they are.

      EXAMPLES
        sanmon card report
        sanmon card report --class identifier
        sanmon card report --class none --json
      """)
  @Option(name: .customLong("class"), help: "List the people of this class: pk-pin, pk, sym-aes, sym-3des, identifier or none.")
  var proofClass: String?
  @OptionGroup var link: LinkOptions

  func validate() throws {
    guard let proofClass, proofClass != "none", ProofClass(name: proofClass) == nil else { return }
    throw ValidationError("--class: pk-pin, pk, sym-aes, sym-3des, identifier or none")
  }

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let report = try await operatorLink.get(
      query("/v1/admin/cards/report", proofClass.map { [("class", $0)] } ?? []), as: CardReport.self)
    try operatorLink.show(report, Self.text)
  }

  static func text(_ report: CardReport) -> String {
    var lines: [String] = []
    for segment in report.segments { lines += block(segment) }
    for person in report.people {
      lines.append("  \(person.person) \(Rows.visible(person.displayName))  \(person.segments.joined(separator: ", "))")
    }
    if report.more > 0 { lines.append(say("ほかに \(report.more) 人", "and \(report.more) more")) }
    return lines.joined(separator: "\n")
  }

  private static func block(_ segment: SegmentCards) -> [String] {
    let title = Segment.title(of: segment.segment)
    var lines = [
      say(
        "\(title.ja): 職員 \(segment.people) 人、カードの最低基準 \(segment.floor)",
        "\(title.en): \(segment.people) people, card floor \(segment.floor)")
    ]
    for count in segment.classes where count.people > 0 {
      lines.append(
        "  \(count.proofClass)  \(count.people)"
          + (count.proofClass == "identifier" ? say("  （番号だけのカード）", "  (a number alone)") : ""))
    }
    if segment.withoutCard > 0 { lines.append("  " + say("カードなし", "no card") + "  \(segment.withoutCard)") }
    if let unknown = segment.revocationUnknown {
      lines.append(
        "  "
          + say(
            "マイナンバーカード（失効情報なし。所持のみ）: \(unknown) 人",
            "My Number Cards (\(JPKIProfile.revocationUnknown)): \(unknown) people"))
    }
    if let until = segment.numbersUntil, let days = segment.daysLeft {
      let state =
        segment.takesNumbers
        ? say("有効", "in force") : days == 0 ? say("期限が過ぎました", "has ended") : say("まだ効いていません", "not in force")
      lines.append(
        "  "
          + say(
            "番号だけのカードの期限付き特例: \(until) まで、残り \(days) 日（\(state)）",
            "waiver for cards with a number alone: until \(until), \(days) days left (\(state))"))
    }
    return lines
  }
}
