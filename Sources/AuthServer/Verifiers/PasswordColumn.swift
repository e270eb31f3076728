import AuthTerms
import Sealing
import Storage

/// A local password at rest: an Argon2id hash, sealed under a key the database does not hold.
enum PasswordColumn {
  private static func place(_ person: PersonID) -> ColumnPlace { ColumnPlace(table: "passwords", row: person.text, version: 1) }

  static func seal(_ hash: String, of person: PersonID, _ keys: ColumnKeys) throws -> [UInt8] {
    try SealedColumn.seal(Array(hash.utf8), under: keys, at: place(person))
  }

  /// A column that does not open, or a hash that does not parse, matches nothing.
  static func matches(_ typed: Secret<TypedPassword>, _ stored: StoredPassword, _ keys: ColumnKeys) -> Bool {
    guard let opened = try? SealedColumn.open(stored.sealed, with: keys, at: place(stored.person)),
      let hash = String(validating: opened, as: UTF8.self)
    else { return false }
    return (try? PasswordHash.verify(typed, against: hash)) ?? false
  }
}
