/// How a shared-key card is asked, step by step: written by an integrator, driven by the vault.
///
/// A script is bounded (rounds, steps, bytes), knows only the steps of its kind, and proves something or is none: the
/// initialiser takes no other. It contains no key.
public struct CardScript: Hashable, Sendable {
  /// Trips between vault and card.
  public static let mostRounds = 4
  /// Commands of one trip.
  public static let mostSteps = 8
  public static let longestName = 40

  /// `a-z 0-9 -`, at most 48; the name of its file.
  public let id: String
  public let nameJa: String
  public let nameEn: String
  public let kind: SharedKeyCardKind
  public let proof: ProofClass
  public let diversification: CardDiversification
  /// The oldest chip that may answer.
  public let generation: String
  /// Sorted, each once. What an agent lets through is this and the ceiling of the kind.
  public let commands: [CardCommandCode]
  public let rounds: [[ScriptStep]]

  /// Throws for a script with any flaw (`flaws`), and for names and lists beyond their limits.
  public init(
    id: String, nameJa: String, nameEn: String, kind: SharedKeyCardKind, proof: ProofClass,
    diversification: CardDiversification, generation: String, commands: [CardCommandCode], rounds: [[ScriptStep]]
  ) throws(MalformedInput) {
    try Self.checkID(id)
    for name in [nameJa, nameEn] {
      guard (1...Self.longestName).contains(name.unicodeScalars.count), name.unicodeScalars.allSatisfy(VisibleText.shows) else {
        throw MalformedInput("card script", expected: "names of 1 to \(Self.longestName) visible characters")
      }
    }
    guard (1...Self.mostRounds).contains(rounds.count), rounds.allSatisfy({ (1...Self.mostSteps).contains($0.count) }) else {
      throw MalformedInput("card script", expected: "1 to \(Self.mostRounds) rounds of 1 to \(Self.mostSteps) steps")
    }
    self.id = id
    self.nameJa = nameJa
    self.nameEn = nameEn
    self.kind = kind
    self.proof = proof
    self.diversification = diversification
    self.generation = generation
    self.commands = commands
    self.rounds = rounds
    guard commands == Set(commands).sorted(), flaws.isEmpty else {
      throw MalformedInput("card script", expected: "steps that prove something and nothing beyond their kind")
    }
  }

  public static func checkID(_ text: String) throws(MalformedInput) {
    let letters = text.utf8.allSatisfy { unit in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit)
        || unit == UInt8(ascii: "-")
    }
    guard (1...48).contains(text.utf8.count), letters else {
      throw MalformedInput("card script", expected: "1 to 48 of a-z 0-9 -")
    }
  }

  /// Bytes of the city's key that the script is driven with.
  public var keyLength: Int { diversification == .liteSCardKey ? 24 : 16 }

  /// Whether the card's counter is read, so that a copy of it can be found out.
  public var readsCounter: Bool { rounds.joined().contains { $0.answer.contains(.counter) } }

  /// What is wrong with it; empty for every script there is.
  var flaws: [CardScriptFlaw.Found] {
    Self.flaws(
      kind: kind, proof: proof, diversification: diversification, generation: generation, commands: commands, rounds: rounds)
  }
}
