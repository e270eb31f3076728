import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import SmartCard

/// How cards and what happened to them look to people.
enum CardLife {
  /// What cannot be a card's name never becomes part of a path.
  static func id(_ text: String) throws -> String {
    guard let id = try? CardID(parsing: text) else {
      throw fail(64, "カード番号の形が正しくありません（sanmon card list で確認）。", "not a card id; see: sanmon card list")
    }
    return id.text
  }

  static func state(_ state: String) -> String {
    switch state {
    case "active": say("有効", "active")
    case "suspended": say("停止中", "suspended")
    case "forgotten": say("忘れ（停止中）", "forgotten")
    case "lost": say("紛失", "lost")
    case "revoked": say("失効", "revoked")
    case "collected": say("回収済み", "collected")
    case "destroyed": say("廃棄済み", "destroyed")
    default: Rows.visible(state)
    }
  }

  /// Whose it is.
  static func holder(_ card: CardSummary) -> String {
    guard card.isStock else { return card.person ?? "-" }
    guard let person = card.person else { return say("貸出用（在庫）", "stock") }
    let until = card.lentUntil ?? "-"
    return say("貸出用 → \(person)（\(until) まで）", "stock, lent to \(person) until \(until)")
      + (card.awaitsPIN == true ? say("、暗証番号（PIN）の設定待ち", ", the PIN has to be set first") : "")
  }

  static func changed(_ answer: CardStateChanged) -> String {
    CardCommand.line(answer.card) + locked(answer.sessionsLocked)
  }

  static func paused(_ answer: CardsPaused) -> String {
    let lines = (answer.lent.map { [CardCommand.line($0)] } ?? []) + answer.paused.map(CardCommand.line)
    let suspended = answer.paused.contains { $0.state == "suspended" }
    return lines.joined(separator: "\n")
      + (suspended
        ? "\n"
          + say(
            "暗証番号（PIN）で確かめられないカードは「停止中」にしました。戻すときは、カードを手元で確かめてから sanmon card restore を実行してください。",
            "a card without a PIN to show was suspended; it comes back with 'sanmon card restore', with the card in hand")
        : "") + handOver(answer.lent) + locked(answer.sessionsLocked)
  }

  /// What is still to be done before a lent card can be used.
  private static func handOver(_ lent: CardSummary?) -> String {
    guard lent?.awaitsPIN == true else { return "" }
    return "\n"
      + say(
        "次に、本人に暗証番号（PIN）を設定してもらってください（それまで、このカードでは入れません）: sanmon card pin-reset --reason \"当日貸出\"",
        "next, the holder sets a PIN (until then the card lets nobody in): sanmon card pin-reset --reason \"lent for the day\"")
  }

  private static func locked(_ count: Int) -> String {
    count > 0 ? "\n" + say("利用中の端末 \(count) 台にロックを指示しました。", "told \(count) live session(s) to lock") : ""
  }

  static func why(_ why: String) -> String {
    switch why {
    case "left": say("離職・無効", "left or disabled")
    case "lastDay": say("今日が在籍の最終日", "last day today")
    case "revoked": say("失効", "revoked")
    case "lostAndFound": say("紛失の届出のあとに使われた・見つかった", "lost, and seen since")
    case "loanOver": say("貸出期限切れ", "loan over")
    default: Rows.visible(why)
    }
  }

  static func story(_ story: CardStory) -> String {
    ([CardCommand.line(story.card)] + story.acts.map(act)).joined(separator: "\n")
  }

  private static func act(_ entry: AuditEntry) -> String {
    var parts = [Times.show(entry.time), name(entry)]
    if let person = entry.person { parts.append(person + (entry.personName.map { " " + Rows.visible($0) } ?? "")) }
    if let workstation = entry.workstation { parts.append(workstation) }
    if let operatorID = entry.operatorID { parts.append(say("操作者 ", "by ") + operatorID) }
    if let code = entry.code { parts.append(code) }
    if !entry.note.isEmpty { parts.append(Rows.visible(entry.note)) }
    return "  " + parts.joined(separator: "  ")
  }

  private static func name(_ entry: AuditEntry) -> String {
    let name =
      switch entry.action {
      case "card.enrolled": say("登録", "enrolled")
      case "card.stocked": say("在庫へ", "stocked")
      case "card.lent": say("貸出", "lent")
      case "card.returned": say("返却", "returned")
      case "card.forgotten": say("忘れ", "forgotten")
      case "card.found": say("本人が持参", "found")
      case "card.lost": say("紛失", "lost")
      case "card.suspended": say("停止", "suspended")
      case "card.active": say("復帰", "restored")
      case "card.revoked": say("失効", "revoked")
      case "card.collected": say("回収", "collected")
      case "card.destroyed": say("廃棄", "destroyed")
      case "card.pinResetBegun": say("暗証番号（PIN）の再設定を開始", "PIN reset begun")
      case "card.pinReset": say("暗証番号（PIN）の再設定", "PIN reset")
      default: Rows.visible(entry.action)
      }
    switch entry.outcome {
    case "done", "granted": return name
    default: return name + say("（不成立）", " (refused)")
    }
  }
}

struct CardForgotten: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forgotten", abstract: "Pause the cards of somebody who left them at home. / 忘れたカードを止めます。",
    discussion: """
      'sanmon card lend' does this by itself. A forgotten card comes back when it is shown with its PIN: 'sanmon card found'.

      EXAMPLE
        sanmon card forgotten --person p-000042 --reason "left at home"
      """)
  @Option(help: "Person id.") var person: String
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/cards/forgotten", CardsForgotten(person: person, reason: try Reasons.checked(reason)), as: CardsPaused.self,
      notFound: ("職員 \(person) が登録されていません。", "person \(person) is not registered"))
    try operatorLink.show(answer, CardLife.paused)
  }
}

struct CardFoundCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "found", abstract: "A forgotten card is here again: its PIN is shown. / 忘れたカードを元に戻します。",
    discussion: """
      The person puts the card on this reader and types its PIN; the card signs, and counts again at once. A card that was lost or
      revoked never comes back: hand it to 'sanmon card collect'.

      EXAMPLE
        sanmon card found card-3f5a

      Over the network (--server) your own card has to be in a second reader: name it with --operator-reader, and the
      clerk's with --reader.
      """)
  @Argument(help: "Card id, from 'sanmon card list'.") var card: String
  @Option(help: "Why; stands in the log.") var reason = ""
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @Option(help: "Read the PIN from this file descriptor instead of the terminal.") var pinFd: Int32?
  @Option(help: "With --server: read the PIN of your own card from this file descriptor instead of the terminal.")
  var operatorPinFd: Int32?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let (id, reason) = (try CardLife.id(card), try Reasons.checked(reason))
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    let challenge = try await operatorLink.postEmpty(
      "/v1/admin/cards/\(id)/found/challenge", as: CardFoundChallenge.self)
    printError(say("カードの持ち主: ", "the card is of: ") + "\(challenge.person) \(Rows.visible(challenge.displayName))")
    let nonce = Array(challenge.nonce)
    let (evidence, _) = try await DeskCard.prove(.authentication, reader: reader, pin: try DeskCard.readPIN(pinFd)) { _ in
      CardFoundPreimage(nonce: nonce, card: id, slot: "9a").canonicalBytes
    }
    guard evidence.proofClass == .publicKeyWithPIN else {
      throw fail(65, "このカードは、暗証番号（PIN）なしで署名しました。", "this card signed without its PIN")
    }
    let answer = try await operatorLink.post(
      "/v1/admin/cards/\(id)/found",
      CardFoundProof(
        nonce: challenge.nonce, certificate: Data(evidence.certificate), algorithm: DeskCard.algorithm(evidence),
        signature: Data(evidence.signature), reason: reason),
      as: CardFound.self)
    try operatorLink.show(answer) { answer in
      let lent = answer.stillLent.map { "\n" + say("返却を受けてください: ", "still lent, take it back: ") + CardCommand.line($0) }
      return CardCommand.line(answer.card) + lent.joined()
    }
  }
}

struct CardRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take a card out of use for good. / カードを失効します。",
    discussion: """
      The card never comes back, and stands on the collection list until it is collected.

      EXAMPLE
        sanmon card revoke card-3f5a --reason "chip broken"
      """)
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("revoked") }
}

struct CardCollect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect", abstract: "A card was taken in at the desk. / カードを回収しました。",
    discussion: """
      For a card that is lost or revoked, of somebody who has left or leaves today, and for a card of the stock at the end of its
      life. It is off the collection list and never comes back.

      EXAMPLE
        sanmon card collect card-3f5a --reason "handed in on the last day"
      """)
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("collected") }
}

struct CardDestroy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "destroy", abstract: "A card was put through the shredder. / カードを廃棄しました。",
    discussion: """
      EXAMPLE
        sanmon card destroy card-3f5a --reason "shredder, in the presence of suzuki"
      """)
  @OptionGroup var options: CardStateOptions
  func run() async throws { try await options.set("destroyed") }
}

struct CardShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "A card's whole story. / カードの経緯（いつ・だれが・なぜ）。",
    discussion: """
      From the log: when it was registered, lent, to whom, why and by whom. Of a person: the own cards whole, and of cards of the
      stock what concerns this person. Looking is itself a row.

      EXAMPLES
        sanmon card show card-3f5a
        sanmon card show p-000042
      """)
  @Argument(help: "Card id or person id.") var subject: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let subject = try CardLife.id(subject)
    let operatorLink = OperatorLink(options: link)
    var stories = try await operatorLink.get(query("/v1/admin/cards/stories", [("card", subject)]), as: [CardStory].self)
    if stories.isEmpty {
      stories = try await operatorLink.get(query("/v1/admin/cards/stories", [("person", subject)]), as: [CardStory].self)
    }
    guard !stories.isEmpty else {
      throw fail(1, "\(subject) というカードも、カードを持つ職員も、ありません。", "no card \(subject), and no person \(subject) with a card")
    }
    try operatorLink.show(stories) { $0.map(CardLife.story).joined(separator: "\n\n") }
  }
}
