public import AuthTerms

/// A key as somebody types it from paper, as bytes: out of one secret into another.
public enum CardKeyText {
  /// - Returns: `nil` for anything but `count` pairs of hexadecimal digits, of either case; spaces are not looked at.
  public static func decode(_ typed: Secret<TypedPassword>, count: Int) -> Secret<CardKey>? {
    unsafe typed.withBytes { text in
      let spaces = unsafe text.count { $0 == UInt8(ascii: " ") }
      let digits = unsafe text.count { value($0) != nil }
      guard digits == 2 * count, spaces + digits == text.count else { return nil }
      return unsafe Secret(count: count) { target in
        var at = 0
        for index in text.indices {
          guard let digit = unsafe value(text[index]) else { continue }
          unsafe target[at / 2] = at.isMultiple(of: 2) ? digit << 4 : target[at / 2] | digit
          at += 1
        }
      }
    }
  }

  /// In a time that tells nothing of the bytes.
  public static func areEqual(_ one: Secret<CardKey>, _ other: Secret<CardKey>) -> Bool {
    guard one.count == other.count else { return false }
    let difference = unsafe one.withBytes { a in
      unsafe other.withBytes { b in unsafe zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } }
    }
    return difference == 0
  }

  private static func value(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): letter - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): letter - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
