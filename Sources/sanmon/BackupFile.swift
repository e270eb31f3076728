import ArgumentParser
import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing
import Storage

/// A backup file, read from front to back in bounded memory. Not trusted: everything in it is opened, hashed and compared with
/// what the vault signed before it is called whole.
final class BackupFile {
  private static let magic = Array("sanmon-backup-1\n".utf8)

  private let file: FileHandle
  private var hash: SHA256?
  private var count: UInt64 = 0

  struct Unpacked {
    let server: BackupManifest
    let vault: BackupManifest
  }

  private init(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else { throw fail(66, "\(path) を読めません。", "cannot read \(path)") }
    self.file = file
  }

  /// Writes the contents into two folders of mode 0700, which exist and are empty, and syncs them.
  /// - Throws: exit code 65 for a file that is not whole, not this key's, or not signed by this vault.
  static func unpack(
    _ path: String, key: RecoveryKey, verifier: NoteVerifier, server: String, vault: String
  ) throws -> Unpacked {
    let file = try BackupFile(path)
    guard try file.take(magic.count) == magic else {
      throw fail(65, "\(path) は三門の控え（バックアップ）ではありません。", "\(path) is not a backup of Sanmon")
    }
    let serverManifest = try file.part(.server, key, verifier, into: server)
    file.hash = SHA256()
    file.count = 0
    let vaultManifest = try file.part(.vault, key, verifier, into: vault)
    guard file.count == serverManifest.vaultLength, file.hash.map({ Array($0.finalize()) }) == serverManifest.vaultPart,
      vaultManifest.instance == serverManifest.instance, try (file.file.read(upToCount: 1) ?? Data()).isEmpty
    else { throw broken }
    return Unpacked(server: serverManifest, vault: vaultManifest)
  }

  private static var broken: ExitCode {
    fail(
      65, "控え（バックアップ）が途中で切れているか、書き換えられています。別の控えをお使いください。",
      "the backup was cut off or changed; use another one")
  }

  private func take(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      guard let more = try file.read(upToCount: count - bytes.count), !more.isEmpty else { throw Self.broken }
      bytes += more
    }
    hash?.update(data: bytes)
    self.count += UInt64(count)
    return bytes
  }

  private func piece(_ opener: inout StreamOpener) throws -> [UInt8] {
    do {
      let (length, isLast) = try SealedStream.frame(take(SealedStream.frameHeaderLength))
      return try opener.open(take(length), isLast: isLast)
    } catch is SealingFault { throw Self.broken }
  }

  private func part(
    _ part: BackupManifest.Part, _ key: RecoveryKey, _ verifier: NoteVerifier, into folder: String
  ) throws -> BackupManifest {
    guard
      var opener = try? StreamOpener(
        header: take(SealedStream.headerLength), key: key, label: BackupManifest.streamLabel(part))
    else { throw Self.broken }
    let front: [UInt8]
    do {
      let (length, isLast) = try SealedStream.frame(take(SealedStream.frameHeaderLength))
      front = try opener.open(take(length), isLast: isLast)
    } catch is SealingFault {
      throw fail(
        65, "この回復鍵では開けません。別の鍵で作られた控えか、書き換えられた控えです。",
        "this recovery key does not open it: it was made for another key, or was changed")
    }
    let manifest = try Self.manifest(front, part, verifier)
    for entry in manifest.entries { try content(entry, &opener, into: folder) }
    guard try piece(&opener).isEmpty, opener.isComplete else { throw Self.broken }
    return manifest
  }

  private static func manifest(
    _ front: [UInt8], _ part: BackupManifest.Part, _ verifier: NoteVerifier
  ) throws -> BackupManifest {
    let manifest: BackupManifest
    let note: SignedNote
    do {
      var reader = LengthPrefixedReader(front, subject: "backup", limit: SealedStream.pieceLimit)
      manifest = try BackupManifest(canonicalBytes: reader.field())
      note = try SignedNote(parsing: reader.text())
      try reader.requireEnd()
    } catch { throw broken }
    let text = BackupSignature.text(
      instance: manifest.instance, hash: Array(SHA256.hash(data: manifest.canonicalBytes)))
    guard manifest.part == part, verifier.verifies(note), note.text == text,
      verifier.name == "sanmon/\(manifest.instance.text)"
    else {
      throw fail(
        65, "この控えには、--key-file の鍵庫の署名がありません。別の装置の控えか、作られた偽物です。",
        "this backup is not signed by the vault of --key-file: another instance's, or a forgery")
    }
    return manifest
  }

  private func content(_ entry: BackupManifest.Entry, _ opener: inout StreamOpener, into folder: String) throws {
    let path = folder + "/" + entry.name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fail(66, "\(path) に書けません。", "cannot write \(path)") }
    let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var hash = SHA256()
    var length: UInt64 = 0
    while length < entry.length {
      let piece = try piece(&opener)
      guard !piece.isEmpty, UInt64(piece.count) <= entry.length - length, !opener.isComplete else { throw Self.broken }
      do { try output.write(contentsOf: piece) } catch { throw fail(66, "\(path) に書けません。", "cannot write \(path)") }
      hash.update(data: piece)
      length += UInt64(piece.count)
    }
    guard Array(hash.finalize()) == entry.hash else { throw Self.broken }
    try output.synchronize()
  }

  // MARK: What was unpacked

  /// Reads the restored databases as an auditor would: every row, every hash, the checkpoint that was signed over the copy.
  static func check(_ unpacked: Unpacked, server: String, vault: String, verifier: NoteVerifier) throws {
    let report: LogReport
    let mark: RestoredMark?
    do {
      let archive = try AuditArchive(path: server + "/sanmon.sqlite")
      report = try archive.verify(
        verifiers: [verifier],
        elsewhere: [KeptCheckpoint(source: say("控え", "the backup"), note: unpacked.server.checkpoint)], origin: verifier.name)
      mark = try archive.setting(RestoredMark.setting).flatMap { try? RestoredMark(decoding: $0) }
    } catch { throw fail(65, "復元したデータベースを読めません: \(error)", "the restored database cannot be read: \(error)") }
    for finding in report.findings { print(say("異常: ", "FOUND: ") + say(finding.japanese, finding.english)) }
    guard report.isIntact, report.size == unpacked.server.size, report.root.bytes == unpacked.server.root,
      report.coveredSize == report.size, mark?.size == report.size, mark?.root == unpacked.server.root
    else { throw fail(65, "復元した監査記録は完全ではありません。", "the restored log is not whole") }
    guard DatabaseIntegrity.isWhole(vault + "/vault.sqlite") else {
      throw fail(65, "復元した鍵庫の状態が壊れています。", "the restored state of the vault is damaged")
    }
  }
}

/// A folder of mode 0700 that is gone when the work is done.
enum ScratchFolder {
  static func with<R>(_ work: (String) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appending(path: "sanmon-verify-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try work(path)
  }
}
