import AuditLog
import AuthTerms
import FaultyDisk
import Foundation
import Storage
import Testing

/// One operation of the disk fails, each in turn. Failed syncs are the worst kind: the kernel then believes the pages clean, they
/// can still be read, and no later sync writes them. So what is acknowledged is looked for after a power cut, not in the cache.
@Suite("whichever write or sync fails, an answer is true and no restart is needed")
struct DiskFaultTests {
  private struct Run {
    var acknowledged: Set<Int> = [0]
    var refused: Set<Int> = []
    var hadFault = false
    var condition = StoreCondition()
  }

  /// Six changes while operations `first ..< first + count` fail; then the disk is whole again and a seventh must be kept.
  private static func run(_ disk: FaultyDisk, from first: Int, count: Int, with fault: FaultyDisk.Fault) async throws -> Run {
    disk.fail(from: first, count: count, with: fault)
    var run = Run()
    let path = disk.folder + "/sanmon.sqlite"
    var store = try? SQLiteStore(path: path)
    if store == nil {
      // Nothing was answered yet; the next start finds a whole disk.
      disk.repair()
      run.hadFault = true
      store = try SQLiteStore(path: path)
    }
    let open = try #require(store)
    func commit(_ number: Int) async {
      do {
        _ = try await open.commit(Note(number: number))
        run.acknowledged.insert(number)
      } catch {
        run.refused.insert(number)
      }
    }
    for number in 1...6 { await commit(number) }
    disk.repair()
    await commit(7)
    #expect(run.acknowledged.contains(7), "fault at \(first): it goes on by itself")
    run.hadFault = run.hadFault || !run.refused.isEmpty
    run.condition = open.condition()
    let (rows, settings) = try await open.contents()
    #expect(rows == settings && rows.isSuperset(of: run.acknowledged))
    #expect(UInt64(rows.subtracting(run.acknowledged).count) == run.condition.unansweredRows, "fault at \(first)")
    return run
  }

  private static func check(_ disk: FaultyDisk, _ run: Run, _ comment: Comment) async throws {
    let left = try disk.remains(.nothing)
    defer { try? FileManager.default.removeItem(atPath: left) }
    let store = try SQLiteStore(path: left + "/sanmon.sqlite")
    let (rows, settings) = try await store.contents()
    #expect(rows == settings, comment)
    #expect(run.acknowledged.subtracting(rows) == [], comment)
    store.close()
    #expect(try AuditArchive(path: left + "/sanmon.sqlite").verify(verifiers: []).isIntact, comment)
  }

  @Test("one operation fails, each in turn", arguments: FaultyDisk.Fault.allCases)
  func one(fault: FaultyDisk.Fault) async throws {
    let template = try await PowerCutTests.template()
    var faults = 0
    var number = 0
    while true {
      let disk = try FaultyDisk(copying: template.folder)
      let run = try await Self.run(disk, from: number, count: 1, with: fault)
      try await Self.check(disk, run, "\(fault) at \(number)")
      #expect(run.condition.unansweredRows == 0, "refused and absent")
      faults += run.hadFault ? 1 : 0
      if disk.operations <= number { break }
      number += 1
    }
    #expect(number > 40 && faults > 20)
  }

  @Test("several operations in a row fail, from each on", arguments: [2, 10_000])
  func several(count: Int) async throws {
    let template = try await PowerCutTests.template()
    var number = 0
    while true {
      let disk = try FaultyDisk(copying: template.folder)
      let run = try await Self.run(disk, from: number, count: count, with: .inputOutput)
      try await Self.check(disk, run, "\(count) from \(number)")
      if disk.operations <= number { break }
      number += 1
    }
    #expect(number > 40)
  }
}
