import ArgumentParser
import AuthAPI
import AuthTerms

struct CardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card", abstract: "Cards: enrol, list, lost, suspend, restore. / カードの登録・紛失・停止・復帰。",
    subcommands: [
      CardEnrol.self, CardEnrolShared.self, CardList.self, CardLost.self, CardSuspend.self, CardRestore.self,
      CardPINReset.self,
    ])

  static func line(_ card: CardSummary) -> String {
    let state =
      switch card.state {
      case "active": say("有効", "active")
      case "lost": say("紛失", "lost")
      default: say("停止中", "suspended")
      }
    let number = card.guid.map { "  GUID \($0)" } ?? "  " + say("GUID なし", "no GUID")
    let keys = card.keys.map { key in
      "\n  \(SharedKeyCardKind(name: key.slot)?.name ?? "PIV \(key.slot)")  \(key.proofClass)  " + say("登録者 ", "by ")
        + key.enrolledBy
    }
    return "\(card.card)  \(card.person)  \(state)" + number + keys.joined()
  }
}

struct CardList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "A person's cards, each with its keys. / 職員のカードを、鍵とともに一覧します。",
    discussion: """
      One card is one piece of plastic, whatever number of keys is registered on it.

      EXAMPLE
        sanmon card list --person p-000042
      """)
  @Option(help: "Person id.") var person: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let cards = try await operatorLink.get(query("/v1/admin/cards", [("person", person)]), as: [CardSummary].self)
    try operatorLink.show(cards) { cards in
      cards.isEmpty ? say("登録されたカードはありません。", "no cards") : cards.map(CardCommand.line).joined(separator: "\n")
    }
  }
}

struct CardStateOptions: ParsableArguments {
  @Argument(help: "Card id, from 'sanmon card list'.") var card: String
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func set(_ state: String) async throws {
    let reason = try Reasons.checked(reason)
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/cards/\(card)/state", CardStateChange(state: state, reason: reason), as: CardStateChanged.self,
      notFound: ("カード \(card) は登録されていません（sanmon card list --person で番号を確認）。", "no card \(card); see: sanmon card list --person")
    )
    try operatorLink.show(answer) { answer in
      CardCommand.line(answer.card)
        + (answer.sessionsLocked > 0
          ? "\n" + say("利用中の端末 \(answer.sessionsLocked) 台にロックを指示しました。", "told \(answer.sessionsLocked) live session(s) to lock")
          : "")
    }
  }
}

struct CardLost: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lost", abstract: "Withdraw a lost card at once; its sessions lock. / 紛失カードを直ちに失効します。",
    discussion: """
      All keys of the card stop at once, and with them every session that was opened with any of them.

      EXAMPLE
        sanmon card lost card-3f5a --reason "reported by telephone"
      """)
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("lost") }
}

struct CardSuspend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend", abstract: "Suspend a card for a while. / カードを一時停止します。")
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("suspended") }
}

struct CardRestore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Make a suspended or found card good again. / カードを復帰します。")
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("active") }
}
