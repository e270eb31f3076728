import AuditLog
import AuthTerms
import Foundation
import Programs
import Storage
import Testing

@Suite("when nothing can be written, nobody is told yes")
struct FaultTests {
  /// Commits until the disk is full and then some more, and counts what was answered with yes.
  private static func fill(_ store: SQLiteStore, from first: Int, count: Int) async throws -> (yes: Int, no: Int) {
    var (yes, no) = (0, 0)
    for number in first..<first + count {
      do {
        _ = try await store.commit(Note(number: number, padding: 2000))
        yes += 1
      } catch StorageFault.unavailable {
        no += 1
      }
    }
    return (yes, no)
  }

  @Test("full file: yeses are rows, exactly, and space brings it back without a restart")
  func pageLimit() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    let before = try await store.commit(Note(number: 0))
    #expect(before == 0)
    try store.limitPages(to: 128)
    let (yes, no) = try await Self.fill(store, from: 1, count: 300)
    #expect(yes > 0 && no > 0)
    #expect(try await store.size() == UInt64(yes + 1))
    #expect(store.condition().reopenings > 0)
    #expect(store.condition().unansweredRows == 0)
    // The file that is full for rows is still whole, and readable while it is full.
    let root = try await store.auditRoot(UInt64(yes + 1))

    try store.limitPages(to: nil)
    #expect(try await store.commit(Note(number: 1000)) == 1000)
    #expect(try await store.size() == UInt64(yes + 2))
    #expect(try store.writerSetting("synchronous") == "2")
    store.close()

    let archive = try AuditArchive(path: scratch.database)
    let report = try archive.verify(verifiers: [])
    #expect(report.isIntact && report.size == UInt64(yes + 2))
    #expect(try await SQLiteStore(path: scratch.database).auditRoot(UInt64(yes + 1)) == root)
  }

  @Test("full file under concurrent load: a batch fails as a whole, and yeses are rows")
  func pageLimitConcurrently() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try store.limitPages(to: 158)
    var answered: [Int] = []
    for round in 0..<20 {
      answered += try await withThrowingTaskGroup(of: Int?.self) { group in
        for number in round * 20..<round * 20 + 20 {
          group.addTask {
            do { return try await store.commit(Note(number: number, padding: 2000)) } catch StorageFault.unavailable {
              return nil
            }
          }
        }
        return try await group.reduce(into: [Int]()) { kept, number in if let number { kept.append(number) } }
      }
    }
    #expect(!answered.isEmpty && answered.count < 400)
    let rows = try await store.read { (state) throws(StorageFault) in
      var query = AuditQuery()
      query.limit = 10_000
      return try state.auditRows(query).map { Int($0.record.time) }
    }
    #expect(rows.sorted() == answered.sorted())
    for number in 0..<400 {
      let setting = try await store.read { (state) throws(StorageFault) in try state.setting("note.\(number)") }
      #expect((setting != nil) == answered.contains(number), "state and row parted at \(number)")
    }
  }

  @Test(
    "full disk (tmpfs of 900 KiB)", .enabled(if: canMount, "no right to mount a tmpfs here; the page limit above stands in"))
  func tmpfs() async throws {
    let scratch = try Scratch()
    let mount = scratch.folder + "/small"
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
    #expect(try Self.tool("/bin/mount", "-t", "tmpfs", "-o", "size=900k,mode=0700", "tmpfs", mount) == 0)
    defer { _ = try? Self.tool("/bin/umount", mount) }
    do {
      let store = try SQLiteStore(path: mount + "/sanmon.sqlite")
      let ballast = mount + "/ballast"
      #expect(FileManager.default.createFile(atPath: ballast, contents: Data(repeating: 1, count: 150_000)))
      let (yes, no) = try await Self.fill(store, from: 0, count: 300)
      #expect(yes > 0 && no > 0)
      let size = try await store.size()
      #expect(size == UInt64(yes))
      #expect(store.condition().unansweredRows == 0)
      #expect(store.condition().failedBatches > 0)
      try FileManager.default.removeItem(atPath: ballast)
      #expect(try await store.commit(Note(number: 1000)) == 1000)
      #expect(try await store.size() == size + 1)
      store.close()
      #expect(try AuditArchive(path: mount + "/sanmon.sqlite").verify(verifiers: []).isIntact)
    }
  }

  @Test("a change that swallows the fault does not get its neighbours committed")
  func swallowed() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    _ = try await store.commit(Note(number: 0))
    try store.limitPages(to: 1)
    await #expect(throws: StorageFault.self) { try await store.commit(Swallowing()) }
    try store.limitPages(to: nil)
    let size = try await store.size()
    #expect(size == 1)
    #expect(store.condition().unansweredRows == 0)
    #expect(try await store.commit(Note(number: 1)) == 1)
  }

  @Test("a database exchanged underneath for an older copy is not gone on with")
  func rollback() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    for number in 0..<5 { _ = try await store.commit(Note(number: number)) }
    store.close()
    let old = try scratch.copy()

    let live = try SQLiteStore(path: scratch.database)
    for number in 5..<9 { _ = try await live.commit(Note(number: number)) }
    for side in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: scratch.database + side) }
    try FileManager.default.copyItem(atPath: old, toPath: scratch.database)
    // Any fault makes the store open the file anew, and look whether what it promised is still there.
    try live.limitPages(to: 1)
    for number in 9..<12 {
      await #expect(throws: StorageFault.self) { try await live.commit(Note(number: number, padding: 60_000)) }
    }
    await #expect(throws: StorageFault.corrupt("rows that were answered as durable are gone")) { try await live.size() }
    await #expect(throws: StorageFault.corrupt("rows that were answered as durable are gone")) {
      try await live.commit(Note(number: 12))
    }
    #expect(!live.condition().isOpen)
  }

  /// Root in a container often has no right to mount.
  private static let canMount: Bool = {
    guard geteuid() == 0, let scratch = try? Scratch() else { return false }
    guard (try? tool("/bin/mount", "-t", "tmpfs", "tmpfs", scratch.folder)) == 0 else { return false }
    return (try? tool("/bin/umount", scratch.folder)) == 0
  }()

  private static func tool(_ path: String, _ arguments: String...) throws -> Int32 {
    try Program.run([path] + arguments).status
  }
}

/// Fills the file and pretends that nothing happened. (SQLite rolls back by itself here: what this change writes afterwards would
/// otherwise be committed without its transaction.)
private struct Swallowing: Change {
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for number in 0..<100 {
      do throws(StorageFault) {
        try state.set([UInt8](repeating: 1, count: 100_000), forSetting: "big.\(number)")
      } catch {
        break
      }
    }
    return ((), AuditRecord(time: 0, eventClass: .ceremony, action: "logon", outcome: .granted))
  }
}
