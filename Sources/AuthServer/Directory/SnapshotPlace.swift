import AuthPolicy
import AuthTerms
import DirectorySync
import Dispatch
import Foundation
import Isolation
import Sealing

/// The file, or the folder of files, in which another instance's signed snapshots arrive.
///
/// untrusted: who can write there can withhold a snapshot, and nothing else: whose word it is says the signature, which one is the
/// newest its number. So neither owner nor mode of the file counts: it may lie on a stick or a share that knows none.
actor SnapshotPlace: DirectoryOrigin {
  let name: String
  private let key: SnapshotKey
  /// The one domain that is taken; `nil`: that of the first snapshot.
  private let domain: DomainSID?
  /// Of the file that was read last, and what was wrong with it.
  private var mark: FileMark?
  private var standing: SnapshotFault?
  private var hasTaken = false

  init(path: String, key: SnapshotKey, domain: DomainSID?) {
    name = path
    self.key = key
    self.domain = domain
  }

  func look(after last: DirectoryStand?, now: Moment) async throws(DirectoryTrouble) -> DirectoryLook {
    do throws(SnapshotFault) { return try await read(after: last?.position.snapshot) } catch { throw DirectoryTrouble(error) }
  }

  private func read(after last: SnapshotPosition?) async throws(SnapshotFault) -> DirectoryLook {
    // What looks half written is read again at each look: times of a stick are as coarse as two seconds.
    let (path, known) = (name, standing.map { Self.mayGrow.contains($0.code) } == true ? nil : mark)
    let found = try await Self.blocking { () throws(SnapshotFault) in try Self.contents(at: path, unless: known) }
    guard let (bytes, mark) = found else {
      if let standing { throw standing }
      return .unchanged
    }
    self.mark = mark
    do throws(SnapshotFault) {
      let key = key
      let snapshot = try await Self.blocking { () throws(SnapshotFault) in try SignedSnapshot(parsing: bytes, signedBy: key) }
      let position = SnapshotPosition(of: snapshot)
      let isNew = try position.follows(last, in: domain)
      standing = nil
      // At the first look the one that was taken last too: it may have been held.
      guard isNew || !hasTaken else { return .unchanged }
      hasTaken = true
      return .found(DirectoryStand(replica: snapshot.replica, position: .snapshot(position)))
    } catch {
      standing = error
      throw error
    }
  }

  private static let mayGrow: Set<SnapshotFault.Code> = [.truncated, .version, .signature, .altered]

  /// Of a folder: the last by name of its files that end in `.txt`.
  /// - Returns: `nil` for a file that is as it was.
  private static func contents(
    at path: String, unless known: FileMark?
  ) throws(SnapshotFault) -> (bytes: [UInt8], mark: FileMark)? {
    do {
      var (file, mark) = (path, try FileMark(path: path))
      if mark.isFolder {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard let last = names.filter({ $0.hasSuffix(".txt") && !$0.hasPrefix(".") }).max() else {
          throw FileFacts.Fault.absent
        }
        file += "/" + last
        mark = try FileMark(path: file)
      }
      if mark == known { return nil }
      if let found = try FileMark.contents(of: file, limit: SnapshotFile.byteLimit) { return found }
    } catch { throw SnapshotFault(.unreadable, path) }
    throw SnapshotFault(.tooLarge, "\(SnapshotFile.byteLimit >> 20) MiB")
  }

  /// A share that does not answer must not stop the threads that answer clerks.
  private static func blocking<R: Sendable>(
    _ work: @escaping @Sendable () throws(SnapshotFault) -> R
  ) async throws(SnapshotFault) -> R {
    let result: Result<R, SnapshotFault> = await withCheckedContinuation { done in
      DispatchQueue.global(qos: .utility).async {
        do throws(SnapshotFault) { done.resume(returning: .success(try work())) } catch {
          done.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }
}
