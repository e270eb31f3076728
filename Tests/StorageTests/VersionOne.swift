/// A database as version 1 wrote it: its schema to the letter, never to be changed, and some rows.
enum VersionOne {
  static func make(_ path: String) throws {
    let tool = try Tool(path)
    try tool.run(schema)
    try tool.run(rows)
  }

  // One person with two keys of what may have been one card, one session on each of two workstations, a count of failures.
  private static let rows = """
    INSERT INTO people VALUES ('p1', 'user1', '髙橋 花子', 'ﾀｶﾊｼ', x'', x'', x'', 1, NULL, NULL, 0, 'user1');
    INSERT INTO people VALUES ('p2', 'user2', '佐藤 花子', 'ｻﾄｳ', x'', x'', x'', 1, NULL, NULL, 0, 'user2');
    INSERT INTO cards VALUES ('c1', 'p1', x'0000000000000000000000000000000000000000000000000000000000000001', 
      'piv', '9a', 'pk-pin', 'active', 'op1', '1000 5 boot one');
    INSERT INTO cards VALUES ('c2', 'p1', x'0000000000000000000000000000000000000000000000000000000000000002', 
      'piv', '9e', 'pk', 'lost', 'op1', '2000 6 boot one');
    INSERT INTO cards VALUES ('c3', 'p2', x'0000000000000000000000000000000000000000000000000000000000000003', 
      'piv', '9a', 'pk', 'suspended', 'op2', '3000 7 boot one');
    INSERT INTO workstations VALUES ('PC-1', 'lgwan', 'console', 0, '1000 5 boot one');
    INSERT INTO workstations VALUES ('PC-2', 'lgwan', 'console', 0, '1000 5 boot one');
    INSERT INTO sessions VALUES ('s1', 'p1', 'PC-1', 'lgwan', 'logon', 'c1', 'open', 0, 'have,know', 2, '1000 5 boot one',
      '2000 6 boot one', '9000 9 boot one', 900, 3600, 43200, 'lock', zeroblob(32), x'01', 'x25519-chachapoly');
    INSERT INTO sessions VALUES ('s2', 'p1', 'PC-2', 'lgwan', 'logon', NULL, 'ended', 1, 'have', 1, '1000 5 boot one',
      '2000 6 boot one', '9000 9 boot one', 900, 3600, 43200, 'nothing', zeroblob(32), x'01', 'x25519-chachapoly');
    INSERT INTO throttles (key, failures, last_failure, blocked_until) VALUES ('card:c1', 2, '1000 5 boot one', NULL);
    INSERT INTO settings VALUES ('epoch', x'07');
    """

  private static let schema = """
    PRAGMA application_id = 1397640526;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES ('v1');
    CREATE TABLE people (
      id TEXT NOT NULL PRIMARY KEY,
      account TEXT NOT NULL UNIQUE,
      display_name TEXT NOT NULL,
      kana TEXT NOT NULL,
      other_names BLOB NOT NULL,
      departments BLOB NOT NULL,
      groups BLOB NOT NULL,
      is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
      first_day INTEGER,
      last_day INTEGER,
      has_managed_password INTEGER NOT NULL CHECK (has_managed_password IN (0, 1)),
      search TEXT NOT NULL
    ) STRICT;
    CREATE TABLE passwords (
      person TEXT NOT NULL PRIMARY KEY REFERENCES people (id),
      sealed BLOB NOT NULL,
      changed_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE cards (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      key BLOB NOT NULL UNIQUE,
      profile TEXT NOT NULL,
      slot TEXT NOT NULL,
      proven_class TEXT NOT NULL,
      state TEXT NOT NULL,
      enrolled_by TEXT NOT NULL,
      enrolled_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX cards_by_person ON cards (person);
    CREATE TABLE workstations (
      id TEXT NOT NULL PRIMARY KEY,
      segment TEXT NOT NULL,
      access TEXT NOT NULL,
      is_revoked INTEGER NOT NULL CHECK (is_revoked IN (0, 1)),
      enrolled_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE workstation_certificates (
      certificate BLOB NOT NULL PRIMARY KEY,
      workstation TEXT NOT NULL REFERENCES workstations (id),
      place INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX workstation_certificates_by_workstation ON workstation_certificates (workstation, place);
    CREATE TABLE sessions (
      id TEXT NOT NULL PRIMARY KEY,
      person TEXT NOT NULL REFERENCES people (id),
      workstation TEXT NOT NULL REFERENCES workstations (id),
      segment TEXT NOT NULL,
      scenario TEXT NOT NULL,
      card TEXT REFERENCES cards (id),
      phase TEXT NOT NULL CHECK (phase IN ('open', 'locked', 'ended')),
      is_revoked INTEGER NOT NULL CHECK (is_revoked IN (0, 1)),
      kinds TEXT NOT NULL,
      assurance INTEGER NOT NULL,
      opened_at TEXT NOT NULL,
      last_activity TEXT NOT NULL,
      lease_until TEXT NOT NULL,
      lease_seconds INTEGER NOT NULL,
      idle_seconds INTEGER NOT NULL,
      overall_seconds INTEGER NOT NULL,
      on_card_removal TEXT NOT NULL,
      signing_key BLOB NOT NULL,
      sealing_key BLOB NOT NULL,
      sealing_suite TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX live_session_of_workstation ON sessions (workstation) WHERE phase <> 'ended';
    CREATE INDEX live_sessions_of_person ON sessions (person) WHERE phase <> 'ended';
    CREATE TABLE throttles (
      key TEXT NOT NULL PRIMARY KEY,
      failures INTEGER NOT NULL CHECK (failures >= 0),
      last_failure TEXT NOT NULL,
      blocked_until TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE operators (
      id TEXT NOT NULL PRIMARY KEY,
      role TEXT NOT NULL,
      person TEXT NOT NULL,
      unix_user TEXT UNIQUE,
      key BLOB NOT NULL UNIQUE,
      public_key BLOB NOT NULL,
      is_active INTEGER NOT NULL CHECK (is_active IN (0, 1))
    ) STRICT;
    CREATE TABLE settings (
      name TEXT NOT NULL PRIMARY KEY,
      value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
      sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence >= 0),
      encoded BLOB NOT NULL,
      hash BLOB NOT NULL,
      time INTEGER NOT NULL,
      event_class TEXT NOT NULL,
      action TEXT NOT NULL,
      outcome TEXT NOT NULL,
      person TEXT,
      workstation TEXT,
      segment TEXT,
      reference INTEGER
    ) STRICT;
    CREATE INDEX audit_by_time ON audit (time);
    CREATE INDEX audit_by_person ON audit (person) WHERE person IS NOT NULL;
    CREATE INDEX audit_by_workstation ON audit (workstation) WHERE workstation IS NOT NULL;
    CREATE INDEX audit_by_reference ON audit (reference) WHERE reference IS NOT NULL;
    CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit rows stay'); END;
    CREATE TRIGGER audit_rows_do_not_change BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit rows do not change'); END;
    CREATE TABLE audit_nodes (
      level INTEGER NOT NULL CHECK (level >= 1),
      place INTEGER NOT NULL,
      hash BLOB NOT NULL,
      PRIMARY KEY (level, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_references (
      day INTEGER NOT NULL,
      number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 999999),
      sequence INTEGER NOT NULL REFERENCES audit (sequence),
      PRIMARY KEY (day, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE checkpoints (
      place INTEGER NOT NULL PRIMARY KEY,
      size INTEGER NOT NULL CHECK (size >= 0),
      note TEXT NOT NULL UNIQUE
    ) STRICT;
    """
}
