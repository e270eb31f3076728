import AuthTerms
import COpenSSL

/// One parsed revocation list (RFC 5280 §5); freed with its last owner.
final class OpenSSLRevocationList: @unchecked Sendable {
  // An X509_CRL that is only read after `init`: safe to share between threads.
  let pointer: OpaquePointer
  /// Seconds since 1970-01-01 UTC.
  let thisUpdate: Int
  /// `nil`: the list does not say when the next one comes.
  let nextUpdate: Int?
  /// Its issuingDistributionPoint as DER, empty without one: which of its issuer's certificates it speaks of.
  let scope: [UInt8]
  let isDelta: Bool

  /// Accepts one DER CertificateList and nothing after it, with readable dates and extensions.
  init?(exactly der: [UInt8]) {
    defer { ERR_clear_error() }
    let parsed: OpaquePointer? = der.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      var cursor: UnsafePointer<UInt8>? = base
      guard let list = d2i_X509_CRL(nil, &cursor, buffer.count) else { return nil }
      guard cursor == base + buffer.count else {
        X509_CRL_free(list)
        return nil
      }
      return list
    }
    guard let parsed else { return nil }
    guard let first = OpenSSLTime.seconds(X509_CRL_get0_lastUpdate(parsed)) else {
      X509_CRL_free(parsed)
      return nil
    }
    pointer = parsed
    thisUpdate = first
    let next = X509_CRL_get0_nextUpdate(parsed)
    nextUpdate = OpenSSLTime.seconds(next)
    scope = Self.bytes(of: NID_issuing_distribution_point, in: parsed)
    isDelta = X509_CRL_get_ext_by_NID(parsed, NID_delta_crl, -1) >= 0
    // A date that is there and cannot be read: every property is set, so `deinit` frees the list.
    if next != nil, nextUpdate == nil { return nil }
  }

  deinit { X509_CRL_free(pointer) }

  /// Why this list is not used although it can be read; `nil` when it is.
  var refusal: String? {
    if let point = X509_CRL_get_ext_d2i(pointer, NID_issuing_distribution_point, nil, nil) {
      let read = point.assumingMemoryBound(to: ISSUING_DIST_POINT.self)
      defer { ISSUING_DIST_POINT_free(read) }
      // It would speak of cards of other authorities: who issues it could withdraw, or spare, cards that are not its own.
      if read.pointee.indirectCRL > 0 {
        return "a list of its issuer's own certificates (RFC 5280 §5.2.5: this one is indirect)"
      }
      if read.pointee.onlyattr > 0 { return "a list of certificates (this one speaks of attribute certificates only)" }
    } else if !scope.isEmpty {
      return "an issuing distribution point that can be read"
    }
    // RFC 5280 §5.2.4: both numbers are part of every delta list; without, nobody can say which list it completes.
    if isDelta, !hasNumber(NID_crl_number) || !hasNumber(NID_delta_crl) {
      return "a delta list with the number of its base and its own (RFC 5280 §5.2.4)"
    }
    return nil
  }

  private func hasNumber(_ kind: Int32) -> Bool {
    guard let number = X509_CRL_get_ext_d2i(pointer, kind, nil, nil) else { return false }
    ASN1_INTEGER_free(number.assumingMemoryBound(to: ASN1_INTEGER.self))
    return true
  }

  /// Whether this list is in the name of the issuer of a certificate.
  func isOfIssuer(of certificate: OpaquePointer) -> Bool {
    X509_NAME_cmp(X509_CRL_get_issuer(pointer), X509_get_issuer_name(certificate)) == 0
  }

  /// Whether this list is in the name of this authority.
  func isInName(of authority: OpenSSLCertificate) -> Bool {
    X509_NAME_cmp(X509_CRL_get_issuer(pointer), X509_get_subject_name(authority.pointer)) == 0
  }

  /// Whether this authority's key has signed it.
  func isSigned(by authority: OpenSSLCertificate) -> Bool {
    defer { ERR_clear_error() }
    guard let key = X509_get0_pubkey(authority.pointer) else { return false }
    return X509_CRL_verify(pointer, key) == 1
  }

  /// The moments at which what this list says may begin or end to count.
  func times(_ rules: PathRules) -> [Int] {
    let due = [nextUpdate, rules.maximumListAgeSeconds.map { thisUpdate + $0 }].compactMap { $0 }
    return [thisUpdate] + due + due.map { $0 + rules.staleGraceSeconds }
  }

  private static func bytes(of kind: Int32, in list: OpaquePointer) -> [UInt8] {
    let place = X509_CRL_get_ext_by_NID(list, kind, -1)
    guard place >= 0, let value = X509_EXTENSION_get_data(X509_CRL_get_ext(list, place)),
      let base = ASN1_STRING_get0_data(value)
    else { return [] }
    return Array(UnsafeBufferPointer(start: base, count: Int(ASN1_STRING_length(value))))
  }
}
