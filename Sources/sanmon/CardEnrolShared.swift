import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import SmartCard
import Synchronization
import Workstation

struct CardEnrolShared: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol-shared",
    abstract: "Register a FeliCa Lite-S or DESFire card for a person. / 共有鍵のカードを職員に登録します。",
    discussion: """
      The vault asks the card on this reader whether it has the city's key; this program carries commands and answers and
      learns neither. The city's key has to be in the vault: sanmon vault card-key list.

      Such a card has no PIN and can be copied by whoever has the city's key: segments whose card.proof is pk or pk-pin
      take none.

      EXAMPLE
        sanmon card enrol-shared --person p-000042 --segment lgwan --profile felica-lite-s

      Over the network (--server) your own card has to be in a second reader: name it with --operator-reader, and the
      clerk's with --reader.
      """)
  @Option(help: "Person id.") var person: String
  @Option(help: "The segment where it is to be used.") var segment: String
  @Option(help: "Name of the card's file in the folder cards of the policies: felica-lite-s, desfire-ev2 or one of yours.")
  var profile: String
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @Option(help: "With --server: read the PIN of your own card from this file descriptor instead of the terminal.")
  var operatorPinFd: Int32?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    // Asked first, also so that an operator's own card is asked for its PIN before the clerk's is held.
    let clerk = try await operatorLink.get(
      "/v1/admin/people/\(person)", as: PersonSummary.self,
      notFound: ("職員 \(person) が登録されていません。", "person \(person) is not registered"))
    printError(say("登録する職員: ", "registering for: ") + "\(clerk.id) \(Rows.visible(clerk.displayName))")
    let relay = DeskRelay(operatorLink, person: clerk.id, segment: segment, profile: profile)
    do throws(CardFailure) {
      let cards = ReaderCards(reader: reader)
      let card = try await cards.sharedCard(Set(SharedKeyCardKind.allCases))
      try await cards.talk(card) { answers in await relay.ask(answers, card) }
    } catch {
      if let fault = relay.fault { throw fault }
      throw fail(74, "カードを使えませんでした: \(error)", "the card could not be used: \(error)")
    }
    if let fault = relay.fault { throw fault }
    guard let card = relay.card else {
      throw fail(69, "サーバーの応答を読めません。版が合っているか確認してください。", "the server's answer cannot be read; check that versions match")
    }
    try operatorLink.show(card, CardCommand.line)
  }
}

/// One enrolment between the card on this desk's reader and the server.
private final class DeskRelay: Sendable {
  private struct State {
    var exchange: String?
    var card: CardSummary?
    var fault: (any Error)?
  }

  private let link: OperatorLink
  private let person: String
  private let segment: String
  private let profile: String
  private let state = Mutex(State())

  init(_ link: OperatorLink, person: String, segment: String, profile: String) {
    self.link = link
    self.person = person
    self.segment = segment
    self.profile = profile
  }

  var card: CardSummary? { state.withLock { $0.card } }
  var fault: (any Error)? { state.withLock { $0.fault } }

  func ask(_ answers: [[UInt8]]?, _ seen: SharedCardView) async -> SharedCardReply {
    do {
      let step = try await step(answers, seen)
      state.withLock { state in
        state.exchange = step.exchange
        state.card = step.card
      }
      guard let commands = step.commands else { return .over }
      return .send(try CardScript(canonicalBytes: Array(step.script)), commands.map { Array($0) })
    } catch {
      state.withLock { $0.fault = error }
      return .over
    }
  }

  private func step(_ answers: [[UInt8]]?, _ seen: SharedCardView) async throws -> SharedCardStep {
    guard let answers else {
      return try await link.post(
        "/v1/admin/cards/shared",
        SharedCardEnrolment(person: person, segment: segment, profile: profile, number: Data(seen.number)),
        as: SharedCardStep.self)
    }
    return try await link.post(
      "/v1/admin/cards/shared/\(state.withLock { $0.exchange } ?? "")",
      SharedCardAnswers(answers: answers.map { Data($0) }), as: SharedCardStep.self)
  }
}
