import AuthTerms
import Foundation
import GRDB
import Storage
import Testing

@Suite("what was answered is on the disk")
struct DurabilityTests {
  @Test("the pool resets synchronous by itself, and the store sets it back", arguments: [1, 2])
  func synchronousIsFull(opening: Int) async throws {
    let scratch = try Scratch()
    // What happens without the store's care: the reason for the rule.
    let plain = scratch.folder + "/plain.sqlite"
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    let pool = try DatabasePool(path: plain, configuration: configuration)
    #expect(try await pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 1)

    for _ in 1...opening {
      let store = try SQLiteStore(path: scratch.database)
      #expect(try store.writerSetting("synchronous") == "2")
      #expect(try store.writerSetting("journal_mode") == "wal")
      #expect(try store.writerSetting("foreign_keys") == "1")
      #expect(try store.writerSetting("trusted_schema") == "0")
      store.close()
    }
  }

  @Test("the files are the owner's alone")
  func filesAreOwn() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    _ = try await store.commit(Note(number: 1))
    for side in ["", "-wal", "-shm"] {
      let mode = try FileManager.default.attributesOfItem(atPath: scratch.database + side)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  @Test("a file that others can touch is refused", arguments: [0o620, 0o602, 0o666, 0o604])
  func openFileIsRefused(mode: Int) throws {
    let scratch = try Scratch()
    try SQLiteStore(path: scratch.database).close()
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: scratch.database)
    #expect(throws: StorageFault.conflict("a database file is open to other users: chmod 600")) {
      try SQLiteStore(path: scratch.database)
    }
  }

  @Test("a link, a planted side file and an open folder are refused")
  func plantedFilesAreRefused() throws {
    let scratch = try Scratch()
    let link = scratch.folder + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scratch.database)
    #expect(throws: StorageFault.conflict("a database file is not a regular file")) { try SQLiteStore(path: link) }

    try SQLiteStore(path: scratch.database).close()
    #expect(
      FileManager.default.createFile(
        atPath: scratch.database + "-wal", contents: Data(), attributes: [.posixPermissions: 0o666]))
    #expect(throws: StorageFault.self) { try SQLiteStore(path: scratch.database) }

    let open = scratch.folder + "/open"
    try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: open)
    #expect(throws: StorageFault.conflict("the folder of the database is writable by other users")) {
      try SQLiteStore(path: open + "/x")
    }
    #expect(throws: StorageFault.unavailable("the folder of the database is missing")) {
      try SQLiteStore(path: scratch.folder + "/none/x")
    }
  }

  @Test("a newer schema, another program's file and no database at all are refused untouched")
  func foreignFilesAreRefused() async throws {
    let scratch = try Scratch()
    try SQLiteStore(path: scratch.database).close()
    let queue = try DatabaseQueue(path: scratch.database)
    try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('v999')") }
    try queue.close()
    #expect(throws: StorageFault.conflict("this database was written by a newer version of Sanmon; start that version")) {
      try SQLiteStore(path: scratch.database)
    }

    let other = scratch.folder + "/other.sqlite"
    let foreign = try DatabaseQueue(path: other)
    try await foreign.write { try $0.execute(sql: "CREATE TABLE t (x)") }
    try foreign.close()
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: other)
    let before = try Data(contentsOf: URL(fileURLWithPath: other))
    #expect(throws: StorageFault.conflict("this file is the database of another program")) { try SQLiteStore(path: other) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == before)

    let text = scratch.folder + "/text"
    #expect(
      FileManager.default.createFile(
        atPath: text, contents: Data(repeating: 0x41, count: 5000), attributes: [.posixPermissions: 0o600]))
    #expect(throws: StorageFault.corrupt("SQLite 26")) { try SQLiteStore(path: text) }
  }

  @Test("state and rows are there after closing and opening again")
  func reopening() async throws {
    let scratch = try Scratch()
    let first = try SQLiteStore(path: scratch.database)
    for number in 0..<10 { _ = try await first.commit(Note(number: number)) }
    let root = try await first.auditRoot(10)
    first.close()
    await #expect(throws: StorageFault.unavailable("the store is closed")) { try await first.commit(Note(number: 99)) }
    await #expect(throws: StorageFault.self) { try await first.size() }
    let second = try SQLiteStore(path: scratch.database)
    #expect(try await second.size() == 10)
    #expect(try await second.auditRoot(10) == root)
    #expect(try await second.commit(Note(number: 10)) == 10)
    #expect(try await second.size() == 11)
  }
}
