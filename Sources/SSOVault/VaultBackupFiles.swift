import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing
import Synchronization

/// The two files that the vault makes for a backup, in its own folder: the copy, for as long as it is being sealed, and the
/// sealed part, until the next one is made. What a kill left is removed at the next start.
///
/// trusted: the copy like the state itself. The sealed part: useless without the recovery key.
final class VaultBackupFiles: Sendable {
  static let pieceLength = 48 * 1024

  private let plain: String
  private let sealed: String
  /// One at a time.
  private let making = Mutex(())

  init(directory: String) {
    plain = directory + "/backup.copy"
    sealed = directory + "/backup.sealed"
  }

  func clear() {
    for path in [plain, plain + "-journal", plain + "-wal", plain + "-shm", sealed] { unlink(path) }
  }

  /// - Parameters:
  ///   - copy: makes the copy at the path it gets.
  ///   - front: what stands before the contents, for a copy of that length and hash.
  func make(
    to key: RecoveryPublicKey, copy: (String) throws -> Void, front: (_ path: String, BackupManifest.Entry) throws -> [UInt8]
  ) throws -> VaultBackup {
    try making.withLock { _ in
      clear()
      close(try Self.create(plain))
      defer { unlink(plain) }
      try copy(plain)
      let entry = try Self.entry(plain)
      let front = try front(plain, entry)
      let input = try FileHandle(forReadingFrom: URL(filePath: plain))
      // From here on a kill leaves no copy behind.
      unlink(plain)
      let output = FileHandle(fileDescriptor: try Self.create(sealed), closeOnDealloc: true)
      var hash = SHA256()
      var length: UInt64 = 0
      func write(_ bytes: [UInt8]) throws {
        try output.write(contentsOf: bytes)
        hash.update(data: bytes)
        length += UInt64(bytes.count)
      }
      do {
        var sealer = try StreamSealer(to: key, label: BackupManifest.streamLabel(.vault))
        try write(sealer.header)
        try write(sealer.seal(front, isLast: false))
        while let piece = try input.read(upToCount: SealedStream.pieceLimit), !piece.isEmpty {
          try write(sealer.seal(Array(piece), isLast: false))
        }
        try write(sealer.seal([], isLast: true))
      } catch {
        unlink(sealed)
        throw error
      }
      return VaultBackup(length: length, hash: Array(hash.finalize()), recipient: key.bytes)
    }
  }

  func piece(at offset: UInt64) throws -> [UInt8] {
    guard offset <= UInt64(Int64.max), let file = FileHandle(forReadingAtPath: sealed) else {
      throw VaultFailure.no(.requestMalformed, "no backup is open")
    }
    try file.seek(toOffset: offset)
    return Array(try file.read(upToCount: Self.pieceLength) ?? Data())
  }

  private static func entry(_ path: String) throws -> BackupManifest.Entry {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    var hash = SHA256()
    var length: UInt64 = 0
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      hash.update(data: piece)
      length += UInt64(piece.count)
    }
    return BackupManifest.Entry(name: "vault.sqlite", length: length, hash: Array(hash.finalize()))
  }

  private static func create(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return descriptor
  }
}
