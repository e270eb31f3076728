import AuthAPI
import AuthTerms
import Foundation
import GRDB

/// One version of a credential in the register.
struct CredentialVersion: Sendable {
  var place: CredentialPlace
  var state: CredentialEntry.State
  /// Milliseconds since 1970-01-01 UTC; of one that was refused, when it was.
  var setAt: Int64
  var kept: KeptCredential

  fileprivate var bytes: [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 1024)
    writer.field("credentials")
    place.write(to: &writer)
    writer.field(state.rawValue)
    writer.field(setAt)
    writer.field(UInt64(kept.ring))
    writer.field(kept.salt)
    writer.field(kept.sealed)
    return writer.bytes
  }
}

extension ReleaseRegister {
  /// Versions of one credential at a time. Those that were refused make room first, then those that no sign-in confirmed, the oldest of
  /// each: what was right once, and only has to be changed, outlives changes that fail every day. What a rotator may have given to the
  /// directory stays.
  static let mostVersions = 8

  private static let columns = "person, application, account, version, state, set_at, ring, salt, sealed, mac"

  private func version(_ row: Row) throws -> CredentialVersion {
    let (person, application, account, version): (String, String, String, Int64) = (row[0], row[1], row[2], row[3])
    let (word, setAt, ring): (String, Int64, Int64) = (row[4], row[5], row[6])
    let (salt, sealed, code): (Data, Data, Data) = (row[7], row[8], row[9])
    guard let state = CredentialEntry.State(rawValue: word), version > 0, let ring = UInt32(exactly: ring) else {
      throw DamagedRow(table: "credentials")
    }
    let known = CredentialVersion(
      place: CredentialPlace(
        person: try PersonID(parsing: person), application: try ApplicationID(parsing: application), account: account,
        version: UInt64(version)), state: state, setAt: setAt,
      kept: KeptCredential(ring: ring, salt: Array(salt), sealed: Array(sealed)))
    try seal.require(code, of: known.bytes, table: "credentials")
    return known
  }

  /// All that is kept of one credential, the newest first.
  func versions(_ person: PersonID, _ application: ApplicationID, _ account: String) throws -> [CredentialVersion] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT \(Self.columns) FROM credentials WHERE person = ? AND application = ? AND account = ? ORDER BY version DESC
        """)
    return try Row.fetchAll(statement, arguments: [person.text, application.text, account]).map(version)
  }

  /// What is authenticated of one row, after its code was checked.
  func credentialRow(_ person: String, _ application: String, _ account: String, _ number: Int64) throws -> [UInt8] {
    try first(
      "SELECT \(Self.columns) FROM credentials WHERE person = ? AND application = ? AND account = ? AND version = ?",
      [person, application, account, number]
    ).map { try version($0).bytes } ?? []
  }

  /// What is handed over: the newest version that the application has not refused.
  ///
  /// A newer one that it refused does not take the former away: a change of the password that never arrived leaves one that works.
  /// One that waits for a rotator's word comes behind all others that were not refused: a rotator that was killed before the
  /// directory took it leaves the former, and killed afterwards leaves it, one refused logon away.
  /// - Parameter versions: the newest first.
  static func effective(_ versions: [CredentialVersion]) -> CredentialVersion? {
    versions.first { $0.state != .refused && $0.state != .pending } ?? versions.first { $0.state == .pending }
      ?? versions.first
  }

  mutating func insert(_ new: CredentialVersion) throws {
    var versions = try versions(new.place.person, new.place.application, new.place.account)
    while versions.count >= Self.mostVersions {
      let least =
        versions.lastIndex { $0.state == .refused } ?? versions.lastIndex { $0.state == .unconfirmed }
        ?? versions.lastIndex { $0.state != .current && $0.state != .pending }
      guard let least else {
        throw VaultFailure.no(.pendingTooMany, "\(Self.mostVersions) versions wait, and any of them may be the one that works")
      }
      try delete(versions.remove(at: least))
    }
    let row = new.bytes
    try run(
      "INSERT INTO credentials(\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        new.place.person.text, new.place.application.text, new.place.account, Int64(new.place.version), new.state.rawValue,
        new.setAt, Int64(new.kept.ring), new.kept.salt.blob, new.kept.sealed.blob, seal.code(row),
      ])
    try count(row)
  }

  mutating func delete(_ version: CredentialVersion) throws {
    let place = version.place
    try run(
      "DELETE FROM credentials WHERE person = ? AND application = ? AND account = ? AND version = ?",
      [place.person.text, place.application.text, place.account, Int64(place.version)])
    try count(version.bytes)
  }

  /// Another state, or sealed anew; the place stays.
  mutating func replace(_ former: CredentialVersion, by new: CredentialVersion) throws {
    let (row, place) = (new.bytes, new.place)
    try run(
      """
      UPDATE credentials SET state = ?, set_at = ?, ring = ?, salt = ?, sealed = ?, mac = ?
      WHERE person = ? AND application = ? AND account = ? AND version = ?
      """,
      [
        new.state.rawValue, new.setAt, Int64(new.kept.ring), new.kept.salt.blob, new.kept.sealed.blob, seal.code(row),
        place.person.text,
        place.application.text, place.account, Int64(place.version),
      ])
    try count(former.bytes)
    try count(row)
  }

  /// A page of what there is, behind one place; one entry for each credential.
  func entries(after place: String) throws -> [CredentialEntry] {
    let parts = place.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard place.isEmpty || parts.count == 3 else {
      throw VaultFailure.no(.requestMalformed, "a place is PERSON/APPLICATION/ACCOUNT")
    }
    let cursor = try Row.fetchCursor(
      database,
      sql: """
        SELECT \(Self.columns) FROM credentials WHERE (person, application, account) > (?, ?, ?)
        ORDER BY person, application, account, version DESC
        """, arguments: place.isEmpty ? ["", "", ""] : StatementArguments(parts))
    var entries: [CredentialEntry] = []
    var versions: [CredentialVersion] = []
    func close() {
      guard let shown = Self.effective(versions) else { return }
      let refused = versions.first { $0.state == .refused && $0.place.version > shown.place.version }
      entries.append(
        CredentialEntry(
          person: shown.place.person, application: shown.place.application, account: shown.place.account,
          version: shown.place.version, state: shown.state, setAt: shown.setAt,
          refused: refused.map { CredentialEntry.Refused(version: $0.place.version, at: $0.setAt) }))
      versions = []
    }
    while let row = try cursor.next() {
      let next = try version(row)
      if let last = versions.last?.place,
        last.person != next.place.person || last.application != next.place.application || last.account != next.place.account
      {
        close()
        if entries.count == CredentialEntry.mostAtOnce { return entries }
      }
      versions.append(next)
    }
    close()
    return entries
  }

  /// Who may ask: people with a credential, and those who use another's or a shared one.
  func peopleServed() throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT count(*) FROM (SELECT person FROM credentials UNION SELECT deputy FROM deputies)") ?? 0
  }

  /// Some versions that an older root sealed.
  func versions(sealedBefore ring: UInt32, limit: Int) throws -> [CredentialVersion] {
    try Row.fetchAll(
      database, sql: "SELECT \(Self.columns) FROM credentials WHERE ring < ? LIMIT ?", arguments: [Int64(ring), limit]
    ).map(version)
  }

  func count(sealedBefore ring: UInt32) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT count(*) FROM credentials WHERE ring < ?", arguments: [Int64(ring)]) ?? 0
  }
}
