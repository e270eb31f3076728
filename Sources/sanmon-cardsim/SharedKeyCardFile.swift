import Foundation

/// What a shared-key card remembers. *Not trusted by anybody: who reads this file has the card.*
struct SharedKeyContent: Codable {
  static let currentFormat = "sanmon-cardsim-shared/1"

  enum Kind: String, Codable { case liteS = "felica-lite-s", desfire = "desfire-ev2" }

  var format = currentFormat
  var kind: Kind
  var name: String
  /// IDm or UID.
  var number: Data
  /// The card's own key: as block CK holds it, or the AES key.
  var key: Data
  /// Lite-S: block ID.
  var id: Data
  /// Lite-S: WCNT.
  var counter: UInt32
  /// DESFire: application and number of its key.
  var application: Data
  var keyNumber: UInt8
  /// IC type, or the hardware's major version.
  var chip: UInt8

  var isSound: Bool {
    guard format == Self.currentFormat, key.count == 16 else { return false }
    return kind == .liteS ? number.count == 8 && id.count == 16 : number.count == 7 && application.count == 3
  }
}

/// The memory on disk; the counter outlives the process.
final class SharedKeyCardFile {
  private let path: String
  private(set) var content: SharedKeyContent

  /// `nil` if it is a card of another form.
  init?(path: String) throws {
    self.path = path
    guard let content = try? JSONDecoder().decode(SharedKeyContent.self, from: try SafeFile.read(path)), content.isSound else {
      return nil
    }
    self.content = content
  }

  static func create(path: String, _ content: SharedKeyContent) throws {
    try SafeFile.create(path, try encode(content), mode: 0o600)
  }

  func setCounter(_ counter: UInt32) {
    content.counter = counter
    // A counter that cannot be kept is seen as going back, which is what it is.
    try? SafeFile.replace(path, (try? Self.encode(content)) ?? Data(), mode: 0o600)
  }

  private static func encode(_ content: SharedKeyContent) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(content)
  }
}
