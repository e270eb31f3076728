public import AuthTerms
import Dispatch
public import SmartCard
import Synchronization

/// A card on a reader that may share a key with the city, by what its reader tells of it. Nothing of it is proven.
public struct SharedCardView: Sendable, Equatable {
  public let reader: String
  public let kind: SharedKeyCardKind
  /// IDm or UID, which anybody near the card is told.
  public let number: [UInt8]

  public init(reader: String, kind: SharedKeyCardKind, number: [UInt8]) {
    self.reader = reader
    self.kind = kind
    self.number = number
  }
}

/// What the far side of an exchange says before the first round and after each.
public enum SharedCardReply: Sendable, Equatable {
  /// The next commands, to be held against this script. The script of the first round is that of all.
  case send(CardScript, [[UInt8]])
  /// There is nothing more to ask the card, whatever came of it.
  case over
}

/// The far side: told nothing first, then what the card answered.
public typealias SharedCardAsking = @Sendable ([[UInt8]]?) async -> SharedCardReply

/// The two short talks with a shared-key card, as `CardExchange` has them with a PIV card. Between them a person types, and no
/// transaction is held meanwhile.
public enum SharedCardTalk {
  /// Seconds that a card is held while the far side thinks about one round: less than the 5 after which Windows resets it.
  public static let mostSeconds = 4

  /// - Throws: `unsupportedCard` for a card that is none of these kinds by the length of its number.
  public static func view(
    _ channel: inout some CardChannel, reader: String, kinds: Set<SharedKeyCardKind>
  ) throws(CardFailure) -> SharedCardView {
    let answer = try ResponseAPDU(parsing: try channel.transmit([0xFF, 0xCA, 0x00, 0x00, 0x00]))
    // A reader of contact cards knows no number.
    guard answer.status == .success, let kind = kinds.first(where: { $0.numberLength == answer.data.count }) else {
      throw .unsupportedCard
    }
    return SharedCardView(reader: reader, kind: kind, number: answer.data)
  }

  /// Carries all rounds to the card that was viewed: a card forgets its random number when it is let go of.
  ///
  /// - Parameter ask: called on this thread, which waits for it.
  /// - Throws: `unsupportedCard` if another card lies there by now, `malformedCommand` for commands that the script, or the
  ///   ceiling of its kind, does not allow, with none of them sent; `timedOut` for a far side that took too long.
  public static func run(
    _ view: SharedCardView, on channel: inout some CardChannel, ask: ([[UInt8]]?) throws(CardFailure) -> SharedCardReply
  ) throws(CardFailure) {
    guard try Self.view(&channel, reader: view.reader, kinds: [view.kind]) == view else { throw .unsupportedCard }
    let family = view.kind == .felicaLiteS ? try FelicaReaderFamily.find(through: &channel) : .pn532
    guard case .send(let script, let first) = try ask(nil) else { return }
    guard script.kind == view.kind else { throw .malformedCommand }
    var carrier = CommandCarrier(channel: channel, kind: script.kind, commands: script.commands, family: family)
    var rounds = 1
    try carrier.carry(first: first) { answers throws(CardFailure) in
      guard case .send(let named, let commands) = try ask(answers) else { return nil }
      rounds += 1
      guard named == script, rounds <= script.rounds.count else { throw .malformedCommand }
      return commands
    }
  }

  /// Has a thread that holds a card wait for the far side.
  package static func waiting(for asking: @escaping SharedCardAsking) -> ([[UInt8]]?) throws(CardFailure) -> SharedCardReply {
    { answers throws(CardFailure) in
      let kept = KeptReply()
      Task {
        let reply = await asking(answers)
        kept.reply.withLock { $0 = reply }
        kept.isThere.signal()
      }
      guard kept.isThere.wait(timeout: .now() + .seconds(mostSeconds)) == .success,
        let reply = kept.reply.withLock({ $0 })
      else { throw .timedOut }
      return reply
    }
  }
}

private final class KeptReply: Sendable {
  let reply = Mutex<SharedCardReply?>(nil)
  let isThere = DispatchSemaphore(value: 0)
}
