import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Sealing
import Storage
import Synchronization
import VaultLink

/// Makes backups while the server works, and gives them out piece by piece. What lies in the folder is sealed to the recovery
/// key; the copy it is made of has no name any more before the first byte is sealed.
final class BackupDesk: Sendable {
  static let magic = Array("sanmon-backup-1\n".utf8)
  /// Bytes of one answer.
  static let pieceLength = 512 * 1024

  private enum State {
    case making(String)
    case ready(BackupState, path: String)
    case failed(String, any Error)

    var id: String {
      switch self {
      case .making(let id), .failed(let id, _): id
      case .ready(let state, _): state.backup
      }
    }
  }

  private let services: Services
  private let store: SQLiteStore
  private let checkpoints: CheckpointService
  private let folder: String
  private let columnKeyFile: String
  /// `nil`: the start-up file names none, and no backups are made.
  private let recovery: RecoveryPublicKey?
  private let state = Mutex<State?>(nil)

  /// - Parameters:
  ///   - folder: in the state folder; emptied: what a kill left is of no use.
  ///   - columnKeyFile: goes into the backup if it is there; a key that systemd keeps is kept by whoever gave it to systemd.
  init(
    services: Services, store: SQLiteStore, checkpoints: CheckpointService, folder: String, columnKeyFile: String,
    recovery: RecoveryPublicKey?
  ) {
    self.services = services
    self.store = store
    self.checkpoints = checkpoints
    self.folder = folder
    self.columnKeyFile = columnKeyFile
    self.recovery = recovery
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Begins to make one: a large log takes longer than a request may.
  func begin(by acting: OperatorID) throws -> BackupState {
    guard let recovery else { throw HTTPFault.conflictBecause(.backupNotPossible) }
    let id = "b-" + Hex.encode(services.surroundings.random(8))
    let isFree = state.withLock { state in
      if case .making = state { return false }
      state = .making(id)
      return true
    }
    guard isFree else { throw HTTPFault.conflict }
    Task { [self] in
      do {
        let made = try await create(id, to: recovery, by: acting)
        state.withLock { $0 = .ready(made, path: sealed(id)) }
      } catch {
        try? FileManager.default.removeItem(atPath: folder)
        state.withLock { $0 = .failed(id, error) }
      }
    }
    return BackupState(backup: id, isReady: false)
  }

  /// - Throws: why it could not be made.
  func look(at id: String) throws -> BackupState {
    switch state.withLock({ $0 }) {
    case .making(id): return BackupState(backup: id, isReady: false)
    case .ready(let made, _) where made.backup == id: return made
    case .failed(id, let error): throw error
    default: throw HTTPFault.notFound
    }
  }

  private func sealed(_ id: String) -> String { folder + "/" + id }

  private func create(_ id: String, to recovery: RecoveryPublicKey, by acting: OperatorID) async throws -> BackupState {
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    let now = services.surroundings.now()
    let copy = folder + "/copy.sqlite"
    let (copied, checkpoint, part) = try await copyBoth(to: copy, madeAt: now.wallMilliseconds)
    let epoch = try await store.read { (state) throws(StorageFault) -> UInt64 in try InstanceEpoch.read(state) }
    guard part.recipient == recovery.bytes else { throw HTTPFault.conflictBecause(.backupNotPossible) }
    try await fetch(part)
    let contents = [copy] + (FileManager.default.fileExists(atPath: columnKeyFile) ? [columnKeyFile] : [])
    let names = BackupManifest.names(in: .server)
    let entries = try await Aside.run {
      try zip(names, contents).map { name, path in try SealedFile.entry(name, path) }
    }
    let manifest = BackupManifest(
      part: .server, instance: try InstanceID(parsing: services.instance.instance), madeAt: now.wallMilliseconds,
      version: Release.version, epoch: epoch, size: copied.size, root: copied.root.bytes, checkpoint: checkpoint,
      vaultPart: part.hash, vaultLength: part.length, entries: entries)
    let signature = try await VaultAnswers.ask {
      try await services.vault.signBackup(hash: Array(SHA256.hash(data: manifest.canonicalBytes)))
    }
    var front = LengthPrefixedWriter()
    front.field(manifest.canonicalBytes)
    front.field(signature)
    let (bytes, vaultPart, sealed) = (front.bytes, vaultPart, sealed(id))
    let (length, hash) = try await Aside.run {
      try SealedFile.write(
        sealed, to: recovery, magic: Self.magic, front: bytes, contents: contents, unlinking: copy, then: vaultPart)
    }
    unlink(vaultPart)
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "backup.made", outcome: .done)
    record.operatorID = acting
    record.note = "\(id): log of \(copied.size) rows, \(length) bytes, SHA-256 \(Hex.encode(hash))"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return BackupState(
      backup: id, isReady: true, length: length, hash: Hex.encode(hash), rows: copied.size, madeAt: now.wallMilliseconds,
      recoveryKey: recovery.text)
  }

  /// The copy's own last row is what the vault has signed in its own copy: nothing newer gets its signature between the two.
  private func copyBoth(
    to path: String, madeAt: Int64
  ) async throws -> (copied: (size: UInt64, root: TreeHash), checkpoint: String, vault: VaultBackup) {
    await checkpoints.hold()
    defer { checkpoints.release() }
    let copied = try await store.copy(to: path) { size, root in
      (RestoredMark.setting, RestoredMark(size: size, root: root.bytes, madeAt: madeAt).encoded)
    }
    return try await VaultAnswers.ask {
      (copied, try await checkpoints.sign(at: copied.size), try await services.vault.openBackup())
    }
  }

  private var vaultPart: String { folder + "/vault.part" }

  private func fetch(_ part: VaultBackup) async throws {
    let output = try SealedFile.create(vaultPart)
    var hash = SHA256()
    var length: UInt64 = 0
    while length < part.length {
      let offset = length
      let bytes = try await VaultAnswers.ask { try await services.vault.readBackup(offset: offset) }
      guard !bytes.isEmpty else { break }
      try output.write(contentsOf: bytes)
      hash.update(data: bytes)
      length += UInt64(bytes.count)
    }
    guard length == part.length, Array(hash.finalize()) == part.hash else { throw HTTPFault.serverFault }
  }

  func piece(of id: String, at offset: UInt64) throws -> BackupPiece {
    guard case .ready(let made, let path) = state.withLock({ $0 }), made.backup == id, offset <= made.length ?? 0,
      let file = FileHandle(forReadingAtPath: path)
    else { throw HTTPFault.notFound }
    try file.seek(toOffset: offset)
    return BackupPiece(bytes: try file.read(upToCount: Self.pieceLength) ?? Data())
  }

  /// The operator has it: nothing of it stays here.
  func taken(_ id: String) throws {
    let isKnown = state.withLock { found in
      guard case .ready(let made, _) = found, made.backup == id else { return false }
      found = nil
      return true
    }
    guard isKnown else { throw HTTPFault.notFound }
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// The file of a backup: a line that says what it is, the server's sealed stream, the vault's.
enum SealedFile {
  static func create(_ path: String) throws -> FileHandle {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  static func entry(_ name: String, _ path: String) throws -> BackupManifest.Entry {
    var hash = SHA256()
    var length: UInt64 = 0
    try pieces(of: FileHandle(forReadingFrom: URL(filePath: path))) { piece in
      hash.update(data: piece)
      length += UInt64(piece.count)
    }
    return BackupManifest.Entry(name: name, length: length, hash: Array(hash.finalize()))
  }

  /// - Parameter unlinking: loses its name when it is open: a kill from here on leaves no copy behind.
  /// - Returns: length and SHA-256 of the whole file.
  static func write(
    _ path: String, to key: RecoveryPublicKey, magic: [UInt8], front: [UInt8], contents: [String], unlinking: String,
    then vaultPart: String
  ) throws -> (UInt64, [UInt8]) {
    let inputs = try contents.map { try FileHandle(forReadingFrom: URL(filePath: $0)) }
    unlink(unlinking)
    let output = try create(path)
    var hash = SHA256()
    var length: UInt64 = 0
    func write(_ bytes: [UInt8]) throws {
      try output.write(contentsOf: bytes)
      hash.update(data: bytes)
      length += UInt64(bytes.count)
    }
    var sealer = try StreamSealer(to: key, label: BackupManifest.streamLabel(.server))
    try write(magic + sealer.header)
    try write(sealer.seal(front, isLast: false))
    for input in inputs { try pieces(of: input) { try write(sealer.seal($0, isLast: false)) } }
    try write(sealer.seal([], isLast: true))
    try pieces(of: FileHandle(forReadingFrom: URL(filePath: vaultPart)), write)
    return (length, Array(hash.finalize()))
  }

  private static func pieces(of file: FileHandle, _ use: ([UInt8]) throws -> Void) throws {
    while let piece = try file.read(upToCount: SealedStream.pieceLimit), !piece.isEmpty { try use(Array(piece)) }
  }
}
