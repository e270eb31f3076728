public import SmartCard

/// Which card is meant. Names and positions of readers change with the port they are plugged into, so the usual way is by
/// what the card can do.
public enum ReaderChoice: Sendable, Equatable {
  /// The one card present that has a PIV application: `noCard` without any card, `unsupportedCard` when none of those present
  /// has it, `ambiguousCard` when several have.
  case onlyPIVCard
  /// The card in the reader of exactly this name, whatever it is.
  case named(String)
}

/// A reader and what is in it.
public struct ReaderState: Sendable, Equatable {
  public let reader: String
  public let hasCard: Bool
  /// Empty without a card, or with one that gave no answer to reset.
  public let atr: [UInt8]
}

/// Use of cards, one at a time and within a deadline.
public enum CardReaders {
  /// Hands the chosen card to `body` on a thread made for it, in a transaction of our own, and resets the card afterwards.
  ///
  /// Never wait for a person inside `body`: other programs are locked out meanwhile, and Windows resets a card whose
  /// transaction idles for 5 s. Ask first, then come with the PIN.
  ///
  /// When `deadline` passes the caller gets `timedOut` (or `readerBusy` if another program still held the card) at once. The
  /// thread may hang in a card that never answers; it is left behind, can send nothing more, and ends when the reader lets go
  /// of it. With 8 such threads left behind, further calls are `readerBusy` until one has ended.
  ///
  /// Errors: `CardFailure`, also those of `body`. A program holding the card exclusively is waited for, 3 s at most.
  public static func withCard<R: Sendable>(
    reader choice: ReaderChoice = .onlyPIVCard, deadline: Duration = .seconds(5),
    _ body: @escaping @Sendable (inout PCSCChannel) throws(CardFailure) -> R
  ) async throws(CardFailure) -> R {
    try await withCard(reader: choice, access: .transaction, deadline: deadline, body)
  }

  /// How a card is held.
  package enum Access: Sendable {
    /// Beside other programs, which wait until we are done.
    case transaction
    /// Beside other programs, which may come between two commands: only for showing what they can do then.
    case unprotected
    /// Alone. We never need it; other programs do it to us.
    case exclusive
  }

  /// As the public `withCard`, with a choice of how to hold the card.
  package static func withCard<R: Sendable>(
    reader choice: ReaderChoice, access: Access, deadline: Duration,
    _ body: @escaping @Sendable (inout PCSCChannel) throws(CardFailure) -> R
  ) async throws(CardFailure) -> R {
    try await CardThread.run(deadline: deadline) { errand throws(CardFailure) in
      try CardSession(choice, errand: errand, access: access).use(body)
    }
  }

  /// All readers and whether they hold a card, sorted by name. Asks no card anything.
  public static func states(deadline: Duration = .seconds(2)) async throws(CardFailure) -> [ReaderState] {
    try await CardThread.run(deadline: deadline) { _ throws(CardFailure) in
      let context = try CardSession.openService()
      return try CardSession.observe(context).map { ReaderState(reader: $0.reader, hasCard: $0.hasCard, atr: $0.atr) }
    }
  }
}
