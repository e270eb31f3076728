import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import SmartCard
import Workstation

struct CardEnrolIdentifier: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol-identifier",
    abstract: "Register the card on this reader by its number alone. / 読み取り機のカードを、番号（IDm、UID）だけで登録します。",
    discussion: """
      Such a card proves nothing: anybody can show its number. It counts in a segment whose file says card.proof: identifier,
      while the waiver identifier-as-possession is signed and within its days; never in My Number. Cards may be registered before
      the waiver is signed. Where the file asks for a chip's generation, the reader has to tell it.

      EXAMPLE
        sanmon card enrol-identifier --person p-000042 --segment lgwan

      Over the network (--server) your own card has to be in a second reader: name it with --operator-reader, and the
      clerk's with --reader.
      """)
  @Option(help: "Person id.") var person: String
  @Option(help: "The segment where it is to be used.") var segment: String
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @Option(help: "With --server: read the PIN of your own card from this file descriptor instead of the terminal.")
  var operatorPinFd: Int32?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    let clerk = try await operatorLink.get(
      "/v1/admin/people/\(person)", as: PersonSummary.self,
      notFound: ("職員 \(person) が登録されていません。", "person \(person) is not registered"))
    printError(say("登録する職員: ", "registering for: ") + "\(clerk.id) \(Rows.visible(clerk.displayName))")
    let view: NumberCardView
    do throws(CardFailure) { view = try await ReaderCards(reader: reader).numberCard() } catch {
      throw fail(74, "カードを使えませんでした: \(error)", "the card could not be used: \(error)")
    }
    let card = try await operatorLink.post(
      "/v1/admin/cards/numbers",
      NumberCardEnrolment(
        person: clerk.id, segment: segment, number: Data(view.number.bytes), chip: view.chip.map { Data($0) }),
      as: CardSummary.self)
    try operatorLink.show(card, CardCommand.line)
  }
}
