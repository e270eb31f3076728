import AuthTerms
public import SmartCard

/// Which way the person asked to go.
public enum FactorWish: String, Sendable, CaseIterable {
  case cardAndPIN = "card+pin"
  case cardAndPassword = "card+password"
  case cardAndPalm = "card+palm"
  /// At an unlock, beside the session's key.
  case palm
  /// A printed one-time code in the place of the card.
  case codeAndPassword = "code+password"
  case codeAndPalm = "code+palm"

  func allows(_ way: Set<Factor>) -> Bool {
    switch self {
    case .cardAndPIN: way.contains(.pin) && way.isDisjoint(with: [.password, .palm])
    case .cardAndPassword: way.contains(.password) && !way.contains(.palm)
    case .cardAndPalm: way.isSuperset(of: [.card, .palm])
    case .palm: way == [.palm]
    case .codeAndPassword: way == [.code, .password]
    case .codeAndPalm: way == [.code, .palm]
    }
  }

  var namesPalm: Bool { self == .cardAndPalm || self == .palm || self == .codeAndPalm }
  var namesCode: Bool { self == .codeAndPassword || self == .codeAndPalm }
  /// The same with what stands in the palm's place; nil: whatever is offered.
  var withoutPalm: FactorWish? { self == .codeAndPalm ? .codeAndPassword : nil }
}

/// What a workstation may show in one ceremony.
public struct FactorChoice: Sendable, Equatable {
  public var wish: FactorWish?
  public var hasSensor: Bool
  /// Whether the session's key takes part.
  public var isUnlock: Bool

  public init(wish: FactorWish? = nil, hasSensor: Bool = false, isUnlock: Bool = false) {
    self.wish = wish
    self.hasSensor = hasSensor
    self.isUnlock = isUnlock
  }

  /// Of what the server offers, in its order: what can be shown here. Names this agent does not know make a set unusable.
  func ways(_ offered: [[String]]) -> [Set<Factor>] {
    offered.compactMap { names in
      let way = Set(names.compactMap(Factor.init(rawValue:)))
      // The server looks at nothing before a card, a code or the session's key. A code is used by who says so alone: it is the
      // exception, and whoever has a card is not asked for it.
      guard way.count == names.count, way.contains(.code) == (wish?.namesCode ?? false),
        way.contains(.card) || way.contains(.code) || (isUnlock && way == [.palm]),
        hasSensor || !way.contains(.palm), wish?.allows(way) ?? true
      else { return nil }
      return way
    }
  }
}

/// What will be asked for and which key of the card will sign.
public struct FactorPlan: Sendable, Equatable {
  /// Nil: no card is looked at.
  public let slot: PIVSlot?
  public let needsPIN: Bool
  public let needsPassword: Bool
  public let needsPalm: Bool
  /// A printed code, and no card.
  public let needsCode: Bool

  /// The palm alone or a printed code, if that is the first way that can be gone: then no card is waited for.
  public init?(withoutCard offered: [[String]], _ choice: FactorChoice) {
    guard let way = choice.ways(offered).first, way == [.palm] || way.contains(.code) else { return nil }
    self.init(
      slot: nil, needsPIN: false, needsPassword: way.contains(.password), needsPalm: way.contains(.palm),
      needsCode: way.contains(.code))
  }

  /// Chooses among what the server offers. Without a wish the first offer that can be gone is taken: the policy's order counts.
  ///
  /// - Parameters:
  ///   - offered: sets of factor names.
  ///   - slots: the keys the card has.
  ///   - slot: a key the caller insists on.
  public init(
    offered: [[String]], _ choice: FactorChoice, slots: Set<PIVSlot>, slot: PIVSlot? = nil
  ) throws(AgentFault) {
    for way in choice.ways(offered) {
      guard way.contains(.card) else {
        self = .palmAlone
        return
      }
      // 9A wherever the card has it: it is the key that the desk registers unless told otherwise, and the only one that a
      // segment with `card.proof: pk-pin` accepts. Who registered 9E alone says so with `slot`.
      let fitting: PIVSlot =
        if way.contains(.pin) {
          .authentication
        } else {
          slot ?? (slots.contains(.authentication) ? .authentication : .cardAuthentication)
        }
      guard slots.contains(fitting), slot == nil || slot == fitting else { continue }
      self.init(
        slot: fitting, needsPIN: fitting == .authentication, needsPassword: way.contains(.password),
        needsPalm: way.contains(.palm))
      return
    }
    throw .noUsableCombination(offered: offered)
  }

  /// With a shared-key card, or one known by its number, which have no PIN: the first way without one; nil if every way asks
  /// for it.
  ///
  /// - Returns: whether the card takes part besides.
  public static func withSharedKeyCard(
    offered: [[String]], _ choice: FactorChoice
  ) -> (plan: FactorPlan, hasCard: Bool)? {
    guard let way = choice.ways(offered).first(where: { !$0.contains(.pin) }) else { return nil }
    let plan = FactorPlan(
      slot: nil, needsPIN: false, needsPassword: way.contains(.password), needsPalm: way.contains(.palm))
    return (plan, way.contains(.card))
  }

  /// With a My Number Card, whose key signs after its PIN and never without: the first way with a card. The server says what the
  /// key counts for.
  ///
  /// - Returns: nil where no way can be gone; and whether the card takes part.
  public static func withMyNumberCard(
    offered: [[String]], _ choice: FactorChoice
  ) -> (plan: FactorPlan, hasCard: Bool)? {
    guard let way = choice.ways(offered).first else { return nil }
    guard way.contains(.card) else { return (FactorPlan.palmAlone, false) }
    let plan = FactorPlan(
      slot: nil, needsPIN: true, needsPassword: way.contains(.password), needsPalm: way.contains(.palm))
    return (plan, true)
  }

  private static let palmAlone = FactorPlan(slot: nil, needsPIN: false, needsPassword: false, needsPalm: true)

  private init(slot: PIVSlot?, needsPIN: Bool, needsPassword: Bool, needsPalm: Bool, needsCode: Bool = false) {
    self.slot = slot
    self.needsPIN = needsPIN
    self.needsPassword = needsPassword
    self.needsPalm = needsPalm
    self.needsCode = needsCode
  }
}
