import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage
import Synchronization
import VaultLink

/// Gives an auditor rows with what proves them. The row about it is written first, so that the signed checkpoint covers it too.
///
/// A row is read only in a pack that its operator opened: one row of the log for each pack, not for each page of it.
struct AuditPackDesk: Sendable {
  /// Bytes of rows in one answer.
  static let pageLimit = 512 * 1024

  let services: Services
  let checkpoints: CheckpointService
  let open: OpenAuditPacks

  func begin(_ message: AuditPackRequest, by acting: OperatorRecord) async throws -> AuditPackOpened {
    let now = services.surroundings.now()
    let purpose = try Remark(parsing: message.purpose)
    guard purpose.text.contains(where: { !$0.isWhitespace }), (0...253_402_300_799_999).contains(message.from),
      (0...253_402_300_799_999).contains(message.until)
    else { throw HTTPFault.malformed(.value) }
    // What is still to come is in nobody's log.
    let order = try AuditPackOrder(
      from: message.from, until: min(message.until, now.wallMilliseconds), purpose: purpose.text)
    let record = order.record(at: now.wallMilliseconds, by: acting.id)
    let exported = try await services.recorder.commit(RecordNumbered(record: record), now: now)
    let rows = try await range(of: order, before: exported)
    let note = try await VaultAnswers.ask { try await checkpoints.sign() }
    let keys = try await VaultAnswers.ask { try await services.vault.publicKeys() }
    let size = try Checkpoint(parsing: try SignedNote(parsing: note).text).size
    guard let own = try await services.store.auditRangeProof(of: exported..<exported + 1, size: size),
      let proof = try await services.store.auditRangeProof(of: rows, size: size)
    else { throw HTTPFault.serverFault }
    let pack = "k-" + Hex.encode(services.surroundings.random(16))
    open.remember(pack, OpenAuditPacks.Pack(rows: rows, by: acting.id, since: now), now: now)
    return AuditPackOpened(
      pack: pack, note: note, exportRow: exported, export: Data(try RecordEncoding.encode(record)),
      exportProof: Data(own.hashes.flatMap(\.bytes)), first: rows.lowerBound, end: rows.upperBound,
      proof: Data(proof.hashes.flatMap(\.bytes)), verifierKey: keys.checkpointVerifier)
  }

  /// From the first row of the span to its last, and the neighbour on each side, by which an auditor sees that nothing of the
  /// span was left out beside them. The export's own row is behind every span.
  private func range(of order: AuditPackOrder, before exported: UInt64) async throws -> Range<UInt64> {
    var query = AuditQuery()
    query.from = order.from
    query.until = order.until
    query.untilSequence = exported
    query.limit = 1
    let oldest = query
    query.newestFirst = true
    let newest = query
    query.from = nil
    query.until = order.from
    let former = query
    return try await services.store.read { (state) throws(StorageFault) -> Range<UInt64> in
      guard let first = try state.auditRows(oldest).first?.sequence, let last = try state.auditRows(newest).first?.sequence
      else {
        // No row in the span: its two neighbours show that.
        let next = try state.auditRows(former).first.map { $0.sequence + 1 } ?? 0
        return (next > 0 ? next - 1 : 0)..<next + 1
      }
      return (first > 0 ? first - 1 : 0)..<last + 2
    }
  }

  /// - Throws: `HTTPFault.notFound` for a pack of another operator, too, and for rows that are not in it.
  func rows(of pack: String, from: UInt64, by acting: OperatorRecord) async throws -> AuditPackRows {
    guard let found = open.find(pack, by: acting.id, now: services.surroundings.now()), from >= found.rows.lowerBound,
      from <= found.rows.upperBound
    else { throw HTTPFault.notFound }
    var query = AuditQuery()
    query.fromSequence = from
    query.untilSequence = found.rows.upperBound
    query.limit = 1000
    let asked = query
    let rows = try await services.store.read { (state) throws(StorageFault) -> [AuditRow] in try state.auditRows(asked) }
    var writer = LengthPrefixedWriter(reserving: Self.pageLimit)
    for row in rows {
      let encoded = try RecordEncoding.encode(row.record)
      guard writer.bytes.count + encoded.count + 4 <= Self.pageLimit else { break }
      writer.field(encoded)
    }
    return AuditPackRows(rows: Data(writer.bytes))
  }
}

/// Packs whose rows may be read: for a day, a hundred at most, void after a restart.
final class OpenAuditPacks: Sendable {
  struct Pack: Sendable {
    let rows: Range<UInt64>
    let by: OperatorID
    let since: Moment
  }

  private static let limit = 100
  private static let milliseconds: Int64 = 86_400_000
  private let packs = Mutex<[String: Pack]>([:])

  /// The oldest one makes room.
  func remember(_ id: String, _ pack: Pack, now: Moment) {
    packs.withLock { packs in
      packs = packs.filter { now.milliseconds(since: $0.value.since) < Self.milliseconds }
      if packs.count >= Self.limit,
        let oldest = packs.max(by: { now.milliseconds(since: $0.value.since) < now.milliseconds(since: $1.value.since) })
      {
        packs[oldest.key] = nil
      }
      packs[id] = pack
    }
  }

  func find(_ id: String, by acting: OperatorID, now: Moment) -> Pack? {
    packs.withLock { packs in
      guard let pack = packs[id], pack.by == acting, now.milliseconds(since: pack.since) < Self.milliseconds else { return nil }
      return pack
    }
  }
}

/// A row alone, and its number.
struct RecordNumbered: Change {
  let record: AuditRecord

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (UInt64, AuditRecord) {
    (try state.auditSize(), record)
  }
}
