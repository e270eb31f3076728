import GRDB

/// The schema, from the first version on. A migration that was ever shipped does not change any more: the next one follows it.
enum Migrations {
  /// "SNMN": a database of another program is not migrated.
  static let applicationID: Int64 = 0x534E_4D4E

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("v1", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      for schema in [
        PeopleTable.schema, PasswordsTable.schema, CardsTable.schema, WorkstationsTable.schema, SessionsTable.schema,
        ThrottlesTable.schema, OperatorsTable.schema, SettingsTable.schema, AuditTable.schema, CheckpointsTable.schema,
      ] {
        try db.execute(sql: schema)
      }
    }
    // A table that others refer to is exchanged: foreign keys are off meanwhile and checked before the commit.
    migrator.registerMigration("v2", foreignKeyChecks: .deferred) { db in
      try db.execute(sql: CardsTable.keysOfTheirOwn)
      try db.execute(sql: SessionsTable.withoutLease)
    }
    migrator.registerMigration("v3", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: DirectoryTables.schema)
    }
    migrator.registerMigration("v4", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: PeopleTable.withLimits)
    }
    migrator.registerMigration("v5", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: DirectoryTables.byPerson)
    }
    migrator.registerMigration("v6", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: SessionsTable.byPersonAndCard)
    }
    migrator.registerMigration("v7", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: PalmsTable.schema)
    }
    migrator.registerMigration("v8", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: PalmUseTable.schema)
    }
    // As v2: cards are referred to by keys and sessions.
    migrator.registerMigration("v9", foreignKeyChecks: .deferred) { db in
      try db.execute(sql: CardsTable.ofTheStock)
      try db.execute(sql: CardRowsTable.schema)
      try CardRowsTable.fill(in: db)
    }
    migrator.registerMigration("v10", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: FirstTapTables.schema)
    }
    migrator.registerMigration("v11", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: CardsTable.awaitingPIN)
      try db.execute(sql: WorkstationsTable.withSite)
      try db.execute(sql: WorkstationOwnersTable.schema)
      try db.execute(sql: ExternalPeopleTable.schema)
    }
    // Rows that are there already are put into the index afterwards, a few at a time.
    migrator.registerMigration("v12", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: AuditIndexTables.schema)
    }
    return migrator
  }

  /// Refuses, before anything is written, a file of another program and a schema this program does not know.
  static func requireKnown(_ db: Database) throws {
    let id = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    // GRDB makes its own table in a transaction before the first migration: a power cut between the two leaves it alone.
    let tables =
      try Int64.fetchOne(
        db, sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'") ?? 0
    guard id == applicationID || id == 0 && tables == 0 else {
      throw StorageFault.conflict("this file is the database of another program")
    }
    if id == applicationID, try migrator.hasBeenSuperseded(db) {
      throw StorageFault.conflict("this database was written by a newer version of Sanmon; start that version")
    }
  }
}
