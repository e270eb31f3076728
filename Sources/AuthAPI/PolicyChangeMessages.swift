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

/// Whom the rules on trial would have treated otherwise than those in force did.
public struct PolicyTrial: Codable, Sendable, Equatable {
  /// `nil`: no set is on trial, or the one in the folder is wrong.
  public var trialVersion: String?
  /// Milliseconds since 1970-01-01 UTC; at most 31 days back.
  public var since: Int64?
  /// Logons and unlocks since then that were granted or refused.
  public var ceremonies: Int
  /// In the order of departments.
  public var lines: [PolicyTrialLine]
  public var faultsJa: [String]
  public var faultsEn: [String]

  public init(
    trialVersion: String?, since: Int64?, ceremonies: Int, lines: [PolicyTrialLine], faultsJa: [String], faultsEn: [String]
  ) {
    self.trialVersion = trialVersion
    self.since = since
    self.ceremonies = ceremonies
    self.lines = lines
    self.faultsJa = faultsJa
    self.faultsEn = faultsEn
  }
}

/// People of one department to whom the same happens.
public struct PolicyTrialLine: Codable, Sendable, Equatable {
  /// Code of the main post; empty: none is known.
  public var department: String
  /// `refused`, `asked` for more, let in by a `weaker` or `stronger` proof, `admitted` who were refused, or refused `otherwise`.
  public var effect: String
  /// The reason code, the factors asked for, or the assurance level.
  public var verdict: String
  public var people: [String]
  /// Logons and unlocks.
  public var times: Int

  public init(department: String, effect: String, verdict: String, people: [String], times: Int) {
    self.department = department
    self.effect = effect
    self.verdict = verdict
    self.people = people
    self.times = times
  }
}
