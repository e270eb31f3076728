public import AuthTerms

/// A key's certificate as it stands on a token. Nothing in it has been judged.
public struct SeenKey: Sendable, Equatable {
  /// CKA_ID.
  public let id: [UInt8]
  /// DER.
  public let certificate: [UInt8]

  public init(id: [UInt8], certificate: [UInt8]) {
    self.id = id
    self.certificate = certificate
  }
}

/// A token in a slot, by what its library says of it.
public struct SeenToken: Sendable, Equatable {
  /// Most that one answer tells of, and most keys on all of them together.
  public static let most = 8
  public static let mostKeys = 24

  /// CK_SLOT_ID.
  public let slot: UInt64
  /// The slot's description: with PC/SC readers their name, cut after 64 bytes.
  public let reader: String
  public let label: String
  public let serial: [UInt8]
  public let standing: PINStanding
  public let keys: [SeenKey]

  public init(
    slot: UInt64, reader: String, label: String, serial: [UInt8], standing: PINStanding, keys: [SeenKey]
  ) throws(MalformedInput) {
    guard Self.isName(reader, limit: 64), Self.isName(label, limit: 32), serial.count <= 16 else {
      throw MalformedInput("token", expected: "names without control characters")
    }
    guard
      keys.allSatisfy({ (1...ModuleErrand.mostKeyBytes).contains($0.id.count) && (1...8192).contains($0.certificate.count) })
    else { throw MalformedInput("token", expected: "keys of 64 bytes and certificates of 8 KiB at most") }
    self.slot = slot
    self.reader = reader
    self.label = label
    self.serial = serial
    self.standing = standing
    self.keys = keys
  }

  /// Whether this slot is the PC/SC reader of that name: a slot's description is cut after 64 bytes.
  public func isIn(_ name: String) -> Bool {
    reader == name || (name.utf8.count > 64 && reader.utf8.count >= 61 && name.hasPrefix(reader))
  }

  /// Three bytes for each: what a library fills a field with that is no UTF-8 becomes U+FFFD.
  private static func isName(_ text: String, limit: Int) -> Bool {
    text.utf8.count <= 3 * limit && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
  }
}

/// What the process of a PKCS#11 library answers.
public enum ModuleAnswer: Sendable, Equatable {
  case seen([SeenToken])
  /// As the library gave it: r and s side by side for a curve (Current Mechanisms §2.3.1), else the PKCS#1 block.
  case signed([UInt8])
  case wrongPIN(PINStanding)
  case pinBlocked
  /// The last try was not to be used, and was not.
  case tooFewTries
  case otherCard
  case failed(ModuleRefusal)

  static let label = "sanmon/module-answer/1"

  public func encoded() -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    switch self {
    case .seen(let tokens):
      writer.field(UInt64(1))
      writer.field(UInt64(tokens.count))
      for token in tokens {
        writer.field(token.slot)
        writer.field(token.reader)
        writer.field(token.label)
        writer.field(token.serial)
        writer.field(token.standing.rawValue)
        writer.field(UInt64(token.keys.count))
        for key in token.keys {
          writer.field(key.id)
          writer.field(key.certificate)
        }
      }
    case .signed(let signature):
      writer.field(UInt64(2))
      writer.field(signature)
    case .wrongPIN(let standing):
      writer.field(UInt64(3))
      writer.field(standing.rawValue)
    case .pinBlocked: writer.field(UInt64(4))
    case .tooFewTries: writer.field(UInt64(5))
    case .otherCard: writer.field(UInt64(6))
    case .failed(let refusal):
      writer.field(UInt64(7))
      writer.field(refusal.rawValue)
    }
    return writer.bytes
  }

  /// Accepts exactly what `encoded` writes, of at most 8 tokens and 24 keys.
  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    guard bytes.count <= ModuleRequest.frameLimit else { throw MalformedInput("module answer", expected: "at most 256 KiB") }
    var reader = LengthPrefixedReader(bytes, subject: "module answer", limit: 8192)
    guard try reader.text() == Self.label else { throw MalformedInput("module answer", expected: "the label \(Self.label)") }
    let kind = try reader.unsigned()
    switch kind {
    case 1: self = .seen(try Self.tokens(&reader))
    case 2:
      let signature = try reader.field()
      guard (1...1024).contains(signature.count) else { throw MalformedInput("module answer", expected: "a signature") }
      self = .signed(signature)
    case 3: self = .wrongPIN(try Self.standing(&reader))
    case 4: self = .pinBlocked
    case 5: self = .tooFewTries
    case 6: self = .otherCard
    case 7:
      guard let refusal = ModuleRefusal(rawValue: try reader.unsigned()) else {
        throw MalformedInput("module answer", expected: "a known refusal")
      }
      self = .failed(refusal)
    default: throw MalformedInput("module answer", expected: "a known kind")
    }
    try reader.requireEnd()
  }

  private static func standing(_ reader: inout LengthPrefixedReader) throws(MalformedInput) -> PINStanding {
    guard let standing = PINStanding(rawValue: try reader.unsigned()) else {
      throw MalformedInput("module answer", expected: "how the PIN stands")
    }
    return standing
  }

  private static func tokens(_ reader: inout LengthPrefixedReader) throws(MalformedInput) -> [SeenToken] {
    let count = try reader.unsigned()
    guard count <= UInt64(SeenToken.most) else { throw MalformedInput("module answer", expected: "at most 8 tokens") }
    var (tokens, keysLeft): ([SeenToken], Int) = ([], SeenToken.mostKeys)
    for _ in 0..<count {
      let (slot, name, label, serial) = (try reader.unsigned(), try reader.text(), try reader.text(), try reader.field())
      let standing = try standing(&reader)
      let number = try reader.unsigned()
      guard number <= UInt64(keysLeft) else { throw MalformedInput("module answer", expected: "at most 24 keys") }
      var keys: [SeenKey] = []
      for _ in 0..<number { keys.append(SeenKey(id: try reader.field(), certificate: try reader.field())) }
      keysLeft -= keys.count
      tokens.append(
        try SeenToken(slot: slot, reader: name, label: label, serial: serial, standing: standing, keys: keys))
    }
    return tokens
  }
}

/// Why that process has nothing else to answer. The numbers stand in its frames.
public enum ModuleRefusal: UInt64, Sendable, Equatable, CaseIterable {
  case cardRemoved = 2
  /// Somebody else was logged in there, or our login was gone again before the signature.
  case cardReset = 3
  /// A token that was never given a PIN, or that is none.
  case unsupportedCard = 4
  case unusable = 5
  case malformed = 6
  case failed = 7
  case keyMissing = 8
  case mechanismMissing = 9
  case pinForm = 10

  public var failure: CardFailure {
    switch self {
    case .cardRemoved: .cardRemoved
    case .cardReset: .cardReset
    case .unsupportedCard: .unsupportedCard
    case .unusable: .module(.unusable)
    case .malformed: .module(.malformed)
    case .failed: .module(.failed)
    case .keyMissing: .module(.keyMissing)
    case .mechanismMissing: .module(.mechanismMissing)
    case .pinForm: .module(.pinForm)
    }
  }
}
