import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Workstation

enum CardProfileName: String, ExpressibleByArgument, CaseIterable { case piv, jpki }

/// `sanmon card enrol` with a My Number Card. Only its user-authentication certificate is read.
extension CardEnrol {
  /// What was named, or else what lies there: a card without PIV that is a My Number Card. Nothing is read to find that out.
  func isPersonal() async -> Bool {
    if let profile { return profile == .jpki }
    let cards = ReaderCards(reader: reader)
    do throws(CardFailure) {
      _ = try await cards.view()
      return false
    } catch {
      // Whatever else is wrong is said by who tries to use the card.
      guard error.mayBeAnotherKind else { return false }
      return (try? await cards.jpkiCard(isTaken: false)) != nil
    }
  }

  func enrolPersonal(_ challenge: CardChallenge, over operatorLink: OperatorLink) async throws {
    let view: JPKICardView
    do throws(CardFailure) { view = try await ReaderCards(reader: reader).jpkiCard(isTaken: true) } catch {
      throw fail(74, "カードを使えませんでした: \(error)", "the card could not be used: \(error)")
    }
    guard view.triesLeft > 0 else { throw Self.blocked() }
    if view.triesLeft == 1 {
      printError(
        say(
          "注意: 暗証番号（PIN）の残りは 1 回です。間違えると、住民窓口で再設定するまで使えません。",
          "careful: one try is left; after a wrong PIN only a residents' counter can reset it"))
    }
    let typed = try TerminalSecret.read(
      prompt: say("利用者証明用の暗証番号（PIN、数字4桁）: ", "PIN for user authentication (4 digits): "), descriptor: pinFd)
    let pin = typed.withBytes { Secret<PIN>(copying: $0) }
    guard JPKIPINRule.accepts(pin) else {
      throw fail(65, "暗証番号（PIN）は4桁の数字です。カードには送っていません。", "the PIN is 4 digits; nothing was sent to the card")
    }
    let preimage = EnrolmentPreimage(
      nonce: Array(challenge.nonce), person: challenge.person, slot: JPKIProfile.name, guid: [], card: "")
    let evidence = try await prove(view, pin, PIVAlgorithm.rsa2048.digest(of: preimage.canonicalBytes))
    let answer = try await operatorLink.post(
      "/v1/admin/cards",
      CardEnrolment(
        person: challenge.person, segment: segment, profile: JPKIProfile.name, slot: JPKIProfile.name, nonce: challenge.nonce,
        certificate: Data(evidence.certificate), algorithm: JPKIProfile.algorithm, signature: Data(evidence.signature),
        refusedWithoutPIN: evidence.refusedWithoutPIN, guid: nil, card: nil),
      as: CardSummary.self)
    try operatorLink.show(answer, CardCommand.line)
  }

  private func prove(_ view: JPKICardView, _ pin: Secret<PIN>, _ digest: [UInt8]) async throws -> JPKIEvidence {
    let outcome: JPKIEnrolmentOutcome
    do {
      outcome = try await CardReaders.withCard(reader: .named(view.reader), deadline: .seconds(20)) {
        (channel) throws(CardFailure) in
        var card = JPKICard(channel: channel)
        return try card.prove(seen: view.certificate, pin: pin, digest: digest)
      }
    } catch {
      throw fail(74, "カードを使えませんでした: \(error)", "the card could not be used: \(error)")
    }
    switch outcome {
    case .proven(let evidence): return evidence
    case .otherCard:
      throw fail(
        65, "途中でカードが入れ替わりました。番号は送っていません。はじめからやり直してください。",
        "the card was exchanged halfway; no PIN was sent. Start again")
    case .wrongPIN(let tries): throw fail(65, "暗証番号（PIN）が違います。残り \(tries) 回。", "wrong PIN; \(tries) tries left")
    case .pinBlocked: throw Self.blocked()
    }
  }

  private static func blocked() -> any Error {
    fail(
      65, "マイナンバーカードの利用者証明用の暗証番号（PIN）が止まっています。住民登録のある市区町村の窓口で再設定を受けてください。",
      "the PIN for user authentication is blocked; the municipality where the holder lives resets it")
  }
}
