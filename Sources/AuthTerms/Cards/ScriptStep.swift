/// One piece of what is sent, or of what has to come back.
public enum ScriptField: Hashable, Sendable {
  /// These bytes and no others.
  case constant([UInt8])
  /// Anything of the length that belongs there; not looked at.
  case any
  /// 16 random bytes of the vault, in clear (Lite-S: block RC).
  case nonce
  /// The number that the reader told before: the exchange must go on with the same card.
  case number
  /// What the chip says of its generation. Said in clear: it keeps mistakes out, not attackers.
  case chip
  /// The block that names the card (Lite-S: ID), covered by a MAC.
  case cardID
  /// The card's own count of writes (Lite-S: WCNT), covered by a MAC. It never goes back.
  case counter
  /// Over everything before it in the same command.
  case mac
  /// The card's random number under its key.
  case sealedNonce
  /// The vault's random number and the card's, turned, under the card's key.
  case sealedNonces
  /// The vault's random number, turned, under the card's key: what proves the card.
  case sealedProof

  static let words: [(word: String, field: ScriptField)] = [
    ("any", .any), ("nonce", .nonce), ("number", .number), ("chip", .chip), ("card-id", .cardID), ("counter", .counter),
    ("mac", .mac), ("sealed-nonce", .sealedNonce), ("sealed-nonces", .sealedNonces), ("sealed-proof", .sealedProof),
  ]

  /// Every word that stands for a field.
  public static var allWords: [String] { words.map(\.word) }
  /// Bytes of a constant at most.
  public static let longestConstant = 32

  /// A word of the list, or an even number of lower-case hexadecimal digits, 1 to 32 bytes.
  public init(parsing text: String) throws(MalformedInput) {
    if let known = Self.words.first(where: { $0.word == text }) {
      self = known.field
      return
    }
    let bytes = try Hex.decode(text)
    guard (1...Self.longestConstant).contains(bytes.count) else {
      throw MalformedInput("script field", expected: "a word, or 1 to \(Self.longestConstant) bytes")
    }
    self = .constant(bytes)
  }

  public var text: String {
    if case .constant(let bytes) = self { return Hex.encode(bytes) }
    return Self.words.first { $0.field == self }?.word ?? ""
  }

  /// How many bytes a constant has; `nil` for a word.
  var constantCount: Int? { if case .constant(let bytes) = self { bytes.count } else { nil } }
}

/// One command and what its answer must be.
public struct ScriptStep: Hashable, Sendable {
  public let command: CardCommandCode
  /// FeliCa: numbers of the blocks, in order; one field for each.
  public let blocks: [UInt8]
  public let data: [ScriptField]
  public let answer: [ScriptField]
  /// DESFire: the status word that the step ends with.
  public let status: UInt16?

  public init(
    command: CardCommandCode, blocks: [UInt8] = [], data: [ScriptField] = [], answer: [ScriptField] = [], status: UInt16? = nil
  ) {
    self.command = command
    self.blocks = blocks
    self.data = data
    self.answer = answer
    self.status = status
  }
}

/// How each card's own key comes from the city's key.
public enum CardDiversification: Hashable, Sendable {
  /// Every card has the same key.
  case none
  /// From a 24-byte key and the ID block, as the maker of FeliCa Lite-S recommends.
  case liteSCardKey
  /// From a 16-byte key and an input in which the card's number stands (NXP AN10922 §2.2).
  case an10922([ScriptField])

  public var name: String {
    switch self {
    case .none: "none"
    case .liteSCardKey: "lite-s-ck"
    case .an10922: "an10922"
    }
  }

  public static let names = ["none", "lite-s-ck", "an10922"]
}
