import Foundation

/// What a card that tells its number and no more remembers. *Holds no secret: its number is what everybody near it is told.*
struct IdentifierContent: Codable {
  static let currentFormat = "sanmon-cardsim-identifier/1"

  enum Kind: String, Codable { case felica, iso14443 }

  var format = currentFormat
  var kind: Kind
  var name: String
  /// IDm or UID.
  var number: Data
  /// FeliCa: the IC type in PMm.
  var chip: UInt8

  var isSound: Bool {
    format == Self.currentFormat && (kind == .felica ? number.count == 8 : [4, 7, 10].contains(number.count))
  }

  /// `nil` if the file is of a card of another form.
  init?(path: String) throws {
    guard let content = try? JSONDecoder().decode(Self.self, from: try SafeFile.read(path)), content.isSound else { return nil }
    self = content
  }

  init(kind: Kind, name: String, number: Data, chip: UInt8) {
    (self.kind, self.name, self.number, self.chip) = (kind, name, number, chip)
  }

  func create(path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try SafeFile.create(path, try encoder.encode(self), mode: 0o600)
  }
}

/// A transit card, an old staff card, a tag: its reader tells the number, and every command for the card itself is refused.
struct IdentifierCard: SimulatedCard {
  let content: IdentifierContent

  /// PC/SC part 3 §3.1.3.2.3.1: storage card; standard 11 (FeliCa) with name 003B, or standard 03 (ISO/IEC 14443 A) with name
  /// 0001 (MIFARE Classic 1K). The last byte is the exclusive or of all between.
  var answerToReset: [UInt8] {
    let (standard, name): (UInt8, UInt8) = content.kind == .felica ? (0x11, 0x3B) : (0x03, 0x01)
    let head: [UInt8] = [0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 0x03, 0x06, standard, 0x00, name, 0, 0, 0, 0]
    return [0x3B] + head + [head.reduce(0, ^)]
  }

  mutating func reset() {}

  mutating func respond(to command: [UInt8], fault: Fault) -> CardAction {
    if let stuck = stuck(fault) { return stuck }
    if command == [0xFF, 0xCA, 0, 0, 0] {
      var number = Array(content.number)
      if fault == .changedNumber { number[number.count - 1] ^= 1 }
      return .answer(number + [0x90, 0])
    }
    if command == [0xFF, 0xCA, 1, 0, 0], content.kind == .felica {
      return .answer([0x01, content.chip, 0x43, 0x00, 0x82, 0x00, 0x01, 0x05, 0x90, 0])
    }
    return .answer([0x6A, 0x81])
  }
}
