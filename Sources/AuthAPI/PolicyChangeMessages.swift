/// One thing that a set of rules changes, in words for who has to sign it.
public struct PolicyChangeShown: Codable, Sendable, Equatable {
  /// `widening`: somebody may do what was refused before; `narrowing`; `neutral`.
  public var effect: String
  /// File and line.
  public var rule: String
  public var ja: String
  public var en: String

  public init(effect: String, rule: String, ja: String, en: String) {
    self.effect = effect
    self.rule = rule
    self.ja = ja
    self.en = en
  }
}

/// What lies in the policy folder in comparison with what is in force.
public struct PolicyPending: Codable, Sendable, Equatable {
  /// In force.
  public var policyVersion: String
  /// In the folder; `nil`: it cannot be used.
  public var folderVersion: String?
  /// Whether the folder holds something else than what is in force.
  public var isPending: Bool
  /// Widenings first.
  public var changes: [PolicyChangeShown]
  /// Administrators who have to sign before it comes into force; 0: none.
  public var signaturesNeeded: Int
  /// Those whose signatures over exactly this lie beside it and hold.
  public var signers: [String]
  /// Rendered faults, `file:line:column: …`, of a folder that cannot be used.
  public var faultsJa: [String]
  public var faultsEn: [String]

  public init(
    policyVersion: String, folderVersion: String?, isPending: Bool, changes: [PolicyChangeShown] = [],
    signaturesNeeded: Int = 0, signers: [String] = [], faultsJa: [String] = [], faultsEn: [String] = []
  ) {
    self.policyVersion = policyVersion
    self.folderVersion = folderVersion
    self.isPending = isPending
    self.changes = changes
    self.signaturesNeeded = signaturesNeeded
    self.signers = signers
    self.faultsJa = faultsJa
    self.faultsEn = faultsEn
  }
}
