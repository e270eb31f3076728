public import AuthTerms
public import SmartCard

/// A card on a reader that is known by its number, if by anything. Nothing of it is proven: a telephone shows it as well.
public struct NumberCardView: Sendable, Equatable {
  public let reader: String
  public let number: CardNumber
  /// PMm of a FeliCa card, 8 bytes; `nil` where the reader tells none.
  public let chip: [UInt8]?

  public init(reader: String, number: CardNumber, chip: [UInt8]?) {
    self.reader = reader
    self.number = number
    self.chip = chip
  }

  /// What the chip says of itself; `nil`: nothing that is known.
  public var generation: FelicaGeneration? { chip.flatMap { FelicaGeneration(pmm: $0) } }
}

/// The one short talk with such a card: its reader is asked for its number (PC/SC part 3 §3.2.2.1.3: the reader answers GET DATA).
public enum NumberCardTalk {
  /// Nothing is sent to the card itself.
  /// - Throws: `unsupportedCard` where the reader tells no number that names a card.
  public static func view(_ channel: inout some CardChannel, reader: String) throws(CardFailure) -> NumberCardView {
    let answer = try ResponseAPDU(parsing: try channel.transmit([0xFF, 0xCA, 0x00, 0x00, 0x00]))
    guard answer.status == .success, let number = try? CardNumber(parsing: answer.data) else { throw .unsupportedCard }
    guard number.kind == .felica else { return NumberCardView(reader: reader, number: number, chip: nil) }
    let chip = try ResponseAPDU(parsing: try channel.transmit([0xFF, 0xCA, 0x01, 0x00, 0x00]))
    let isTold = chip.status == .success && chip.data.count == 8
    return NumberCardView(reader: reader, number: number, chip: isTold ? chip.data : nil)
  }

  /// The same, and `unsupportedCard` for a My Number Card: its reader tells a number too, and it is known by its key or not at all.
  /// Whether a card that is no FeliCa is one is asked of the card by that application's name, and nothing else.
  public static func staffCard(_ channel: inout some CardChannel, reader: String) throws(CardFailure) -> NumberCardView {
    let view = try view(&channel, reader: reader)
    guard view.number.kind != .felica else { return view }
    do throws(CardFailure) { _ = try JPKITalk.view(&channel, reader: reader, isTaken: false) } catch {
      guard error == .unsupportedCard else { throw error }
      return view
    }
    throw .unsupportedCard
  }
}
