public import AuthAPI
public import AuthTerms
import Isolation
import Synchronization

/// Why the vault gave no answer, or said no. Callers treat each as "no".
public enum VaultFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nobody listens, the connection broke, the deadline passed, or too many requests wait.
  case unreachable(String)
  case refused(VaultRefusal)
  /// An answer that is not the answer to what was asked.
  case malformed(String)

  public var description: String {
    switch self {
    case .unreachable(let reason): "the vault cannot be reached: \(reason)"
    case .refused(let refusal): "the vault refused (\(refusal.code.rawValue)): \(refusal.note)"
    case .malformed(let expected): "the vault's answer is malformed: \(expected)"
    }
  }
}

/// The client's end of the vault's socket: holds no key, asks a few things at a time on threads of its own, and connects
/// again when the vault was restarted.
///
/// A request is never sent twice: an enrolment code that was burned stays burned, and the caller hears that nobody answered.
public final class VaultLink: Sendable {
  private let lanes: Lanes
  private let deadlineMilliseconds: Int

  /// - Parameters:
  ///   - socket: path of the vault's socket.
  ///   - deadlineMilliseconds: for one request, waiting included.
  public init(socket: String, deadlineMilliseconds: Int = 5000) {
    lanes = Lanes(path: socket)
    self.deadlineMilliseconds = deadlineMilliseconds
  }

  /// - Throws: `refused` (`sealed`) while the vault waits for shares of its master key.
  public func status() async throws(VaultFault) -> VaultStatus {
    switch try await ask(.status) {
    case .status(let value): return value
    case .sealed(let sealing): throw .refused(VaultRefusal(.sealed, sealing.sentence))
    default: throw Self.surprise
    }
  }

  /// - Returns: the one-time code that lets the first administrator in; it is shown once and kept nowhere.
  public func initialise(_ settings: VaultInitialisation) async throws(VaultFault) -> String {
    guard case .initialised(let code) = try await ask(.initialise(settings)) else { throw Self.surprise }
    return code
  }

  /// DER: the root of this instance's authority.
  public func trustRoots() async throws(VaultFault) -> [[UInt8]] {
    guard case .trustRoots(let roots) = try await ask(.trustRoots), !roots.isEmpty else { throw Self.surprise }
    return roots
  }

  public func publicKeys() async throws(VaultFault) -> VaultPublicKeys {
    guard case .publicKeys(let keys) = try await ask(.publicKeys) else { throw Self.surprise }
    return keys
  }

  /// - Returns: DER.
  public func signServer(certificateRequest: [UInt8]) async throws(VaultFault) -> [UInt8] {
    guard case .serverCertificate(let der) = try await ask(.signServer(certificateRequest: certificateRequest)) else {
      throw Self.surprise
    }
    return der
  }

  /// - Returns: the one-time code for one workstation.
  public func createEnrolmentCode(_ act: SignedAct) async throws(VaultFault) -> String {
    guard case .enrolmentCode(let code) = try await ask(.createEnrolmentCode(act)) else { throw Self.surprise }
    return code
  }

  public func signWorkstation(certificateRequest: [UInt8], code: String) async throws(VaultFault) -> IssuedWorkstation {
    guard
      case .workstationCertificate(let issued) = try await ask(
        .signWorkstation(certificateRequest: certificateRequest, code: code))
    else { throw Self.surprise }
    return issued
  }

  /// - Parameters:
  ///   - current: the certificate that is renewed, DER.
  ///   - proof: by the current key over `VaultRenewal.message`; empty when the request is for the same key.
  public func renewWorkstation(
    certificateRequest: [UInt8], current: [UInt8], proof: [UInt8] = []
  ) async throws(VaultFault) -> IssuedWorkstation {
    let renewal = VaultRenewal(certificateRequest: certificateRequest, current: current, proof: proof)
    guard case .workstationCertificate(let issued) = try await ask(.renewWorkstation(renewal)) else { throw Self.surprise }
    return issued
  }

  public func registerOperator(_ registration: OperatorRegistration) async throws(VaultFault) -> OperatorID {
    guard case .operatorRegistered(let id) = try await ask(.registerOperator(registration)) else { throw Self.surprise }
    return id
  }

  public func listOperators() async throws(VaultFault) -> [KnownOperator] {
    guard case .operators(let operators) = try await ask(.listOperators) else { throw Self.surprise }
    return operators
  }

  /// - Returns: the signed note.
  public func signCheckpoint(_ request: CheckpointRequest) async throws(VaultFault) -> String {
    guard case .checkpoint(let note) = try await ask(.signCheckpoint(request)) else { throw Self.surprise }
    return note
  }

  /// Carries out `operator.revoke` or `workstation.revoke`.
  public func revoke(_ act: SignedAct) async throws(VaultFault) {
    guard case .revoked = try await ask(.revoke(act)) else { throw Self.surprise }
  }

  /// Has the vault make its sealed part of a backup.
  public func openBackup() async throws(VaultFault) -> VaultBackup {
    guard case .backup(let backup) = try await ask(.openBackup) else { throw Self.surprise }
    return backup
  }

  /// - Returns: at most 48 KiB; empty at the end.
  public func readBackup(offset: UInt64) async throws(VaultFault) -> [UInt8] {
    guard case .backupPiece(let bytes) = try await ask(.readBackup(offset: offset)) else { throw Self.surprise }
    return bytes
  }

  /// - Parameter hash: SHA-256 of the server's manifest.
  /// - Returns: the signed note of `BackupSignature`.
  public func signBackup(hash: [UInt8]) async throws(VaultFault) -> String {
    guard case .backupSignature(let note) = try await ask(.signBackup(hash: hash)) else { throw Self.surprise }
    return note
  }

  /// - Parameter hash: SHA-256 of everything before the line of the signature.
  /// - Returns: 64 bytes (`SnapshotKey`).
  public func signSnapshot(hash: [UInt8]) async throws(VaultFault) -> [UInt8] {
    guard case .snapshotSignature(let bytes) = try await ask(.signSnapshot(hash: hash)) else { throw Self.surprise }
    return bytes
  }

  /// - Returns: the number of the epoch that begins.
  public func approveRestore(_ act: SignedAct) async throws(VaultFault) -> UInt64 {
    guard case .restoreApproved(let epoch) = try await ask(.approveRestore(act)) else { throw Self.surprise }
    return epoch
  }

  /// - Parameter ring: 1 and above; a new number is a new key.
  public func templateKey(of person: PersonID, ring: UInt32) async throws(VaultFault) -> RingHalf {
    guard case .templateKey(let half) = try await ask(.templateKey(person: person, ring: ring)) else { throw Self.surprise }
    return half
  }

  /// Carries out `vault.cards`.
  public func registerCards(_ act: SignedAct, cards: [VaultCard]) async throws(VaultFault) {
    guard case .noted = try await ask(.registerCards(act, cards: cards)) else { throw Self.surprise }
  }

  /// - Parameter key: a fingerprint of 32 bytes, or none.
  /// - Returns: at most `VaultCard.mostAtOnce`, in the order of their keys, from the one behind `key` on.
  public func listCards(after key: [UInt8]) async throws(VaultFault) -> [VaultCard] {
    guard case .cards(let cards) = try await ask(.listCards(after: key)) else { throw Self.surprise }
    return cards
  }

  /// Carries out `vault.application`.
  public func publishApplication(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.publishApplication(act)) else { throw Self.surprise }
  }

  /// - Returns: at most `VaultApplication.most`.
  public func listApplications() async throws(VaultFault) -> [VaultApplication] {
    guard case .applications(let applications) = try await ask(.listApplications) else { throw Self.surprise }
    return applications
  }

  /// Carries out `vault.credential`.
  /// - Parameter sealed: an encoded `IntakeMessage`.
  public func setCredential(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) {
    guard case .noted = try await ask(.setCredential(act, sealed: sealed)) else { throw Self.surprise }
  }

  /// - Parameter place: of the last entry of the page before, or empty.
  /// - Returns: at most `CredentialEntry.mostAtOnce`.
  public func listCredentials(after place: String) async throws(VaultFault) -> [CredentialEntry] {
    guard case .credentials(let entries) = try await ask(.listCredentials(after: place)) else { throw Self.surprise }
    return entries
  }

  /// Carries out `vault.deputies` or `vault.deputies.withdraw`.
  public func setDeputies(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.setDeputies(act)) else { throw Self.surprise }
  }

  /// - Parameter place: of the last entry of the page before, or empty.
  /// - Returns: at most `VaultDeputy.mostAtOnce`.
  public func listDeputies(after place: String) async throws(VaultFault) -> [VaultDeputy] {
    guard case .deputies(let deputies) = try await ask(.listDeputies(after: place)) else { throw Self.surprise }
    return deputies
  }

  /// Carries out `vault.credential.pending`.
  /// - Parameter sealed: an encoded `IntakeMessage`.
  /// - Returns: the version's number.
  public func keepPending(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) -> UInt64 {
    guard case .kept(let version) = try await ask(.keepPending(act, sealed: sealed)) else { throw Self.surprise }
    return version
  }

  /// Carries out `vault.credential.confirm`.
  public func confirmPending(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.confirmPending(act)) else { throw Self.surprise }
  }

  /// - Returns: what a release hands over; nothing for a capture or report that was noted.
  public func sessionAct(_ request: SessionActRequest) async throws(VaultFault) -> SealedRelease? {
    switch try await ask(.sessionAct(request)) {
    case .released(let release) where request.act.kind == .release: return release
    case .noted where request.act.kind != .release: return nil
    default: throw Self.surprise
    }
  }

  /// Carries out `vault.resume`.
  public func resumeReleases(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.resumeReleases(act)) else { throw Self.surprise }
  }

  /// Carries out `vault.rotate`.
  public func rotateKeys(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.rotateKeys(act)) else { throw Self.surprise }
  }

  /// - Returns: one for each layer.
  public func listKeys() async throws(VaultFault) -> [VaultKeyTerm] {
    guard case .keys(let terms) = try await ask(.listKeys) else { throw Self.surprise }
    return terms
  }

  /// Begins an exchange with a shared-key card.
  public func beginCard(script: [UInt8], number: [UInt8]) async throws(VaultFault) -> CardExchangeAnswer {
    guard case .cardExchange(let answer) = try await ask(.beginCard(script: script, number: number)) else {
      throw Self.surprise
    }
    return answer
  }

  public func stepCard(exchange: [UInt8], answers: [[UInt8]]) async throws(VaultFault) -> CardExchangeAnswer {
    guard case .cardExchange(let answer) = try await ask(.stepCard(exchange: exchange, answers: answers)),
      answer.exchange == exchange
    else { throw Self.surprise }
    return answer
  }

  /// Carries out `vault.cardkey`.
  /// - Parameter sealed: an encoded `CardKeyMessage`.
  public func setCardKey(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) {
    guard case .noted = try await ask(.setCardKey(act, sealed: sealed)) else { throw Self.surprise }
  }

  /// - Returns: at most `VaultCardKey.most`, in the order of their names.
  public func listCardKeys() async throws(VaultFault) -> [VaultCardKey] {
    guard case .cardKeys(let keys) = try await ask(.listCardKeys) else { throw Self.surprise }
    return keys
  }

  /// - Returns: `nil` for a sheet that was withdrawn.
  public func lookUp(_ request: LookUpRequest) async throws(VaultFault) -> LookUpAnswer? {
    switch (try await ask(.lookUp(request)), request) {
    case (.noted, .withdraw): return nil
    case (.lookUp(.issued(let sheet)), .issue): return .issued(sheet)
    case (.lookUp(.sheets(let sheets)), .list): return .sheets(sheets)
    case (.lookUp(.right(let sheet)), .show): return .right(sheet: sheet)
    default: throw Self.surprise
    }
  }

  /// - Parameter number: of the last one of the page before, or 0.
  /// - Returns: at most `VaultAlarm.mostAtOnce`.
  public func listAlarms(after number: UInt64) async throws(VaultFault) -> [VaultAlarm] {
    guard case .alarms(let alarms) = try await ask(.upkeep(.listAlarms(after: number))) else { throw Self.surprise }
    return alarms
  }

  /// Carries out `vault.alarm.seen`.
  public func seeAlarm(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.upkeep(.seeAlarm(act))) else { throw Self.surprise }
  }

  /// Carries out `vault.cardkey.remove`.
  /// - Parameter cards: how many keys of cards are registered here for that script.
  public func removeCardKey(_ act: SignedAct, cards: UInt64) async throws(VaultFault) {
    guard case .noted = try await ask(.upkeep(.removeCardKey(act, cards: cards))) else { throw Self.surprise }
  }

  /// Types one share of the master key into a vault that waits for them.
  /// - Returns: how many are there; `nil` when it is open now.
  public func unseal(_ share: TypedShare) async throws(VaultFault) -> VaultSealing? {
    switch try await ask(.unseal(share)) {
    case .noted: return nil
    case .sealed(let sealing): return sealing
    default: throw Self.surprise
    }
  }

  private static let surprise = VaultFault.malformed("an answer of the kind that was asked for")

  public func witness(from: UInt64) async throws(VaultFault) -> VaultWitness {
    guard case .witness(let witness) = try await ask(.witness(from: from)) else { throw Self.surprise }
    return witness
  }

  private func ask(_ request: VaultRequest) async throws(VaultFault) -> VaultAnswer {
    let deadline = Deadline(milliseconds: deadlineMilliseconds)
    let result: Result<VaultAnswer, VaultFault> = await withCheckedContinuation { continuation in
      let isAccepted = lanes.enqueue { conversation in
        continuation.resume(returning: conversation.exchange(request, by: deadline))
      }
      if !isAccepted { continuation.resume(returning: .failure(.unreachable("too many requests wait"))) }
    }
    let answer = try result.get()
    if case .refused(let refusal) = answer { throw .refused(refusal) }
    return answer
  }
}

/// A few connections, each with a thread of its own; another one begins only while all are busy.
private final class Lanes: Sendable {
  private struct Lane {
    let conversation: Conversation
    let thread: SerialThread
    /// Begun or waiting.
    var jobs = 0
  }

  /// What the vault writes for so many at once costs it one wait for the disk.
  private static let most = 8
  private let path: String
  private let lanes = Mutex<[Lane]>([])

  init(path: String) { self.path = path }

  /// False when too many wait already; the job then never runs.
  func enqueue(_ job: @escaping @Sendable (Conversation) -> Void) -> Bool {
    lanes.withLock { lanes in
      var index = lanes.indices.min { lanes[$0].jobs < lanes[$1].jobs }
      if lanes.count < Self.most, index.map({ lanes[$0].jobs > 0 }) ?? true {
        index = lanes.count
        let thread = SerialThread(name: "vault-link", limit: 64)
        lanes.append(Lane(conversation: Conversation(path: path), thread: thread))
      }
      guard let index else { return false }
      let conversation = lanes[index].conversation
      let isAccepted = lanes[index].thread.enqueue { [self] in
        job(conversation)
        self.lanes.withLock { $0[index].jobs -= 1 }
      }
      if isAccepted { lanes[index].jobs += 1 }
      return isAccepted
    }
  }
}

/// The connection and the number of the last request; used by its lane's thread only, one exchange at a time.
private final class Conversation: Sendable {
  private struct State {
    var connection: PeerConnection?
    var lastID: UInt64 = 0
  }
  private let path: String
  private let state = Mutex(State())

  init(path: String) { self.path = path }

  func exchange(_ request: VaultRequest, by deadline: Deadline) -> Result<VaultAnswer, VaultFault> {
    state.withLock { state in
      do throws(SocketFault) {
        guard deadline.remainingMilliseconds > 0 else { throw .deadline }
        // A vault that was restarted has closed the old connection: this is seen before anything is sent on it.
        if state.connection?.isQuiet != true { state.connection = nil }
        let connection: PeerConnection
        if let kept = state.connection {
          connection = kept
        } else {
          connection = try PeerConnection.connect(path: path)
        }
        // Put back only after a whole exchange: half an answer must never be read as the next one.
        state.connection = nil
        state.lastID += 1
        try connection.send(request.encoded(id: state.lastID), by: deadline)
        guard let frame = try connection.receive(by: deadline) else { throw .closed }
        let (id, answer) = try Self.decode(frame)
        guard id == state.lastID else { return .failure(.malformed("the number of the request")) }
        state.connection = connection
        return .success(answer)
      } catch .frameSize {
        return .failure(.malformed("a frame of at most 64 KiB"))
      } catch {
        return .failure(.unreachable(error.description))
      }
    }
  }

  private static func decode(_ frame: [UInt8]) throws(SocketFault) -> (UInt64, VaultAnswer) {
    do {
      let decoded = try VaultAnswer.decode(frame)
      return (decoded.id, decoded.answer)
    } catch {
      throw .frameSize
    }
  }
}
