import AuthTerms
import Crypto

/// A code that is printed once, typed once and burned: 128 random bits and 10 bits that catch a slip of the hand.
///
/// 28 characters of Crockford's base 32 in groups of four. Only SHA-256 of the random bits is kept: with 128 bits nobody finds
/// them by trying.
struct OneTimeCode {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  private let secret: [UInt8]

  /// - Parameter random: 16 random bytes.
  init(random: [UInt8]) throws(MalformedInput) {
    guard random.count == 16 else { throw MalformedInput("one-time code", expected: "16 random bytes") }
    secret = random
  }

  /// Accepts what a person types: small letters, O for 0, I and L for 1, hyphens and spaces anywhere. The check characters
  /// must fit: a slip is told apart from a wrong code.
  init(parsing typed: String) throws(MalformedInput) {
    let fault = MalformedInput("one-time code", expected: "28 letters and digits as they were printed")
    guard typed.utf8.count <= 64 else { throw fault }
    var values: [UInt8] = []
    for unit in typed.uppercased().utf8 {
      switch unit {
      case UInt8(ascii: "-"), UInt8(ascii: " "): continue
      case UInt8(ascii: "O"): values.append(0)
      case UInt8(ascii: "I"), UInt8(ascii: "L"): values.append(1)
      default:
        guard let value = Self.alphabet.firstIndex(of: unit) else { throw fault }
        values.append(UInt8(value))
      }
    }
    guard values.count == 28 else { throw fault }
    var bits = BitQueue()
    for value in values.prefix(26) { bits.append(UInt32(value), count: 5) }
    var secret: [UInt8] = []
    for _ in 0..<16 { secret.append(UInt8(bits.take(8))) }
    self.secret = secret
    // The last two of 130 bits are zero, and the check fits: one spelling for one code.
    guard bits.take(2) == 0, values == self.values else { throw fault }
  }

  private var values: [UInt8] {
    var bits = BitQueue()
    for byte in secret { bits.append(UInt32(byte), count: 8) }
    bits.append(0, count: 2)
    let check = Array(SHA256.hash(data: Array("sanmon/code-check/1".utf8) + secret))
    bits.append(UInt32(check[0]) << 2 | UInt32(check[1]) >> 6, count: 10)
    return (0..<28).map { _ in UInt8(bits.take(5)) }
  }

  /// `ABCD-EFGH-…`, seven groups of four.
  var text: String {
    let letters = values.map { Self.alphabet[Int($0)] }
    return stride(from: 0, to: 28, by: 4).map { String(decoding: letters[$0..<$0 + 4], as: UTF8.self) }.joined(separator: "-")
  }

  /// What is kept.
  var hash: [UInt8] { Array(SHA256.hash(data: Array("sanmon/code/1".utf8) + secret)) }
}

/// Bits in the order of their writing; at most 138 here.
private struct BitQueue {
  private var bits: [Bool] = []

  mutating func append(_ value: UInt32, count: Int) {
    for shift in (0..<count).reversed() { bits.append(value >> UInt32(shift) & 1 == 1) }
  }

  mutating func take(_ count: Int) -> UInt32 {
    let value = bits.prefix(count).reduce(UInt32(0)) { $0 << 1 | ($1 ? 1 : 0) }
    bits.removeFirst(min(count, bits.count))
    return value
  }
}
