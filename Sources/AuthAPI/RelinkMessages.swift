public import Foundation

/// Body of `POST /v1/relinks`: somebody stands at a workstation with a card of a former registration.
public struct RelinkBegin: Codable, Sendable {
  /// The new registration.
  public var person: String

  public init(person: String) { self.person = person }
}

/// A challenge for that card, bound to this workstation and to that new registration.
public struct RelinkOpened: Codable, Sendable {
  public var ceremony: String
  /// 32 bytes, single use.
  public var nonce: Data
  public var person: String
  public var segment: String
  public var workstation: String
  /// Milliseconds since 1970-01-01 UTC.
  public var expiresAt: Int64

  public init(ceremony: String, nonce: Data, person: String, segment: String, workstation: String, expiresAt: Int64) {
    self.ceremony = ceremony
    self.nonce = nonce
    self.person = person
    self.segment = segment
    self.workstation = workstation
    self.expiresAt = expiresAt
  }
}

/// Body of `POST /v1/relinks/{ceremony}/proof`: a signature of key 9A, behind its PIN, over `RelinkPreimage`.
public struct RelinkProofMessage: Codable, Sendable {
  public var card: CardProofMessage

  public init(card: CardProofMessage) { self.card = card }
}

/// The card is in hand: two administrators may now sign. Nothing else follows from it.
public struct RelinkProven: Codable, Sendable {
  /// How long the proof counts: long enough for two administrators in two buildings, short enough that whoever showed the card still
  /// stands there and can be looked at.
  public static let minutes = 30

  public var former: String
  public var person: String
  public var displayName: String
  /// Until when the proof counts, in milliseconds since 1970-01-01 UTC.
  public var until: Int64

  public init(former: String, person: String, displayName: String, until: Int64) {
    self.former = former
    self.person = person
    self.displayName = displayName
    self.until = until
  }
}

/// A person of the directory who may be one who left, under a new object (再任用, renewed term), and whose cards could go on.
public struct RelinkOffer: Codable, Sendable, Equatable {
  public var former: String
  public var formerName: String
  public var person: String
  public var name: String
  public var account: String
  /// `number` and `account`: what both have in common.
  public var because: [String]
  /// objectGUIDs by which the former person was known, and the one of the new person.
  public var formerGUIDs: [String]
  public var guid: String
  /// Ids of all cards of the former person, whatever their state.
  public var cards: [String]
  /// SHA-256 over these cards with their keys and states, in hexadecimal.
  public var cardsHash: String
  /// That one of them was shown lately for this new person.
  public var proof: RelinkProofShown?

  public init(
    former: String, formerName: String, person: String, name: String, account: String, because: [String],
    formerGUIDs: [String], guid: String, cards: [String], cardsHash: String, proof: RelinkProofShown?
  ) {
    self.former = former
    self.formerName = formerName
    self.person = person
    self.name = name
    self.account = account
    self.because = because
    self.formerGUIDs = formerGUIDs
    self.guid = guid
    self.cards = cards
    self.cardsHash = cardsHash
    self.proof = proof
  }

  /// Parameters of the act `directory.relink`: exactly these two people, objects and cards, by exactly this proof. Who signs reads
  /// where the card was shown.
  public func parameters(_ proof: RelinkProofShown) -> [String: String] {
    [
      "former": former, "person": person, "formerGuids": formerGUIDs.joined(separator: ","), "guid": guid,
      "cards": cards.joined(separator: ","), "cardsHash": cardsHash, "proof": proof.hash, "shown": proof.card,
      "workstation": proof.workstation,
    ]
  }
}

public struct RelinkProofShown: Codable, Sendable, Equatable {
  public var card: String
  public var workstation: String
  /// Until when it counts, in milliseconds since 1970-01-01 UTC.
  public var until: Int64
  /// SHA-256 of what the card signed, in hexadecimal; stands in the row `relink.proven`.
  public var hash: String

  public init(card: String, workstation: String, until: Int64, hash: String) {
    self.card = card
    self.workstation = workstation
    self.until = until
    self.hash = hash
  }
}

/// Whose the cards are now.
public struct RelinkDone: Codable, Sendable {
  public var former: String
  public var person: String
  public var cards: [CardSummary]

  public init(former: String, person: String, cards: [CardSummary]) {
    self.former = former
    self.person = person
    self.cards = cards
  }
}
