import AuthAPI
import AuthClient
import AuthPolicy
import AuthServer
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Isolation
import SSOVault
import SwiftASN1
import Synchronization
import VaultLink
import X509

/// One running instance of the reference city: a real vault behind its socket, a real server on free ports, SQLite on disk,
/// the shipped policies and people, one administrator. Cards are keys in memory: what the reader adds is tested elsewhere.
final class City: Sendable {
  let folder: String
  let segment: Segment
  let link: ServerConnection
  let cards: CardAuthority
  let clock: MovableClock
  private let vault: Mutex<VaultServer>
  let door: VaultDoor
  private let running: Mutex<(server: Server, task: Task<Void, any Error>)>
  private let file: Mutex<InstanceFile>
  private let isCombined: Bool
  let operatorKey = Curve25519.Signing.PrivateKey()
  /// The one-time code of the first administrator; used up unless the city was asked to be without one.
  let firstCode: String
  private let vaultRecoveryKey: String?

  /// - Parameters:
  ///   - combined: the instance also serves the My Number segment, as its start-up file has to say in full.
  ///   - hasAdministrator: whether yamada has come in over the socket.
  ///   - lines: more of the start-up file, told its folder.
  ///   - vaultRecoveryKey: the public half that the vault is started with.
  init(
    segment: Segment = .lgwan, combined: Bool = false, hasAdministrator: Bool = true,
    prepare: (String) throws -> Void = { _ in }, lines: (String) -> String = { _ in "" },
    vaultRecoveryKey: String? = nil
  ) async throws {
    self.vaultRecoveryKey = vaultRecoveryKey
    // Unix socket paths are short (108 bytes): not under a long TMPDIR.
    folder = "/tmp/sanmon-city-\(UInt32.random(in: 0...UInt32.max))"
    self.segment = segment
    isCombined = combined
    let files = FileManager.default
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try files.copyItem(atPath: Repository.root + "/policies", toPath: folder + "/policies")
    cards = try CardAuthority()
    try PEMFile.encode(certificate: cards.certificateDER).write(
      toFile: folder + "/cards.pem", atomically: true, encoding: .utf8)
    let clock = try MovableClock()
    self.clock = clock
    try MasterKey.make(path: folder + "/master.key", random: Secret(copying: Self.random(32)))
    door = try VaultDoor(Self.openVault(folder, clock, vaultRecoveryKey))
    vault = Mutex(try Self.serveVault(folder, door))
    let vaultLink = VaultLink(socket: folder + "/vault.sock")
    firstCode = try await vaultLink.initialise(
      VaultInitialisation(
        instance: InstanceID(parsing: "\(segment.name)-1"), segments: combined ? [segment, .mynumber] : [segment],
        hosts: ["127.0.0.1"]))
    try prepare(folder)
    let file = try Self.instance(folder, segment, combined, lines(folder))
    self.file = Mutex(file)
    running = Mutex(try await Self.start(file, clock))
    var settings = ClientSettings()
    settings.answerLimit = 32 << 20
    settings.deadlineMilliseconds = 60_000
    link = ServerConnection(unixSocket: folder + "/operator.sock", settings: settings)
    if hasAdministrator { try await becomeAdministrator(code: firstCode) }
  }

  var startUpFile: InstanceFile { file.withLock { $0 } }

  var server: Server { running.withLock { $0.server } }

  /// A server over the same folder, from its start, until it listens.
  private static func start(
    _ file: InstanceFile, _ clock: MovableClock
  ) async throws -> (server: Server, task: Task<Void, any Error>) {
    let surroundings = Surroundings(now: { clock.now() }, random: random)
    let server = try await Server(file, surroundings: surroundings, credentials: nil)
    let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      defer { isReady.finish() }
      try await server.run { isReady.yield() }
    }
    for await _ in ready { break }
    return (server, task)
  }

  private func stop() async {
    let task = running.withLock { $0.task }
    task.cancel()
    _ = await task.result
  }

  /// Stops the server and starts another over the same folder: what is only in memory is gone. Its TLS ports are new ones.
  /// - Parameter meanwhile: gets the path of the database.
  func restart(_ meanwhile: (String) async throws -> Void = { _ in }) async throws {
    await stop()
    try await meanwhile(folder + "/state/sanmon.sqlite")
    let next = try await Self.start(file.withLock { $0 }, clock)
    running.withLock { $0 = next }
  }

  /// The same with other lines in the start-up file.
  func restart(lines: String) async throws {
    let next = try Self.instance(folder, segment, isCombined, lines)
    file.withLock { $0 = next }
    try await restart()
  }

  /// Stops server and vault and starts both again.
  /// - Parameter meanwhile: gets the city's folder, with the vault's in `vault` and the server's in `state`.
  func restartBoth(_ meanwhile: (String) throws -> Void) async throws {
    try await restart { _ in
      vault.withLock { $0.stop() }
      try meanwhile(folder)
      door.lead(to: try Self.openVault(folder, clock, vaultRecoveryKey))
      let next = try Self.serveVault(folder, door)
      vault.withLock { $0 = next }
    }
  }

  /// Stops the vault alone and starts it again; the server runs on.
  /// - Parameter meanwhile: gets the vault's folder.
  func restartVault(_ meanwhile: (String) throws -> Void) throws {
    vault.withLock { $0.stop() }
    try meanwhile(folder + "/vault")
    door.lead(to: try Self.openVault(folder, clock, vaultRecoveryKey))
    let next = try Self.serveVault(folder, door)
    vault.withLock { $0 = next }
  }

  /// Ends server and vault and removes the folder.
  /// - Parameter keepingFolder: for processes that go on with it. Its databases are closed when the city is let go of.
  func end(keepingFolder: Bool = false) async {
    link.close()
    await stop()
    vault.withLock { $0.stop() }
    if !keepingFolder { try? FileManager.default.removeItem(atPath: folder) }
  }

  static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// The vault of this folder, as its process opens it at a start.
  static func openVault(
    _ folder: String, _ clock: MovableClock, _ recoveryKey: String? = nil
  ) throws(VaultStartFault) -> VaultService {
    try VaultService(
      directory: folder + "/vault", master: MasterKey.read(path: folder + "/master.key"),
      environment: VaultEnvironment(now: { clock.now() }, random: { random($0) }), recoveryKey: recoveryKey)
  }

  private static func serveVault(_ folder: String, _ door: VaultDoor) throws -> VaultServer {
    let me = getuid()
    let server = try VaultServer(
      service: door, peers: VaultPeers(servers: [me], operators: [me]), socket: folder + "/vault.sock", mode: 0o600)
    Thread.detachNewThread { try? server.run() }
    return server
  }

  private static func instance(
    _ folder: String, _ segment: Segment, _ combined: Bool, _ more: String
  ) throws -> InstanceFile {
    let text = instanceText(folder, segment, combined, more)
    return try InstanceFile.parse(PolicySource(name: "instance.yaml", bytes: Array(text.utf8)))
  }

  /// - Parameter port: of the workstations' listener; 0 takes a free one.
  static func instanceText(
    _ folder: String, _ segment: Segment, _ combined: Bool = false, _ more: String = "", port: Int = 0,
    checkpointSeconds: Int = 3600
  ) -> String {
    let user = UnixUser.name(of: getuid()) ?? "root"
    return """
      instance: \(segment)-1
      segments: [\(segment)\(combined ? ", mynumber]\ncombined-segments: lgwan+mynumber" : "]")
      listen: {address: 127.0.0.1, port: \(port)}
      enrolment-listen: {address: 127.0.0.1, port: 0}
      operator-socket: \(folder)/operator.sock
      operator-users: [\(user)]
      vault-socket: \(folder)/vault.sock
      state: \(folder)/state
      policies: \(folder)/policies
      card-roots: {\(segment): [\(folder)/cards.pem]\(combined ? ", mynumber: [\(folder)/cards.pem]" : "")}
      hosts: [127.0.0.1]
      checkpoint-seconds: \(checkpointSeconds)
      \(more)
      """
  }

  // MARK: The administrator

  private func becomeAdministrator(code: String) async throws {
    let act = try self.act(
      "operator.register",
      ["operator": "yamada", "person": "p-000001", "role": "administrator", "key": Hex.encode(operatorPublicKey)])
    let _: OperatorSummary = try await link.call(
      "POST", "/v1/admin/operators/first", FirstOperator(code: code, act: Data(try sign(act).encoded)))
  }

  private var operatorPublicKey: [UInt8] {
    [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00] + Array(operatorKey.publicKey.rawRepresentation)
  }

  func act(_ kind: String, _ parameters: [String: String], by name: String = "yamada") throws -> Act {
    try Act(
      kind: kind, operatorID: OperatorID(parsing: name), instance: InstanceID(parsing: "\(segment)-1"),
      nonce: Self.random(32), issuedAt: clock.now().wallMilliseconds, parameters: parameters)
  }

  func sign(_ act: Act) throws -> SignedAct {
    SignedAct(act: act, scheme: .ed25519, signature: Array(try operatorKey.signature(for: Data(act.canonicalBytes))))
  }

  /// The people of the sample city, out of its files: those whom tests name and some more. Who is told to whom and counted over
  /// the whole city is for tests that say so: everybody takes a build under a sanitizer a minute.
  func importPeople(everybody: Bool = false) async throws -> PeopleImported {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    // A heading, then p-000001 and on.
    let lines = try text("people.csv").split(separator: "\r\n")
    let people = everybody ? lines[...] : lines.prefix(121) + lines[300...309]
    return try await link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people.joined(separator: "\r\n") + "\r\n", groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: false))
  }

  // MARK: Workstations and cards

  func workstation(
    _ name: String, access: String = "console", segment other: Segment? = nil
  ) async throws -> TestWorkstation {
    let signed = try enrolmentAct(name, access: access, segment: other)
    let code: EnrolmentCode = try await link.call("POST", "/v1/admin/workstations/codes", signed)
    let status: InstanceStatus = try await link.fetch("/v1/admin/status")
    let enrolment = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(status.enrolmentPort)"),
      trust: .authority(CertificateFingerprint(hex: status.authority)), identity: nil)
    let key = P256.Signing.PrivateKey()
    let issued: WorkstationCertificateIssued = try await enrolment.call(
      "POST", "/v1/enrolment/workstations",
      WorkstationEnrolmentRequest(code: code.code, certificateRequest: Data(CertificateRequest.make(key: key))))
    enrolment.close()
    return try await TestWorkstation(name: name, key: key, issued: issued, port: status.mainPort)
  }

  /// What an administrator signs to admit a workstation.
  func enrolmentAct(
    _ name: String, access: String = "console", segment other: Segment? = nil
  ) throws -> WorkstationCodeRequest {
    let signed = try sign(
      act(
        "workstation.enrol",
        ["workstation": name, "segment": (other ?? segment).name, "access": access, "validSeconds": "3600"]))
    return WorkstationCodeRequest(act: Data(signed.encoded))
  }

  /// Registers one key of a card of `person` at the desk.
  /// - Parameters:
  ///   - guid: what the desk read from the card; the card signs it.
  ///   - sent: what the desk sends instead.
  ///   - named: the registered card that gains the key.
  func enrolCard(
    _ person: String, slot: String = "9a", refusedWithoutPIN: Bool = true, authority: CardAuthority? = nil,
    guid: [UInt8]? = nil, sent: [UInt8]? = nil, named: String? = nil, key: TestCard? = nil
  ) async throws -> TestCard {
    let card = try key ?? (authority ?? cards).issue(slot: slot)
    let challenge: CardChallenge = try await link.call(
      "POST", "/v1/admin/cards/challenge", CardChallengeRequest(person: person))
    let preimage = EnrolmentPreimage(
      nonce: Array(challenge.nonce), person: person, slot: slot, guid: guid ?? [], card: named ?? "")
    let summary: CardSummary = try await link.call(
      "POST", "/v1/admin/cards",
      CardEnrolment(
        person: person, segment: segment.name, profile: TestCard.profile(slot: slot), slot: slot, nonce: challenge.nonce,
        certificate: Data(card.certificate), algorithm: "ecdsa-p256-sha256",
        signature: Data(try card.sign(preimage.canonicalBytes)), refusedWithoutPIN: refusedWithoutPIN,
        guid: (sent ?? guid).map { Data($0) }, card: named))
    card.id = summary.card
    return card
  }

  func setPassword(_ person: String, _ password: String) async throws {
    let _: NoBody = try await link.call(
      "POST", "/v1/admin/people/\(person)/password", PasswordSetting(password: Data(password.utf8)))
  }

  func audit(_ query: String = "limit=500") async throws -> [AuditEntry] {
    let page: AuditPage = try await link.fetch("/v1/admin/audit?purpose=test&" + query)
    return page.entries
  }
}

/// The clocks of one city; tests move them forward, and stop them where a moment is looked at from both sides.
final class MovableClock: Sendable {
  private let real: BootClock
  private let offset = Mutex<Int64>(0)
  private let wall = Mutex<Int64>(0)
  private let stopped = Mutex<Moment?>(nil)

  init() throws { real = try BootClock() }

  func now() -> Moment {
    let now = stopped.withLock { $0 } ?? real.now()
    let shift = offset.withLock { $0 }
    return Moment(
      wallMilliseconds: now.wallMilliseconds + shift + wall.withLock { $0 }, boot: now.boot,
      monotonicMilliseconds: now.monotonicMilliseconds + shift)
  }

  /// Somebody sets the wall clock: the monotonic one does not notice.
  func setWall(bySeconds seconds: Int64) { wall.withLock { $0 += seconds * 1000 } }

  func advance(seconds: Int64) { offset.withLock { $0 += seconds * 1000 } }

  /// From now on only `advance` moves them.
  func stop() { stopped.withLock { $0 = real.now() } }
}

enum Repository {
  /// The folder with Package.swift: above this file.
  static let root: String = {
    var path = URL(fileURLWithPath: #filePath)
    while path.path != "/", !FileManager.default.fileExists(atPath: path.appendingPathComponent("Package.swift").path) {
      path.deleteLastPathComponent()
    }
    return path.path
  }()
}
