import Foundation
import SmartCard

/// Finding the card and holding it, on a thread that may block.
struct CardSession {
  private let context: PCSCContext
  private let choice: ReaderChoice
  private let errand: CardThread.Errand
  private let access: CardReaders.Access

  init(_ choice: ReaderChoice, errand: CardThread.Errand, access: CardReaders.Access) throws(CardFailure) {
    context = try Self.openService()
    self.choice = choice
    self.errand = errand
    self.access = access
  }

  static func openService() throws(CardFailure) -> PCSCContext {
    do throws(PCSCFault) { return try PCSCContext() } catch {
      throw error.isServiceLoss ? .serviceUnavailable : error.failure
    }
  }

  static func observe(_ context: PCSCContext) throws(CardFailure) -> [PCSCContext.Observation] {
    do throws(PCSCFault) {
      let readers = try context.readers().sorted()
      // Known as "unaware", each reader answers at once.
      return readers.isEmpty ? [] : try context.changes(from: readers.map { .init(reader: $0) }, milliseconds: 0)
    } catch { throw error.failure }
  }

  func use<R>(_ body: (inout PCSCChannel) throws(CardFailure) -> R) throws(CardFailure) -> R {
    switch choice {
    case .named(let reader):
      let present = try Self.observe(context)
      guard let state = present.first(where: { $0.reader == reader }) else { throw .noReader }
      guard state.hasCard else { throw .noCard }
      return try hold(reader, body)
    case .onlyPIVCard:
      let states = try Self.observe(context)
      guard !states.isEmpty else { throw .noReader }
      let present = states.filter(\.hasCard).map(\.reader)
      guard let first = present.first else { throw .noCard }
      guard present.count > 1 else {
        return try hold(first) { channel throws(CardFailure) in
          try Self.selectPIV(channel)
          return try body(&channel)
        }
      }
      return try hold(try onlyPIVReader(among: present), body)
    }
  }

  private static func selectPIV(_ channel: PCSCChannel) throws(CardFailure) {
    var card = PIVCard(channel: channel)
    try card.select()
  }

  /// Looks at every card present, so that a second one is noticed; the order of readers decides nothing.
  private func onlyPIVReader(among present: [String]) throws(CardFailure) -> String {
    var found: [String] = []
    for reader in present {
      do throws(CardFailure) {
        try hold(reader) { channel throws(CardFailure) in try Self.selectPIV(channel) }
        found.append(reader)
      } catch {
        switch error {
        // Not a card we could use, or gone meanwhile: it does not stand in the way of the one that is.
        case .unsupportedCard, .malformedCard, .refused, .noCard, .cardRemoved, .cardReset, .noReader: break
        // Held by another program, mute, or the service went: we cannot know whether it is a second one.
        default: throw error
        }
      }
    }
    guard found.count <= 1 else { throw .ambiguousCard }
    guard let only = found.first else { throw .unsupportedCard }
    return only
  }

  private func hold<R>(_ reader: String, _ body: (inout PCSCChannel) throws(CardFailure) -> R) throws(CardFailure) -> R {
    errand.enter(.opening)
    let card = try connect(reader)
    var wasReset = false
    defer { card.disconnect(resetting: !wasReset) }
    if access == .transaction { try begin(card) }
    defer {
      if access == .transaction { wasReset = (try? card.endTransactionResetting()) != nil }
    }
    errand.enter(.speaking)
    var channel = PCSCChannel(reader: reader, card: card, errand: errand)
    return try body(&channel)
  }

  /// An exclusive holder is waited for in 30 steps of 100 ms; a card the service has seen but not yet powered, in 5.
  private func connect(_ reader: String) throws(CardFailure) -> PCSCCard {
    var busy = 0
    var absent = 0
    while true {
      guard errand.mayGoOn else { throw .timedOut }
      do throws(PCSCFault) { return try context.connect(reader, exclusively: access == .exclusive) } catch {
        switch error.failure {
        case .readerBusy where busy < 30: busy += 1
        case .cardRemoved where absent < 5: absent += 1
        default: throw error.openingFailure
        }
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
  }

  /// Somebody's reset before we began costs nothing: no PIN was sent yet.
  private func begin(_ card: PCSCCard) throws(CardFailure) {
    for _ in 0..<5 {
      do throws(PCSCFault) {
        try card.beginTransaction()
        return
      } catch .resetCard {
        do throws(PCSCFault) { try card.reconnect() } catch { throw error.openingFailure }
      } catch { throw error.openingFailure }
    }
    throw .readerBusy
  }
}
