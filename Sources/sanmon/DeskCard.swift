import AuthAPI
import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Workstation

/// A card on the reader of a desk: shows what one of its keys is worth, over bytes that name what the signature is for.
enum DeskCard {
  static func readPIN(_ descriptor: Int32?) throws -> Secret<PIN> {
    let typed = try TerminalSecret.read(prompt: say("暗証番号（PIN）: ", "PIN: "), descriptor: descriptor)
    return typed.withBytes { Secret<PIN>(copying: $0) }
  }

  /// One visit to the card.
  /// - Parameters:
  ///   - pin: `nil` only for a slot that asks none.
  ///   - bytes: what is signed, told the card's own number.
  /// - Throws: an exit code, said already, if the card cannot be used, or refuses the PIN.
  static func prove(
    _ slot: PIVSlot, reader: String?, pin: Secret<PIN>?, signing bytes: @escaping @Sendable (CardGUID?) -> [UInt8]
  ) async throws -> (PIVSlotEvidence, CardGUID?) {
    let outcome: PIVEnrolmentOutcome
    let guid: CardGUID?
    do {
      (outcome, guid) = try await CardReaders.withCard(
        reader: reader.map { .named($0) } ?? .onlyPIVCard, deadline: .seconds(20)
      ) { (channel) throws(CardFailure) in
        var card = PIVCard(channel: channel)
        let guid = try card.ownNumber()
        return (try card.proveSlot(slot, pin: pin) { $0.digest(of: bytes(guid)) }, guid)
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

  static func algorithm(_ evidence: PIVSlotEvidence) -> String {
    evidence.algorithm.scheme.rawValue
  }
}
