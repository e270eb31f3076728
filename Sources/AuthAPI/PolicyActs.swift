// Acts about the rules, the clock and the directory: the server carries them out, and checks each again whenever it counts.

extension Act.Kind {
  /// Parameters: `hash`, `segment`, `waiver`, `from`, `until`, `approvers` (with commas) and `reason`, as they stand in the file.
  public static let approveWaiver = "policy.waiver.approve"
  /// Parameter: `version`, the content hash of the whole set in hexadecimal. Good for one instance and without an end.
  public static let signPolicy = "policy.sign"
  /// Parameter: `floor`, in milliseconds since 1970-01-01 UTC: the time that rows were wrongly dated up to.
  public static let acceptClock = "clock.accept"
  /// Parameter: `plan`, the SHA-256 of what a held reading of the directory would do, in hexadecimal.
  public static let approveDirectory = "directory.approve"
  /// Parameter: `transfer`, the SHA-256 of what shall have become of whom, in hexadecimal.
  public static let foreseeTransfer = "directory.foresee"
  /// Parameters: `AccessReport.parameters`, among them `hash`, the SHA-256 of exactly what is approved, in hexadecimal.
  public static let approveAccess = "directory.access.approve"
  /// Parameters: `access`, its id, and `approval`, the SHA-256 of the approving act in hexadecimal.
  public static let switchAccessOn = "directory.access.on"
  /// The same parameters.
  public static let switchAccessOff = "directory.access.off"
  /// Parameters: `DirectoryHold.parameters`.
  public static let confirmDirectory = "directory.confirm"
  /// Parameters: `RelinkOffer.parameters`.
  public static let relinkPerson = "directory.relink"
  /// Parameter: `hash`.
  public static let withdrawWaiver = "policy.waiver.withdraw"
  /// Parameters: `FirstTapCodeIssue.parameters`. One administrator signs.
  public static let issueFirstTapCodes = "card.enrolment-codes.issue"
}
