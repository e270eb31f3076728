import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Foundation
import Sealing
import Storage
import Synchronization
import VaultLink

/// The snapshot that was written last, until it is taken or the next one is written; one at a time.
final class SnapshotShelf: Sendable {
  private let written = Mutex<(sequence: UInt64, bytes: [UInt8])?>(nil)

  func put(_ sequence: UInt64, _ bytes: [UInt8]) { written.withLock { $0 = (sequence, bytes) } }

  /// - Returns: what follows `offset`; empty at the end, where it is dropped; `nil` for another snapshot.
  func piece(of sequence: UInt64, at offset: UInt64) -> ArraySlice<UInt8>? {
    written.withLock { written in
      guard let found = written, found.sequence == sequence, offset <= UInt64(found.bytes.count) else { return nil }
      if offset == UInt64(found.bytes.count) { written = nil }
      return found.bytes.dropFirst(Int(offset)).prefix(BackupDesk.pieceLength)
    }
  }
}

/// Who has a snapshot written.
enum SnapshotWriter: Sendable {
  case administrator(OperatorID)
  /// `snapshot-user` of the start-up file; the kernel vouches for it.
  case unixUser(String)
}

/// Writes what was read of the Active Directory as a signed snapshot, for an instance that cannot read it.
struct SnapshotDesk: Sendable {
  let services: Services
  /// `nil` where people are imported from files.
  let directory: DirectoryService?

  /// Why nothing was written, in words for who asked.
  private enum Obstacle {
    static let notFollowing = SnapshotWritten(
      faultJa: "この装置は Active Directory につないでいないため、写しを書き出せません。Active Directory につないだ装置で実行してください",
      faultEn: "this instance follows no Active Directory, so it has nothing to write: run this where one is followed")
    static let notYet = SnapshotWritten(
      faultJa: "Active Directory をまだ一度も読み取れていません。sanmon directory status で確かめ、読み取れてからやり直してください",
      faultEn: "the Active Directory was not read yet: see 'sanmon directory status', and try again when it was")
    static let another = SnapshotWritten(
      faultJa: "ほかの人が同時に写しを書き出しました。もう一度実行してください",
      faultEn: "somebody else wrote a snapshot at the same moment: try again")
  }

  func write(by writer: SnapshotWriter) async throws -> SnapshotWritten {
    guard let directory else { return Obstacle.notFollowing }
    await directory.look()
    let condition = directory.condition
    guard condition.snapshotHours == nil else { return Obstacle.notFollowing }
    // An old state gets no new date.
    if let fault = condition.fault { return Self.refused(fault) }
    guard let (replica, position) = await directory.read(), let readAt = condition.lookedAt else { return Obstacle.notYet }
    let now = services.surroundings.now()
    let former = try await services.store.read { (state) throws(StorageFault) in try WriteSnapshot.last(state) }
    let sequence = max(former + 1, UInt64(max(0, services.clockFloor.later(of: now))))
    let snapshot: UnsignedSnapshot
    let instance = services.instance.instance
    do throws(SnapshotFault) {
      // Tens of thousands of objects become text.
      snapshot = try await Aside.run { () throws(SnapshotFault) in
        try UnsignedSnapshot(
          of: replica, instance: instance, position: position, sequence: sequence, readAt: readAt.wallMilliseconds,
          writtenAt: now.wallMilliseconds)
      }
    } catch { return Self.refused(DirectoryTrouble(error, file: nil)) }
    let hash = snapshot.hash
    let signature = try await VaultAnswers.ask { try await services.vault.signSnapshot(hash: hash) }
    let bytes = await Aside.run { snapshot.signed(signature) }
    // Before anybody has it, the number is used up.
    let change = WriteSnapshot(header: snapshot.header, hash: hash, writer: writer, time: now.wallMilliseconds)
    guard try await services.recorder.commit(change, now: now) else { return Obstacle.another }
    directory.shelf.put(sequence, bytes)
    return SnapshotWritten(
      sequence: sequence, length: UInt64(bytes.count), hash: Hex.encode(hash), objects: snapshot.header.objects,
      domain: snapshot.header.domain.description, isHeld: !condition.held.isEmpty)
  }

  private static func refused(_ trouble: DirectoryTrouble) -> SnapshotWritten {
    SnapshotWritten(faultJa: "\(trouble.code) \(trouble.ja)", faultEn: "\(trouble.code) \(trouble.en)")
  }

  /// - Throws: not found for one that was taken or written over.
  func piece(of sequence: UInt64, at offset: UInt64) throws -> BackupPiece {
    guard let bytes = directory?.shelf.piece(of: sequence, at: offset) else { throw HTTPFault.notFound }
    return BackupPiece(bytes: Data(bytes))
  }

  /// What an instance that reads our snapshots has in its start-up file.
  func key() async throws -> SnapshotKeyShown {
    let keys = try await VaultAnswers.ask { try await services.vault.publicKeys() }
    let key = try SnapshotKey(bytes: NoteVerifier(vkey: keys.checkpointVerifier).publicKey)
    return SnapshotKeyShown(key: key.text, domain: await directory?.read()?.replica.domain?.description)
  }
}

/// Uses up the number of a snapshot, with its row.
struct WriteSnapshot: Change {
  private static let setting = "directory.snapshot.written"

  let header: SnapshotHeader
  let hash: [UInt8]
  let writer: SnapshotWriter
  /// Milliseconds since 1970-01-01 UTC.
  let time: Int64

  /// The number of the last snapshot of this instance; 0 before the first.
  static func last(_ state: some StateReader) throws(StorageFault) -> UInt64 {
    guard let bytes = try state.setting(setting) else { return 0 }
    guard let number = UInt64(String(decoding: bytes, as: UTF8.self)) else { throw .corrupt("setting \(setting)") }
    return number
  }

  /// - Returns: whether the number was still free.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Bool, AuditRecord) {
    var record = AuditRecord(time: time, eventClass: .administration, action: "directory.snapshotWritten", outcome: .done)
    record.count = Int64(max(1, header.objects))
    record.note = "snapshot \(header.sequence) of \(header.domain): \(header.objects) objects, SHA-256 \(Hex.encode(hash))"
    switch writer {
    case .administrator(let acting): record.operatorID = acting
    case .unixUser(let name): record.note = "by unix user \(name): \(record.note)"
    }
    guard try Self.last(state) < header.sequence else {
      record.outcome = .refused
      record.note = "another snapshot was written meanwhile"
      return (false, record)
    }
    try state.set(Array("\(header.sequence)".utf8), forSetting: Self.setting)
    return (true, record)
  }
}
