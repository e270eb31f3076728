import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Storage
import Testing

/// A city for My Number that reads snapshots which a test writes and carries over, and looks when it is asked to.
struct SnapshotOffice {
  let city: City
  private let path: String
  var segment: OtherSegment
  private var sequence: UInt64 = 1000

  /// - Parameter days: `purge-after-days`.
  static func with(purgeAfterDays days: Int = 400, _ test: (inout SnapshotOffice) async throws -> Void) async throws {
    let path = "/tmp/sanmon-snapshot-\(UInt32.random(in: 0...UInt32.max)).txt"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let segment = try OtherSegment()
    let lines = """
      directory:
        snapshot: \(path)
        snapshot-key: \(try segment.keyText)
        base: 職員
        tick-seconds: 3600
      """
    let city = try await City(
      segment: .mynumber,
      prepare: { folder in
        let file = folder + "/policies/organisation.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try (text + "\npurge-after-days: \(days)\n").write(toFile: file, atomically: true, encoding: .utf8)
      }, lines: { _ in lines })
    var office = SnapshotOffice(city: city, path: path, segment: segment)
    do { try await test(&office) } catch {
      await city.end()
      throw error
    }
    await city.end()
  }

  // MARK: Snapshots

  /// Writes what the segment says now, carries it over and has it looked at.
  /// - Parameter seconds: by which the other clock is ahead.
  @discardableResult
  mutating func carry(ahead seconds: Int64 = 0) async throws -> DirectoryStatus {
    sequence += 1
    let bytes = try segment.file(sequence, at: city.clock.now().wallMilliseconds + seconds * 1000)
    try Data(bytes).write(to: URL(filePath: path))
    return try await look()
  }

  func look() async throws -> DirectoryStatus {
    let answer = try await city.link.request("POST", "/v1/admin/directory/sync")
    return try JSONDecoder().decode(DirectoryStatus.self, from: Data(answer.body))
  }

  func status() async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  // MARK: People

  static func id(_ number: Int) -> String { "p-\(String(format: "%06d", number))" }

  func isThere(_ number: Int) async throws -> Bool {
    try await city.link.request("GET", "/v1/admin/people/\(Self.id(number))").status == 200
  }

  func person(_ number: Int) async throws -> PersonSummary { try await city.link.fetch("/v1/admin/people/\(Self.id(number))") }

  // MARK: Time and rows

  /// The local day.
  var today: Int { Int((city.clock.now().wallMilliseconds / 1000 + 32_400) / 86_400) }

  /// Moves the clock forward to this time of the day.
  func until(_ hour: Int64, _ minute: Int64 = 0, _ second: Int64 = 0) {
    let local = (city.clock.now().wallMilliseconds / 1000 + 32_400) % 86_400
    city.clock.advance(seconds: (hour * 3600 + minute * 60 + second - local + 86_400) % 86_400)
  }

  /// `accountExpires`, so many local days ago at this hour; 24: with that day.
  func end(daysAgo days: Int, hour: Int64) -> String {
    let end = Int64(today - days) * 86_400_000 + hour * 3_600_000 - 32_400_000
    return "\((end + 11_644_473_600_000) * 10_000)"
  }

  func rows(_ action: String) async throws -> [AuditEntry] { try await city.audit("limit=500&action=\(action)") }

  /// Days that were counted, after two more looks of the job.
  func countedDays() async throws -> Int {
    try await Task.sleep(for: .milliseconds(2500))
    return try await rows("leavers.counted").count
  }

  func counts(_ days: Int) async throws {
    try await becomes("\(days) days are counted") { try await rows("leavers.counted").count == days }
  }

  // MARK: What is kept

  private struct Put: Change {
    let leavers: Leavers?
    let settings: [String: [UInt8]]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      try leavers?.keep(in: &state)
      for (name, value) in settings { try state.set(value, forSetting: name) }
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "put", outcome: .done))
    }
  }

  /// Starts anew, with this in the store.
  func restart(leavers: Leavers? = nil, settings: [String: [UInt8]] = [:]) async throws {
    try await city.restart { path in
      let store = try SQLiteStore(path: path, localDayOffsetSeconds: 32_400)
      try await store.commit(Put(leavers: leavers, settings: settings))
      store.close()
    }
  }

  /// As if these people had been seen gone every day, since so many days ago.
  func leavers(_ people: [Int: Int]) throws -> Leavers {
    var ledger = Leavers()
    let last = today
    for day in (last - (people.values.max() ?? 0))...last {
      var present: [PersonID: Int] = [:]
      for (number, days) in people where last - days <= day { present[try PersonID(parsing: Self.id(number))] = last - days }
      ledger.count(present, on: day)
    }
    return ledger
  }

  /// Whether these words stand anywhere in the files of the database.
  func stands(_ text: String) throws -> Bool {
    try ["", "-wal"].contains { side in
      try Data(contentsOf: URL(filePath: city.folder + "/state/sanmon.sqlite" + side)).range(of: Data(text.utf8)) != nil
    }
  }
}
