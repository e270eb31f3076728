package import AuthTerms
package import DirectorySync
import Foundation
package import Isolation
package import Sealing

/// The file, or the folder of files, in which another instance's signed snapshots arrive.
///
/// untrusted: who can write there can withhold a snapshot, and nothing else: whose word it is says the signature, which one is the
/// newest its number. So neither owner nor mode of the file counts: it may lie on a stick or a share that knows none. A share that
/// does not answer holds up one thread, and a look for as long as `patience`, once.
package actor SnapshotPlace: DirectoryOrigin {
  /// What a look finds there; `nil`: the file with that mark, as before.
  package typealias Finding = @Sendable (_ path: String, _ known: FileMark?) -> Found?

  package struct Found: Sendable {
    /// Its name, where the place is a folder.
    package let file: String?
    /// `nil` of what could not be opened.
    package let mark: FileMark?
    package let contents: Result<[UInt8], SnapshotFault>

    package init(file: String?, mark: FileMark?, contents: Result<[UInt8], SnapshotFault>) {
      self.file = file
      self.mark = mark
      self.contents = contents
    }
  }

  private struct Reading: Sendable {
    let file: String?
    let mark: FileMark?
    let snapshot: Result<SignedSnapshot, SnapshotFault>
  }

  package let name: String
  private let key: SnapshotKey
  /// The one domain that is taken; `nil`: that of the first snapshot.
  private let domain: DomainSID?
  private let patience: Duration
  private let find: Finding
  private let thread = SerialThread(name: "snapshot", limit: 1)
  /// Under way since an earlier look.
  private var errand: Errand<Reading?>?
  /// Of the file that was read last, when it was first seen so, when the last reading of it began, and what was wrong with it.
  private var mark: FileMark?
  private var (markedAt, readAt): (Int64, Int64) = (0, 0)
  private var begunAt: Int64 = 0
  private var standing: (fault: SnapshotFault, file: String?)?
  private var hasTaken = false

  package init(
    path: String, key: SnapshotKey, domain: DomainSID?, patience: Duration = .seconds(20),
    find: @escaping Finding = SnapshotPlace.found
  ) {
    name = path
    self.key = key
    self.domain = domain
    self.patience = patience
    self.find = find
  }

  package func look(after last: DirectoryStand?, now: Moment) async throws(DirectoryTrouble) -> DirectoryLook {
    guard let answer = await answer(now) else { throw DirectoryTrouble(SnapshotFault(.silent, name), file: nil) }
    guard let reading = answer else {
      if let standing { throw DirectoryTrouble(standing.fault, file: standing.file) }
      return .unchanged
    }
    if reading.mark == nil || reading.mark != mark { markedAt = now.monotonicMilliseconds }
    (mark, readAt) = (reading.mark, begunAt)
    do throws(SnapshotFault) {
      let snapshot = try reading.snapshot.get()
      let position = SnapshotPosition(of: snapshot)
      let isNew = try position.follows(last?.position.snapshot, in: domain)
      standing = nil
      // At the first look the one that was taken last too: it may have been held.
      guard isNew || !hasTaken else { return .unchanged }
      hasTaken = true
      return .found(DirectoryStand(replica: snapshot.replica, position: .snapshot(position)))
    } catch {
      standing = (error, reading.file)
      throw DirectoryTrouble(error, file: reading.file)
    }
  }

  /// Waits once for each reading: for one that goes on since an earlier look nobody waits again.
  private func answer(_ now: Moment) async -> Reading?? {
    let begun = errand ?? begin(now)
    let answer = errand == nil ? await begun.answer(within: patience) : begun.ended
    errand = answer == nil ? begun : nil
    return answer
  }

  private func begin(_ now: Moment) -> Errand<Reading?> {
    let (path, key, find) = (name, key, find)
    let known = isSettled ? mark : nil
    begunAt = now.monotonicMilliseconds
    return Errand(on: thread) {
      find(path, known).map { found in
        Reading(
          file: found.file, mark: found.mark,
          snapshot: found.contents.flatMap { bytes in
            do throws(SnapshotFault) { return .success(try SignedSnapshot(parsing: bytes, signedBy: key)) } catch {
              return .failure(error)
            }
          })
      }
    }
  }

  /// What looks half written may still become whole without another mark: times of a stick are as coarse as two seconds. So it is
  /// read once more when they have passed.
  private static let settlingMilliseconds: Int64 = 5000
  private static let mayGrow: Set<SnapshotFault.Code> = [.truncated, .version, .signature, .altered]

  private var isSettled: Bool {
    guard let standing, Self.mayGrow.contains(standing.fault.code) else { return true }
    return readAt - markedAt >= Self.settlingMilliseconds
  }

  /// Of a folder: the last by name of its files that end in `.txt`.
  package static func found(at path: String, unless known: FileMark?) -> Found? {
    var (place, file, mark): (String, String?, FileMark?) = (path, nil, nil)
    func refused(_ fault: SnapshotFault) -> Found { Found(file: file, mark: nil, contents: .failure(fault)) }
    do {
      mark = try FileMark(path: place)
      if mark?.isFolder == true {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard let last = names.filter({ $0.hasSuffix(".txt") && !$0.hasPrefix(".") }).max() else {
          return refused(SnapshotFault(.unreadable, path + "/*.txt"))
        }
        (place, file) = (path + "/" + last, last)
        mark = try FileMark(path: place)
      }
      if mark == known { return nil }
      guard let (bytes, mark) = try FileMark.contents(of: place, limit: SnapshotFile.byteLimit) else {
        return refused(.tooLarge)
      }
      return Found(file: file, mark: mark, contents: .success(bytes))
    } catch { return refused(SnapshotFault(.unreadable, path)) }
  }
}
