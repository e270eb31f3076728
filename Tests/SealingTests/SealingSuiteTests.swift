import AuthTerms
import Crypto
import Foundation
import Sealing
import Testing

@Suite("a message sealed to one key opens with it, in its context, once as it was")
struct SealingSuiteTests {
  private static func secret(_ bytes: [UInt8]) -> Secret<KeyMaterial> { Secret(copying: bytes) }
  private static func bytes<Purpose>(_ secret: Secret<Purpose>) -> [UInt8] { secret.withBytes { Array($0) } }
  private static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

  private struct Vector {
    let suite: SealingSuite
    let key: String
    let publicKey: String
    let encapsulated: String
    let ciphertext: String
  }

  /// RFC 9180, the published set of test vectors, mode 0: the first encryption of each suite. Its info, data and text are the same in all.
  private static let info = "4f6465206f6e2061204772656369616e2055726e"
  private static let data = "436f756e742d30"
  private static let text = "4265617574792069732074727574682c20747275746820626561757479"
  private static let vectors = [
    // Appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
    Vector(
      suite: .x25519, key: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
      publicKey: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
      encapsulated: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
      ciphertext: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
    // DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
    Vector(
      suite: .p256, key: "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
      publicKey: "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f"
        + "853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
      encapsulated: "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
        + "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
      ciphertext: "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f"),
  ]

  @Test("what others sealed opens (RFC 9180)", arguments: vectors.indices)
  func knownAnswers(index: Int) throws {
    let vector = Self.vectors[index]
    let key = try SealingKey(vector.suite, seed: Self.secret(Hex.decode(vector.key)))
    #expect(Hex.encode(key.publicKey) == vector.publicKey)
    let message = SealedMessage(
      encapsulated: try Hex.decode(vector.encapsulated), ciphertext: try Hex.decode(vector.ciphertext))
    let opened = try key.open(
      message, info: Hex.decode(Self.info), associatedData: Hex.decode(Self.data), as: KeyMaterial.self)
    #expect(Hex.encode(Self.bytes(opened)) == Self.text)
  }

  @Test("every length comes back, and no two messages are alike", arguments: SealingSuite.allCases)
  func roundTrip(suite: SealingSuite) throws {
    let key = try SealingKey(suite, seed: Self.secret(Self.random(32).map { $0 & 0x7f }))
    #expect(key.suite == suite && key.publicKey.count == suite.publicKeyBytes)
    for length in [0, 1, 31, 1000, 4096] {
      let plaintext = Self.random(length)
      let (info, data) = (Self.random(20), Self.random(length % 50))
      let one = try suite.seal(Self.secret(plaintext), to: key.publicKey, info: info, associatedData: data)
      let other = try suite.seal(Self.secret(plaintext), to: key.publicKey, info: info, associatedData: data)
      #expect(one.encapsulated != other.encapsulated && one.ciphertext != other.ciphertext)
      #expect(one.ciphertext.count == length + 16)
      #expect(try Self.bytes(key.open(one, info: info, associatedData: data, as: KeyMaterial.self)) == plaintext)
    }
    // The same seed is the same key.
    let seed = Self.random(32).map { $0 & 0x7f }
    #expect(
      try SealingKey(suite, seed: Self.secret(seed)).publicKey == SealingKey(suite, seed: Self.secret(seed)).publicKey)
  }

  @Test("another key, info, data, suite, or any changed byte: nothing opens", arguments: SealingSuite.allCases)
  func refusals(suite: SealingSuite) throws {
    func key() throws -> SealingKey { try SealingKey(suite, seed: Self.secret(Self.random(32).map { $0 & 0x7f })) }
    let mine = try key()
    let (info, data) = ([1, 2, 3] as [UInt8], [4, 5] as [UInt8])
    let message = try suite.seal(Self.secret([9, 9, 9]), to: mine.publicKey, info: info, associatedData: data)
    func opens(_ message: SealedMessage, _ key: SealingKey, _ info: [UInt8], _ data: [UInt8]) -> Bool {
      (try? key.open(message, info: info, associatedData: data, as: KeyMaterial.self)) != nil
    }
    #expect(opens(message, mine, info, data))
    #expect(try !opens(message, key(), info, data))
    #expect(!opens(message, mine, [1, 2], data) && !opens(message, mine, info, []) && !opens(message, mine, info + [0], data))
    for other in SealingSuite.allCases where other != suite {
      #expect(try !opens(message, SealingKey(other, seed: Self.secret([UInt8](repeating: 5, count: 32))), info, data))
    }
    // X25519 ignores the highest bit of a point; HPKE binds the bytes all the same.
    for index in message.encapsulated.indices {
      var bent = message.encapsulated
      bent[index] ^= index == 31 ? 0x80 : 0x01
      #expect(!opens(SealedMessage(encapsulated: bent, ciphertext: message.ciphertext), mine, info, data), "\(index)")
    }
    for index in message.ciphertext.indices {
      var bent = message.ciphertext
      bent[index] ^= 0x10
      #expect(!opens(SealedMessage(encapsulated: message.encapsulated, ciphertext: bent), mine, info, data), "\(index)")
    }
    for cut in [0, 1, 15, message.ciphertext.count - 1] {
      let short = SealedMessage(encapsulated: message.encapsulated, ciphertext: Array(message.ciphertext.prefix(cut)))
      #expect(!opens(short, mine, info, data))
    }
    for cut in [0, 1, message.encapsulated.count - 1] {
      let short = SealedMessage(encapsulated: Array(message.encapsulated.prefix(cut)), ciphertext: message.ciphertext)
      #expect(!opens(short, mine, info, data))
    }
    #expect(!opens(SealedMessage(encapsulated: message.encapsulated + [0], ciphertext: message.ciphertext), mine, info, data))
  }

  @Test("what is no key of the suite is refused", arguments: SealingSuite.allCases)
  func keys(suite: SealingSuite) throws {
    for count in [0, 1, suite.publicKeyBytes - 1, suite.publicKeyBytes + 1] {
      #expect(throws: SealingFault.self) {
        try suite.seal(Self.secret([1]), to: [UInt8](repeating: 4, count: count), info: [], associatedData: [])
      }
    }
    for count in [0, 31, 33] {
      #expect(throws: SealingFault.parameters("seed: 32 bytes")) {
        try SealingKey(suite, seed: Self.secret([UInt8](repeating: 1, count: count)))
      }
    }
    // Not on the curve; and no scalar.
    if suite == .p256 {
      #expect(throws: SealingFault.self) {
        try suite.seal(
          Self.secret([1]), to: [4] + [UInt8](repeating: 1, count: 64), info: [], associatedData: [])
      }
      for scalar in [UInt8(0), 0xff] {
        #expect(throws: SealingFault.self) {
          try SealingKey(suite, seed: Self.secret([UInt8](repeating: scalar, count: 32)))
        }
      }
    }
  }

  @Test("points of small order, with which anybody could open, are refused at both ends (RFC 9180 §7.1.4)")
  func smallOrder() throws {
    // Little-endian; facts of the curve: 0, 1, p - 1, p, p + 1 and two of order 8, with and without the bit that is not read.
    let tail = String(repeating: "ff", count: 30) + "7f"
    let points = try [
      String(repeating: "00", count: 32), "01" + String(repeating: "00", count: 31), "ec" + tail, "ed" + tail, "ee" + tail,
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ].map { try Hex.decode($0) }
    let key = try SealingKey(.x25519, seed: Self.secret(Self.random(32)))
    for point in points {
      for bit in [UInt8(0), 0x80] {
        var bytes = point
        bytes[31] |= bit
        // The library refuses it by itself one day, or gives the secret that everybody knows.
        let shared = try? Curve25519.KeyAgreement.PrivateKey()
          .sharedSecretFromKeyAgreement(with: Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes))
        #expect(shared?.withUnsafeBytes { $0.allSatisfy { $0 == 0 } } ?? true)
        #expect(throws: SealingFault.malformed("public key of x25519-chachapoly")) {
          try SealingSuite.x25519.seal(Self.secret([1]), to: bytes, info: [], associatedData: [])
        }
        #expect(throws: SealingFault.malformed("encapsulated key")) {
          try key.open(
            SealedMessage(encapsulated: bytes, ciphertext: [UInt8](repeating: 0, count: 17)), info: [], associatedData: [],
            as: KeyMaterial.self)
        }
      }
    }
    // A neighbour of each is a point like any other.
    for point in points {
      var bytes = point
      bytes[0] ^= 0x40
      #expect(throws: Never.self) { try SealingSuite.x25519.seal(Self.secret([1]), to: bytes, info: [], associatedData: []) }
    }
  }

  @Test("a private key shows nothing")
  func unprintable() throws {
    let key = try SealingKey(.x25519, seed: Self.secret([UInt8](repeating: 0xAB, count: 32)))
    var text = ""
    dump(key, to: &text)
    #expect(Mirror(reflecting: key).children.isEmpty && !text.lowercased().contains("ab, ab") && !text.contains("171"))
  }
}
