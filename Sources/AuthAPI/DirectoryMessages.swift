public import Foundation

/// How the Active Directory is followed: the last look, what is held, and what somebody should look at.
public struct DirectoryStatus: Codable, Sendable {
  /// False where people are imported from files; all else is empty then.
  public var isConfigured: Bool
  /// The domain controller that is asked now.
  public var server: String
  /// The last look that was answered, in milliseconds since 1970-01-01 UTC.
  public var lookedAt: Int64?
  /// Why no domain controller answers as it should.
  public var faultJa: String?
  public var faultEn: String?
  /// Objects read: users, groups, OUs.
  public var objects: Int
  /// What the last change did, or what the held one would do.
  public var summaryJa: String
  public var summaryEn: String
  /// Why a reading is held; empty while all is in force.
  public var heldJa: [String]
  public var heldEn: [String]
  /// SHA-256 of exactly what is held, in hexadecimal: what two administrators approve.
  public var plan: String?
  /// What it would do to whom, a line a person, and how many more there are.
  public var effectsJa: [String]
  public var effectsEn: [String]
  public var findingsJa: [String]
  public var findingsEn: [String]
  /// Accounts by which nobody comes in until two administrators have said who it is.
  public var holds: [DirectoryHold]
  /// Dated accesses that hold now, each with its last day, the one that ends first before the others.
  public var accessJa: [String]
  public var accessEn: [String]
  /// People come from signed snapshots of another instance; `server` is where they arrive.
  public var readsSnapshots: Bool
  /// The one in force.
  public var snapshot: SnapshotInForce?
  /// Who has left and is removed within 30 days, the next first.
  public var leavers: [DirectoryLeaver]
  /// New people who may be former ones, and whose cards could go on.
  public var relinks: [RelinkOffer]

  public init(
    isConfigured: Bool, server: String = "", lookedAt: Int64? = nil, faultJa: String? = nil, faultEn: String? = nil,
    objects: Int = 0, summaryJa: String = "", summaryEn: String = "", heldJa: [String] = [], heldEn: [String] = [],
    plan: String? = nil, effectsJa: [String] = [], effectsEn: [String] = [], findingsJa: [String] = [],
    findingsEn: [String] = [], holds: [DirectoryHold] = [],
    accessJa: [String] = [], accessEn: [String] = [], readsSnapshots: Bool = false, snapshot: SnapshotInForce? = nil,
    leavers: [DirectoryLeaver] = [], relinks: [RelinkOffer] = []
  ) {
    self.isConfigured = isConfigured
    self.server = server
    self.lookedAt = lookedAt
    self.faultJa = faultJa
    self.faultEn = faultEn
    self.objects = objects
    self.summaryJa = summaryJa
    self.summaryEn = summaryEn
    self.heldJa = heldJa
    self.heldEn = heldEn
    self.plan = plan
    self.effectsJa = effectsJa
    self.effectsEn = effectsEn
    self.findingsJa = findingsJa
    self.findingsEn = findingsEn
    self.holds = holds
    self.accessJa = accessJa
    self.accessEn = accessEn
    self.readsSnapshots = readsSnapshots
    self.snapshot = snapshot
    self.leavers = leavers
    self.relinks = relinks
  }
}

/// Somebody who has left, and of whom all that is kept is removed within 30 days.
public struct DirectoryLeaver: Codable, Sendable, Equatable {
  public var person: String
  /// Until the removal, at the earliest; 0: it is due.
  public var days: Int
  /// The person still is a registered operator, and stays until that registration ends.
  public var isOperator: Bool

  public init(person: String, days: Int, isOperator: Bool) {
    self.person = person
    self.days = days
    self.isOperator = isOperator
  }
}

/// An account that was handed on, or deleted and brought back: what it was, and what the directory says now.
public struct DirectoryHold: Codable, Sendable, Equatable {
  /// Who it was.
  public var person: String
  /// `successor` or `returned`
  public var cause: String
  public var formerNumber: String
  public var account: String
  public var number: String
  public var family: String
  public var given: String
  public var displayName: String

  public init(
    person: String, cause: String, formerNumber: String, account: String, number: String, family: String, given: String,
    displayName: String
  ) {
    self.person = person
    self.cause = cause
    self.formerNumber = formerNumber
    self.account = account
    self.number = number
    self.family = family
    self.given = given
    self.displayName = displayName
  }

  /// Parameters of the act `directory.confirm`: nobody confirms anything but what the directory said when it was shown.
  /// - Parameter isSame: it is the person it was; otherwise somebody new sits there.
  public func parameters(isSame: Bool) -> [String: String] {
    [
      "person": person, "is": isSame ? "same" : "another", "number": number, "family": family, "given": given,
      "account": account,
    ]
  }
}

/// A signed act `directory.approve`, `directory.confirm` or `directory.relink`.
public struct DirectoryAct: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data

  public init(act: Data) { self.act = act }
}
