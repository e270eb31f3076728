import CertificateTrust
import Foundation
import Testing

/// Wycheproof's signatures through the one place where signatures of cards, operators and workstations are verified.
@Suite("Wycheproof", .enabled(if: OutsideVectors.hasWycheproof, "needs the checkout of swift-crypto"))
struct WycheproofTests {
  private struct Vectors: Decodable {
    struct Group: Decodable {
      struct Vector: Decodable {
        let tcId: Int
        let msg: String
        let sig: String
        let result: String
        let flags: [String]
      }
      let publicKeyDer: String?
      let keyDer: String?
      let sha: String?
      let tests: [Vector]
    }
    let numberOfTests: Int
    let testGroups: [Group]
  }

  /// What Wycheproof leaves to the verifier, by its flag, and what we do with it.
  private static let acceptable: [String: Bool] = [
    // DigestInfo without the NULL of its algorithm: RFC 8017 §9.2 knows one encoding, and a card makes that one.
    "MissingNull": false,
    // Exponent 3: unusual, not weak with this padding check; BoringSSL takes it.
    "SmallPublicKey": true,
  ]

  @Test(
    "valid is accepted, invalid is refused, and what is left to us is answered as listed",
    arguments: [
      ("Test Vectors/ecdsa_secp256r1_sha256_test", "ecdsa-p256-sha256", 471),
      ("Test Vectors/ecdsa_secp384r1_sha384_test", "ecdsa-p384-sha384", 491),
      ("Test Vectors/ed25519_test", "ed25519", 150),
      ("CryptoExtrasVectors/rsa_signature_2048_sha256_test", "rsa-pkcs1-sha256", 240),
      ("CryptoExtrasVectors/rsa_signature_3072_sha256_test", "rsa-pkcs1-sha256", 239),
    ])
  func signatures(file: String, algorithm: String, count: Int) throws {
    let folder = try #require(OutsideVectors.swiftCrypto)
    let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: folder.appending(path: "\(file).json")))
    var seen = 0
    for group in vectors.testGroups {
      let key = try SubjectKey(parsing: bytes(group.publicKeyDer ?? group.keyDer))
      for vector in group.tests {
        let answer = try key.verify(signature: bytes(vector.sig), algorithm: algorithm, over: bytes(vector.msg))
        let expected = try vector.result == "acceptable" ? left(vector.flags) : vector.result == "valid"
        #expect(answer == expected, "\(file) \(vector.tcId) \(vector.result) \(vector.flags)")
        seen += 1
      }
    }
    #expect(seen == count && vectors.numberOfTests == count)
  }

  private func left(_ flags: [String]) throws -> Bool {
    try #require(!flags.isEmpty && flags.allSatisfy { Self.acceptable[$0] != nil }, "not listed: \(flags)")
    return flags.allSatisfy { Self.acceptable[$0] == true }
  }

  private func bytes(_ hex: String?) throws -> [UInt8] {
    let digits = Array(try #require(hex).utf8)
    try #require(digits.count.isMultiple(of: 2))
    return try stride(from: 0, to: digits.count, by: 2).map { place in
      try #require(UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16))
    }
  }
}
