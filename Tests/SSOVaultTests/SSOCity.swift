import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Programs
import SSOVault
import Sealing
import Testing

/// A card with one key, as its owner holds it.
struct TestCard: Sendable {
  let person: PersonID
  let key = P256.Signing.PrivateKey()

  init(_ person: String) throws { self.person = try PersonID(parsing: person) }

  var publicKey: [UInt8] { Array(key.publicKey.derRepresentation) }
  var fingerprint: KeyFingerprint {
    get throws { try KeyFingerprint(parsing: Array(SHA256.hash(data: publicKey))) }
  }
  var entry: VaultCard { get throws { VaultCard(key: try fingerprint, person: person) } }

  func sign(_ bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: bytes).derRepresentation) }
}

/// An enrolled workstation.
struct TestWorkstation: Sendable {
  let id: WorkstationID
  let certificate: CertificateFingerprint
}

/// What an agent holds for one session.
struct TestSession: Sendable {
  let suite: SealingSuite
  let sealing: SealingKey
  let signing = Curve25519.Signing.PrivateKey()
  let workstation: TestWorkstation
  var evidence: SessionEvidence?

  init(_ suite: SealingSuite, at workstation: TestWorkstation) throws {
    self.suite = suite
    self.workstation = workstation
    sealing = try SealingKey(suite, seed: Secret(copying: Office.random(32)))
  }

  var publicKeys: SessionKeys {
    SessionKeys(
      suite: suite.rawValue, sealing: Data(sealing.publicKey), signing: signing.publicKey.rawRepresentation)
  }
  var keys: [UInt8] { Array(SHA256.hash(data: publicKeys.canonicalBytes)) }
}

/// A vault with an administrator, two applications, workstations and people who have cards and passwords.
final class SSOCity: Sendable {
  static let ledger = "ledger"
  static let sanitiser = "sanitiser"

  let office: Office
  let sato: Clerk
  let published: VaultPublicKeys

  /// - Parameter office: of its own, if none is given; not begun.
  convenience init(_ office: Office? = nil) throws {
    let (office, sato) = (try office ?? Office(), try Clerk("sato"))
    try office.begin(with: sato)
    try self.init(begun: office, by: sato)
    try publish(Self.ledger)
    try publish(Self.sanitiser)
  }

  /// The same city, as agents see it who were told these keys.
  init(of city: SSOCity, knowing keys: VaultPublicKeys) throws {
    (office, sato, published) = (city.office, city.sato, keys)
  }

  /// With an administrator, and nothing else.
  init(begun office: Office, by sato: Clerk) throws {
    self.office = office
    self.sato = sato
    guard case .publicKeys(let keys) = office.ask(.publicKeys) else { throw Office.Unexpected() }
    published = keys
  }

  // MARK: Acts

  func act(_ kind: String, _ parameters: [String: String], by clerk: Clerk? = nil) throws -> SignedAct {
    let signer = clerk ?? sato
    return try signer.sign(
      Act(
        kind: kind, operatorID: signer.id, instance: office.instance, nonce: Office.random(16),
        issuedAt: office.clock.now.wallMilliseconds, parameters: parameters))
  }

  func registration(_ cards: [VaultCard], by clerk: Clerk? = nil) throws -> VaultRequest {
    let hash = Hex.encode(Array(SHA256.hash(data: VaultCard.canonicalBytes(cards))))
    return .registerCards(try act(Act.Kind.registerCards, ["cards": hash], by: clerk), cards: cards)
  }

  static let definition = [UInt8](repeating: 0xD1, count: 32)

  func publication(
    _ application: String, segments: String = "lgwan", freshness: String = "36000", definition: String? = nil,
    by clerk: Clerk? = nil
  ) throws -> VaultRequest {
    .publishApplication(
      try act(
        Act.Kind.publishApplication,
        [
          "application": application, "segments": segments, "definition": definition ?? Hex.encode(Self.definition),
          "freshness": freshness,
        ], by: clerk))
  }

  func publish(_ application: String, segments: String = "lgwan", freshness: String = "36000") throws {
    try expectNoted(publication(application, segments: segments, freshness: freshness))
  }

  func expectNoted(_ request: VaultRequest) throws {
    guard case .noted = office.ask(request) else { throw Office.Unexpected() }
  }

  /// What somebody types, sealed to the vault where it is typed.
  func sealed(
    _ password: String, user: String = "u1", for person: String, _ application: String = ledger, account: String = "",
    to key: VaultPublicKeys? = nil
  ) throws -> [UInt8] {
    let key = key ?? published
    let suite = try #require(SealingSuite(rawValue: key.intakeSuite))
    let fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: key.intake)))
    let credential = try StoredCredential(user: user, password: Secret(copying: Array(password.utf8)))
    let message = try suite.seal(
      credential.plaintext, to: key.intake, info: IntakeMessage.info(suite: key.intakeSuite, key: fingerprint),
      associatedData: IntakeMessage.associatedData(
        instance: office.instance, person: PersonID(parsing: person), application: ApplicationID(parsing: application),
        account: account))
    return IntakeMessage(key: fingerprint, encapsulated: message.encapsulated, ciphertext: message.ciphertext).encoded
  }

  func setting(
    _ sealed: [UInt8], for person: String, _ application: String = ledger, account: String = "", by clerk: Clerk? = nil
  ) throws -> VaultRequest {
    .setCredential(
      try act(
        Act.Kind.setCredential,
        [
          "person": person, "application": application, "account": account,
          "sealed": Hex.encode(Array(SHA256.hash(data: sealed))),
        ], by: clerk), sealed: sealed)
  }

  func set(_ password: String, for person: String, _ application: String = ledger, account: String = "") throws {
    try expectNoted(
      setting(sealed(password, for: person, application, account: account), for: person, application, account: account))
  }

  // MARK: People and sessions

  /// A card that the vault knows.
  func card(_ person: String) throws -> TestCard {
    let card = try TestCard(person)
    try expectNoted(registration([card.entry]))
    return card
  }

  func workstation(_ id: String = "LGWAN-PC-0042") throws -> TestWorkstation {
    let issued = try office.enrol(P256.Signing.PrivateKey(), code: office.code(id, by: sato))
    return TestWorkstation(
      id: issued.workstation,
      certificate: try CertificateFingerprint(parsing: Array(SHA256.hash(data: issued.certificate))))
  }

  /// What the card signs at a logon; a test may bend it.
  static func evidence(
    _ session: TestSession, _ card: TestCard, now: Int64, bend: (inout CardPreimage) -> Void = { _ in }
  ) throws -> SessionEvidence {
    var preimage = CardPreimage(
      nonce: Office.random(32), ceremony: "c-0001", workstation: session.workstation.id.text, scenario: "logon",
      segment: "lgwan", expiresAt: now + 30_000, serverCertificate: Office.random(32),
      workstationCertificate: session.workstation.certificate.bytes, slot: "9a", sealingSuite: session.suite.rawValue,
      sessionKeys: session.keys)
    bend(&preimage)
    let bytes = preimage.canonicalBytes
    return SessionEvidence(
      preimage: bytes, algorithm: "ecdsa-p256-sha256", signature: try card.sign(bytes), publicKey: card.publicKey,
      suite: session.suite.rawValue, sealing: session.sealing.publicKey,
      signing: Array(session.signing.publicKey.rawRepresentation))
  }

  /// A logon: the card signs the session's keys.
  static func session(
    _ card: TestCard, at workstation: TestWorkstation, _ suite: SealingSuite, now: Int64
  ) throws -> TestSession {
    var session = try TestSession(suite, at: workstation)
    session.evidence = try evidence(session, card, now: now)
    return session
  }

  func evidence(
    _ session: TestSession, _ card: TestCard, secondsAgo: Int64 = 0, bend: (inout CardPreimage) -> Void = { _ in }
  ) throws -> SessionEvidence {
    try Self.evidence(session, card, now: office.clock.now.wallMilliseconds - secondsAgo * 1000, bend: bend)
  }

  func session(
    _ card: TestCard, at workstation: TestWorkstation, _ suite: SealingSuite = .x25519, secondsAgo: Int64 = 0
  ) throws -> TestSession {
    try Self.session(card, at: workstation, suite, now: office.clock.now.wallMilliseconds - secondsAgo * 1000)
  }

  static func hash(_ keys: SessionKeys) -> [UInt8] { Array(SHA256.hash(data: keys.canonicalBytes)) }

  // MARK: Acts of sessions

  func sessionAct(
    _ kind: SessionAct.Kind = .release, _ session: TestSession, _ application: String = ledger, account: String = "",
    of owner: String? = nil, content: [UInt8] = [], secondsAgo: Int64 = 0
  ) throws -> SessionAct {
    try SessionAct(
      kind: kind, keys: session.keys, workstation: session.workstation.id, application: ApplicationID(parsing: application),
      account: account, owner: owner.map { try PersonID(parsing: $0) }, nonce: Office.random(32),
      issuedAt: office.clock.now.wallMilliseconds - secondsAgo * 1000, content: content)
  }

  static let authorised = [UInt8](repeating: 0xA7, count: 32)

  func request(_ act: SessionAct, _ session: TestSession, evidence: SessionEvidence?? = nil) throws -> VaultRequest {
    .sessionAct(
      SessionActRequest(
        act: act, signature: Array(try session.signing.signature(for: act.canonicalBytes)),
        evidence: evidence ?? session.evidence, authorised: Self.authorised))
  }

  func release(
    _ session: TestSession, _ application: String = ledger, account: String = "", of owner: String? = nil
  ) throws -> VaultRequest {
    try request(sessionAct(.release, session, application, account: account, of: owner), session)
  }

  /// - Parameter owner: named in the act, for whom it is not the session's own person.
  func capture(
    _ password: String, _ session: TestSession, of person: String, _ application: String = ledger, owner: String? = nil
  ) throws -> VaultRequest {
    let content = try sealed(password, for: person, application)
    return try request(sessionAct(.capture, session, application, of: owner, content: content), session)
  }

  func report(
    _ outcome: SignInOutcome, _ session: TestSession, _ application: String = ledger, of owner: String? = nil
  ) throws -> VaultRequest {
    try request(sessionAct(.report, session, application, of: owner, content: Array(outcome.rawValue.utf8)), session)
  }

  /// As the agent does: verifies the vault's signature, the statement, and opens.
  func open(_ release: SealedRelease, _ session: TestSession) throws -> (ReleaseStatement, StoredCredential) {
    let signer = try Curve25519.Signing.PublicKey(rawRepresentation: published.ticket)
    guard signer.isValidSignature(release.signature, for: release.message) else { throw Office.Unexpected() }
    let statement = try ReleaseStatement(canonicalBytes: release.statement)
    let plaintext = try session.sealing.open(
      SealedMessage(encapsulated: release.encapsulated, ciphertext: release.ciphertext),
      info: ReleaseStatement.info(
        suite: session.suite.rawValue, vaultKey: KeyFingerprint(parsing: Array(SHA256.hash(data: published.ticket)))),
      associatedData: release.statement, as: ApplicationPassword.self)
    return (statement, try StoredCredential(plaintext: plaintext))
  }

  /// The password that a release of this session gives now, or the code of the refusal.
  func password(
    _ session: TestSession, _ application: String = ledger, account: String = "", of owner: String? = nil,
    from service: VaultService? = nil
  ) throws -> String {
    let request = try release(session, application, account: account, of: owner)
    switch (service ?? office.service).handle(request, from: Office.server, peers: Office.peers) {
    case .released(let release):
      return try open(release, session).1.password.withBytes { String(decoding: $0, as: UTF8.self) }
    case .refused(let refusal): return refusal.code.rawValue
    default: throw Office.Unexpected()
    }
  }

  /// What somebody does who can write the database: statements of SQLite, apart from the vault.
  @discardableResult
  func tamper(_ sql: String, at state: String? = nil) throws -> String { try Self.tamper(sql, at: state ?? office.state) }

  @discardableResult
  static func tamper(_ sql: String, at state: String) throws -> String {
    let ran = try Program.run([
      "python3", "-c",
      """
      import sqlite3, sys
      c = sqlite3.connect(sys.argv[1])
      for s in sys.argv[2].split(";;"):
        for row in c.execute(s): print(*[v.hex() if isinstance(v, bytes) else v for v in row], sep="|")
      c.commit()
      """, state + "/vault.sqlite", sql,
    ])
    try #require(ran.status == 0, "\(ran.errors)")
    return ran.output
  }

  func entries(_ service: VaultService? = nil) throws -> [CredentialEntry] {
    let answer = (service ?? office.service).handle(.listCredentials(after: ""), from: Office.server, peers: Office.peers)
    guard case .credentials(let entries) = answer else { throw Office.Unexpected() }
    return entries
  }
}

extension SSOCity {
  func rotation(_ layers: Set<VaultLayer>, by clerk: Clerk? = nil) throws -> VaultRequest {
    .rotateKeys(try act(Act.Kind.rotateKeys, ["layers": VaultLayer.text(layers)], by: clerk))
  }

  func terms(_ service: VaultService? = nil) throws -> [VaultLayer: VaultKeyTerm] {
    guard case .keys(let terms) = (service ?? office.service).handle(.listKeys, from: Office.server, peers: Office.peers) else {
      throw Office.Unexpected()
    }
    return Dictionary(uniqueKeysWithValues: terms.map { ($0.layer, $0) })
  }

  /// What is under way, to its end: the clock moves where something has to lapse.
  func carryOn(_ service: VaultService? = nil, atMost limit: Int = 64) throws {
    let service = service ?? office.service
    while true {
      switch try service.advanceRotation(atMost: limit) {
      case .again: continue
      case .waiting: office.clock.advance(seconds: 900)
      case .nothing: return
      }
    }
  }

  func rotate(_ layers: Set<VaultLayer>) throws {
    try expectNoted(rotation(layers))
    try carryOn()
  }
}
