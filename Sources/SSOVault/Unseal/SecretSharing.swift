package import AuthTerms

/// Splits a secret so that some of its shares give it back and fewer tell nothing of it (Shamir 1979), byte by byte in GF(2^8)
/// with the polynomial x^8 + x^4 + x^3 + x + 1.
///
/// Share `x` holds `secret + c1·x + c2·x² …` with coefficients drawn at random: whatever fewer shares hold, each secret fits them
/// equally well. Neither time nor memory access depends on secret bytes.
package enum SecretSharing {
  /// Without tables and branches: a table's cache lines would tell what was looked up.
  package static func multiply(_ one: UInt8, _ other: UInt8) -> UInt8 {
    var (product, shifted, rest) = (UInt8(0), one, other)
    for _ in 0..<8 {
      product ^= shifted & (0 &- (rest & 1))
      shifted = shifted << 1 ^ 0x1B & (0 &- (shifted >> 7))
      rest >>= 1
    }
    return product
  }

  /// `value^254`; 0 for 0.
  package static func inverse(_ value: UInt8) -> UInt8 {
    var (power, result) = (value, UInt8(1))
    for _ in 0..<7 {
      power = multiply(power, power)
      result = multiply(result, power)
    }
    return result
  }

  /// - Parameters:
  ///   - random: `threshold - 1` times the secret's length.
  ///   - count: of shares, `threshold`…255.
  /// - Returns: the shares 1, 2, …, each as long as the secret.
  package static func split(
    _ secret: Secret<KeyMaterial>, random: Secret<KeyMaterial>, threshold: Int, into count: Int
  ) -> [Secret<KeyMaterial>] {
    precondition(threshold >= 1 && (threshold...255).contains(count) && random.count == (threshold - 1) * secret.count)
    return (1...count).map { number in
      Secret(count: secret.count) { share in
        secret.withBytes { constant in
          random.withBytes { coefficients in
            for position in 0..<constant.count {
              var value = UInt8(0)
              for degree in stride(from: threshold - 2, through: 0, by: -1) {
                value = multiply(value ^ coefficients[degree * constant.count + position], UInt8(number))
              }
              share[position] = value ^ constant[position]
            }
          }
        }
      }
    }
  }

  /// - Parameter shares: exactly `threshold` of one secret, by their numbers; all of one length.
  /// - Returns: the secret; something else if they are not of one secret.
  package static func combine(_ shares: [UInt8: Secret<KeyMaterial>]) -> Secret<KeyMaterial> {
    let length = shares.values.first?.count ?? 0
    precondition(shares.values.allSatisfy { $0.count == length } && shares[0] == nil)
    return Secret(count: length) { secret in
      for (number, share) in shares {
        // Lagrange's polynomial of this share at 0; numbers are no secret.
        var weight = UInt8(1)
        for other in shares.keys where other != number { weight = multiply(weight, multiply(other, inverse(other ^ number))) }
        share.withBytes { bytes in for position in 0..<length { secret[position] ^= multiply(bytes[position], weight) } }
      }
    }
  }
}
