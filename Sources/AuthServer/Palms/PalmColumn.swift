import AuthAPI
import AuthTerms
import Crypto
import Sealing
import Storage

/// What is kept of a palm, opened: the person's half of its key, and the references.
struct PalmContents: Sendable {
  /// `nil` where the matcher takes no keys.
  var half: Secret<KeyMaterial>?
  /// One person's, for the comparison at a logon.
  var references: [BiometricTemplate]
  /// The same under the key of the search for duplicates.
  var searched: [BiometricTemplate]
}

/// A palm at rest: sealed under a key the database does not hold, and bound to its row.
enum PalmColumn {
  private static let label = "sanmon/palm-contents/1"
  private static let recentLabel = "sanmon/palm-recent/1"
  /// Captures that are kept to recognise one of them shown again.
  static let mostRecent = 3

  private static func place(_ palm: RegisteredPalm, _ table: String) -> ColumnPlace {
    ColumnPlace(table: table, row: "\(palm.id)/\(palm.ring)", version: 1)
  }

  static func seal(_ contents: PalmContents, in palm: RegisteredPalm, _ keys: ColumnKeys) throws -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(contents.half.map { $0.withBytes { Array($0) } } ?? [])
    for templates in [contents.references, contents.searched] { writer.templates(templates) }
    return try SealedColumn.seal(writer.bytes, under: keys, at: place(palm, "palms"))
  }

  /// - Throws: what does not open, or is not what was sealed.
  static func open(_ palm: RegisteredPalm, _ keys: ColumnKeys) throws -> PalmContents {
    var reader = LengthPrefixedReader(
      try SealedColumn.open(palm.sealed, with: keys, at: place(palm, "palms")), subject: "palm",
      limit: BiometricTemplate.mostBytes)
    guard try reader.text() == label else { throw MalformedInput("palm", expected: "its label") }
    let half = try reader.field()
    let contents = PalmContents(
      half: half.isEmpty ? nil : Secret(copying: half), references: try reader.templates(), searched: try reader.templates())
    try reader.requireEnd()
    return contents
  }

  static func seal(recent: [BiometricTemplate], in palm: RegisteredPalm, _ keys: ColumnKeys) throws -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(recentLabel)
    writer.templates(Array(recent.suffix(mostRecent)))
    return try SealedColumn.seal(writer.bytes, under: keys, at: place(palm, "palms.recent"))
  }

  static func recent(of palm: RegisteredPalm, _ keys: ColumnKeys) throws -> [BiometricTemplate] {
    guard !palm.recent.isEmpty else { return [] }
    var reader = LengthPrefixedReader(
      try SealedColumn.open(palm.recent, with: keys, at: place(palm, "palms.recent")), subject: "palm",
      limit: BiometricTemplate.mostBytes)
    guard try reader.text() == recentLabel else { throw MalformedInput("palm", expected: "its label") }
    let templates = try reader.templates()
    try reader.requireEnd()
    return templates
  }
}

extension LengthPrefixedWriter {
  fileprivate mutating func templates(_ templates: [BiometricTemplate]) {
    field(UInt64(templates.count))
    for template in templates {
      field(template.format.name)
      field(UInt64(template.format.version))
      field(template.bytes)
    }
  }
}

extension LengthPrefixedReader {
  fileprivate mutating func templates() throws -> [BiometricTemplate] {
    let count = try unsigned()
    guard count <= UInt64(MatcherRequest.mostReferences) else {
      throw MalformedInput("palm", expected: "at most \(MatcherRequest.mostReferences) templates")
    }
    return try (0..<count).map { _ in
      let name = try text()
      guard let version = UInt32(exactly: try unsigned()) else { throw MalformedInput("palm", expected: "a version") }
      return try BiometricTemplate(format: MatcherFormat(name, version: version), bytes: field())
    }
  }
}

extension PalmSampleMessage {
  static func fingerprint(of bytes: [UInt8]) -> SampleFingerprint {
    guard let fingerprint = try? SampleFingerprint(parsing: Array(SHA256.hash(data: bytes))) else {
      // Cannot happen: SHA-256 has 32 bytes.
      preconditionFailure("a hash of 32 bytes")
    }
    return fingerprint
  }
}
