import AuthTerms
import Biometric
import PalmSynthesis
import Testing

@Suite("palm pictures from bytes")
struct PictureDecodingTests {
  /// A PNG of 128 x 130 samples (x * x / 64 + y * 3) mod 256, by another encoder: two IDAT chunks, dynamic codes, a pHYs chunk, and
  /// the five filters in turn.
  static let foreign = """
    iVBORw0KGgoAAAANSUhEUgAAAIAAAACCCAAAAACrnZ8cAAAACXBIWXMAAAnEAAAJxAFVwyYQAAAAZElEQVR42u3aZ1QV1x6HYYZDsyFFxIYUER\
    u9iUGqIAbpIIbexNCLYkB6MdJRMSJFRIxSrBipKmKUJrZIFVGjUuxRKfbI3f8zmzNy73Il5uaGdR1/Z803P6A+a/bmrJeNDY9AY2dnMDg4K0Q6\
    bAAACfhJREFUODm5uLh5xo0bP2HiJN7JfPwCglOEpgpPnzFz1mxRcQnJufPmL1wkI6egqKyq9tVSTW1dveUrDI1MzC1Xrba1d3JZs9bT2y9g/X\
    cbwyJjNsUnpW7dnpG1K2/v/uJDR38qr6o+U9tw4XJzW+fNOz33Hz8bfPWOYIz8AMyH9SGYzwdjZz6sDzvz+WAM5sP6MJjPB+NgPqwPB/NB+7c/\
    NgbjYv9z+6O/4R/tY/8CHP/Uf8HHfiy2yXh8aPz8AgKCglOmCCF006YBO5HZomLiEnMk50rNX4DoycorKCmrLl4C+HSW6Rt8vdLYFPTZ2Dk4u2\
    J+G0JCI6Jiv0+g/BUdPHKstPLk6Z/rGi9eaWm/TgIcePl2mME9gRCgPUJeeiNkMNhm44miiYmJi0tIzJkjidDNmwfspGVk5eQVFJWUVRarIXoa\
    Wtq6y/SXrwB8ZhZW1t/Y2juCPg8vH/9AzG9TfGJK2rYfdlL+Kk5UnznX0HTpl9aOrlt3ex+QANm5xvMKTJ1BiNMeoRDtEcrgyaLJycnLKygoKi\
    ohdKqqwE59qYamlraO7jK95QaInpGJqbmF1arVgM/Jxc39W09vX9AXjA7faMxve0ZmTu6eHwsof/XnL15pbu+88Wt338MnzwdfkQD5haaLiM9d\
    QMjTHqEI/RByjEa4FE8DTVNTS0tbW0dHF6HT1wd2hiuNjE1MzcwtLFdZI3p2Do7OLm5r1gI+v4B1Qd+FhIaDvs3o8N2C+e3dX3gA3f/KKH9t17\
    pu3em9/+i3/qHX79gY3CRAMcn50vLKaoQW7RFK0gshx3++CVfiGaEZG5uYmJqamZkjdFZWwM7G1s7ewdHJ2cV1jTui5+Xj6x+wbv0GwBcRFRP3\
    fXxiMujbgQ7f3ZjfsdLyKnT/q6X89dx7+OTZ4Ms3vxMcPBMmC0wlAcopLVbXWmZAmNAeoTTtj2NbPDs0e3sHB0dHJydnhM7NDdh5eHp5+/j6+Q\
    cErg9C9DaGhUdGxcRuAnwpaVvTf8jIzAZ9+9DhexjzO3OurhHd/1oofwMvXr8bZnCNm8gnKDxjtvhcEqCm7nJDEwtrwoH2CJVoj9ATzwvN29vH\
    x9fXz88foVu3DtgFh2wMDQuPiIyKjo1D9BKSklPTtm7bDvhycvPyf9xfWAz6jqPD9xTmd6W5tQPd/+5S/tg5eSbwCghNmykqIbVARl6ZBGhsvs\
    rGwcWd8KE9QnXaIwzB24gWGhoWFh4eERGJ0MXEALvN8QmJSckpqWlbtqUjejuzsnfl5u3ZC/gOHDpS8lNpeSXoO4sO3wuY36073X3o/vec8sc/\
    RXiGiLjkvIWyCipqS7WWkQDtndd4+AQEEWG0R6hLe4TxeAloiYlJScnJKSmpCN3WrcBuR8bOzKzsnF25u/fkI3oFRcUHDx05egzwVZ2srvn5XF\
    0D6LuKDt/rmN+TZ/1D6P7HRvkTmyO1QFpeSXWJhraewUoTCxKgt//64LCoOCKJ9ggNP0uEjE9AmIG3Ey0zMysrOzsnZxdCl5cH7PbtLygsKj5w\
    8NDhoyWIXllF5YmT1afPAL7GpouXf2lubQd9t9Hh+wDzezdMcKD732TKn5yiipq6lq7+CiNTS2tbBxcSYGhk7OaktHQii/YIzT8zhIxPfhPuxy\
    tAKywsKiouPnDgIEJ35AiwO15aVl5RWXXi5KnTNYhebX3D+aaLl64Avo7Orpu/3unuBX1P0eH7CvObwMsniO5/syl/mjp6BoYm5lar7Rxd3T19\
    AkiAianbdmTl5hNFtEdo89kgZPzF47gUrwytvLyiorKyquoEQlddDezOnqutq29oPN904dJlRK+lrf1aZ9eNW4Cv7/7Dx7896x8Efe/R4cuN+c\
    0QEZVA9z8Zyp+xmaW1jYOz21ov38CgkLAoEmDmrj37ig6VEBW0R+j8/4+Q8d/dCc/h1aLV1dXXNzQ0Np5H6C5eBHZXm1ta29o7rnVev3ET0bvb\
    03vv/sNHTwDf0MvXb38fJhigbxI6fKdifgukZRXQ/W8p5c/eydXdw8d/3YaN4dFx8UlpJMDCg0ePV5ysIeppj9DjryOMG2OEjL/nF5NmvBa01t\
    a2tvb2jo5rCF1XF7C7fedud09v3737Dx49RvSeDwy+ePn6zTvAx8HFM34iL58A6JuFDt+5mJ+auoY2uv+tpPx5+wUGBUNUk5C8JT0jK5cEWH7i\
    9Nn6pstEG+0R+n8ywrgxfhMy/ubfju/g3UXr7u7p6e3t67uH0D18COyePnvePzA49OLlqzdvET02dgYnF8+4CYBPUEh4+kwRUXHQtwgdvsqYn4\
    GhkSm6/9lS/kIjouM2Q1SzM3t3/v6iQyTAuvOXrrZ13iR6aI8w+M8ZjB3j45jxv/uK5hnec7T+/oGBwcGhoRcI3evXwO79MBtyz8HJxQ15Ie9k\
    foEpQsLTZgA+CUmp+QulZeVxVwhlF5OftY2dI7r/eVL+ElO2pO+AqKag+HBJacVJEmDrtRu3e+4/JgZojzDyI+hiY8f0Tsj4574nHMYjw1ZW1s\
    rNwzO6aoW8UGS2mPgcSal5CwCfgpLK4iXqGlq4K4Syi8nP3cPLF93/Qih/mTm78/dBVFNWearmXH0TCbD73qOnAy/fEuxfolbaf1nNi0eGrays\
    daqw8OiqFfJCaRk5eUUlFVU1wDeSVOOuEMouJr+g4I3hEFVT/goPHC45DlENrqpJgP0v3rxn5xpP8NMe4aSxQ7hprBEykxo2ETwybGVlrXOlpE\
    ZXrZAXqi/V1NLR1dM3AHwjSTXuCqHsYvKL25yQDFE15a+86lTNWYhqcFVNAiQ4x03iF5pOiH2JWscG4aaxfhOymi42aTwybGVlrcoqKqOrVsgL\
    DVcam5iZW1pZA76RpBp3hVB2Mfml79iZDVE15a+u8cLlqxDV4KqaBMg3ZdosMcn5hBztEc6i/XGsjkeGraysdZme3uiqFfJCG1t7BydnVzd3wD\
    eSVOOuEMouJr/8fQXFEFVT/lo7rt+8DVENrqpJgKJz5i2SU1pMaH6JWmkftRrikWErK2u1sLQcXbVCXujh6e3j5x+4LgjwjSTVuCuEsovJr+R4\
    WSVE1ZS/7r4Hj59CVIOrahKgrKLqV5q6ywlj2iNcRPs3oQ0eGbayslYXV9fRVSvkhcEhoWERkdExcYBvJKnGXSGUXUx+NWdrGyCqpvz1D716+x\
    6iGlxVkwA1dPS/NjZfRdh/iVppj9ADjwxbWVlrQGDg6KoV8sLN8YlJKalbtqYDvpGkGneFUHYx+V2+2tIOUTXlj+DgHj8JohpcVZMAjcysvrF3\
    XkN40x7hV7RHGIxHhq2srDUqOnp01Qp54Y6MzKycXbvz8gHfSFKNu0Iou5j8bt6+2wtRNeWPT3Dq9FkQ1eCqmgRo5+T2rbf/eiL0S9RKd4T/Ai\
    CKxUFB3+VvAAAAAElFTkSuQmCC
    """

  private static func samples(_ picture: PalmPicture) -> [UInt16] { picture.withSamples { Array($0) } }

  private static func fault(_ bytes: [UInt8]) -> PictureFault? {
    do throws(PictureFault) {
      _ = try PalmPicture(decoding: bytes)
      return nil
    } catch { return error }
  }

  static func greyMap(_ head: String, _ count: Int) -> [UInt8] {
    Array(head.utf8) + (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
  }

  @Test("a grey map of 8 bits is spread over 16, one of 16 bits is taken as it is")
  func greyMaps() throws {
    let narrow = try PalmPicture(decoding: Self.greyMap("P5\n128 130\n255\n", 128 * 130))
    #expect(narrow.width == 128 && narrow.height == 130)
    #expect(Self.samples(narrow)[..<3] == [0, 7 * 257, 14 * 257] && Self.samples(narrow).count == 128 * 130)
    let wide = try PalmPicture(decoding: Self.greyMap("P5 128 128 65535\n", 2 * 128 * 128))
    #expect(Self.samples(wide)[..<2] == [0x0007, 0x0E15])
  }

  @Test(
    "each way a grey map can be wrong has its name",
    arguments: [
      ("P6\n128 128\n255\n", 16_384, PictureFault.unknownFormat), ("", 0, .unknownFormat), ("P5", 0, .truncated),
      ("P5\n128 128\n255\n", 16_383, .truncated), ("P5\n128 128\n255\n", 16_385, .trailingBytes),
      ("P5\n128 128\n65535\n", 16_384, .truncated), ("P5\n127 128\n255\n", 127 * 128, .wrongSize),
      ("P5\n1601 128\n255\n", 1601 * 128, .wrongSize), ("P5\n1600 961\n255\n", 0, .wrongSize),
      ("P5\n999999 999999\n255\n", 0, .wrongSize), ("P5\n9999999 128\n255\n", 0, .malformedHeader),
      ("P5\n0128 128\n255\n", 16_384, .malformedHeader), ("P5\n128  128\n255\n", 16_384, .malformedHeader),
      ("P5\n-128 128\n255\n", 16_384, .malformedHeader), ("P5\n# a\n128 128\n255\n", 16_384, .malformedHeader),
      ("P5\n128 128\n254\n", 16_384, .unsupportedKind), ("P5\n128 128\n255\r", 16_384, .malformedHeader),
      ("P5128 128\n255\n", 16_384, .malformedHeader),
    ])
  func wrongGreyMaps(head: String, count: Int, expected: PictureFault) {
    #expect(Self.fault(Self.greyMap(head, count)) == expected)
  }

  @Test("too long is refused before it is read")
  func tooLong() {
    #expect(Self.fault([UInt8](repeating: 0x50, count: PalmPicture.mostBytes + 1)) == .tooLong)
    #expect(Self.fault([UInt8](repeating: 0x50, count: PalmPicture.mostBytes)) == .unknownFormat)
  }

  @Test("a PNG of another encoder: dynamic codes and every filter")
  func foreignPNG() throws {
    let picture = try PalmPicture(decoding: try Base64.decode(Self.foreign))
    #expect(picture.width == 128 && picture.height == 130)
    let expected = (0..<130 * 128).map { (place: Int) -> UInt16 in
      let (x, y) = (place % 128, place / 128)
      return UInt16((x * x / 64 + y * 3) & 255) * 257
    }
    #expect(Self.samples(picture) == expected)
  }

  @Test("a PNG of 8 and 16 bits, stored and with fixed codes")
  func ownPNG() throws {
    for depth in [8, 16] {
      let png = SmallPNG(depth: depth)
      let read = try PalmPicture(decoding: png.bytes())
      #expect(Self.samples(read) == png.expected)
    }
    // 128 lines of 129 zero bytes: one literal, then copies of 258 from distance 1.
    var fixed = FixedCodeWriter()
    fixed.literal(0)
    for _ in 0..<63 { fixed.copyLongestFromOne() }
    for _ in 0..<(128 * 129 - 1 - 63 * 258) { fixed.literal(0) }
    let flat = try PalmPicture(decoding: SmallPNG(depth: 8).bytes(deflated: fixed.finished(), adler: 0x4080_0001))
    #expect(Self.samples(flat).allSatisfy { $0 == 0 })
  }

  @Test("every filter on samples that are rich in ties", arguments: [1, 2, 3, 4])
  func filters(kind: Int) throws {
    let side = 128
    // Few different values: in the filter of Paeth, ties decide often.
    var chance = PalmChance(seed: 3, stream: 0)
    let samples = (0..<side * side).map { _ in UInt8(chance.count(upTo: 3)) }
    var raw: [UInt8] = []
    for y in 0..<side {
      raw.append(UInt8(kind))
      for x in 0..<side {
        let left = x > 0 ? Int(samples[y * side + x - 1]) : 0
        let above = y > 0 ? Int(samples[(y - 1) * side + x]) : 0
        let corner = x > 0 && y > 0 ? Int(samples[(y - 1) * side + x - 1]) : 0
        // ISO/IEC 15948, 9.4: of left, above, corner the first that is nearest to left + above - corner.
        let nearest = [left, above, corner].min { abs(left + above - corner - $0) < abs(left + above - corner - $1) } ?? 0
        let predicted = [0, left, above, (left + above) / 2, nearest][kind]
        raw.append(UInt8(truncatingIfNeeded: Int(samples[y * side + x]) - predicted))
      }
    }
    let picture = try PalmPicture(decoding: SmallPNG(depth: 8).bytes(raw: raw))
    #expect(Self.samples(picture) == samples.map { UInt16($0) * 257 })
  }

  @Test("each way a PNG can be wrong has its name")
  func wrongPNG() {
    let png = SmallPNG(depth: 8)
    let whole = png.bytes()
    #expect(Self.fault(whole) == nil)
    #expect(Self.fault(whole + [0]) == .trailingBytes)
    #expect(Self.fault(Array(whole.dropLast())) == .truncated)
    #expect(Self.fault(Array(whole[..<8])) == .truncated)
    var flipped = whole
    flipped[60] ^= 1
    #expect(Self.fault(flipped) == .wrongChecksum)
    let changes: [(Int, UInt8, PictureFault)] = [
      (0, 1, .wrongSize), (7, 127, .wrongSize), (8, 4, .unsupportedKind), (8, 32, .unsupportedKind), (9, 2, .unsupportedKind),
      (9, 3, .unsupportedKind), (9, 4, .unsupportedKind), (10, 1, .unsupportedKind), (11, 1, .unsupportedKind),
      (12, 1, .unsupportedKind),
    ]
    for (offset, value, expected) in changes {
      var header = png.header
      header[offset] = value
      #expect(Self.fault(png.bytes(header: header)) == expected, "offset \(offset), value \(value)")
    }
    #expect(Self.fault(png.bytes(header: Array(png.header.dropLast()))) == .malformedHeader)
    #expect(Self.fault(png.bytes(before: [("PLTE", [0, 0, 0])])) == .unexpectedChunk)
    #expect(Self.fault(png.bytes(before: [("IHDR", png.header)])) == .unexpectedChunk)
    #expect(Self.fault(png.bytes(before: [("tEXt", [1])])) == nil)
    let many = [(String, [UInt8])](repeating: ("tEXt", [1]), count: 17)
    #expect(Self.fault(png.bytes(before: many)) == .unexpectedChunk)
    #expect(Self.fault(png.bytes(behind: [("tEXt", [1]), ("IDAT", [1])])) == .unexpectedChunk)
    #expect(Self.fault(png.bytes(adler: 7)) == .wrongChecksum)
  }

  @Test("samples that are too few, too many, or filtered in no known way")
  func wrongSamples() {
    let png = SmallPNG(depth: 8)
    #expect(Self.fault(png.bytes(raw: Array(png.raw.dropLast()))) == .malformedSamples)
    #expect(Self.fault(png.bytes(raw: png.raw + [0])) == .malformedSamples)
    var filtered = png.raw
    filtered[129] = 5
    #expect(Self.fault(png.bytes(raw: filtered)) == .malformedSamples)
  }

  @Test("deflate that is none")
  func wrongCompression() {
    let png = SmallPNG(depth: 8)
    let bodies: [[UInt8]] = [
      [0b111],  // block type 3
      [0b001, 5, 0, 0, 0],  // stored, length and its complement differ
      [0b101, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],  // dynamic, too many codes
      [0b011, 0b0000_0001, 0, 0, 0, 0],  // a copy before the first byte
    ]
    for body in bodies {
      let found = Self.fault(png.bytes(deflated: body + [0, 0, 0, 0, 0, 0], adler: 1))
      #expect(
        [.malformedCompression, .trailingBytes, .malformedSamples].contains(found), "\(body): \(String(describing: found))")
    }
    #expect(Self.fault(png.bytes(deflated: [], adler: 1)) == .truncated)
    // Empty stored blocks, each harmless, many more than samples need.
    let empty = (0..<100).flatMap { _ in [0, 0, 0, 0xFF, 0xFF] as [UInt8] }
    #expect(Self.fault(png.bytes(deflated: empty, adler: 1)) == .malformedCompression)
  }

  @Test("a picture does not print its samples")
  func silent() throws {
    let picture = try PalmPicture(decoding: SmallPNG(depth: 8).bytes())
    var dumped = ""
    dump(picture, to: &dumped)
    #expect("\(picture)" == "palm picture, 128 x 128" && dumped.utf8.count < 80)
  }

  @Test("conditions outside what a vein sensor has are refused", arguments: [(699, 25), (1001, 25), (850, 11), (850, 81)])
  func conditions(wavelength: Int, resolution: Int) {
    #expect(throws: MalformedInput.self) {
      try CaptureConditions(hand: .left, wavelength: wavelength, resolution: resolution)
    }
    #expect(throws: Never.self) { try CaptureConditions(hand: .left, wavelength: 700, resolution: 80) }
  }
}

/// A picture of 128 x 128 samples as PNG, written without compression; parts can be replaced by wrong ones.
struct SmallPNG {
  let depth: Int

  var expected: [UInt16] {
    (0..<128 * 128).map { (place: Int) -> UInt16 in
      depth == 8 ? UInt16((place * 3) & 255) * 257 : UInt16(truncatingIfNeeded: place * 31)
    }
  }
  var header: [UInt8] { [0, 0, 0, 128, 0, 0, 0, 128, UInt8(depth), 0, 0, 0, 0] }
  var raw: [UInt8] {
    let expected = expected
    var bytes: [UInt8] = []
    for (place, value) in expected.enumerated() {
      if place % 128 == 0 { bytes.append(0) }
      if depth == 16 { bytes.append(UInt8(value >> 8)) }
      bytes.append(UInt8(value & 255))
    }
    return bytes
  }

  func bytes(
    header: [UInt8]? = nil, before: [(String, [UInt8])] = [], behind: [(String, [UInt8])] = [], raw: [UInt8]? = nil,
    deflated: [UInt8]? = nil, adler: UInt32? = nil
  ) -> [UInt8] {
    let raw = raw ?? self.raw
    var body: [UInt8] = [0x78, 0x01]
    body += deflated ?? Self.stored(raw)
    body += Self.big(adler ?? Self.adler(raw))
    var whole: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    whole += chunk("IHDR", header ?? self.header)
    for other in before { whole += chunk(other.0, other.1) }
    whole += chunk("IDAT", body)
    for other in behind { whole += chunk(other.0, other.1) }
    return whole + chunk("IEND", [])
  }

  private func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
    let named = Array(type.utf8) + body
    return Self.big(UInt32(body.count)) + named + Self.big(Self.crc(named))
  }

  private static func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

  private static func stored(_ raw: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var place = 0
    while place < raw.count {
      let end = min(place + 60_000, raw.count)
      let length = UInt16(end - place)
      result += [end == raw.count ? 1 : 0, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)]
      result += raw[place..<end]
      place = end
    }
    return result
  }

  /// Bit by bit, where the reader has a table.
  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var value = UInt32.max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~value
  }

  static func adler(_ bytes: [UInt8]) -> UInt32 {
    let sums = bytes.reduce((UInt32(1), UInt32(0))) { sums, byte in
      let low = (sums.0 + UInt32(byte)) % 65_521
      return (low, (sums.1 + low) % 65_521)
    }
    return sums.1 << 16 | sums.0
  }
}

/// One block with the fixed codes of RFC 1951.
struct FixedCodeWriter {
  private var bits: [UInt8] = [1, 1, 0]  // last block; type 1, lowest bit first

  mutating func literal(_ byte: UInt8) { put(0x30 + Int(byte), 8) }

  /// Length 258 (symbol 285, code 11000101), distance 1 (symbol 0).
  mutating func copyLongestFromOne() {
    put(0b1100_0101, 8)
    put(0, 5)
  }

  func finished() -> [UInt8] {
    let all = bits + [UInt8](repeating: 0, count: 7)
    return stride(from: 0, to: all.count, by: 8).map { start in
      (0..<8).reduce(UInt8(0)) { $0 | (start + $1 < all.count ? all[start + $1] << UInt8($1) : 0) }
    }
  }

  private mutating func put(_ code: Int, _ length: Int) {
    for bit in (0..<length).reversed() { bits.append(UInt8(code >> bit & 1)) }
  }
}
