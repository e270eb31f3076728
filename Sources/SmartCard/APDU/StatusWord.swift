/// The two bytes that end every card answer (ISO/IEC 7816-4 §5.6; SP 800-73-5 part 2 table 1).
public struct StatusWord: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let success = Self(rawValue: 0x9000)
  /// The key or object wants a PIN that was not given in this card session.
  public static let securityStatusNotSatisfied = Self(rawValue: 0x6982)
  public static let authenticationMethodBlocked = Self(rawValue: 0x6983)
  /// The data field is not what the command wants.
  public static let wrongData = Self(rawValue: 0x6A80)
  public static let functionNotSupported = Self(rawValue: 0x6A81)
  public static let notFound = Self(rawValue: 0x6A82)
  public static let referencedDataNotFound = Self(rawValue: 0x6A88)
  public static let instructionNotSupported = Self(rawValue: 0x6D00)
  public static let classNotSupported = Self(rawValue: 0x6E00)

  /// `63Cx`: a wrong PIN, or a question about the counter, with `x` tries left.
  public var triesLeft: Int? { rawValue & 0xFFF0 == 0x63C0 ? Int(rawValue & 0x0F) : nil }

  /// `61xx`: the answer goes on; `xx` bytes (0 means 256 or more) wait behind GET RESPONSE.
  public var moreBytes: Int? { rawValue >> 8 == 0x61 ? (rawValue & 0xFF == 0 ? 256 : Int(rawValue & 0xFF)) : nil }

  /// `6Cxx`: the same command again with Le = `xx`.
  public var exactLength: Int? { rawValue >> 8 == 0x6C ? (rawValue & 0xFF == 0 ? 256 : Int(rawValue & 0xFF)) : nil }

  /// Four lower-case hexadecimal digits: a code, safe in logs.
  public var description: String {
    let digits = String(rawValue, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
