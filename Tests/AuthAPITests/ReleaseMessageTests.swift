import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Testing

@Suite("what a session signs, shows and is handed, to the byte")
struct ReleaseMessageTests {
  private static let hash = (0..<32).map { UInt8($0) }

  private func act(
    _ kind: SessionAct.Kind = .report, keys: [UInt8] = hash, account: String = "second", owner: String? = nil,
    nonce: [UInt8] = hash, content: [UInt8] = Array("accepted".utf8)
  ) throws -> SessionAct {
    try SessionAct(
      kind: kind, keys: keys, workstation: WorkstationID(parsing: "LGWAN-PC-0042"),
      application: ApplicationID(parsing: "ledger"),
      account: account, owner: owner.map { try PersonID(parsing: $0) }, nonce: nonce, issuedAt: 1_775_001_030_000,
      content: content)
  }

  private let evidence = SessionEvidence(
    preimage: [1], algorithm: "ecdsa-p256-sha256", signature: [2, 3], publicKey: [4], suite: "x25519-chachapoly", sealing: [5],
    signing: hash)

  private func statement(account: String = "", ticket: [UInt8] = hash) throws -> ReleaseStatement {
    ReleaseStatement(
      instance: try InstanceID(parsing: "lgwan-1"), vaultKey: try KeyFingerprint(parsing: Self.hash),
      suite: "x25519-chachapoly", ticket: ticket, person: try PersonID(parsing: "p-000042"),
      owner: try PersonID(parsing: "p-000007"), keys: Self.hash,
      workstationCertificate: try CertificateFingerprint(parsing: Self.hash), application: try ApplicationID(parsing: "ledger"),
      account: account, version: 7, definition: Self.hash, authorised: Self.hash, setAt: 1_775_000_000_000,
      expiresAt: 1_775_001_090_000)
  }

  private func release() throws -> SealedRelease {
    SealedRelease(
      statement: try statement().canonicalBytes, encapsulated: [1, 2], ciphertext: [3], signature: Self.hash + Self.hash)
  }

  private func digest(_ bytes: [UInt8]) -> String { Hex.encode(Array(SHA256.hash(data: bytes)).prefix(8).map { $0 }) }

  @Test("the bytes are the golden ones: what is signed today is verified tomorrow")
  func golden() throws {
    let intake = IntakeMessage(key: try KeyFingerprint(parsing: Self.hash), encapsulated: [1], ciphertext: [2])
    #expect(
      try [
        digest(act().canonicalBytes), digest(act(owner: "p-000007").canonicalBytes), digest(evidence.encoded),
        digest(statement().canonicalBytes), digest(release().encoded),
        digest(intake.encoded), digest(ReleaseStatement.info(suite: "s", vaultKey: KeyFingerprint(parsing: Self.hash))),
        digest(IntakeMessage.info(suite: "s", key: KeyFingerprint(parsing: Self.hash))),
        digest(
          IntakeMessage.associatedData(
            instance: InstanceID(parsing: "i"), person: PersonID(parsing: "p"), application: ApplicationID(parsing: "a"),
            account: "")),
        digest(
          VaultCard.canonicalBytes([VaultCard(key: KeyFingerprint(parsing: Self.hash), person: PersonID(parsing: "p"))])),
      ] == Self.digests)
  }

  /// The first 8 bytes of SHA-256, made from the documented fields by another program.
  private static let digests = [
    "cd131484c0659b53",
    "0a3b6f1abe5591a0",
    "0b5d40d43f68e00c",
    "7ba8db10adf06973",
    "e15819cf54544ee8",
    "6c3570a180cb2289",
    "8eee85753337a621",
    "ddf13de61401188a",
    "9c55cc3c1e08886f",
    "cc6e70d4a53aea54",
  ]

  @Test("each comes back as it went, and no cut or longer form of it is one")
  func roundTrip() throws {
    func check(_ bytes: [UInt8], _ isRead: ([UInt8]) throws -> Bool) {
      #expect((try? isRead(bytes)) == true)
      for length in 0..<bytes.count {
        #expect(throws: MalformedInput.self) { _ = try isRead(Array(bytes.prefix(length))) }
      }
      #expect(throws: MalformedInput.self) { _ = try isRead(bytes + [0]) }
    }
    for act in [try act(), try act(owner: "p-000007")] {
      check(act.canonicalBytes) { try SessionAct(canonicalBytes: $0) == act }
    }
    check(evidence.encoded) { try SessionEvidence(decoding: $0) == evidence }
    let statement = try statement()
    check(statement.canonicalBytes) { try ReleaseStatement(canonicalBytes: $0) == statement }
    let release = try release()
    check(release.encoded) { try SealedRelease(decoding: $0) == release }
    let intake = IntakeMessage(key: try KeyFingerprint(parsing: Self.hash), encapsulated: [1], ciphertext: [2])
    check(intake.encoded) { try IntakeMessage(decoding: $0) == intake }
  }

  @Test("an act has hashes of 32 bytes, an account that is an identifier or none, and a content where its kind has one")
  func acts() throws {
    #expect(throws: MalformedInput.self) { try act(keys: [1]) }
    #expect(throws: MalformedInput.self) { try act(nonce: Array(Self.hash.dropLast())) }
    for account in ["a b", "a/b", String(repeating: "a", count: 65)] {
      #expect(throws: MalformedInput.self) { try act(account: account) }
    }
    #expect(throws: Never.self) { try act(account: "") }
    #expect(throws: MalformedInput.self) { try act(.release) }
    #expect(throws: Never.self) { try act(.release, content: []) }
    for kind in [SessionAct.Kind.capture, .report] { #expect(throws: MalformedInput.self) { try act(kind, content: []) } }
    let most = [UInt8](repeating: 1, count: SessionAct.mostContent)
    #expect(try SessionAct(canonicalBytes: act(.capture, content: most).canonicalBytes).content == most)
    #expect(throws: MalformedInput.self) { try act(.capture, content: most + [1]) }
  }

  @Test("two acts that differ in anything are two tickets")
  func tickets() throws {
    var acts = [try act(), try act(account: ""), try act(owner: "p-000007"), try act(nonce: [UInt8](repeating: 9, count: 32))]
    acts += [try act(keys: [UInt8](repeating: 9, count: 32)), try act(content: [1]), try act(.release, content: [])]
    var other = try act()
    other.workstation = try WorkstationID(parsing: "PC")
    acts.append(other)
    other = try act()
    other.issuedAt += 1
    acts.append(other)
    other = try act()
    other.application = try ApplicationID(parsing: "sanitiser")
    acts.append(other)
    #expect(Set(acts.map { digest($0.canonicalBytes) }).count == acts.count)
  }

  @Test("evidence has limits: keys, signature and the whole")
  func evidenceLimits() throws {
    func refuses(_ change: (inout SessionEvidence) -> Void) -> Bool {
      var bent = evidence
      change(&bent)
      return (try? SessionEvidence(decoding: bent.encoded)) == nil
    }
    #expect(!refuses { $0.signature = [UInt8](repeating: 1, count: 1024) })
    #expect(refuses { $0.signature = [UInt8](repeating: 1, count: 1025) })
    #expect(refuses { $0.signature = [] })
    #expect(!refuses { $0.publicKey = [UInt8](repeating: 1, count: 1024) })
    #expect(refuses { $0.publicKey = [] } && refuses { $0.publicKey = [UInt8](repeating: 1, count: 1025) })
    #expect(refuses { $0.signing = [1] })
    #expect(!refuses { $0.sealing = [UInt8](repeating: 1, count: 2048) })
    #expect(refuses { $0.sealing = [UInt8](repeating: 1, count: 2049) })
  }

  @Test("a statement has hashes and an account; a release a signature of 64 bytes")
  func statements() throws {
    #expect(throws: MalformedInput.self) { try ReleaseStatement(canonicalBytes: statement(account: "a b").canonicalBytes) }
    #expect(throws: MalformedInput.self) { try ReleaseStatement(canonicalBytes: statement(ticket: [1]).canonicalBytes) }
    var release = try release()
    release.signature.removeLast()
    #expect(throws: MalformedInput.self) { try SealedRelease(decoding: release.encoded) }
  }

  @Test(
    "a name has 1 to 256 bytes, a password 1 to 1,024 of UTF-8 without NUL",
    arguments: [
      (1, 1, true), (256, 1024, true), (0, 1, false), (257, 1, false), (1, 0, false), (1, 1025, false),
    ])
  func credentials(user: Int, password: Int, isOne: Bool) throws {
    let name = String(repeating: "u", count: user)
    let bytes = [UInt8](repeating: 0x61, count: password)
    let credential = try? StoredCredential(user: name, password: Secret(copying: bytes))
    #expect((credential != nil) == isOne)
    guard let credential else { return }
    let again = try StoredCredential(plaintext: credential.plaintext)
    #expect(again.user == name && again.password.withBytes { Array($0) } == bytes)
  }

  @Test("a plaintext that is no credential is refused; a credential shows nothing")
  func plaintexts() throws {
    for bytes in [[0x61, 0], [0xff], [0xc3]] as [[UInt8]] {
      #expect(throws: MalformedInput.self) { try StoredCredential(user: "u", password: Secret(copying: bytes)) }
    }
    #expect(throws: MalformedInput.self) { try StoredCredential(user: "a\nb", password: Secret(copying: [0x61])) }
    let credential = try StoredCredential(user: "user-name", password: Secret(copying: Array("secret-word".utf8)))
    let whole = credential.plaintext.withBytes { Array($0) }
    for length in 0..<whole.count {
      #expect(throws: MalformedInput.self) { try StoredCredential(plaintext: Secret(copying: whole.prefix(length))) }
    }
    #expect(throws: MalformedInput.self) { try StoredCredential(plaintext: Secret(copying: whole + [0])) }
    var text = "\(credential)"
    dump(credential, to: &text)
    #expect(!text.contains("secret-word") && !text.contains("user-name"))
  }
}
