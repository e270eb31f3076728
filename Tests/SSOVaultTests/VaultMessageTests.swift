import AuthAPI
import AuthTerms
import Testing

@Suite("the vault's language is closed")
struct VaultMessageTests {
  let requests: [VaultRequest]
  let answers: [VaultAnswer]

  init() throws {
    let sato = try Clerk("sato")
    let instance = try InstanceID(parsing: "lgwan-1")
    let act = try sato.sign(
      Act.revokeOperator(sato.id, by: sato.id, instance: instance, nonce: [UInt8](repeating: 9, count: 16), at: 5),
      approvedBy: [sato])
    let hash = [UInt8](repeating: 3, count: 32)
    let cards = try [
      VaultCard(key: KeyFingerprint(parsing: hash), person: sato.person),
      VaultCard(key: KeyFingerprint(parsing: hash), person: sato.person, isWithdrawn: true),
    ]
    let (pc, ledger) = (try WorkstationID(parsing: "PC"), try ApplicationID(parsing: "ledger"))
    let release = try SessionAct(
      kind: .release, keys: hash, workstation: pc, application: ledger, account: "", nonce: hash, issuedAt: 5)
    let report = try SessionAct(
      kind: .report, keys: hash, workstation: pc, application: ledger, account: "second",
      owner: sato.person, nonce: hash, issuedAt: -5, content: Array("accepted".utf8))
    let evidence = SessionEvidence(
      preimage: [1], algorithm: "a", signature: [2], publicKey: [3], suite: "s", sealing: [4], signing: hash)
    requests = try [
      .status, .unseal(TypedShare(Secret(copying: [1, 2]))), .trustRoots, .publicKeys, .listOperators,
      .signServer(certificateRequest: [1, 2]),
      .initialise(VaultInitialisation(instance: instance, segments: [.lgwan, .mynumber], hosts: ["a", "b"])),
      .createEnrolmentCode(act), .revoke(act), .signWorkstation(certificateRequest: [1], code: "ABCD"),
      .renewWorkstation(VaultRenewal(certificateRequest: [1], current: [2, 3], proof: [])),
      .registerOperator(OperatorRegistration(authority: .firstAdministratorCode("X"), act: act)),
      .registerOperator(OperatorRegistration(authority: .administrator, act: act, possession: [4], possessionScheme: .ed25519)),
      .signCheckpoint(CheckpointRequest(size: 9, root: hash, oldSize: 4, proof: [hash, hash])),
      .openBackup, .readBackup(offset: 1 << 40), .signBackup(hash: hash), .signSnapshot(hash: hash), .approveRestore(act),
      .templateKey(person: PersonID(parsing: "1"), ring: .max),
      .registerCards(act, cards: cards), .listCards(after: []), .listCards(after: hash), .publishApplication(act),
      .listApplications, .setCredential(act, sealed: [5, 6]), .listCredentials(after: "p1/ledger/"), .resumeReleases(act),
      .witness(from: 7),
      .setDeputies(act), .listDeputies(after: ""), .listDeputies(after: "p1/ledger//p2"),
      .keepPending(act, sealed: [5, 6]), .confirmPending(act), .rotateKeys(act), .listKeys,
      .sessionAct(SessionActRequest(act: release, signature: hash + hash, evidence: nil, authorised: hash)),
      .sessionAct(SessionActRequest(act: report, signature: hash + hash, evidence: evidence, authorised: hash)),
    ]
    let known = KnownOperator(
      id: sato.id, person: sato.person, key: try KeyFingerprint(parsing: hash), publicKey: sato.publicKey, role: "desk",
      isActive: false)
    answers = try [
      .status(
        VaultStatus(
          isInitialised: true, instance: "i", segments: ["lgwan"], hosts: ["h"], operators: 1, checkpointSize: 2,
          checkpointRoot: hash, alarms: 3, logSize: 4, epoch: 3, isRestored: true,
          bases: [EpochBase(epoch: 2, size: 7), EpochBase(epoch: 3, size: 5)], sharesNeeded: 2)),
      .sealed(VaultSealing(given: 1, needed: 2)), .initialised(firstAdministratorCode: "C"),
      .trustRoots([[1], [2]]),
      .publicKeys(VaultPublicKeys(checkpointVerifier: "v", ticket: hash)), .serverCertificate([1]), .enrolmentCode("C"),
      .workstationCertificate(
        IssuedWorkstation(certificate: [1], workstation: try WorkstationID(parsing: "PC"), segment: .lgwan, access: .remote)),
      .operatorRegistered(sato.id), .operators([known, known]), .checkpoint("note\n"), .revoked,
      .backup(VaultBackup(length: 9, hash: hash, recipient: hash)), .backupPiece([1, 2]), .backupSignature("note\n"),
      .snapshotSignature(hash), .restoreApproved(epoch: 2), .templateKey(RingHalf(Secret(copying: hash))),
      .witness(VaultWitness(size: 0, root: [], rootBefore: [], end: 0, releases: [], others: 0)),
      .witness(VaultWitness(size: 9, root: hash, rootBefore: hash, end: 8, releases: [hash, hash], others: 7)),
      .refused(VaultRefusal(.codeUsed, "used")), .noted, .kept(version: 7), .cards(cards), .cards([]),
      .applications([
        VaultApplication(id: ledger, segments: [.lgwan, .internet], definition: hash, freshnessSeconds: 60),
        VaultApplication(id: ledger, segments: [], definition: hash, freshnessSeconds: 86_400, isWindows: true),
      ]),
      .credentials(
        CredentialEntry.State.allCases.map {
          CredentialEntry(
            person: sato.person, application: ledger, account: "", version: 3, state: $0, setAt: 9,
            refused: $0 == .current ? CredentialEntry.Refused(version: 4, at: 10) : nil)
        }),
      .deputies(
        [false, true].map {
          VaultDeputy(
            owner: sato.person, application: ledger, account: "second", deputy: sato.person, from: 5, until: .max,
            isWithdrawn: $0)
        }),
      .keys([]),
      .keys([
        VaultKeyTerm(layer: .credentials, number: 2, madeAt: 5, isUnderWay: true, left: 3),
        VaultKeyTerm(layer: .registers, number: .max, madeAt: .min, uses: .max, mostUses: .max),
      ]),
      .released(SealedRelease(statement: [1], encapsulated: [2], ciphertext: [3], signature: hash + hash)),
      .publicKeys(
        VaultPublicKeys(checkpointVerifier: "v", ticket: hash, intakeSuite: "s", intake: [1, 2], signature: [3])),
    ]
  }

  @Test("the longest pages fit a frame of 64 KiB")
  func pages() throws {
    let longest = String(repeating: "p", count: 64)
    let (person, application) = (try PersonID(parsing: longest), try ApplicationID(parsing: longest))
    let deputy = VaultDeputy(
      owner: person, application: application, account: longest, deputy: person, from: .min, until: .max)
    let entry = CredentialEntry(
      person: person, application: application, account: longest, version: .max - 1, state: .unconfirmed, setAt: .max,
      refused: CredentialEntry.Refused(version: .max, at: .max))
    let pages: [VaultAnswer] = [
      .deputies(Array(repeating: deputy, count: VaultDeputy.mostAtOnce)),
      .credentials(Array(repeating: entry, count: CredentialEntry.mostAtOnce)),
    ]
    for page in pages {
      let bytes = page.encoded(id: .max)
      #expect(bytes.count <= 1 << 16)
      #expect(try VaultAnswer.decode(bytes).answer == page)
    }
  }

  @Test("every message comes back as it went, and no prefix or longer form of it is one")
  func roundTrip() throws {
    #expect(Set(requests.map(\.kind)).count == VaultRequest.Kind.allCases.count)
    for request in requests {
      let bytes = request.encoded(id: 77)
      let decoded = try VaultRequest.decode(bytes)
      #expect(decoded.id == 77 && decoded.request == request)
      for length in 0..<bytes.count {
        #expect(throws: MalformedInput.self) { try VaultRequest.decode(Array(bytes.prefix(length))) }
      }
      #expect(throws: MalformedInput.self) { try VaultRequest.decode(bytes + [0]) }
      #expect(throws: MalformedInput.self) { try VaultAnswer.decode(bytes) }
    }
    for answer in answers {
      let bytes = answer.encoded(id: .max)
      let decoded = try VaultAnswer.decode(bytes)
      #expect(decoded.id == .max && decoded.answer == answer)
      for length in 0..<bytes.count {
        #expect(throws: MalformedInput.self) { try VaultAnswer.decode(Array(bytes.prefix(length))) }
      }
      #expect(throws: MalformedInput.self) { try VaultAnswer.decode(bytes + [0]) }
    }
  }

  @Test("changed bytes are refused or are another well-formed message; nothing traps")
  func mutations() {
    var generator = SystemRandomNumberGenerator()
    var refused = 0
    for _ in 0..<20_000 {
      guard var bytes = requests.randomElement(using: &generator)?.encoded(id: 1) else { continue }
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let decoded = try? VaultRequest.decode(bytes) else {
        refused += 1
        continue
      }
      #expect(decoded.request.encoded(id: decoded.id) == bytes, "two spellings of one message")
    }
    #expect(refused > 10_000)
  }
}
