import AuditLog
import AuthAPI
public import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Hummingbird
import Logging
import Sealing
import ServiceLifecycle
import Storage
import Synchronization
import UnixSignals
import VaultLink

/// One server instance: the composition, nothing else.
public final class Server: Sendable {
  private let services: Services
  private let state: StateFolder
  private let store: SQLiteStore
  private let checkpoints: CheckpointService
  private let witnesses: WitnessService
  private let backups: BackupDesk
  private let rehearsals: RehearsalDesk
  /// `nil` where people are imported from files.
  private let directory: DirectoryService?
  private let purge: PurgeService?
  private let forwarders: [Forwarder]
  private let support: HTTPSupport
  private let mainTLS: ServerTLS
  private let enrolmentTLS: ServerTLS
  /// `nil` if operators come through the unix socket alone.
  private let operatorTLS: ServerTLS?
  private let authority: String
  private let ports = Mutex<[ListenerName: Int]>([:])

  /// Opens everything; nothing is listened on yet.
  /// - Throws: anything that keeps the server from being right: a wrong policy, a vault that is not this instance's, a state
  ///   folder others can read, a database that is not durable.
  public init(_ instance: InstanceFile, surroundings: Surroundings, credentials: String?) async throws {
    let keys = try HandCopiedKeys(instance)
    let now = surroundings.now()
    let clock = ServerClock(now: surroundings.now, microseconds: surroundings.microseconds)
    support = HTTPSupport(clock: clock, log: .standardError(clock: clock), metrics: MetricsRegistry())
    state = try StateFolder(instance.state)
    let policy = try PolicyHolder(folder: instance.policies, today: LocalTime(now, offsetSeconds: 9 * 3600).day)
    let vault = VaultLink(socket: instance.vaultSocket)
    let status = try await vault.status()
    guard status.isInitialised, status.instance == instance.instance, Set(status.segments) == Set(instance.segments.map(\.name))
    else { throw StartFault.vaultOfAnotherInstance }
    let offset = policy.policy.organisation.timeZoneOffsetSeconds
    store = try SQLiteStore(path: state.database, localDayOffsetSeconds: offset)
    let verifier = try await NoteVerifier(vkey: vault.publicKeys().checkpointVerifier)
    let restored = try await LogContinuity(store: store, verifier: verifier).examine(
      vault: status, witness: instance.witness,
      cosigned: await WitnessService.newest(instance.witnesses, keys.witnesses, origin: verifier.name))
    let columns = try ColumnKeys(
      current: ColumnKey(id: 1, key: state.columnKey(random: surroundings.random, credentials: credentials)))
    services = try Services(
      instance: instance, surroundings: surroundings, store: store, clockFloor: try await ClockFloor(readFrom: store),
      policy: policy,
      trust: TrustHolder(try CardRoots.load(instance)), vault: vault, columns: columns,
      hashingThreads: max(1, ProcessInfo.processInfo.activeProcessorCount), metrics: support.metrics,
      restoration: Restoration(restored))
    try await PolicySignatures(services: services).requireAtStart(now: now)
    checkpoints = CheckpointService(store: store, vault: vault)
    if restored != nil { await checkpoints.hold() }
    witnesses = WitnessService(
      services: services, checkpoints: checkpoints, verifiers: keys.witnesses, log: support.log)
    backups = BackupDesk(
      services: services, store: store, checkpoints: checkpoints, folder: state.backupFolder,
      columnKeyFile: state.columnKeyFile, recovery: keys.recovery)
    directory = Self.directory(instance, keys, services, support.log)
    purge = directory.map { [services, support] in PurgeService(services: services, directory: $0, log: support.log) }
    rehearsals = RehearsalDesk(services: services, store: store, directory: directory, folder: state.rehearsalFolder)
    forwarders = try instance.forward.map { [services, support, state] destination in
      try Forwarder(destination, services: services, log: support.log, folder: state.forwardFolder)
    }
    let identity = try await Self.identity(state, vault, now)
    let roots = try await vault.trustRoots()
    authority = WorkstationDesk.fingerprint(roots.first ?? []).hex
    mainTLS = try ServerTLS.mutual(
      identity: identity, trustRoots: TLSTrustRoots(roots), minimum: instance.listen.minimum == .v12 ? .tls12 : .tls13)
    enrolmentTLS = try ServerTLS.serverOnly(
      identity: identity, minimum: instance.enrolmentListen.minimum == .v12 ? .tls12 : .tls13)
    if let door = instance.operatorListen, let trust = services.trust.operators {
      operatorTLS = try ServerTLS.mutual(
        identity: identity, trustRoots: TLSTrustRoots(trust.anchors), minimum: door.listen.minimum == .v12 ? .tls12 : .tls13)
    } else {
      operatorTLS = nil
    }
  }

  private static func directory(
    _ instance: InstanceFile, _ keys: HandCopiedKeys, _ services: Services, _ log: SafeLog
  ) -> DirectoryService? {
    if let connection = instance.directory { return DirectoryService(services: services, configuration: connection, log: log) }
    guard let snapshot = instance.snapshot, let key = keys.snapshot else { return nil }
    return DirectoryService(services: services, snapshot: snapshot, key: key, domain: keys.domain, log: log)
  }

  /// What `Background` does with every checkpoint, now.
  package func lookAtVault() async throws { try await VaultWatch(services: services, log: support.log).look() }

  /// What `Background` does once a second, now.
  package func lookAtWitnesses() async { await witnesses.look() }

  private static func identity(_ state: StateFolder, _ vault: any Vault, _ now: Moment) async throws -> TLSIdentity {
    let (chain, key) = try await state.tlsIdentity(vault: vault, now: now)
    return try TLSIdentity(certificates: chain, key: key)
  }

  // MARK: Running

  /// Serves until the task is cancelled or a graceful shutdown is asked for.
  /// - Parameter ready: called once, when every listener accepts.
  public func run(ready: @escaping @Sendable () -> Void) async throws {
    // Whoever copies the file of a stopped server then has the whole of it.
    defer { store.close() }
    observe()
    try await record("server.started")
    let listeners = try makeListeners()
    let expected = listeners.count
    let open = Mutex(0)
    let onBound: @Sendable (ListenerName, Int?) async -> Void = { [self] name, port in
      if let port { ports.withLock { $0[name] = port } }
      let count = open.withLock { count in
        count += 1
        return count
      }
      if count == expected { ready() }
    }
    let group = ListenerGroup(
      try listeners.map { configuration, router in
        try Listener(configuration, router: router, support: support, onBound: onBound)
      })
    let background = Background(
      services: services, checkpoints: checkpoints, witnesses: witnesses, log: support.log,
      accessEnds: AccessEnds(services: services) { [directory] in directory?.condition.ends ?? [:] },
      // What was issued while the clock was wrong is replaced at once.
      clockWasSet: { [self] in await reloadTLS() })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask { await background.run() }
      if let directory { tasks.addTask { await directory.run() } }
      if let purge { tasks.addTask { await purge.run() } }
      for forwarder in forwarders { tasks.addTask(priority: .utility) { await forwarder.run() } }
      tasks.addTask { [self] in
        // A certificate that ends within a month is replaced under way; nobody has to restart for it.
        while (try? await Task.sleep(for: .seconds(6 * 3600))) != nil { await reloadTLS() }
      }
      // The listeners end at shutdown; then the rest ends too.
      try await tasks.next()
      services.watch.finishAll()
      tasks.cancelAll()
    }
    await background.flush(all: true)
    try await record("server.stopped")
    _ = try? await checkpoints.sign()
  }

  /// `run` until SIGTERM or SIGINT; running requests end first.
  public func runUntilSignalled(ready: @escaping @Sendable () -> Void) async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(service: RunningServer(server: self, ready: ready), successTerminationBehavior: .gracefullyShutdownGroup)
        ],
        gracefulShutdownSignals: [.sigterm, .sigint],
        logger: Logger(label: "sanmon.server") { _ in SwiftLogNoOpLogHandler() }))
    try await group.run()
  }

  public func port(_ listener: ListenerName) -> Int? { ports.withLock { $0[listener] } }

  /// Reads policies, card roots and the server certificate again (SIGHUP). What is wrong is refused and the old stays.
  public func reload() async {
    _ = try? await PolicyService(services: services).reload(cause: "signal", by: nil)
    if let trust = try? CardRoots.load(services.instance) {
      services.trust.replace(trust)
    } else {
      support.log.event("cardRootsRefused")
    }
    await reloadTLS()
  }

  private func reloadTLS() async {
    let now = services.surroundings.now()
    do {
      let identity = try await Self.identity(state, services.vault, now)
      let roots = try TLSTrustRoots(await services.vault.trustRoots())
      try mainTLS.replace(identity: identity, trustRoots: roots)
      try enrolmentTLS.replace(identity: identity, trustRoots: nil)
      if let operatorTLS, let trust = services.trust.operators {
        try operatorTLS.replace(identity: identity, trustRoots: TLSTrustRoots(trust.anchors))
      }
    } catch { support.log.event("tlsReloadRefused") }
  }

  private func makeListeners() throws -> [(ListenerConfiguration, Router<SanmonRequestContext>)] {
    let instance = services.instance
    let workstations = Router(context: SanmonRequestContext.self)
    // First, so that it stands before every route.
    workstations.add(middleware: RestoredDoor(services: services, isForOperators: false))
    WorkstationRoutes(services: services, openAPI: OpenAPIDocument.json).add(to: workstations)
    let enrolment = Router(context: SanmonRequestContext.self)
    enrolment.add(middleware: RestoredDoor(services: services, isForOperators: false))
    EnrolmentRoutes(services: services).add(to: enrolment)
    let operations = OperationsRoutes(metrics: support.metrics, checks: readinessChecks)
    let operatorRoutes = OperatorRoutes(
      services: services, checkpoints: checkpoints, witnesses: witnesses, backups: backups, rehearsals: rehearsals,
      directory: directory, purge: purge,
      status: { [self] in try await status() })
    let operators = Router(context: SanmonRequestContext.self)
    operators.add(middleware: RestoredDoor(services: services, isForOperators: true))
    operatorRoutes.add(to: operators)
    operations.add(to: operators)
    var workstationLimits = Limits()
    workstationLimits.connectionsPerSource = instance.connectionsPerSource
    // A whole city at 8:30, each waiting for the hash of a password: as many as the hashing pool lets wait. Every one of
    // them has shown a workstation's certificate.
    workstationLimits.requestsAtOnce = 2048
    if !instance.palmMatchers.isEmpty {
      // The picture in base64, and the other proofs beside it.
      workstationLimits.proofBytes = PalmSampleMessage.mostPictureBytes / 3 * 4 + workstationLimits.bodyBytes
    }
    var operatorLimits = Limits()
    // A whole directory travels in one body.
    operatorLimits.bodyBytes = 16 << 20
    var listeners: [(ListenerConfiguration, Router<SanmonRequestContext>)] = [
      (
        ListenerConfiguration(
          .workstations(address: instance.listen.listener.address, port: instance.listen.listener.port, tls: mainTLS),
          limits: workstationLimits),
        workstations
      ),
      (
        ListenerConfiguration(
          .enrolment(
            address: instance.enrolmentListen.listener.address, port: instance.enrolmentListen.listener.port, tls: enrolmentTLS)
        ),
        enrolment
      ),
      (
        ListenerConfiguration(
          .operators(path: instance.operatorSocket, permissions: .everyone), limits: operatorLimits),
        operators
      ),
    ]
    if let door = instance.operatorListen, let operatorTLS {
      let router = Router(context: SanmonRequestContext.self)
      // First, so that it stands before every route and before the answer that there is none.
      router.add(middleware: OperatorCardDoor(services: services))
      router.add(middleware: RestoredDoor(services: services, isForOperators: true))
      operatorRoutes.add(to: router)
      operations.add(to: router)
      listeners.append(
        (
          ListenerConfiguration(
            .operatorsTLS(address: door.listen.listener.address, port: door.listen.listener.port, tls: operatorTLS),
            limits: operatorLimits),
          router
        ))
    }
    if let metrics = instance.metricsListen {
      let router = Router(context: SanmonRequestContext.self)
      operations.add(to: router)
      listeners.append((ListenerConfiguration(.metrics(address: metrics.address, port: metrics.port)), router))
    }
    return listeners
  }

  /// What an operator's monitoring looks at.
  private func observe() {
    let metrics = support.metrics
    let services = services
    let checkpoints = checkpoints
    metrics.observe("sanmon_unrecorded_denials", help: "Refused because no row could be written, since the last recovery") {
      Double(services.recorder.unrecordedDenials)
    }
    metrics.observe("sanmon_watching_workstations", help: "Workstations with a held connection") {
      Double(services.watch.count)
    }
    metrics.observe("sanmon_open_ceremonies", help: "Challenges that wait for proofs") { Double(services.ceremonies.count) }
    let (floor, now) = (services.clockFloor, services.surroundings.now)
    metrics.observe(
      "sanmon_clock_behind_seconds", help: "Seconds the wall clock is before the newest rows; 0 while it can be right"
    ) {
      Double(floor.secondsBehind(at: now()) ?? 0)
    }
    if let directory {
      metrics.observe(
        "sanmon_directory_age_seconds",
        help: "Seconds since a domain controller answered, or since the snapshot in force was written; -1 before the first"
      ) {
        directory.condition.ageSeconds(at: now())
      }
      metrics.observe("sanmon_directory_held", help: "1 while a change of the directory is held") {
        directory.condition.held.isEmpty ? 0 : 1
      }
      metrics.observe(
        "sanmon_directory_fault",
        help: "Number of the code DS… that says why the last look brought nothing; 0 when it was answered"
      ) {
        directory.condition.fault.flatMap { Double($0.code.dropFirst(2)) } ?? 0
      }
      metrics.observe("sanmon_directory_drift", help: "Objects that the last nightly comparison found otherwise than kept") {
        Double(directory.condition.drift)
      }
    }
    if witnesses.isAsked {
      let witnesses = witnesses
      metrics.observe(
        "sanmon_witness_away_seconds", help: "Seconds for which the witness that is silent longest has cosigned nothing"
      ) {
        witnesses.awaySeconds(at: now())
      }
    }
    metrics.observe("sanmon_checkpoint_size", help: "Rows covered by the newest signed checkpoint") {
      Double(checkpoints.signedSize)
    }
  }

  private var readinessChecks: [ReadinessCheck] {
    [
      ReadinessCheck("store") { [store] in
        (try? await store.read { (state) throws(StorageFault) -> UInt64 in try state.auditSize() }) != nil
      },
      ReadinessCheck("vault") { [services] in (try? await services.vault.status()) != nil },
      ReadinessCheck("approval") { [services] in services.restoration.pending == nil },
    ]
  }

  private func status() async throws -> InstanceStatus {
    let (count, workstations, sessions, rows) = try await store.read {
      (state) throws(StorageFault) -> (Int, Int, Int, UInt64) in
      (try state.peopleCount(), try state.workstations().count, try state.liveSessions().count, try state.auditSize())
    }
    let vault = try? await services.vault.status()
    let policy = services.policy.policy
    let waivers = try await WaiverDesk(services: services).warnings()
    let clock = services.clockFloor.secondsBehind(at: services.surroundings.now()).map(ClockFloor.warning)
    let lists = RevocationWatch(services: services, log: support.log).lines()
    let forwards = forwarders.map { $0.line(size: rows) }
    let outside = (ja: lists.ja + forwards.map(\.ja), en: lists.en + forwards.map(\.en))
    let waiting = services.restoration.pending == nil ? nil : Sentences.of(.instanceRestored)
    let people = directory?.condition.warnings(at: services.surroundings.now())
    let operators = try await OperatorDirectory(services: services).warnings(services.surroundings.now())
    let access = try await AccessDesk(services: services).warnings()
    let relinks = directory == nil ? (ja: [], en: []) : try await RelinkDesk(services: services).warnings()
    let cosigners = witnesses.warnings
    let warningsJa =
      [waiting?.ja, clock?.ja].compactMap { $0 } + (people?.ja ?? []) + (purge?.warnings.ja ?? []) + operators.ja + access.ja
      + relinks.ja + outside.ja + waivers.map { $0.render(.ja) }
    let warningsEn =
      [waiting?.en, clock?.en].compactMap { $0 } + (people?.en ?? []) + (purge?.warnings.en ?? []) + operators.en + access.en
      + relinks.en + outside.en + waivers.map { $0.render(.en) }
    let numbers = try await CardReportDesk(services: services).standing()
    let external = try await ExternalDesk(services: services).warnings()
    return InstanceStatus(
      instance: services.instance.instance, city: policy.organisation.city.ja,
      segments: services.instance.segments.map(\.name), policyVersion: policy.version.hex, people: count,
      workstations: workstations, liveSessions: sessions, watching: services.watch.count, auditRows: rows,
      checkpointSize: checkpoints.signedSize, unrecordedDenials: services.recorder.unrecordedDenials,
      vaultRows: vault?.logSize, vaultAlarms: vault?.alarms,
      mainPort: port(.workstations) ?? 0, enrolmentPort: port(.enrolment) ?? 0, authority: authority,
      warningsJa: warningsJa + external.ja + numbers.ja + cosigners.ja,
      warningsEn: warningsEn + external.en + numbers.en + cosigners.en,
      numberCardPeople: numbers.people,
      externalPeopleToAnswer: external.people == 0 ? nil : external.people)
  }

  private func record(_ action: String) async throws {
    let now = services.surroundings.now()
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .done)
    record.policyVersion = services.policy.policy.version
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }
}

private struct RunningServer: Service {
  let server: Server
  let ready: @Sendable () -> Void

  func run() async throws { try await server.run(ready: ready) }
}
