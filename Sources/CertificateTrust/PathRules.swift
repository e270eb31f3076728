public import AuthTerms

/// What a path has to fulfil beside RFC 5280 §6, as a city sets it.
public struct PathRules: Sendable, Hashable {
  /// For whom a revocation list must be at hand. A list that is at hand always counts, whoever it speaks of.
  public enum Coverage: String, Sendable, CaseIterable {
    case none
    /// For the card itself.
    case card
    /// For the card and every authority above it.
    case path
  }

  public var coverage = Coverage.none
  /// How long a list counts after it was due; 0 to 30 days. 0: a list that is late is refused.
  public var staleGraceSeconds = 0
  /// The card's own list is due at the latest this long after it was made, whatever it says itself; 1 hour to 366 days.
  public var maximumListAgeSeconds: Int?
  /// One of them must hold along the whole path; at most 16. Empty: none is asked for.
  public var policies: [CertificatePolicy] = []
  /// Of an authority that says: such a key never leaves its card, and signs after the PIN alone. One of them along the whole path
  /// makes a certificate card `pk-pin`; at most 16, none of them `any`. Empty: none does.
  public var pinPolicies: [CertificatePolicy] = []
  /// 2,048 or 3,072; with 3,072 every key and signature of the path has 128 bits of strength (NIST SP 800-57-1 §5.6.1).
  public var minimumRSABits = 2048

  public init(
    coverage: Coverage = .none, staleGraceSeconds: Int = 0, maximumListAgeSeconds: Int? = nil,
    policies: [CertificatePolicy] = [], pinPolicies: [CertificatePolicy] = [], minimumRSABits: Int = 2048
  ) {
    self.coverage = coverage
    self.staleGraceSeconds = staleGraceSeconds
    self.maximumListAgeSeconds = maximumListAgeSeconds
    self.policies = policies
    self.pinPolicies = pinPolicies
    self.minimumRSABits = minimumRSABits
  }

  var isWithinLimits: Bool {
    (0...2_592_000).contains(staleGraceSeconds) && (3600...31_622_400).contains(maximumListAgeSeconds ?? 3600)
      && policies.count <= 16 && pinPolicies.count <= 16 && !pinPolicies.contains(.any)
      && [2048, 3072].contains(minimumRSABits)
  }
}
