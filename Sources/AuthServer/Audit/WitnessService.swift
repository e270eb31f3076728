import AuditLog
import AuthPolicy
import AuthTerms
import Storage
import Synchronization

/// Shows each signed checkpoint to the witnesses of the start-up file and keeps what they cosigned; beside the logons, once a
/// second, later and later to one that does not answer.
///
/// A witness that remembers a larger log, or another one of the same size, tells of a database that was put back or of a second
/// history: a row, a count and a line in the log. What it says is not signed, so it stops nobody here; at start its signed word
/// does (`LogContinuity`).
final class WitnessService: Sendable {
  private struct Part: Sendable {
    let verifier: WitnessVerifier
    let connection: WitnessConnection
  }

  private struct Standing: Sendable {
    /// Rows that it cosigned last, as far as it is known here.
    var size: UInt64 = 0
    /// The text it cosigned last.
    var text = ""
    var failures = 0
    /// Asked again from then on.
    var next: Moment?
    var awaySince: Moment?
    var isAwayTold = false
    var contradicts = false

    mutating func wait(from now: Moment) {
      failures += 1
      next = now.advanced(bySeconds: min(Int64(1) << Int64(min(failures, 9)), WitnessService.mostSeconds))
    }
  }

  private enum Outcome: Sendable {
    case cosigned(NoteSignature)
    /// It remembers more rows than this log has.
    case ahead(UInt64)
    /// Another root than it remembers, or no growth from it.
    case contradicts(UInt64)
    /// No answer, or none that means anything; 0 without a status.
    case away(status: Int)
  }

  /// Between two attempts at one that does not answer.
  fileprivate static let mostSeconds: Int64 = 300
  /// From when on one is said to be away.
  private static let awayMilliseconds: Int64 = 600_000

  private let services: Services
  private let checkpoints: CheckpointService
  private let log: SafeLog
  private let parts: [Part]
  private let standings: Mutex<[Standing]>
  private let cosigned = Mutex<SignedNote?>(nil)
  private let isLooking = Mutex(false)

  /// - Parameter verifiers: keys of the start-up file's witnesses, in its order; without any nobody is asked.
  init(services: Services, checkpoints: CheckpointService, verifiers: [WitnessVerifier], log: SafeLog) {
    self.services = services
    self.checkpoints = checkpoints
    self.log = log
    parts = zip(services.instance.witnesses, verifiers).map { witness, verifier in
      Part(verifier: verifier, connection: WitnessConnection(address: witness.address))
    }
    standings = Mutex(Array(repeating: Standing(), count: parts.count))
    services.metrics.declare(
      "sanmon_witness_faults_total", .counter, help: "Answers of witnesses that contradict this log, each counted once")
  }

  var isAsked: Bool { !parts.isEmpty }

  /// A witness's name, and the note it gave.
  typealias Cosigned = (name: String, note: String)

  /// What the witnesses that can be reached cosigned last for this log; nothing in it was verified.
  static func newest(
    _ witnesses: [CheckpointWitness], _ verifiers: [WitnessVerifier], origin: String
  ) async -> [Cosigned] {
    await withTaskGroup(of: Cosigned?.self) { group in
      for (witness, verifier) in zip(witnesses, verifiers) {
        group.addTask {
          guard let reply = try? await WitnessConnection(address: witness.address).newest(origin: origin), reply.status == 200,
            let text = String(validating: reply.body, as: UTF8.self)
          else { return nil }
          return (name: verifier.name, note: text)
        }
      }
      var found: [Cosigned] = []
      for await answer in group {
        if let answer { found.append(answer) }
      }
      return found
    }
  }

  // MARK: Looking

  /// Shows the newest checkpoint to whoever has not cosigned it and may be asked again. One look at a time: two would overtake each
  /// other, and a witness would seem to remember too much.
  func look() async {
    let isFree = isLooking.withLock { looking in
      defer { looking = true }
      return !looking
    }
    guard isFree else { return }
    await lookAlone()
    isLooking.withLock { $0 = false }
  }

  private func lookAlone() async {
    guard isAsked, let newest = checkpoints.newestNote, let note = try? SignedNote(parsing: newest),
      let checkpoint = try? Checkpoint(parsing: note.text)
    else { return }
    let now = services.surroundings.now()
    let due = standings.withLock { standings in
      standings.enumerated().filter { _, standing in
        standing.text != note.text && standing.size <= checkpoint.size && standing.next.map { now.hasReached($0) } ?? true
      }.map { (index: $0.offset, size: $0.element.size) }
    }
    guard !due.isEmpty else { return }
    let outcomes = await withTaskGroup(of: (Int, Outcome).self) { group in
      for (index, size) in due {
        group.addTask { [self] in (index, await ask(parts[index], from: size, note, checkpoint)) }
      }
      return await group.reduce(into: [Int: Outcome]()) { $0[$1.0] = $1.1 }
    }
    var lines: [NoteSignature] = []
    for (index, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
      if case .cosigned(let line) = outcome { lines.append(line) }
      await settle(index, outcome, checkpoint, now)
    }
    if !lines.isEmpty { await keep(lines, under: note) }
  }

  private func ask(_ part: Part, from size: UInt64, _ note: SignedNote, _ checkpoint: Checkpoint) async -> Outcome {
    do {
      var old = size
      // The second time from the size that it told.
      for _ in 0..<2 {
        var proof: [TreeHash] = []
        if old > 0, old < checkpoint.size {
          proof = try await services.store.auditConsistencyProof(from: old, to: checkpoint.size)?.path ?? []
        }
        let reply = try await part.connection.add(AddCheckpoint(oldSize: old, proof: proof, note: note))
        switch reply.status {
        case 200:
          guard let line = cosignature(in: reply.body, of: part.verifier, under: note) else { return .away(status: 200) }
          return .cosigned(line)
        case 409:
          guard let told = AddCheckpoint.size(parsing: reply.body) else {
            // Some name no size where it is the root that differs.
            return old == checkpoint.size ? .contradicts(old) : .away(status: 409)
          }
          if told > checkpoint.size { return .ahead(told) }
          // It was asked from its own size and still says no.
          if told == old { return .contradicts(told) }
          old = told
        case 422: return .contradicts(old)
        default: return .away(status: reply.status)
        }
      }
      return .away(status: 409)
    } catch {
      return .away(status: 0)
    }
  }

  /// The protocol's way to read an answer: put behind the checkpoint, it is a note whose signatures are looked at.
  private func cosignature(in body: [UInt8], of verifier: WitnessVerifier, under note: SignedNote) -> NoteSignature? {
    guard let lines = String(validating: body, as: UTF8.self), let whole = try? SignedNote(parsing: note.encoded + lines),
      whole.text == note.text, verifier.time(of: whole) != nil
    else { return nil }
    return whole.signatures.last { $0.name == verifier.name && $0.keyID == verifier.keyID }
  }

  private func keep(_ lines: [NoteSignature], under note: SignedNote) async {
    let whole = cosigned.withLock { kept -> SignedNote? in
      var base = note
      if let former = kept, former.text == note.text { base = former }
      guard let next = try? SignedNote(text: base.text, signatures: base.signatures + lines) else { return nil }
      kept = next
      return next
    }
    guard let whole else { return }
    do { try await services.store.store(checkpoint: whole.encoded) } catch { log.event("cosignatureNotKept") }
  }

  // MARK: Telling

  private func settle(_ index: Int, _ outcome: Outcome, _ checkpoint: Checkpoint, _ now: Moment) async {
    let name = parts[index].verifier.name
    switch outcome {
    case .cosigned:
      let before = standings.withLock { standings in
        defer {
          standings[index] = Standing()
          standings[index].size = checkpoint.size
          standings[index].text = checkpoint.text
        }
        return standings[index]
      }
      guard before.isAwayTold || before.contradicts else { return }
      log.event("witnessBack")
      await record("witness.back", .done, "\(name) cosigns again", now)
    case .ahead(let size):
      await contradict(index, "\(name) has cosigned \(size) rows, this log has \(checkpoint.size)", now)
    case .contradicts(let size):
      await contradict(index, "\(name) has cosigned \(size) rows that are not the beginning of this log", now)
    case .away(let status):
      let isNew = standings.withLock { standings in
        standings[index].wait(from: now)
        let since = standings[index].awaySince ?? now
        standings[index].awaySince = since
        guard !standings[index].isAwayTold, now.milliseconds(since: since) >= Self.awayMilliseconds else { return false }
        standings[index].isAwayTold = true
        return true
      }
      guard isNew else { return }
      log.event("witnessAway", ["status": .number(status)])
      await record("witness.away", .refused, "\(name) has cosigned nothing for 10 minutes; its last status: \(status)", now)
    }
  }

  /// Once, until it cosigns again.
  private func contradict(_ index: Int, _ note: String, _ now: Moment) async {
    let isNew = standings.withLock { standings in
      standings[index].failures = 9
      standings[index].wait(from: now)
      defer { standings[index].contradicts = true }
      return !standings[index].contradicts
    }
    guard isNew else { return }
    services.metrics.add(to: "sanmon_witness_faults_total")
    log.event("witnessContradicts")
    await record("witness.contradicts", .refused, note, now)
  }

  /// Without its row it stands in the log and in the status.
  private func record(_ action: String, _ outcome: AuditOutcome, _ note: String, _ now: Moment) async {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: outcome)
    record.note = note
    _ = try? await services.recorder.commit(RecordOnly(record: record), now: now)
  }

  // MARK: What is asked of it

  /// The newest note that a witness has cosigned, if it is still the newest that is kept.
  func witnessed() async -> String? {
    if let kept = cosigned.withLock({ $0 }) { return kept.encoded }
    guard let text = try? await services.store.newestCheckpoint(), let note = try? SignedNote(parsing: text),
      parts.contains(where: { $0.verifier.time(of: note) != nil })
    else { return nil }
    return text
  }

  /// Of the one that has been silent longest; 0 while all answer.
  func awaySeconds(at now: Moment) -> Double {
    standings.withLock { standings in
      standings.compactMap { $0.awaySince.map { Double(now.milliseconds(since: $0) / 1000) } }.max() ?? 0
    }
  }

  /// Lines for `sanmon status`.
  var warnings: (ja: [String], en: [String]) {
    var (ja, en): ([String], [String]) = ([], [])
    for (part, standing) in zip(parts, standings.withLock({ $0 })) {
      let name = part.verifier.name
      if standing.contradicts {
        ja.append("警告: 証人 \(name) の記憶と、この監査記録が一致しません。古い写しに戻されたおそれがあります（障害時の手順「証人」）。")
        en.append(
          "WARNING: the witness \(name) remembers another log than this one: it may have been put back (docs/operations.md, "
            + "\"Witnesses\")")
      } else if standing.isAwayTold, let since = standing.awaySince {
        let time = CivilTime(wallMilliseconds: since.wallMilliseconds).timestamp
        ja.append("警告: 証人 \(name) が \(time) から連署していません。証人の装置と経路を確かめてください。")
        en.append("WARNING: the witness \(name) has been away since \(time); check its machine and the way there")
      }
    }
    return (ja, en)
  }
}
