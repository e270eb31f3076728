import AuthTerms
import Sealing
import Testing

@Suite("keyed hashes of short secrets")
struct KeyedDigestTests {
  private static func key(_ id: UInt32, _ byte: UInt8) throws -> ColumnKey {
    try ColumnKey(id: id, key: Secret(copying: [UInt8](repeating: byte, count: 32)))
  }

  private let text = Array("5728304915".utf8)

  @Test("the same text, purpose and key: the same 32 bytes; each of the three changes them")
  func each() throws {
    let keys = try ColumnKeys(current: Self.key(1, 0x11))
    let (digest, id) = try KeyedDigest.make(text, for: "a", under: keys)
    #expect(digest.count == 32 && id == 1)
    #expect(try KeyedDigest.make(text, for: "a", under: keys).digest == digest)
    #expect(try KeyedDigest.make(text, for: "b", under: keys).digest != digest)
    #expect(try KeyedDigest.make(text + [0], for: "a", under: keys).digest != digest)
    #expect(try KeyedDigest.make(text, for: "a", under: ColumnKeys(current: Self.key(1, 0x12))).digest != digest)
    #expect(KeyedDigest.matches(text, for: "a", digest: digest, keyID: 1, under: keys))
    #expect(!KeyedDigest.matches(text, for: "b", digest: digest, keyID: 1, under: keys))
    #expect(!KeyedDigest.matches(text.dropLast() + [0x36], for: "a", digest: digest, keyID: 1, under: keys))
    #expect(!KeyedDigest.matches(text, for: "a", digest: [], keyID: 1, under: keys))
    #expect(!KeyedDigest.matches(text, for: "a", digest: digest.dropLast() + [digest[31] ^ 1], keyID: 1, under: keys))
  }

  @Test("after a change of the column key an old hash still counts, until the old key is gone")
  func rotation() throws {
    let old = try Self.key(1, 0x11)
    let (digest, id) = try KeyedDigest.make(text, for: "a", under: ColumnKeys(current: old))
    let both = try ColumnKeys(current: Self.key(2, 0x22), older: [old])
    #expect(KeyedDigest.matches(text, for: "a", digest: digest, keyID: id, under: both))
    #expect(try KeyedDigest.make(text, for: "a", under: both).keyID == 2)
    #expect(try !KeyedDigest.matches(text, for: "a", digest: digest, keyID: id, under: ColumnKeys(current: Self.key(2, 0x22))))
  }

  @Test("a text of more than 64 KiB is refused")
  func limit() throws {
    let keys = try ColumnKeys(current: Self.key(1, 0x11))
    #expect(throws: SealingFault.self) { try KeyedDigest.make([UInt8](repeating: 0, count: 65_537), for: "a", under: keys) }
    #expect(throws: Never.self) { try KeyedDigest.make([UInt8](repeating: 0, count: 65_536), for: "a", under: keys) }
  }
}
