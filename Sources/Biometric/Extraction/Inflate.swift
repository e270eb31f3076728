/// Deflate (RFC 1951) inside zlib (RFC 1950), for a size that is known before: more output than that is refused as it appears, so no
/// small input grows without limit.
enum Inflate {
  /// - Throws: `.malformedCompression`, `.truncated`, `.malformedSamples` for another size, `.wrongChecksum`, `.trailingBytes`.
  static func zlib(_ bytes: [UInt8], exactly count: Int) throws(PictureFault) -> [UInt8] {
    guard bytes.count >= 6 else { throw .truncated }
    // Method 8, a window of at most 32 KiB, no preset dictionary, header a multiple of 31.
    guard bytes[0] & 0x0F == 8, bytes[0] >> 4 <= 7, bytes[1] & 0x20 == 0, (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0 else {
      throw .malformedCompression
    }
    var stream = BitStream(bytes, from: 2)
    var output: [UInt8] = []
    output.reserveCapacity(count)
    var isLast = false
    var blocks = 0
    while !isLast {
      // Each block may bring its own tables: without a limit, a picture of empty blocks would cost seconds.
      blocks += 1
      guard blocks <= 16 + count / 4096 else { throw .malformedCompression }
      isLast = try stream.take(1) == 1
      switch try stream.take(2) {
      case 0: try stored(&stream, &output, count)
      case 1: try compressed(&stream, &output, count, fixedLiterals, fixedDistances)
      case 2:
        let codes = try dynamic(&stream)
        try compressed(&stream, &output, count, codes.literals, codes.distances)
      default: throw .malformedCompression
      }
    }
    guard output.count == count else { throw .malformedSamples }
    let end = stream.alignedPlace
    guard bytes.count - end >= 4 else { throw .truncated }
    guard bytes.count - end == 4 else { throw .trailingBytes }
    guard bytes[end...].reduce(0, { $0 << 8 | UInt32($1) }) == adler(output) else { throw .wrongChecksum }
    return output
  }

  private static func stored(_ stream: inout BitStream, _ output: inout [UInt8], _ most: Int) throws(PictureFault) {
    stream.align()
    let length = try stream.take(16)
    guard try stream.take(16) == ~length & 0xFFFF else { throw .malformedCompression }
    guard output.count + length <= most else { throw .malformedSamples }
    for _ in 0..<length { output.append(UInt8(try stream.take(8))) }
  }

  private static let lengthBase = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
  private static let distanceBase = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
    12_289, 16_385, 24_577,
  ]
  private static let distanceBits = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
  ]
  /// In this order the lengths of the code length code are sent.
  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private static let fixedLiterals = HuffmanCode(
    known: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = HuffmanCode(known: [Int](repeating: 5, count: 32))

  private static func compressed(
    _ stream: inout BitStream, _ output: inout [UInt8], _ most: Int, _ literals: HuffmanCode, _ distances: HuffmanCode
  ) throws(PictureFault) {
    while true {
      let symbol = try literals.symbol(&stream)
      if symbol < 256 {
        guard output.count < most else { throw .malformedSamples }
        output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol < 286 else { throw .malformedCompression }
      let length = lengthBase[symbol - 257] + (try stream.take(lengthBits[symbol - 257]))
      let far = try distances.symbol(&stream)
      guard far < 30 else { throw .malformedCompression }
      let distance = distanceBase[far] + (try stream.take(distanceBits[far]))
      guard distance <= output.count else { throw .malformedCompression }
      guard output.count + length <= most else { throw .malformedSamples }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  private static func dynamic(_ stream: inout BitStream) throws(PictureFault) -> (literals: HuffmanCode, distances: HuffmanCode)
  {
    let literals = try stream.take(5) + 257
    let distances = try stream.take(5) + 1
    let lengths = try stream.take(4) + 4
    guard literals <= 286, distances <= 30 else { throw .malformedCompression }
    var codeLengths = [Int](repeating: 0, count: 19)
    for place in order.prefix(lengths) { codeLengths[place] = try stream.take(3) }
    let code = try HuffmanCode(codeLengths)
    var all: [Int] = []
    while all.count < literals + distances {
      let symbol = try code.symbol(&stream)
      switch symbol {
      case 0..<16: all.append(symbol)
      case 16:
        guard let last = all.last else { throw .malformedCompression }
        all += [Int](repeating: last, count: try stream.take(2) + 3)
      case 17: all += [Int](repeating: 0, count: try stream.take(3) + 3)
      default: all += [Int](repeating: 0, count: try stream.take(7) + 11)
      }
    }
    // A run must not reach beyond the last length, and a block must be able to end.
    guard all.count == literals + distances, all[256] > 0 else { throw .malformedCompression }
    let far = Array(all[literals...])
    // One distance of one bit, or none at all, is allowed (RFC 1951, 3.2.7).
    let isSparse = far.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } <= 1 && far.allSatisfy { $0 <= 1 }
    return (try HuffmanCode(Array(all[..<literals])), try HuffmanCode(far, mayBeIncomplete: isSparse))
  }

  private static func adler(_ bytes: [UInt8]) -> UInt32 {
    var (low, high) = (UInt32(1), UInt32(0))
    var place = 0
    while place < bytes.count {
      // 5,552 is the longest run whose sums fit 32 bits (RFC 1950).
      let end = min(place + 5552, bytes.count)
      for byte in bytes[place..<end] {
        low += UInt32(byte)
        high += low
      }
      low %= 65_521
      high %= 65_521
      place = end
    }
    return high << 16 | low
  }
}

/// Bits from the lowest of each byte upwards.
struct BitStream {
  private let bytes: [UInt8]
  private var place: Int
  private var held: UInt64 = 0
  private var count = 0

  init(_ bytes: [UInt8], from place: Int) {
    self.bytes = bytes
    self.place = place
  }

  private mutating func fill() {
    while count <= 48, place < bytes.count {
      held |= UInt64(bytes[place]) << UInt64(count)
      place += 1
      count += 8
    }
  }

  /// At most 16 bits, as a number.
  mutating func take(_ bits: Int) throws(PictureFault) -> Int {
    if count < bits { fill() }
    guard count >= bits else { throw .truncated }
    let value = held & (1 << UInt64(bits) - 1)
    held >>= UInt64(bits)
    count -= bits
    return Int(value)
  }

  /// The next 15 bits without taking them; behind the end they are 0.
  mutating func peek() -> Int {
    if count < 15 { fill() }
    return Int(held & 0x7FFF)
  }

  mutating func drop(_ bits: Int) throws(PictureFault) {
    guard count >= bits else { throw .truncated }
    held >>= UInt64(bits)
    count -= bits
  }

  /// To the next whole byte.
  mutating func align() {
    let rest = count % 8
    held >>= UInt64(rest)
    count -= rest
  }

  /// The first byte none of whose bits was taken.
  var alignedPlace: Int { place - count / 8 }
}

/// A canonical Huffman code of at most 15 bits as one table: the low 4 bits of an entry are the length, the rest the symbol; 0 is no code.
struct HuffmanCode {
  private let table: [UInt16]

  /// - Throws: `.malformedCompression` if the lengths leave codes over, unless they may, or use codes twice.
  init(_ lengths: [Int], mayBeIncomplete: Bool = false) throws(PictureFault) {
    let left = Self.spare(lengths)
    guard left == 0 || (left > 0 && mayBeIncomplete) else { throw .malformedCompression }
    table = Self.table(lengths)
  }

  /// For the two fixed codes, which are complete.
  init(known lengths: [Int]) { table = Self.table(lengths) }

  /// Codes of 15 bits that no symbol uses; below 0 if too many are used.
  private static func spare(_ lengths: [Int]) -> Int {
    lengths.reduce(1 << 15) { $0 - ($1 > 0 ? 1 << (15 - $1) : 0) }
  }

  private static func table(_ lengths: [Int]) -> [UInt16] {
    var table = [UInt16](repeating: 0, count: 1 << 15)
    var code = 0
    for length in 1...15 {
      for (symbol, own) in lengths.enumerated() where own == length {
        // Codes are sent from their highest bit: the table is looked up with the bits the other way round.
        var (reversed, rest) = (0, code)
        for _ in 0..<length {
          reversed = reversed << 1 | rest & 1
          rest >>= 1
        }
        for entry in stride(from: reversed, to: 1 << 15, by: 1 << length) { table[entry] = UInt16(symbol << 4 | length) }
        code += 1
      }
      code <<= 1
    }
    return table
  }

  func symbol(_ stream: inout BitStream) throws(PictureFault) -> Int {
    let entry = table[stream.peek()]
    guard entry != 0 else { throw .malformedCompression }
    try stream.drop(Int(entry & 15))
    return Int(entry >> 4)
  }
}
