public import AuthTerms

/// How people reach a workstation; fixed by the administrator who enrolled it, so that no client can claim it.
public enum WorkstationAccess: String, Sendable, CaseIterable {
  case console
  /// Reached from a telework PC: its logons are the scenario `remote`.
  case remote
}

/// One workstation that our authority issued a certificate for.
public struct WorkstationRecord: Sendable, Hashable {
  public var id: WorkstationID
  public var segment: Segment
  public var access: WorkstationAccess
  /// The certificates that are accepted now: one, or two during a renewal.
  public var certificates: [CertificateFingerprint]
  public var isRevoked: Bool
  public var enrolledAt: Moment
  /// Where it stands, as the organisation file names its buildings; `nil`: nobody has said.
  public var site: String?

  public init(
    id: WorkstationID, segment: Segment, access: WorkstationAccess, certificates: [CertificateFingerprint], isRevoked: Bool,
    enrolledAt: Moment, site: String? = nil
  ) {
    self.id = id
    self.segment = segment
    self.access = access
    self.certificates = certificates
    self.isRevoked = isRevoked
    self.enrolledAt = enrolledAt
    self.site = site
  }
}
