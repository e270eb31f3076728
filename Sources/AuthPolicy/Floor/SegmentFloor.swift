import AuthTerms

/// What no policy file may go below (docs/policy.md, "The floor").
enum SegmentFloor {
  /// The weakest proof class a segment may be content with; below it only `identifier`, under its waiver.
  static func weakestProof(_ segment: Segment) -> ProofClass { segment == .mynumber ? .publicKey : .symmetric3DES }

  /// Refuses what goes below, and marks what only a waiver holds up.
  ///
  /// - Parameter waivers: names that stand in the file; whether one is in force is asked at each decision.
  static func check(
    _ sets: [AcceptedLine], _ scenario: Scenario, people: Set<String>, waivers: Set<WaiverName>, _ log: FaultLog
  ) {
    for set in sets {
      let (factors, position) = (set.factors, set.position)
      let named = FaultDetail(expected: Bilingual(same: name(factors)))
      if factors.contains(.pin), !factors.contains(.card) { log.add(.pinWithoutCard, position, named) }
      switch scenario {
      case .unlock:
        // NIST SP 800-63B-4 §2.2.3: within the session, a password or a biometric with the session secret. The session key
        // is always asked for; a possession beside it adds nothing that an absent person could not leave behind.
        if !kinds(factors).contains(where: { $0 != .have }) { log.add(.unlockByPossession, position, named) }
      default:
        if !factors.contains(.card), !factors.contains(.code) { log.add(.noPossession, position, named) }
        if kinds(factors).count < 2 {
          // Paper is found, photographed and read over a shoulder: whatever waiver holds, it never lets in by itself.
          if !waivers.contains(.introductionPhase) {
            log.add(.oneKind, position, named)
          } else if factors.contains(.code) {
            log.add(.codeAlone, position, named)
          }
        }
      }
    }
    for set in sets where set.factors.contains(.palm) {
      // Always a way for people whose palm cannot be enrolled (NIST SP 800-63B-4 §3.2.3), of equal assurance: as many kinds,
      // and two where three are asked, because there is no third without a body and no level above two that we could tell.
      // For the same people: somebody who is only in one of the line's groups must find it too.
      let needed = min(2, kinds(set.factors).count)
      let others = sets.filter { !$0.factors.contains(.palm) && kinds($0.factors).count >= needed }
      let audience = set.groups.isEmpty ? people : set.groups
      let isServed = audience.allSatisfy { group in others.contains { $0.groups.isEmpty || $0.groups.contains(group) } }
      if others.isEmpty || !isServed {
        log.add(.palmWithoutAlternative, set.position, FaultDetail(expected: Bilingual(same: name(set.factors))))
      }
    }
  }

  static func needs(_ factors: FactorSet, _ scenario: Scenario) -> WaiverName? {
    scenario != .unlock && kinds(factors).count < 2 ? .introductionPhase : nil
  }

  static func kinds(_ factors: FactorSet) -> Set<FactorKind> { Set(factors.map(\.kind)) }

  static func name(_ factors: FactorSet) -> String { factors.sorted().map(\.rawValue).joined(separator: " + ") }
}
