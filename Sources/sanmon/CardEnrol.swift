import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Workstation

struct CardEnrol: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol", abstract: "Register the card on this reader for a person. / カードを職員に登録します。",
    discussion: """
      Proves what the card's key is worth before it is registered: key 9A must refuse to sign without its PIN. The PIN is
      typed here, checked by the card, and goes nowhere else.

      A card tells its own number (GUID): a second key of the same card joins the first, so that a loss is reported once. For a
      card that tells none, name the card that is registered already with --card.

      EXAMPLES
        sanmon card enrol --person p-000042 --segment lgwan
        sanmon card enrol --person p-000042 --segment lgwan --slot 9e
        sanmon card enrol --person p-000042 --segment lgwan --slot 9e --card card-3f5a
        sanmon card enrol --person p-000042 --segment lgwan --profile jpki
        sanmon card enrol --person p-000042 --segment lgwan --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so

      A My Number Card is recognised, or named with --profile jpki. Its user-authentication key is registered, and nothing else of
      it is read or kept. The segment's file has to take such cards (card.jpki: user-authentication).

      With --pkcs11 a certificate card of any make is registered, through its maker's library: what it proves is possession (pk),
      or more where the policy of its authority says so (card-pin-policies). Which card and key: --reader, --token, --key-id; no
      --slot and no --profile.

      Over the network (--server) your own card has to be in a second reader: name it with --operator-reader, and the
      clerk's with --reader.
      """)
  @Option(help: "Person id.") var person: String
  @Option(help: "The segment whose card roots the certificate must lead to.") var segment: String
  @Option(help: "Key slot: 9a (with PIN) or 9e (card only).") var slot = "9a"
  @Option(help: "A registered card of this person that gains the key, if the card tells no number of its own.")
  var card: String?
  @Option(help: "piv or jpki; without it the card on the reader says so.") var profile: CardProfileName?
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @OptionGroup var module: ModuleOptions
  @Option(help: "Read the PIN from this file descriptor instead of the terminal.") var pinFd: Int32?
  @Option(help: "With --server: read the PIN of your own card from this file descriptor instead of the terminal.")
  var operatorPinFd: Int32?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    if let module = try module.module {
      guard slot == "9a", profile == nil else {
        throw fail(
          64, "--pkcs11 には --slot と --profile は使えません。鍵は --key-id で選びます。",
          "no --slot and no --profile with --pkcs11; --key-id names a key")
      }
      return try await enrol(through: module)
    }
    guard let slot = PIVSlot(name: slot) else {
      throw fail(64, "--slot は 9a か 9e です。", "--slot: 9a or 9e")
    }
    let operatorLink = OperatorLink(server, pinDescriptor: operatorPinFd)
    let challenge = try await operatorLink.post(
      "/v1/admin/cards/challenge", CardChallengeRequest(person: person), as: CardChallenge.self)
    printError(say("登録する職員: ", "registering for: ") + "\(challenge.person) \(Rows.visible(challenge.displayName))")
    if await isPersonal() {
      guard slot == .authentication, card == nil else {
        throw fail(64, "マイナンバーカードには --slot と --card は使えません。", "no --slot and no --card with a My Number Card")
      }
      return try await enrolPersonal(challenge, over: operatorLink)
    }
    let pin = slot == .authentication ? try readPIN() : nil
    let (evidence, guid) = try await prove(slot, challenge, pin)
    if guid == nil, card == nil {
      printError(
        say(
          "このカードには番号（GUID）がないため、一枚の別のカードとして登録します。登録済みのカードの別の鍵なら --card で指定してください。",
          "this card tells no number (GUID): registering it as a card of its own; for another key of a registered card use --card"
        ))
    }
    let answer = try await operatorLink.post(
      "/v1/admin/cards",
      CardEnrolment(
        person: challenge.person, segment: segment, profile: "piv", slot: self.slot, nonce: challenge.nonce,
        certificate: Data(evidence.certificate),
        algorithm: evidence.algorithm.scheme.rawValue,
        signature: Data(evidence.signature), refusedWithoutPIN: evidence.proofClass == .publicKeyWithPIN,
        guid: guid.map { Data($0.bytes) }, card: card),
      as: CardSummary.self)
    try operatorLink.show(answer, CardCommand.line)
  }

  func readPIN() throws -> Secret<PIN> {
    let typed = try TerminalSecret.read(prompt: say("暗証番号（PIN）: ", "PIN: "), descriptor: pinFd)
    return typed.withBytes { Secret<PIN>(copying: $0) }
  }

  /// One visit to the card: its number, and a signature over an enrolment that names it.
  private func prove(
    _ slot: PIVSlot, _ challenge: CardChallenge, _ pin: Secret<PIN>?
  ) async throws -> (PIVSlotEvidence, CardGUID?) {
    let named = card ?? ""
    let outcome: PIVEnrolmentOutcome
    let guid: CardGUID?
    do {
      (outcome, guid) = try await CardReaders.withCard(
        reader: reader.map { .named($0) } ?? .onlyPIVCard, deadline: .seconds(20)
      ) { (channel) throws(CardFailure) in
        var card = PIVCard(channel: channel)
        let guid = try card.ownNumber()
        let preimage = EnrolmentPreimage(
          nonce: Array(challenge.nonce), person: challenge.person, slot: slot.name, guid: guid?.bytes ?? [], card: named)
        return (try card.proveSlot(slot, pin: pin) { $0.digest(of: preimage.canonicalBytes) }, guid)
      }
    } catch {
      throw fail(74, "カードを使えませんでした: \(error)", "the card could not be used: \(error)")
    }
    switch outcome {
    case .proven(let evidence): return (evidence, guid)
    case .wrongPIN(let tries): throw fail(65, "暗証番号（PIN）が違います。残り \(tries) 回。", "wrong PIN; \(tries) tries left")
    case .pinBlocked: throw fail(65, "カードの暗証番号（PIN）が止まっています。解除してください。", "the card's PIN is blocked; unblock it")
    }
  }
}
