#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A password of an application, typed or generated.
public enum ApplicationPassword {}

/// Which passwords an application takes: ASCII letters and digits, and the symbols that are named.
public struct PasswordRule: Sendable, Equatable {
  /// Characters; both 8 to 256.
  public let minimum: Int
  public let maximum: Int
  /// How many of the classes (lower case, upper case, digits, symbols) must occur, 1 to 4; 4 only where there are symbols.
  public let classes: Int
  /// Allowed ones, each once: ASCII without letters, digits and the space.
  public let symbols: String

  public static let lengths = 8...256
  public static let classCounts = 1...4
  /// Characters of a generated password, where the rule allows so many: of 62 different ones that is more than 128 bits.
  public static let usualLength = 24

  /// - Throws: `MalformedInput` for whatever is outside the limits above.
  public init(minimum: Int, maximum: Int, classes: Int, symbols: String) throws(MalformedInput) {
    guard Self.lengths.contains(minimum), Self.lengths.contains(maximum), minimum <= maximum else {
      throw MalformedInput("password lengths", expected: "8 to 256, the minimum first")
    }
    try Self.checkSymbols(symbols)
    guard (1...(symbols.isEmpty ? 3 : 4)).contains(classes) else {
      throw MalformedInput("password classes", expected: "1 to 4, and 4 only with symbols")
    }
    (self.minimum, self.maximum, self.classes, self.symbols) = (minimum, maximum, classes, symbols)
  }

  package static func checkSymbols(_ symbols: String) throws(MalformedInput) {
    guard symbols.utf8.allSatisfy({ (0x21...0x7E).contains($0) && Class($0) == .symbol }),
      Set(symbols.utf8).count == symbols.utf8.count
    else { throw MalformedInput("password symbols", expected: "ASCII symbols, each once") }
  }

  private enum Class: Hashable {
    case lower
    case upper
    case digit
    case symbol

    init(_ unit: UInt8) {
      switch unit {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): self = .lower
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .upper
      case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .digit
      default: self = .symbol
      }
    }
  }

  /// Whether the application would take it.
  public func accepts<Purpose>(_ password: Secret<Purpose>) -> Bool {
    guard (minimum...maximum).contains(password.count) else { return false }
    let allowed = Set(symbols.utf8)
    var found: Set<Class> = []
    var isAllowed = true
    unsafe password.withBytes { units in
      for place in units.indices {
        let unit = unsafe units[place]
        let kind = Class(unit)
        if kind == .symbol, !allowed.contains(unit) { isAllowed = false }
        found.insert(kind)
      }
    }
    return isAllowed && found.count >= classes
  }

  /// A new password: each one that the rule accepts at this length is equally likely.
  ///
  /// 24 characters, or as near to that as the rule lets it be. A byte that would favour some characters is thrown away, and so is a
  /// whole password in which a class is missing.
  /// - Parameter random: as many random bytes as asked for; they are wiped here after use.
  /// - Throws: `MalformedInput` if its bytes cannot be random: a wrong number of them, or no password after 1,000 tries.
  public func generate(random: (Int) -> [UInt8]) throws(MalformedInput) -> Secret<ApplicationPassword> {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8) + Array(symbols.utf8)
    let fair = 256 / letters.count * letters.count
    let length = min(max(Self.usualLength, minimum), maximum)
    for _ in 0..<1000 {
      var isComplete = false
      let secret = unsafe Secret<ApplicationPassword>(count: length) { target in
        unsafe isComplete = Self.fill(target, letters, fair, random)
      }
      guard isComplete else { break }
      if accepts(secret) { return secret }
    }
    throw MalformedInput("random source", expected: "random bytes")
  }

  /// - Returns: false if too many bytes were none to use.
  private static func fill(
    _ target: UnsafeMutableRawBufferPointer, _ letters: [UInt8], _ fair: Int, _ random: (Int) -> [UInt8]
  ) -> Bool {
    var place = 0
    // At least 128 of 256 values are fair: 64 rounds in which one byte is missing each time do not happen by chance.
    for _ in 0..<64 {
      let wanted = target.count - place
      guard wanted > 0 else { return true }
      var bytes = random(wanted)
      defer { wipe(&bytes) }
      guard bytes.count == wanted else { return false }
      for byte in bytes where Int(byte) < fair {
        unsafe target[place] = letters[Int(byte) % letters.count]
        place += 1
      }
    }
    return place == target.count
  }

  private static func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
    }
  }
}
