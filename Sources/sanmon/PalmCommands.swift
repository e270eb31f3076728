import ArgumentParser
import AuthAPI
import AuthTerms

struct PalmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "palm", abstract: "Palms: the notice, enrol, list, remove, report, rekey. / 手のひらの説明書・登録・一覧・削除・傾向・鍵の更新。",
    subcommands: [
      PalmNoticeCommand.self, PalmEnrol.self, PalmList.self, PalmRemove.self, PalmReportCommand.self, PalmRekeyCommand.self,
    ])

  static func line(_ palm: PalmSummary) -> String {
    "\(palm.person)  \(hand(palm.hand))  \(Rows.visible(palm.format))  "
      + say("登録 \(Times.show(palm.enrolledAt))  登録者 ", "enrolled \(Times.show(palm.enrolledAt))  by ") + palm.enrolledBy
  }

  static func hand(_ hand: String) -> String {
    Hand(name: hand) == .right ? say("右手", "right") : say("左手", "left")
  }

  static func path(_ person: String) -> String { "/v1/admin/people/\(person)/palms" }

  static func unknown(_ person: String) -> (ja: String, en: String) {
    ("職員 \(person) は取り込まれていません。", "no person \(person) has been imported")
  }
}

struct PalmList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "A person's registered palms. / 登録された手のひらの一覧。",
    discussion: """
      EXAMPLE
        sanmon palm list p-000042
      """)
  @Argument(help: "Person id.") var person: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let palms = try await operatorLink.get(
      PalmCommand.path(person), as: [PalmSummary].self, notFound: PalmCommand.unknown(person))
    try operatorLink.show(palms) { palms in
      palms.isEmpty
        ? say("登録された手のひらはありません。", "no palms") : palms.map(PalmCommand.line).joined(separator: "\n")
    }
  }
}

struct PalmRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a person's palms, of one hand or both. / 手のひらの登録を削除します。",
    discussion: """
      They are asked for no more from that moment, and leave the instance's files within seconds. Backups that hold them go with
      their own retention: whoever restores one removes the palms again.

      EXAMPLES
        sanmon palm remove p-000042 --reason "asked for by the clerk"
        sanmon palm remove p-000042 --hand left --reason "left hand injured"
      """)
  @Argument(help: "Person id.") var person: String
  @Option(help: "Only this hand; without it both.") var hand: Hand?
  @Option(help: "Why; stands in the log.") var reason: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let removal = PalmRemoval(hand: hand?.name, reason: try Reasons.checked(reason))
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      PalmCommand.path(person) + "/removal", removal, as: PalmsRemoved.self, notFound: PalmCommand.unknown(person))
    try operatorLink.show(answer) { answer in
      answer.removed == 0
        ? say("登録された手のひらはありませんでした。", "there was no palm to remove")
        : say("手のひらの登録を \(answer.removed) 件、削除しました。", "removed \(answer.removed) palm(s)")
    }
  }
}
