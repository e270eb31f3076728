import ArgumentParser
import AuthAPI
import AuthTerms

struct CardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card", abstract: "Cards, from the box to the shredder. / カードの登録・貸出・紛失・停止・回収。",
    subcommands: [
      CardEnrol.self, CardEnrolShared.self, CardList.self, CardLost.self, CardSuspend.self, CardRestore.self,
      CardAdd.self, CardLend.self, CardReturnCommand.self, CardForgotten.self, CardFoundCommand.self, CardShow.self,
      CardRevoke.self, CardCollect.self, CardDestroy.self, CardPINReset.self, CardEnrolIdentifier.self, CardImport.self,
      CardReportCommand.self, CardEnrolmentCodes.self, CardExpected.self,
    ])

  static func line(_ card: CardSummary) -> String {
    let number = card.guid.map { "  GUID \($0)" } ?? "  " + say("GUID なし", "no GUID")
    let keys = card.keys.map { key in
      "\n  \(kind(key.slot))  \(key.proofClass)  " + say("登録者 ", "by ") + key.enrolledBy
    }
    return "\(card.card)  \(CardLife.holder(card))  \(CardLife.state(card.state))" + number + keys.joined()
  }

  private static func kind(_ slot: String) -> String {
    if slot == CertificateCard.slot { return say("証明書カード", "certificate card") }
    if let number = NumberCardKind(rawValue: slot) { return say("番号だけ ", "number alone, ") + number.rawValue }
    if slot == JPKIProfile.name { return say("マイナンバーカード（利用者証明）", "My Number Card (user authentication)") }
    return SharedKeyCardKind(name: slot)?.name ?? "PIV \(slot)"
  }
}

struct CardList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "A person's cards, each with its keys. / 職員のカードを、鍵とともに一覧します。",
    discussion: """
      One card is one piece of plastic, whatever number of keys is registered on it. With --to-collect: cards that are somewhere
      and should be at the desk, because somebody left, the loan is over, or the card was revoked, or lost and seen since.

      EXAMPLES
        sanmon card list --person p-000042
        sanmon card list --stock
        sanmon card list --to-collect
      """)
  @Option(help: "Person id.") var person: String?
  @Flag(help: "The cards that are for lending.") var stock = false
  @Flag(help: "The cards that have to be got back.") var toCollect = false
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard [person != nil, stock, toCollect].count(where: { $0 }) == 1 else {
      throw fail(
        64, "--person、--stock、--to-collect のどれか一つを指定してください。", "one of --person, --stock and --to-collect")
    }
    let operatorLink = OperatorLink(options: link)
    if toCollect {
      let cards = try await operatorLink.get("/v1/admin/cards/collection", as: [CardToCollect].self)
      return try operatorLink.show(cards) { cards in
        cards.isEmpty
          ? say("回収するカードはありません。", "no cards to collect")
          : cards.map {
            "\(CardLife.why($0.why))  \(Rows.visible($0.displayName))  \(CardCommand.line($0.card))"
          }.joined(separator: "\n")
      }
    }
    let path = person.map { query("/v1/admin/cards", [("person", $0)]) } ?? "/v1/admin/cards/stock"
    let cards = try await operatorLink.get(path, as: [CardSummary].self)
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
      "/v1/admin/cards/\(CardLife.id(card))/state", CardStateChange(state: state, reason: reason), as: CardStateChanged.self,
      notFound: ("カード \(card) は登録されていません（sanmon card list --person で番号を確認）。", "no card \(card); see: sanmon card list --person")
    )
    try operatorLink.show(answer, CardLife.changed)
  }
}

struct CardLost: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lost", abstract: "Withdraw a lost card at once; its sessions lock. / 紛失カードを直ちに失効します。",
    discussion: """
      All keys of the card stop at once, and with them every session that was opened with any of them. A lost card never comes
      back, also when it is found: it is collected. A card that was left at home is forgotten, not lost.

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
    commandName: "restore", abstract: "Make a suspended card good again. / 停止中のカードを復帰します。")
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("active") }
}
