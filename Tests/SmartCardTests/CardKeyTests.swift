import AuthTerms
import SmartCard
import Testing

@Suite("a city's key as it is typed")
struct CardKeyTests {
  private func decode(_ text: String, count: Int = 2) -> [UInt8]? {
    CardKeyText.decode(Secret(copying: Array(text.utf8)), count: count).map { key in key.withBytes { Array($0) } }
  }

  @Test("pairs of digits of either case, with spaces or without")
  func decoded() {
    #expect(decode("0aF9") == [0x0A, 0xF9] && decode(" 0a f9 ") == [0x0A, 0xF9] && decode("0 a F 9") == [0x0A, 0xF9])
    #expect(decode("00112233445566778899aabbccddeeff", count: 16) == (0..<16).map { UInt8($0 * 0x11) })
  }

  @Test(
    "too few, too many, and what is no digit", arguments: ["", "0aF", "0aF90", "0aF9 00", "0aG9", "0a-f9", "0x0a", "0aF9\n"])
  func refused(text: String) { #expect(decode(text) == nil) }

  @Test("two that were typed are the same or not, whatever their length")
  func equal() {
    func key(_ bytes: [UInt8]) -> Secret<CardKey> { Secret(copying: bytes) }
    #expect(CardKeyText.areEqual(key([1, 2]), key([1, 2])))
    for other in [[1, 3], [0, 2], [1], [1, 2, 0], []] as [[UInt8]] {
      #expect(!CardKeyText.areEqual(key([1, 2]), key(other)))
    }
  }

  @Test("keys that everybody knows, and parts of Triple DES that are equal but for parity")
  func strength() {
    func isFit(_ bytes: [UInt8], _ kind: SharedKeyCardKind) -> Bool { CardKeyStrength.isFit(Secret(copying: bytes), for: kind) }
    let (one, two) = ((1...8).map { UInt8($0 * 2) }, (1...8).map { UInt8($0 * 4) })
    #expect(!isFit([], .desfireEV2) && !isFit([UInt8](repeating: 9, count: 16), .desfireEV2))
    #expect(isFit(one + one, .desfireEV2) && !isFit(one + one, .felicaLiteS) && isFit(one + two, .felicaLiteS))
    #expect(!isFit(one + two + one.map { $0 | 1 }, .felicaLiteS) && !isFit(one + two + two, .felicaLiteS))
    #expect(isFit(one + two + two.map { $0 ^ 2 }, .felicaLiteS))
  }
}
