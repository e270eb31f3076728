/// The kinds of shared-key cards that a script can talk to; each has its own frames and its own key schedule.
public enum SharedKeyCardKind: String, CaseIterable, Sendable {
  /// FeliCa Lite-S: blocks with a MAC under two-key Triple DES.
  case felicaLiteS = "felica-lite-s"
  /// MIFARE DESFire EV2 and EV3: AuthenticateEV2First under AES-128.
  case desfireEV2 = "desfire-ev2"

  public init?(name: some StringProtocol) { self.init(rawValue: String(name)) }
  public var name: String { rawValue }

  /// What an exchange of this kind shows at most.
  public var proofClass: ProofClass { self == .felicaLiteS ? .symmetric3DES : .symmetricAES }

  /// Bytes of the number that a reader tells without any key: IDm (JIS X 6319-4), UID (ISO/IEC 14443-3).
  public var numberLength: Int { self == .felicaLiteS ? 8 : 7 }

  /// Generations of chips that a file may ask for, oldest first.
  public var generations: [String] { self == .felicaLiteS ? ["lite-s"] : ["ev2", "ev3"] }

  /// The lowest byte by which a chip of that generation names itself: the IC type of PMm for FeliCa, the hardware's major version
  /// of GetVersion for DESFire. `nil` for a word that is no generation of this kind.
  public func chipByte(ofGeneration generation: String) -> UInt8? {
    switch (self, generation) {
    case (.felicaLiteS, "lite-s"): 0xF1
    case (.desfireEV2, "ev2"): 0x12
    case (.desfireEV2, "ev3"): 0x33
    default: nil
    }
  }

  /// Commands that no file can go beyond: nothing here writes what a card keeps, save the state of the exchange.
  public var ceiling: [CardCommandCode] {
    switch self {
    case .felicaLiteS: [.polling, .read, .write]
    case .desfireEV2: [.selectApplication, .version, .authenticateFirst, .additionalFrame]
    }
  }
}

/// The first bytes of a command, by which an allow-list knows it: the command code of FeliCa, or CLA and INS.
public struct CardCommandCode: Hashable, Sendable, Comparable {
  /// One or two.
  public let bytes: [UInt8]

  private init(_ bytes: UInt8...) { self.bytes = bytes }

  /// Two or four lower-case hexadecimal digits.
  public init(parsing text: String) throws(MalformedInput) {
    bytes = try Hex.decode(text)
    guard (1...2).contains(bytes.count) else { throw MalformedInput("card command", expected: "two or four digits") }
  }

  public var text: String { Hex.encode(bytes) }

  public static let polling = Self(0x00)
  /// Read Without Encryption.
  public static let read = Self(0x06)
  /// Write Without Encryption.
  public static let write = Self(0x08)
  public static let selectApplication = Self(0x90, 0x5A)
  public static let version = Self(0x90, 0x60)
  public static let authenticateFirst = Self(0x90, 0x71)
  public static let additionalFrame = Self(0x90, 0xAF)

  public static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
