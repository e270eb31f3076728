import AuthTerms
public import SmartCard

/// Which way the person asked to go.
public enum FactorWish: String, Sendable, CaseIterable {
  case cardAndPIN = "card+pin"
  case cardAndPassword = "card+password"
}

/// What will be asked for and which key of the card will sign.
public struct FactorPlan: Sendable, Equatable {
  public let slot: PIVSlot
  public let needsPIN: Bool
  public let needsPassword: Bool

  /// Chooses among what the server offers. Without a wish the first offer that can be gone is taken: the policy's order counts.
  ///
  /// - Parameters:
  ///   - offered: sets of factor names; names this agent does not know make a set unusable.
  ///   - slots: the keys the card has.
  ///   - slot: a key the caller insists on.
  public init(
    offered: [[String]], wish: FactorWish?, slots: Set<PIVSlot>, slot: PIVSlot? = nil
  ) throws(AgentFault) {
    for names in offered {
      let factors = Set(names.compactMap(Factor.init(rawValue:)))
      // Palm and look-up code cannot be captured here, and the server looks at nothing before a card.
      guard factors.count == names.count, factors.contains(.card), factors.isSubset(of: [.card, .pin, .password]) else {
        continue
      }
      let needsPassword = factors.contains(.password)
      switch wish {
      case .cardAndPIN where !factors.contains(.pin) || needsPassword: continue
      case .cardAndPassword where !needsPassword: continue
      default: break
      }
      // 9A wherever the card has it: it is the key that the desk registers unless told otherwise, and the only one that a
      // segment with `card.proof: pk-pin` accepts. Who registered 9E alone says so with `slot`.
      let fitting: PIVSlot? =
        if factors.contains(.pin) {
          .authentication
        } else {
          slot ?? (slots.contains(.authentication) ? .authentication : .cardAuthentication)
        }
      guard let fitting, slots.contains(fitting), slot == nil || slot == fitting else { continue }
      self.slot = fitting
      needsPIN = fitting == .authentication
      self.needsPassword = needsPassword
      return
    }
    throw .noUsableCombination(offered: offered)
  }
}
