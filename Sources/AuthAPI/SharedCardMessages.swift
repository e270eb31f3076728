public import FoundationEssentials

/// Body of `POST /v1/ceremonies/{ceremony}/card`: one round of the exchange between the vault and a shared-key card.
public struct CardRoundMessage: Codable, Sendable {
  /// Name of the card's file (`CardScript.id`).
  public var profile: String
  /// What the reader says the card's number is: 7 or 8 bytes.
  public var number: Data
  /// Of the card, one for each command of the round before, at most 8; absent to begin.
  public var answers: [Data]?
  /// The same in each round, and in the proofs after it.
  public var sessionKeys: SessionKeys

  public init(profile: String, number: Data, answers: [Data]?, sessionKeys: SessionKeys) {
    self.profile = profile
    self.number = number
    self.answers = answers
    self.sessionKeys = sessionKeys
  }
}

/// Answer to a round that was not refused.
public struct CardRoundAnswer: Codable, Sendable {
  /// The next commands for the card, in order; absent at the end.
  public var commands: [Data]?
  /// The card is proven: the other proofs go on without it.
  public var isProven: Bool

  public init(commands: [Data]?, isProven: Bool) {
    self.commands = commands
    self.isProven = isProven
  }
}

/// Body of `POST /v1/admin/cards/shared`: begins to register a shared-key card.
public struct SharedCardEnrolment: Codable, Sendable {
  public var person: String
  /// Where it is to be used: its proof has to reach this segment's floor.
  public var segment: String
  /// Name of the card's file (`CardScript.id`).
  public var profile: String
  /// What the reader at the desk says the card's number is: 7 or 8 bytes.
  public var number: Data

  public init(person: String, segment: String, profile: String, number: Data) {
    self.person = person
    self.segment = segment
    self.profile = profile
    self.number = number
  }
}

/// Body of `POST /v1/admin/cards/shared/{exchange}`: what the card answered.
public struct SharedCardAnswers: Codable, Sendable {
  /// One for each command, at most 8.
  public var answers: [Data]

  public init(answers: [Data]) { self.answers = answers }
}

/// What comes next at the desk: commands, or the card as it was registered.
public struct SharedCardStep: Codable, Sendable {
  /// By which the next round is asked for; once, within five minutes, by the same operator.
  public var exchange: String
  public var displayName: String
  /// `CardScript.canonicalBytes`: what the desk's program holds the commands against.
  public var script: Data
  public var commands: [Data]?
  public var card: CardSummary?

  public init(exchange: String, displayName: String, script: Data, commands: [Data]?, card: CardSummary?) {
    self.exchange = exchange
    self.displayName = displayName
    self.script = script
    self.commands = commands
    self.card = card
  }
}
