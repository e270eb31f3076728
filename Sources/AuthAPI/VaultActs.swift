public import AuthTerms

// The acts that the vault knows, each with the exact parameters it asks for: more, fewer or other names are refused.

extension Act {
  public enum Kind {
    public static let enrolWorkstation = "workstation.enrol"
    public static let revokeWorkstation = "workstation.revoke"
    public static let registerOperator = "operator.register"
    public static let revokeOperator = "operator.revoke"
    /// Parameters: those of `RestoreApproval`.
    public static let approveRestore = "restore.approve"
    /// Parameter `cards`: SHA-256 over `VaultCard.canonicalBytes`, in hexadecimal.
    public static let registerCards = "vault.cards"
    /// Parameters `application`, `segments` (names, a space between; none: withdrawn), `definition` (SHA-256 in hexadecimal),
    /// `freshness` (seconds); and `kind` with the value `windows` for the logon to Windows, which alone a rotator may touch.
    public static let publishApplication = "vault.application"
    /// Parameters `person`, `application`, `account`, `sealed` (SHA-256 over the `IntakeMessage`, in hexadecimal).
    public static let setCredential = "vault.credential"
    /// Parameters `owner`, `application`, `account`, `deputies` (person ids, a space between), `from`, `until` (milliseconds since
    /// 1970-01-01 UTC). Two administrators sign, and no deputy among them.
    public static let registerDeputies = "vault.deputies"
    /// Parameters `owner`, `application`, `account`, `deputies`. One administrator signs.
    public static let withdrawDeputies = "vault.deputies.withdraw"
    /// A rotator's. Parameters `person`, `application`, `sealed` (SHA-256 over the `IntakeMessage`, in hexadecimal).
    public static let keepPending = "vault.credential.pending"
    /// A rotator's. Parameters `person`, `application`, `version`, and `outcome`: `accepted` (the directory took it, and it was seen
    /// to work) or `refused` (the directory said no and has the former one).
    public static let confirmPending = "vault.credential.confirm"
    /// Parameters `script` (its name), `sealed` (SHA-256 over the `CardKeyMessage`, in hexadecimal). Two administrators sign: a wrong
    /// key locks everybody out who has such a card, and a known one makes copies of all of them.
    public static let setCardKey = "vault.cardkey"
    /// Parameters `person`, `segment`, `from`, `until` (milliseconds since 1970-01-01 UTC, one day at most), `unlocks` (how many
    /// codes for unlocks, 0 to `VaultSheet.mostUnlocks`), `reason` (a `Remark`), `suite` and `key` (what the codes are sealed to, in
    /// hexadecimal). Somebody at the desk or an administrator signs, who is not the person.
    public static let issueCodes = "code.issue"
    /// Parameters `person`, `segment`. Somebody at the desk or an administrator signs.
    public static let withdrawCodes = "code.withdraw"
    /// Parameters `script` (its name), `cards` (how many keys of cards in the register are of it, 0 and above). Two administrators
    /// sign: nobody gets in with such a card afterwards.
    public static let removeCardKey = "vault.cardkey.remove"
    /// Parameters `alarm` (its number), `action`, `times` (as the alarm has them when it is looked at), `reason` (a `Remark`, not
    /// blank). One administrator signs.
    public static let seeAlarm = "vault.alarm.seen"
    /// No parameters.
    public static let resumeReleases = "vault.resume"
    /// Parameter `layers`: names of `VaultLayer`, a space between. One administrator signs: nobody reads or loses anything by it.
    public static let rotateKeys = "vault.rotate"
  }

  /// Lets one new workstation in: a one-time code for this name, segment and access, good for 60 to 604,800 seconds.
  public static func enrolWorkstation(
    _ workstation: WorkstationID, segment: Segment, access: EnrolledAccess, validSeconds: Int, by operatorID: OperatorID,
    instance: InstanceID, nonce: [UInt8], at wallMilliseconds: Int64
  ) throws(MalformedInput) -> Act {
    try Act(
      kind: Kind.enrolWorkstation, operatorID: operatorID, instance: instance, nonce: nonce, issuedAt: wallMilliseconds,
      parameters: [
        "workstation": workstation.text, "segment": segment.name, "access": access.rawValue,
        "validSeconds": String(validSeconds),
      ])
  }

  public static func revokeWorkstation(
    _ workstation: WorkstationID, by operatorID: OperatorID, instance: InstanceID, nonce: [UInt8], at wallMilliseconds: Int64
  ) throws(MalformedInput) -> Act {
    try Act(
      kind: Kind.revokeWorkstation, operatorID: operatorID, instance: instance, nonce: nonce, issuedAt: wallMilliseconds,
      parameters: ["workstation": workstation.text])
  }

  /// - Parameters:
  ///   - newcomer: the account; `operatorID` proposes it (the newcomer herself with the first administrator's code).
  ///   - role: `administrator`, `desk`, `auditor`, or `rotator` for the process that makes Windows passwords.
  ///   - publicKey: DER SubjectPublicKeyInfo.
  public static func registerOperator(
    _ newcomer: OperatorID, person: PersonID, role: String, publicKey: [UInt8], by operatorID: OperatorID,
    instance: InstanceID, nonce: [UInt8], at wallMilliseconds: Int64
  ) throws(MalformedInput) -> Act {
    try Act(
      kind: Kind.registerOperator, operatorID: operatorID, instance: instance, nonce: nonce, issuedAt: wallMilliseconds,
      parameters: ["operator": newcomer.text, "person": person.text, "role": role, "key": Hex.encode(publicKey)])
  }

  public static func revokeOperator(
    _ leaver: OperatorID, by operatorID: OperatorID, instance: InstanceID, nonce: [UInt8], at wallMilliseconds: Int64
  ) throws(MalformedInput) -> Act {
    try Act(
      kind: Kind.revokeOperator, operatorID: operatorID, instance: instance, nonce: nonce, issuedAt: wallMilliseconds,
      parameters: ["operator": leaver.text])
  }
}
