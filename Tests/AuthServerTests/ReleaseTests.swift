import AuthAPI
import AuthClient
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Sealing
import Testing
import Workstation

/// Stored credentials over the real wire: a real vault behind its socket, a database on disk, the shipped files.
@Suite("credentials for sessions", .serialized)
struct ReleaseTests {
  static let person = "p-000042"

  /// A city in which the ledger is published and one card is in the vault's register.
  struct Bench {
    let city: City
    let pc: TestWorkstation
    let card: TestCard
    let definition: ApplicationDefinition

    func keys() async throws -> VaultPublicKeys {
      let message: VaultKeysMessage = try await pc.connection.fetch("/v1/vault/keys")
      let instance = try InstanceID(parsing: message.instance)
      #expect(message.keys.areSigned(for: instance, byOneOf: [Array(message.authority)]))
      return message.keys
    }

    func publish() async throws {
      var parameters = [
        "application": definition.id.text, "segments": "lgwan", "freshness": String(definition.freshnessSeconds),
        "definition": Hex.encode(Array(SHA256.hash(data: definition.canonicalBytes))),
      ]
      if definition.isWindows { parameters["kind"] = "windows" }
      let act = try city.sign(city.act(Act.Kind.publishApplication, parameters))
      let _: NoBody = try await city.link.call(
        "POST", "/v1/admin/vault/applications", VaultActMessage(act: Data(act.encoded)))
    }

    @discardableResult
    func registerCards() async throws -> Int {
      let pending: VaultCardsPending = try await city.link.fetch("/v1/admin/vault/cards")
      let cards = try pending.cards.map { card in
        VaultCard(
          key: try KeyFingerprint(hex: card.key), person: try PersonID(parsing: card.person), isWithdrawn: card.isWithdrawn)
      }
      let hash = Hex.encode(Array(SHA256.hash(data: VaultCard.canonicalBytes(cards))))
      let act = try city.sign(city.act(Act.Kind.registerCards, ["cards": hash]))
      let left: VaultCardsPending = try await city.link.call(
        "POST", "/v1/admin/vault/cards", VaultCardsAct(cards: pending.cards, act: Data(act.encoded)))
      return left.count
    }

    /// A second administrator, and an act that both sign.
    func deputise(_ deputies: [String], for owner: String, until: Int64, by second: Administrator?) async throws -> Int {
      let now = city.clock.now().wallMilliseconds
      let act = try city.act(
        Act.Kind.registerDeputies,
        [
          "owner": owner, "application": definition.id.text, "account": "", "deputies": deputies.joined(separator: " "),
          "from": String(now), "until": String(now + until),
        ])
      let signed = try city.sign(act)
      let whole = SignedAct(
        act: act, scheme: signed.scheme, signature: signed.signature, approvals: try second.map { [try $0.approval(act)] } ?? []
      )
      let body = Array(try JSONEncoder().encode(VaultActMessage(act: Data(whole.encoded))))
      return try await city.link.request("POST", "/v1/admin/vault/deputies", body: body).status
    }

    func withdraw(_ deputies: [String], from owner: String) async throws {
      let act = try city.sign(
        city.act(
          Act.Kind.withdrawDeputies,
          ["owner": owner, "application": definition.id.text, "account": "", "deputies": deputies.joined(separator: " ")]))
      let _: NoBody = try await city.link.call("POST", "/v1/admin/vault/deputies", VaultActMessage(act: Data(act.encoded)))
    }

    func deputies(_ query: String = "") async throws -> [DeputySummary] {
      try await city.link.fetch("/v1/admin/vault/deputies" + query)
    }

    func intake(_ password: String, for person: String = ReleaseTests.person, account: String = "") async throws -> [UInt8] {
      let credential = try StoredCredential(user: "sato.hanako", password: Secret(copying: Array(password.utf8)))
      return try await IntakeMessage.seal(
        credential, to: keys(), instance: InstanceID(parsing: "lgwan-1"), person: PersonID(parsing: person),
        application: definition.id, account: account
      ).encoded
    }

    func set(_ password: String) async throws { #expect(try await set(password, for: ReleaseTests.person) == 200) }

    func set(_ password: String, for person: String) async throws -> Int {
      let sealed = try await intake(password, for: person)
      let act = try city.sign(
        city.act(
          Act.Kind.setCredential,
          [
            "person": person, "application": definition.id.text, "account": "",
            "sealed": Hex.encode(Array(SHA256.hash(data: sealed))),
          ]))
      let message = VaultCredentialAct(sealed: Data(sealed), act: Data(act.encoded))
      return try await city.link.request(
        "POST", "/v1/admin/vault/credentials", body: Array(try JSONEncoder().encode(message))
      ).status
    }

    /// A logon, and what its card signed.
    func enter() async throws -> (SessionOpened, SessionEvidence) {
      let opened = try await pc.open()
      let proofs = try pc.proofs(opened, card)
      let answer = try await pc.prove(opened, proofs)
      let shown = try #require(proofs.card)
      let evidence = SessionEvidence(
        preimage: pc.preimage(opened, slot: card.slot).canonicalBytes, algorithm: shown.algorithm,
        signature: Array(shown.signature), publicKey: card.publicKey, suite: pc.keys.suite, sealing: Array(pc.keys.sealing),
        signing: Array(pc.keys.signing))
      return (try #require(answer.session), evidence)
    }

    func message(
      _ kind: SessionAct.Kind = .release, application: String = "ledger", owner: String? = nil, content: [UInt8] = [],
      evidence: SessionEvidence? = nil, workstation: String? = nil, age: Int64 = 0
    ) throws -> SessionActMessage {
      let act = try SessionAct(
        kind: kind, keys: Array(SHA256.hash(data: pc.keys.canonicalBytes)),
        workstation: WorkstationID(parsing: workstation ?? pc.name), application: ApplicationID(parsing: application),
        account: "", owner: owner.map { try PersonID(parsing: $0) }, nonce: City.random(32),
        issuedAt: city.clock.now().wallMilliseconds - age, content: content)
      return SessionActMessage(
        act: Data(act.canonicalBytes), signature: try pc.sessionSignature(over: act.canonicalBytes),
        evidence: evidence.map { Data($0.encoded) })
    }

    /// - Returns: the password in what was sealed; `nil` for what is none.
    @discardableResult
    func ask(
      _ message: SessionActMessage, in session: String, at other: TestWorkstation? = nil, owner: String = ReleaseTests.person
    ) async throws -> String? {
      let answer = try await (other ?? pc).connection.request(
        "POST", "/v1/sessions/\(session)/acts", body: Array(try JSONEncoder().encode(message)))
      guard answer.status == 200 else { throw try Refused(answer) }
      guard let sealed = try JSONDecoder().decode(SessionActAnswer.self, from: Data(answer.body)).sealed else { return nil }
      let release = try SealedRelease(decoding: Array(sealed))
      let keys = try await keys()
      let signer = try Curve25519.Signing.PublicKey(rawRepresentation: keys.ticket)
      #expect(signer.isValidSignature(release.signature, for: release.message))
      let statement = try ReleaseStatement(canonicalBytes: release.statement)
      #expect(statement.person.text == ReleaseTests.person && statement.owner.text == owner)
      #expect(statement.application == definition.id)
      #expect(statement.definition == Array(SHA256.hash(data: definition.canonicalBytes)))
      let opened = try SealingKey(.x25519, seed: Secret(copying: pc.privateSessionKeys[1])).open(
        SealedMessage(encapsulated: release.encapsulated, ciphertext: release.ciphertext),
        info: ReleaseStatement.info(suite: statement.suite, vaultKey: statement.vaultKey), associatedData: release.statement,
        as: ApplicationPassword.self)
      let credential = try StoredCredential(plaintext: opened)
      #expect(credential.user == "sato.hanako")
      return credential.password.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    func code(_ message: SessionActMessage, in session: String, at other: TestWorkstation? = nil) async throws -> String? {
      try await refusal { try await ask(message, in: session, at: other) }?.body.code
    }
  }

  static func with(_ application: String = "ledger", _ test: (Bench) async throws -> Void) async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(person)
    let file = try Data(contentsOf: URL(filePath: Repository.root + "/policies/applications/\(application).yaml"))
    let definition = try ApplicationFile.compile(PolicySource(name: "\(application).yaml", bytes: Array(file))).definition
    try await test(Bench(city: city, pc: pc, card: card, definition: definition))
    await city.end()
  }

  @Test("the logon to Windows is released as any other application")
  func windows() async throws {
    try await Self.with("windows") { bench in
      try await bench.publish()
      #expect(try await bench.registerCards() == 0)
      try await bench.set("kumo-no-ito-1918")
      let (session, evidence) = try await bench.enter()
      let message = try bench.message(application: "windows", evidence: evidence)
      #expect(try await bench.ask(message, in: session.session) == "kumo-no-ito-1918")
      let report = try bench.message(.report, application: "windows", content: Array("accepted".utf8))
      #expect(try await bench.ask(report, in: session.session) == nil)
      let entries: [CredentialSummary] = try await bench.city.link.fetch("/v1/admin/vault/credentials?application=windows")
      #expect(entries.map(\.state) == ["current"])
    }
  }

  @Test("a credential reaches the session that its person's card opened, once for each act, and rows name both")
  func released() async throws {
    try await Self.with { bench in
      try await bench.publish()
      #expect(try await bench.registerCards() == 0)
      try await bench.set("kumo-no-ito-1918")
      let (session, evidence) = try await bench.enter()
      let first = try bench.message()
      #expect(try await bench.code(first, in: session.session) == "AP171")
      let message = try bench.message(evidence: evidence)
      #expect(try await bench.ask(message, in: session.session) == "kumo-no-ito-1918")
      #expect(try await bench.code(message, in: session.session) == "AP173", "the same act again")
      #expect(try await bench.ask(bench.message(), in: session.session) == "kumo-no-ito-1918", "known by now")
      let rows = try await bench.city.audit("class=release")
      #expect(rows.map(\.outcome) == ["done", "refused", "done", "done", "refused", "done"])
      let granted = rows.filter { $0.outcome == "done" }
      #expect(
        granted.allSatisfy { $0.action == "credential.release" && $0.person == Self.person && $0.session == session.session })
      #expect(granted[1].note.hasPrefix("ledger ticket ") && rows[1].code == "AP171" && rows[4].code == "AP173")
      // Nothing of it stands in anything the server keeps.
      let files = try FileManager.default.subpathsOfDirectory(atPath: bench.city.folder)
      for file in files where !file.hasSuffix(".sock") {
        guard let bytes = FileManager.default.contents(atPath: bench.city.folder + "/" + file) else { continue }
        #expect(bytes.range(of: Data("kumo-no-ito".utf8)) == nil, "\(file)")
      }
    }
  }

  @Test("locked, ended, of another workstation, another key, too old, unpublished, unregistered: nothing, each with its code")
  func refused() async throws {
    try await Self.with { bench in
      let (session, evidence) = try await bench.enter()
      let id = session.session
      #expect(try await bench.code(bench.message(evidence: evidence), in: id) == "AP172", "the card is in no register")
      try await bench.registerCards()
      #expect(try await bench.code(bench.message(evidence: evidence), in: id) == "AP174")
      try await bench.publish()
      #expect(try await bench.code(bench.message(), in: id) == "AP171", "what is refused proves nothing")
      #expect(try await bench.code(bench.message(evidence: evidence), in: id) == "AP176")
      try await bench.set("kumo-no-ito-1918")
      #expect(try await bench.code(bench.message(application: "sanitiser", evidence: evidence), in: id) == "AP174")
      #expect(try await bench.code(bench.message(evidence: evidence, age: 200_000), in: id) == "AP173")
      let other = try await bench.city.workstation("LGWAN-PC-0043")
      #expect(try await bench.code(bench.message(evidence: evidence), in: id, at: other) == "AP173")
      #expect(try await bench.code(bench.message(evidence: evidence, workstation: "LGWAN-PC-0043"), in: id) == "AP173")
      var forged = try bench.message(evidence: evidence)
      forged.signature[0] ^= 1
      #expect(try await bench.code(forged, in: id) == "AP173")
      #expect(try await bench.code(bench.message(evidence: evidence), in: "s-unknown") == "AP173")
      _ = try await bench.pc.end("lock", id)
      #expect(try await bench.code(bench.message(evidence: evidence), in: id) == "AP115")
      _ = try await bench.pc.end("logoff", id)
      #expect(try await bench.code(bench.message(evidence: evidence), in: id) == "AP115")
    }
  }

  @Test("a wrong password is tried once; the clerk's own, sealed where it was typed, takes its place; then it counts as right")
  func captured() async throws {
    try await Self.with { bench in
      try await bench.publish()
      try await bench.registerCards()
      try await bench.set("furui-mono")
      let (session, evidence) = try await bench.enter()
      let id = session.session
      #expect(try await bench.ask(bench.message(evidence: evidence), in: id) == "furui-mono")
      try await bench.ask(bench.message(.report, content: Array("refused".utf8)), in: id)
      #expect(try await bench.code(bench.message(), in: id) == "AP177")
      let gaps: CredentialGaps = try await bench.city.link.fetch("/v1/admin/vault/gaps")
      #expect(gaps.gaps.first?.person == Self.person && gaps.gaps.first?.reason == "refused" && gaps.count > 100)
      #expect(gaps.gaps.first?.refusedAt != nil && gaps.gaps.last?.refusedAt == nil)
      // Sealed for somebody else it is nobody's.
      let foreign = try await bench.intake("atarashii-mono", for: "p-000007")
      #expect(try await bench.code(bench.message(.capture, content: foreign), in: id) == "AP180")
      try await bench.ask(bench.message(.capture, content: bench.intake("atarashii-mono")), in: id)
      #expect(try await bench.ask(bench.message(), in: id) == "atarashii-mono")
      try await bench.ask(bench.message(.report, content: Array("accepted".utf8)), in: id)
      let kept: [CredentialSummary] = try await bench.city.link.fetch("/v1/admin/vault/credentials?person=\(Self.person)")
      #expect(kept.map(\.state) == ["current"] && kept.map(\.application) == ["ledger"] && kept.map(\.refusedAt) == [nil])
      let now: CredentialGaps = try await bench.city.link.fetch("/v1/admin/vault/gaps")
      #expect(now.count == gaps.count - 1 && !now.gaps.contains { $0.person == Self.person })
      // A wrong one that an administrator set is not "confirmed", although the former one signs in again.
      try await bench.set("machigai")
      #expect(try await bench.ask(bench.message(), in: id) == "machigai")
      try await bench.ask(bench.message(.report, content: Array("refused".utf8)), in: id)
      let fallen: [CredentialSummary] = try await bench.city.link.fetch("/v1/admin/vault/credentials?person=\(Self.person)")
      #expect(fallen.map(\.state) == ["current"] && fallen.map(\.version) == kept.map(\.version))
      #expect(fallen.map(\.refusedVersion) == [kept[0].version + 1] && fallen.allSatisfy { ($0.refusedAt ?? 0) >= $0.setAt })
      #expect(try await bench.ask(bench.message(), in: id) == "atarashii-mono")
    }
  }

  @Test("the vault's register of cards is compared with the server's: new keys, and lost ones that it still takes")
  func cards() async throws {
    try await Self.with { bench in
      func pending() async throws -> VaultCardsPending { try await bench.city.link.fetch("/v1/admin/vault/cards") }
      #expect(try await pending().cards.map(\.person) == [Self.person])
      #expect(try await bench.registerCards() == 0)
      let _: CardStateChanged = try await bench.city.link.call(
        "POST", "/v1/admin/cards/\(bench.card.id)/state", CardStateChange(state: "lost", reason: ""))
      let lost = try await pending()
      #expect(lost.count == 1 && lost.cards.first?.isWithdrawn == true)
      #expect(try await bench.registerCards() == 0)
      #expect(try await bench.city.audit("class=administration&action=vault.cards").map(\.count) == [1, 1])
    }
  }

  @Test("what the files say and what the vault has is shown; a changed file is told")
  func applications() async throws {
    try await Self.with { bench in
      func states() async throws -> [String: String] {
        let all: [ApplicationSummary] = try await bench.city.link.fetch("/v1/admin/vault/applications")
        return Dictionary(uniqueKeysWithValues: all.map { ($0.application, $0.state) })
      }
      #expect(try await states() == ["ledger": "unpublished", "sanitiser": "unpublished", "windows": "unpublished"])
      try await bench.publish()
      #expect(try await states()["ledger"] == "published")
      let before: ApplicationsMessage = try await bench.pc.connection.fetch("/v1/applications")
      #expect(before.unpublished == ["sanitiser", "windows"])
      let path = bench.city.folder + "/policies/applications/ledger.yaml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("ledger.sanmon.example", with: "ledger.evil.example").write(
        toFile: path, atomically: true, encoding: .utf8)
      let reloaded: PolicyReloaded = try await bench.city.link.call("POST", "/v1/admin/policy/reload")
      #expect(reloaded.changed && reloaded.faultsEn.isEmpty)
      #expect(try await states()["ledger"] == "changed")
      let offered: ApplicationsMessage = try await bench.pc.connection.fetch("/v1/applications")
      let definitions = try offered.definitions.map { try ApplicationDefinition(canonicalBytes: Array($0)) }
      #expect(definitions.map(\.id.text) == ["ledger", "sanitiser", "windows"])
      #expect(offered.unpublished == ["ledger", "sanitiser", "windows"], "one was changed, two never published")
      try "nonsense: [".write(toFile: path, atomically: true, encoding: .utf8)
      let broken: PolicyReloaded = try await bench.city.link.call("POST", "/v1/admin/policy/reload")
      #expect(!broken.changed && !broken.faultsEn.isEmpty)
      #expect(try await states()["ledger"] == "changed", "what was in force stays in force")
    }
  }

  @Test("a deputy signs in for another with her own card; rows name both; it ends by itself, and by an administrator")
  func deputies() async throws {
    try await Self.with { bench in
      let suzuki = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await bench.city.register(suzuki) == 201)
      try await bench.publish()
      // An owner is a person, and no shared account, by having a card.
      _ = try await bench.city.enrolCard("p-000007")
      try await bench.registerCards()
      #expect(try await bench.set("kacho-no-mono", for: "p-000007") == 200)
      let (session, evidence) = try await bench.enter()
      let id = session.session
      func asked() async throws -> String? {
        try await bench.code(bench.message(owner: "p-000007", evidence: evidence), in: id)
      }
      #expect(try await asked() == "AP181")
      #expect(try await bench.deputise([Self.person], for: "p-000007", until: 3_600_000, by: nil) == 403, "one signature")
      #expect(try await bench.deputise(["p-999999"], for: "p-000007", until: 3_600_000, by: suzuki) == 404, "nobody")
      #expect(try await asked() == "AP181")
      #expect(try await bench.deputise([Self.person], for: "p-000007", until: 60_000, by: suzuki) == 200)
      #expect(
        try await bench.ask(bench.message(owner: "p-000007", evidence: evidence), in: id, owner: "p-000007")
          == "kacho-no-mono")
      let capture = try await bench.message(
        .capture, owner: "p-000007", content: bench.intake("jibun-no-mono", for: "p-000007"))
      #expect(try await bench.code(capture, in: id) == "AP181", "the owner's own to replace")
      bench.city.clock.advance(seconds: 61)
      #expect(try await asked() == "AP181")
      #expect(try await bench.deputies("?person=\(Self.person)").map(\.state) == ["ended"])
      #expect(try await bench.deputise([Self.person], for: "p-000007", until: 3_600_000, by: suzuki) == 200)
      #expect(try await bench.deputies().map(\.state) == ["inForce"])
      try await bench.ask(
        bench.message(.report, owner: "p-000007", content: Array("refused".utf8)), in: id, owner: "p-000007")
      let kept: [CredentialSummary] = try await bench.city.link.fetch("/v1/admin/vault/credentials?person=p-000007")
      #expect(kept.map(\.state) == ["refused"])
      try await bench.withdraw([Self.person], from: "p-000007")
      #expect(try await asked() == "AP181")
      #expect(try await bench.deputies("?person=p-000007").map(\.state) == ["withdrawn"])
      #expect(try await bench.deputies("?person=p-000009").isEmpty)
      let rows = try await bench.city.audit("class=release").filter { $0.outcome == "done" }
      #expect(rows.allSatisfy { $0.person == Self.person && $0.note.hasPrefix("ledger for p-000007 ticket ") })
      let acts = try await bench.city.audit("class=administration&action=vault.deputies")
      #expect(acts.allSatisfy { $0.person == "p-000007" && $0.note.hasPrefix("ledger deputies \(Self.person) act ") })
    }
  }

  @Test("whose accounts she may use is told to the workstation of the open session alone, and only while it holds")
  func offers() async throws {
    try await Self.with { bench in
      let suzuki = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await bench.city.register(suzuki) == 201)
      try await bench.publish()
      try await bench.registerCards()
      func owners() async throws -> [OwnerOffer]? {
        let offered: ApplicationsMessage = try await bench.pc.connection.fetch("/v1/applications")
        return offered.owners
      }
      #expect(try await bench.deputise([Self.person], for: "p-000007", until: 3_600_000, by: suzuki) == 200)
      #expect(try await bench.deputise([Self.person, "p-000009"], for: "shared-kaikei", until: 60_000, by: suzuki) == 200)
      #expect(try await bench.deputise(["p-000009"], for: "p-000008", until: 3_600_000, by: suzuki) == 200)
      #expect(try await owners() == [], "nobody is logged on here")
      let (session, _) = try await bench.enter()
      let found = try #require(try await owners())
      #expect(found.map(\.owner) == ["p-000007", "shared-kaikei"] && found.map(\.application) == ["ledger", "ledger"])
      #expect(found.map(\.account) == ["", ""] && !found[0].displayName.isEmpty && found[1].displayName.isEmpty)
      #expect(try await bench.deputies("?person=p-000007").map(\.until) == [found[0].until])
      bench.city.clock.advance(seconds: 61)
      #expect(try await owners()?.map(\.owner) == ["p-000007"], "over")
      try await bench.withdraw([Self.person], from: "p-000007")
      #expect(try await owners() == [], "withdrawn, and told at once")
      #expect(try await bench.deputise([Self.person], for: "p-000007", until: 3_600_000, by: suzuki) == 200)
      #expect(try await owners()?.count == 1)
      let _: SessionStatus = try await bench.pc.connection.call(
        "POST", "/v1/sessions/\(session.session)/lock", SessionEnding(cause: "asked"))
      #expect(try await owners() == [], "locked")
    }
  }

  @Test("the vault is asked for the list once in ten seconds, and without it applications are told all the same")
  func offersAreKept() async throws {
    try await Self.with { bench in
      let suzuki = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await bench.city.register(suzuki) == 201)
      try await bench.publish()
      #expect(try await bench.deputise([Self.person], for: "p-000007", until: 3_600_000, by: suzuki) == 200)
      _ = try await bench.enter()
      var counted: CountedVault?
      bench.city.door.lead(through: { behind in
        let vault = CountedVault(behind)
        counted = vault
        return vault
      })
      let vault = try #require(counted)
      func offered() async throws -> ApplicationsMessage { try await bench.pc.connection.fetch("/v1/applications") }
      bench.city.clock.advance(seconds: 11)
      for _ in 0..<5 { #expect(try await offered().owners?.count == 1) }
      #expect(vault.count(.listDeputies) == 1)
      bench.city.clock.advance(seconds: 11)
      #expect(try await offered().owners?.count == 1)
      #expect(vault.count(.listDeputies) == 2)
      bench.city.clock.advance(seconds: 11)
      vault.goAway(true)
      let poor = try await offered()
      #expect(poor.definitions.count == 3 && poor.owners == nil && poor.unpublished == nil)
      vault.goAway(false)
      #expect(try await offered().owners?.count == 1, "asked again by the next one")
    }
  }

  @Test("an account that several share is nobody's: it is missed once, and those who use it miss none of their own")
  func shared() async throws {
    try await Self.with { bench in
      let suzuki = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await bench.city.register(suzuki) == 201)
      try await bench.publish()
      try await bench.registerCards()
      func gaps() async throws -> CredentialGaps { try await bench.city.link.fetch("/v1/admin/vault/gaps") }
      let before = try await gaps()
      #expect(try await bench.set("minna-no-mono", for: "shared-kaikei") == 404, "a slip")
      #expect(try await bench.deputise([Self.person, "p-000007"], for: "shared-kaikei", until: 60_000, by: suzuki) == 200)
      let missing = try await gaps()
      #expect(missing.count == before.count - 1, "two people less, one account more")
      #expect(missing.gaps.filter { $0.person == "shared-kaikei" }.map(\.reason) == ["missing"])
      #expect(!missing.gaps.contains { [Self.person, "p-000007"].contains($0.person) })
      #expect(try await bench.set("minna-no-mono", for: "shared-kaikei") == 200)
      #expect(try await gaps().count == before.count - 2)
      let (session, evidence) = try await bench.enter()
      #expect(
        try await bench.ask(
          bench.message(owner: "shared-kaikei", evidence: evidence), in: session.session, owner: "shared-kaikei")
          == "minna-no-mono")
      bench.city.clock.advance(seconds: 61)
      #expect(try await gaps().count == before.count, "ended: everybody for herself")
    }
  }
}
