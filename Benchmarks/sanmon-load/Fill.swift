import ArgumentParser
import AuditLog
import AuthTerms
import Foundation
import Storage

/// Makes a log long, through the store itself: run by `restart` as the server's user while the server is down.
struct Fill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Append audit rows to a stopped server's database.", shouldDisplay: false)

  @Option var database: String
  @Option var rows: Int

  func run() async throws {
    let store = try SQLiteStore(path: database)
    let start = Int64(Date().timeIntervalSince1970 * 1000)
    var next = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      func add() {
        guard next < rows else { return }
        let number = next
        next += 1
        group.addTask { try await store.commit(AppendRow(record: Self.row(number, start))) }
      }
      for _ in 0..<1024 { add() }
      while try await group.next() != nil { add() }
    }
    store.close()
    print("filled")
  }

  /// Shaped like the row of a logon.
  private static func row(_ number: Int, _ start: Int64) throws -> AuditRecord {
    var record = AuditRecord(time: start + Int64(number), eventClass: .ceremony, action: "logon", outcome: .granted)
    record.person = try PersonID(parsing: "l-\(String(number % 1200 + 1_000_000).dropFirst())")
    record.workstation = try WorkstationID(parsing: "LOAD-PC-\(number % 1200)")
    record.segment = .lgwan
    record.scenario = .logon
    record.session = try SessionID(parsing: "s-\(number)")
    record.card = try CardID(parsing: "card-\(number % 1200)")
    record.factors = ["card", "pin"]
    record.proofClass = .publicKeyWithPIN
    record.latencyMilliseconds = 3
    return record
  }
}

private struct AppendRow: Change {
  let record: AuditRecord

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) { ((), record) }
}
