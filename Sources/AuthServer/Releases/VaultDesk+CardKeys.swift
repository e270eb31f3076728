import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// For which card scripts the vault keeps a city's key; never a key.
  func cardKeys() async throws -> [VaultCardKeySummary] {
    try await VaultAnswers.ask { try await services.vault.listCardKeys() }.map { key in
      VaultCardKeySummary(script: key.script, version: Int64(key.version), setAt: key.setAt)
    }
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
