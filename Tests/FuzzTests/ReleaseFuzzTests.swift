import AuthAPI
import AuthTerms
import Fuzzing
import Testing

extension LogFuzzTests {
  static func sessionAct() throws -> SessionAct {
    try SessionAct(
      kind: .report, keys: [UInt8](repeating: 1, count: 32), workstation: WorkstationID(parsing: "PC"),
      application: ApplicationID(parsing: "ledger"), account: "second", owner: PersonID(parsing: "p2"),
      nonce: [UInt8](repeating: 2, count: 32), issuedAt: 5, content: Array("accepted".utf8))
  }

  static let evidence = SessionEvidence(
    preimage: preimage.canonicalBytes, algorithm: "ecdsa-p256-sha256", signature: [UInt8](repeating: 3, count: 70),
    publicKey: [UInt8](repeating: 4, count: 91), suite: "x25519-chachapoly", sealing: [UInt8](repeating: 5, count: 32),
    signing: [UInt8](repeating: 6, count: 32))

  static let preimage = CardPreimage(
    nonce: [UInt8](repeating: 1, count: 32), ceremony: "c-1", workstation: "PC", scenario: "logon", segment: "lgwan",
    expiresAt: 1_775_001_030_000, serverCertificate: [UInt8](repeating: 2, count: 32),
    workstationCertificate: [UInt8](repeating: 3, count: 32), slot: "9a", sealingSuite: "x25519-chachapoly",
    sessionKeys: [UInt8](repeating: 4, count: 32))
}

/// What a session shows and is handed: bytes of agents and of the vault, read by the other.
@Suite("Fuzz: acts and evidence of sessions, releases, credentials", .serialized)
struct ReleaseFuzzTests {
  /// Every input is refused, or is the one spelling of what was read.
  private func oneSpelling(
    _ name: String, _ corpus: [[UInt8]], words: [String] = [], read: @escaping ([UInt8]) throws -> [UInt8]
  ) throws {
    let tally = try Fuzzer(name, corpus: corpus, words: words, share: 0.14).run { bytes in
      guard let again = try? read(bytes) else { return false }
      guard again == bytes else { throw Fuzzer.Broken("two spellings") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 500, "\(name)")
  }

  @Test("what is signed and what is sealed has one spelling")
  func spellings() throws {
    let hash = [UInt8](repeating: 7, count: 32)
    try oneSpelling("sessionActs", [LogFuzzTests.sessionAct().canonicalBytes], words: ["credential.release"]) {
      try SessionAct(canonicalBytes: $0).canonicalBytes
    }
    try oneSpelling("sessionEvidence", [LogFuzzTests.evidence.encoded]) { try SessionEvidence(decoding: $0).encoded }
    try oneSpelling("cardPreimages", [LogFuzzTests.preimage.canonicalBytes], words: ["unlock", "mynumber"]) {
      try CardPreimage(canonicalBytes: $0).canonicalBytes
    }
    let statement = ReleaseStatement(
      instance: try InstanceID(parsing: "lgwan-1"), vaultKey: try KeyFingerprint(parsing: hash), suite: "p256-aes256gcm",
      ticket: hash, person: try PersonID(parsing: "p1"), owner: try PersonID(parsing: "p2"), keys: hash,
      workstationCertificate: try CertificateFingerprint(parsing: hash), application: try ApplicationID(parsing: "ledger"),
      account: "", version: 3, definition: hash, authorised: hash, setAt: 8, expiresAt: 9)
    try oneSpelling("releaseStatements", [statement.canonicalBytes]) {
      try ReleaseStatement(canonicalBytes: $0).canonicalBytes
    }
    let release = SealedRelease(
      statement: statement.canonicalBytes, encapsulated: hash, ciphertext: hash, signature: hash + hash)
    try oneSpelling("sealedReleases", [release.encoded]) { try SealedRelease(decoding: $0).encoded }
    let intake = IntakeMessage(key: try KeyFingerprint(parsing: hash), encapsulated: hash, ciphertext: hash)
    try oneSpelling("intakeMessages", [intake.encoded]) { try IntakeMessage(decoding: $0).encoded }
    let cardKey = CardKeyMessage(
      key: try KeyFingerprint(parsing: hash), script: hash, encapsulated: hash, ciphertext: hash)
    try oneSpelling("cardKeyMessages", [cardKey.encoded]) { try CardKeyMessage(decoding: $0).encoded }
    let credential = try StoredCredential(user: "u1", password: Secret(copying: Array("correct horse".utf8)))
    try oneSpelling("storedCredentials", [credential.plaintext.withBytes { Array($0) }]) { bytes in
      try StoredCredential(plaintext: Secret(copying: bytes)).plaintext.withBytes { Array($0) }
    }
  }
}
