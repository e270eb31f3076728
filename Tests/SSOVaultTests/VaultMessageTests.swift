import AuthAPI
import AuthTerms
import SmartCard
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
      .beginCard(script: [], number: hash.prefix(8).map { $0 }), .beginCard(script: hash, number: hash.prefix(7).map { $0 }),
      .stepCard(exchange: hash.prefix(16).map { $0 }, answers: [[], hash]),
      .stepCard(exchange: hash.prefix(16).map { $0 }, answers: []), .setCardKey(act, sealed: [5, 6]), .listCardKeys,
      .lookUp(.issue(act)), .lookUp(.withdraw(act)), .lookUp(.list(after: "p1/lgwan")), .lookUp(.list(after: "")),
      .lookUp(.show(Self.shown(.logon, isUse: true))), .lookUp(.show(Self.shown(.unlock, isUse: false))),
      .upkeep(.listAlarms(after: 0)), .upkeep(.listAlarms(after: .max)), .upkeep(.seeAlarm(act)),
      .upkeep(.removeCardKey(act, cards: 12)),
      .sessionAct(SessionActRequest(act: release, signature: hash + hash, evidence: nil, authorised: hash)),
      .sessionAct(SessionActRequest(act: report, signature: hash + hash, evidence: evidence, authorised: hash)),
    ]
    let known = KnownOperator(
      id: sato.id, person: sato.person, key: try KeyFingerprint(parsing: hash), publicKey: sato.publicKey, role: "desk",
      isActive: false)
    answers =
      try [
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
        .cardKeys([]),
        .cardKeys([
          VaultCardKey(script: "branch-lite-s", version: 1, setAt: .min), VaultCardKey(script: "x", version: .max, setAt: .max),
        ]),
        .keys([]),
        .keys([
          VaultKeyTerm(layer: .credentials, number: 2, madeAt: 5, isUnderWay: true, left: 3),
          VaultKeyTerm(layer: .registers, number: .max, madeAt: .min, uses: .max, mostUses: .max),
        ]),
      ] + Self.exchangeAnswers() + Self.lookUpAnswers() + Self.alarmAnswers() + [
        .released(SealedRelease(statement: [1], encapsulated: [2], ciphertext: [3], signature: hash + hash)),
        .publicKeys(
          VaultPublicKeys(checkpointVerifier: "v", ticket: hash, intakeSuite: "s", intake: [1, 2], signature: [3])),
      ]
  }

  private static func alarm(seen: Bool, note: String = "table cards") throws -> VaultAlarm {
    let by = VaultAlarm.Seen(
      by: try OperatorID(parsing: "sato"), at: .max, reason: try Remark(parsing: String(repeating: "x", count: 500)))
    return VaultAlarm(
      number: .max, action: String(repeating: "a", count: VaultAlarm.longestAction), note: note, times: .max, firstAt: .min,
      lastAt: .max, seen: seen ? by : nil)
  }

  private static func alarmAnswers() throws -> [VaultAnswer] {
    [
      .alarms([]), .alarms([try alarm(seen: false), try alarm(seen: true)]),
    ]
  }

  @Test("alarms outside their limits are refused")
  func alarmLimits() throws {
    var bent: [VaultAlarm] = try (0..<4).map { _ in try Self.alarm(seen: true) }
    bent[0].number = 0
    bent[1].times = 0
    bent[2].action += "a"
    bent[3].note = String(repeating: "n", count: VaultAlarm.longestNote + 1)
    for alarm in bent {
      #expect(throws: MalformedInput.self) { try VaultAnswer.decode(VaultAnswer.alarms([alarm]).encoded(id: 1)) }
    }
    let many = Array(repeating: try Self.alarm(seen: false), count: VaultAlarm.mostAtOnce + 1)
    #expect(throws: MalformedInput.self) { try VaultAnswer.decode(VaultAnswer.alarms(many).encoded(id: 1)) }
  }

  private static func shown(_ purpose: LookUpPurpose, isUse: Bool) throws -> ShownLookUpCode {
    ShownLookUpCode(
      person: try PersonID(parsing: "p1"), segment: .lgwan, workstation: try WorkstationID(parsing: "PC"), purpose: purpose,
      isUse: isUse, code: try LookUpCode(number: 572))
  }

  private static func sheet(_ change: (inout VaultSheet) -> Void = { _ in }) throws -> VaultSheet {
    var sheet = VaultSheet(
      sheet: [UInt8](repeating: 7, count: 16), person: try PersonID(parsing: "p1"), segment: .lgwan, from: 5, until: .max,
      issuedBy: try OperatorID(parsing: "desk"), issuedAt: .min, workstation: nil, wrong: 0, state: .open, isLogonUsed: false,
      unlocks: 0, unlocksUsed: 0)
    change(&sheet)
    return sheet
  }

  private static func lookUpAnswers() throws -> [VaultAnswer] {
    let used = try sheet {
      ($0.workstation, $0.wrong, $0.state, $0.isLogonUsed, $0.unlocks, $0.unlocksUsed) = (
        try? WorkstationID(parsing: "PC"), 5, .dead, true, 9, 9
      )
    }
    return [
      .lookUp(.issued(SealedSheet(sheet: used.sheet, encapsulated: [1], ciphertext: [2]))), .lookUp(.right(sheet: used.sheet)),
      .lookUp(.sheets([])), .lookUp(.sheets([try sheet(), used])),
    ]
  }

  @Test("what is never said about sheets and codes is refused")
  func lookUps() throws {
    for change: (inout VaultSheet) -> Void in [
      { $0.sheet = [1] }, { $0.wrong = 6 }, { $0.unlocks = 10 }, { $0.unlocksUsed = 1 },
    ] {
      let bytes = VaultAnswer.lookUp(.sheets([try Self.sheet(change)])).encoded(id: 1)
      #expect(throws: MalformedInput.self) { try VaultAnswer.decode(bytes) }
    }
    let many = VaultAnswer.lookUp(.sheets(Array(repeating: try Self.sheet(), count: VaultSheet.mostAtOnce + 1)))
    #expect(throws: MalformedInput.self) { try VaultAnswer.decode(many.encoded(id: 1)) }
    #expect(throws: MalformedInput.self) { try VaultAnswer.decode(VaultAnswer.lookUp(.right(sheet: [])).encoded(id: 1)) }
    // A digit that does not fit the check digit, in the last field.
    var bytes = VaultRequest.lookUp(.show(try Self.shown(.logon, isUse: true))).encoded(id: 1)
    bytes[bytes.count - 1] ^= 1
    #expect(throws: MalformedInput.self) { try VaultRequest.decode(bytes) }
    bytes[bytes.count - 1] = UInt8(ascii: " ")
    #expect(throws: MalformedInput.self) { try VaultRequest.decode(bytes) }
    let (one, other) = (try Self.shown(.logon, isUse: true), try Self.shown(.logon, isUse: true))
    var third = one
    third.code = try LookUpCode(number: 573)
    #expect(one == other && one != third)
  }

  private static func exchangeAnswers() -> [VaultAnswer] {
    let ends: [CardExchangeAnswer.Outcome] = [
      .commands([[1]]), .commands(Array(repeating: [2, 3], count: CardScript.mostSteps)), .proven(counter: nil),
      .proven(counter: .max), .refused("wrong-mac", statusWord: nil), .refused("card-refused", statusWord: 0x91AE),
      .refused("card-refused", statusWord: 0),
    ]
    return ends.map { .cardExchange(CardExchangeAnswer(exchange: [UInt8](repeating: 7, count: 16), outcome: $0)) }
  }

  @Test("what an exchange never says is refused")
  func exchange() throws {
    let handle = [UInt8](repeating: 7, count: 16)
    let tooMany = [[UInt8]](repeating: [1], count: CardScript.mostSteps + 1)
    let tooLong = [[UInt8](repeating: 1, count: CardExchangeAnswer.longest + 1)]
    for outcome: CardExchangeAnswer.Outcome in [
      .commands([]), .commands(tooMany), .commands(tooLong), .refused("", statusWord: nil),
      .refused("perhaps", statusWord: nil),
      .refused("wrong-mac", statusWord: 0x9100), .refused("card-refused", statusWord: nil),
    ] {
      let bytes = VaultAnswer.cardExchange(CardExchangeAnswer(exchange: handle, outcome: outcome)).encoded(id: 1)
      #expect(throws: MalformedInput.self) { try VaultAnswer.decode(bytes) }
    }
    let short = VaultAnswer.cardExchange(CardExchangeAnswer(exchange: [1], outcome: .proven(counter: nil))).encoded(id: 1)
    #expect(throws: MalformedInput.self) { try VaultAnswer.decode(short) }
    for request: VaultRequest in [
      .beginCard(script: [UInt8](repeating: 0, count: CardScript.largestEncoding + 1), number: Array(handle.prefix(8))),
      .beginCard(script: [], number: []), .beginCard(script: [], number: handle), .stepCard(exchange: [], answers: []),
      .stepCard(exchange: handle + [0], answers: []), .stepCard(exchange: handle, answers: tooMany),
      .stepCard(exchange: handle, answers: tooLong),
    ] {
      #expect(throws: MalformedInput.self) { try VaultRequest.decode(request.encoded(id: 1)) }
    }
    for key in [
      VaultCardKey(script: "", version: 1, setAt: 0), VaultCardKey(script: "A b", version: 1, setAt: 0),
      VaultCardKey(script: "a", version: 0, setAt: 0),
    ] {
      #expect(throws: MalformedInput.self) { try VaultAnswer.decode(VaultAnswer.cardKeys([key]).encoded(id: 1)) }
    }
  }

  @Test("the words of an exchange's end are those that an exchange has")
  func words() {
    let all: [ExchangeRefusal] = [
      .wrongMAC, .cloneSuspected, .identifierChanged, .malformedAnswer, .answerTooLong, .cardRefused(1), .unexpectedValue,
      .chipTooOld, .outOfTurn,
    ]
    #expect(CardExchangeAnswer.refusals == all.map(\.code))
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
      .cardKeys(
        Array(
          repeating: VaultCardKey(script: String(repeating: "s", count: 48), version: .max, setAt: .min),
          count: VaultCardKey.most)),
      .lookUp(
        .sheets(
          Array(
            repeating: try Self.sheet { sheet in
              if let person = try? PersonID(parsing: longest) { sheet.person = person }
              if let issuer = try? OperatorID(parsing: longest) { sheet.issuedBy = issuer }
              sheet.workstation = try? WorkstationID(parsing: longest)
            }, count: VaultSheet.mostAtOnce))),
      .alarms(
        Array(
          repeating: try Self.alarm(seen: true, note: String(repeating: "n", count: VaultAlarm.longestNote)),
          count: VaultAlarm.mostAtOnce)),
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
