import Foundation

/// What a My Number Card remembers. *Not trusted by anybody: who reads this file has the card, its PINs and its twelve digits.*
struct JPKIContent: Codable {
  static let currentFormat = "sanmon-cardsim-jpki/1"

  /// One of the two keys of the JPKI application, RSA-2048.
  struct Key: Codable {
    var keyPEM: String
    var certificate: Data
    var authority: Data
    var pin: String
    var pinTries: Int
    var pinTriesLeft: Int
  }

  var format = currentFormat
  /// Whose card it is; stands in the signature certificate, and on the card's surface.
  var name: String
  /// The twelve digits, and whoever reads them has broken a promise: see `surfaceSelections`.
  var number: String
  var authentication: Key
  var signature: Key
  /// How often somebody selected an application other than JPKI that this card has: the card surface.
  var surfaceSelections = 0
  /// How often somebody selected a file of the signature key: 0001, 0002, 001A or 001B.
  var signatureSelections = 0

  var isSound: Bool {
    func counts(_ key: Key) -> Bool { (1...15).contains(key.pinTries) && (0...15).contains(key.pinTriesLeft) }
    return format == Self.currentFormat && Self.isNumber(number) && counts(authentication) && counts(signature)
      && Self.isPIN(authentication.pin) && Self.isPassword(signature.pin)
  }

  static func isNumber(_ text: String) -> Bool { text.utf8.count == 12 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

  /// Of the authentication key.
  static func isPIN(_ text: String) -> Bool { text.utf8.count == 4 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

  /// Of the signature key: letters and digits.
  static func isPassword(_ text: String) -> Bool {
    (6...16).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
  }
}

/// The card's memory on disk. Counters outlive the process as they would outlive the loss of power.
final class JPKICardFile {
  let path: String
  private(set) var content: JPKIContent
  let authentication: CardKey
  let signature: CardKey

  /// `nil` if the file is of a card of another form.
  init?(path: String) throws {
    guard let content = try? JSONDecoder().decode(JPKIContent.self, from: try SafeFile.read(path)), content.isSound else {
      return nil
    }
    self.path = path
    self.content = content
    authentication = try CardKey(rsa2048: content.authentication.keyPEM)
    signature = try CardKey(rsa2048: content.signature.keyPEM)
  }

  static func create(path: String, _ content: JPKIContent) throws {
    try SafeFile.create(path, try encode(content), mode: 0o600)
  }

  func change(_ change: (inout JPKIContent) -> Void) throws {
    change(&content)
    try SafeFile.replace(path, try Self.encode(content), mode: 0o600)
  }

  private static func encode(_ content: JPKIContent) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(content)
  }
}

extension CardKey {
  init(rsa2048 pem: String) throws {
    try self.init(CardContent.Slot(kind: .rsa2048, keyPEM: pem, certificate: Data(), pinPolicy: .once))
  }
}
