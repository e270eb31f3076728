import AuthAPI
import AuthTerms
import Foundation
import GRDB

extension ReleaseRegister {
  private static func bytes(_ card: VaultCard) -> [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 256)
    writer.field("cards")
    writer.field(card.key.bytes)
    writer.field(card.person.text)
    writer.field(UInt64(card.isWithdrawn ? 1 : 0))
    return writer.bytes
  }

  private func card(_ row: Row) throws -> VaultCard {
    let (key, person, isWithdrawn, code): (Data, String, Bool, Data) = (row[0], row[1], row[2], row[3])
    let card = VaultCard(
      key: try KeyFingerprint(parsing: key), person: try PersonID(parsing: person), isWithdrawn: isWithdrawn)
    try seal.require(code, of: Self.bytes(card), table: "cards")
    return card
  }

  func card(_ key: KeyFingerprint) throws -> VaultCard? {
    try first("SELECT key, person, is_withdrawn, mac FROM cards WHERE key = ?", [key.bytes.blob]).map(card)
  }

  /// Whether somebody has a card that counts.
  func hasCard(_ person: PersonID) throws -> Bool {
    try Row.fetchAll(
      database, sql: "SELECT key, person, is_withdrawn, mac FROM cards WHERE person = ? AND is_withdrawn = 0",
      arguments: [person.text]
    ).map(card).contains { !$0.isWithdrawn }
  }

  /// What is authenticated of one row, after its code was checked.
  func cardRow(_ key: Data) throws -> [UInt8] {
    try card(KeyFingerprint(parsing: key)).map(Self.bytes) ?? []
  }

  func applicationRow(_ id: String) throws -> [UInt8] {
    try application(ApplicationID(parsing: id)).map(Self.bytes) ?? []
  }

  func cards(after key: [UInt8]) throws -> [VaultCard] {
    try Row.fetchAll(
      database, sql: "SELECT key, person, is_withdrawn, mac FROM cards WHERE key > ? ORDER BY key LIMIT ?",
      arguments: [key.blob, VaultCard.mostAtOnce]
    ).map(card)
  }

  mutating func put(_ card: VaultCard) throws {
    if let former = try self.card(card.key) {
      if former == card { return }
      try count(Self.bytes(former))
    }
    let row = Self.bytes(card)
    try run(
      """
      INSERT INTO cards(key, person, is_withdrawn, mac) VALUES (?, ?, ?, ?)
      ON CONFLICT(key) DO UPDATE SET is_withdrawn = excluded.is_withdrawn, mac = excluded.mac
      """, [card.key.bytes.blob, card.person.text, card.isWithdrawn, seal.code(row)])
    try count(row)
  }

  // MARK: Applications

  private static func bytes(_ application: VaultApplication) -> [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 256)
    writer.field("applications")
    writer.field(application.id.text)
    writer.field(application.segments.map(\.name).joined(separator: " "))
    writer.field(application.definition)
    writer.field(UInt64(application.freshnessSeconds))
    // Only where it is so: rows from before this field was known are what they were.
    if application.isWindows { writer.field("windows") }
    return writer.bytes
  }

  private func application(_ row: Row) throws -> VaultApplication {
    let (id, names, definition, freshness, code): (String, String, Data, Int, Data) = (row[0], row[1], row[2], row[3], row[4])
    let isWindows: Int = row[5]
    let application = VaultApplication(
      id: try ApplicationID(parsing: id), segments: try names.split(separator: " ").map { try Segment(parsing: $0) },
      definition: Array(definition), freshnessSeconds: freshness, isWindows: isWindows == 1)
    guard freshness > 0, (0...1).contains(isWindows) else { throw DamagedRow(table: "applications") }
    try seal.require(code, of: Self.bytes(application), table: "applications")
    return application
  }

  private static let selection = "SELECT id, segments, definition, freshness, mac, is_windows FROM applications"

  func application(_ id: ApplicationID) throws -> VaultApplication? {
    try first("\(Self.selection) WHERE id = ?", [id.text]).map(application)
  }

  func applications() throws -> [VaultApplication] {
    try Row.fetchAll(
      database, sql: "\(Self.selection) ORDER BY id LIMIT ?", arguments: [VaultApplication.most]
    ).map(application)
  }

  /// One without segments is taken out.
  mutating func put(_ application: VaultApplication) throws {
    if let former = try self.application(application.id) { try count(Self.bytes(former)) }
    guard !application.segments.isEmpty else { return try run("DELETE FROM applications WHERE id = ?", [application.id.text]) }
    let row = Self.bytes(application)
    try run(
      """
      INSERT INTO applications(id, segments, definition, freshness, is_windows, mac) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT(id) DO UPDATE SET segments = excluded.segments, definition = excluded.definition,
        freshness = excluded.freshness, is_windows = excluded.is_windows, mac = excluded.mac
      """,
      [
        application.id.text, application.segments.map(\.name).joined(separator: " "), application.definition.blob,
        application.freshnessSeconds, application.isWindows ? 1 : 0, seal.code(row),
      ])
    try count(row)
  }
}
