import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage
import Synchronization
import Testing

/// Real processes, ended in the middle of their work. Each client keeps a ledger of what it was told.
@Suite("kill -9 under load", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmond and sanmon-vault are not built"))
struct KillTests {
  /// So many at least; `deploy/soak kills` then goes on until its time is over.
  static let kills = Int(ProcessInfo.processInfo.environment["SANMON_KILLS"] ?? "") ?? 10
  static let seconds = Int(ProcessInfo.processInfo.environment["SANMON_KILL_SECONDS"] ?? "")

  private struct Entry: Sendable {
    let workstation: String
    let action: String
    let session: String
  }

  private final class Ledger: Sendable {
    private let state = Mutex<(entries: [Entry], isOver: Bool)>(([], false))
    var isOver: Bool { state.withLock { $0.isOver } }
    var count: Int { state.withLock { $0.entries.count } }
    func told(_ entry: Entry) { state.withLock { $0.entries.append(entry) } }
    func close() { state.withLock { $0.isOver = true } }
    /// What was told since the last look.
    func take(from start: Int) -> ArraySlice<Entry> { state.withLock { $0.entries[start...] } }
  }

  /// A morning at one workstation, over and over; whatever breaks is begun again.
  private static func work(_ pc: TestWorkstation, _ card: TestCard, _ ledger: Ledger) async {
    while !ledger.isOver {
      do {
        let session = try await pc.enter(card)
        ledger.told(Entry(workstation: pc.name, action: session.scenario, session: session.session))
        for action in ["lock", "unlock", "logoff"] {
          if action == "unlock" {
            let again = try await pc.enter(card)
            ledger.told(Entry(workstation: pc.name, action: again.scenario, session: again.session))
          } else {
            _ = try await pc.end(action, session.session)
            ledger.told(Entry(workstation: pc.name, action: action, session: session.session))
          }
        }
      } catch { try? await Task.sleep(for: .milliseconds(20)) }
    }
  }

  /// What the log of one round says, in order, and what it makes of each workstation.
  private struct Log {
    var last: AuditRow?
    var told: Set<String> = []
    /// The session that lives at a workstation by the rows alone, and whether it is locked.
    var living: [String: (session: String, isLocked: Bool)] = [:]

    mutating func read(_ rows: [AuditRow]) {
      for row in rows {
        last = row
        guard let workstation = row.record.workstation?.text, let session = row.record.session?.text else { continue }
        guard row.record.outcome == .granted || row.record.outcome == .done else { continue }
        told.insert("\(workstation) \(row.record.action) \(session)")
        switch row.record.action {
        case "logon", "unlock": living[workstation] = (session, false)
        case "lock": living[workstation] = (session, true)
        case "logoff": living[workstation] = nil
        default: break
        }
      }
    }
  }

  /// Compares ledger, rows and state after a kill.
  private static func check(
    _ city: ProcessCity, _ ledger: Ledger, from start: Int, _ log: inout Log, _ seen: inout Set<String>
  ) async throws -> Int {
    let entries = ledger.take(from: start)
    let folder = try city.copy()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try SQLiteStore(path: folder + "/sanmon.sqlite")
    let last = log.last
    let (rows, states) = try await store.read { (state) throws(StorageFault) -> ([AuditRow], [SessionRecord]) in
      var query = AuditQuery()
      query.fromSequence = last?.sequence
      query.limit = 10_000
      return (try state.auditRows(query), try state.liveSessions())
    }
    if let last { #expect(rows.first == last, "the log was set back") }
    log.read(rows)
    for entry in entries {
      #expect(log.told.contains("\(entry.workstation) \(entry.action) \(entry.session)"), "told, and there is no row: \(entry)")
    }
    // State and rows tell the same: nothing lives without its row, and nothing that was told is gone.
    let living = log.living.mapValues { "\($0.session) \($0.isLocked)" }
    let stored = Dictionary(uniqueKeysWithValues: states.map { ($0.workstation.text, "\($0.id.text) \($0.phase == .locked)") })
    #expect(stored == living)
    seen.formUnion(try await store.checkpoints())
    store.close()
    return entries.endIndex
  }

  @Test("no acknowledged row or state is lost, nothing lives without its row, and the log extends every checkpoint")
  func kills() async throws {
    var city: City? = try await City()
    _ = try await city?.importPeople()
    var desks: [(TestWorkstation, TestCard)] = []
    for (index, person) in ["p-000042", "p-000043", "p-000044", "p-000045"].enumerated() {
      guard let city else { break }
      desks.append((try await city.workstation("LGWAN-PC-000\(index)"), try await city.enrolCard(person)))
    }
    let running = try await ProcessCity(takingOver: #require(city))
    city = nil
    let ledger = Ledger()
    try running.start()
    var log = Log()
    var seen: Set<String> = []
    var checked = 0
    var killed = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (pc, card) in desks {
        let moved = try await pc.moved(to: running.port)
        group.addTask { await Self.work(moved, card, ledger) }
      }
      defer { ledger.close() }
      let end = Self.seconds.map { ContinuousClock.now + .seconds($0) }
      var round = 0
      while round < Self.kills || end.map({ ContinuousClock.now < $0 }) ?? false {
        round += 1
        // Load first, then any moment of it.
        let before = ledger.count
        for _ in 0..<2000 where ledger.count < before + 4 { try await Task.sleep(for: .milliseconds(10)) }
        try #require(ledger.count >= before + 4, "round \(round): the server does not answer")
        // Every fourth time after the next checkpoint.
        let moment = Int.random(in: 0...200_000) + (round.isMultiple(of: 4) ? 1_200_000 : 0)
        try await Task.sleep(for: .microseconds(moment))
        running.kill(withVault: round.isMultiple(of: 3))
        checked = try await Self.check(running, ledger, from: checked, &log, &seen)
        try running.start()
      }
      killed = round
    }
    running.kill()
    _ = try await Self.check(running, ledger, from: checked, &log, &seen)
    let folder = try running.copy()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let report = try AuditArchive(path: folder + "/sanmon.sqlite").verify(
      verifiers: [running.verifier], elsewhere: seen.map { KeptCheckpoint(source: "seen", note: $0) })
    #expect(report.isIntact && report.checkpointsMatched >= seen.count && seen.count > 1, "\(report.findings)")
    print("kills: \(killed), answers told: \(ledger.count), rows: \(report.size), checkpoints: \(seen.count)")
  }
}
