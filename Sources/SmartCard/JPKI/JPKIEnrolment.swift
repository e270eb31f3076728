public import AuthTerms

/// What was shown about the user-authentication key when its card was registered at the desk.
public struct JPKIEvidence: Sendable, Equatable {
  /// DER as on the card, not judged.
  public let certificate: [UInt8]
  /// Over the digest handed in; form checked only.
  public let signature: [UInt8]
  /// Whether the key refused to sign before the PIN was given.
  public let refusedWithoutPIN: Bool
}

/// How proving the key ended.
public enum JPKIEnrolmentOutcome: Sendable, Equatable {
  case proven(JPKIEvidence)
  case wrongPIN(triesLeft: Int)
  case pinBlocked
  /// Another card than the one whose certificate was seen; the PIN was not sent to it.
  case otherCard
}

extension JPKICard {
  /// Shows at the desk what the key is worth, by trying it: without the PIN, then with it. A key that signs without PIN is not
  /// what a My Number Card has, and the PIN is then not sent at all.
  ///
  /// This convinces whoever runs the desk tool; the server learns it only as the desk's statement. Errors as for `sign`;
  /// `unsupportedCard` for a key that is not RSA-2048.
  ///
  /// - Parameters:
  ///   - seen: the certificate of the card that lay there when the person was asked.
  ///   - digest: SHA-256 of the text that this side built.
  public mutating func prove(
    seen: [UInt8], pin: Secret<PIN>, digest: [UInt8]
  ) throws(CardFailure) -> JPKIEnrolmentOutcome {
    try select()
    let certificate = try certificate()
    guard certificate == seen else { return .otherCard }
    guard try CertificateKey(certificate: certificate).algorithm == .rsa2048 else { throw .unsupportedCard }
    if try pinTriesLeft() == 0 { return .pinBlocked }
    do throws(CardFailure) {
      let signature = try sign(digest: digest)
      return .proven(JPKIEvidence(certificate: certificate, signature: signature, refusedWithoutPIN: false))
    } catch .pinRequired {
      switch try verifyPIN(pin) {
      case .verified: break
      case .wrong(let tries): return .wrongPIN(triesLeft: tries)
      case .blocked: return .pinBlocked
      }
      let signature = try sign(digest: digest)
      return .proven(JPKIEvidence(certificate: certificate, signature: signature, refusedWithoutPIN: true))
    }
  }
}
