import AuthTerms
import SmartCard

/// A result code of the reader service, as the 32 bits that pcsclite and Windows both mean (there it is a negative number).
struct PCSCFault: Error, Equatable, Sendable {
  let code: UInt32

  static let timeout = Self(code: 0x8010_000A)
  static let sharingViolation = Self(code: 0x8010_000B)
  static let noReaders = Self(code: 0x8010_002E)
  static let resetCard = Self(code: 0x8010_0068)

  /// The service is gone. A killed pcscd shows itself as COMM_ERROR to a call that waits, as NO_SERVICE to the next; the old
  /// context never recovers, and `SCardIsValidContext` goes on saying that it is fine: so it is never asked.
  var isServiceLoss: Bool { [0x8010_0013, 0x8010_001D, 0x8010_001E].contains(code) }

  /// What it means once a card is in use.
  var failure: CardFailure {
    if isServiceLoss { return .serviceLost }
    switch code {
    case 0x8010_000A: return .timedOut
    case 0x8010_000B: return .readerBusy
    case 0x8010_0009, 0x8010_0017, 0x8010_002E: return .noReader
    // NOT_TRANSACTED and COMM_DATA_LOST: the card gave no status word, as when it is pulled inside a command.
    case 0x8010_000C, 0x8010_0069, 0x8010_0016, 0x8010_002F: return .cardRemoved
    case 0x8010_0068: return .cardReset
    case 0x8010_0065, 0x8010_0066, 0x8010_0067, 0x8010_000F, 0x8010_001C: return .unsupportedCard
    case 0x8010_006A, 0x8010_0027: return .accessDenied
    // INSUFFICIENT_BUFFER: an answer beyond what a short command can have.
    case 0x8010_0008: return .malformedCard(MalformedInput("card answer", expected: "at most 256 bytes and a status word"))
    default: return .readerFault(code)
    }
  }

  /// What it means while a card is being opened.
  var openingFailure: CardFailure {
    switch failure {
    case .cardRemoved: .noCard
    case let other: other
    }
  }
}
