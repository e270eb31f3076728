import AuthTerms

/// What the proofs of a ceremony amount to, before any rule is asked.
struct Shown {
  private(set) var cards: [(id: CardID, proofClass: ProofClass, state: CardState)] = []
  private(set) var sessionKeys: Set<SessionID> = []
  private var hasPassword = false
  private var hasCode = false
  /// The thresholds that palms met, as powers of ten.
  private var palms: [Int] = []
  /// What the segment asks of them.
  private let rates: PalmRates

  init(_ proofs: [Proof], rates: PalmRates) {
    self.rates = rates
    for proof in proofs {
      switch proof {
      case .card(let id, let proofClass, let state): cards.append((id, proofClass, state))
      case .password: hasPassword = true
      case .palm(let exponent): palms.append(exponent)
      case .code: hasCode = true
      case .sessionKey(let id): sessionKeys.insert(id)
      }
    }
  }

  /// Anything that says who it is; a session key speaks for a session.
  var namesPerson: Bool { !cards.isEmpty || hasPassword || hasCode || !palms.isEmpty }

  /// Only one card is looked at in a ceremony; `Evaluator` refuses more.
  var proofClass: ProofClass? { cards.first?.proofClass }

  /// What counts, given what the person has: a proof of something that is not registered is not believed.
  func factors(_ registered: AuthenticatorFacts, identifierCounts: Bool) -> FactorSet {
    var factors: FactorSet = []
    if let proofClass {
      if proofClass > .identifier || identifierCounts { factors.insert(.card) }
      if proofClass == .publicKeyWithPIN { factors.insert(.pin) }
    }
    if hasPassword, registered.hasPassword { factors.insert(.password) }
    if hasCode { factors.insert(.code) }
    if registered.hasPalm, palms.contains(where: { $0 >= rates.besideAnother }) { factors.insert(.palm) }
    return factors
  }

  /// Whether the palm was compared strictly enough for the combination it is used in.
  func isPalmStrict(for combination: FactorSet) -> Bool {
    guard combination.contains(.palm) else { return true }
    let needed = SegmentFloor.kinds(combination).count < 2 ? rates.alone : rates.besideAnother
    return palms.contains { $0 >= needed }
  }
}
