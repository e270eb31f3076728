public import AuthTerms

/// What the vault says in an exchange with a shared-key card: the next commands, or how it ended.
public struct CardExchangeAnswer: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    /// For the card, in order, 1 to `CardScript.mostSteps`: frames of FeliCa, or command APDUs.
    case commands([[UInt8]])
    /// The card has the city's key, or one made of it.
    /// - Parameter counter: what the card counted; `nil` for a script that reads none.
    case proven(counter: UInt32?)
    /// It ended in "no".
    /// - Parameters:
    ///   - word: one of `CardExchangeAnswer.refusals`.
    ///   - statusWord: what the card itself said; with `card-refused` and no other.
    case refused(String, statusWord: UInt16?)
  }

  /// Bytes that an exchange is known by: random, of the vault.
  public static let handleLength = 16
  /// Of one command and of one answer; what a card says beyond is refused by the exchange from 4,098 on.
  public static let longest = 4352
  /// The words of docs/cards.md for what an exchange ends with besides yes.
  public static let refusals = [
    "wrong-mac", "clone-suspected", "identifier-changed", "malformed-answer", "answer-too-long", "card-refused",
    "unexpected-value", "chip-too-old", "out-of-turn",
  ]

  public var exchange: [UInt8]
  public var outcome: Outcome

  public init(exchange: [UInt8], outcome: Outcome) { (self.exchange, self.outcome) = (exchange, outcome) }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(exchange)
    switch outcome {
    case .commands(let commands):
      writer.field("commands")
      Self.write(commands, to: &writer)
    case .proven(let counter):
      writer.field("proven")
      writer.field(counter.map { [UInt8](counter: $0) } ?? [])
    case .refused(let word, let status):
      writer.field("refused")
      writer.field(word)
      writer.field(status.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? [])
    }
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    exchange = try Self.handle(from: &reader)
    switch try reader.text() {
    case "commands":
      let commands = try Self.texts(from: &reader)
      guard !commands.isEmpty else { throw MalformedInput("card exchange", expected: "a command") }
      outcome = .commands(commands)
    case "proven":
      let counter = try reader.field()
      guard counter.isEmpty || counter.count == 4 else {
        throw MalformedInput("card exchange", expected: "a counter of 4 bytes, or none")
      }
      outcome = .proven(counter: counter.isEmpty ? nil : counter.reduce(0) { $0 << 8 | UInt32($1) })
    case "refused":
      let word = try reader.text()
      let status = try reader.field()
      guard Self.refusals.contains(word), status.count == (word == "card-refused" ? 2 : 0) else {
        throw MalformedInput("card exchange", expected: "a known word, and a status word with card-refused alone")
      }
      outcome = .refused(word, statusWord: status.isEmpty ? nil : UInt16(status[0]) << 8 | UInt16(status[1]))
    default: throw MalformedInput("card exchange", expected: "commands, proven or refused")
    }
  }

  // MARK: Requests

  static func write(script: [UInt8], number: [UInt8], to writer: inout LengthPrefixedWriter) {
    writer.field(script)
    writer.field(number)
  }

  static func beginning(from reader: inout LengthPrefixedReader) throws(MalformedInput) -> (script: [UInt8], number: [UInt8]) {
    let (script, number) = (try reader.field(), try reader.field())
    guard script.count <= CardScript.largestEncoding,
      SharedKeyCardKind.allCases.contains(where: { $0.numberLength == number.count })
    else { throw MalformedInput("card exchange", expected: "a script, and a card's number of 7 or 8 bytes") }
    return (script, number)
  }

  static func write(_ exchange: [UInt8], _ answers: [[UInt8]], to writer: inout LengthPrefixedWriter) {
    writer.field(exchange)
    write(answers, to: &writer)
  }

  static func round(from reader: inout LengthPrefixedReader) throws(MalformedInput) -> (exchange: [UInt8], answers: [[UInt8]]) {
    (try handle(from: &reader), try texts(from: &reader))
  }

  private static func handle(from reader: inout LengthPrefixedReader) throws(MalformedInput) -> [UInt8] {
    let handle = try reader.field()
    guard handle.count == handleLength else { throw MalformedInput("card exchange", expected: "a handle of 16 bytes") }
    return handle
  }

  private static func write(_ texts: [[UInt8]], to writer: inout LengthPrefixedWriter) {
    writer.field(UInt64(texts.count))
    for text in texts { writer.field(text) }
  }

  private static func texts(from reader: inout LengthPrefixedReader) throws(MalformedInput) -> [[UInt8]] {
    let count = try reader.unsigned()
    guard count <= UInt64(CardScript.mostSteps) else {
      throw MalformedInput("card exchange", expected: "at most \(CardScript.mostSteps) texts")
    }
    var texts: [[UInt8]] = []
    for _ in 0..<count {
      let text = try reader.field()
      guard text.count <= longest else { throw MalformedInput("card exchange", expected: "texts of at most \(longest) bytes") }
      texts.append(text)
    }
    return texts
  }
}

extension [UInt8] {
  /// High byte first.
  fileprivate init(counter: UInt32) { self = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: counter >> $0) } }
}

/// That a city's key for shared-key cards is kept; never anything of it.
public struct VaultCardKey: Sendable, Equatable {
  /// Name of the card script (`CardScript.id`).
  public var script: String
  /// 1 and above; the former ones are gone.
  public var version: UInt32
  /// Milliseconds since 1970-01-01 UTC.
  public var setAt: Int64

  /// In one vault.
  public static let most = 64

  public init(script: String, version: UInt32, setAt: Int64) {
    self.script = script
    self.version = version
    self.setAt = setAt
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(script)
    writer.field(UInt64(version))
    writer.field(setAt)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    script = try reader.text()
    try CardScript.checkID(script)
    guard let version = UInt32(exactly: try reader.unsigned()), version > 0 else {
      throw MalformedInput("card key", expected: "a version, 1 and above")
    }
    self.version = version
    setAt = try reader.signed()
  }
}

/// A city's key for one card script on its way to the vault: sealed (HPKE, base mode) where it was typed.
///
/// The script stands beside it and is authenticated with it: the key counts for these steps and this way to a card's own key, and
/// who carries the message cannot make it count for others.
public struct CardKeyMessage: Sendable, Equatable {
  public static let label = "sanmon/card-key-intake/1"

  /// Of the vault's key it is sealed to.
  public var key: KeyFingerprint
  /// `CardScript.canonicalBytes`
  public var script: [UInt8]
  public var encapsulated: [UInt8]
  /// Of a plaintext that is the key itself: 16 or 24 bytes (`CardScript.keyLength`).
  public var ciphertext: [UInt8]

  public init(key: KeyFingerprint, script: [UInt8], encapsulated: [UInt8], ciphertext: [UInt8]) {
    self.key = key
    self.script = script
    self.encapsulated = encapsulated
    self.ciphertext = ciphertext
  }

  public static func info(suite: String, key: KeyFingerprint) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(suite)
    writer.field(key.bytes)
    return writer.bytes
  }

  public static func associatedData(instance: InstanceID, script: [UInt8]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(instance.text)
    writer.field(script)
    return writer.bytes
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(key.bytes)
    writer.field(script)
    writer.field(encapsulated)
    writer.field(ciphertext)
    return writer.bytes
  }

  /// At most 8 KiB each.
  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "card key message", limit: CardScript.largestEncoding)
    guard try reader.text() == Self.label else { throw MalformedInput("card key message", expected: "its label") }
    key = try KeyFingerprint(parsing: reader.field())
    script = try reader.field()
    encapsulated = try reader.field()
    ciphertext = try reader.field()
    try reader.requireEnd()
  }
}
