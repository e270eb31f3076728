import Foundation

/// The file under the store. Trusted: who can write it can change every state; its log is what still shows that.
enum DatabaseFile {
  /// Creates a missing file with mode 0600 and refuses one that others could have written.
  ///
  /// - Returns: whether there was something in it already.
  static func prepare(_ path: String) throws(StorageFault) -> Bool {
    try requireSafeFolder(of: path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      close(descriptor)
      return false
    }
    guard errno == EEXIST else { throw .unavailable("the database file cannot be created (errno \(errno))") }
    // SQLite reads the side files as it reads the database: a planted one is as bad.
    for side in ["-wal", "-shm", "-journal"] { _ = try requireOwn(path + side) }
    return try requireOwn(path).map { $0 > 0 } ?? false
  }

  /// - Returns: the length, or `nil` if there is no such file.
  private static func requireOwn(_ path: String) throws(StorageFault) -> Int? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw .unavailable("a database file cannot be looked at (errno \(errno))") }
      return nil
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .conflict("a database file is not a regular file") }
    guard status.st_mode & 0o022 == 0, status.st_mode & 0o007 == 0 else {
      throw .conflict("a database file is open to other users: chmod 600")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .conflict("a database file belongs to another user") }
    return Int(status.st_size)
  }

  private static func requireSafeFolder(of path: String) throws(StorageFault) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw .unavailable("the folder of the database is missing")
    }
    // Who can write the folder can exchange the file; the sticky bit (/tmp) forbids that for files of others.
    guard status.st_mode & 0o022 == 0 || status.st_mode & mode_t(S_ISVTX) != 0 else {
      throw .conflict("the folder of the database is writable by other users")
    }
  }
}
