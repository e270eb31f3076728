public import AuthTerms

/// Why an exchange ended in "no".
public enum ExchangeRefusal: Equatable, Sendable {
  /// The card does not have the key: a copy, another city's card, or a key of another version.
  case wrongMAC
  /// The card's counter is behind what was seen of it: two cards with one key.
  case cloneSuspected
  /// Another card than the one that was named, or than the one before.
  case identifierChanged
  /// Bytes that are no answer to the command, or fewer or more answers than commands.
  case malformedAnswer
  /// More bytes than any answer has.
  case answerTooLong
  /// The card said no itself: its status word, or the two status flags of FeliCa. Safe in logs.
  case cardRefused(UInt16)
  /// Something in clear is not what the script says.
  case unexpectedValue
  /// An older chip than the script asks for.
  case chipTooOld
  /// Asked again after its end, or before its beginning.
  case outOfTurn

  /// Stable, for logs and rows.
  public var code: String {
    switch self {
    case .wrongMAC: "wrong-mac"
    case .cloneSuspected: "clone-suspected"
    case .identifierChanged: "identifier-changed"
    case .malformedAnswer: "malformed-answer"
    case .answerTooLong: "answer-too-long"
    case .cardRefused: "card-refused"
    case .unexpectedValue: "unexpected-value"
    case .chipTooOld: "chip-too-old"
    case .outOfTurn: "out-of-turn"
    }
  }
}

/// A card that has proven its key. Only an exchange makes one.
public struct ProvenSharedKeyCard: Sendable, Equatable {
  /// IDm or UID.
  public let number: [UInt8]
  public let proofClass: ProofClass
  /// To be remembered: a card that comes with less is a copy, or was one. `nil` for a script that reads none.
  public let counter: UInt32?

  init(number: [UInt8], proofClass: ProofClass, counter: UInt32?) {
    self.number = number
    self.proofClass = proofClass
    self.counter = counter
  }
}

/// How an exchange goes on.
public enum ExchangeStep: Sendable, Equatable {
  /// Bytes of the next commands, in order: frames of FeliCa, or command APDUs. All that leaves the vault before the end.
  case send([[UInt8]])
  case proven(ProvenSharedKeyCard)
  case refused(ExchangeRefusal)
}
