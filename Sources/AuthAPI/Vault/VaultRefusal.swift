/// Why the vault said no. The codes are stable; the note never quotes input.
public struct VaultRefusal: Error, Sendable, Equatable {
  public enum Code: String, Sendable, CaseIterable {
    case notInitialised = "V101"
    case alreadyInitialised = "V102"
    /// This peer may not ask for this.
    case peerNotAllowed = "V103"
    case requestMalformed = "V104"
    case certificateRequestInvalid = "V110"
    case codeMalformed = "V111"
    case codeUnknown = "V112"
    case codeExpired = "V113"
    case codeUsed = "V114"
    case segmentNotServed = "V115"
    case certificateNotOurs = "V116"
    case certificateNotValidNow = "V117"
    case workstationRevoked = "V118"
    case renewalNotProven = "V119"
    case workstationExists = "V120"
    case actNotAllowed = "V121"
    case actStale = "V122"
    case actReplayed = "V123"
    case operatorExists = "V124"
    case operatorUnknown = "V125"
    case possessionNotProven = "V126"
    case lastAdministrator = "V127"
    case checkpointContradicts = "V130"
    case checkpointNotExtending = "V131"
    /// This state is a backup's, and nobody has approved that it counts.
    case restoreNotApproved = "V140"
    /// The approval names another state than there is, or a log that no backup of this vault had.
    case restoreContradicts = "V141"
    /// The vault was started without a recovery key.
    case recoveryKeyMissing = "V142"
    /// The session's key is not known here: its evidence is asked for.
    case sessionNotProven = "V150"
    /// The card that signed is not in this register, or is withdrawn.
    case cardNotKnown = "V151"
    /// The evidence does not hold: signature, keys, workstation, segment or suite.
    case evidenceWrong = "V152"
    /// The card's signature is older than any session may be.
    case sessionTooOld = "V153"
    /// The act is not signed by the session's key, or names another workstation.
    case sessionActWrong = "V154"
    case sessionActStale = "V155"
    /// This very act was carried out before.
    case ticketUsed = "V156"
    case applicationUnknown = "V157"
    case applicationElsewhere = "V158"
    /// The card's signature is older than this application allows.
    case proofTooOld = "V159"
    case credentialMissing = "V160"
    /// The application refused it at the last sign-in.
    case credentialRefused = "V161"
    case tooManyReleases = "V162"
    /// Stopped after an alarm, until an administrator resumes.
    case releasesStopped = "V163"
    /// What was sealed does not open, or is no credential.
    case intakeMalformed = "V164"
    /// Another person's credential, and no register entry in force says that this one stands in for her.
    case notDeputy = "V165"
    /// Only its owner, or an administrator, replaces a person's credential.
    case ownersAlone = "V166"
    /// Cards of the key that is to go are registered, and the act names another number of them.
    case cardKeyInUse = "V167"
    /// It waits for shares of its master key.
    case sealed = "V170"
    case notSealed = "V171"
    case shareMalformed = "V172"
    case shareRepeated = "V173"
    /// Not made together with those that are there, or for another number of people.
    case shareOfOtherSet = "V174"
    /// They fit together and do not open this vault.
    case sharesWrong = "V175"
    case sharesPause = "V176"
    /// A rotator asks for something else than the logon to Windows.
    case notWindows = "V180"
    /// So many versions wait for a word that none can be added without losing one that may work.
    case pendingTooMany = "V181"
    /// What is confirmed is not there, or does not wait for a word.
    case notPending = "V182"
    /// No card of this person is in the register: nobody could be handed what is made.
    case cardMissing = "V183"
    /// A row of the registers is not what was written: keys are not renewed over it, an administrator resumes first.
    case registersDamaged = "V184"
    /// No script in its canonical form, or one that has a flaw.
    case cardScriptMalformed = "V185"
    /// No key is kept for a script of this name.
    case cardKeyMissing = "V186"
    /// The key of this name was set for other steps, or another way to a card's own key.
    case cardScriptOther = "V187"
    /// No such exchange: it ended, took too long, or never began.
    case cardExchangeUnknown = "V188"
    /// As many exchanges are open as there may be.
    case cardExchangesFull = "V189"
    /// This card was wrong too often within a minute.
    case cardPaused = "V191"
    /// More exchanges were begun within a minute than people here can have asked for.
    case cardsTooMany = "V192"
    /// No sheet of look-up codes is in force for this person in this segment.
    case sheetMissing = "V193"
    /// No code of the sheet; it counts.
    case lookUpCodeWrong = "V194"
    case lookUpCodeUsed = "V195"
    /// Five wrong codes were typed.
    case sheetDead = "V196"
    /// The sheet's, and of another day, segment, workstation or purpose; it does not count.
    case lookUpCodeElsewhere = "V197"
    /// No alarm of this number, or not what the act says of it: it may have been raised again since.
    case alarmOther = "V198"
    case alarmSeen = "V199"
    /// Disk full, I/O error: nothing was signed.
    case storeUnavailable = "V190"
  }

  public let code: Code
  public let note: String

  public init(_ code: Code, _ note: String) {
    self.code = code
    self.note = note
  }
}
