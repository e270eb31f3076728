import AuthAPI
import AuthTerms
import Crypto
import Foundation
import GRDB
import SmartCard

/// For which script, and for which steps, a city's key is kept.
struct CardKeyPlace: KeptPlace {
  static let label = "sanmon/kept-card-key/1"
  static let table = "card_keys"

  var script: String
  var version: UInt32
  /// `CardScript.definition`
  var definition: [UInt8]

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(script)
    writer.field(UInt64(version))
    writer.field(definition)
  }
}

extension CardScript {
  /// SHA-256 over all of it save its names for people: kind, way to a card's key, generation, and every step. A key counts for this.
  var definition: [UInt8] {
    get throws(MalformedInput) {
      let nameless = try CardScript(
        id: id, nameJa: "-", nameEn: "-", kind: kind, proof: proof, diversification: diversification, generation: generation,
        commands: commands, rounds: rounds)
      return Array(SHA256.hash(data: nameless.canonicalBytes))
    }
  }
}

/// A city's key for one script, as it is kept.
struct KeptCardKey: Sendable {
  var place: CardKeyPlace
  /// Milliseconds since 1970-01-01 UTC.
  var setAt: Int64
  var kept: KeptCredential

  var entry: VaultCardKey { VaultCardKey(script: place.script, version: place.version, setAt: setAt) }

  fileprivate var bytes: [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 512)
    writer.field(CardKeyPlace.table)
    place.write(to: &writer)
    writer.field(setAt)
    writer.field(UInt64(kept.ring))
    writer.field(kept.salt)
    writer.field(kept.sealed)
    return writer.bytes
  }
}

extension ReleaseRegister {
  private static let keyColumns = "script, version, definition, set_at, ring, salt, sealed, mac"

  private func cardKey(_ row: Row) throws -> KeptCardKey {
    let (script, version, definition, setAt): (String, Int64, Data, Int64) = (row[0], row[1], row[2], row[3])
    let (ring, salt, sealed, code): (Int64, Data, Data, Data) = (row[4], row[5], row[6], row[7])
    guard let version = UInt32(exactly: version), version > 0, let ring = UInt32(exactly: ring) else {
      throw DamagedRow(table: CardKeyPlace.table)
    }
    let known = KeptCardKey(
      place: CardKeyPlace(script: script, version: version, definition: Array(definition)), setAt: setAt,
      kept: KeptCredential(ring: ring, salt: Array(salt), sealed: Array(sealed)))
    try seal.require(code, of: known.bytes, table: CardKeyPlace.table)
    return known
  }

  func cardKey(of script: String) throws -> KeptCardKey? {
    try first("SELECT \(Self.keyColumns) FROM card_keys WHERE script = ?", [script]).map(cardKey)
  }

  /// What is authenticated of one row, after its code was checked.
  func cardKeyRow(_ script: String) throws -> [UInt8] { try cardKey(of: script)?.bytes ?? [] }

  /// All of them, by the names of their scripts.
  func cardKeys() throws -> [KeptCardKey] {
    try Row.fetchAll(database, sql: "SELECT \(Self.keyColumns) FROM card_keys ORDER BY script LIMIT \(VaultCardKey.most)")
      .map(cardKey)
  }

  /// Some that an older root sealed.
  func cardKeys(sealedBefore ring: UInt32, limit: Int) throws -> [KeptCardKey] {
    try Row.fetchAll(
      database, sql: "SELECT \(Self.keyColumns) FROM card_keys WHERE ring < ? LIMIT ?", arguments: [Int64(ring), limit]
    ).map(cardKey)
  }

  func cardKeyCount(sealedBefore ring: UInt32 = .max) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT count(*) FROM card_keys WHERE ring < ?", arguments: [Int64(ring)]) ?? 0
  }

  /// In the place of the former one, which is gone with it.
  mutating func put(_ key: KeptCardKey) throws {
    if let former = try cardKey(of: key.place.script) { try count(former.bytes) }
    let row = key.bytes
    try run(
      "INSERT OR REPLACE INTO card_keys(\(Self.keyColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [
        key.place.script, Int64(key.place.version), key.place.definition.blob, key.setAt, Int64(key.kept.ring),
        key.kept.salt.blob, key.kept.sealed.blob, seal.code(row),
      ])
    try count(row)
  }

  /// Nothing of it stays.
  mutating func remove(_ key: KeptCardKey) throws {
    try run("DELETE FROM card_keys WHERE script = ?", [key.place.script])
    try count(key.bytes)
  }

  // MARK: Counters

  private static func bytes(_ kind: String, _ number: [UInt8], _ counter: Int64) -> [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 64)
    writer.field("card_counters")
    writer.field(kind)
    writer.field(number)
    writer.field(counter)
    return writer.bytes
  }

  private func counterValue(_ kind: String, _ number: [UInt8]) throws -> Int64? {
    guard
      let row = try first("SELECT counter, mac FROM card_counters WHERE kind = ? AND number = ?", [kind, number.blob])
    else { return nil }
    let (counter, code): (Int64, Data) = (row[0], row[1])
    try seal.require(code, of: Self.bytes(kind, number, counter), table: "card_counters")
    return counter
  }

  /// The highest that this card ever proved; `nil` for a card that never did.
  func counter(_ kind: SharedKeyCardKind, _ number: [UInt8]) throws -> UInt32? {
    try counterValue(kind.name, number).map { UInt32(clamping: $0) }
  }

  /// What is authenticated of one row, after its code was checked.
  func counterRow(_ kind: String, _ number: Data) throws -> [UInt8] {
    let number = Array(number)
    return try counterValue(kind, number).map { Self.bytes(kind, number, $0) } ?? []
  }

  mutating func put(counter: UInt32, _ kind: SharedKeyCardKind, _ number: [UInt8]) throws {
    if let former = try counterValue(kind.name, number) { try count(Self.bytes(kind.name, number, former)) }
    let row = Self.bytes(kind.name, number, Int64(counter))
    try run(
      "INSERT OR REPLACE INTO card_counters(kind, number, counter, mac) VALUES (?, ?, ?, ?)",
      [kind.name, number.blob, Int64(counter), seal.code(row)])
    try count(row)
  }
}
