/// Why bytes are no palm picture. Names what was expected, never quotes what came.
public enum PictureFault: Error, Sendable, Hashable {
  /// Neither "P5" nor the signature of PNG.
  case unknownFormat
  /// Longer than `PalmPicture.mostBytes`.
  case tooLong
  /// Ends before its last sample, chunk or bit.
  case truncated
  /// Bytes behind the picture.
  case trailingBytes
  /// A header that is not written the one way that is read.
  case malformedHeader
  /// Sides or pixels outside `PalmPicture.sides` and `PalmPicture.mostPixels`.
  case wrongSize
  /// Colour, transparency, a palette, other depths than 8 and 16 bits, interlacing.
  case unsupportedKind
  /// A chunk that must not be there, twice, or out of order.
  case unexpectedChunk
  /// CRC-32 of a chunk, or Adler-32 of the samples.
  case wrongChecksum
  /// Compressed samples that are no valid deflate stream (RFC 1950, RFC 1951).
  case malformedCompression
  /// A filter type above 4, or more or fewer samples than width x height.
  case malformedSamples
}

extension PalmPicture {
  /// A picture of the largest size, 16 bits deep and not compressed at all, with some room for headers.
  public static let mostBytes = 2 * mostPixels + 65_536

  /// Reads a binary portable grey map (PGM "P5", largest value 255 or 65535) or a grey PNG of 8 or 16 bits without interlacing.
  ///
  /// Strict: nothing is repaired and nothing is skipped but the ancillary PNG chunks named in `PNGPicture`.
  ///
  /// - Throws: `PictureFault`; never traps, and takes time and memory in proportion to `mostBytes` at most.
  public init(decoding bytes: [UInt8]) throws(PictureFault) {
    guard bytes.count <= Self.mostBytes else { throw .tooLong }
    if bytes.starts(with: PNGPicture.signature) {
      self = try PNGPicture.read(bytes)
    } else if bytes.starts(with: [0x50, 0x35]) {
      self = try Self.portableGreyMap(bytes)
    } else {
      throw .unknownFormat
    }
  }

  static func requireSize(_ width: Int, _ height: Int) throws(PictureFault) {
    guard sides.contains(width), sides.contains(height), width * height <= mostPixels else { throw .wrongSize }
  }

  /// "P5", white space, width, white space, height, white space, largest value, one white space, samples. No comments.
  private static func portableGreyMap(_ bytes: [UInt8]) throws(PictureFault) -> PalmPicture {
    var place = 2
    var numbers: [Int] = []
    for _ in 0..<3 {
      guard place < bytes.count else { throw .truncated }
      guard [0x0A, 0x20].contains(bytes[place]) else { throw .malformedHeader }
      place += 1
      let start = place
      var number = 0
      while place < bytes.count, (0x30...0x39).contains(bytes[place]), place - start < 6 {
        number = 10 * number + Int(bytes[place] - 0x30)
        place += 1
      }
      guard place < bytes.count else { throw .truncated }
      guard place > start, bytes[start] != 0x30 else { throw .malformedHeader }
      numbers.append(number)
    }
    guard bytes[place] == 0x0A || bytes[place] == 0x20 else { throw .malformedHeader }
    place += 1
    let (width, height) = (numbers[0], numbers[1])
    try requireSize(width, height)
    guard numbers[2] == 255 || numbers[2] == 65_535 else { throw .unsupportedKind }
    let isWide = numbers[2] == 65_535
    let count = width * height * (isWide ? 2 : 1)
    guard bytes.count - place >= count else { throw .truncated }
    guard bytes.count - place == count else { throw .trailingBytes }
    return unsafe PalmPicture(width: width, height: height) { target in
      if isWide {
        for sample in 0..<width * height {
          unsafe target[sample] = UInt16(bytes[place + 2 * sample]) << 8 | UInt16(bytes[place + 2 * sample + 1])
        }
      } else {
        for sample in 0..<width * height { unsafe target[sample] = UInt16(bytes[place + sample]) * 257 }
      }
    }
  }
}
