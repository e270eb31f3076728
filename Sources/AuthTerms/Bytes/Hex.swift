/// Lower-case hexadecimal, two digits a byte.
public enum Hex {
  private static let digits: [UInt8] = Array("0123456789abcdef".utf8)

  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Accepts exactly what `encode` writes: an even number of lower-case digits.
  public static func decode(_ text: some StringProtocol) throws(MalformedInput) -> [UInt8] {
    let fault = MalformedInput("hexadecimal", expected: "an even number of digits 0-9 a-f")
    var values: [UInt8] = []
    for unit in text.utf8 {
      switch unit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): values.append(unit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): values.append(unit - UInt8(ascii: "a") + 10)
      default: throw fault
      }
    }
    guard values.count.isMultiple(of: 2) else { throw fault }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }
}
