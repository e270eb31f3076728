public import AuthTerms

/// What a person reads when the answer is no: what happened, and the one thing to do next, in both languages.
public struct Sentence: Sendable, Equatable {
  public let ja: String
  public let en: String
  public let nextStepJa: String
  public let nextStepEn: String

  public init(ja: String, en: String, nextStepJa: String, nextStepEn: String) {
    self.ja = ja
    self.en = en
    self.nextStepJa = nextStepJa
    self.nextStepEn = nextStepEn
  }
}

/// What a listener answers before a request became a question of Sanmon's: the code on the wire is `HTnnn`.
public enum HTTPProblem: String, CaseIterable, Sendable {
  case badRequest = "HT400"
  case notFound = "HT404"
  case methodNotAllowed = "HT405"
  case conflict = "HT409"
  case tooLarge = "HT413"
  case wrongMediaType = "HT415"
  case tooManyRequests = "HT429"
  case unavailable = "HT503"

  /// The HTTP status that goes with it.
  public var status: Int { Int(rawValue.dropFirst(2)) ?? 400 }
}

/// The catalogue of refusals. The switches below have no default: a new code without a sentence does not compile.
public enum Sentences {
  /// The sentence of exactly this code. For the keyboard use `shown(_:)`: the codes before possession of a card is proven
  /// (`AP141`–`AP149`, `AP157`–`AP160`, `AP182`, `AP183`, `AP188`, `AP198`, `AP201`) are for the help desk and the auditor.
  public static func of(_ code: DenialCode) -> Sentence {
    switch code {
    case .notAccepted: .notAccepted
    case .factorMissing: .factorMissing
    case .cardNotRegistered: .cardNotRegistered
    case .accountDisabled: .accountDisabled
    case .accountOutsideDates: .accountOutsideDates
    case .cardLost: .cardLost
    case .cardSuspended: .cardSuspended
    case .segmentNotAllowed: .segmentNotAllowed
    case .proofBelowFloor: .proofBelowFloor
    case .passwordWrong: .passwordWrong
    case .passwordNotSet: .passwordNotSet
    case .throttled: .throttled
    case .ruleDenies: .ruleDenies
    case .noRule: .noRule
    case .tooManySessions: .tooManySessions
    case .sessionMissing: .sessionMissing
    case .sessionOfOtherPerson: .sessionOfOtherPerson
    case .sessionOverLimits: .sessionOverLimits
    case .factorUnavailable: .factorUnavailable
    case .outsideHours: .outsideHours
    case .workstationRevoked: .workstationRevoked
    case .workstationUnknown: .workstationUnknown
    case .ceremonyUnknown: .ceremonyUnknown
    case .segmentNotServed: .segmentNotServed
    case .sessionRevoked: .sessionRevoked
    case .operatorNotAllowed: .operatorNotAllowed
    case .enrolmentRefused: .enrolmentRefused
    case .scenarioNotAllowed: .scenarioNotAllowed
    case .accountOutsideHours: .accountOutsideHours
    case .accountNotHere: .accountNotHere
    case .passwordMustChange: .passwordMustChange
    case .accountLockedOut: .accountLockedOut
    case .passwordUnacceptable: .passwordUnacceptable
    case .directorySilent: .directorySilent
    case .directoryTooOld: .directoryTooOld
    case .passwordElsewhere: .passwordElsewhere
    case .cardOfOtherPerson: .cardOfOtherPerson
    case .cardNotTheNamed: .cardNotTheNamed
    case .keyRegistered: .keyRegistered
    case .palmNotMatched: .palmNotMatched
    case .releaseNotProven: .releaseNotProven
    case .releaseCardUnknown: .releaseCardUnknown
    case .releaseRefused: .releaseRefused
    case .applicationNotPublished: .applicationNotPublished
    case .releaseProofTooOld: .releaseProofTooOld
    case .credentialMissing: .credentialMissing
    case .credentialWrong: .credentialWrong
    case .releasesTooMany: .releasesTooMany
    case .releasesStopped: .releasesStopped
    case .credentialUnreadable: .credentialUnreadable
    case .credentialOfOther: .credentialOfOther
    case .palmUnavailable: .palmUnavailable
    case .palmsDisagree: .palmsDisagree
    case .palmOfOtherPerson: .palmOfOtherPerson
    case .palmNoticeMissing: .palmNoticeMissing
    case .palmSampleRepeated: .palmSampleRepeated
    case .palmsUnderFormerKey: .palmsUnderFormerKey
    case .relinkNotOffered: .relinkNotOffered
    case .relinkProofMissing: .relinkProofMissing
    case .relinkProofTooOld: .relinkProofTooOld
    case .relinkFormerInForce: .relinkFormerInForce
    case .relinkPersonNotInForce: .relinkPersonNotInForce
    case .relinkActStale: .relinkActStale
    case .relinkFormerGone: .relinkFormerGone
    case .proofSignatureWrong: .proofSignatureWrong
    case .proofReplayed: .proofReplayed
    case .proofContextMismatch: .proofContextMismatch
    case .certificateUntrusted: .certificateUntrusted
    case .certificateExpired: .certificateExpired
    case .certificateRevoked: .certificateRevoked
    case .revocationStale: .revocationStale
    case .slotMismatch: .slotMismatch
    case .proofMalformed: .proofMalformed
    case .cardNotProven: .cardNotProven
    case .cardCloneSuspected: .cardCloneSuspected
    case .cardInStock: .cardInStock
    case .loanOver: .loanOver
    case .cardForgotten: .cardForgotten
    case .cardWithdrawn: .cardWithdrawn
    case .cardStepImpossible: .cardStepImpossible
    case .lookUpCodeRefused: .lookUpCodeRefused
    case .lookUpCodeNotOffered: .lookUpCodeNotOffered
    case .auditUnavailable: .auditUnavailable
    case .serverFault: .serverFault
    case .offline: .offline
    case .vaultUnavailable: .vaultUnavailable
    case .instanceRestored: .instanceRestored
    case .backupNotPossible: .backupNotPossible
    case .numberNotEnough: .numberNotEnough
    case .numberWaiverOver: .numberWaiverOver
    case .chipTooOld: .chipTooOld
    case .numberAtTwoWorkstations: .numberAtTwoWorkstations
    case .firstTapOff: .firstTapOff
    case .cardThere: .cardThere
    case .firstTapCodeRefused: .firstTapCodeRefused
    case .firstTapCodeNotOffered: .firstTapCodeNotOffered
    case .certificateNotTaken: .certificateNotTaken
    case .responsibleGone: .responsibleGone
    case .loanWithoutPIN: .loanWithoutPIN
    case .externalNotPossible: .externalNotPossible
    case .myNumberCardNotTaken: .myNumberCardNotTaken
    case .myNumberCardExpired: .myNumberCardExpired
    }
  }

  /// What may be told at the keyboard for this code.
  public static func shown(_ code: DenialCode) -> Sentence { of(code.shown) }

  public static func of(_ problem: HTTPProblem) -> Sentence {
    switch problem {
    case .badRequest: .badRequest
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .conflict: .conflict
    case .tooLarge: .tooLarge
    case .wrongMediaType: .wrongMediaType
    case .tooManyRequests: .tooManyRequests
    case .unavailable: .unavailable
    }
  }
}

extension ErrorBody {
  /// Exactly this code, for an operator.
  public init(telling code: DenialCode) {
    self.init(code: code.rawValue, Sentences.of(code), reference: nil)
  }

  /// The refusal as it leaves the server: the shown code and its sentence, never the code behind it.
  public init(_ code: DenialCode, reference: Reference?) {
    self.init(code: code.shown.rawValue, Sentences.shown(code), reference: reference?.description)
  }

  public init(_ problem: HTTPProblem) {
    self.init(code: problem.rawValue, Sentences.of(problem), reference: nil)
  }

  private init(code: String, _ sentence: Sentence, reference: String?) {
    self.init(
      code: code, ja: sentence.ja, en: sentence.en, nextStepJa: sentence.nextStepJa, nextStepEn: sentence.nextStepEn,
      reference: reference)
  }
}
