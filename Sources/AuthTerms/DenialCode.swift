/// Why the answer is no. The codes are stable: they stand in audit rows, tests, message catalogues and docs/operations.md.
public enum DenialCode: String, CaseIterable, Sendable {
  /// What is shown for every refusal before possession of a card is proven.
  case notAccepted = "AP100"
  case factorMissing = "AP101"
  case cardNotRegistered = "AP102"
  case accountDisabled = "AP103"
  case accountOutsideDates = "AP104"
  case cardLost = "AP105"
  case cardSuspended = "AP106"
  case segmentNotAllowed = "AP107"
  case proofBelowFloor = "AP108"
  case passwordWrong = "AP109"
  case passwordNotSet = "AP110"
  case throttled = "AP111"
  case ruleDenies = "AP112"
  case noRule = "AP113"
  case tooManySessions = "AP114"
  case sessionMissing = "AP115"
  case sessionOfOtherPerson = "AP116"
  case sessionOverLimits = "AP117"
  case factorUnavailable = "AP118"
  case outsideHours = "AP119"
  case workstationRevoked = "AP120"
  case workstationUnknown = "AP121"
  case ceremonyUnknown = "AP122"
  case segmentNotServed = "AP123"
  case sessionRevoked = "AP124"
  case operatorNotAllowed = "AP125"
  case enrolmentRefused = "AP126"
  case scenarioNotAllowed = "AP127"
  case accountOutsideHours = "AP128"
  case accountNotHere = "AP129"
  case palmNotMatched = "AP130"
  case palmUnavailable = "AP134"

  // What the directory says, or that it says nothing.
  case passwordMustChange = "AP151"
  case accountLockedOut = "AP152"
  case passwordUnacceptable = "AP153"
  case directorySilent = "AP154"
  case directoryTooOld = "AP155"
  /// At the desk: the password of this person is not kept here.
  case passwordElsewhere = "AP156"

  // A card that tells a number alone: before possession too, so the clerk sees AP100.
  /// No waiver lets a number stand for a card here; in My Number none ever does.
  case numberNotEnough = "AP157"
  /// The waiver that let numbers stand for cards has ended.
  case numberWaiverOver = "AP158"
  /// The chip names an older generation than the segment asks for, or none that is known.
  case chipTooOld = "AP159"
  /// The same number was shown at another workstation within a minute.
  case numberAtTwoWorkstations = "AP160"

  // At the desk, while a card is registered.
  case cardOfOtherPerson = "AP131"
  case cardNotTheNamed = "AP132"
  case keyRegistered = "AP133"
  case palmsDisagree = "AP135"
  case palmOfOtherPerson = "AP136"
  case palmNoticeMissing = "AP137"
  case palmSampleRepeated = "AP138"
  case palmsUnderFormerKey = "AP139"

  // A leaver's cards for the same person's new registration (再任用).
  case relinkNotOffered = "AP161"
  case relinkProofMissing = "AP162"
  case relinkProofTooOld = "AP163"
  case relinkFormerInForce = "AP164"
  case relinkPersonNotInForce = "AP165"
  case relinkActStale = "AP166"
  case relinkFormerGone = "AP167"

  // A stored credential for an application.
  /// The vault has not seen what this session was opened with; the agent shows it and asks again.
  case releaseNotProven = "AP171"
  case releaseCardUnknown = "AP172"
  case releaseRefused = "AP173"
  case applicationNotPublished = "AP174"
  case releaseProofTooOld = "AP175"
  case credentialMissing = "AP176"
  case credentialWrong = "AP177"
  case releasesTooMany = "AP178"
  case releasesStopped = "AP179"
  case credentialUnreadable = "AP180"
  /// The credential of another person or a shared one, and the vault's register does not name this person for it now.
  case credentialOfOther = "AP181"

  // Before possession is proven: the row names the cause, the clerk sees AP100.
  case proofSignatureWrong = "AP141"
  case proofReplayed = "AP142"
  case proofContextMismatch = "AP143"
  case certificateUntrusted = "AP144"
  case certificateExpired = "AP145"
  case certificateRevoked = "AP146"
  case revocationStale = "AP147"
  case slotMismatch = "AP148"
  case proofMalformed = "AP149"
  /// A shared-key card has not shown that it has the city's key, or the key is not there to ask it with.
  case cardNotProven = "AP182"
  /// A shared-key card has the key, and counts less than the vault has seen: two cards with one key.
  case cardCloneSuspected = "AP183"

  // A card's life.
  /// A card of the stock that is lent to nobody.
  case cardInStock = "AP184"
  /// The last day of the loan is over, whether the card was returned or not.
  case loanOver = "AP185"
  /// Left at home: paused until it is shown with its PIN at a desk.
  case cardForgotten = "AP186"
  /// Revoked, collected or destroyed: it never comes back.
  case cardWithdrawn = "AP187"
  /// At the desk: this does not follow from what the card is.
  case cardStepImpossible = "AP168"
  /// A printed one-time code that is wrong, used, dead, or of another day, segment or workstation.
  case lookUpCodeRefused = "AP188"
  /// At the desk: no sheet of such codes can be printed for this person there, or not by this operator.
  case lookUpCodeNotOffered = "AP189"
  /// Of somebody from outside: the member of staff who answers for the person has left, or is disabled.
  case responsibleGone = "AP204"
  /// Lent, and no PIN was set at the desk since.
  case loanWithoutPIN = "AP205"
  /// At the desk: somebody from outside cannot be registered, extended or ended like this.
  case externalNotPossible = "AP206"

  // A My Number Card.
  /// The segment's file does not take such cards; before possession too.
  case myNumberCardNotTaken = "AP198"
  /// Its user-authentication certificate has ended; the card has signed all the same.
  case myNumberCardExpired = "AP199"

  // Faults: no answer could be found, so the answer is no.
  case auditUnavailable = "AP190"
  case serverFault = "AP191"
  case offline = "AP192"
  case vaultUnavailable = "AP193"
  /// A copy from a backup that nobody has approved: nobody is let in.
  case instanceRestored = "AP194"
  /// No recovery key, or not the same one at server and vault.
  case backupNotPossible = "AP195"

  // A card at its holder's own workstation, and cards that a list names.
  /// This segment registers no cards at workstations.
  case firstTapOff = "AP169"
  /// The person has a card: another one is the desk's.
  case cardThere = "AP170"
  /// An enrolment code that is wrong, used, dead, withdrawn or over, or of another person or segment.
  case firstTapCodeRefused = "AP201"
  /// At the desk: no enrolment code for this person there, or not by this operator.
  case firstTapCodeNotOffered = "AP202"
  /// At the desk: no certificate of a list is taken for this segment.
  case certificateNotTaken = "AP203"

  /// What may be told at the keyboard: everything before possession is proven looks the same.
  public var shown: DenialCode {
    switch self {
    case .proofSignatureWrong, .proofReplayed, .proofContextMismatch, .certificateUntrusted, .certificateExpired,
      .certificateRevoked, .revocationStale, .slotMismatch, .proofMalformed, .cardNotProven, .cardCloneSuspected,
      .ceremonyUnknown, .lookUpCodeRefused, .numberNotEnough, .numberWaiverOver, .chipTooOld, .numberAtTwoWorkstations,
      .firstTapCodeRefused, .myNumberCardNotTaken:
      .notAccepted
    default: self
    }
  }
}

/// Where a decision was made: a line of a policy file, or a rule built into Sanmon (`builtin:NAME`, line 0).
public struct RuleID: Hashable, Sendable, CustomStringConvertible {
  public let file: String
  public let line: Int

  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  public static func builtin(_ name: String) -> RuleID { RuleID(file: "builtin:\(name)", line: 0) }

  public var description: String { line == 0 ? file : "\(file):\(line)" }
}
