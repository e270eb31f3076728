import ArgumentParser
import AuditLog
import AuthTerms
import Foundation
import LoadClient
import Storage

/// Makes a log long, through the store itself: run by `restart` and `audit` as the server's user while the server is down.
struct Fill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Append audit rows to a stopped server's database.", shouldDisplay: false)

  @Option var database: String
  @Option var rows: Int
  @Option(help: "Days until now over which they are spread; 0: one a millisecond from now on, all of them logons.") var days = 0

  /// Rows in one commit.
  private static let step = 100

  /// Runs this program for a city whose server is down.
  static func into(_ city: LoadCity, rows: Int, days: Int = 0, _ figures: Figures) async throws {
    figures.note(say("準備: 監査記録 \(rows) 件（計測しない）", "preparing \(rows) audit rows (not measured)"))
    let me = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let log = city.instance.folder + "/fill.log"
    let options = ["--database", city.instance.database, "--rows", "\(rows)", "--days", "\(days)"]
    let filling = try ChildProcess(LoadInstance.asServer + [me, "fill"] + options, log: log)
    while filling.isRunning { try await Task.sleep(for: .milliseconds(50)) }
    let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    guard said.contains("filled") else { throw RunFault("記録を作れません: \(said)", "the rows could not be made: \(said)") }
  }

  func run() async throws {
    let store = try SQLiteStore(path: database)
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let (rows, days) = (rows, days)
    var next = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      func add() {
        guard next < rows else { return }
        let part = next..<min(next + Self.step, rows)
        next = part.upperBound
        group.addTask {
          try await store.commit(AppendRows(records: try part.map { try Self.row($0, of: rows, days: days, now) }))
        }
      }
      for _ in 0..<16 { add() }
      while try await group.next() != nil { add() }
    }
    store.close()
    print("filled")
  }

  /// Shaped like the row of a logon.
  private static func row(_ number: Int, of rows: Int, days: Int, _ now: Int64) throws -> AuditRecord {
    let time = days == 0 ? now + Int64(number) : now - Int64(days) * 86_400_000 / Int64(rows) * Int64(rows - number)
    var record = AuditRecord(time: time, eventClass: .ceremony, action: "logon", outcome: .granted)
    record.person = try PersonID(parsing: "l-\(String(number % 1200 + 1_000_000).dropFirst())")
    record.workstation = try WorkstationID(parsing: "LOAD-PC-\(number % 1200)")
    record.segment = .lgwan
    record.scenario = .logon
    record.session = try SessionID(parsing: "s-\(number)")
    record.card = try CardID(parsing: "card-\(number % 1200)")
    record.factors = ["card", "pin"]
    record.proofClass = .publicKeyWithPIN
    record.latencyMilliseconds = 3
    guard days > 0 else { return record }
    // By other numbers than people: everybody is refused now and then.
    if number % 7 == 0 { (record.action, record.scenario) = ("unlock", .unlock) }
    if number % 49 == 0 {
      (record.outcome, record.code) = (.denied, .factorMissing)
      record.note = "tries left: \(number % 3)"
    }
    return record
  }
}

private struct AppendRows: Change {
  let records: [AuditRecord]

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    guard let last = records.last else { throw .conflict("no rows") }
    for record in records.dropLast() { try state.append(record) }
    return ((), last)
  }
}
