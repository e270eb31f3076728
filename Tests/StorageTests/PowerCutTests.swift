import AuditLog
import AuthTerms
import FaultyDisk
import Foundation
import Storage
import Testing

/// The disk of these tests forgets what was not synced. What a client was told must be there after the power came back.
@Suite("a power cut at any write loses nothing that was acknowledged")
struct PowerCutTests {
  /// A store with one row, closed: where most runs begin.
  static func template() async throws -> Scratch {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    _ = try await store.commit(Note(number: 0))
    store.close()
    return scratch
  }

  /// Commits one after the other, some at once, over two openings; the numbers that were acknowledged.
  private static func work(_ disk: FaultyDisk) async -> [Int] {
    var acknowledged: [Int] = []
    for opening in 1...2 {
      guard let store = try? SQLiteStore(path: disk.folder + "/sanmon.sqlite") else { continue }
      for number in opening * 100..<opening * 100 + 2 {
        if let kept = try? await store.commit(Note(number: number, padding: 300)) { acknowledged.append(kept) }
      }
      acknowledged += await withTaskGroup(of: Int?.self) { group in
        for number in opening * 100 + 50..<opening * 100 + 54 {
          group.addTask { try? await store.commit(Note(number: number)) }
        }
        return await group.reduce(into: []) { kept, number in if let number { kept.append(number) } }
      }
      store.close()
    }
    return acknowledged
  }

  /// Opens what the power cut left: the acknowledged numbers that are missing, after checking that nothing else is wrong.
  private static func lost(of acknowledged: [Int], in folder: String) async throws -> [Int] {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/sanmon.sqlite"
    let store = try SQLiteStore(path: path)
    let (rows, settings) = try await store.contents()
    #expect(rows == settings, "state and rows parted")
    _ = try await store.commit(Note(number: 999))
    store.close()
    #expect(try AuditArchive(path: path).verify(verifiers: []).isIntact)
    return acknowledged.filter { !rows.contains($0) }
  }

  private static func operations(of template: Scratch?) async throws -> Int {
    let disk = try FaultyDisk(copying: template?.folder)
    #expect(await work(disk).count == 12)
    return disk.operations
  }

  @Test("in a store that goes on: at each write, each remains in turn")
  func everyWrite() async throws {
    let template = try await Self.template()
    let all = try await Self.operations(of: template)
    #expect(all > 80)
    for cut in 0...all {
      let disk = try FaultyDisk(copying: template.folder)
      disk.cutPower(at: cut)
      let acknowledged = await Self.work(disk)
      let remains = FaultyDisk.Remains.allCases[cut % 3]
      let lost = try await Self.lost(of: [0] + acknowledged, in: disk.remains(remains, seed: UInt64(cut)))
      #expect(lost == [], "cut at \(cut), \(remains)")
    }
  }

  @Test("in a store that is being made: it can be made again", arguments: FaultyDisk.Remains.allCases)
  func whileMade(remains: FaultyDisk.Remains) async throws {
    let all = try await Self.operations(of: nil)
    for cut in stride(from: Int(remains.rawValue), to: all, by: 23) {
      let disk = try FaultyDisk()
      disk.cutPower(at: cut)
      let acknowledged = await Self.work(disk)
      let lost = try await Self.lost(of: acknowledged, in: disk.remains(remains, seed: UInt64(cut)))
      #expect(lost == [], "cut at \(cut)")
    }
  }

  @Test("each batch was synced before its answer; with NORMAL in force the same test finds lost rows")
  func normalLoses() async throws {
    let template = try await Self.template()
    for obeys in [true, false] {
      let disk = try FaultyDisk(copying: template.folder)
      if !obeys { disk.ignoreSynchronous() }
      let store = try SQLiteStore(path: disk.folder + "/sanmon.sqlite")
      #expect(try store.writerSetting("synchronous") == "2", "the store cannot know better")
      let syncs = disk.logSyncs
      for number in 1...5 { _ = try await store.commit(Note(number: number)) }
      // NORMAL still syncs the header of a new log.
      #expect(obeys ? disk.logSyncs - syncs >= 5 : disk.logSyncs - syncs <= 1)
      for (seed, remains) in FaultyDisk.Remains.allCases.enumerated() {
        let lost = try await Self.lost(of: Array(0...5), in: disk.remains(remains, seed: UInt64(seed)))
        #expect(lost.isEmpty == obeys, "\(remains)")
      }
      store.close()
    }
  }
}

extension SQLiteStore {
  /// The numbers of the `Note`s whose row, and whose setting, is there.
  func contents() async throws -> (rows: Set<Int>, settings: Set<Int>) {
    try await read { (state) throws(StorageFault) in
      var query = AuditQuery()
      query.limit = 10_000
      let rows = Set(try state.auditRows(query).map { Int($0.record.time) })
      var settings: Set<Int> = []
      for number in 0...1000 where try state.setting("note.\(number)") != nil { settings.insert(number) }
      return (rows, settings)
    }
  }
}
