public import SmartCard

/// A card held for one `withCard` body, on that body's thread. It cannot leave it: it is not Sendable, and once the deadline
/// has passed every further command is refused.
public struct PCSCChannel: CardChannel {
  /// The reader's name as the service gives it; a label, never a key.
  public let reader: String
  let card: PCSCCard
  let errand: any CardErrand

  public mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard errand.mayGoOn else { throw .timedOut }
    do throws(PCSCFault) {
      return try card.transmit(command)
    } catch { throw error.failure }
  }
}

@available(*, unavailable)
extension PCSCChannel: Sendable {}

/// Whether somebody still waits for the thread's result.
protocol CardErrand: Sendable {
  var mayGoOn: Bool { get }
}
