/// A card as the reader meets it.
protocol SimulatedCard {
  /// What it says when it gets power.
  var answerToReset: [UInt8] { get }
  /// Power off, power on and reset all forget the same.
  mutating func reset()
  mutating func respond(to command: [UInt8], fault: Fault) -> CardAction
}

extension PIVApplet: SimulatedCard {
  /// TS, T0, TD1 = T=1, checksum; or without TD1, which means T=0, and one historical byte.
  var answerToReset: [UInt8] { isCharacterOriented ? [0x3B, 0x01, 0x50] : [0x3B, 0x80, 0x01, 0x81] }
}

extension SimulatedCard {
  /// What every kind does with the faults that have nothing to do with its commands.
  func stuck(_ fault: Fault) -> CardAction? {
    switch fault {
    case .mute: .silence
    case .hugeAnswer: .answer([UInt8](repeating: 0x53, count: 60_000) + [0x90, 0x00])
    case .shortAnswer: .answer([0x90])
    default: nil
    }
  }
}
