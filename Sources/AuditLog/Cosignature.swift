public import AuthTerms
import Crypto

/// The public half of a witness's key (C2SP tlog-cosignature, Ed25519): `name+hex8+base64(0x04 || public key)`.
///
/// The other first byte keeps a witness's key from being taken for a log's, and its signature for a log's.
public struct WitnessVerifier: Sendable, Hashable {
  public let name: String
  /// The first 4 bytes of SHA-256(name || 0x0A || 0x04 || public key).
  public let keyID: [UInt8]
  /// Ed25519, 32 bytes.
  public let publicKey: [UInt8]

  private static let timestamped: UInt8 = 0x04
  private static let fault = MalformedInput("witness key", expected: "name+8 hex digits+base64 of a cosigner's Ed25519 key")

  public init(name: String, publicKey: [UInt8]) throws(MalformedInput) {
    guard SignedNote.isKeyName(name), publicKey.count == 32,
      (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)) != nil
    else { throw Self.fault }
    self.name = name
    self.publicKey = publicKey
    keyID = Array(SHA256.hash(data: Array(name.utf8) + [0x0A, Self.timestamped] + publicKey).prefix(4))
  }

  /// - Throws: `MalformedInput`, also when the key id is not the key's own, and for a log's key.
  public init(vkey: String) throws(MalformedInput) {
    // Base64 may hold plus signs, a key name can't: only the first two separate.
    let parts = vkey.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard vkey.utf8.count <= 512, parts.count == 3 else { throw Self.fault }
    let key = try Base64.decode(parts[2])
    guard key.first == Self.timestamped else { throw Self.fault }
    try self.init(name: String(parts[0]), publicKey: Array(key.dropFirst()))
    guard try Hex.decode(parts[1]) == keyID else { throw Self.fault }
  }

  public var vkey: String { "\(name)+\(Hex.encode(keyID))+\(Base64.encode([Self.timestamped] + publicKey))" }

  /// When this witness cosigned the note, in seconds since 1970-01-01 UTC: the latest of its lines.
  ///
  /// Lines of other keys are passed over; a line with this name and id and a wrong signature spoils the note.
  /// - Returns: `nil` without a line of this key, or with a wrong one.
  public func time(of note: SignedNote) -> UInt64? {
    let own = note.signatures.filter { $0.name == name && $0.keyID == keyID }
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return nil }
    var latest: UInt64?
    for line in own {
      guard line.signature.count == Self.signatureBytes else { return nil }
      let seconds = line.signature.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard seconds <= UInt64(Int64.max),
        key.isValidSignature(Array(line.signature.dropFirst(8)), for: Self.message(note.text, seconds))
      else { return nil }
      latest = max(latest ?? 0, seconds)
    }
    return latest
  }

  /// Eight bytes of time, big-endian, and the Ed25519 signature.
  private static let signatureBytes = 72

  /// The bytes that are signed (tlog-cosignature, "Ed25519 signed message").
  fileprivate static func message(_ text: String, _ seconds: UInt64) -> [UInt8] {
    Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8)
  }
}

/// The way to a witness's private half.
public struct Cosigner: Sendable {
  public let verifier: WitnessVerifier
  /// Ed25519 over these bytes; 64 bytes.
  private let signature: @Sendable ([UInt8]) throws -> [UInt8]

  public init(verifier: WitnessVerifier, signature: @escaping @Sendable ([UInt8]) throws -> [UInt8]) {
    self.verifier = verifier
    self.signature = signature
  }

  /// - Parameter seconds: since 1970-01-01 UTC.
  /// - Returns: the note with one line more, which says: as of then, this was the largest tree of this log that was seen.
  /// - Throws: what the key answered; `MalformedInput` when its signature is not the pinned key's, the time does not fit in
  ///   63 bits, or the note has no room for one more line.
  public func cosign(_ note: SignedNote, at seconds: UInt64) throws -> SignedNote {
    let time = (0..<8).reversed().map { UInt8(truncatingIfNeeded: seconds >> (8 * UInt64($0))) }
    let line = try NoteSignature(
      name: verifier.name, keyID: verifier.keyID,
      signature: time + signature(WitnessVerifier.message(note.text, seconds)))
    let cosigned = try SignedNote(text: note.text, signatures: note.signatures + [line])
    guard verifier.time(of: cosigned) != nil else { throw MalformedInput("cosignature", expected: "one by the pinned key") }
    return cosigned
  }
}
