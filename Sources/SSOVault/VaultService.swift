import AuditLog
public import AuthAPI
public import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import GRDB
public import Isolation
import Sealing
import Synchronization

/// Who may speak with the vault, by the number of the unix user; fixed at start.
public struct VaultPeers: Sendable {
  /// The server: certificates, checkpoints, and acts of operators that it passes on.
  public let servers: Set<UInt32>
  /// People at the machine: initialisation, acts, status.
  public let operators: Set<UInt32>
  /// The process that makes Windows passwords: what it needs for one round, and nothing that a server or a person may ask.
  public let rotators: Set<UInt32>

  public init(servers: Set<UInt32>, operators: Set<UInt32>, rotators: Set<UInt32> = []) {
    self.servers = servers
    self.operators = operators
    self.rotators = rotators
  }

  public func admits(_ uid: UInt32) -> Bool { isKnown(uid) || rotators.contains(uid) }

  private func isKnown(_ uid: UInt32) -> Bool { servers.contains(uid) || operators.contains(uid) }

  func allows(_ uid: UInt32, _ kind: VaultRequest.Kind) -> Bool {
    switch kind {
    case .initialise, .unseal: operators.contains(uid)
    case .signServer, .signWorkstation, .renewWorkstation, .signCheckpoint, .openBackup, .readBackup, .signBackup,
      .signSnapshot, .templateKey, .sessionAct, .witness, .beginCard, .stepCard, .showCode:
      servers.contains(uid)
    case .keepPending, .confirmPending: rotators.contains(uid)
    case .publicKeys, .listApplications, .listCredentials: admits(uid)
    case .status, .trustRoots, .createEnrolmentCode, .registerOperator, .listOperators, .revoke, .approveRestore,
      .registerCards, .listCards, .publishApplication, .setCredential, .resumeReleases, .setDeputies, .listDeputies,
      .rotateKeys, .listKeys, .setCardKey, .listCardKeys, .issueCodes, .withdrawCodes, .listCodes,
      .listAlarms, .seeAlarm, .removeCardKey:
      isKnown(uid)
    }
  }
}

/// Time and chance, handed in by the executable.
public struct VaultEnvironment: Sendable {
  public let now: @Sendable () -> Moment
  /// That many bytes from the system's generator.
  public let random: @Sendable (Int) -> [UInt8]

  public init(now: @escaping @Sendable () -> Moment, random: @escaping @Sendable (Int) -> [UInt8]) {
    self.now = now
    self.random = random
  }
}

/// What the vault does with one request: checks for itself, writes, and only then answers. Blocking; any thread.
public final class VaultService: Sendable {
  let environment: VaultEnvironment
  private let database: VaultDatabase
  let master: MasterKey
  let keys: Mutex<VaultKeys?>
  private let refusals = RowLedger<RefusalKey>()
  let exchanges = CardExchanges()
  /// Whether this state is a backup's and nobody has approved it; what stands in the database, read at start.
  let isRestored: Mutex<Bool>
  let backup: VaultBackupFiles
  /// What backups are sealed to; `nil`: none are made.
  let recovery: RecoveryPublicKey?
  let rates = ReleaseRates()
  /// At so many sums under one root the renewal of that root begins.
  let mostUses: UInt64
  /// When somebody was told last which key signs releases; held while it is exchanged.
  let told: Mutex<Moment>
  /// A key that was taken away may stand in the write-ahead log still; at the start also one of before it.
  let isLogToBeCut = Mutex(true)
  private let renewal = Doorbell()
  private let lastPrune = Mutex<Moment?>(nil)
  private let lastDamage = Mutex<Moment?>(nil)
  private let lastCount = Mutex<Moment?>(nil)
  private let people = Mutex(0)

  /// Opens the state and, when it is initialised, its keys; reads the whole log and compares it with its tree.
  /// - Parameters:
  ///   - recoveryKey: the public half, as `sanmon backup key` printed it.
  ///   - mostUses: encryptions under one key before it is renewed. NIST SP 800-38D §8.3 allows 2^32 with random nonces; a quarter of
  ///     it, because a state that was put back does not know of those after it.
  public init(
    directory: String, master: MasterKey, environment: VaultEnvironment, recoveryKey: String? = nil, mostUses: UInt64 = 1 << 30
  ) throws(VaultStartFault) {
    self.environment = environment
    self.mostUses = mostUses
    told = Mutex(environment.now())
    do { recovery = try recoveryKey.map { try RecoveryPublicKey(parsing: $0) } } catch {
      throw VaultStartFault(.settings, "\(error)")
    }
    backup = VaultBackupFiles(directory: directory)
    self.master = master
    let database = try VaultDatabase(directory: directory)
    self.database = database
    do {
      keys = Mutex(try database.write { try VaultKeys.load(master: master, from: $0) })
    } catch {
      throw VaultStartFault(.masterKey, "this master key does not open the keys in \(directory)")
    }
    guard (try? database.write(VaultLog.verify)) != nil else {
      throw VaultStartFault(.state, "the log in \(directory) is not what was written")
    }
    do {
      isRestored = Mutex(try database.write(VaultEpochs.isRestored))
    } catch {
      throw VaultStartFault(.state, "could not read the state in \(directory): \(VaultDatabase.reason(error))")
    }
    backup.clear()
    try beginReleases()
    guard (try? database.synchronousMode()) == 2 else {
      throw VaultStartFault(.state, "synchronous=FULL is not in force in \(directory)")
    }
  }

  /// Never throws: what cannot be answered is refused.
  public func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    let now = environment.now()
    do {
      guard peers.allows(peer.uid, request.kind) else {
        throw VaultFailure.no(.peerNotAllowed, "this user may not ask for this")
      }
      return try answer(request, now: now)
    } catch VaultFailure.refused(let refusal) {
      note(refusal, request, peer, now)
      return .refused(refusal)
    } catch {
      return .refused(VaultRefusal(.storeUnavailable, "nothing was done: \(VaultDatabase.reason(error))"))
    }
  }

  private func answer(_ request: VaultRequest, now: Moment) throws -> VaultAnswer {
    try requireApproved(for: request)
    switch request {
    case .initialise(let settings): return .initialised(firstAdministratorCode: try initialise(settings, now: now))
    case .status: return .status(try status())
    case .unseal: throw VaultFailure.no(.notSealed, "the vault is open")
    default: break
    }
    guard let keys = keys.withLock({ $0 }) else { throw VaultFailure.no(.notInitialised, "the vault is not initialised") }
    switch request {
    case .trustRoots: return .trustRoots([keys.authority.root])
    case .publicKeys: return .publicKeys(tell(at: now) ?? keys.publicKeys)
    case .listOperators: return .operators(try database.write { try VaultRegister($0).operators() })
    case .createEnrolmentCode(let act):
      return .enrolmentCode(try database.write { try createCode(act, keys, $0, now) })
    case .registerOperator(let registration):
      return .operatorRegistered(try database.write { try register(registration, keys, $0, now) })
    case .revoke(let act):
      try database.write { try revoke(act, keys, $0, now) }
      return .revoked
    case .signServer(let request):
      return .serverCertificate(try database.write { try signServer(request, keys, $0, now) })
    case .signWorkstation(let request, let code):
      return .workstationCertificate(try database.write { try signWorkstation(request, code, keys, $0, now) })
    case .renewWorkstation(let renewal):
      return .workstationCertificate(try database.write { try renew(renewal, keys, $0, now) })
    case .signCheckpoint(let request): return .checkpoint(try signCheckpoint(request, keys, now))
    case .openBackup: return .backup(try openBackup(keys, now))
    case .readBackup(let offset): return .backupPiece(try backup.piece(at: offset))
    case .signBackup(let hash): return .backupSignature(try keys.sign(backup: hash))
    case .signSnapshot(let hash):
      return .snapshotSignature(try database.write { try signSnapshot(hash, keys, $0, now) })
    case .templateKey(let person, let ring): return .templateKey(try keys.templateKey(of: person, ring: ring))
    case .approveRestore(let act): return .restoreApproved(epoch: try approveRestore(act, keys, now))
    case .sessionAct(let request): return try sessionAct(request, keys, now)
    case .registerCards(let act, let cards):
      try database.write { try registerCards(act, cards, keys, $0, now) }
      return .noted
    case .publishApplication(let act):
      try database.write { try publishApplication(act, keys, $0, now) }
      return .noted
    case .setCredential(let act, let sealed):
      try database.write { try setCredential(act, sealed, keys, $0, now) }
      return .noted
    case .resumeReleases(let act):
      try database.write { try resumeReleases(act, keys, $0, now) }
      renewal.ring()
      return .noted
    case .setDeputies(let act):
      try database.write { try setDeputies(act, keys, $0, now) }
      return .noted
    case .listDeputies(let place):
      return .deputies(try database.write { try ReleaseRegister($0, keys).deputies(after: place) })
    case .listCards(let key): return .cards(try database.write { try ReleaseRegister($0, keys).cards(after: key) })
    case .listApplications: return .applications(try database.write { try ReleaseRegister($0, keys).applications() })
    case .listCredentials(let place):
      return .credentials(try database.write { try ReleaseRegister($0, keys).entries(after: place) })
    case .rotateKeys(let act):
      try database.write { try rotateKeys(act, keys, $0, now) }
      renewal.ring()
      return .noted
    case .listKeys: return .keys(try database.write { try terms(keys, $0) })
    case .witness(let from): return .witness(try database.write { try witness(from: from, $0) })
    case .keepPending(let act, let sealed):
      return .kept(version: try database.write { try keepPending(act, sealed, keys, $0, now) })
    case .confirmPending(let act):
      try database.write { try confirmPending(act, keys, $0, now) }
      return .noted
    case .beginCard(let script, let number): return .cardExchange(try beginCard(script, number, keys, now))
    case .stepCard(let exchange, let answers): return .cardExchange(try stepCard(exchange, answers, keys, now))
    case .setCardKey(let act, let sealed):
      try database.write { try setCardKey(act, sealed, keys, $0, now) }
      return .noted
    case .listCardKeys: return .cardKeys(try database.write { try ReleaseRegister($0, keys).cardKeys().map(\.entry) })
    case .lookUp(let request): return try answer(request, keys, now)
    case .upkeep(let request): return try answer(request, keys, now)
    case .initialise, .status, .unseal: throw VaultFailure.no(.requestMalformed, "answered above")
    }
  }

  /// While the key that signs releases is exchanged, who asks for it waits for the new one.
  private func tell(at now: Moment) -> VaultPublicKeys? {
    told.withLock { last in
      last = now
      return keys.withLock { $0?.publicKeys }
    }
  }

  /// Carries on renewals of keys on a thread of its own, those of before the start too, as long as the process lives.
  public func renewKeysInBackground() {
    let thread = Thread { [self] in
      while true {
        cutLogIfDue()
        do {
          switch try advanceRotation() {
          // Between two steps releases have their turn.
          case .again: usleep(2000)
          case .waiting: renewal.wait(seconds: 1)
          case .nothing: renewal.wait(seconds: 60)
          }
        } catch let damaged as DamagedRow {
          let now = environment.now()
          // Until an administrator resumes; everything that is intact is served meanwhile.
          if isDamageToldNow(at: now) { try? write { try alarm("register.damaged", damaged.table, $0, now) } }
          renewal.wait(seconds: 600)
        } catch {
          // A fault of the disk: what was not written is done again.
          renewal.wait(seconds: 10)
        }
      }
    }
    thread.name = "vault-keys"
    thread.start()
  }

  // MARK: Initialisation and status

  /// - Returns: the code that lets the first administrator in, good for 72 hours.
  public func initialise(_ settings: VaultInitialisation) throws(VaultRefusal) -> String {
    do {
      return try initialise(settings, now: environment.now())
    } catch VaultFailure.refused(let refusal) {
      throw refusal
    } catch {
      throw VaultRefusal(.storeUnavailable, "nothing was done: \(VaultDatabase.reason(error))")
    }
  }

  private func initialise(_ settings: VaultInitialisation, now: Moment) throws -> String {
    try keys.withLock { keys in
      guard keys == nil else { throw VaultFailure.no(.alreadyInitialised, "the vault is already initialised") }
      let code = try OneTimeCode(random: environment.random(16))
      let made = try database.write { database in
        let made = try VaultKeys.create(
          settings, master: master, in: database, now: now.wallMilliseconds, serial: environment.random(16))
        try VaultRegister(database).insert(
          VaultRegister.Code(kind: .firstAdministrator, expires: now.advanced(bySeconds: 72 * 3600)), hash: code.hash)
        try VaultLog(database).append(
          AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: "vault.initialised", outcome: .done))
        try ReleaseRegister(database, made).begin()
        return made
      }
      keys = made
      return code.text
    }
  }

  private func status() throws -> VaultStatus {
    let keys = keys.withLock { $0 }
    return try database.write { database in
      let checkpoint = try Row.fetchOne(database, sql: "SELECT size, root FROM checkpoint WHERE id = 1")
      let bases = try VaultEpochs.bases(database)
      return VaultStatus(
        isInitialised: keys != nil, instance: keys?.instance.text ?? "", segments: keys?.segments.map(\.name) ?? [],
        hosts: keys?.hostNames ?? [], operators: UInt64(try VaultRegister(database).operators().count(where: \.isActive)),
        checkpointSize: UInt64(checkpoint?["size"] as Int64? ?? 0),
        checkpointRoot: (checkpoint?["root"] as Data?).map(Array.init) ?? [],
        alarms: try VaultAlarms(database).open(),
        logSize: try VaultLog(database).treeSize(), epoch: try VaultEpochs.current(database),
        isRestored: isRestored.withLock { $0 }, bases: bases)
    }
  }

  /// A row that it was opened by people, behind rows of what was refused before; what they typed is in none.
  /// - Parameters:
  ///   - numbers: of the shares.
  ///   - refused: how often, by reason and user; bounded by both.
  func noteUnsealed(
    shares numbers: [Int], by uid: UInt32, after refused: [WrongShares: Int64]
  ) throws(VaultStartFault) {
    let now = environment.now().wallMilliseconds
    var rows = refused.sorted { ($0.key.code.rawValue, $0.key.uid) < ($1.key.code.rawValue, $1.key.uid) }.map { wrong, count in
      var record = AuditRecord(time: now, eventClass: .administration, action: "vault.unseal", outcome: .refused)
      record.count = count
      record.note = "\(wrong.code.rawValue) uid \(wrong.uid) while sealed"
      return record
    }
    var record = AuditRecord(time: now, eventClass: .administration, action: "vault.unsealed", outcome: .done)
    record.note = "shares \(numbers.map(String.init).joined(separator: "+")) uid \(uid)"
    rows.append(record)
    do { try database.write { [rows] in for row in rows { try VaultLog($0).append(row) } } } catch {
      throw VaultStartFault(.state, "could not write the log: \(VaultDatabase.reason(error))")
    }
  }

  func isPruningDue(at now: Moment) -> Bool { Self.isDue(lastPrune, at: now) }

  /// Whether an alarm about a damaged row is written: whoever asks for it for ever cannot fill the disk.
  func isDamageToldNow(at now: Moment) -> Bool { Self.isDue(lastDamage, at: now) }

  /// As `ReleaseRegister.peopleServed`, counted once a minute: it takes a walk over all of them.
  func peopleServed(_ register: ReleaseRegister, at now: Moment) throws -> Int {
    if Self.isDue(lastCount, at: now) {
      let count = try register.peopleServed()
      people.withLock { $0 = count }
    }
    return people.withLock { $0 }
  }

  /// Once a minute.
  private static func isDue(_ last: borrowing Mutex<Moment?>, at now: Moment) -> Bool {
    last.withLock { last in
      if let last, (0..<60_000).contains(now.milliseconds(since: last)) { return false }
      last = now
      return true
    }
  }

  /// For statements that must be written although the request is refused, and for files made beside them.
  func write<R>(_ change: (Database) throws -> R) throws -> R { try database.write(change) }

  func copy(to path: String) throws { try database.copy(to: path) }

  func truncateWriteAheadLog() throws { try database.truncateWriteAheadLog() }

  // MARK: Refusals

  /// One row for a kind of refusal from one user, then at most one a minute that counts the rest: a peer that asks for ever
  /// cannot fill the disk.
  private func note(_ refusal: VaultRefusal, _ request: VaultRequest, _ peer: PeerCredentials, _ now: Moment) {
    let key = RefusalKey(kind: request.kind, code: refusal.code, uid: peer.uid)
    guard let count = refusals.count(key, at: now) else { return }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.\(request.kind.rawValue)", outcome: .refused)
    record.count = count
    record.note = "\(refusal.code.rawValue) uid \(peer.uid)"
    // When this row cannot be written either, the refusal stands and the count goes on.
    if (try? database.write { try VaultLog($0).append(record) }) == nil { refusals.restore(key, count: count) }
  }
}

/// Wakes a thread that waits for something to do.
private final class Doorbell: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func ring() { semaphore.signal() }
  func wait(seconds: Int) { _ = semaphore.wait(timeout: .now() + .seconds(seconds)) }
}

/// What a peer was refused: bounded by kinds, codes and listed users.
private struct RefusalKey: Hashable {
  let kind: VaultRequest.Kind
  let code: VaultRefusal.Code
  let uid: UInt32
}
