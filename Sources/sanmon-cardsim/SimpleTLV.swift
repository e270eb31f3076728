/// Tags and lengths as this card writes them, made independently of the reading side.
enum SimpleTLV {
  static func object(_ tag: [UInt8], _ value: [UInt8]) -> [UInt8] { tag + length(value.count) + value }
  static func object(_ tag: UInt8, _ value: [UInt8]) -> [UInt8] { object([tag], value) }

  private static func length(_ count: Int) -> [UInt8] {
    if count < 128 { return [UInt8(count)] }
    if count < 256 { return [0x81, UInt8(count)] }
    return [0x82, UInt8(count / 256), UInt8(count % 256)]
  }

  /// Reads one-byte tags side by side; nil if it does not come out even.
  static func fields(_ bytes: [UInt8]) -> [(tag: UInt8, value: [UInt8])]? {
    var found: [(UInt8, [UInt8])] = []
    var at = 0
    while at < bytes.count {
      guard at + 2 <= bytes.count else { return nil }
      let tag = bytes[at]
      var count = Int(bytes[at + 1])
      at += 2
      if count == 0x81 {
        guard at + 1 <= bytes.count else { return nil }
        count = Int(bytes[at])
        at += 1
      } else if count == 0x82 {
        guard at + 2 <= bytes.count else { return nil }
        count = Int(bytes[at]) * 256 + Int(bytes[at + 1])
        at += 2
      } else if count >= 0x80 {
        return nil
      }
      guard at + count <= bytes.count else { return nil }
      found.append((tag, Array(bytes[at..<at + count])))
      at += count
    }
    return found
  }
}
