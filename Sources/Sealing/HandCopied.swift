import AuthTerms
import Crypto

/// 32 bytes as people copy them from paper: 52 characters of Crockford's base 32 and 4 that catch a slip (20 bits), in groups
/// of four. The check covers what the bytes are for, so that one kind does not pass for another.
package enum HandCopied {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let length = 56
  /// Bytes typed, with hyphens and spaces.
  private static let typedLimit = 256

  package static func text(_ bytes: [UInt8], purpose: String) -> String {
    let letters = values(of: bytes, purpose).map { alphabet[Int($0)] }
    return stride(from: 0, to: letters.count, by: 4).map { String(decoding: letters[$0..<$0 + 4], as: UTF8.self) }
      .joined(separator: "-")
  }

  /// Accepts small letters, O for 0, I and L for 1, hyphens and spaces anywhere.
  /// - Returns: 32 bytes; `nil` when a character is wrong or missing, or the bytes are for something else.
  package static func bytes(_ typed: some Collection<UInt8>, purpose: String) -> [UInt8]? {
    guard typed.count <= typedLimit else { return nil }
    var found: [UInt8] = []
    for unit in typed {
      let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit) ? unit - 32 : unit
      switch upper {
      case UInt8(ascii: "-"), UInt8(ascii: " "): continue
      case UInt8(ascii: "O"): found.append(0)
      case UInt8(ascii: "I"), UInt8(ascii: "L"): found.append(1)
      default:
        guard let value = alphabet.firstIndex(of: upper) else { return nil }
        found.append(UInt8(value))
      }
    }
    guard found.count == length else { return nil }
    var bytes: [UInt8] = []
    var (pending, count): (UInt32, UInt32) = (0, 0)
    for value in found.prefix(52) {
      pending = pending << 5 | UInt32(value)
      count += 5
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> count))
        pending &= (1 << count) - 1
      }
    }
    // The last bits and the check fit: one spelling for one value.
    return bytes.count == 32 && values(of: bytes, purpose) == found ? bytes : nil
  }

  private static func values(of bytes: [UInt8], _ purpose: String) -> [UInt8] {
    let check = Array(SHA256.hash(data: Array("sanmon/hand-copied/1/\(purpose)/".utf8) + bytes))
    return quintets(bytes) + quintets(Array(check[..<3])).prefix(4)
  }

  private static func quintets(_ bytes: [UInt8]) -> [UInt8] {
    var values: [UInt8] = []
    var (pending, count): (UInt32, UInt32) = (0, 0)
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      count += 8
      while count >= 5 {
        count -= 5
        values.append(UInt8(truncatingIfNeeded: pending >> count & 31))
        pending &= (1 << count) - 1
      }
    }
    if count > 0 { values.append(UInt8(truncatingIfNeeded: pending << (5 - count) & 31)) }
    return values
  }
}
