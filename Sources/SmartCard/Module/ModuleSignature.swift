import AuthTerms

/// The forms between a card's key and a PKCS#11 library.
public enum ModuleSignature {
  /// What such a key is handed: the digest itself for a curve (CKM_ECDSA), DigestInfo for RSA (CKM_RSA_PKCS, RFC 8017 §9.2).
  public static func input(_ algorithm: PIVAlgorithm, digest: [UInt8]) -> [UInt8] {
    algorithm.modulusCount == nil ? digest : PKCS1.sha256Prefix + digest
  }

  /// Bytes that the library answers with.
  public static func count(of algorithm: PIVAlgorithm) -> Int {
    algorithm.modulusCount ?? (algorithm == .p384 ? 96 : 64)
  }

  /// What the server takes: Ecdsa-Sig-Value in DER, or the block as it is.
  /// - Throws: `module(.malformed)` for another length, and for an r or s outside the curve's order.
  public static func wire(_ raw: [UInt8], _ algorithm: PIVAlgorithm) throws(CardFailure) -> [UInt8] {
    guard raw.count == count(of: algorithm) else { throw .module(.malformed) }
    guard algorithm.modulusCount == nil else { return raw }
    let half = raw.count / 2
    let encoded = BERTLV.encode(0x30, integer(raw[..<half]) + integer(raw[half...]))
    do throws(MalformedInput) { try ECDSASignature.check(encoded, of: algorithm) } catch { throw .module(.malformed) }
    return encoded
  }

  /// DER INTEGER, not negative, in its shortest form.
  private static func integer(_ magnitude: ArraySlice<UInt8>) -> [UInt8] {
    let digits = magnitude.drop { $0 == 0 }
    guard let first = digits.first else { return BERTLV.encode(0x02, [UInt8(0)]) }
    let sign: [UInt8] = first < 0x80 ? [] : [0]
    return BERTLV.encode(0x02, sign + Array(digits))
  }
}
