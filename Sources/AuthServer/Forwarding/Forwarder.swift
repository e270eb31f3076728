import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import Synchronization
import VaultLink

/// Sends the log to one destination, row after row from the first one, and never loses its place: the log itself is the queue.
///
/// It reads what is committed and holds nobody up: no logon waits for it, and what it keeps in memory is one batch.
final class Forwarder: Sendable {
  private struct Standing {
    var position: ForwardPosition
    /// Of the last try; `nil` when everything was taken.
    var fault: ForwardFault?
    /// Whether the position was held against the log since this server started.
    var isChecked = false
    /// Something was taken after it was away, and no row says so yet.
    var isBackUnsaid = false
  }

  /// Rows and bytes of one batch; what breaks sends at most so much again.
  static let batchRows = 1000
  static let batchBytes = 1 << 20
  static let overdueSeconds: Int64 = 3600
  private static let longestPauseMilliseconds: Int64 = 60_000
  /// In place of a hash that cannot be had any more.
  private static let unknownLeaf = [UInt8](repeating: 0, count: 32)

  private let services: Services
  private let log: SafeLog
  private let destination: ForwardDestination
  private let path: String
  private let standing: Mutex<Standing>

  /// - Parameter folder: for the position; made if it is not there.
  init(_ destination: ForwardDestination, services: Services, log: SafeLog, folder: String) throws {
    self.destination = destination
    self.services = services
    self.log = log
    let path = "\(folder)/\(destination.name)"
    self.path = path
    if !FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }
    var position = ForwardPosition()
    // Without a position everything is sent again: twice is told by its sequence, lost is lost.
    do { position = try ForwardPosition.read(path) ?? position } catch { log.event("forwardPositionNotRead") }
    standing = Mutex(Standing(position: position))
    services.metrics.declare(
      "sanmon_forward_next", .gauge, help: "Sequence of the next row that a destination of the log gets",
      labels: ["destination"])
    services.metrics.declare(
      "sanmon_forward_waiting", .gauge, help: "Rows that wait for a destination of the log", labels: ["destination"])
    services.metrics.declare(
      "sanmon_forward_away_seconds", .gauge, help: "Seconds since a destination of the log took nothing; 0 while it takes all",
      labels: ["destination"])
  }

  /// Until the task is cancelled.
  func run() async {
    var failures = 0
    while !Task.isCancelled {
      var pause: Int64 = 1000
      do {
        if try await step() { pause = 0 }
        failures = 0
      } catch let fault as ForwardFault {
        // A server that stops is not a destination that is away.
        guard !Task.isCancelled else { return }
        await noteAway(fault)
        pause = min(Self.longestPauseMilliseconds, 1000 << Int64(min(failures, 6)))
        // Several servers do not come back in step.
        pause = pause / 2 + Int64(services.surroundings.number()) % (pause / 2 + 1)
        failures += 1
      } catch {
        log.event("forwardLogNotRead")
        pause = 5000
      }
      await measure()
      if pause > 0, (try? await Task.sleep(for: .milliseconds(pause))) == nil { return }
    }
  }

  /// - Returns: whether something was delivered.
  /// - Throws: `ForwardFault`, or what kept the log from being read.
  private func step() async throws -> Bool {
    // Rows of a copy that nobody approved may be rows that are lost.
    guard services.restoration.pending == nil else { return false }
    try await follow()
    let next = standing.withLock { $0.position.next }
    var query = AuditQuery()
    query.fromSequence = next
    query.limit = Self.batchRows
    let asked = query
    let rows = try await services.store.read { (state) throws(StorageFault) in try state.auditRows(asked) }
    guard !rows.isEmpty else {
      await noteBack()
      return false
    }
    var bytes: [UInt8] = []
    var last: ForwardedRow?
    for row in rows {
      let forwarded = try forwarded(row)
      let message = SyslogMessage.frame(SyslogMessage.encode(forwarded, as: destination.format))
      if last != nil, bytes.count + message.count > Self.batchBytes { break }
      bytes += message
      last = forwarded
    }
    guard let last else { return false }
    // Read anew each time: a certificate that was renewed counts at once.
    try await ForwardDelivery(destination).send(bytes)
    standing.withLock { standing in
      standing.position.next = last.row.sequence + 1
      standing.position.leaf = last.leaf.bytes
      standing.fault = nil
      if standing.position.awaySince != 0 { standing.isBackUnsaid = true }
    }
    keep()
    await noteBack()
    return true
  }

  private func forwarded(_ row: AuditRow) throws(MalformedInput) -> ForwardedRow {
    try ForwardedRow(row, instance: services.instance.instance, host: services.instance.hosts.first ?? "-")
  }

  // MARK: The position

  /// Holds the position against the log: once after a start, and whenever the log is another one.
  private func follow() async throws {
    let (epoch, size) = try await services.store.read {
      (state) throws(StorageFault) -> (UInt64, UInt64) in (try InstanceEpoch.read(state), try state.auditSize())
    }
    var (position, isChecked) = standing.withLock { ($0.position, $0.isChecked) }
    guard !isChecked || position.epoch != epoch else { return }
    let found = try await leaf(before: min(position.next, size))
    let isKnown = found != Self.unknownLeaf && position.leaf != Self.unknownLeaf
    let isSame = position.next <= size && (!isKnown || found == position.leaf)
    if position.next > 0, position.epoch != epoch, !(isSame && isKnown) {
      // What was written behind an approved copy is new, whatever numbers it has.
      let bases = try await services.vault.status().bases.filter { $0.epoch > position.epoch }
      position.next = min(position.next, bases.map(\.size).min() ?? 0)
      position.leaf = try await leaf(before: position.next)
    } else if position.epoch == epoch, !isSame {
      let words = "\(destination.name) has rows that this log has not, or other ones: it gets the log from its first row"
      guard await record("forward.contradicts", .refused, words) else {
        throw StorageFault.unavailable("a contradiction that no row tells of is not passed over")
      }
      log.event("forwardContradicts")
      position.next = 0
      position.leaf = []
    }
    position.epoch = epoch
    isChecked = true
    standing.withLock { ($0.position, $0.isChecked) = (position, isChecked) }
    keep()
  }

  /// The hash of the row before `sequence`; `unknownLeaf` when the log does not keep it any more.
  private func leaf(before sequence: UInt64) async throws -> [UInt8] {
    guard sequence > 0 else { return [] }
    var query = AuditQuery()
    query.fromSequence = sequence - 1
    query.untilSequence = sequence
    query.limit = 1
    let asked = query
    let rows = try await services.store.read { (state) throws(StorageFault) in try state.auditRows(asked) }
    return try rows.first.map { try forwarded($0).leaf.bytes } ?? Self.unknownLeaf
  }

  private func keep() {
    let position = standing.withLock { $0.position }
    // On a full disk the log goes on to the destination; a restart would then send some of it again.
    do { try position.write(path) } catch { log.event("forwardPositionNotWritten") }
  }

  // MARK: What is said of it

  private var judged: Int64 { services.clockFloor.later(of: services.surroundings.now()) }

  private func noteAway(_ fault: ForwardFault) async {
    let position = standing.withLock { standing in
      standing.fault = fault
      standing.isBackUnsaid = false
      return standing.position
    }
    if position.awaySince == 0 {
      guard await record("forward.away", .done, "\(destination.name): \(fault.words.en); \(Self.said(position).en)") else {
        return
      }
      log.event("forwardAway")
      let since = max(1, judged)
      standing.withLock { $0.position.awaySince = since }
      keep()
    } else if !position.isOverdueSaid, judged - position.awaySince > Self.overdueSeconds * 1000 {
      let words = "\(destination.name): away for more than an hour: \(fault.words.en); \(Self.said(position).en)"
      guard await record("forward.overdue", .done, words) else { return }
      log.event("forwardOverdue")
      standing.withLock { $0.position.isOverdueSaid = true }
      keep()
    }
  }

  private func noteBack() async {
    let (position, isUnsaid) = standing.withLock { ($0.position, $0.isBackUnsaid) }
    guard isUnsaid else { return }
    let seconds = max(0, judged - position.awaySince) / 1000
    guard await record("forward.back", .done, "\(destination.name): back after \(seconds) s; \(Self.said(position).en)") else {
      return
    }
    log.event("forwardBack")
    standing.withLock { standing in
      standing.isBackUnsaid = false
      standing.position.awaySince = 0
      standing.position.isOverdueSaid = false
    }
    keep()
  }

  private func record(_ action: String, _ outcome: AuditOutcome, _ note: String) async -> Bool {
    let now = services.surroundings.now()
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: outcome)
    record.note = note
    return (try? await services.recorder.commit(RecordOnly(record: record), now: now)) != nil
  }

  private func measure() async {
    let position = standing.withLock { $0.position }
    let size = try? await services.store.read { (state) throws(StorageFault) -> UInt64 in try state.auditSize() }
    let labels = [destination.name]
    services.metrics.set(Double(position.next), "sanmon_forward_next", labels)
    if let size {
      services.metrics.set(Double(size > position.next ? size - position.next : 0), "sanmon_forward_waiting", labels)
    }
    let away = position.awaySince == 0 ? 0 : max(0, judged - position.awaySince) / 1000
    services.metrics.set(Double(away), "sanmon_forward_away_seconds", labels)
  }

  /// For the status.
  /// - Parameter size: rows of the log.
  func line(size: UInt64) -> (ja: String, en: String) {
    let (position, fault) = standing.withLock { ($0.position, $0.fault) }
    let waiting = size > position.next ? size - position.next : 0
    let said = Self.said(position)
    let head = (
      ja: "監査記録の転送（\(destination.name)）: \(said.ja)、未送 \(waiting) 件",
      en: "log to \(destination.name): \(said.en), \(waiting) waiting"
    )
    guard position.awaySince != 0 else { return head }
    let minutes = max(0, judged - position.awaySince) / 60_000
    let words = (fault ?? .unreachable).words
    return (
      "警告: \(head.ja)、\(minutes) 分前から届いていません（\(words.ja)）", "WARNING: \(head.en), away for \(minutes) min: \(words.en)"
    )
  }

  private static func said(_ position: ForwardPosition) -> (ja: String, en: String) {
    guard position.next > 0 else { return ("まだ 1 件も届いていません", "nothing delivered yet") }
    return ("\(position.next - 1) 番まで届いています", "delivered up to row \(position.next - 1)")
  }
}
