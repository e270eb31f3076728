/// Body of `POST /v1/admin/workstations/{workstation}/site`: where it stands.
public struct WorkstationPlacing: Codable, Sendable {
  /// One of the sites in the organisation file; absent: none is known.
  public var site: String?
  public var reason: String

  public init(site: String?, reason: String) {
    self.site = site
    self.reason = reason
  }
}

/// Body of `POST /v1/admin/workstations/{workstation}/owners`: whose own it is.
public struct WorkstationOwning: Codable, Sendable {
  /// Workstations that one person can have; one that was revoked is none.
  public static let mostWorkstations = 4
  /// People whose own one workstation can be.
  public static let mostOwners = 4

  public var person: String
  /// `false`: it is not the person's own any more.
  public var isOwner: Bool
  public var reason: String

  public init(person: String, isOwner: Bool, reason: String) {
    self.person = person
    self.isOwner = isOwner
    self.reason = reason
  }
}
