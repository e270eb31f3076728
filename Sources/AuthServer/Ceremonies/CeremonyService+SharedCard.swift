import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage
import VaultLink

/// A shared-key card in a ceremony: the workstation carries, the vault asks and judges, and what is kept here binds the two to
/// this ceremony, workstation and session keys.
extension CeremonyService {
  /// What a workstation of this segment needs to carry an exchange; nil where none would count.
  func cardScripts(_ segment: Segment) -> [Data]? {
    let files = services.policy.files
    guard let floor = files.policy.cardFloor(segment) else { return nil }
    let scripts = files.cards.scripts(reaching: floor)
    return scripts.isEmpty ? nil : scripts.map { Data($0.canonicalBytes) }
  }

  /// One round. A card that was refused leaves the ceremony open for another exchange, three in all; a copy does not.
  func show(_ id: CeremonyID, _ message: CardRoundMessage, _ caller: Caller) async throws -> CardRoundAnswer {
    let now = services.surroundings.now()
    let (workstation, redeemed) = try await redeem(id, caller, now)
    var ceremony = redeemed
    if let failure = Self.adopt(message.sessionKeys, in: &ceremony) {
      throw try await refuse(failure, workstation, ceremony, caller, now)
    }
    guard ceremony.shown == nil, ceremony.code == nil else {
      let failure = CardRefusal(code: .proofReplayed, note: "a second card proof in one ceremony")
      throw try await refuse(failure, workstation, ceremony, caller, now)
    }
    let (script, card): (CardScript, SharedCardPreimage)
    let answer: CardExchangeAnswer
    do {
      if let answers = message.answers {
        let open = try Self.waiting(for: message, answers, in: ceremony)
        (script, card) = (open.script, open.card)
        ceremony.exchange = nil
        answer = try await services.vault.stepCard(exchange: open.handle, answers: answers.map { Array($0) })
      } else {
        (script, card) = try beginning(message, in: &ceremony)
        answer = try await services.vault.beginCard(script: script.canonicalBytes, number: card.number)
      }
    } catch let failure as CardRefusal {
      throw try await refuse(failure, workstation, ceremony, caller, now)
    } catch let fault as VaultFault {
      throw try await refuse(fault, workstation, ceremony, caller, now)
    }
    switch answer.outcome {
    case .commands(let commands):
      ceremony.exchange = OpenCardExchange(handle: answer.exchange, script: script, card: card)
      services.ceremonies.resume(ceremony)
      return CardRoundAnswer(commands: commands.map { Data($0) }, isProven: false)
    case .proven:
      ceremony.shown = VerifiedCard(key: card.fingerprint, slot: script.kind.name, exchangeClass: script.proof)
      services.ceremonies.resume(ceremony)
      return CardRoundAnswer(commands: nil, isProven: true)
    case .refused(let word, let status):
      throw try await refuse(SharedCardRefusal(script, card, word, status), workstation, ceremony, caller, now)
    }
  }

  private func beginning(
    _ message: CardRoundMessage, in ceremony: inout OpenCeremony
  ) throws(CardRefusal) -> (CardScript, SharedCardPreimage) {
    guard let script = services.policy.cards[message.profile],
      let card = try? SharedCardPreimage(kind: script.kind, number: Array(message.number))
    else { throw CardRefusal(code: .proofMalformed, note: "no file of this card, or a number of another kind") }
    guard ceremony.exchangesBegun < OpenCardExchange.most else {
      throw CardRefusal(code: .proofContextMismatch, note: "more than \(OpenCardExchange.most) cards in one ceremony")
    }
    ceremony.exchangesBegun += 1
    ceremony.exchange = nil
    return (script, card)
  }

  private static func waiting(
    for message: CardRoundMessage, _ answers: [Data], in ceremony: OpenCeremony
  ) throws(CardRefusal) -> OpenCardExchange {
    guard let open = ceremony.exchange, open.script.id == message.profile, open.card.number == Array(message.number) else {
      throw CardRefusal(code: .proofContextMismatch, note: "answers of a card that this ceremony did not ask")
    }
    guard answers.count <= CardScript.mostSteps, answers.allSatisfy({ $0.count <= CardExchangeAnswer.longest }) else {
      throw CardRefusal(code: .proofMalformed, note: "more answers, or longer ones, than a card gives")
    }
    return open
  }

  private func refuse(
    _ failure: CardRefusal, _ workstation: WorkstationRecord, _ ceremony: OpenCeremony, _ caller: Caller, _ now: Moment
  ) async throws -> Refusal {
    try await refuse(
      failure.code, workstation, caller, now, scenario: ceremony.scenario, note: failure.note, counts: true)
  }

  /// The exchange said no.
  private func refuse(
    _ refusal: SharedCardRefusal, _ workstation: WorkstationRecord, _ ceremony: OpenCeremony, _ caller: Caller, _ now: Moment
  ) async throws -> Refusal {
    // The counter stands under the card's own key: whose card it is, is known here, and nowhere else before a proof.
    var card: RegisteredCard?
    if refusal.isClone {
      let key = refusal.card
      card = try await services.store.lookUp { (state) throws(StorageFault) in try state.card(key: key) }
    }
    let answer = try await refuse(
      refusal.code, workstation, caller, now, scenario: ceremony.scenario, note: refusal.note, counts: true, card: card)
    if !refusal.isClone, ceremony.exchangesBegun < OpenCardExchange.most { services.ceremonies.resume(ceremony) }
    return answer
  }

  /// The vault was not asked, did not answer, or has nothing to ask the card with. Counts against nobody.
  private func refuse(
    _ fault: VaultFault, _ workstation: WorkstationRecord, _ ceremony: OpenCeremony, _ caller: Caller, _ now: Moment
  ) async throws -> Refusal {
    let (code, note) = SharedCardRefusal.cause(fault)
    let answer = try await refuse(code, workstation, caller, now, scenario: ceremony.scenario, note: note)
    return code == .vaultUnavailable ? Refusal(code, reference: answer.reference) : answer
  }
}

/// Why an exchange with a shared-key card ended in "no", for a row.
struct SharedCardRefusal: Sendable {
  let card: KeyFingerprint
  let word: String
  let note: String

  init(_ script: CardScript, _ card: SharedCardPreimage, _ word: String, _ status: UInt16?) {
    self.card = card.fingerprint
    self.word = word
    let said = status.map { " " + Hex.encode([UInt8($0 >> 8), UInt8($0 & 0xFF)]) } ?? ""
    note = "\(script.id): \(word)\(said), card \(card.fingerprint.hex.prefix(16))"
  }

  var isClone: Bool { word == "clone-suspected" }
  var code: DenialCode { isClone ? .cardCloneSuspected : .cardNotProven }

  /// - Returns: `vaultUnavailable` for what is the vault's and not the card's.
  static func cause(_ fault: VaultFault) -> (DenialCode, String) {
    guard case .refused(let refusal) = fault else { return (.vaultUnavailable, "the vault does not answer") }
    let code: DenialCode =
      switch refusal.code {
      case .cardScriptMalformed, .cardKeyMissing, .cardScriptOther, .cardExchangeUnknown: .cardNotProven
      case .cardPaused, .cardsTooMany: .throttled
      default: .vaultUnavailable
      }
    return (code, refusal.code.rawValue)
  }
}

extension SharedCardPreimage {
  var fingerprint: KeyFingerprint {
    guard let key = try? KeyFingerprint(parsing: Array(SHA256.hash(data: canonicalBytes))) else {
      // Cannot happen: SHA-256 has 32 bytes.
      preconditionFailure("a SHA-256 hash has 32 bytes")
    }
    return key
  }
}
