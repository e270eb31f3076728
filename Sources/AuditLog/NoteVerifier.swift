public import AuthTerms
import Crypto

/// The public half of a note key (C2SP signed-note, Ed25519): `name+hex8+base64(0x01 || public key)`.
public struct NoteVerifier: Sendable, Hashable {
  public let name: String
  public let keyID: [UInt8]
  /// Ed25519, 32 bytes.
  public let publicKey: [UInt8]

  private static let ed25519: UInt8 = 0x01
  private static let fault = MalformedInput("verifier key", expected: "name+8 hex digits+base64 of an Ed25519 key")

  public init(name: String, publicKey: [UInt8]) throws(MalformedInput) {
    guard SignedNote.isKeyName(name), publicKey.count == 32,
      (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)) != nil
    else { throw Self.fault }
    self.name = name
    self.publicKey = publicKey
    keyID = Array(SHA256.hash(data: Array(name.utf8) + [0x0A, Self.ed25519] + publicKey).prefix(4))
  }

  /// - Throws: `MalformedInput`, also when the key id is not the key's own.
  public init(vkey: String) throws(MalformedInput) {
    // Base64 may hold plus signs, a key name can't: only the first two separate.
    let parts = vkey.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard vkey.utf8.count <= 512, parts.count == 3 else { throw Self.fault }
    let key = try Base64.decode(parts[2])
    guard key.first == Self.ed25519 else { throw Self.fault }
    try self.init(name: String(parts[0]), publicKey: Array(key.dropFirst()))
    guard try Hex.decode(parts[1]) == keyID else { throw Self.fault }
  }

  public var vkey: String { "\(name)+\(Hex.encode(keyID))+\(Base64.encode([Self.ed25519] + publicKey))" }

  /// True when one signature line of the note is this key's and right.
  ///
  /// Lines of other keys are passed over; a line with this name and id and a wrong signature spoils the note.
  public func verifies(_ note: SignedNote) -> Bool {
    let own = note.signatures.filter { $0.name == name && $0.keyID == keyID }
    guard !own.isEmpty, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return own.allSatisfy { $0.signature.count == 64 && key.isValidSignature($0.signature, for: Array(note.text.utf8)) }
  }
}

/// The way to the private half, which lives in another process.
public struct NoteSigner: Sendable {
  public let verifier: NoteVerifier
  /// Ed25519 over these bytes; 64 bytes.
  private let signature: @Sendable ([UInt8]) async throws -> [UInt8]

  public init(verifier: NoteVerifier, signature: @escaping @Sendable ([UInt8]) async throws -> [UInt8]) {
    self.verifier = verifier
    self.signature = signature
  }

  /// - Throws: what the other process answered, or `MalformedInput` when its signature is not the pinned key's.
  public func sign(_ checkpoint: Checkpoint) async throws -> SignedNote {
    let bytes = try await signature(Array(checkpoint.text.utf8))
    let note = try SignedNote(
      text: checkpoint.text,
      signatures: [NoteSignature(name: verifier.name, keyID: verifier.keyID, signature: bytes)])
    guard verifier.verifies(note) else { throw MalformedInput("checkpoint signature", expected: "one by the pinned key") }
    return note
  }
}
