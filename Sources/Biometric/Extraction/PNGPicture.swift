/// The part of PNG (ISO/IEC 15948) that a sensor needs: grey, 8 or 16 bits, not interlaced.
///
/// IHDR first, IEND last, IDAT chunks in a row between them. Ancillary chunks gAMA, pHYs, tEXt, tIME, sBIT, bKGD, iTXt, eXIf are checked and left
/// aside, 16 at most; any other chunk is refused.
enum PNGPicture {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  private static let ignored = Set(["gAMA", "pHYs", "tEXt", "tIME", "sBIT", "bKGD", "iTXt", "eXIf"].map { Array($0.utf8) })
  private static let mostIgnored = 16

  private struct Chunk {
    let type: [UInt8]
    let body: Range<Int>
  }

  static func read(_ bytes: [UInt8]) throws(PictureFault) -> PalmPicture {
    var place = signature.count
    let header = try chunk(bytes, &place)
    guard header.type == Array("IHDR".utf8), header.body.count == 13 else { throw .malformedHeader }
    let start = header.body.lowerBound
    let (width, height) = (number(bytes, start), number(bytes, start + 4))
    // Depth, colour type 0 (grey), compression 0, filter method 0, interlace 0.
    let depth = Int(bytes[start + 8])
    guard depth == 8 || depth == 16, bytes[start + 9...start + 12].allSatisfy({ $0 == 0 }) else { throw .unsupportedKind }
    try PalmPicture.requireSize(width, height)
    let compressed = try samples(bytes, &place)
    let sampleBytes = depth / 8
    let line = width * sampleBytes + 1
    var raw = try Inflate.zlib(compressed, exactly: line * height)
    try unfilter(&raw, line: line, height: height, sampleBytes: sampleBytes)
    return unsafe PalmPicture(width: width, height: height) { target in
      for y in 0..<height {
        for x in 0..<width {
          let place = y * line + 1 + x * sampleBytes
          unsafe target[y * width + x] =
            sampleBytes == 1 ? UInt16(raw[place]) * 257 : UInt16(raw[place]) << 8 | UInt16(raw[place + 1])
        }
      }
    }
  }

  /// The bodies of all IDAT chunks; leaves `place` behind IEND, which must be the end.
  private static func samples(_ bytes: [UInt8], _ place: inout Int) throws(PictureFault) -> [UInt8] {
    var compressed: [UInt8] = []
    var ignoredCount = 0
    var isFinished = false
    while true {
      let next = try chunk(bytes, &place)
      if next.type == Array("IDAT".utf8) {
        guard !isFinished else { throw .unexpectedChunk }
        compressed += bytes[next.body]
        continue
      }
      if !compressed.isEmpty { isFinished = true }
      if next.type == Array("IEND".utf8) {
        guard next.body.isEmpty else { throw .malformedHeader }
        guard !compressed.isEmpty else { throw .truncated }
        guard place == bytes.count else { throw .trailingBytes }
        return compressed
      }
      ignoredCount += 1
      guard ignored.contains(next.type), ignoredCount <= mostIgnored else { throw .unexpectedChunk }
    }
  }

  private static func chunk(_ bytes: [UInt8], _ place: inout Int) throws(PictureFault) -> Chunk {
    guard bytes.count - place >= 12 else { throw .truncated }
    let length = number(bytes, place)
    guard length <= bytes.count - place - 12 else { throw .truncated }
    let body = place + 8..<place + 8 + length
    guard CRC32.of(bytes[place + 4..<body.upperBound]) == UInt32(number(bytes, body.upperBound)) else { throw .wrongChecksum }
    let type = Array(bytes[place + 4..<place + 8])
    place = body.upperBound + 4
    return Chunk(type: type, body: body)
  }

  private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
    Int(bytes[place]) << 24 | Int(bytes[place + 1]) << 16 | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
  }

  /// Undoes the five filters of clause 9 line by line, in place; each line keeps its first byte.
  private static func unfilter(_ raw: inout [UInt8], line: Int, height: Int, sampleBytes: Int) throws(PictureFault) {
    for y in 0..<height {
      let start = y * line + 1
      let kind = raw[start - 1]
      guard kind <= 4 else { throw .malformedSamples }
      if kind == 0 { continue }
      for x in 0..<line - 1 {
        let left = x >= sampleBytes ? raw[start + x - sampleBytes] : 0
        let above = y > 0 ? raw[start + x - line] : 0
        switch kind {
        case 1: raw[start + x] &+= left
        case 2: raw[start + x] &+= above
        case 3: raw[start + x] &+= UInt8((UInt16(left) + UInt16(above)) / 2)
        default:
          let corner = x >= sampleBytes && y > 0 ? raw[start + x - line - sampleBytes] : 0
          raw[start + x] &+= paeth(Int(left), Int(above), Int(corner))
        }
      }
    }
  }

  private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> UInt8 {
    let guess = left + above - corner
    let (a, b, c) = (abs(guess - left), abs(guess - above), abs(guess - corner))
    return UInt8(a <= b && a <= c ? left : b <= c ? above : corner)
  }
}

/// CRC-32 as PNG and Ethernet have it.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }
}
