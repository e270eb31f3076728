import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Isolation
import Storage

/// What a server does by itself: signs checkpoints, notices changed policy files and revocation lists, writes coalesced refusals, begins and
/// ends dated accesses, locks sessions whose people may no longer use them.
struct Background: Sendable {
  let services: Services
  let checkpoints: CheckpointService
  let witnesses: WitnessService
  let log: SafeLog
  let accessEnds: AccessEnds
  /// After the clock was set, or came right.
  let clockWasSet: @Sendable () async -> Void
  /// Kept for the next requests; what is free beyond it goes back to the system within five seconds.
  private static let freeBytes = 8 << 20

  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await watchPolicies() }
      group.addTask { await watchRevocationLists() }
      group.addTask {
        await every(.seconds(services.instance.checkpointSeconds)) {
          // Before the checkpoint, which then covers what was found.
          do { try await VaultWatch(services: services, log: log).look() } catch { log.event("vaultLogNotLookedAt") }
          do { _ = try await checkpoints.sign() } catch { log.event("checkpointNotSigned") }
        }
      }
      group.addTask {
        await every(.seconds(5)) {
          await flush(all: false)
          FreeMemory.giveBack(above: Self.freeBytes)
        }
      }
      if witnesses.isAsked {
        group.addTask { await every(.seconds(1)) { await witnesses.look() } }
      }
      group.addTask { await watchClock() }
      group.addTask {
        await every(.seconds(2)) {
          do { try await services.palmKeeper.look(services) } catch { log.event("palmsNotLookedAfter") }
        }
      }
      group.addTask {
        await every(.seconds(1)) {
          do { try await accessEnds.look() } catch { log.event("accessEndsNotLookedAt") }
        }
      }
      group.addTask {
        await every(.seconds(AccessKeeper.seconds)) {
          do { try await AccessKeeper(services: services).look() } catch { log.event("accessNotSettled") }
        }
      }
      group.addTask {
        await every(.seconds(ExternalKeeper.seconds)) {
          do { try await ExternalKeeper(services: services).look() } catch { log.event("externalPeopleNotSettled") }
        }
      }
      group.addTask { await indexOlderRows() }
      await group.waitForAll()
    }
  }

  /// After an update from a version whose log had no index for searching: a few rows at a time, so that no logon waits for them.
  private func indexOlderRows() async {
    while !Task.isCancelled {
      do {
        guard try await services.store.indexOlderRows(1000) else { return }
        try? await Task.sleep(for: .milliseconds(100))
      } catch {
        log.event("olderRowsNotIndexed")
        try? await Task.sleep(for: .seconds(60))
      }
    }
  }

  private func every(_ interval: Duration, _ work: () async -> Void) async {
    while (try? await Task.sleep(for: interval)) != nil { await work() }
  }

  /// Looks once a second; acts when the folder has been still for one look, so that a half-written set is not read.
  private func watchPolicies() async {
    var known = services.policy.fingerprintOfFolder()
    var last = known
    await every(.seconds(1)) {
      let present = services.policy.fingerprintOfFolder()
      defer { last = present }
      guard present != known, present == last else { return }
      let result = try? await PolicyService(services: services).reload(cause: "files changed", by: nil)
      // A reload whose row could not be written changed nothing, and is tried again.
      if result != nil { known = present }
      log.event("policyFilesChanged", ["accepted": .number(result?.faultsEn.isEmpty == true ? 1 : 0)])
    }
  }

  /// Looks once a second, and acts like `watchPolicies` when nothing has moved for one look.
  private func watchRevocationLists() async {
    let watch = RevocationWatch(services: services, log: log)
    var known = watch.fingerprint()
    guard known != nil else { return }
    var last = known
    var standings: [String: RevocationOutlook.Standing] = [:]
    await watch.look(&standings)
    await every(.seconds(1)) {
      let present = watch.fingerprint()
      defer { last = present }
      if present != known, present == last, await watch.takeUp() { known = present }
      await watch.look(&standings)
    }
  }

  /// Somebody set the clock: dates, hours and certificates follow it, so it has a row, a count and a line in the log. A clock
  /// that cannot be right has a row when that is seen and another when it is over.
  private func watchClock() async {
    var watch = ClockWatch(services.surroundings.now())
    var isBehind = false
    await look(&watch, &isBehind)
    await every(.seconds(1)) { await look(&watch, &isBehind) }
  }

  private func look(_ watch: inout ClockWatch, _ isBehind: inout Bool) async {
    let now = services.surroundings.now()
    // Without its row a thing stays unseen, and is looked at again.
    if let seconds = watch.step(at: now) {
      let words = "the wall clock was set \(seconds < 0 ? "back" : "forward") by \(abs(seconds)) s"
      guard await record("clock.stepped", words, now) else { return }
      watch.settle(at: now)
      services.metrics.add(to: "sanmon_clock_steps_total")
      log.event("clockStepped", ["seconds": .number(seconds)])
      await clockWasSet()
    }
    let floor = services.clockFloor
    let behind = floor.secondsBehind(at: now)
    guard (behind != nil) != isBehind else { return }
    if let behind {
      let change = NoteClockBehind(
        record: Self.row("clock.behind", "the wall clock is \(behind) s before the newest rows or this release", now),
        floor: floor.milliseconds)
      guard (try? await services.recorder.commit(change, now: now)) != nil else { return }
      log.event("clockBehind", ["seconds": .number(behind)])
    } else {
      guard await record("clock.right", "the wall clock has passed the newest rows again", now) else { return }
      log.event("clockRight")
    }
    isBehind = behind != nil
  }

  private func record(_ action: String, _ note: String, _ now: Moment) async -> Bool {
    (try? await services.recorder.commit(RecordOnly(record: Self.row(action, note, now)), now: now)) != nil
  }

  private static func row(_ action: String, _ note: String, _ now: Moment) -> AuditRecord {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .done)
    record.note = note
    return record
  }

  /// Writes what the coalescer counted.
  func flush(all: Bool) async {
    let now = services.surroundings.now()
    for (source, window) in services.coalescer.due(now: now, all: all) {
      // Reports of a workstation are counted under the neutral code; they are no refusals.
      let isReport = source.code == .notAccepted
      var record = AuditRecord(
        time: now.wallMilliseconds,
        eventClass: source.operatorCertificate != nil ? .administration : isReport ? .workstation : .ceremony,
        action: isReport ? "events.coalesced" : "refusals.coalesced", outcome: isReport ? .done : .denied)
      record.workstation = source.workstation
      record.code = isReport ? nil : source.code
      record.count = window.uncounted
      record.note = "like the refusal with reference \(window.reference?.description ?? "-")"
      do { try await services.recorder.commit(RecordOnly(record: record), now: now) } catch {
        services.coalescer.putBack(window, for: source)
        log.event("coalescedNotWritten")
      }
    }
  }
}

/// Whether the wall clock still goes with the monotonic one. Both are slewed alike: only a step parts them, or several small ones.
struct ClockWatch {
  static let toleranceMilliseconds: Int64 = 60_000

  private var difference: Int64

  init(_ now: Moment) { difference = now.wallMilliseconds - now.monotonicMilliseconds }

  /// - Returns: seconds by which the wall clock was set, when that is more than a minute.
  func step(at now: Moment) -> Int64? {
    let step = now.wallMilliseconds - now.monotonicMilliseconds - difference
    return abs(step) > Self.toleranceMilliseconds ? step / 1000 : nil
  }

  /// The step was recorded: from here on the clock counts as right.
  mutating func settle(at now: Moment) { difference = now.wallMilliseconds - now.monotonicMilliseconds }
}
