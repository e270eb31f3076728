import AuthTerms
import COpenSSL

// All calls into OpenSSL stand in this file and the one of revocation lists. They build and judge paths only; keys and
// signatures of cards go through swift-crypto, TLS through NIOSSL.

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

  /// May stand above a card. Says plainly that it is a CA, or is a root from before that could be said; or signs lists and
  /// nothing else. Between them stand certificates that only have a key usage for it, which RFC 5280 §6.1.4 (k) does not let
  /// into a path.
  var mayIssue: Bool {
    switch X509_check_ca(pointer) {
    case 0:
      X509_get_extension_flags(pointer) & UInt32(EXFLAG_KUSAGE) != 0
        && X509_get_key_usage(pointer) == UInt32(X509v3_KU_CRL_SIGN)
    case 1: true
    default: X509_self_signed(pointer, 0) == 1
    }
  }

  /// Key usage has digitalSignature, or is absent (RFC 5280 §4.2.1.3).
  var mayMakeSignatures: Bool { X509_get_key_usage(pointer) & UInt32(X509v3_KU_DIGITAL_SIGNATURE) != 0 }
}

extension OpenSSLCertificate {
  /// Whether an X509's extended key usage names this one, such as id-PIV-cardAuth (FIPS 201-3 §4.2.2.2).
  fileprivate static func names(usage: String, _ certificate: OpaquePointer) -> Bool {
    guard let found = X509_get_ext_d2i(certificate, NID_ext_key_usage, nil, nil) else { return false }
    let usages = OpaquePointer(found)
    defer {
      while let usage = OPENSSL_sk_pop(usages) { ASN1_OBJECT_free(OpaquePointer(usage)) }
      OPENSSL_sk_free(usages)
    }
    guard let wanted = OBJ_txt2obj(usage, 1) else { return false }
    defer { ASN1_OBJECT_free(wanted) }
    return (0..<OPENSSL_sk_num(usages)).contains { place in
      OPENSSL_sk_value(usages, place).map { OBJ_cmp(OpaquePointer($0), wanted) == 0 } ?? false
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
  private let rules: PathRules
  /// What `store` judges by, for the one question it does not ask: how old the newest of them is.
  private let lists: [OpenSSLRevocationList]
  /// Every time with which a moment is ever compared, apart from the card's own; `nil` when one could not be read.
  private let times: [Int]?

  init(anchors: [[UInt8]], intermediates: [[UInt8]], revocationLists: [[UInt8]], rules: PathRules) throws(MalformedInput) {
    // Everything is read before the store is made: a file that cannot be used leaves nothing behind.
    let anchors = try Self.authorities(anchors, "anchor")
    let between = try Self.authorities(intermediates, "intermediate")
    var lists: [OpenSSLRevocationList] = []
    for (position, der) in revocationLists.enumerated() {
      let subject = "revocation list \(position + 1)"
      guard let list = OpenSSLRevocationList(exactly: der) else {
        throw MalformedInput(subject, expected: "one DER CertificateList with readable dates")
      }
      if let refusal = list.refusal { throw MalformedInput(subject, expected: refusal) }
      lists.append(list)
    }
    guard let store = X509_STORE_new(), let stack = OPENSSL_sk_new_null() else {
      throw MalformedInput("card trust", expected: "memory for a certificate store")
    }
    self.store = store
    self.intermediates = stack
    self.rules = rules
    self.lists = lists
    var times: [Int]? = lists.flatMap { $0.times(rules) }
    for certificate in anchors + between { times = certificate.dates.flatMap { dates in times.map { $0 + dates } } }
    self.times = times
    defer { ERR_clear_error() }
    for certificate in between where X509_up_ref(certificate.pointer) == 1 {
      OPENSSL_sk_push(stack, UnsafeRawPointer(certificate.pointer))
    }
    guard anchors.allSatisfy({ X509_STORE_add_cert(store, $0.pointer) == 1 }),
      lists.allSatisfy({ X509_STORE_add_crl(store, $0.pointer) == 1 })
    else { throw MalformedInput("card trust", expected: "memory for certificates and lists") }
  }

  private static func authorities(_ documents: [[UInt8]], _ subject: String) throws(MalformedInput) -> [OpenSSLCertificate] {
    var found: [OpenSSLCertificate] = []
    for (position, der) in documents.enumerated() {
      guard let certificate = OpenSSLCertificate(exactly: der), certificate.mayIssue else {
        throw MalformedInput("\(subject) \(position + 1)", expected: "the DER certificate of an authority")
      }
      found.append(certificate)
    }
    return found
  }

  deinit {
    while let certificate = OPENSSL_sk_pop(intermediates) { X509_free(OpaquePointer(certificate)) }
    OPENSSL_sk_free(intermediates)
    X509_STORE_free(store)
  }

  /// The time around a moment in which no verdict about this card can change.
  func span(of card: OpenSSLCertificate, around seconds: Int) -> KnownCards.Span? {
    guard let times, let dates = card.dates else { return nil }
    return KnownCards.Span(around: seconds, among: times + dates)
  }

  /// What the callback below needs and reports; lives on the stack of `verify`.
  private struct Progress {
    let now: time_t
    let rules: PathRules
    let alternativeUsage: String?
    var revocation = ValidatedCardCertificate.Revocation.current
  }

  func verify(
    _ card: OpenSSLCertificate, atSeconds now: Int, checksRevocation: Bool, alternativeUsage: String?
  ) -> Verdict {
    verify(card, atSeconds: now, checksRevocation: checksRevocation, alternativeUsage, policies: rules.policies)
  }

  /// Whether a path that is good holds under one of the policies that promise a PIN. Nothing is asked of revocation a second time.
  func isUnderPINPolicy(_ card: OpenSSLCertificate, atSeconds now: Int, alternativeUsage: String?) -> Bool {
    guard !rules.pinPolicies.isEmpty else { return false }
    let verdict = verify(card, atSeconds: now, checksRevocation: false, alternativeUsage, policies: rules.pinPolicies)
    if case .trusted = verdict { return true }
    return false
  }

  private func verify(
    _ card: OpenSSLCertificate, atSeconds now: Int, checksRevocation: Bool, _ alternativeUsage: String?,
    policies: [CertificatePolicy]
  ) -> Verdict {
    defer { ERR_clear_error() }
    guard let context = X509_STORE_CTX_new() else { return .refused(.serverFault, note: "no memory for a path") }
    defer { X509_STORE_CTX_free(context) }
    guard X509_STORE_CTX_init(context, store, card.pointer, intermediates) == 1,
      let parameters = X509_STORE_CTX_get0_param(context), configure(parameters, now, checksRevocation, policies)
    else { return .refused(.serverFault, note: "the rules of a path could not be set") }
    var progress = Progress(now: now, rules: rules, alternativeUsage: alternativeUsage)
    let isTrusted = withUnsafeMutablePointer(to: &progress) { pointer in
      guard X509_STORE_CTX_set_ex_data(context, 0, pointer) == 1 else { return false }
      X509_STORE_CTX_set_verify_cb(context, Self.judge)
      return X509_verify_cert(context) == 1
    }
    guard isTrusted else { return Self.refusal(context) }
    guard checksRevocation else { return .trusted(.notChecked) }
    guard progress.revocation == .current, let age = newestListAge(of: card, now), let limit = rules.maximumListAgeSeconds,
      age > limit
    else { return .trusted(progress.revocation) }
    guard age <= limit + rules.staleGraceSeconds else {
      return .refused(.revocationStale, note: "the revocation list is older than the age this city allows")
    }
    return .trusted(.withinGrace)
  }

  private func configure(
    _ parameters: OpaquePointer, _ now: Int, _ checksRevocation: Bool, _ policies: [CertificatePolicy]
  ) -> Bool {
    X509_VERIFY_PARAM_set_time(parameters, now)
    X509_VERIFY_PARAM_set_depth(parameters, 6)
    // Level 2, 112 bits: no SHA-1 signatures, no RSA below 2,048 bits anywhere on the path. Level 3, 128 bits: RSA of 3,072.
    X509_VERIFY_PARAM_set_auth_level(parameters, rules.minimumRSABits > 2048 ? 3 : 2)
    // What authorities demand of policies always counts; the city may ask for more. Lists may be signed by an authority's
    // newer key, be split by reason or distribution point, and be completed by delta lists.
    var flags = X509_V_FLAG_POLICY_CHECK
    if !policies.isEmpty { flags |= X509_V_FLAG_EXPLICIT_POLICY }
    if checksRevocation {
      flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS
    }
    X509_VERIFY_PARAM_set_flags(parameters, UInt(flags))
    // Without any, OpenSSL would refuse whatever path has to assert a policy because an authority says so.
    for policy in policies.isEmpty ? [.any] : policies {
      guard let identifier = OBJ_txt2obj(policy.text, 1) else { return false }
      guard X509_VERIFY_PARAM_add0_policy(parameters, identifier) == 1 else {
        ASN1_OBJECT_free(identifier)
        return false
      }
    }
    // An extended key usage, when present, must name clientAuth (or what its use allows in its place); authorities on the path
    // must be authorities.
    return X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) == 1
  }

  /// Seconds since the newest list in the name of this card's issuer was made; when its lists are split, since that of the part
  /// that is furthest behind. A delta list makes its part as new as itself.
  private func newestListAge(of card: OpenSSLCertificate, _ now: Int) -> Int? {
    let own = lists.filter { $0.thisUpdate <= now && $0.isOfIssuer(of: card.pointer) }
    return Dictionary(grouping: own, by: \.scope).values.compactMap { part in part.map { now - $0.thisUpdate }.min() }.max()
  }

  /// Called by OpenSSL for every certificate; may turn some kinds of "no" into "yes, but".
  private static let judge: X509_STORE_CTX_verify_cb = { isFine, context in
    guard isFine == 0, let context, let (progress, isOfList) = OpenSSLStore.progress(of: context) else { return isFine }
    let isFirst = X509_STORE_CTX_get_error_depth(context) == 0
    switch X509_STORE_CTX_get_error(context) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      let isCard = isFirst && !isOfList
      if progress.pointee.rules.coverage == .path { return 0 }
      if isCard, progress.pointee.rules.coverage == .card { return 0 }
      if isCard { progress.pointee.revocation = .notChecked }
      return 1
    case X509_V_ERR_CRL_HAS_EXPIRED:
      var earliest = progress.pointee.now - progress.pointee.rules.staleGraceSeconds
      guard let list = X509_STORE_CTX_get0_current_crl(context), let next = X509_CRL_get0_nextUpdate(list),
        X509_cmp_time(next, &earliest) > 0
      else { return 0 }
      if progress.pointee.revocation == .current { progress.pointee.revocation = .withinGrace }
      return 1
    case X509_V_ERR_INVALID_PURPOSE:
      // A key that signs lists and nothing else is no client; that it may sign lists was looked at before.
      if isOfList { return isFirst ? 1 : 0 }
      // Says: neither clientAuth nor without a usage. The key usage was looked at before.
      guard isFirst, let usage = progress.pointee.alternativeUsage, let card = X509_STORE_CTX_get_current_cert(context),
        OpenSSLCertificate.names(usage: usage, card)
      else { return 0 }
      return 1
    default: return 0
    }
  }

  /// What `verify` put beside its context, and whether the context is the path of a list's signer inside that path.
  private static func progress(of context: OpaquePointer) -> (UnsafeMutablePointer<Progress>, isOfList: Bool)? {
    if let data = X509_STORE_CTX_get_ex_data(context, 0) { return (data.assumingMemoryBound(to: Progress.self), false) }
    guard let outer = X509_STORE_CTX_get0_parent_ctx(context), let data = X509_STORE_CTX_get_ex_data(outer, 0) else {
      return nil
    }
    return (data.assumingMemoryBound(to: Progress.self), true)
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
    case X509_V_ERR_NO_EXPLICIT_POLICY, X509_V_ERR_INVALID_POLICY_EXTENSION:
      .refused(.certificateUntrusted, note: "the path asserts no certificate policy that is asked for")
    case X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION, X509_V_ERR_SUBTREE_MINMAX,
      X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
      .refused(.certificateUntrusted, note: "a name that an authority above may not certify")
    case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
      .refused(.certificateUntrusted, note: "a key or signature of the path is weaker than this city allows")
    case let error: .refused(.certificateUntrusted, note: "no path to an anchor of this segment (OpenSSL error \(error))")
    }
  }
}
