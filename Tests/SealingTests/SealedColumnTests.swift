import AuthTerms
import Sealing
import Testing

@Suite("a sealed column opens in its own place only")
struct SealedColumnTests {
  private static let place = ColumnPlace(table: "passwords", row: "p1", version: 1)
  private static func key(_ id: UInt32, from first: UInt8 = 0) throws -> ColumnKey {
    try ColumnKey(id: id, key: Secret(copying: (0..<32).map { first &+ $0 }))
  }

  /// Computed with another implementation of AES-GCM, from the layout in the documentation of `SealedColumn`.
  @Test("known answer")
  func knownAnswer() throws {
    let keys = try ColumnKeys(current: Self.key(7))
    let sealed = try SealedColumn.seal(
      Array("hello column".utf8), under: keys, at: Self.place, nonce: Array(UInt8(100)..<112))
    #expect(
      Hex.encode(sealed) == "01000000076465666768696a6b6c6d6e6f207eb20a16c935f15217328610bbd8a314abcbfa82caa4cff692223a")
    #expect(try SealedColumn.open(sealed, with: keys, at: Self.place) == Array("hello column".utf8))
  }

  @Test("the same text is never sealed to the same bytes")
  func freshNonces() throws {
    let keys = try ColumnKeys(current: Self.key(7))
    let sealed = try (0..<200).map { _ in try SealedColumn.seal([1, 2, 3], under: keys, at: Self.place) }
    #expect(Set(sealed).count == 200)
  }

  @Test("no bit can change, nothing can be cut off or added")
  func everyBit() throws {
    let keys = try ColumnKeys(current: Self.key(7))
    let sealed = try SealedColumn.seal(Array("secret".utf8), under: keys, at: Self.place)
    for byte in sealed.indices {
      for bit: UInt8 in 0..<8 {
        var changed = sealed
        changed[byte] ^= 1 << bit
        #expect(throws: SealingFault.self) { try SealedColumn.open(changed, with: keys, at: Self.place) }
      }
      #expect(throws: SealingFault.self) { try SealedColumn.open(Array(sealed[..<byte]), with: keys, at: Self.place) }
    }
    #expect(throws: SealingFault.notAuthentic) { try SealedColumn.open(sealed + [0], with: keys, at: Self.place) }
  }

  @Test("in another table, row or version it does not open")
  func places() throws {
    let keys = try ColumnKeys(current: Self.key(7))
    let sealed = try SealedColumn.seal([1], under: keys, at: Self.place)
    for place in [
      ColumnPlace(table: "password", row: "sp1", version: 1), ColumnPlace(table: "passwords", row: "p2", version: 1),
      ColumnPlace(table: "passwords", row: "p1", version: 2), ColumnPlace(table: "", row: "", version: 0),
    ] {
      #expect(throws: SealingFault.notAuthentic) { try SealedColumn.open(sealed, with: keys, at: place) }
    }
  }

  @Test("older keys open, unknown and exchanged ones do not")
  func rotation() throws {
    let before = try ColumnKeys(current: Self.key(1, from: 10))
    let sealed = try SealedColumn.seal([42], under: before, at: Self.place)
    let after = try ColumnKeys(current: Self.key(2, from: 20), older: [Self.key(1, from: 10)])
    #expect(try SealedColumn.open(sealed, with: after, at: Self.place) == [42])
    #expect(try SealedColumn.seal([42], under: after, at: Self.place)[1..<5] == [0, 0, 0, 2])
    #expect(throws: SealingFault.unknownKey(1)) {
      try SealedColumn.open(sealed, with: ColumnKeys(current: Self.key(2, from: 20)), at: Self.place)
    }
    #expect(throws: SealingFault.notAuthentic) {
      try SealedColumn.open(sealed, with: ColumnKeys(current: Self.key(1, from: 99)), at: Self.place)
    }
    #expect(throws: SealingFault.self) { try ColumnKeys(current: Self.key(1), older: [Self.key(1)]) }
    #expect(throws: SealingFault.self) { try ColumnKey(id: 1, key: Secret(copying: [1, 2, 3])) }
  }

  @Test("secrets go in and come out as secrets")
  func secrets() throws {
    let keys = try ColumnKeys(current: Self.key(7))
    let secret = Secret<KeyMaterial>(copying: [9, 8, 7])
    let sealed = try SealedColumn.seal(secret, under: keys, at: Self.place)
    let opened = try SealedColumn.open(sealed, with: keys, at: Self.place, as: KeyMaterial.self)
    #expect(opened.withBytes { Array($0) } == [9, 8, 7])
    let empty = try SealedColumn.seal([], under: keys, at: Self.place)
    #expect(try SealedColumn.open(empty, with: keys, at: Self.place).isEmpty)
  }

  @Test("limits")
  func limits() throws {
    let keys = try ColumnKeys(current: Self.key(7))
    #expect(throws: SealingFault.self) {
      try SealedColumn.seal([UInt8](repeating: 0, count: SealedColumn.limit + 1), under: keys, at: Self.place)
    }
    for count in [0, 11, 13] {
      #expect(throws: SealingFault.self) {
        try SealedColumn.seal([1], under: keys, at: Self.place, nonce: [UInt8](repeating: 0, count: count))
      }
    }
  }
}
