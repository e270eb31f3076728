import AuditLog
package import AuthAPI
package import AuthPolicy
package import AuthTerms
package import CertificateTrust
package import Sealing
package import Storage
package import VaultLink

/// One server instance without its listeners: what the routes call, over a store, a vault and surroundings that are handed in.
///
/// For whoever drives the services without sockets. Identities are parameters here; nothing that a network can reach may call
/// this.
package final class ServerCore: Sendable {
  private let services: Services
  private let checkpoints: CheckpointService
  private let background: Background

  /// - Parameters:
  ///   - instance: its policy folder is read; listeners, sockets and state folder are not touched.
  ///   - cards: whose cards each served segment believes.
  ///   - compiled: policies that other servers of this process compiled.
  /// - Throws: as a server that may not start: `PolicyFaults`, `StartFault`, or what the store answers.
  package init(
    _ instance: InstanceFile, surroundings: Surroundings, store: any CheckpointingStore, vault: any Vault, columnKey: ColumnKey,
    cards: [Segment: CardTrust], log: SafeLog, compiled: CompiledPolicies? = nil
  ) async throws {
    let now = surroundings.now()
    let policy = try PolicyHolder(
      folder: instance.policies, today: LocalTime(now, offsetSeconds: 9 * 3600).day, compiled: compiled)
    let restored = try await LogContinuity(
      store: store, verifier: NoteVerifier(vkey: vault.publicKeys().checkpointVerifier)
    ).examine(vault: vault.status(), witness: instance.witness)
    // Nobody is here to approve a copy.
    guard restored == nil else { throw Refusal(.instanceRestored, reference: nil) }
    services = try Services(
      instance: instance, surroundings: surroundings, store: store, clockFloor: try await ClockFloor(readFrom: store),
      policy: policy, trust: TrustHolder(Trust(cards: cards, operators: nil)), vault: vault,
      columns: try ColumnKeys(current: columnKey),
      hashingThreads: 1, metrics: MetricsRegistry(), restoration: Restoration(nil))
    checkpoints = CheckpointService(store: store, vault: vault)
    try await PolicySignatures(services: services).requireAtStart(now: now)
    background = Background(
      services: services, checkpoints: checkpoints,
      // Nothing here speaks to a network.
      witnesses: WitnessService(services: services, checkpoints: checkpoints, verifiers: [], log: log), log: log,
      accessEnds: AccessEnds(services: services) { [:] },
      clockWasSet: {})
  }

  package var policyVersion: PolicyVersion { services.policy.policy.version }
  /// Refused because no row could be written, since the last recovery.
  package var unrecordedDenials: Int64 { services.recorder.unrecordedDenials }

  /// A hash as the password column keeps it.
  package func sealed(hash: String, of person: PersonID) throws -> [UInt8] {
    try PasswordColumn.seal(hash, of: person, services.columns)
  }

  // MARK: What workstations ask

  /// The two ends of one connection.
  package struct Caller: Sendable {
    let caller: CeremonyService.Caller

    package init(workstation: CertificateFingerprint, server: CertificateFingerprint, arrived: Moment) {
      caller = CeremonyService.Caller(
        certificate: workstation, serverCertificate: server, arrived: arrived.monotonicMilliseconds)
    }
  }

  package func open(_ caller: Caller) async throws -> CeremonyOpened {
    try await CeremonyService(services: services).open(caller.caller)
  }

  package func prove(_ ceremony: CeremonyID, _ message: ProofsMessage, _ caller: Caller) async throws -> CeremonyAnswer {
    try await CeremonyService(services: services).prove(ceremony, message, caller.caller)
  }

  package func renew(_ session: SessionID, _ caller: Caller) async throws -> SessionStatus {
    let sessions = SessionService(services: services)
    return try await sessions.renew(session, on: sessions.workstation(caller.caller.certificate))
  }

  package func lock(_ session: SessionID, cause: String, _ caller: Caller) async throws -> SessionStatus {
    let sessions = SessionService(services: services)
    return try await sessions.end(.lock, session, cause: cause, on: sessions.workstation(caller.caller.certificate))
  }

  package func logoff(_ session: SessionID, cause: String, _ caller: Caller) async throws -> SessionStatus {
    let sessions = SessionService(services: services)
    return try await sessions.end(.logoff, session, cause: cause, on: sessions.workstation(caller.caller.certificate))
  }

  package func report(_ event: WorkstationEvent, _ caller: Caller) async throws {
    let sessions = SessionService(services: services)
    try await sessions.report(event, from: sessions.workstation(caller.caller.certificate))
  }

  package func watch(_ caller: Caller) async throws -> AsyncStream<WatchEvent> {
    let workstation = try await SessionService(services: services).workstation(caller.caller.certificate)
    return services.watch.listen(workstation.id)
  }

  // MARK: What operators ask

  package func change(
    _ card: CardID, to wish: CardStateChange, by acting: OperatorRecord
  ) async throws -> CardStateChanged {
    try await CardDesk(services: services, challenges: EnrolmentChallenges()).change(card, to: wish, by: acting)
  }

  package func importPeople(_ message: PeopleImport, by acting: OperatorRecord) async throws -> PeopleImported {
    try await PeopleDesk(services: services).importPeople(message, by: acting.id)
  }

  package func revoke(
    _ workstation: WorkstationID, _ message: WorkstationRevocation, by acting: OperatorRecord
  ) async throws -> WorkstationRevoked {
    try await WorkstationDesk(services: services).revoke(workstation, message, by: acting)
  }

  package func end(_ session: SessionID, reason: String, by acting: OperatorRecord) async throws -> SessionSummary {
    try await SessionDesk(services: services).end(session, reason: reason, by: acting)
  }

  package func reload(by acting: OperatorRecord) async throws -> PolicyReloaded {
    try await PolicyService(services: services).reload(cause: "operator", by: acting.id)
  }

  // MARK: What a server does by itself

  /// Writes what the coalescer counted; `all` as at a shutdown.
  package func flush(all: Bool) async { await background.flush(all: all) }

  /// - Returns: the newest signed note.
  package func signCheckpoint() async throws -> String { try await checkpoints.sign() }
}
