import AuthTerms
import DurableSQLite
import GRDB

/// What the directory said when it was read last, and whom its objects stand for.
enum DirectoryTables {
  static let schema = """
    CREATE TABLE directory_objects (
      guid BLOB NOT NULL PRIMARY KEY CHECK (length(guid) = 16),
      body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE directory_identities (
      guid BLOB NOT NULL PRIMARY KEY CHECK (length(guid) = 16),
      person TEXT NOT NULL REFERENCES people (id),
      number TEXT NOT NULL,
      family TEXT NOT NULL,
      given TEXT NOT NULL,
      former_names BLOB NOT NULL,
      hold TEXT,
      gone_since INTEGER
    ) STRICT, WITHOUT ROWID;
    """

  /// A logon asks which object stands for its person.
  static let byPerson = "CREATE INDEX directory_identities_person ON directory_identities (person)"

  private static let objects = TableSQL(name: "directory_objects", columns: ["guid", "body"])
  private static let identities = TableSQL(
    name: "directory_identities",
    columns: ["guid", "person", "number", "family", "given", "former_names", "hold", "gone_since"])

  static func objects(in db: Database) throws -> [DirectoryObjectRecord] {
    try db.each("\(objects.select) ORDER BY guid") { row in
      var columns = Columns(row, of: "directory_objects")
      return DirectoryObjectRecord(guid: try columns.guid(), body: try columns.bytes())
    }
  }

  static func put(_ object: DirectoryObjectRecord, in db: Database) throws {
    try db.run(objects.upsert, [object.guid.bytes, object.body])
  }

  static func removeObject(_ guid: ObjectGUID, in db: Database) throws {
    try db.run("DELETE FROM directory_objects WHERE guid = ?", [guid.bytes])
  }

  static func identities(in db: Database) throws -> [DirectoryIdentity] {
    try db.each("\(identities.select) ORDER BY guid", read: identity)
  }

  static func identities(of person: PersonID, in db: Database) throws -> [DirectoryIdentity] {
    try db.rows("\(identities.select) WHERE person = ? ORDER BY guid", [person.text]).map { try identity($0) }
  }

  private static func identity(_ row: SQLiteRow) throws -> DirectoryIdentity {
    var columns = Columns(row, of: "directory_identities")
    var identity = DirectoryIdentity(
      guid: try columns.guid(), person: try columns.word { try PersonID(parsing: $0) }, number: try columns.text(),
      family: try columns.text(), given: try columns.text())
    identity.formerNames = try columns.list()
    identity.hold = try columns.optionalWord(DirectoryIdentity.Hold.init(rawValue:))
    identity.goneSince = try columns.optionalInteger()
    return identity
  }

  static func removeIdentity(_ guid: ObjectGUID, in db: Database) throws {
    try db.run("DELETE FROM directory_identities WHERE guid = ?", [guid.bytes])
  }

  static func removeIdentities(of person: PersonID, in db: Database) throws -> Int {
    try db.run("DELETE FROM directory_identities WHERE person = ?", [person.text])
    return db.changesCount
  }

  static func put(_ identity: DirectoryIdentity, in db: Database) throws {
    try db.run(
      identities.upsert,
      [
        identity.guid.bytes, identity.person.text, identity.number, identity.family, identity.given,
        identity.formerNames.column, identity.hold?.rawValue, identity.goneSince,
      ])
  }
}

extension Columns {
  fileprivate mutating func guid() throws -> ObjectGUID {
    guard let guid = ObjectGUID(bytes: try bytes()) else { throw StorageFault.corrupt("a GUID of the directory") }
    return guid
  }
}
