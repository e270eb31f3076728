public import AuthTerms

/// A key of a card or a city, a session's key, and every text on the way to one.
public enum CardKey {}

/// The block ciphers of shared-key cards. Somebody else's library does the work; this target only knows the order of bytes.
///
/// All texts are secrets: what may leave is copied out where it leaves. Errors: `CardCipherFault`, for lengths that do not fit
/// and for a library that fails.
public protocol CardCipher: Sendable {
  /// Triple DES in CBC, without padding (NIST SP 800-67 rev. 2): key of 16 (two keys) or 24 bytes, 8 bytes of `iv`, a text of
  /// whole blocks of 8 bytes.
  func encryptTripleDES(
    _ text: Secret<CardKey>, key: Secret<CardKey>, iv: [UInt8]
  ) throws(CardCipherFault) -> Secret<CardKey>
  /// AES-128 in CBC, without padding, under an IV of zeros; a text of whole blocks of 16 bytes.
  func encryptAES(_ text: Secret<CardKey>, key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey>
  func decryptAES(_ text: Secret<CardKey>, key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey>
  /// AES-128 CMAC (NIST SP 800-38B): 16 bytes.
  func authenticateAES(_ text: Secret<CardKey>, key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey>
  /// In a time that does not depend on where they differ.
  func areEqual(_ a: Secret<CardKey>, _ b: Secret<CardKey>) -> Bool
}

/// No answer could be computed; the exchange is over without a yes.
public enum CardCipherFault: Error, Equatable, Sendable {
  /// A key, an IV or a text of a length that the cipher does not take.
  case length
  /// The library refused, for example in a mode without Triple DES.
  case library
}
