import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// For which card scripts the vault keeps a city's key; never a key.
  func cardKeys() async throws -> [VaultCardKeySummary] {
    let cards = try await registeredKeys()
    return try await VaultAnswers.ask { try await services.vault.listCardKeys() }.map { key in
      VaultCardKeySummary(
        script: key.script, version: Int64(key.version), setAt: key.setAt, cards: Int64(cards[key.script] ?? 0))
    }
  }

  /// How many keys of cards that may come back there are, by their profiles.
  private func registeredKeys() async throws -> [String: Int] {
    var counts: [String: Int] = [:]
    var last: KeyFingerprint?
    while true {
      let page = try await services.store.read { [last] (state) throws(StorageFault) in
        try state.cardKeys(after: last, limit: VaultCard.mostAtOnce)
      }
      for card in page where !card.state.isFinal { counts[card.profile, default: 0] += 1 }
      guard page.count == VaultCard.mostAtOnce, let end = page.last else { return counts }
      last = end.key
    }
  }

  /// Takes a city's key away: nobody gets in with such a card from then on. Both who sign have said how many that are.
  func removeCardKey(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.removeCardKey, by: acting)
    let script = act.act.parameters["script"] ?? ""
    try CardScript.checkID(script)
    guard let key = try await cardKeys().first(where: { $0.script == script }) else { throw HTTPFault.notFound }
    try await record(Act.Kind.removeCardKey, act, by: acting) { $0.note = "\(script), registered \(key.cards)" }
    try await VaultAnswers.ask { try await services.vault.removeCardKey(act, cards: UInt64(clamping: key.cards)) }
  }

  /// Carries a city's key, sealed to the vault, and the act that sets it.
  func setCardKey(_ message: VaultCardKeyAct, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.setCardKey, by: acting)
    let script = act.act.parameters["script"] ?? ""
    try CardScript.checkID(script)
    try await record(Act.Kind.setCardKey, act, by: acting) { $0.note = script }
    try await VaultAnswers.ask { try await services.vault.setCardKey(act, sealed: Array(message.sealed)) }
  }
}
