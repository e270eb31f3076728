public import AuthTerms

/// One signature line of a note: who (by name and key id), and the bytes.
public struct NoteSignature: Sendable, Hashable {
  public let name: String
  /// The first 4 bytes of SHA-256(name || 0x0A || algorithm || public key).
  public let keyID: [UInt8]
  public let signature: [UInt8]

  public init(name: String, keyID: [UInt8], signature: [UInt8]) throws(MalformedInput) {
    guard SignedNote.isKeyName(name), keyID.count == 4, (1...4096).contains(signature.count) else {
      throw MalformedInput("note signature", expected: "a key name, a 4-byte key id and a signature")
    }
    self.name = name
    self.keyID = keyID
    self.signature = signature
  }

  /// Its line, with the line feed: em dash, key name, Base64 of key id and signature.
  public var line: String { "\(SignedNote.dash) \(name) \(Base64.encode(keyID + signature))\n" }
}

/// A text and the signatures under it (C2SP signed-note).
public struct SignedNote: Sendable, Hashable {
  /// Ends with a line feed; the signatures are over exactly these bytes.
  public let text: String
  public let signatures: [NoteSignature]

  /// Bytes of a whole note.
  public static let limit = 64 * 1024
  public static let signatureLimit = 64

  public init(text: String, signatures: [NoteSignature]) throws(MalformedInput) {
    guard Self.isNoteText(text), (1...Self.signatureLimit).contains(signatures.count) else { throw Self.fault }
    self.text = text
    self.signatures = signatures
  }

  /// Text, empty line, signature lines; nothing before, between or after them.
  public init(parsing note: String) throws(MalformedInput) {
    let units = Array(note.utf8)
    guard units.count <= Self.limit, units.last == 0x0A else { throw Self.fault }
    guard let gap = (1..<units.count).last(where: { units[$0] == 0x0A && units[$0 - 1] == 0x0A }) else { throw Self.fault }
    let lines = units[(gap + 1)...].split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    guard (1...Self.signatureLimit).contains(lines.count) else { throw Self.fault }
    var signatures: [NoteSignature] = []
    for line in lines { signatures.append(try Self.signature(line)) }
    guard let text = String(validating: units[..<gap], as: UTF8.self) else { throw Self.fault }
    try self.init(text: text, signatures: signatures)
    guard Array(encoded.utf8) == units else { throw Self.fault }
  }

  public var encoded: String { text + "\n" + signatures.map(\.line).joined() }

  /// The em dash U+2014.
  fileprivate static let dash = "\u{2014}"
  private static let fault = MalformedInput("signed note", expected: "text, an empty line, and signature lines")

  private static func signature(_ line: ArraySlice<UInt8>) throws(MalformedInput) -> NoteSignature {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, Array(parts[0]) == Array(dash.utf8),
      let name = String(validating: parts[1], as: UTF8.self), let base64 = String(validating: parts[2], as: UTF8.self)
    else { throw fault }
    let bytes = try Base64.decode(base64)
    guard bytes.count > 4 else { throw fault }
    return try NoteSignature(name: name, keyID: Array(bytes[..<4]), signature: Array(bytes[4...]))
  }

  /// A key name is not empty and has no white space, no plus sign and no control character.
  package static func isKeyName(_ name: String) -> Bool {
    (1...255).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy { scalar in
        scalar != "+" && !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
      }
  }

  private static func isNoteText(_ text: String) -> Bool {
    guard text.utf8.last == 0x0A, text.utf8.count <= limit else { return false }
    return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }
  }
}
