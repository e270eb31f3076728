import SmartCard
import Testing
import Workstation

@Suite("which way is gone")
struct FactorPlanTests {
  private let both: Set<PIVSlot> = [.authentication, .cardAuthentication]

  @Test("the policy's first usable offer is taken, in its order")
  func order() throws {
    let plan = try FactorPlan(
      offered: [["card", "palm"], ["card", "password"], ["card", "pin"]], FactorChoice(), slots: both)
    #expect(plan == (try FactorPlan(offered: [["card", "password"]], FactorChoice(), slots: both)))
    #expect(plan.slot == .authentication && plan.needsPIN && plan.needsPassword)
  }

  @Test("a wish chooses among the offers and never beyond them")
  func wish() throws {
    let offers = [["card", "password"], ["card", "pin"]]
    #expect(try FactorPlan(offered: offers, FactorChoice(wish: .cardAndPIN), slots: both).slot == .authentication)
    #expect(throws: AgentFault.noUsableCombination(offered: [["card", "pin"]])) {
      _ = try FactorPlan(offered: [["card", "pin"]], FactorChoice(wish: .cardAndPassword), slots: both)
    }
  }

  @Test("the PIN's key signs wherever the card has it; the key for cards alone when it is the only one, or asked for")
  func fallback() throws {
    let offers = [["card", "password"]]
    let alone = try FactorPlan(offered: offers, FactorChoice(), slots: [.authentication])
    #expect(alone.slot == .authentication && alone.needsPIN && alone.needsPassword)
    #expect(try FactorPlan(offered: offers, FactorChoice(), slots: both) == alone)
    let cardOnly = try FactorPlan(offered: offers, FactorChoice(), slots: [.cardAuthentication])
    #expect(cardOnly.slot == .cardAuthentication && !cardOnly.needsPIN && cardOnly.needsPassword)
    #expect(try FactorPlan(offered: offers, FactorChoice(), slots: both, slot: .cardAuthentication) == cardOnly)
  }

  @Test("a key the card lacks, an unknown factor, an empty offer")
  func none() {
    for offers in [[], [[]], [["card", "dna"]], [["pin"]], [["card", "card", "code"]]] as [[[String]]] {
      #expect(throws: AgentFault.noUsableCombination(offered: offers)) {
        _ = try FactorPlan(offered: offers, FactorChoice(), slots: both)
      }
    }
    #expect(throws: AgentFault.self) {
      _ = try FactorPlan(offered: [["card", "pin"]], FactorChoice(), slots: both, slot: .cardAuthentication)
    }
    #expect(throws: AgentFault.self) {
      _ = try FactorPlan(offered: [["card", "pin"]], FactorChoice(), slots: [.cardAuthentication])
    }
  }

  @Test("without a sensor ways with a palm are passed over; with one the policy's order counts")
  func sensor() throws {
    let offers = [["card", "palm"], ["card", "password"]]
    let without = try FactorPlan(offered: offers, FactorChoice(), slots: both)
    #expect(without.needsPassword && !without.needsPalm)
    let with = try FactorPlan(offered: offers, FactorChoice(hasSensor: true), slots: both)
    #expect(with.needsPalm && with.needsPIN && !with.needsPassword && with.slot == .authentication)
    let contactless = try FactorPlan(offered: offers, FactorChoice(hasSensor: true), slots: [.cardAuthentication])
    #expect(contactless.needsPalm && !contactless.needsPIN)
    #expect(try !FactorPlan(offered: offers.reversed(), FactorChoice(hasSensor: true), slots: both).needsPalm)
  }

  @Test("a wish for the palm, for card and palm, and wishes that must not bring a palm along")
  func palmWish() throws {
    let offers = [["card", "password"], ["palm"], ["card", "password", "palm"], ["card", "palm"], ["card", "pin"]]
    func plan(_ wish: FactorWish, isUnlock: Bool = true) throws -> FactorPlan {
      try FactorPlan(offered: offers, FactorChoice(wish: wish, hasSensor: true, isUnlock: isUnlock), slots: both)
    }
    #expect(try plan(.palm).slot == nil && plan(.palm).needsPalm)
    #expect(try plan(.cardAndPalm).needsPalm && plan(.cardAndPalm).needsPassword)
    #expect(try !plan(.cardAndPassword).needsPalm && !plan(.cardAndPIN).needsPalm)
    #expect(throws: AgentFault.noUsableCombination(offered: offers)) { _ = try plan(.palm, isUnlock: false) }
  }

  @Test(
    "no card is needed only where the palm alone is the first way that can be gone, at an unlock",
    arguments: [
      ([["palm"], ["card", "password"]], true, true, true), ([["palm"], ["card", "password"]], true, false, false),
      ([["palm"], ["card", "password"]], false, true, false), ([["card", "password"], ["palm"]], true, true, false),
      ([["dna"], ["palm"]], true, true, true), ([["palm", "pin"]], true, true, false), ([], true, true, false),
    ])
  func palmAlone(offers: [[String]], hasSensor: Bool, isUnlock: Bool, expected: Bool) {
    let plan = FactorPlan(withoutCard: offers, FactorChoice(hasSensor: hasSensor, isUnlock: isUnlock))
    #expect((plan != nil) == expected)
    if let plan { #expect(plan.slot == nil && !plan.needsPIN && !plan.needsPassword && plan.needsPalm) }
  }
}
