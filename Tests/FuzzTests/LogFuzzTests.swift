import AuditLog
import AuthAPI
import AuthTerms
import Fuzzing
import Testing

/// What is signed and what is kept: rows, checkpoints, notes, acts, approvals, messages of the vault.
@Suite("Fuzz: rows, notes, acts, messages of the vault", .serialized)
struct LogFuzzTests {
  @Test("a row is refused or reads back as it was")
  func rows() throws {
    var record = AuditRecord(time: 1_700_000_000_000, eventClass: .ceremony, action: "logon", outcome: .denied)
    record.person = try PersonID(parsing: "p1")
    record.segment = .lgwan
    record.scenario = .logon
    record.factors = ["card", "pin"]
    record.proofClass = .publicKeyWithPIN
    record.assurance = .aal3
    record.code = .cardLost
    record.rule = RuleID(file: "lgwan.yaml", line: 12)
    record.policyVersion = try PolicyVersion(parsing: [UInt8](repeating: 2, count: 32))
    record.reference = try Reference(number: 482_913)
    record.latencyMilliseconds = 35
    record.waivers = ["introduction"]
    record.note = "失効"
    let small = AuditRecord(time: 0, eventClass: .session, action: "lock", outcome: .done)
    let corpus = [try RecordEncoding.encode(record), try RecordEncoding.encode(small)]
    let tally = try Fuzzer("rows", corpus: corpus, words: ["AP101", "pk-pin", "sanmon/audit/2"]).run { bytes in
      guard let read = try? RecordEncoding.decode(bytes) else { return false }
      guard try RecordEncoding.encode(read) == bytes else { throw Fuzzer.Broken("two spellings of one row") }
      return true
    }
    #expect(tally.accepted > 500 && tally.refused > 500)
  }

  @Test("checkpoints, notes and verifier keys have one spelling")
  func notes() throws {
    let root = TreeHash.leaf([1])
    let checkpoint = try Checkpoint(origin: "sanmon.example/lgwan-1", size: 42, root: root, extensions: ["epoch 3"])
    let signature = try NoteSignature(name: "lgwan-1", keyID: [1, 2, 3, 4], signature: [UInt8](repeating: 5, count: 64))
    let note = try SignedNote(text: checkpoint.text, signatures: [signature, signature])
    let key = try NoteVerifier(name: "lgwan-1", publicKey: [UInt8](repeating: 9, count: 32))
    let words = ["\u{2014} ", "\n\n", "+", " ", "\u{85}"]
    let tally = try Fuzzer("notes", corpus: [Array(note.encoded.utf8)], words: words, share: 0.4).run { bytes in
      guard let text = String(validating: bytes, as: UTF8.self), let read = try? SignedNote(parsing: text) else { return false }
      guard Array(read.encoded.utf8) == bytes else { throw Fuzzer.Broken("two spellings of one note") }
      _ = try? Checkpoint(parsing: read.text)
      // Nobody signed any of these.
      guard !key.verifies(read) else { throw Fuzzer.Broken("verified") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
    let texts = try Fuzzer("checkpoints", corpus: [Array(checkpoint.text.utf8)], share: 0.4).run { bytes in
      guard let text = String(validating: bytes, as: UTF8.self), let read = try? Checkpoint(parsing: text) else { return false }
      guard Array(read.text.utf8) == bytes else { throw Fuzzer.Broken("two spellings of one checkpoint") }
      return true
    }
    #expect(texts.accepted > 100 && texts.refused > 1000)
    try Fuzzer("vkeys", corpus: [Array("lgwan-1+01020304+AQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQ==".utf8)], share: 0.2)
      .run { bytes in (try? NoteVerifier(vkey: String(decoding: bytes, as: UTF8.self))) != nil }
  }

  @Test("what a witness is asked has one spelling, and damage is never cosigned")
  func witnesses() throws {
    let (root, other) = (TreeHash.leaf([1]), TreeHash.leaf([2]))
    let checkpoint = try Checkpoint(origin: "sanmon.example/lgwan-1", size: 42, root: root)
    let signature = try NoteSignature(name: "lgwan-1", keyID: [1, 2, 3, 4], signature: [UInt8](repeating: 5, count: 64))
    let note = try SignedNote(text: checkpoint.text, signatures: [signature])
    let asked = try AddCheckpoint(oldSize: 7, proof: [root, other], note: note)
    let bare = try AddCheckpoint(oldSize: 0, proof: [], note: note)
    let log = try NoteVerifier(name: "sanmon.example/lgwan-1", publicKey: [UInt8](repeating: 9, count: 32))
    let witness = try WitnessVerifier(name: "lgwan-1", publicKey: [UInt8](repeating: 9, count: 32))
    let tally = try Fuzzer(
      "addCheckpoint", corpus: [asked.encoded, bare.encoded], words: ["old ", "\n\n", "\u{2014} ", "0"], share: 0.5
    ).run { bytes in
      _ = AddCheckpoint.size(parsing: bytes)
      guard let read = try? AddCheckpoint(parsing: bytes) else { return false }
      guard read.encoded == bytes else { throw Fuzzer.Broken("two spellings of one request") }
      var memory = WitnessMemory()
      // Nobody signed any of these.
      guard memory.take(read, logs: [log]) != nil, memory == WitnessMemory(), witness.time(of: read.note) == nil else {
        throw Fuzzer.Broken("cosigned")
      }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
    let head = "POST /add-checkpoint HTTP/1.1\r\nHost: 10.1.2.3:8447\r\nContent-Length: 300\r\n\r\n"
    let get = "GET \(WitnessCall.newestPath(origin: checkpoint.origin)) HTTP/1.1\r\nHost: w\r\n\r\n"
    let heads = try Fuzzer(
      "witnessCalls", corpus: [Array(head.utf8), Array(get.utf8)], words: ["\r\n", "Content-Length: ", " "], share: 0.3
    ).run { bytes in
      switch WitnessCall(head: bytes) {
      case .addCheckpoint(let length):
        guard (0...AddCheckpoint.limit).contains(length) else { throw Fuzzer.Broken("a length beyond the limit") }
        return true
      case .newest(let hash):
        guard hash.utf8.count == 64, !hash.contains("/") else { throw Fuzzer.Broken("no hash") }
        return true
      case .refused(let status):
        guard [400, 404, 405, 411, 413].contains(status) else { throw Fuzzer.Broken("status \(status)") }
        return false
      }
    }
    #expect(heads.accepted > 100 && heads.refused > 1000)
    let vkey = witness.vkey
    try Fuzzer("witnessKeys", corpus: [Array(vkey.utf8)], share: 0.2)
      .run { bytes in (try? WitnessVerifier(vkey: String(decoding: bytes, as: UTF8.self))) != nil }
  }

  private static func act(_ parameters: [String: String]) throws -> Act {
    try Act(
      kind: "operator.register", operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "lgwan-1"),
      nonce: [UInt8](repeating: 9, count: 32), issuedAt: 1_700_000_000_000, parameters: parameters)
  }

  private static func signed() throws -> SignedAct {
    let approval = Approval(
      operatorID: try OperatorID(parsing: "suzuki"), scheme: .ecdsaP256, signature: [UInt8](repeating: 3, count: 70))
    return SignedAct(
      act: try act(["operator": "suzuki", "role": "administrator", "key": "00", "": "x"].filter { !$0.key.isEmpty }),
      scheme: .ed25519, signature: [UInt8](repeating: 1, count: 64), approvals: [approval, approval])
  }

  @Test("acts and approvals have one spelling: what is signed is what is read")
  func acts() throws {
    let corpus = [try Self.act([:]).canonicalBytes, try Self.act(["a": "1", "b": "２"]).canonicalBytes]
    let tally = try Fuzzer("acts", corpus: corpus, words: ["operator", "person"], share: 0.5).run { bytes in
      guard let read = try? Act(canonicalBytes: bytes) else { return false }
      guard read.canonicalBytes == bytes else { throw Fuzzer.Broken("two spellings of one act") }
      return true
    }
    #expect(tally.accepted > 500 && tally.refused > 500)
    let others = try Fuzzer("signedActs", corpus: [try Self.signed().encoded], words: ["ed25519"], share: 0.5).run { bytes in
      guard let read = try? SignedAct(decoding: bytes) else { return false }
      guard read.encoded == bytes else { throw Fuzzer.Broken("two spellings of one signed act") }
      return true
    }
    #expect(others.accepted > 500 && others.refused > 500)
  }

  @Test("messages of the vault, both ways, have one spelling")
  func vault() throws {
    let act = try Self.signed()
    let hash = [UInt8](repeating: 3, count: 32)
    let instance = try InstanceID(parsing: "lgwan-1")
    let card = VaultCard(key: try KeyFingerprint(parsing: hash), person: try PersonID(parsing: "p1"))
    let requests: [VaultRequest] = [
      .status, .unseal(try TypedShare(Secret(copying: hash))), .trustRoots, .publicKeys, .listOperators,
      .signServer(certificateRequest: [1, 2]),
      .initialise(VaultInitialisation(instance: instance, segments: [.lgwan, .mynumber], hosts: ["a", "b"])),
      .createEnrolmentCode(act), .revoke(act), .signWorkstation(certificateRequest: [1], code: "ABCD"),
      .renewWorkstation(VaultRenewal(certificateRequest: [1], current: [2, 3], proof: [])),
      .registerOperator(OperatorRegistration(authority: .firstAdministratorCode("X"), act: act)),
      .registerOperator(OperatorRegistration(authority: .administrator, act: act, possession: [4], possessionScheme: .ed25519)),
      .signCheckpoint(CheckpointRequest(size: 9, root: hash, oldSize: 4, proof: [hash, hash])),
      .registerCards(act, cards: [card, card]), .listCards(after: hash), .publishApplication(act),
      .setCredential(act, sealed: hash), .listCredentials(after: "p1/ledger/"), .setDeputies(act),
      .listDeputies(after: "p1/ledger//p2"), .keepPending(act, sealed: hash), .confirmPending(act),
      .beginCard(script: hash, number: Array(hash.prefix(8))),
      .stepCard(exchange: Array(hash.prefix(16)), answers: [[], hash]), .setCardKey(act, sealed: hash), .listCardKeys,
      .lookUp(.issue(act)), .lookUp(.list(after: "p1/lgwan")), .upkeep(.seeAlarm(act)),
      .upkeep(.removeCardKey(act, cards: 12)), .upkeep(.listAlarms(after: 7)),
      .lookUp(
        .show(
          ShownLookUpCode(
            person: card.person, segment: .lgwan, workstation: try WorkstationID(parsing: "PC"), purpose: .unlock, isUse: true,
            code: try LookUpCode(number: 572)))),
      .sessionAct(
        SessionActRequest(act: try Self.sessionAct(), signature: hash + hash, evidence: Self.evidence, authorised: hash)),
    ]
    let tally = try Fuzzer("vaultRequests", corpus: requests.map { $0.encoded(id: 7) }, share: 0.5).run { bytes in
      guard let read = try? VaultRequest.decode(bytes) else { return false }
      guard read.request.encoded(id: read.id) == bytes else { throw Fuzzer.Broken("two spellings of one request") }
      return true
    }
    #expect(tally.accepted > 500 && tally.refused > 500)
    let known = KnownOperator(
      id: try OperatorID(parsing: "yamada"), person: try PersonID(parsing: "p1"), key: try KeyFingerprint(parsing: hash),
      publicKey: hash, role: "desk", isActive: false)
    let issued = IssuedWorkstation(
      certificate: [1], workstation: try WorkstationID(parsing: "PC"), segment: .lgwan, access: .remote)
    let ledger = try ApplicationID(parsing: "ledger")
    let answers: [VaultAnswer] = [
      .sealed(VaultSealing(given: 1, needed: 3)), .initialised(firstAdministratorCode: "C"), .trustRoots([[1], [2]]),
      .operators([known, known]),
      .publicKeys(VaultPublicKeys(checkpointVerifier: "v", ticket: hash)), .workstationCertificate(issued),
      .checkpoint("note\n"), .revoked, .kept(version: 7), .refused(VaultRefusal(.codeUsed, "used")), .cards([card, card]),
      .applications([VaultApplication(id: ledger, segments: [.lgwan], definition: hash, freshnessSeconds: 60)]),
      .credentials([
        CredentialEntry(person: card.person, application: ledger, account: "", version: 3, state: .current, setAt: 9)
      ]),
      .deputies([
        VaultDeputy(
          owner: card.person, application: ledger, account: "second", deputy: try PersonID(parsing: "p2"), from: 5, until: 9,
          isWithdrawn: true)
      ]), .released(SealedRelease(statement: hash, encapsulated: hash, ciphertext: hash, signature: hash + hash)),
      .cardExchange(CardExchangeAnswer(exchange: Array(hash.prefix(16)), outcome: .commands([[1], hash]))),
      .cardExchange(CardExchangeAnswer(exchange: Array(hash.prefix(16)), outcome: .proven(counter: 7))),
      .cardExchange(
        CardExchangeAnswer(exchange: Array(hash.prefix(16)), outcome: .refused("card-refused", statusWord: 0x91AE))),
      .cardKeys([VaultCardKey(script: "branch", version: 3, setAt: 9)]),
      .alarms([
        VaultAlarm(
          number: 7, action: "card.clone", note: "branch card 01", times: 2, firstAt: 5, lastAt: 9,
          seen: VaultAlarm.Seen(by: try OperatorID(parsing: "yamada"), at: 11, reason: try Remark(parsing: "taken in"))),
        VaultAlarm(number: 8, action: "register.damaged", note: "cards", times: 1, firstAt: 5, lastAt: 5),
      ]),
      .lookUp(.issued(SealedSheet(sheet: Array(hash.prefix(16)), encapsulated: hash, ciphertext: hash))),
      .lookUp(
        .sheets([
          VaultSheet(
            sheet: Array(hash.prefix(16)), person: card.person, segment: .lgwan, from: 5, until: 9, issuedBy: known.id,
            issuedAt: 6, workstation: try WorkstationID(parsing: "PC"), wrong: 2, state: .open, isLogonUsed: true, unlocks: 4,
            unlocksUsed: 1)
        ])),
    ]
    let others = try Fuzzer("vaultAnswers", corpus: answers.map { $0.encoded(id: 7) }, share: 0.5).run { bytes in
      guard let read = try? VaultAnswer.decode(bytes) else { return false }
      guard read.answer.encoded(id: read.id) == bytes else { throw Fuzzer.Broken("two spellings of one answer") }
      return true
    }
    #expect(others.accepted > 500 && others.refused > 500)
  }
}
