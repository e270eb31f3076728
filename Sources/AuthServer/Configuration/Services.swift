import AuthPolicy
public import AuthTerms
import CertificateTrust
import Sealing
import Storage
import Synchronization
import VaultLink

/// The real clock and random source, handed in by the executable (or by a test that moves the clock).
public struct Surroundings: Sendable {
  public let now: @Sendable () -> Moment
  /// Monotonic microseconds, for durations in logs and metrics.
  public let microseconds: @Sendable () -> Int64
  /// Cryptographically random bytes.
  public let random: @Sendable (Int) -> [UInt8]

  /// - Parameter microseconds: without it, durations are as coarse as `now`.
  public init(
    now: @escaping @Sendable () -> Moment, microseconds: (@Sendable () -> Int64)? = nil,
    random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    self.now = now
    self.microseconds = microseconds ?? { now().monotonicMilliseconds * 1000 }
    self.random = random
  }

  /// 128 random bits, hexadecimal, behind a prefix that tells scanners what it is.
  func identifier<Tag>(_ prefix: String) -> Identifier<Tag> {
    guard let identifier = try? Identifier<Tag>(parsing: prefix + "-" + Hex.encode(random(16))) else {
      // Cannot happen: prefixes are short literals of letters, and 32 hexadecimal digits follow.
      preconditionFailure("an identifier prefix is a literal of letters")
    }
    return identifier
  }

  func number() -> UInt32 { random(4).reduce(0) { $0 << 8 | UInt32($1) } }
}

/// What `Trust` is in force; replaced whole when roots or revocation lists are reloaded.
final class TrustHolder: Sendable {
  private let current: Mutex<Trust>
  init(_ trust: Trust) { current = Mutex(trust) }
  func trust(_ segment: Segment) -> CardTrust? { current.withLock { $0.cards[segment] } }
  /// Of My Number Cards; `nil`: nobody vouches for them in this segment.
  func personalTrust(_ segment: Segment) -> CardTrust? { current.withLock { $0.personal[segment] } }
  /// `nil` if operators come through the unix socket alone.
  var operators: OperatorTrust? { current.withLock { $0.operators } }
  var outlooks: [String: RevocationOutlook] { current.withLock { $0.outlooks } }
  func replace(_ trust: Trust) { current.withLock { $0 = trust } }
}

/// What the parts of one server share. No part reaches around it.
final class Services: Sendable {
  let instance: InstanceFile
  let surroundings: Surroundings
  let store: any CheckpointingStore
  let recorder: Recorder
  let clockFloor: ClockFloor
  let policy: PolicyHolder
  let waivers: WaiverApprovals
  let trust: TrustHolder
  let vault: any Vault
  let ceremonies = CeremonyTable()
  let relinks = ChallengeTable<OpenRelink>()
  let firstTaps = ChallengeTable<OpenFirstTap>()
  let expectedCards = ExpectedCardsHint()
  let presence: WorkstationPresence
  let watch: SessionWatch
  let metrics: MetricsRegistry
  let coalescer = RefusalCoalescer()
  let restoration: Restoration
  let hashing: HashingPool
  /// Seals the password column; not in the database.
  let columns: ColumnKeys
  let passwords: PasswordSources
  /// `nil` where people come from files.
  let accounts: DirectoryAccounts?
  let hearing: DirectoryHearing?
  let palms: PalmMatchers
  let palmKeeper = PalmKeeper()
  let releases = ReleaseRate()
  let offers = VaultOffers()
  let sightings = NumberSightings()

  init(
    instance: InstanceFile, surroundings: Surroundings, store: any CheckpointingStore, clockFloor: ClockFloor,
    policy: PolicyHolder, trust: TrustHolder, vault: any Vault, columns: ColumnKeys, hashingThreads: Int,
    metrics: MetricsRegistry, restoration: Restoration
  ) throws {
    palms = try PalmMatchers(instance.palmMatchers)
    self.restoration = restoration
    self.metrics = metrics
    if let directory = instance.directory {
      accounts = DirectoryAccounts(directory)
      hearing = DirectoryHearing(newestRow: clockFloor.milliseconds)
      metrics.declare(
        "sanmon_directory_binds_total", .counter, help: "Checks of typed passwords by the directory", labels: ["outcome"])
    } else {
      accounts = nil
      hearing = nil
    }
    passwords = PasswordSources(isInDirectory: accounts?.knowsPasswords ?? false)
    metrics.declare("sanmon_clock_steps_total", .counter, help: "Steps of the wall clock of more than a minute")
    metrics.declare("sanmon_palms_total", .counter, help: "Palms that were shown, by what came of them", labels: ["outcome"])
    metrics.declare(
      "sanmon_releases_total", .counter, help: "What sessions asked of the vault", labels: ["kind", "outcome"])
    metrics.declare(
      "sanmon_vault_log_faults_total", .counter,
      help: "Looks at the vault's log that found another log, or releases without a row")
    metrics.declare(
      "sanmon_revocation_age_seconds", .gauge, help: "Seconds since the revocation list that is furthest behind was made",
      labels: ["place"])
    metrics.declare(
      "sanmon_revocation_due_seconds", .gauge, help: "Seconds until the first revocation list is due; below 0 afterwards",
      labels: ["place"])
    metrics.declare("sanmon_password_checks_total", .counter, help: "Argon2id checks of typed passwords")
    metrics.declare(
      "sanmon_ceremonies_total", .counter, help: "Decisions by scenario and outcome", labels: ["scenario", "outcome"])

    self.instance = instance
    self.surroundings = surroundings
    self.store = store
    self.clockFloor = clockFloor
    recorder = Recorder(store: store, clockFloor: clockFloor)
    presence = WorkstationPresence(started: surroundings.now())
    watch = SessionWatch(presence: presence, now: surroundings.now)
    self.policy = policy
    waivers = WaiverApprovals(instance: instance.instance)
    self.trust = trust
    self.vault = vault
    self.columns = columns
    hashing = HashingPool(threads: hashingThreads)
  }

  /// What rules are judged by: the day by the later of the clock and the log, so that a clock set back revives nobody; the
  /// hour and the weekday by the clock.
  func local(_ moment: Moment) -> LocalTime {
    let byClock = localByClock(moment)
    let floor = Moment(wallMilliseconds: clockFloor.later(of: moment), boot: "", monotonicMilliseconds: 0)
    return LocalTime(weekday: byClock.weekday, minuteOfDay: byClock.minuteOfDay, day: localByClock(floor).day)
  }

  /// What the directory says now; `nil` where people come from files.
  func directoryFacts(at now: Moment, saysDisabled: Bool = false) -> DirectoryFacts? {
    hearing.map {
      DirectoryFacts(silentSeconds: $0.silentSeconds(at: now, clockFloor.later(of: now)), saysDisabled: saysDisabled)
    }
  }

  /// What rows are dated by.
  func localByClock(_ moment: Moment) -> LocalTime {
    LocalTime(moment, offsetSeconds: policy.policy.organisation.timeZoneOffsetSeconds)
  }
}
