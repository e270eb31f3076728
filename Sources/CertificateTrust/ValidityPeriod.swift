public import AuthTerms

/// From when until when a document counts, read without judging whether it is to be believed.
public struct ValidityPeriod: Sendable, Hashable {
  /// Milliseconds since 1970-01-01 UTC.
  public let notBefore: Int64
  /// The end of a certificate; of a revocation list the day its next one is due, which it may leave out.
  public let notAfter: Int64?

  private static let fault = MalformedInput("validity", expected: "one DER certificate or revocation list with readable dates")

  public init(certificate der: [UInt8]) throws(MalformedInput) {
    guard let dates = OpenSSLCertificate(exactly: der)?.dates, dates.count == 2 else { throw Self.fault }
    notBefore = Int64(dates[0]) * 1000
    notAfter = Int64(dates[1]) * 1000
  }

  public init(revocationList der: [UInt8]) throws(MalformedInput) {
    guard let list = OpenSSLRevocationList(exactly: der) else { throw Self.fault }
    notBefore = Int64(list.thisUpdate) * 1000
    notAfter = list.nextUpdate.map { Int64($0) * 1000 }
  }
}
