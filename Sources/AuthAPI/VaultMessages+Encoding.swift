public import AuthTerms

// One frame is one message: label, request id, word, fields; each length-prefixed, no optional parts, nothing after the last.

private let requestLabel = "sanmon/vault-request/1"
private let answerLabel = "sanmon/vault-answer/1"
/// Of one message; the framing below allows no more either.
private let largestField = 1 << 16

extension VaultRequest {
  public func encoded(id: UInt64) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(requestLabel)
    writer.field(id)
    writer.field(kind.rawValue)
    switch self {
    case .status, .trustRoots, .publicKeys, .listOperators, .openBackup, .listApplications, .listKeys, .listCardKeys: break
    case .unseal(let share): writer.field(unsafe share.text.withBytes { unsafe Array($0) })
    case .registerCards(let act, let cards):
      writer.field(act.encoded)
      writer.field(UInt64(cards.count))
      for card in cards { card.write(to: &writer) }
    case .listCards(let key): writer.field(key)
    case .setCredential(let act, let sealed), .keepPending(let act, let sealed), .setCardKey(let act, let sealed):
      writer.field(act.encoded)
      writer.field(sealed)
    case .beginCard(let script, let number): CardExchangeAnswer.write(script: script, number: number, to: &writer)
    case .stepCard(let exchange, let answers): CardExchangeAnswer.write(exchange, answers, to: &writer)
    case .lookUp(let request): request.write(to: &writer)
    case .upkeep(let request): request.write(to: &writer)
    case .listCredentials(let place), .listDeputies(let place): writer.field(place)
    case .confirmPending(let act): writer.field(act.encoded)
    case .sessionAct(let value): value.write(to: &writer)
    case .initialise(let value):
      writer.field(value.instance.text)
      writer.list(value.segments.map(\.name))
      writer.list(value.hosts)
    case .signServer(let request): writer.field(request)
    case .readBackup(let offset), .witness(let offset): writer.field(offset)
    case .signBackup(let hash), .signSnapshot(let hash): writer.field(hash)
    case .templateKey(let person, let ring):
      writer.field(person.text)
      writer.field(UInt64(ring))
    case .createEnrolmentCode(let act), .revoke(let act), .approveRestore(let act), .publishApplication(let act),
      .resumeReleases(let act), .setDeputies(let act), .rotateKeys(let act):
      writer.field(act.encoded)
    case .signWorkstation(let request, let code):
      writer.field(request)
      writer.field(code)
    case .renewWorkstation(let value):
      writer.field(value.certificateRequest)
      writer.field(value.current)
      writer.field(value.proof)
    case .registerOperator(let value):
      switch value.authority {
      case .firstAdministratorCode(let code): writer.field(code)
      case .administrator: writer.field("")
      }
      writer.field(value.act.encoded)
      writer.field(value.possession)
      writer.field(value.possessionScheme.rawValue)
    case .signCheckpoint(let value):
      writer.field(value.size)
      writer.field(value.root)
      writer.field(value.oldSize)
      writer.field(UInt64(value.proof.count))
      for hash in value.proof { writer.field(hash) }
    }
    return writer.bytes
  }

  public static func decode(_ bytes: [UInt8]) throws(MalformedInput) -> (id: UInt64, request: VaultRequest) {
    var reader = LengthPrefixedReader(bytes, subject: "vault request", limit: largestField)
    guard try reader.text() == requestLabel else { throw MalformedInput("vault request", expected: "its label") }
    let id = try reader.unsigned()
    guard let kind = Kind(rawValue: try reader.text()) else { throw MalformedInput("vault request", expected: "a known word") }
    let request: VaultRequest
    switch kind {
    case .status: request = .status
    case .unseal: request = .unseal(try TypedShare(Secret(copying: reader.field())))
    case .trustRoots: request = .trustRoots
    case .publicKeys: request = .publicKeys
    case .listOperators: request = .listOperators
    case .initialise: request = .initialise(try VaultInitialisation(from: &reader))
    case .signServer: request = .signServer(certificateRequest: try reader.field())
    case .createEnrolmentCode: request = .createEnrolmentCode(try SignedAct(decoding: reader.field()))
    case .revoke: request = .revoke(try SignedAct(decoding: reader.field()))
    case .approveRestore: request = .approveRestore(try SignedAct(decoding: reader.field()))
    case .openBackup: request = .openBackup
    case .readBackup: request = .readBackup(offset: try reader.unsigned())
    case .signBackup, .signSnapshot:
      let hash = try reader.field()
      guard hash.count == 32 else { throw MalformedInput("vault request", expected: "a hash of 32 bytes") }
      request = kind == .signBackup ? .signBackup(hash: hash) : .signSnapshot(hash: hash)
    case .templateKey:
      let person = try PersonID(parsing: reader.text())
      guard let ring = UInt32(exactly: try reader.unsigned()), ring > 0 else {
        throw MalformedInput("vault request", expected: "the number of a key, 1 and above")
      }
      request = .templateKey(person: person, ring: ring)
    case .signWorkstation: request = .signWorkstation(certificateRequest: try reader.field(), code: try reader.text())
    case .renewWorkstation:
      request = .renewWorkstation(
        VaultRenewal(certificateRequest: try reader.field(), current: try reader.field(), proof: try reader.field()))
    case .registerOperator: request = .registerOperator(try OperatorRegistration(from: &reader))
    case .signCheckpoint: request = .signCheckpoint(try CheckpointRequest(from: &reader))
    case .registerCards:
      let act = try SignedAct(decoding: reader.field())
      var cards: [VaultCard] = []
      for _ in 0..<(try reader.count(atMost: VaultCard.mostAtOnce)) { cards.append(try VaultCard(from: &reader)) }
      request = .registerCards(act, cards: cards)
    case .listCards:
      let key = try reader.field()
      guard key.isEmpty || key.count == 32 else { throw MalformedInput("vault request", expected: "a fingerprint, or none") }
      request = .listCards(after: key)
    case .publishApplication: request = .publishApplication(try SignedAct(decoding: reader.field()))
    case .listApplications: request = .listApplications
    case .setCredential: request = .setCredential(try SignedAct(decoding: reader.field()), sealed: try reader.field())
    case .listCredentials: request = .listCredentials(after: try reader.text())
    case .keepPending: request = .keepPending(try SignedAct(decoding: reader.field()), sealed: try reader.field())
    case .confirmPending: request = .confirmPending(try SignedAct(decoding: reader.field()))
    case .sessionAct: request = .sessionAct(try SessionActRequest(from: &reader))
    case .resumeReleases: request = .resumeReleases(try SignedAct(decoding: reader.field()))
    case .witness: request = .witness(from: try reader.unsigned())
    case .setDeputies: request = .setDeputies(try SignedAct(decoding: reader.field()))
    case .listDeputies: request = .listDeputies(after: try reader.text())
    case .rotateKeys: request = .rotateKeys(try SignedAct(decoding: reader.field()))
    case .listKeys: request = .listKeys
    case .beginCard:
      let (script, number) = try CardExchangeAnswer.beginning(from: &reader)
      request = .beginCard(script: script, number: number)
    case .stepCard:
      let (exchange, answers) = try CardExchangeAnswer.round(from: &reader)
      request = .stepCard(exchange: exchange, answers: answers)
    case .setCardKey: request = .setCardKey(try SignedAct(decoding: reader.field()), sealed: try reader.field())
    case .listCardKeys: request = .listCardKeys
    case .issueCodes, .withdrawCodes, .listCodes, .showCode: request = .lookUp(try LookUpRequest(kind, from: &reader))
    case .listAlarms, .seeAlarm, .removeCardKey: request = .upkeep(try UpkeepRequest(kind, from: &reader))
    }
    try reader.requireEnd()
    return (id, request)
  }
}

extension VaultAnswer {
  private enum Word: String {
    case status, sealed, initialised, trustRoots, publicKeys, serverCertificate, enrolmentCode, workstationCertificate
    case operatorRegistered, operators, checkpoint, revoked, backup, backupPiece, backupSignature, snapshotSignature,
      restoreApproved, templateKey
    case cards, applications, credentials, deputies, released, kept, witness, keys, cardExchange, cardKeys, lookUp, noted
    case refused, alarms
  }

  public func encoded(id: UInt64) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(answerLabel)
    writer.field(id)
    switch self {
    case .status(let value):
      writer.field(Word.status.rawValue)
      value.write(to: &writer)
    case .sealed(let value):
      writer.field(Word.sealed.rawValue)
      value.write(to: &writer)
    case .initialised(let code):
      writer.field(Word.initialised.rawValue)
      writer.field(code)
    case .trustRoots(let roots):
      writer.field(Word.trustRoots.rawValue)
      writer.field(UInt64(roots.count))
      for root in roots { writer.field(root) }
    case .publicKeys(let value):
      writer.field(Word.publicKeys.rawValue)
      writer.field(value.checkpointVerifier)
      writer.field(value.ticket)
      writer.field(value.intakeSuite)
      writer.field(value.intake)
      writer.field(value.signature)
    case .serverCertificate(let der):
      writer.field(Word.serverCertificate.rawValue)
      writer.field(der)
    case .enrolmentCode(let code):
      writer.field(Word.enrolmentCode.rawValue)
      writer.field(code)
    case .workstationCertificate(let value):
      writer.field(Word.workstationCertificate.rawValue)
      writer.field(value.certificate)
      writer.field(value.workstation.text)
      writer.field(value.segment.name)
      writer.field(value.access.rawValue)
    case .operatorRegistered(let id):
      writer.field(Word.operatorRegistered.rawValue)
      writer.field(id.text)
    case .operators(let operators):
      writer.field(Word.operators.rawValue)
      writer.field(UInt64(operators.count))
      for known in operators { known.write(to: &writer) }
    case .checkpoint(let note):
      writer.field(Word.checkpoint.rawValue)
      writer.field(note)
    case .revoked: writer.field(Word.revoked.rawValue)
    case .backup(let value):
      writer.field(Word.backup.rawValue)
      writer.field(value.length)
      writer.field(value.hash)
      writer.field(value.recipient)
    case .backupPiece(let bytes):
      writer.field(Word.backupPiece.rawValue)
      writer.field(bytes)
    case .backupSignature(let note):
      writer.field(Word.backupSignature.rawValue)
      writer.field(note)
    case .snapshotSignature(let bytes):
      writer.field(Word.snapshotSignature.rawValue)
      writer.field(bytes)
    case .restoreApproved(let epoch):
      writer.field(Word.restoreApproved.rawValue)
      writer.field(epoch)
    case .templateKey(let key):
      writer.field(Word.templateKey.rawValue)
      writer.field(unsafe key.half.withBytes { unsafe Array($0) })
    case .cards(let cards):
      writer.field(Word.cards.rawValue)
      writer.field(UInt64(cards.count))
      for card in cards { card.write(to: &writer) }
    case .applications(let applications):
      writer.field(Word.applications.rawValue)
      writer.field(UInt64(applications.count))
      for application in applications { application.write(to: &writer) }
    case .credentials(let entries):
      writer.field(Word.credentials.rawValue)
      writer.field(UInt64(entries.count))
      for entry in entries { entry.write(to: &writer) }
    case .deputies(let deputies):
      writer.field(Word.deputies.rawValue)
      writer.field(UInt64(deputies.count))
      for deputy in deputies { deputy.write(to: &writer) }
    case .released(let release):
      writer.field(Word.released.rawValue)
      writer.field(release.encoded)
    case .witness(let witness):
      writer.field(Word.witness.rawValue)
      witness.write(to: &writer)
    case .keys(let terms):
      writer.field(Word.keys.rawValue)
      writer.field(UInt64(terms.count))
      for term in terms { term.write(to: &writer) }
    case .cardExchange(let value):
      writer.field(Word.cardExchange.rawValue)
      value.write(to: &writer)
    case .cardKeys(let keys):
      writer.field(Word.cardKeys.rawValue)
      writer.field(UInt64(keys.count))
      for key in keys { key.write(to: &writer) }
    case .lookUp(let value):
      writer.field(Word.lookUp.rawValue)
      value.write(to: &writer)
    case .alarms(let alarms):
      writer.field(Word.alarms.rawValue)
      writer.field(UInt64(alarms.count))
      for alarm in alarms { alarm.write(to: &writer) }
    case .kept(let version):
      writer.field(Word.kept.rawValue)
      writer.field(version)
    case .noted: writer.field(Word.noted.rawValue)
    case .refused(let refusal):
      writer.field(Word.refused.rawValue)
      writer.field(refusal.code.rawValue)
      writer.field(refusal.note)
    }
    return writer.bytes
  }

  public static func decode(_ bytes: [UInt8]) throws(MalformedInput) -> (id: UInt64, answer: VaultAnswer) {
    var reader = LengthPrefixedReader(bytes, subject: "vault answer", limit: largestField)
    guard try reader.text() == answerLabel else { throw MalformedInput("vault answer", expected: "its label") }
    let id = try reader.unsigned()
    guard let word = Word(rawValue: try reader.text()) else { throw MalformedInput("vault answer", expected: "a known word") }
    let answer: VaultAnswer
    switch word {
    case .status: answer = .status(try VaultStatus(from: &reader))
    case .sealed: answer = .sealed(try VaultSealing(from: &reader))
    case .initialised: answer = .initialised(firstAdministratorCode: try reader.text())
    case .trustRoots: answer = .trustRoots(try reader.fields(atMost: 8))
    case .publicKeys:
      answer = .publicKeys(
        VaultPublicKeys(
          checkpointVerifier: try reader.text(), ticket: try reader.field(), intakeSuite: try reader.text(),
          intake: try reader.field(), signature: try reader.field()))
    case .serverCertificate: answer = .serverCertificate(try reader.field())
    case .enrolmentCode: answer = .enrolmentCode(try reader.text())
    case .workstationCertificate:
      let certificate = try reader.field()
      let workstation = try WorkstationID(parsing: reader.text())
      let segment = try Segment(parsing: reader.text())
      guard let access = EnrolledAccess(rawValue: try reader.text()) else {
        throw MalformedInput("vault answer", expected: "console or remote")
      }
      answer = .workstationCertificate(
        IssuedWorkstation(certificate: certificate, workstation: workstation, segment: segment, access: access))
    case .operatorRegistered: answer = .operatorRegistered(try OperatorID(parsing: reader.text()))
    case .operators:
      let count = try reader.count(atMost: 64)
      var operators: [KnownOperator] = []
      for _ in 0..<count { operators.append(try KnownOperator(from: &reader)) }
      answer = .operators(operators)
    case .checkpoint: answer = .checkpoint(try reader.text())
    case .revoked: answer = .revoked
    case .backup:
      let backup = VaultBackup(length: try reader.unsigned(), hash: try reader.field(), recipient: try reader.field())
      guard backup.hash.count == 32, backup.recipient.count == 32 else {
        throw MalformedInput("vault answer", expected: "a hash and a key of 32 bytes")
      }
      answer = .backup(backup)
    case .backupPiece: answer = .backupPiece(try reader.field())
    case .backupSignature: answer = .backupSignature(try reader.text())
    case .snapshotSignature: answer = .snapshotSignature(try reader.field())
    case .restoreApproved: answer = .restoreApproved(epoch: try reader.unsigned())
    case .templateKey: answer = .templateKey(try RingHalf(Secret(copying: try reader.field())))
    case .cards:
      var cards: [VaultCard] = []
      for _ in 0..<(try reader.count(atMost: VaultCard.mostAtOnce)) { cards.append(try VaultCard(from: &reader)) }
      answer = .cards(cards)
    case .applications:
      var applications: [VaultApplication] = []
      for _ in 0..<(try reader.count(atMost: VaultApplication.most)) {
        applications.append(try VaultApplication(from: &reader))
      }
      answer = .applications(applications)
    case .credentials:
      var entries: [CredentialEntry] = []
      for _ in 0..<(try reader.count(atMost: CredentialEntry.mostAtOnce)) { entries.append(try CredentialEntry(from: &reader)) }
      answer = .credentials(entries)
    case .deputies:
      var deputies: [VaultDeputy] = []
      for _ in 0..<(try reader.count(atMost: VaultDeputy.mostAtOnce)) { deputies.append(try VaultDeputy(from: &reader)) }
      answer = .deputies(deputies)
    case .released: answer = .released(try SealedRelease(decoding: reader.field()))
    case .witness: answer = .witness(try VaultWitness(from: &reader))
    case .keys:
      var terms: [VaultKeyTerm] = []
      for _ in 0..<(try reader.count(atMost: VaultLayer.allCases.count)) { terms.append(try VaultKeyTerm(from: &reader)) }
      answer = .keys(terms)
    case .cardExchange: answer = .cardExchange(try CardExchangeAnswer(from: &reader))
    case .cardKeys:
      var keys: [VaultCardKey] = []
      for _ in 0..<(try reader.count(atMost: VaultCardKey.most)) { keys.append(try VaultCardKey(from: &reader)) }
      answer = .cardKeys(keys)
    case .lookUp: answer = .lookUp(try LookUpAnswer(from: &reader))
    case .kept:
      let version = try reader.unsigned()
      guard version > 0 else { throw MalformedInput("vault answer", expected: "a version, 1 and above") }
      answer = .kept(version: version)
    case .noted: answer = .noted
    case .alarms: answer = .alarms(try VaultAlarm.list(from: &reader))
    case .refused:
      guard let code = VaultRefusal.Code(rawValue: try reader.text()) else {
        throw MalformedInput("vault answer", expected: "a known refusal code")
      }
      answer = .refused(VaultRefusal(code, try reader.text()))
    }
    try reader.requireEnd()
    return (id, answer)
  }
}

extension LengthPrefixedWriter {
  fileprivate mutating func list(_ texts: [String]) {
    field(UInt64(texts.count))
    for text in texts { field(text) }
  }
}

extension LengthPrefixedReader {
  fileprivate mutating func count(atMost limit: Int) throws(MalformedInput) -> Int {
    let count = try unsigned()
    guard count <= UInt64(limit) else { throw MalformedInput("vault message", expected: "at most \(limit) entries") }
    return Int(count)
  }

  fileprivate mutating func fields(atMost limit: Int) throws(MalformedInput) -> [[UInt8]] {
    let count = try count(atMost: limit)
    var fields: [[UInt8]] = []
    for _ in 0..<count { fields.append(try field()) }
    return fields
  }

  fileprivate mutating func texts(atMost limit: Int) throws(MalformedInput) -> [String] {
    let count = try count(atMost: limit)
    var texts: [String] = []
    for _ in 0..<count { texts.append(try text()) }
    return texts
  }

  fileprivate mutating func flag() throws(MalformedInput) -> Bool {
    switch try unsigned() {
    case 0: return false
    case 1: return true
    default: throw MalformedInput("vault message", expected: "0 or 1")
    }
  }
}

extension VaultInitialisation {
  fileprivate init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    instance = try InstanceID(parsing: reader.text())
    segments = []
    for name in try reader.texts(atMost: 8) { segments.append(try Segment(parsing: name)) }
    hosts = try reader.texts(atMost: 16)
  }
}

extension CheckpointRequest {
  fileprivate init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    size = try reader.unsigned()
    root = try reader.field()
    oldSize = try reader.unsigned()
    proof = try reader.fields(atMost: 64)
    guard root.count == 32, proof.allSatisfy({ $0.count == 32 }) else {
      throw MalformedInput("checkpoint request", expected: "hashes of 32 bytes")
    }
  }
}

extension VaultStatus {
  fileprivate func write(to writer: inout LengthPrefixedWriter) {
    writer.field(UInt64(isInitialised ? 1 : 0))
    writer.field(instance)
    writer.list(segments)
    writer.list(hosts)
    writer.field(operators)
    writer.field(checkpointSize)
    writer.field(checkpointRoot)
    writer.field(alarms)
    writer.field(logSize)
    writer.field(epoch)
    writer.field(UInt64(isRestored ? 1 : 0))
    writer.field(UInt64(bases.count))
    for base in bases {
      writer.field(base.epoch)
      writer.field(base.size)
    }
    writer.field(sharesNeeded)
  }

  fileprivate init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    isInitialised = try reader.flag()
    instance = try reader.text()
    segments = try reader.texts(atMost: 8)
    hosts = try reader.texts(atMost: 16)
    operators = try reader.unsigned()
    checkpointSize = try reader.unsigned()
    checkpointRoot = try reader.field()
    alarms = try reader.unsigned()
    logSize = try reader.unsigned()
    epoch = try reader.unsigned()
    isRestored = try reader.flag()
    bases = []
    for _ in 0..<(try reader.count(atMost: 64)) {
      bases.append(EpochBase(epoch: try reader.unsigned(), size: try reader.unsigned()))
    }
    sharesNeeded = try reader.unsigned()
  }
}

extension KnownOperator {
  fileprivate func write(to writer: inout LengthPrefixedWriter) {
    writer.field(id.text)
    writer.field(person.text)
    writer.field(key.bytes)
    writer.field(publicKey)
    writer.field(role)
    writer.field(UInt64(isActive ? 1 : 0))
  }

  fileprivate init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    self.init(
      id: try OperatorID(parsing: reader.text()), person: try PersonID(parsing: reader.text()),
      key: try KeyFingerprint(parsing: reader.field()), publicKey: try reader.field(), role: try reader.text(),
      isActive: try reader.flag())
  }
}
