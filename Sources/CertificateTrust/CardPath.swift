public import AuthTerms

/// Whose cards one segment believes: anchors, intermediates and revocation lists, fixed when it is made.
///
/// Make a new one when a file changes; old ones stay valid for whoever holds them. A path that was found good is not built
/// again until one of the times in its documents has passed.
public struct CardTrust: Sendable {
  private let store: OpenSSLStore
  private let known = KnownCards()

  /// - Parameters:
  ///   - anchors: DER, 1 to 64. Trusted: whoever can add one can make a card for anybody.
  ///   - intermediates: DER, at most 64; only ever part of a path that ends in an anchor.
  ///   - revocationLists: DER, at most 256, delta lists among them. Indirect ones are refused.
  /// - Throws: `MalformedInput` naming the list and the position of the first document that cannot be used.
  public init(
    anchors: [[UInt8]], intermediates: [[UInt8]] = [], revocationLists: [[UInt8]] = [], rules: PathRules = PathRules()
  ) throws(MalformedInput) {
    guard (1...64).contains(anchors.count), intermediates.count <= 64, revocationLists.count <= 256 else {
      throw MalformedInput("card trust", expected: "1 to 64 anchors, at most 64 intermediates and 256 lists")
    }
    guard rules.isWithinLimits else {
      throw MalformedInput(
        "path rules", expected: "grace up to 30 days, age of 1 hour to 366 days, 16 policies, RSA of 2,048 or 3,072 bits")
    }
    store = try OpenSSLStore(anchors: anchors, intermediates: intermediates, revocationLists: revocationLists, rules: rules)
  }

  /// Which of a card's keys a certificate is shown for.
  public enum Use: Sendable {
    /// 9A, and every key of an operator: an extended key usage, if there is one, names clientAuth.
    case authentication
    /// 9E: names clientAuth or id-PIV-cardAuth (FIPS 201-3 §4.2.2.2).
    case cardAuthentication
    /// A certificate card: names clientAuth, or smartcardLogon as authorities of Windows domains do.
    case certificateCard

    /// The extended key usage that does in the place of clientAuth.
    var alternativeUsage: String? {
      switch self {
      case .authentication: nil
      case .cardAuthentication: "2.16.840.1.101.3.6.8"
      case .certificateCard: "1.3.6.1.4.1.311.20.2.2"
      }
    }
  }

  /// - Parameters:
  ///   - der: at most 8 KiB. Untrusted: at worst refused.
  ///   - wallMilliseconds: since 1970-01-01 UTC, the server's clock.
  public func validate(_ der: [UInt8], at wallMilliseconds: Int64, for use: Use = .authentication) -> CardPathResult {
    guard (1...8192).contains(der.count) else {
      return .refused(.proofMalformed, note: "certificate larger than 8 KiB or empty")
    }
    let seconds = Int(wallMilliseconds.flooredDivision(by: 1000))
    if let certificate = known.certificate(der, use, atSeconds: seconds) { return .valid(certificate) }
    guard let card = OpenSSLCertificate(exactly: der) else {
      return .refused(.proofMalformed, note: "certificate is not one DER structure")
    }
    guard let key = try? SubjectKey(parsing: card.publicKeyDER), key.kind != .ed25519 else {
      return .refused(.proofMalformed, note: "key is not RSA of 2,048 to 4,096 bits, P-256 or P-384")
    }
    guard !card.isAuthority else { return .refused(.certificateUntrusted, note: "an authority's certificate is no card") }
    guard card.mayMakeSignatures else { return .refused(.certificateUntrusted, note: "key usage lacks digitalSignature") }

    func verify(checksRevocation: Bool) -> OpenSSLStore.Verdict {
      store.verify(card, atSeconds: seconds, checksRevocation: checksRevocation, alternativeUsage: use.alternativeUsage)
    }
    switch verify(checksRevocation: true) {
    case .trusted(let revocation):
      let certificate = ValidatedCardCertificate(
        der: der, subjectKey: key, revocation: revocation,
        isUnderPINPolicy: store.isUnderPINPolicy(card, atSeconds: seconds, alternativeUsage: use.alternativeUsage))
      if let span = store.span(of: card, around: seconds) { known.remember(certificate, use, span) }
      return .valid(certificate)
    case .refused(let code, let note):
      // OpenSSL looks at revocation before dates and signatures of the path. The row should name what is wrong with the
      // certificate itself first: no list ever speaks for a card of a stranger.
      if code == .certificateRevoked || code == .revocationStale,
        case .refused(let code, let note) = verify(checksRevocation: false)
      {
        return .refused(code, note: note)
      }
      return .refused(code, note: note)
    }
  }
}
