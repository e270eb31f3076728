import PCSCReader
public import SmartCard

/// Cards in the readers of this machine. Each talk has its own thread and deadline, and ends with a reset of the card.
public struct ReaderCards: CardPort {
  private let choice: ReaderChoice

  /// - Parameter reader: the name of the reader to use; nil for the one card that is there.
  public init(reader: String? = nil) { choice = reader.map { .named($0) } ?? .onlyPIVCard }

  public func view() async throws(CardFailure) -> CardView {
    try await CardReaders.withCard(reader: choice) { channel throws(CardFailure) in
      let reader = channel.reader
      return try CardExchange.view(&channel, reader: reader)
    }
  }

  public func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome {
    // A signature with RSA over a contactless reader takes some hundred milliseconds; 8 s is for slow hardware.
    try await CardReaders.withCard(reader: .named(errand.reader), deadline: .seconds(8)) { channel throws(CardFailure) in
      try CardExchange.run(errand, on: &channel)
    }
  }
}
