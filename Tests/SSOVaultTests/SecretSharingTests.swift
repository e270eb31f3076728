import AuthTerms
import Foundation
import SSOVault
import Testing

@Suite("shares of a secret")
struct SecretSharingTests {
  private func secret(_ bytes: [UInt8]) -> Secret<KeyMaterial> { Secret(copying: bytes) }
  private func bytes(_ secret: Secret<KeyMaterial>) -> [UInt8] { secret.withBytes { Array($0) } }

  /// The field by its definition: polynomials over GF(2), multiplied, and divided by x^8 + x^4 + x^3 + x + 1.
  private func product(_ one: UInt8, _ other: UInt8) -> UInt8 {
    var whole = UInt16(0)
    for bit in 0..<8 where other & 1 << bit != 0 { whole ^= UInt16(one) << bit }
    for bit in stride(from: 15, through: 8, by: -1) where whole & 1 << bit != 0 { whole ^= 0x11B << (bit - 8) }
    return UInt8(whole)
  }

  @Test("multiplication agrees with the field's definition for all pairs, and every number but 0 has an inverse")
  func field() {
    var differing = 0
    for one in UInt8.min ... .max {
      for other in UInt8.min ... .max where SecretSharing.multiply(one, other) != product(one, other) { differing += 1 }
    }
    #expect(differing == 0)
    #expect((1...UInt8.max).allSatisfy { SecretSharing.multiply($0, SecretSharing.inverse($0)) == 1 })
    #expect(SecretSharing.inverse(0) == 0)
    // FIPS 197 §4.2 and §4.2.1.
    #expect(SecretSharing.multiply(0x57, 0x83) == 0xC1 && SecretSharing.multiply(0x57, 0x13) == 0xFE)
  }

  @Test("any as many as are needed give the secret back", arguments: [(2, 3), (2, 2), (3, 5), (9, 9), (1, 3)])
  func combine(threshold: Int, count: Int) throws {
    let original = Office.random(32)
    let shares = SecretSharing.split(
      secret(original), random: secret(Office.random((threshold - 1) * 32)), threshold: threshold, into: count)
    for chosen in UInt(0)..<1 << UInt(count) where chosen.nonzeroBitCount == threshold {
      let some = (0..<count).filter { chosen & 1 << UInt($0) != 0 }
      let taken = Dictionary(uniqueKeysWithValues: some.map { (UInt8($0 + 1), shares[$0]) })
      #expect(bytes(SecretSharing.combine(taken)) == original)
    }
  }

  @Test("one share of two fits every secret equally well: for each secret there is exactly one coefficient that gives it")
  func nothing() {
    for number in UInt8(1)...9 {
      for value in [UInt8(0), 1, 0x5A, 0xFF] {
        let coefficients = Secret<KeyMaterial>(copying: Array(UInt8.min ... .max))
        // All 256 coefficients at once, each for the same secret byte.
        let share = SecretSharing.split(
          secret([UInt8](repeating: value, count: 256)), random: coefficients, threshold: 2, into: 9)[Int(number) - 1]
        #expect(Set(bytes(share)).count == 256, "share \(number) of \(value)")
      }
    }
  }

  @Test("two shares of three fit every secret equally well")
  func nothingOfTwo() {
    // What shares 1 and 2 may hold, for two different secrets: the same pairs, each once.
    func pairs(_ value: UInt8) -> Set<UInt16> {
      var found: Set<UInt16> = []
      let others = secret(Array(UInt8.min ... .max))
      for first in UInt8.min ... .max {
        let random = secret([UInt8](repeating: first, count: 256) + bytes(others))
        let shares = SecretSharing.split(
          secret([UInt8](repeating: value, count: 256)), random: random, threshold: 3, into: 3
        ).map(bytes)
        for position in 0..<256 { found.insert(UInt16(shares[0][position]) << 8 | UInt16(shares[1][position])) }
      }
      return found
    }
    #expect(pairs(0).count == 65_536 && pairs(0xA7).count == 65_536)
  }
}
