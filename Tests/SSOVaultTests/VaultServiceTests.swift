import AuditLog
import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Isolation
import Programs
import SSOVault
import Testing

@Suite("what the vault checks for itself")
struct VaultServiceTests {
  let office: Office
  let sato: Clerk
  init() throws {
    office = try Office()
    sato = try Clerk("sato")
  }

  @Test("before initialisation nothing is signed, and initialisation happens once")
  func initialisation() throws {
    #expect(office.refusal(.trustRoots) == "V101")
    #expect(
      office.refusal(.signCheckpoint(CheckpointRequest(size: 0, root: TreeHash.empty.bytes, oldSize: 0, proof: []))) == "V101")
    #expect(try !office.status().isInitialised)
    let code = try office.begin(with: sato)
    #expect(code.count == 34)
    let status = try office.status()
    #expect(status.isInitialised && status.instance == "lgwan-1" && status.segments == ["lgwan"] && status.operators == 1)
    #expect(office.refusal(.initialise(office.settings), from: Office.desk) == "V102")
    // The same keys again after a restart.
    let roots = office.ask(.trustRoots)
    #expect(try office.reopen().handle(.trustRoots, from: Office.server, peers: Office.peers) == roots)
  }

  @Test(
    "an instance has segments that may live together, and hosts without wildcards",
    arguments: [
      (["mynumber", "internet"], ["a.example"]), ([], ["a.example"]), (["lgwan"], []), (["lgwan"], ["*.example"]),
      (["lgwan", "lgwan"], ["a.example"]), (["lgwan"], ["a.example", "a.example"]),
    ])
  func settings(segments: [String], hosts: [String]) throws {
    let settings = VaultInitialisation(
      instance: office.instance, segments: try segments.map { try Segment(parsing: $0) }, hosts: hosts)
    #expect(office.refusal(.initialise(settings), from: Office.desk) == "V104")
    #expect(try !office.status().isInitialised)
  }

  @Test("the ring has another half for each person and number, the same again after a restart, and none for anybody else")
  func templateKeys() throws {
    let ito = try PersonID(parsing: "ito")
    #expect(office.refusal(.templateKey(person: ito, ring: 1)) == "V101")
    try office.begin(with: sato)
    func half(_ person: PersonID, _ ring: UInt32, _ service: VaultService? = nil) throws -> RingHalf {
      let request = VaultRequest.templateKey(person: person, ring: ring)
      let answer =
        service?.handle(request, from: Office.server, peers: Office.peers) ?? office.ask(request)
      guard case .templateKey(let half) = answer else { throw Office.Unexpected() }
      return half
    }
    let mine = try half(ito, 1)
    #expect(try half(ito, 1) == mine)
    #expect(try half(ito, 2) != mine)
    #expect(try half(PersonID(parsing: "ito2"), 1) != mine)
    #expect(try half(ito, 1, office.reopen()) == mine)
    #expect(office.refusal(.templateKey(person: ito, ring: 1), from: Office.desk) == "V103")
    // A vault that was made before there were palms gets its root when it is opened next.
    #expect(try Self.sqlite(office, "DELETE FROM sealed_keys WHERE name = 'template'"))
    let late = try office.reopen()
    let made = try half(ito, 1, late)
    #expect(made != mine)
    #expect(try half(ito, 1, office.reopen()) == made)
    let malformed = VaultRequest.templateKey(person: ito, ring: 0).encoded(id: 1)
    #expect(throws: MalformedInput.self) { try VaultRequest.decode(malformed) }
  }

  @Test("each user may ask for her own things only")
  func peers() throws {
    try office.begin(with: sato)
    let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
    let checkpoint = VaultRequest.signCheckpoint(CheckpointRequest(size: 0, root: TreeHash.empty.bytes, oldSize: 0, proof: []))
    #expect(office.refusal(.signServer(certificateRequest: request), from: Office.desk) == "V103")
    #expect(office.refusal(checkpoint, from: Office.desk) == "V103")
    #expect(office.refusal(.signWorkstation(certificateRequest: request, code: "x"), from: Office.desk) == "V103")
    #expect(
      office.refusal(.renewWorkstation(VaultRenewal(certificateRequest: request, current: [])), from: Office.desk) == "V103")
    #expect(office.refusal(.initialise(office.settings), from: Office.server) == "V103")
    for request in [VaultRequest.status, .trustRoots, .publicKeys, .listOperators] {
      #expect(office.refusal(request, from: Office.stranger) == "V103")
      #expect(office.refusal(request, from: Office.desk) == "answered")
    }
  }

  @Test("the first administrator's code lets in one administrator, once, who signs with her own key")
  func firstAdministrator() throws {
    guard case .initialised(let code) = office.ask(.initialise(office.settings), from: Office.desk) else {
      Issue.record("not initialised")
      return
    }
    let other = try Clerk("tanaka")
    #expect(office.refusal(try office.firstRegistration(sato, code: "ABCD")) == "V111")
    #expect(office.refusal(try office.firstRegistration(sato, code: Self.anotherCode)) == "V112")
    #expect(office.refusal(try office.firstRegistration(sato, code: code, role: "auditor")) == "V121")
    // Signed by somebody else's key.
    let act = try office.registration(of: sato, by: sato)
    let forged = SignedAct(act: act, scheme: other.scheme, signature: try other.sign(act.canonicalBytes))
    #expect(
      office.refusal(.registerOperator(OperatorRegistration(authority: .firstAdministratorCode(code), act: forged))) == "V126")
    // None of these cost the code; small letters and spaces are fine.
    let typed = code.lowercased().replacingOccurrences(of: "-", with: " ")
    #expect(office.refusal(try office.firstRegistration(sato, code: typed)) == "answered")
    #expect(office.refusal(try office.firstRegistration(other, code: code)) == "V114")
  }

  @Test("the first administrator's code dies after 72 hours", arguments: [(259_199, "answered"), (259_200, "V113")])
  func firstCodeExpiry(seconds: Int64, expected: String) throws {
    guard case .initialised(let code) = office.ask(.initialise(office.settings), from: Office.desk) else { return }
    office.clock.advance(seconds: seconds)
    #expect(office.refusal(try office.firstRegistration(sato, code: code)) == expected)
  }

  @Test("a second administrator needs one signature, a third needs two people")
  func operators() throws {
    try office.begin(with: sato)
    let suzuki = try Clerk("suzuki", key: .ed25519(Curve25519.Signing.PrivateKey()))
    let tanaka = try Clerk("tanaka")
    #expect(office.refusal(try office.register(suzuki, by: sato, possession: tanaka)) == "V126")
    #expect(office.refusal(try office.register(suzuki, by: sato)) == "answered")
    #expect(office.refusal(try office.register(suzuki, by: sato, approvedBy: [suzuki])) == "V124")
    #expect(office.refusal(try office.register(tanaka, by: sato)) == "V121")
    #expect(office.refusal(try office.register(tanaka, by: sato, approvedBy: [sato])) == "V121")
    // One key for two accounts.
    let shared = try Clerk("yamada", key: suzuki.key)
    #expect(office.refusal(try office.register(shared, by: sato, approvedBy: [suzuki])) == "V124")
    #expect(office.refusal(try office.register(tanaka, by: suzuki, approvedBy: [sato], role: "desk")) == "answered")
    // A desk's signature counts for nothing here.
    #expect(office.refusal(.createEnrolmentCode(try office.enrolment(by: tanaka))) == "V121")
    guard case .operators(let known) = office.ask(.listOperators) else { return }
    #expect(known.map(\.id) == [sato.id, suzuki.id, tanaka.id] && known.allSatisfy(\.isActive))
  }

  @Test("an operator who left signs nothing; the last administrator stays")
  func revocation() throws {
    try office.begin(with: sato)
    let suzuki = try Clerk("suzuki")
    _ = office.ask(try office.register(suzuki, by: sato))
    func leave(_ leaver: Clerk, by clerk: Clerk) throws -> VaultRequest {
      .revoke(
        try clerk.sign(
          Act.revokeOperator(
            leaver.id, by: clerk.id, instance: office.instance, nonce: Office.random(16), at: office.clock.now.wallMilliseconds)
        ))
    }
    #expect(office.refusal(try leave(suzuki, by: Clerk("stranger"))) == "V121")
    #expect(office.ask(try leave(suzuki, by: sato)) == .revoked)
    #expect(office.refusal(try leave(suzuki, by: sato)) == "V125")
    #expect(office.refusal(.createEnrolmentCode(try office.enrolment(by: suzuki))) == "V121")
    #expect(office.refusal(try leave(sato, by: sato)) == "V127")
    // Her key stays taken.
    #expect(office.refusal(try office.register(Clerk("suzuki-2", key: suzuki.key), by: sato)) == "V124")
  }

  @Test("an act counts once, for this instance, within ten minutes either way")
  func acts() throws {
    try office.begin(with: sato)
    let act = try office.enrolment(by: sato)
    #expect(office.refusal(.createEnrolmentCode(act)) == "answered")
    #expect(office.refusal(.createEnrolmentCode(act)) == "V123")
    let waiting = try office.enrolment(by: sato)
    office.clock.advance(seconds: 601)
    #expect(office.refusal(.createEnrolmentCode(waiting)) == "V122")
    let early = try office.enrolment(by: sato)
    office.clock.setBack(seconds: 601)
    #expect(office.refusal(.createEnrolmentCode(early)) == "V122")
    // A clock set back does not make a used act new.
    #expect(office.refusal(.createEnrolmentCode(act)) == "V123")
    let elsewhere = try sato.sign(
      Act.enrolWorkstation(
        WorkstationID(parsing: "PC"), segment: .lgwan, access: .console, validSeconds: 600, by: sato.id,
        instance: InstanceID(parsing: "mynumber-1"), nonce: Office.random(16), at: office.clock.now.wallMilliseconds))
    #expect(office.refusal(.createEnrolmentCode(elsewhere)) == "V121")
    #expect(office.refusal(.revoke(try office.enrolment(by: sato))) == "V121")
  }

  @Test(
    "codes are made for segments of this instance and for 1 minute to 7 days",
    arguments: [
      (Segment.lgwan, 59, "V121"), (.lgwan, 60, "answered"), (.lgwan, 604_800, "answered"), (.lgwan, 604_801, "V121"),
      (.mynumber, 600, "V115"),
    ])
  func codeLimits(segment: Segment, seconds: Int, expected: String) throws {
    try office.begin(with: sato)
    #expect(
      office.refusal(.createEnrolmentCode(try office.enrolment(by: sato, segment: segment, seconds: seconds))) == expected)
  }

  @Test("a workstation's certificate costs one code, and says what the code said")
  func enrolment() throws {
    try office.begin(with: sato)
    let code = try office.code(by: sato)
    let key = P256.Signing.PrivateKey()
    let request = try CertificateRequest.make(key: key)
    #expect(office.refusal(.signWorkstation(certificateRequest: [1, 2, 3], code: code)) == "V110")
    #expect(office.refusal(.signWorkstation(certificateRequest: request, code: "nonsense")) == "V111")
    #expect(office.refusal(.signWorkstation(certificateRequest: request, code: Self.anotherCode)) == "V112")
    let issued = try office.enrol(key, code: code)
    #expect(issued.workstation.text == "LGWAN-PC-0042" && issued.segment == .lgwan && issued.access == .console)
    let leaf = try WorkstationCertificate(parsing: issued.certificate)
    #expect(leaf.identity.uri == "sanmon://lgwan-1/lgwan/workstation/LGWAN-PC-0042")
    guard case .trustRoots(let roots) = office.ask(.trustRoots) else { return }
    #expect(leaf.isIssued(by: roots[0]))
    #expect(office.refusal(.signWorkstation(certificateRequest: request, code: code)) == "V114")
    // A workstation's code is not the administrator's, and the other way round.
    let second = try office.code("LGWAN-PC-0043", by: sato)
    #expect(office.refusal(try office.firstRegistration(Clerk("tanaka"), code: second)) == "V112")
  }

  @Test(
    "a code expires, also when the clock is set back",
    arguments: [(3599, 0, "answered"), (3600, 0, "V113"), (3600, 7200, "V113")])
  func codeExpiry(seconds: Int64, setBack: Int64, expected: String) throws {
    try office.begin(with: sato)
    let code = try office.code(by: sato)
    office.clock.advance(seconds: seconds)
    office.clock.setBack(seconds: setBack)
    let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
    #expect(office.refusal(.signWorkstation(certificateRequest: request, code: code)) == expected)
  }

  @Test("a newer code for the same workstation voids the older one")
  func newerCode() throws {
    try office.begin(with: sato)
    let old = try office.code(by: sato)
    let new = try office.code(by: sato)
    #expect(throws: Office.Unexpected.self) { try office.enrol(P256.Signing.PrivateKey(), code: old) }
    _ = try office.enrol(P256.Signing.PrivateKey(), code: new)
  }

  @Test("two requests with one code at once: one certificate")
  func race() async throws {
    try office.begin(with: sato)
    let code = try office.code(by: sato)
    let won = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
        group.addTask { [office] in
          if case .workstationCertificate = office.ask(.signWorkstation(certificateRequest: request, code: code)) {
            true
          } else {
            false
          }
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(won == 1)
  }

  @Test("a renewal is proven by the current key, not by the server's word")
  func renewal() throws {
    try office.begin(with: sato)
    let key = P256.Signing.PrivateKey()
    let next = P256.Signing.PrivateKey()
    let current = try office.enrol(key, code: office.code(by: sato)).certificate
    let same = try CertificateRequest.make(key: key)
    let other = try CertificateRequest.make(key: next)
    func renew(_ request: [UInt8], _ certificate: [UInt8] = current, proof: [UInt8] = []) -> VaultRequest {
      .renewWorkstation(VaultRenewal(certificateRequest: request, current: certificate, proof: proof))
    }
    #expect(office.refusal(renew(same)) == "answered")
    #expect(office.refusal(renew(other)) == "V119")
    func proof(_ key: P256.Signing.PrivateKey, _ request: [UInt8]) throws -> [UInt8] {
      Array(try key.signature(for: VaultRenewal.message(certificateRequest: request)).derRepresentation)
    }
    #expect(office.refusal(renew(other, proof: try proof(next, other))) == "V119")
    #expect(office.refusal(renew(other, proof: try proof(key, same))) == "V119")
    guard case .workstationCertificate(let renewed) = office.ask(renew(other, proof: try proof(key, other))) else {
      Issue.record("not renewed")
      return
    }
    #expect(renewed.workstation.text == "LGWAN-PC-0042")
    // Another authority's leaf with the same words.
    let stranger = try WorkstationAuthority.create(
      instance: "lgwan-1", key: P256.Signing.PrivateKey(), serial: Office.random(16), now: Office.start)
    let forged = try stranger.issueWorkstation(
      CertificateRequest(verifying: same),
      identity: WorkstationIdentity(instance: "lgwan-1", segment: .lgwan, workstation: WorkstationID(parsing: "LGWAN-PC-0042")),
      serial: Office.random(16), now: Office.start, days: 10)
    #expect(office.refusal(renew(same, forged)) == "V116")
    #expect(office.refusal(renew(same, [0x30])) == "V116")
    office.clock.advance(seconds: 366 * 86_400)
    #expect(office.refusal(renew(same)) == "V117")
  }

  @Test("a revoked workstation, and one that was enrolled anew, cannot renew")
  func revokedWorkstation() throws {
    try office.begin(with: sato)
    let key = P256.Signing.PrivateKey()
    let request = try CertificateRequest.make(key: key)
    let first = try office.enrol(key, code: office.code(by: sato)).certificate
    // The PC was installed anew: the old certificate is nobody's any more.
    let second = try office.enrol(key, code: office.code(by: sato)).certificate
    #expect(office.refusal(.renewWorkstation(VaultRenewal(certificateRequest: request, current: first))) == "V118")
    #expect(office.refusal(.renewWorkstation(VaultRenewal(certificateRequest: request, current: second))) == "answered")
    let waiting = try office.code(by: sato)
    let act = try sato.sign(
      Act.revokeWorkstation(
        WorkstationID(parsing: "LGWAN-PC-0042"), by: sato.id, instance: office.instance, nonce: Office.random(16),
        at: office.clock.now.wallMilliseconds))
    #expect(office.ask(.revoke(act)) == .revoked)
    #expect(office.refusal(.renewWorkstation(VaultRenewal(certificateRequest: request, current: second))) == "V118")
    // A code made before the revocation is void too.
    #expect(office.refusal(.signWorkstation(certificateRequest: request, code: waiting)) == "V114")
    _ = try office.enrol(key, code: office.code(by: sato))
  }

  @Test("the server's certificate names the hosts of the beginning")
  func serverCertificate() throws {
    try office.begin(with: sato)
    let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
    guard case .serverCertificate(let der) = office.ask(.signServer(certificateRequest: request)) else {
      Issue.record("no certificate")
      return
    }
    #expect(throws: MalformedInput.self) { try WorkstationCertificate(parsing: der) }
    #expect(office.refusal(.signServer(certificateRequest: request.dropLast())) == "V110")
  }

  @Test("refusals leave one row a minute, however many there are")
  func coalescing() throws {
    try office.begin(with: sato)
    let before = try office.status().logSize
    for _ in 0..<200 { _ = office.ask(.signServer(certificateRequest: [0])) }
    #expect(try office.status().logSize == before + 1)
    office.clock.advance(seconds: 61)
    _ = office.ask(.signServer(certificateRequest: [0]))
    #expect(try office.status().logSize == before + 2)
  }

  @Test("a master key that is not the one, a readable one, a changed log: the vault does not start")
  func start() throws {
    try office.begin(with: sato)
    let environment = VaultEnvironment(now: { [clock = office.clock] in clock.now }, random: Office.random)
    func start(_ master: String) -> VaultStartFault.Kind? {
      do {
        _ = try VaultService(directory: office.state, master: MasterKey.read(path: master), environment: environment)
        return nil
      } catch {
        return error.kind
      }
    }
    let own = Office.master(office.folder)
    #expect(start(own) == nil)
    let other = office.folder.appending(path: "other").path
    try MasterKey.make(path: other, random: Secret(copying: [UInt8](repeating: 8, count: 32)))
    #expect(start(other) == .masterKey)
    #expect(start(office.folder.appending(path: "none").path) == .masterKey)
    chmod(other, 0o440)
    #expect(start(other) == .unsafeFile)
    let link = office.folder.appending(path: "link").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
    #expect(start(link) == .masterKey)
    for text in [
      "", "sanmon_master_1_\(String(repeating: "0", count: 63))\n", "sanmon_master_1_\(String(repeating: "g", count: 64))\n",
    ] {
      let path = office.folder.appending(path: UUID().uuidString).path
      try Data(text.utf8).write(to: URL(filePath: path))
      chmod(path, 0o400)
      #expect(start(path) == .masterKey)
    }
    #expect(throws: VaultStartFault.self) {
      try MasterKey.make(path: own, random: Secret(copying: [UInt8](repeating: 1, count: 32)))
    }
    chmod(office.state, 0o755)
    #expect(start(own) == .unsafeFile)
    chmod(office.state, 0o700)
    #expect(
      try Self.sqlite(
        office,
        "UPDATE log_rows SET encoded = CAST(substr(encoded, 1, length(encoded) - 1) || x'21' AS BLOB) WHERE sequence = 1"))
    #expect(start(own) == .state)
  }

  @Test(
    "sealed keys do not open when they are moved or changed",
    arguments: [
      "UPDATE sealed_keys SET sealed = (SELECT sealed FROM sealed_keys WHERE name = 'ticket') WHERE name = 'checkpoint'",
      "UPDATE instance SET name = 'mynumber-1'",
      "UPDATE sealed_keys SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE name = 'ca'",
      "DELETE FROM sealed_keys WHERE name = 'ticket'",
    ])
  func sealed(statement: String) throws {
    try office.begin(with: sato)
    #expect(try Self.sqlite(office, statement))
    #expect(throws: VaultStartFault.self) { try office.reopen() }
  }

  @Test("while the state cannot be written nothing is signed, and afterwards it goes on without a restart")
  func unwritable() throws {
    try office.begin(with: sato)
    let holder = try Program(
      [
        "python3", "-c",
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()",
        office.state + "/vault.sqlite",
      ], input: .open)
    while holder.output.isEmpty, holder.isRunning { usleep(5_000) }
    #expect(holder.output == "held\n")
    let request = VaultRequest.signServer(certificateRequest: try CertificateRequest.make(key: P256.Signing.PrivateKey()))
    #expect(office.refusal(request) == "V190")
    holder.closeInput()
    try holder.end()
    #expect(office.refusal(request) == "answered")
  }

  @Test("no key and no code lies readable in the state")
  func canaries() throws {
    let code = try office.begin(with: sato)
    let workstationCode = try office.code(by: sato)
    var all = Data()
    for name in try FileManager.default.contentsOfDirectory(atPath: office.state) {
      all.append(try Data(contentsOf: office.folder.appending(path: "state/\(name)")))
    }
    for text in [code, workstationCode, code.replacingOccurrences(of: "-", with: "")] {
      #expect(all.range(of: Data(text.utf8)) == nil)
    }
    #expect(all.range(of: Data([UInt8](repeating: 7, count: 32))) == nil)
  }

  /// A code of the right form that was never made.
  static let anotherCode = "0000-0000-0000-0000-0000-0000-005Q"

  /// Changes the state as somebody with a shell would.
  private static func sqlite(_ office: Office, _ statement: String) throws -> Bool {
    try Program.run([
      "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
      office.state + "/vault.sqlite",
      statement,
    ]).status == 0
  }
}
