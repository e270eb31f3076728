import AuthTerms
import DurableSQLite
import Foundation
import GRDB
import Synchronization

/// The vault's own SQLite file: WAL, `synchronous=FULL` asserted, one writer.
///
/// trusted: who can change this file can void codes and revoke, but not sign: the keys in it are sealed. Put back to an older
/// state it would sign a second history: the checkpoints kept elsewhere show that.
final class VaultDatabase: Sendable {
  private let path: String
  /// `nil` after an I/O error: a handle whose fsync failed is never used again, a new one is opened for the next request.
  private let queue: Mutex<DatabaseQueue?>
  private let group = GroupCommit()

  /// Held as long as the state is open: a command that must be alone with it takes the same lock for itself.
  private let lock: FolderLock

  /// - Parameters:
  ///   - directory: mode 0700 and this user's own; made when it is missing.
  ///   - isAlone: nobody else may have it open.
  init(directory: String, isAlone: Bool = false) throws(VaultStartFault) {
    try Self.prepare(directory)
    lock = try FolderLock(directory, isAlone: isAlone)
    path = directory + "/vault.sqlite"
    do {
      queue = Mutex(try Self.open(path))
    } catch {
      throw VaultStartFault(.state, "could not open the vault's state in \(directory): \(Self.reason(error))")
    }
  }

  private static func prepare(_ directory: String) throws(VaultStartFault) {
    mkdir(directory, 0o700)
    var status = stat()
    guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0
    else { throw VaultStartFault(.unsafeFile, "the state folder \(directory) must be a folder of this user with mode 0700") }
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.foreignKeysEnabled = true
    // Another process (a backup) may read for a moment.
    configuration.busyMode = .timeout(2)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    chmod(path, 0o600)
    // After opening: GRDB sets its own value while it turns WAL on. NORMAL would lose answered requests in a power cut.
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      // What is deleted is overwritten: a key that administrators took away does not stay in the file.
      try database.execute(sql: "PRAGMA secure_delete = ON")
      try WriteAheadLog.writeAgain(database)
      guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2,
        try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal"
      else { throw DatabaseError(message: "FULL is not in force") }
      guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT)
      }
    }
    try VaultSchema.migrator.migrate(queue)
    return queue
  }

  /// One transaction, durable when it returns. Blocks: call it on a connection's own thread.
  /// - Throws: what `change` throws, after rolling back; `DatabaseError` when nothing was written.
  func write<R>(_ change: (Database) throws -> R) throws -> R {
    let open = try queue.withLock { queue in
      let open = try queue ?? Self.open(path)
      queue = open
      return open
    }
    do {
      return try group.write(change, in: { try open.write($0) })
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CANTOPEN:
        // Unless another thread has opened a new one meanwhile.
        queue.withLock { if $0 === open { $0 = nil } }
      default: break
      }
      throw error
    }
  }

  /// A copy of the whole state as of one moment; `path` is a file of this user's, empty.
  func copy(to path: String) throws {
    let open = try queue.withLock { queue in
      let open = try queue ?? Self.open(self.path)
      queue = open
      return open
    }
    let target = try DatabaseQueue(path: path)
    try open.backup(to: target)
    // One file, whatever becomes of it: no side file belongs to a copy.
    try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    try target.close()
  }

  /// Nothing of what was overwritten stays in the files; nobody else may have them open.
  func compact() throws {
    try queue.withLock { queue in
      try queue?.vacuum()
      try queue?.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    }
  }

  /// Nothing of before stands in the write-ahead log afterwards.
  /// - Throws: `DatabaseError` while somebody else reads; then it stands there as long as nobody tries again.
  func truncateWriteAheadLog() throws {
    try queue.withLock { queue in
      let open = try queue ?? Self.open(path)
      queue = open
      try open.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    }
  }

  /// For the start-up check and tests: what SQLite says is in force (2 is FULL).
  func synchronousMode() throws -> Int {
    try queue.withLock { try $0?.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 } ?? -1 }
  }

  /// Result codes only: GRDB's own text quotes SQL and its arguments.
  static func reason(_ error: any Error) -> String {
    (error as? DatabaseError).map { "SQLite \($0.extendedResultCode.rawValue)" } ?? "I/O"
  }
}

/// An advisory lock on the state folder: shared by vaults and readers, alone for a command that replaces keys under them.
private final class FolderLock: Sendable {
  private let descriptor: Int32

  init(_ directory: String, isAlone: Bool) throws(VaultStartFault) {
    descriptor = Foundation.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0, flock(descriptor, (isAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
      if descriptor >= 0 { close(descriptor) }
      throw VaultStartFault(
        .state,
        isAlone ? "the state in \(directory) is in use: stop the vault first" : "the state in \(directory) is being changed")
    }
  }

  deinit { close(descriptor) }
}
