import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import SmartCard

struct CardAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Take the card on this reader into the stock. / カードを貸出用として在庫に加えます。",
    discussion: """
      A card of the stock is nobody's until it is lent, and never becomes somebody's own. What its key is worth is shown as for
      any other card: key 9A must refuse to sign without its PIN. The PIN is typed here, checked by the card, and goes nowhere else.

      EXAMPLES
        sanmon card add --segment lgwan
        sanmon card list --stock

      Over the network (--server) your own card has to be in a second reader: name it with --operator-reader, and the
      card of the stock with --reader.
      """)
  @Option(help: "The segment whose card roots the certificate must lead to.") var segment: String
  @Option(help: "Key slot: 9a (with PIN) or 9e (card only).") var slot = "9a"
  @Option(help: "A card of the stock that gains the key, if the card tells no number of its own.") var card: String?
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @Option(help: "Read the PIN from this file descriptor instead of the terminal.") var pinFd: Int32?
  @Option(help: "With --server: read the PIN of your own card from this file descriptor instead of the terminal.")
  var operatorPinFd: Int32?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    guard let slot = PIVSlot(name: slot) else {
      throw fail(64, "--slot は 9a か 9e です。", "--slot: 9a or 9e")
    }
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    let challenge = try await operatorLink.postEmpty("/v1/admin/cards/stock/challenge", as: StockCardChallenge.self)
    let pin = slot == .authentication ? try DeskCard.readPIN(pinFd) : nil
    let (nonce, named) = (Array(challenge.nonce), card ?? "")
    let (evidence, guid) = try await DeskCard.prove(slot, reader: reader, pin: pin) { guid in
      EnrolmentPreimage(nonce: nonce, person: "", slot: slot.name, guid: guid?.bytes ?? [], card: named).canonicalBytes
    }
    let answer = try await operatorLink.post(
      "/v1/admin/cards/stock",
      StockCardEnrolment(
        segment: segment, profile: "piv", slot: slot.name, nonce: challenge.nonce, certificate: Data(evidence.certificate),
        algorithm: DeskCard.algorithm(evidence), signature: Data(evidence.signature),
        refusedWithoutPIN: evidence.proofClass == .publicKeyWithPIN, guid: guid.map { Data($0.bytes) }, card: card),
      as: CardSummary.self)
    try operatorLink.show(answer, CardCommand.line)
  }
}

struct CardLend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lend", abstract: "Lend a card of the stock for a day. / 貸出カードを貸し出します。",
    discussion: """
      The loan ends with the last day, whether the card is returned or not, and what is open with it locks. The person's own cards
      are paused in the same step: a forgotten card comes back with 'sanmon card found', when it is shown with its PIN. Then have
      the person set a PIN of her own on the card that was lent: 'sanmon card pin-reset', with its PUK.

      EXAMPLES
        sanmon card lend --card card-3f5a --to p-000042 --reason "left at home"
        sanmon card lend --card card-3f5a --to p-000042 --days 3 --reason "card sent in"
        sanmon card lend --card card-3f5a --to p-000042 --until 2026-11-27
      """)
  @Option(help: "Card id, from 'sanmon card list --stock'.") var card: String
  @Option(name: .customLong("to"), help: "Person id.") var person: String
  @Option(help: "The last day, YYYY-MM-DD; without it, and without --days, today. At most 7 days with today.") var until:
    String?
  @Option(help: "So many days with today, 1 to 7.") var days: Int?
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard until == nil || days == nil else {
      throw fail(64, "--until と --days は、どちらか一方だけを指定してください。", "--until or --days, not both")
    }
    if let days, !(1...CardLending.mostDays).contains(days) {
      throw fail(
        64, "--days は 1 から \(CardLending.mostDays) までです。", "--days: 1 to \(CardLending.mostDays)")
    }
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/cards/\(CardLife.id(card))/lend",
      CardLending(person: person, until: until, days: days, reason: try Reasons.checked(reason)), as: CardsPaused.self,
      notFound: (
        "カード \(card) か職員 \(person) が登録されていません（sanmon card list --stock、sanmon person list で確認）。",
        "no card \(card), or no person \(person); see: sanmon card list --stock, sanmon person list"
      ))
    try operatorLink.show(answer, CardLife.paused)
  }
}

struct CardReturnCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "return", abstract: "Take back a card that was lent. / 貸出カードの返却を受けます。",
    discussion: """
      The card lies in the stock again; what was open with it locks. The person's own card comes back with 'sanmon card found'.

      EXAMPLE
        sanmon card return card-3f5a
      """)
  @Argument(help: "Card id, from 'sanmon card list --stock'.") var card: String
  @Option(help: "Why; stands in the log.") var reason = ""
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/cards/\(CardLife.id(card))/return", CardReturn(reason: try Reasons.checked(reason)), as: CardStateChanged.self,
      notFound: ("カード \(card) は登録されていません（sanmon card list --stock で確認）。", "no card \(card); see: sanmon card list --stock"))
    try operatorLink.show(answer, CardLife.changed)
  }
}
