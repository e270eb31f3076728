public import AuthTerms

/// The certificate of a card for which nobody here vouches: its key and its dates, read and not believed.
///
/// What it is good for: a key that signed a challenge is the key in it, whoever wrote the rest. Whose key that is, the register
/// says; the dates are what the card's issuer wrote, or what somebody else did.
public struct UnvouchedCertificate: Sendable {
  public let subjectKey: SubjectKey
  public let validity: ValidityPeriod

  /// - Parameter der: at most 8 KiB. Untrusted: at worst refused.
  /// - Throws: for anything that is not one DER certificate of somebody who may sign and is no authority, with a key of a kind
  ///   that is known and readable dates.
  public init(der: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput(
      "card certificate", expected: "one DER certificate of at most 8 KiB, of no authority, for signatures")
    guard (1...8192).contains(der.count), let certificate = OpenSSLCertificate(exactly: der), !certificate.isAuthority,
      certificate.mayMakeSignatures
    else { throw fault }
    subjectKey = try SubjectKey(parsing: certificate.publicKeyDER)
    validity = try ValidityPeriod(certificate: der)
  }
}
