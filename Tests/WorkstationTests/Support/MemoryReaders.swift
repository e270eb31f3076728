import AuthTerms
import SmartCard
import Synchronization
import Workstation

/// Readers with a card in each, looked through as `ReaderCards` looks through those of a machine. None of them has PIV.
final class MemoryReaders: CardPort {
  enum Card: Sendable {
    case telling(TellingCard)
    /// Its reader tells a number, as it does of other cards.
    case personal(MemoryJPKICard, hasCertificate: Bool = true)
  }

  struct Channel: CardChannel {
    let card: Card
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
      switch card {
      case .telling(let card):
        var channel = TellingCard.Channel(card: card)
        return try channel.transmit(command)
      case .personal(let card, let hasCertificate):
        if command == [0xFF, 0xCA, 0x00, 0x00, 0x00] { return [0x04, 0x11, 0x22, 0x33, 0x90, 0x00] }
        if !hasCertificate, command.starts(with: [0x00, 0xA4, 0x02]), command.suffix(2) == [0x00, 0x0A] {
          return [0x6A, 0x82]
        }
        var channel = MemoryJPKICard.Channel(card: card)
        return try channel.transmit(command)
      }
    }
  }

  private let cards: [Card]

  init(_ cards: [Card]) { self.cards = cards }

  private func channel(_ reader: String) throws(CardFailure) -> Channel {
    guard let place = Int(reader.suffix(1)), cards.indices.contains(place) else { throw .noReader }
    return Channel(card: cards[place])
  }

  private var readers: [String] { cards.indices.map { "Memory 0\($0)" } }

  func view() async throws(CardFailure) -> CardView { throw .unsupportedCard }
  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome { throw .unsupportedCard }

  func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView {
    try await ReaderCards.only(in: readers) { (reader) async throws(CardFailure) -> SharedCardView in
      var channel = try self.channel(reader)
      return try SharedCardTalk.view(&channel, reader: reader, kinds: kinds)
    }
  }

  func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure) {
    if case .telling(let card) = try channel(card.reader).card { card.talks.withLock { $0 += 1 } }
    throw .malformedCommand
  }

  func numberCard() async throws(CardFailure) -> NumberCardView {
    try await ReaderCards.only(in: readers) { (reader) async throws(CardFailure) -> NumberCardView in
      var channel = try self.channel(reader)
      return try NumberCardTalk.staffCard(&channel, reader: reader)
    }
  }

  func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView {
    try await ReaderCards.only(in: readers, isSure: true) { (reader) async throws(CardFailure) -> JPKICardView in
      var channel = try self.channel(reader)
      return try JPKITalk.view(&channel, reader: reader, isTaken: isTaken)
    }
  }

  func run(_ errand: JPKIErrand) async throws(CardFailure) -> CardErrandOutcome {
    var channel = try self.channel(errand.reader)
    return try JPKITalk.run(errand, on: &channel)
  }
}
