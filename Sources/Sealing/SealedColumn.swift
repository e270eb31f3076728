public import AuthTerms
import Crypto
import Foundation

/// Where a sealed value belongs. It is authenticated with the value: moved to another row, it does not open.
public struct ColumnPlace: Sendable, Hashable {
  public var table: String
  public var row: String
  /// Of what is sealed, not of the row: a value of an older meaning does not pass for a newer one.
  public var version: UInt64

  public init(table: String, row: String, version: UInt64) {
    self.table = table
    self.row = row
    self.version = version
  }

  fileprivate var associatedData: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/column/1")
    writer.field(table)
    writer.field(row)
    writer.field(version)
    return writer.bytes
  }
}

/// A secret column: AES-256-GCM, laid out as format (1 byte), key id (4, big-endian), nonce (12), ciphertext, tag (16).
///
/// Against a stolen database file or backup: the key is not in it. Not against a process that holds the key.
public enum SealedColumn {
  private static let format: UInt8 = 1
  private static let headerLength = 1 + 4 + 12
  private static let tagLength = 16
  /// Bytes of plaintext.
  public static let limit = 1 << 20

  public static func seal(
    _ plaintext: [UInt8], under keys: ColumnKeys, at place: ColumnPlace
  ) throws(SealingFault) -> [UInt8] {
    // Not a parameter: the same nonce twice under one key would give both texts away, so the library draws it.
    try seal(plaintext, under: keys, at: place, nonce: AES.GCM.Nonce())
  }

  public static func seal<Purpose>(
    _ secret: Secret<Purpose>, under keys: ColumnKeys, at place: ColumnPlace
  ) throws(SealingFault) -> [UInt8] {
    var plaintext = unsafe secret.withBytes { unsafe Array($0) }
    defer { wipe(&plaintext) }
    return try seal(plaintext, under: keys, at: place)
  }

  /// With a nonce of the caller's (12 bytes), for known-answer tests.
  package static func seal(
    _ plaintext: [UInt8], under keys: ColumnKeys, at place: ColumnPlace, nonce: [UInt8]
  ) throws(SealingFault) -> [UInt8] {
    guard nonce.count == 12, let nonce = try? AES.GCM.Nonce(data: nonce) else { throw .parameters("nonce: 12 bytes") }
    return try seal(plaintext, under: keys, at: place, nonce: nonce)
  }

  /// - Throws: `.unknownKey`, `.malformed`, or `.notAuthentic` when key, place or bytes are not those of `seal`.
  public static func open(_ sealed: [UInt8], with keys: ColumnKeys, at place: ColumnPlace) throws(SealingFault) -> [UInt8] {
    var opened = try unseal(sealed, keys, place)
    defer { opened.resetBytes(in: 0..<opened.count) }
    return Array(opened)
  }

  /// The same, into memory that is wiped.
  public static func open<Purpose>(
    _ sealed: [UInt8], with keys: ColumnKeys, at place: ColumnPlace, as purpose: Purpose.Type
  ) throws(SealingFault) -> Secret<Purpose> {
    var opened = try unseal(sealed, keys, place)
    defer { opened.resetBytes(in: 0..<opened.count) }
    return Secret(copying: opened)
  }

  private static func seal(
    _ plaintext: [UInt8], under keys: ColumnKeys, at place: ColumnPlace, nonce: AES.GCM.Nonce
  ) throws(SealingFault) -> [UInt8] {
    guard plaintext.count <= limit else { throw .parameters("column: at most \(limit) bytes") }
    let header = [format] + (0..<4).map { UInt8(truncatingIfNeeded: keys.current.id >> (24 - 8 * UInt32($0))) }
    guard
      let box = try? AES.GCM.seal(
        plaintext, using: symmetric(keys.current), nonce: nonce, authenticating: header + place.associatedData)
    else { throw .unavailable }
    return header + Array(nonce) + Array(box.ciphertext) + Array(box.tag)
  }

  private static func unseal(_ sealed: [UInt8], _ keys: ColumnKeys, _ place: ColumnPlace) throws(SealingFault) -> Data {
    guard sealed.count >= headerLength + tagLength, sealed.count <= headerLength + limit + tagLength, sealed[0] == format
    else { throw .malformed("sealed column") }
    let key = try keys.key(sealed[1..<5].reduce(0) { $0 << 8 | UInt32($1) })
    guard
      let nonce = try? AES.GCM.Nonce(data: sealed[5..<headerLength]),
      let box = try? AES.GCM.SealedBox(
        nonce: nonce, ciphertext: sealed[headerLength..<sealed.count - tagLength], tag: sealed.suffix(tagLength))
    else { throw .malformed("sealed column") }
    guard
      let opened = try? AES.GCM.open(box, using: symmetric(key), authenticating: sealed[..<5] + place.associatedData)
    else { throw .notAuthentic }
    return opened
  }

  /// The library keeps and wipes its own copy.
  private static func symmetric(_ key: ColumnKey) -> SymmetricKey {
    unsafe key.key.withBytes { unsafe SymmetricKey(data: $0) }
  }

  private static func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { target in
      if let base = target.baseAddress { unsafe explicit_bzero(base, target.count) }
    }
  }
}
