import AuthAPI
public import AuthClient
public import SmartCard

/// Why the agent could not do what it was asked. A refusal by the server is one of these, with the server's own words inside.
public enum AgentFault: Error, Sendable, Equatable {
  case notEnrolled
  case alreadyEnrolled
  /// The state folder or a file in it can be read or changed by others, or is not a plain file; nothing in it was used.
  case unsafeState(file: String)
  /// The state folder could not be read or written; the number is the system's `errno`.
  case stateIO(file: String, errno: Int32)
  /// A file of the state folder does not hold what the agent writes there.
  case damagedState(file: String)
  case server(ClientFault)
  case card(CardFailure)
  /// The server's answer contradicts what this workstation knows by itself; nothing was signed.
  case disagreement(Disagreement)
  /// The person could not be asked: no terminal, or the descriptor gave nothing usable.
  case nothingEntered
  case cancelled
  /// The new password was typed in two ways.
  case passwordsDiffer
  /// What was typed is no printed code: digits are missing, or the check digit does not fit. Nothing was sent.
  case codeMistyped
  /// The card has one try left and nobody confirmed to use it.
  case lastTryNotConfirmed
  case pinWrong(triesLeft: Int)
  case pinBlocked
  /// None of the ways offered can be gone with this card and this agent.
  case noUsableCombination(offered: [[String]])
  /// The card was accepted; this is still missing.
  case moreNeeded([[String]])
  /// The server asked for something of a shared-key card that the card's file does not allow; it was not sent.
  case commandNotAllowed
  /// A card that is none of this segment's: it has no key that signs, and no shared key is enough here.
  case cardNotTakenHere
  /// The card on the reader changed between asking for the PIN and using it.
  case otherCard
  /// A locked session waits whose key this machine no longer has.
  case sessionKeyGone
  case nothingToUnlock
  case noSession
  /// Another `watch` of this workstation is running.
  case watchRunning
  case watchNotRunning
  /// The running `watch` gave an answer that is none.
  case watchAnswer
  /// What came in the vault's name is not signed by it, or not for this session; nothing of it was used.
  case vaultUntrusted(VaultDoubt)
  /// The password is being changed at its application: nobody is handed it until that has ended.
  case passwordChanging
  /// The palm sensor gave no sample.
  case sensor(SensorFault)
  /// No more palms can be shown in this ceremony, and nothing else can be.
  case palmTriesUsed
  /// The server looks at no palms now, and nothing else can be shown.
  case palmUnavailable
  /// Somebody is logged on, and Windows was given nothing that it takes.
  case windows(WindowsDoubt)
  /// Text of a parameter that is not what it should be.
  case badInput(expected: String)
  /// The card has no new PIN.
  case pinChange(PINChangeRefusal)
  /// A My Number Card that ended nothing at the server.
  case myNumberCard(MyNumberCardRefusal)
}

public enum Disagreement: String, Sendable, Equatable {
  case workstation, segment, nonce, ceremony, scenario, expiry, session, serverCertificate, certificate, cardScripts
}

/// What of the vault's words did not hold.
public enum VaultDoubt: String, Sendable, Equatable {
  case keys, release, definition
}

/// Why Windows was given nothing that it takes.
public enum WindowsDoubt: String, Sendable, Equatable, CaseIterable {
  /// No application of this segment is the logon to Windows.
  case noApplication
  /// The typed password is to be given, and at this logon none was typed.
  case nothingTyped
  /// The card's certificate is to be named, and no card took part.
  case noCard
  /// The password is not, or no longer, the directory's.
  case refused
  /// It is right, and has to be changed first.
  case mustChange
  /// The program ended with another word, by a signal or not in time.
  case programFailed
}

/// What the process tells its caller. The numbers are documented in docs/agent.md and do not change.
public enum AgentExit: Int32, Sendable, CaseIterable {
  case granted = 0
  case refused = 10
  case moreNeeded = 11
  case pinWrong = 12
  case pinBlocked = 13
  /// No card, no reader, or more than one card that would do.
  case card = 14
  case readerService = 15
  /// The palm sensor gave no picture.
  case sensor = 16
  /// Logged on, or unlocked; Windows was given nothing that it takes.
  case windows = 17
  case usage = 64
  case badInput = 65
  case serverUnreachable = 69
  /// The state folder could not be written, or is not safe.
  case state = 74
  /// The server contradicts what this workstation knows, or shows the wrong certificate.
  case untrustedServer = 76
  case notEnrolled = 77

  public init(_ fault: AgentFault) {
    self =
      switch fault {
      case .notEnrolled: .notEnrolled
      case .alreadyEnrolled, .badInput, .nothingEntered, .passwordsDiffer, .codeMistyped, .cancelled: .badInput
      case .unsafeState, .stateIO, .damagedState: .state
      case .server(let fault): Self(fault)
      case .card(let failure): Self(failure)
      case .vaultUntrusted: .untrustedServer
      case .passwordChanging: .serverUnreachable
      case .disagreement, .commandNotAllowed: .untrustedServer
      case .lastTryNotConfirmed, .pinWrong: .pinWrong
      case .pinBlocked: .pinBlocked
      case .noUsableCombination, .moreNeeded, .palmUnavailable: .moreNeeded
      case .sensor: .sensor
      case .windows: .windows
      case .palmTriesUsed: .refused
      case .otherCard, .cardNotTakenHere: .card
      case .sessionKeyGone, .nothingToUnlock, .noSession: .refused
      case .watchRunning, .watchNotRunning, .watchAnswer: .badInput
      case .pinChange(let refusal): Self(refusal)
      case .myNumberCard(.notTaken): .card
      case .myNumberCard(.pinForm): .badInput
      case .myNumberCard(.pinBlocked): .pinBlocked
      }
  }

  private init(_ refusal: PINChangeRefusal) {
    self =
      switch refusal {
      case .wrongPIN, .wrongPUK: .pinWrong
      case .unfit, .notTheSame: .badInput
      case .pukBlocked: .pinBlocked
      case .notSupported, .otherCard: .card
      }
  }

  private init(_ fault: ClientFault) {
    self =
      switch fault {
      case .unreachable, .interrupted, .timedOut, .malformedAnswer: .serverUnreachable
      case .tlsRefused(.clientCertificate): .refused
      case .tlsRefused(.ownMaterial): .state
      case .tlsRefused: .untrustedServer
      case .refused(let body): body.code.hasPrefix("HT5") || body.code == "HT429" ? .serverUnreachable : .refused
      case .invalidRequest: .badInput
      }
  }

  private init(_ failure: CardFailure) {
    self =
      switch failure {
      case .serviceUnavailable, .serviceLost, .accessDenied: .readerService
      case .pinBlocked: .pinBlocked
      case .unusablePIN, .module(.pinForm): .badInput
      case .module(.unusable), .module(.ended), .module(.overdue), .module(.malformed), .module(.failed): .readerService
      default: .card
      }
  }
}
