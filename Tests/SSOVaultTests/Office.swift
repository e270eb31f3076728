import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Isolation
import SSOVault
import Synchronization
import Testing

/// A clock that a test can move.
final class TestClock: Sendable {
  private let moment: Mutex<Moment>

  init(wall: Int64) { moment = Mutex(Moment(wallMilliseconds: wall, boot: "boot-1", monotonicMilliseconds: 1_000_000)) }

  var now: Moment { moment.withLock { $0 } }
  func advance(seconds: Int64) { moment.withLock { $0 = $0.advanced(bySeconds: seconds) } }
  /// Only the wall clock: somebody set it.
  func setBack(seconds: Int64) {
    moment.withLock {
      $0 = Moment(
        wallMilliseconds: $0.wallMilliseconds - seconds * 1000, boot: $0.boot, monotonicMilliseconds: $0.monotonicMilliseconds)
    }
  }
}

/// Somebody with a key of her own.
struct Clerk: Sendable {
  enum Key: Sendable {
    case p256(P256.Signing.PrivateKey)
    case ed25519(Curve25519.Signing.PrivateKey)
  }

  let id: OperatorID
  let person: PersonID
  let key: Key

  init(_ id: String, person: String? = nil, key: Key = .p256(P256.Signing.PrivateKey())) throws {
    self.id = try OperatorID(parsing: id)
    self.person = try PersonID(parsing: person ?? "person-\(id)")
    self.key = key
  }

  var scheme: SignatureScheme {
    switch key {
    case .p256: .ecdsaP256
    case .ed25519: .ed25519
    }
  }

  var publicKey: [UInt8] {
    switch key {
    case .p256(let key): Array(key.publicKey.derRepresentation)
    case .ed25519(let key): SubjectKey.ed25519DER(raw: Array(key.publicKey.rawRepresentation))
    }
  }

  func sign(_ message: [UInt8]) throws -> [UInt8] {
    switch key {
    case .p256(let key): Array(try key.signature(for: message).derRepresentation)
    case .ed25519(let key): Array(try key.signature(for: message))
    }
  }

  func sign(_ act: Act, approvedBy others: [Clerk] = []) throws -> SignedAct {
    let hash = Array(SHA256.hash(data: act.canonicalBytes))
    return SignedAct(
      act: act, scheme: scheme, signature: try sign(act.canonicalBytes),
      approvals: try others.map { other in
        Approval(
          operatorID: other.id, scheme: other.scheme,
          signature: try other.sign(Approval.message(actHash: hash, operatorID: other.id)))
      })
  }
}

/// A vault in this process with listed users, and the requests that tests repeat.
final class Office: Sendable {
  static let start: Int64 = 1_894_665_600_000
  static let server = PeerCredentials(uid: 7001, gid: 7001, pid: 1)
  static let desk = PeerCredentials(uid: 7002, gid: 7002, pid: 1)
  static let stranger = PeerCredentials(uid: 7003, gid: 7003, pid: 1)
  static let peers = VaultPeers(servers: [7001], operators: [7002], rotators: [7004])

  let folder: URL
  let state: String
  let clock: TestClock
  let instance: InstanceID
  private let running: Mutex<VaultService>
  var service: VaultService { running.withLock { $0 } }
  let settings: VaultInitialisation

  private let recoveryKey: String?

  /// - Parameters:
  ///   - state: where the state lies, if not in the office's own folder.
  ///   - segments: that the instance serves.
  ///   - recoveryKey: the public half that backups are sealed to.
  ///   - start: milliseconds since 1970 that its clock begins with.
  init(
    state: String? = nil, segments: [Segment] = [.lgwan], recoveryKey: String? = nil, start: Int64 = start
  ) throws {
    self.recoveryKey = recoveryKey
    clock = TestClock(wall: start)
    folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-vault-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    instance = try InstanceID(parsing: "lgwan-1")
    settings = VaultInitialisation(instance: instance, segments: segments, hosts: ["sanmon.city.example", "127.0.0.1"])
    try MasterKey.make(path: Self.master(folder), random: Secret(copying: [UInt8](repeating: 7, count: 32)))
    self.state = state ?? folder.appending(path: "state").path
    running = Mutex(try Self.open(self.state, folder, clock, recoveryKey))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  static func master(_ folder: URL) -> String { folder.appending(path: "master").path }

  /// The same state again, as after a restart; or what became of it elsewhere.
  func reopen(at other: String? = nil) throws -> VaultService { try Self.open(other ?? state, folder, clock, recoveryKey) }

  /// From now on this one is asked.
  func restart(_ other: VaultService) { running.withLock { $0 = other } }

  private static func open(
    _ state: String, _ folder: URL, _ clock: TestClock, _ recoveryKey: String?
  ) throws -> VaultService {
    try VaultService(
      directory: state, master: MasterKey.read(path: master(folder)),
      environment: VaultEnvironment(now: { clock.now }, random: Self.random), recoveryKey: recoveryKey)
  }

  static let random: @Sendable (Int) -> [UInt8] = { count in (0..<count).map { _ in UInt8.random(in: 0...255) } }

  func ask(_ request: VaultRequest, from peer: PeerCredentials = server) -> VaultAnswer {
    service.handle(request, from: peer, peers: Self.peers)
  }

  /// The refusal's code, or a word for what came instead.
  func refusal(_ request: VaultRequest, from peer: PeerCredentials = server) -> String {
    if case .refused(let refusal) = ask(request, from: peer) { refusal.code.rawValue } else { "answered" }
  }

  func status() throws -> VaultStatus {
    guard case .status(let status) = ask(.status) else { throw Unexpected() }
    return status
  }

  /// Initialises and lets the first administrator in.
  @discardableResult
  func begin(with clerk: Clerk) throws -> String {
    guard case .initialised(let code) = ask(.initialise(settings), from: Self.desk) else { throw Unexpected() }
    guard case .operatorRegistered = ask(try firstRegistration(clerk, code: code)) else { throw Unexpected() }
    return code
  }

  func firstRegistration(_ clerk: Clerk, code: String, role: String = "administrator") throws -> VaultRequest {
    .registerOperator(
      OperatorRegistration(
        authority: .firstAdministratorCode(code), act: try clerk.sign(registration(of: clerk, by: clerk, role: role))))
  }

  func registration(of newcomer: Clerk, by proposer: Clerk, role: String = "administrator") throws -> Act {
    try Act.registerOperator(
      newcomer.id, person: newcomer.person, role: role, publicKey: newcomer.publicKey, by: proposer.id, instance: instance,
      nonce: Self.random(16), at: clock.now.wallMilliseconds)
  }

  func register(
    _ newcomer: Clerk, by proposer: Clerk, approvedBy others: [Clerk] = [], role: String = "administrator",
    possession: Clerk? = nil
  ) throws -> VaultRequest {
    let act = try registration(of: newcomer, by: proposer, role: role)
    let message = Approval.message(actHash: Array(SHA256.hash(data: act.canonicalBytes)), operatorID: newcomer.id)
    return .registerOperator(
      OperatorRegistration(
        authority: .administrator, act: try proposer.sign(act, approvedBy: others),
        possession: try (possession ?? newcomer).sign(message), possessionScheme: (possession ?? newcomer).scheme))
  }

  func enrolment(
    _ workstation: String = "LGWAN-PC-0042", by clerk: Clerk, segment: Segment = .lgwan, seconds: Int = 3600
  ) throws -> SignedAct {
    try clerk.sign(
      Act.enrolWorkstation(
        WorkstationID(parsing: workstation), segment: segment, access: .console, validSeconds: seconds, by: clerk.id,
        instance: instance, nonce: Self.random(16), at: clock.now.wallMilliseconds))
  }

  func code(_ workstation: String = "LGWAN-PC-0042", by clerk: Clerk, seconds: Int = 3600) throws -> String {
    guard case .enrolmentCode(let code) = ask(.createEnrolmentCode(try enrolment(workstation, by: clerk, seconds: seconds)))
    else { throw Unexpected() }
    return code
  }

  func enrol(_ key: P256.Signing.PrivateKey, code: String) throws -> IssuedWorkstation {
    let request = VaultRequest.signWorkstation(certificateRequest: try CertificateRequest.make(key: key), code: code)
    guard case .workstationCertificate(let issued) = ask(request) else { throw Unexpected() }
    return issued
  }

  struct Unexpected: Error {}
}
