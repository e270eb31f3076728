import AuthAPI
import AuthTerms
import Foundation
import GRDB

extension ReleaseRegister {
  private static let deputyColumns = "owner, application, account, deputy, begins_at, ends_at, is_withdrawn, mac"

  private static func bytes(_ deputy: VaultDeputy) -> [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 384)
    writer.field("deputies")
    writer.field(deputy.owner.text)
    writer.field(deputy.application.text)
    writer.field(deputy.account)
    writer.field(deputy.deputy.text)
    writer.field(deputy.from)
    writer.field(deputy.until)
    writer.field(UInt64(deputy.isWithdrawn ? 1 : 0))
    return writer.bytes
  }

  private func deputy(_ row: Row) throws -> VaultDeputy {
    let (owner, application, account, deputy): (String, String, String, String) = (row[0], row[1], row[2], row[3])
    let (from, until, isWithdrawn, code): (Int64, Int64, Bool, Data) = (row[4], row[5], row[6], row[7])
    let known = VaultDeputy(
      owner: try PersonID(parsing: owner), application: try ApplicationID(parsing: application), account: account,
      deputy: try PersonID(parsing: deputy), from: from, until: until, isWithdrawn: isWithdrawn)
    try seal.require(code, of: Self.bytes(known), table: "deputies")
    return known
  }

  func deputy(_ owner: PersonID, _ application: ApplicationID, _ account: String, _ person: PersonID) throws -> VaultDeputy? {
    try first(
      "SELECT \(Self.deputyColumns) FROM deputies WHERE owner = ? AND application = ? AND account = ? AND deputy = ?",
      [owner.text, application.text, account, person.text]
    ).map(deputy)
  }

  /// What is authenticated of one row, after its code was checked.
  func deputyRow(_ owner: String, _ application: String, _ account: String, _ person: String) throws -> [UInt8] {
    try deputy(
      PersonID(parsing: owner), ApplicationID(parsing: application), account, PersonID(parsing: person)
    ).map(Self.bytes) ?? []
  }

  /// A page of the register, behind one place.
  func deputies(after place: String) throws -> [VaultDeputy] {
    let parts = place.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard place.isEmpty || parts.count == 4 else {
      throw VaultFailure.no(.requestMalformed, "a place is OWNER/APPLICATION/ACCOUNT/DEPUTY")
    }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT \(Self.deputyColumns) FROM deputies WHERE (owner, application, account, deputy) > (?, ?, ?, ?)
        ORDER BY owner, application, account, deputy LIMIT \(VaultDeputy.mostAtOnce)
        """, arguments: place.isEmpty ? ["", "", "", ""] : StatementArguments(parts)
    ).map(deputy)
  }

  mutating func put(_ deputy: VaultDeputy) throws {
    if let former = try self.deputy(deputy.owner, deputy.application, deputy.account, deputy.deputy) {
      try count(Self.bytes(former))
    }
    let row = Self.bytes(deputy)
    try run(
      """
      INSERT INTO deputies(\(Self.deputyColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(owner, application, account, deputy) DO UPDATE SET begins_at = excluded.begins_at,
        ends_at = excluded.ends_at, is_withdrawn = excluded.is_withdrawn, mac = excluded.mac
      """,
      [
        deputy.owner.text, deputy.application.text, deputy.account, deputy.deputy.text, deputy.from, deputy.until,
        deputy.isWithdrawn, seal.code(row),
      ])
    try count(row)
  }

  /// Those of which no session can have anything left to tell; the log keeps that they were.
  mutating func deleteDeputies(endedBefore time: Int64) throws {
    let ended = try Row.fetchAll(
      database, sql: "SELECT \(Self.deputyColumns) FROM deputies WHERE ends_at < ?", arguments: [time]
    ).map(deputy)
    for deputy in ended {
      try run(
        "DELETE FROM deputies WHERE owner = ? AND application = ? AND account = ? AND deputy = ?",
        [deputy.owner.text, deputy.application.text, deputy.account, deputy.deputy.text])
      try count(Self.bytes(deputy))
    }
  }

  func deputyCount() throws -> Int { try Int.fetchOne(database, sql: "SELECT count(*) FROM deputies") ?? 0 }

  /// Whether a card was ever registered for her here: what never had one is an account that several share.
  func isPerson(_ owner: PersonID) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM cards WHERE person = ?)", arguments: [owner.text]) ?? true
  }
}
