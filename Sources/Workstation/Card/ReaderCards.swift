public import AuthTerms
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

  public func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView {
    try await only { (reader) async throws(CardFailure) in try await Self.sharedCard(kinds, in: reader) }
  }

  public func numberCard() async throws(CardFailure) -> NumberCardView {
    try await only { (reader) async throws(CardFailure) in
      try await CardReaders.withCard(reader: .named(reader)) { channel throws(CardFailure) in
        try NumberCardTalk.staffCard(&channel, reader: reader)
      }
    }
  }

  public func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView {
    try await only(isSure: true) { (reader) async throws(CardFailure) in
      try await CardReaders.withCard(reader: .named(reader)) { channel throws(CardFailure) in
        try JPKITalk.view(&channel, reader: reader, isTaken: isTaken)
      }
    }
  }

  public func run(_ errand: JPKIErrand) async throws(CardFailure) -> CardErrandOutcome {
    // As for PIV: RSA over a contactless reader takes its time.
    try await CardReaders.withCard(reader: .named(errand.reader), deadline: .seconds(8)) { channel throws(CardFailure) in
      try JPKITalk.run(errand, on: &channel)
    }
  }

  /// Looks into the chosen reader, or into each that holds a card, for the one that is meant.
  private func only<Found: Sendable>(
    isSure: Bool = false, _ look: (String) async throws(CardFailure) -> Found
  ) async throws(CardFailure) -> Found {
    if case .named(let reader) = choice { return try await look(reader) }
    let present = try await CardReaders.states().filter(\.hasCard).map(\.reader)
    guard !present.isEmpty else { throw .noCard }
    return try await Self.only(in: present, isSure: isSure, look)
  }

  /// The one that is meant among the cards in these readers: `unsupportedCard`, `ambiguousCard`.
  ///
  /// - Parameter isSure: "none" has to hold: a card that was lost halfway may have been one, and is told instead.
  package static func only<Found: Sendable>(
    in present: [String], isSure: Bool = false, _ look: (String) async throws(CardFailure) -> Found
  ) async throws(CardFailure) -> Found {
    var found: [Found] = []
    var lost: CardFailure?
    for reader in present {
      do throws(CardFailure) { found.append(try await look(reader)) } catch {
        switch error {
        // None of ours, or gone meanwhile: it does not stand in the way of the one that is.
        case .unsupportedCard, .malformedCard, .refused, .noCard, .noReader: continue
        case .cardRemoved, .cardReset: lost = error
        default: throw error
        }
      }
    }
    guard found.count <= 1 else { throw .ambiguousCard }
    guard let only = found.first else { throw isSure ? lost ?? .unsupportedCard : .unsupportedCard }
    return only
  }

  private static func sharedCard(
    _ kinds: Set<SharedKeyCardKind>, in reader: String
  ) async throws(CardFailure) -> SharedCardView {
    try await CardReaders.withCard(reader: .named(reader)) { channel throws(CardFailure) in
      try SharedCardTalk.view(&channel, reader: reader, kinds: kinds)
    }
  }

  public func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure) {
    try await CardReaders.withCard(reader: .named(card.reader), deadline: .seconds(15)) { channel throws(CardFailure) in
      try SharedCardTalk.run(card, on: &channel, ask: SharedCardTalk.waiting(for: ask))
    }
  }
}
