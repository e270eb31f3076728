import Foundation

/// What a card remembers. *Not trusted by anybody: who reads this file has the card and its PIN.*
struct CardContent: Codable {
  static let currentFormat = "sanmon-cardsim/1"

  enum PINPolicy: String, Codable {
    case once, never
    /// A PIN counts for the very next command alone, and for one signature.
    case always
  }

  struct Slot: Codable {
    enum Kind: String, Codable { case p256, p384, rsa2048, rsa3072 }
    var kind: Kind
    var keyPEM: String
    var certificate: Data
    var pinPolicy: PINPolicy
  }

  var format = currentFormat
  var name: String
  /// 16 bytes.
  var guid: Data
  var serial: UInt32
  var pin: String
  var pinTries: Int
  var pinTriesLeft: Int
  var authentication: Slot
  var cardAuthentication: Slot
  /// Nil: a card that cannot be unblocked.
  var puk: String?
  var pukTries: Int?
  var pukTriesLeft: Int?
  /// Speaks T=0; nil: T=1.
  var isCharacterOriented: Bool?
}

/// The card's memory on disk. The PIN counter outlives the process as it would outlive the loss of power.
final class CardFile {
  let path: String
  private(set) var content: CardContent
  private(set) var authentication: CardKey
  private(set) var cardAuthentication: CardKey

  init(path: String) throws {
    self.path = path
    let data = try SafeFile.read(path)
    guard let content = try? JSONDecoder().decode(CardContent.self, from: data), content.format == CardContent.currentFormat,
      content.guid.count == 16, (0...15).contains(content.pinTriesLeft), (1...15).contains(content.pinTries),
      PINText.accepts(content.pin), content.puk.map(PUKText.accepts) ?? true, (0...15).contains(content.pukTriesLeft ?? 0),
      (1...15).contains(content.pukTries ?? 1)
    else { throw SimulatorFault.data("\(path): not a card file of the form \(CardContent.currentFormat)") }
    self.content = content
    authentication = try CardKey(content.authentication)
    cardAuthentication = try CardKey(content.cardAuthentication)
  }

  static func create(path: String, _ content: CardContent) throws {
    try SafeFile.create(path, try encode(content), mode: 0o600)
  }

  func setTriesLeft(_ count: Int) throws {
    content.pinTriesLeft = count
    try SafeFile.replace(path, try Self.encode(content), mode: 0o600)
  }

  func setPIN(_ pin: String) throws {
    content.pin = pin
    try setTriesLeft(content.pinTries)
  }

  func setPUKTriesLeft(_ count: Int) throws {
    content.pukTriesLeft = count
    try SafeFile.replace(path, try Self.encode(content), mode: 0o600)
  }

  private static func encode(_ content: CardContent) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(content)
  }
}

/// 4 to 8 digits.
enum PINText {
  static func accepts(_ pin: String) -> Bool {
    (4...8).contains(pin.utf8.count) && pin.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}

/// 6 to 8 printable characters of ASCII.
enum PUKText {
  static func accepts(_ puk: String) -> Bool {
    (6...8).contains(puk.utf8.count) && puk.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
