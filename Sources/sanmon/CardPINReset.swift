import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Isolation
import SmartCard
import Workstation

struct CardPINReset: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin-reset",
    abstract: "Set a new PIN on the card on this reader, with its PUK. / 忘れた・止まった暗証番号（PIN）を再設定します。",
    discussion: """
      For a forgotten or blocked PIN, with the person present: put the card on the reader and compare the name that is shown with
      the person before you. You type the card's PUK, the person types the new PIN (6 to 8 digits), twice. Neither leaves this
      machine; the log keeps who, which card, whose, why, and what the card said.

      A PUK that is wrong too often ends the card: check the line of the register first. A lost card gets no new PIN.

      EXAMPLES
        sanmon card pin-reset --reason "forgot it; staff badge shown"
        sanmon card pin-reset --reason "blocked" --puk-fd 3 --new-pin-fd 4 3< puk 4< pin

      Over the network (--server) your own card has to be in a second reader: name it with --operator-reader, and the
      clerk's with --reader.
      """)
  @Option(help: "Why; stands in the log.") var reason: String
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @Option(help: "Read the PUK from this file descriptor instead of the terminal.") var pukFd: Int32?
  @Option(help: "Read the new PIN from this file descriptor instead of the terminal; asked for once.") var newPinFd: Int32?
  @Option(help: "With --server: read the PIN of your own card from this file descriptor instead of the terminal.")
  var operatorPinFd: Int32?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let reason = try Reasons.checked(reason)
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw fail(64, "--reason に理由を書いてください。", "--reason: say why")
    }
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    let clock = try BootClock()
    let changer = PINChanger(
      cards: ReaderCards(reader: reader),
      asking: PINEntry(
        terminal: Terminal(), language: Language.current == .ja ? .ja : .en, presentDescriptor: pukFd,
        newDescriptor: newPinFd, useLastTry: false, tell: { printError($0.text(Language.current == .ja ? .ja : .en)) }),
      surroundings: Surroundings(now: { clock.now() }, random: { _ in [] }, machine: { MachineState.read() }))
    let seen: CardView
    do { seen = try await changer.waitForCard(seconds: pukFd == nil ? 20 : 0) } catch { throw Self.told(error) }
    let begun = try await operatorLink.post(
      "/v1/admin/cards/pin-resets", PINResetBegin(keys: Self.keys(seen), reason: reason), as: PINResetBegun.self)
    printError(
      say("このカードの持ち主（目の前の人と確かめてください）: ", "holder of this card (compare with the person before you): ")
        + "\(begun.card.person ?? "") \(Rows.visible(begun.displayName))")
    do {
      try await changer.reset(seen)
    } catch {
      // What the card said stands in the log too; if that cannot be told, the reason of the refusal is still the reason.
      _ = try? await close(begun.card.card, error, reason, operatorLink)
      throw Self.told(error)
    }
    let card: CardSummary
    do { card = try await close(begun.card.card, nil, reason, operatorLink) } catch {
      printError(
        say(
          "カードの暗証番号（PIN）は新しくなりましたが、結果を記録できませんでした。この画面を情報システム担当へ伝えてください。",
          "the card has the new PIN, but that could not be recorded; tell the IT section"))
      throw error
    }
    try operatorLink.show(card) { card in
      say("暗証番号（PIN）を再設定しました。", "the PIN is reset") + "\n" + CardCommand.line(card)
    }
  }

  private func close(
    _ card: String, _ fault: AgentFault?, _ reason: String, _ link: OperatorLink
  ) async throws -> CardSummary {
    var (code, tries): (String?, Int?) = (fault == nil ? nil : "fault", nil)
    if case .pinChange(let refusal)? = fault {
      code = refusal.code
      if case .wrongPUK(let left) = refusal { tries = left }
      if refusal == .pukBlocked { tries = 0 }
    }
    return try await link.post(
      "/v1/admin/cards/\(card)/pin-reset",
      PINResetEnd(isDone: fault == nil, code: code, triesLeft: tries, reason: reason), as: CardSummary.self)
  }

  /// How the server knows the card: by the keys of its certificates. One that cannot be read names none.
  private static func keys(_ seen: CardView) -> [Data] {
    seen.certificates.values.compactMap { certificate in
      (try? CertificateKey(certificate: certificate)).map { Data(SHA256.hash(data: $0.subjectPublicKeyInfo)) }
    }
  }

  private static func told(_ fault: AgentFault) -> ExitCode {
    let sentence = fault.sentence
    var code = ""
    if case .pinChange(let refusal) = fault { code = refusal.code + ": " }
    let status: Int32 = AgentExit(fault) == .badInput || AgentExit(fault) == .pinWrong ? 65 : 74
    return fail(
      status, code + "\(sentence.ja)\n  → \(sentence.nextStepJa)", code + "\(sentence.en)\n  -> \(sentence.nextStepEn)")
  }
}
