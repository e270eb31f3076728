import AuthTerms
import COpenSSL

// All calls into OpenSSL stand in this file. It builds and judges paths only; keys and signatures of cards go through
// swift-crypto, TLS through NIOSSL.

/// One parsed certificate; freed with its last owner. OpenSSL guards its lazily filled caches with a lock of its own.
final class OpenSSLCertificate: @unchecked Sendable {
  // An X509 that is only read after `init`: safe to share between threads.
  let pointer: OpaquePointer

  /// Accepts one DER structure and nothing after it.
  init?(exactly der: [UInt8]) {
    let parsed: OpaquePointer? = der.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      var cursor: UnsafePointer<UInt8>? = base
      guard let certificate = d2i_X509(nil, &cursor, buffer.count) else { return nil }
      guard cursor == base + buffer.count else {
        X509_free(certificate)
        return nil
      }
      return certificate
    }
    // The queue of errors is one per thread: what this thread left there must not be read as the next call's.
    ERR_clear_error()
    guard let parsed else { return nil }
    // Fills the cached extensions; a certificate with an extension that cannot be read is refused here.
    guard X509_check_purpose(parsed, -1, 0) == 1 else {
      X509_free(parsed)
      ERR_clear_error()
      return nil
    }
    pointer = parsed
  }

  deinit { X509_free(pointer) }

  /// DER SubjectPublicKeyInfo; empty when it cannot be written.
  var publicKeyDER: [UInt8] {
    let info = X509_get_X509_PUBKEY(pointer)
    let length = i2d_X509_PUBKEY(info, nil)
    guard length > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
      var cursor = buffer.baseAddress
      count = max(0, Int(i2d_X509_PUBKEY(info, &cursor)))
    }
  }

  /// Its first and last second; `nil` when they cannot be read.
  var dates: [Int]? {
    guard let first = OpenSSLTime.seconds(X509_get0_notBefore(pointer)),
      let last = OpenSSLTime.seconds(X509_get0_notAfter(pointer))
    else { return nil }
    return [first, last]
  }

  /// Any of the ways in which a certificate can say or hint that it is a CA (also self-signed version 1).
  var isAuthority: Bool { X509_check_ca(pointer) != 0 }

  /// Key usage has digitalSignature, or is absent (RFC 5280 §4.2.1.3).
  var mayMakeSignatures: Bool { X509_get_key_usage(pointer) & UInt32(X509v3_KU_DIGITAL_SIGNATURE) != 0 }
}

extension OpenSSLCertificate {
  /// Whether an X509's extended key usage names id-PIV-cardAuth (FIPS 201-3 §4.2.2.2): a key that signs without the PIN.
  fileprivate static func isForCardAuthentication(_ certificate: OpaquePointer) -> Bool {
    guard let found = X509_get_ext_d2i(certificate, NID_ext_key_usage, nil, nil) else { return false }
    let usages = OpaquePointer(found)
    defer {
      while let usage = OPENSSL_sk_pop(usages) { ASN1_OBJECT_free(OpaquePointer(usage)) }
      OPENSSL_sk_free(usages)
    }
    guard let cardAuthentication = OBJ_txt2obj("2.16.840.1.101.3.6.8", 1) else { return false }
    defer { ASN1_OBJECT_free(cardAuthentication) }
    return (0..<OPENSSL_sk_num(usages)).contains { place in
      OPENSSL_sk_value(usages, place).map { OBJ_cmp(OpaquePointer($0), cardAuthentication) == 0 } ?? false
    }
  }
}

enum OpenSSLTime {
  /// Seconds since 1970-01-01 UTC.
  static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return timegm(&parts)
  }
}

/// Anchors, intermediates and revocation lists of one segment. Shared between threads: see `store`.
final class OpenSSLStore: @unchecked Sendable {
  enum Verdict {
    case trusted(ValidatedCardCertificate.Revocation)
    case refused(DenialCode, note: String)
  }

  // Filled in `init`, afterwards only used by X509_STORE_CTX, which takes the store's own lock: safe to share.
  private let store: OpaquePointer
  private let intermediates: OpaquePointer
  private let graceSeconds: Int
  /// Every time with which a moment is ever compared, apart from the card's own; `nil` when one could not be read.
  private let times: [Int]?

  init(anchors: [[UInt8]], intermediates: [[UInt8]], revocationLists: [[UInt8]], graceSeconds: Int) throws(MalformedInput) {
    guard let store = X509_STORE_new(), let stack = OPENSSL_sk_new_null() else {
      throw MalformedInput("card trust", expected: "memory for a certificate store")
    }
    self.store = store
    self.intermediates = stack
    self.graceSeconds = graceSeconds
    var times: [Int]? = []
    for (position, der) in anchors.enumerated() {
      guard let anchor = OpenSSLCertificate(exactly: der), anchor.isAuthority, X509_STORE_add_cert(store, anchor.pointer) == 1
      else { throw MalformedInput("anchor \(position + 1)", expected: "the DER certificate of an authority") }
      times = anchor.dates.flatMap { dates in times.map { $0 + dates } }
    }
    for (position, der) in intermediates.enumerated() {
      guard let certificate = OpenSSLCertificate(exactly: der), certificate.isAuthority, X509_up_ref(certificate.pointer) == 1
      else { throw MalformedInput("intermediate \(position + 1)", expected: "the DER certificate of an authority") }
      OPENSSL_sk_push(stack, UnsafeRawPointer(certificate.pointer))
      times = certificate.dates.flatMap { dates in times.map { $0 + dates } }
    }
    for (position, der) in revocationLists.enumerated() {
      let fault = MalformedInput("revocation list \(position + 1)", expected: "one DER CertificateList")
      guard let list = Self.revocationList(exactly: der) else { throw fault }
      defer { X509_CRL_free(list) }
      guard X509_STORE_add_crl(store, list) == 1 else { throw fault }
      times = Self.dates(of: list, graceSeconds).flatMap { dates in times.map { $0 + dates } }
    }
    self.times = times
    ERR_clear_error()
  }

  deinit {
    while let certificate = OPENSSL_sk_pop(intermediates) { X509_free(OpaquePointer(certificate)) }
    OPENSSL_sk_free(intermediates)
    X509_STORE_free(store)
  }

  static func revocationList(exactly der: [UInt8]) -> OpaquePointer? {
    der.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      var cursor: UnsafePointer<UInt8>? = base
      guard let list = d2i_X509_CRL(nil, &cursor, buffer.count) else { return nil }
      guard cursor == base + buffer.count else {
        X509_CRL_free(list)
        return nil
      }
      return list
    }
  }

  /// When a list begins, when it is due to be replaced, and when the grace after that ends.
  static func dates(of list: OpaquePointer, _ graceSeconds: Int) -> [Int]? {
    guard let last = OpenSSLTime.seconds(X509_CRL_get0_lastUpdate(list)) else { return nil }
    guard let due = X509_CRL_get0_nextUpdate(list) else { return [last] }
    return OpenSSLTime.seconds(due).map { [last, $0, $0 + graceSeconds] }
  }

  /// The time around a moment in which no verdict about this card can change.
  func span(of card: OpenSSLCertificate, around seconds: Int) -> KnownCards.Span? {
    guard let times, let dates = card.dates else { return nil }
    return KnownCards.Span(around: seconds, among: times + dates)
  }

  /// What the callback below needs and reports; lives on the stack of `verify`.
  private struct Progress {
    let now: time_t
    let graceSeconds: Int
    let requiresRevocation: Bool
    let allowsCardAuthentication: Bool
    var revocation = ValidatedCardCertificate.Revocation.current
  }

  func verify(
    _ card: OpenSSLCertificate, atSeconds now: Int, checksRevocation: Bool, requiresRevocation: Bool,
    allowsCardAuthentication: Bool
  ) -> Verdict {
    defer { ERR_clear_error() }
    guard let context = X509_STORE_CTX_new() else { return .refused(.serverFault, note: "no memory for a path") }
    defer { X509_STORE_CTX_free(context) }
    guard X509_STORE_CTX_init(context, store, card.pointer, intermediates) == 1,
      let parameters = X509_STORE_CTX_get0_param(context)
    else { return .refused(.serverFault, note: "no memory for a path") }
    X509_VERIFY_PARAM_set_time(parameters, now)
    X509_VERIFY_PARAM_set_depth(parameters, 6)
    // 112 bits: no SHA-1 signatures, no RSA below 2,048 bits anywhere on the path.
    X509_VERIFY_PARAM_set_auth_level(parameters, 2)
    // An extended key usage, when present, must name clientAuth (for key 9E, or card authentication); authorities on the path
    // must be authorities.
    guard X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) == 1 else {
      return .refused(.serverFault, note: "the purpose could not be set")
    }
    if checksRevocation {
      X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
    }
    var progress = Progress(
      now: now, graceSeconds: graceSeconds, requiresRevocation: requiresRevocation,
      allowsCardAuthentication: allowsCardAuthentication)
    let isTrusted = withUnsafeMutablePointer(to: &progress) { pointer in
      guard X509_STORE_CTX_set_ex_data(context, 0, pointer) == 1 else { return false }
      X509_STORE_CTX_set_verify_cb(context, Self.judge)
      return X509_verify_cert(context) == 1
    }
    return isTrusted ? .trusted(checksRevocation ? progress.revocation : .notChecked) : Self.refusal(context)
  }

  /// Called by OpenSSL for every certificate; may turn three kinds of "no" into "yes, but".
  private static let judge: X509_STORE_CTX_verify_cb = { isFine, context in
    guard isFine == 0, let context, let data = X509_STORE_CTX_get_ex_data(context, 0) else { return isFine }
    let progress = data.assumingMemoryBound(to: Progress.self)
    let isCard = X509_STORE_CTX_get_error_depth(context) == 0
    switch X509_STORE_CTX_get_error(context) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      // The policy speaks of the card's own list. A list for the authorities above it counts when it is at hand.
      if !isCard { return 1 }
      if progress.pointee.requiresRevocation { return 0 }
      progress.pointee.revocation = .notChecked
      return 1
    case X509_V_ERR_CRL_HAS_EXPIRED:
      var earliest = progress.pointee.now - progress.pointee.graceSeconds
      guard let list = X509_STORE_CTX_get0_current_crl(context), let next = X509_CRL_get0_nextUpdate(list),
        X509_cmp_time(next, &earliest) > 0
      else { return 0 }
      if progress.pointee.revocation == .current { progress.pointee.revocation = .withinGrace }
      return 1
    case X509_V_ERR_INVALID_PURPOSE:
      // Says: neither clientAuth nor without a usage. The key usage was looked at before.
      guard isCard, progress.pointee.allowsCardAuthentication, let card = X509_STORE_CTX_get_current_cert(context),
        OpenSSLCertificate.isForCardAuthentication(card)
      else { return 0 }
      return 1
    default: return 0
    }
  }

  private static func refusal(_ context: OpaquePointer) -> Verdict {
    switch X509_STORE_CTX_get_error(context) {
    case X509_V_ERR_CERT_HAS_EXPIRED: .refused(.certificateExpired, note: "a certificate of the path has expired")
    case X509_V_ERR_CERT_NOT_YET_VALID: .refused(.certificateExpired, note: "a certificate of the path is not valid yet")
    case X509_V_ERR_CERT_REVOKED: .refused(.certificateRevoked, note: "revoked by the list of its issuer")
    case X509_V_ERR_UNABLE_TO_GET_CRL: .refused(.revocationStale, note: "no revocation list of the issuer")
    case X509_V_ERR_CRL_HAS_EXPIRED: .refused(.revocationStale, note: "the revocation list is older than the grace")
    case X509_V_ERR_CRL_NOT_YET_VALID: .refused(.revocationStale, note: "the revocation list is from the future")
    case X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
      X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, X509_V_ERR_DIFFERENT_CRL_SCOPE, X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
      X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
      X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      .refused(.revocationStale, note: "the revocation list of the issuer cannot be used")
    case let error: .refused(.certificateUntrusted, note: "no path to an anchor of this segment (OpenSSL error \(error))")
    }
  }
}
