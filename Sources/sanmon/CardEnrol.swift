import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import PCSCReader
import SmartCard

struct CardEnrol: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol", abstract: "Register the card on this reader for a person. / カードを職員に登録します。",
    discussion: """
      Proves what the card's key is worth before it is registered: key 9A must refuse to sign without its PIN. The PIN is
      typed here, checked by the card, and goes nowhere else.

      EXAMPLE
        sanmon card enrol --person p-000042 --segment lgwan
      """)
  @Option(help: "Person id.") var person: String
  @Option(help: "The segment whose card roots the certificate must lead to.") var segment: String
  @Option(help: "Key slot: 9a (with PIN) or 9e (card only).") var slot = "9a"
  @Option(help: "The reader's name, if several hold cards.") var reader: String?
  @Option(help: "Read the PIN from this file descriptor instead of the terminal.") var pinFd: Int32?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard let slot = PIVSlot(name: slot) else {
      throw fail(64, "--slot は 9a か 9e です。", "--slot: 9a or 9e")
    }
    let operatorLink = OperatorLink(options: link)
    let challenge = try await operatorLink.post(
      "/v1/admin/cards/challenge", CardChallengeRequest(person: person), as: CardChallenge.self)
    printError(say("登録する職員: ", "registering for: ") + "\(challenge.person) \(Rows.visible(challenge.displayName))")
    let preimage = EnrolmentPreimage(nonce: Array(challenge.nonce), person: challenge.person, slot: self.slot)
    let digest = Array(SHA256.hash(data: Data(preimage.canonicalBytes)))
    let pin = slot == .authentication ? try readPIN() : nil
    let evidence = try await prove(slot, digest, pin)
    let answer = try await operatorLink.post(
      "/v1/admin/cards",
      CardEnrolment(
        person: challenge.person, segment: segment, profile: "piv", slot: self.slot, nonce: challenge.nonce,
        certificate: Data(evidence.certificate),
        algorithm: evidence.algorithm == .p256 ? "ecdsa-p256-sha256" : "rsa-pkcs1-sha256",
        signature: Data(evidence.signature), refusedWithoutPIN: evidence.proofClass == .publicKeyWithPIN),
      as: CardSummary.self)
    try operatorLink.show(answer, CardCommand.line)
  }

  private func readPIN() throws -> Secret<PIN> {
    let typed = try TerminalSecret.read(prompt: say("暗証番号（PIN）: ", "PIN: "), descriptor: pinFd)
    return typed.withBytes { Secret<PIN>(copying: $0) }
  }

  private func prove(_ slot: PIVSlot, _ digest: [UInt8], _ pin: Secret<PIN>?) async throws -> PIVSlotEvidence {
    let outcome: PIVEnrolmentOutcome
    do {
      outcome = try await CardReaders.withCard(
        reader: reader.map { .named($0) } ?? .onlyPIVCard, deadline: .seconds(20)
      ) { (channel) throws(CardFailure) in
        var card = PIVCard(channel: channel)
        return try card.proveSlot(slot, digest: digest, pin: pin)
      }
    } catch {
      throw fail(74, "カードを使えませんでした: \(error)", "the card could not be used: \(error)")
    }
    switch outcome {
    case .proven(let evidence): return evidence
    case .wrongPIN(let tries): throw fail(65, "暗証番号（PIN）が違います。残り \(tries) 回。", "wrong PIN; \(tries) tries left")
    case .pinBlocked: throw fail(65, "カードの暗証番号（PIN）が止まっています。解除してください。", "the card's PIN is blocked; unblock it")
    }
  }
}
