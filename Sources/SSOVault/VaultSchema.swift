import GRDB

enum VaultSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE instance(id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, segments TEXT NOT NULL,
            hosts TEXT NOT NULL, root BLOB NOT NULL, created_at INTEGER NOT NULL) STRICT;
          CREATE TABLE sealed_keys(name TEXT PRIMARY KEY, public BLOB NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TABLE operators(id TEXT PRIMARY KEY, person TEXT NOT NULL, role TEXT NOT NULL, key BLOB NOT NULL UNIQUE,
            public_key BLOB NOT NULL, is_active INTEGER NOT NULL, registered_at INTEGER NOT NULL) STRICT;
          CREATE TABLE codes(hash BLOB PRIMARY KEY, kind TEXT NOT NULL, workstation TEXT NOT NULL, segment TEXT NOT NULL,
            access TEXT NOT NULL, created_by TEXT NOT NULL, expires_wall INTEGER NOT NULL, expires_boot TEXT NOT NULL,
            expires_monotonic INTEGER NOT NULL, used_at INTEGER) STRICT;
          CREATE TABLE workstations(id TEXT PRIMARY KEY, segment TEXT NOT NULL, access TEXT NOT NULL,
            is_revoked INTEGER NOT NULL, enrolled_at INTEGER NOT NULL) STRICT;
          CREATE TABLE certificates(fingerprint BLOB PRIMARY KEY, workstation TEXT NOT NULL REFERENCES workstations(id),
            is_current INTEGER NOT NULL, issued_at INTEGER NOT NULL) STRICT;
          CREATE INDEX certificates_of ON certificates(workstation);
          CREATE TABLE acts(operator TEXT NOT NULL, nonce BLOB NOT NULL, hash BLOB NOT NULL, encoded BLOB NOT NULL,
            PRIMARY KEY (operator, nonce)) STRICT, WITHOUT ROWID;
          CREATE TABLE checkpoint(id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL,
            note TEXT NOT NULL) STRICT;
          CREATE TABLE alarms(id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
          INSERT INTO alarms VALUES (1, 0);
          CREATE TABLE log_rows(sequence INTEGER PRIMARY KEY, encoded BLOB NOT NULL) STRICT;
          CREATE TABLE log_nodes(level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (level, position)) STRICT, WITHOUT ROWID;
          """)
    }
    // What was copied away and what was put back: the log's size in each backup, and where each epoch began.
    migrator.registerMigration("2") { database in
      try database.execute(
        sql: """
          CREATE TABLE backups(size INTEGER NOT NULL, root BLOB NOT NULL, made_at INTEGER NOT NULL,
            PRIMARY KEY (size, root)) STRICT, WITHOUT ROWID;
          CREATE TABLE epochs(number INTEGER PRIMARY KEY CHECK (number > 1), size INTEGER NOT NULL, root BLOB NOT NULL,
            head INTEGER NOT NULL, head_root BLOB NOT NULL, lost INTEGER NOT NULL, approved_at INTEGER NOT NULL,
            act BLOB NOT NULL) STRICT;
          CREATE TABLE restored(id INTEGER PRIMARY KEY CHECK (id = 1), made_at INTEGER NOT NULL) STRICT;
          """)
    }
    // Cards, applications and credentials; which sessions were proven, and which tickets are burned.
    migrator.registerMigration("3") { database in
      try database.execute(
        sql: """
          CREATE TABLE cards(key BLOB PRIMARY KEY, person TEXT NOT NULL, is_withdrawn INTEGER NOT NULL, mac BLOB NOT NULL)
            STRICT, WITHOUT ROWID;
          CREATE TABLE applications(id TEXT PRIMARY KEY, segments TEXT NOT NULL, definition BLOB NOT NULL,
            freshness INTEGER NOT NULL, mac BLOB NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TABLE credentials(person TEXT NOT NULL, application TEXT NOT NULL, account TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version > 0), state TEXT NOT NULL, set_at INTEGER NOT NULL, ring INTEGER NOT NULL,
            salt BLOB NOT NULL, sealed BLOB NOT NULL, mac BLOB NOT NULL,
            PRIMARY KEY (person, application, account, version)) STRICT, WITHOUT ROWID;
          CREATE INDEX credentials_of_ring ON credentials(ring);
          CREATE TABLE proven_sessions(keys BLOB PRIMARY KEY, person TEXT NOT NULL, card BLOB NOT NULL,
            workstation TEXT NOT NULL, segment TEXT NOT NULL, certificate BLOB NOT NULL, suite TEXT NOT NULL,
            sealing BLOB NOT NULL, signing BLOB NOT NULL, logon_at INTEGER NOT NULL, mac BLOB NOT NULL) STRICT, WITHOUT ROWID;
          CREATE INDEX proven_sessions_by_age ON proven_sessions(logon_at);
          CREATE TABLE handed_over(keys BLOB NOT NULL, application TEXT NOT NULL, account TEXT NOT NULL,
            version INTEGER NOT NULL, PRIMARY KEY (keys, application, account)) STRICT, WITHOUT ROWID;
          CREATE TABLE tickets(ticket BLOB PRIMARY KEY, kind TEXT NOT NULL, keys BLOB NOT NULL, burned_at INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
          CREATE INDEX tickets_by_age ON tickets(burned_at);
          CREATE TABLE releases(id INTEGER PRIMARY KEY CHECK (id = 1), is_stopped INTEGER NOT NULL) STRICT;
          INSERT INTO releases VALUES (1, 0);
          CREATE TABLE register_seal(id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL) STRICT;
          """)
    }
    // Who stands in for whom; what a session was handed is known by whose it is besides.
    migrator.registerMigration("4") { database in
      try database.execute(
        sql: """
          CREATE TABLE deputies(owner TEXT NOT NULL, application TEXT NOT NULL, account TEXT NOT NULL, deputy TEXT NOT NULL,
            begins_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, is_withdrawn INTEGER NOT NULL, mac BLOB NOT NULL,
            PRIMARY KEY (owner, application, account, deputy)) STRICT, WITHOUT ROWID;
          CREATE TABLE handed_over_2(keys BLOB NOT NULL, owner TEXT NOT NULL, application TEXT NOT NULL, account TEXT NOT NULL,
            version INTEGER NOT NULL, PRIMARY KEY (keys, owner, application, account)) STRICT, WITHOUT ROWID;
          INSERT INTO handed_over_2 SELECT h.keys, s.person, h.application, h.account, h.version FROM handed_over h
            JOIN proven_sessions s ON s.keys = h.keys;
          DROP TABLE handed_over;
          ALTER TABLE handed_over_2 RENAME TO handed_over;
          """)
    }
    // Which application is the logon to Windows; what was published before is none.
    migrator.registerMigration("5") { database in
      try database.execute(sql: "ALTER TABLE applications ADD COLUMN is_windows INTEGER NOT NULL DEFAULT 0")
      try database.execute(sql: "CREATE INDEX cards_of ON cards(person)")
    }
    // When keys were made, and which are to be renewed. What was written under a root of before counts from the log's first row.
    migrator.registerMigration("6") { database in
      try database.execute(
        sql: """
          CREATE TABLE key_terms(name TEXT PRIMARY KEY, made_at INTEGER NOT NULL, log_size INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
          CREATE TABLE rotations(layer TEXT PRIMARY KEY, target INTEGER NOT NULL, asked_at INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
          ALTER TABLE register_seal ADD COLUMN root INTEGER NOT NULL DEFAULT 1;
          """)
    }
    // Cities' keys for shared-key cards, by the names of their scripts; the highest counter that was seen of each card.
    migrator.registerMigration("7") { database in
      try database.execute(
        sql: """
          CREATE TABLE card_keys(script TEXT PRIMARY KEY, version INTEGER NOT NULL CHECK (version > 0),
            definition BLOB NOT NULL, set_at INTEGER NOT NULL, ring INTEGER NOT NULL, salt BLOB NOT NULL, sealed BLOB NOT NULL,
            mac BLOB NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TABLE card_counters(kind TEXT NOT NULL, number BLOB NOT NULL, counter INTEGER NOT NULL, mac BLOB NOT NULL,
            PRIMARY KEY (kind, number)) STRICT, WITHOUT ROWID;
          """)
    }
    // Sheets of printed one-time codes: one for a person in a segment, with an authentication code in the place of each code.
    migrator.registerMigration("8") { database in
      try database.execute(
        sql: """
          CREATE TABLE lookup_sheets(person TEXT NOT NULL, segment TEXT NOT NULL, sheet BLOB NOT NULL, from_at INTEGER NOT NULL,
            until_at INTEGER NOT NULL, issued_by TEXT NOT NULL, issued_at INTEGER NOT NULL, workstation TEXT NOT NULL,
            wrong INTEGER NOT NULL, state TEXT NOT NULL, codes BLOB NOT NULL, mac BLOB NOT NULL,
            PRIMARY KEY (person, segment)) STRICT, WITHOUT ROWID;
          """)
    }
    // Alarms one by one, and who has seen them. What was only counted before becomes one.
    migrator.registerMigration("9") { database in
      try database.execute(
        sql: """
          CREATE TABLE raised_alarms(id INTEGER PRIMARY KEY, action TEXT NOT NULL, note TEXT NOT NULL,
            times INTEGER NOT NULL CHECK (times > 0), first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, seen_by TEXT,
            seen_at INTEGER, reason TEXT, CHECK ((seen_at IS NULL) = (seen_by IS NULL) AND (seen_at IS NULL) = (reason IS NULL)))
            STRICT;
          CREATE INDEX open_alarms ON raised_alarms(action, note) WHERE seen_at IS NULL;
          INSERT INTO raised_alarms(action, note, times, first_at, last_at)
            SELECT 'alarms.former', 'counted before alarms were listed', count, 0, 0 FROM alarms WHERE count > 0;
          DROP TABLE alarms;
          """)
    }
    return migrator
  }
}
