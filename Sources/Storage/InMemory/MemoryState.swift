import AuditLog
import AuthTerms

/// All state as one value: a copy is a savepoint.
struct MemoryState {
  var localDayOffsetSeconds: Int
  private var peopleByID: [PersonID: Person] = [:]
  private var idByAccount: [AccountName: PersonID] = [:]
  private var passwords: [PersonID: StoredPassword] = [:]
  private var palmsByID: [String: RegisteredPalm] = [:]
  private var samples: [SampleFingerprint: Int] = [:]
  private var cardsByID: [CardID: RegisteredCard] = [:]
  private var idByKey: [KeyFingerprint: CardID] = [:]
  private var idByGUID: [CardGUID: CardID] = [:]
  private var workstationsByID: [WorkstationID: WorkstationRecord] = [:]
  private var idByCertificate: [CertificateFingerprint: WorkstationID] = [:]
  private var ownersByWorkstation: [WorkstationID: Set<PersonID>] = [:]
  private var external: [PersonID: ExternalPerson] = [:]
  private var sessions: [SessionID: SessionRecord] = [:]
  private var throttles: [ThrottleKey: ThrottleRecord] = [:]
  private var operatorsByID: [OperatorID: OperatorRecord] = [:]
  private var uses: [Int: [PalmUseKey: PalmUse]] = [:]
  private var settings: [String: [UInt8]] = [:]
  private var directory: [ObjectGUID: DirectoryObjectRecord] = [:]
  private var identities: [ObjectGUID: DirectoryIdentity] = [:]
  private var references: Set<DayReference> = []
  private var firstTapCodesByPlace: [CodePlace: FirstTapCode] = [:]
  private var expectedByKey: [KeyFingerprint: ExpectedCard] = [:]
  private(set) var log = MemoryLog()

  private struct PalmUseKey: Hashable {
    let person: PersonID
    let workstation: WorkstationID
    let sensor: SensorID

    init(_ use: PalmUse) { (person, workstation, sensor) = (use.person, use.workstation, use.sensor) }
  }

  private struct CodePlace: Hashable {
    let person: PersonID
    let segment: Segment
  }

  private struct DayReference: Hashable {
    let day: Int
    let reference: Reference
  }

  init(localDayOffsetSeconds: Int) { self.localDayOffsetSeconds = localDayOffsetSeconds }

  mutating func append(_ record: AuditRecord) throws(StorageFault) {
    let encoded: [UInt8]
    do { encoded = try RecordEncoding.encode(record) } catch { throw .conflict("the audit record is over its limits") }
    if let reference = record.reference {
      let day = LocalDay.of(milliseconds: record.time, offsetSeconds: localDayOffsetSeconds)
      guard references.insert(DayReference(day: day, reference: reference)).inserted else {
        throw .conflict("the reference is taken on that day")
      }
    }
    log.rows.append(AuditRow(sequence: UInt64(log.rows.count), record: record))
    try MerkleTree.append(TreeHash.leaf(encoded), to: &log)
  }
}

/// Rows and the tree over them.
struct MemoryLog: TreeStore {
  typealias Failure = StorageFault
  fileprivate(set) var rows: [AuditRow] = []
  private var levels: [[TreeHash]] = []

  func treeSize() -> UInt64 { UInt64(levels.first?.count ?? 0) }

  func treeNode(level: Int, index: UInt64) throws(StorageFault) -> TreeHash {
    guard level < levels.count, index < levels[level].count else {
      throw .corrupt("the audit tree has no node \(level)/\(index)")
    }
    return levels[level][Int(index)]
  }

  mutating func storeTreeNode(_ hash: TreeHash, level: Int, index: UInt64) throws(StorageFault) {
    if level == levels.count { levels.append([]) }
    guard level < levels.count, levels[level].count == index else { throw .corrupt("the audit tree grew out of order") }
    levels[level].append(hash)
  }
}

extension MemoryState: StateTransaction {
  func person(_ id: PersonID) -> Person? { peopleByID[id] }
  func person(account: AccountName) -> Person? { idByAccount[account].flatMap { peopleByID[$0] } }
  func people(matching text: String, limit: Int) -> [Person] {
    let needle = Array(SearchText.fold(text).utf8)
    let found = everybody().filter { needle.isEmpty || Array(SearchText.line(of: $0).utf8).firstRange(of: needle) != nil }
    return Array(found.prefix(min(max(limit, 0), 10_000)))
  }
  func everybody() -> [Person] {
    peopleByID.values.sorted { $0.account.canonical.utf8.lexicographicallyPrecedes($1.account.canonical.utf8) }
  }
  func peopleCount() -> Int { peopleByID.count }
  func password(of person: PersonID) -> StoredPassword? { passwords[person] }

  func palms(of person: PersonID) -> [RegisteredPalm] { palms { $0.person == person } }
  func palms(after id: String, limit: Int) -> [RegisteredPalm] {
    Array(palms { id.utf8.lexicographicallyPrecedes($0.id.utf8) }.prefix(max(limit, 0)))
  }
  func palms(notUnder ring: UInt32, limit: Int) -> [RegisteredPalm] {
    Array(palms { $0.ring != 0 && $0.ring != ring }.prefix(max(limit, 0)))
  }
  func palmCount(notUnder ring: UInt32) -> Int { palms { $0.ring != 0 && $0.ring != ring }.count }
  func oldestSampleDay() -> Int? { samples.values.min() }
  private func palms(where isAsked: (RegisteredPalm) -> Bool) -> [RegisteredPalm] {
    palmsByID.values.filter(isAsked).sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }
  func palmUse(from first: Int, to last: Int) -> [PalmUse] {
    var sums: [PalmUseKey: PalmUse] = [:]
    for (day, uses) in uses where first <= day && day <= last {
      sums.merge(uses, uniquingKeysWith: Self.sum)
    }
    return sums.values.sorted { ($0.person, $0.workstation, $0.sensor) < ($1.person, $1.workstation, $1.sensor) }
  }
  func oldestPalmUseDay() -> Int? { uses.keys.min() }
  private static func sum(_ one: PalmUse, _ other: PalmUse) -> PalmUse {
    var sum = one
    sum.tries += other.tries
    sum.retakes += other.retakes
    sum.matches += other.matches
    sum.strength += other.strength
    return sum
  }
  func isKnown(_ sample: SampleFingerprint) -> Bool { samples[sample] != nil }

  func card(_ id: CardID) -> RegisteredCard? { cardsByID[id] }
  func card(key: KeyFingerprint) -> RegisteredCard? { idByKey[key].flatMap { cardsByID[$0] } }
  func card(guid: CardGUID) -> RegisteredCard? { idByGUID[guid].flatMap { cardsByID[$0] } }
  func cards(of person: PersonID) -> [RegisteredCard] {
    cardsByID.values.filter { $0.person == person }.sorted { $0.id < $1.id }
  }
  func cards(after id: CardID?, limit: Int) -> [RegisteredCard] {
    let rest = cardsByID.values.filter { card in id.map { $0 < card.id } ?? true }
    return Array(rest.sorted { $0.id < $1.id }.prefix(max(limit, 0)))
  }
  func lentCards() -> [RegisteredCard] { cardsByID.values.filter { $0.lentUntil != nil }.sorted { $0.id < $1.id } }
  func cardRows(of card: CardID, limit: Int) -> [AuditRow] {
    Array(log.rows.filter { $0.record.cardOfItsStory == card }.suffix(AuditQuery.bounded(limit)))
  }
  func cardKeys(after key: KeyFingerprint?, limit: Int) -> [KnownCardKey] {
    let all = cardsByID.values.flatMap { card in
      card.keys.map { key in
        KnownCardKey(
          key: key.fingerprint, profile: key.profile, person: card.isStock ? nil : card.person, state: card.state)
      }
    }
    let rest = all.filter { known in key.map { $0.bytes.lexicographicallyPrecedes(known.key.bytes) } ?? true }
    return Array(rest.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }.prefix(max(limit, 0)))
  }

  func workstation(_ id: WorkstationID) -> WorkstationRecord? { workstationsByID[id] }
  func workstation(certificate: CertificateFingerprint) -> WorkstationRecord? {
    idByCertificate[certificate].flatMap { workstationsByID[$0] }
  }
  func workstations() -> [WorkstationRecord] { workstationsByID.values.sorted { $0.id < $1.id } }
  func ownWorkstations(of person: PersonID) -> [WorkstationID] {
    ownersByWorkstation.filter { $0.value.contains(person) }.keys.sorted()
  }
  func owners(of workstation: WorkstationID) -> [PersonID] { ownersByWorkstation[workstation, default: []].sorted() }
  func externalPerson(_ id: PersonID) -> ExternalPerson? { external[id] }
  func externalPeople() -> [ExternalPerson] { external.values.sorted { $0.person < $1.person } }

  func session(_ id: SessionID) -> SessionRecord? { sessions[id] }
  func liveSession(on workstation: WorkstationID) -> SessionRecord? {
    sessions.values.first { $0.workstation == workstation && $0.phase != .ended }
  }
  func liveSessions(of person: PersonID) -> [SessionRecord] { liveSessions().filter { $0.person == person } }
  func liveSessions() -> [SessionRecord] { sessions.values.filter { $0.phase != .ended }.sorted { $0.id < $1.id } }

  func throttle(_ key: ThrottleKey) -> ThrottleRecord? { throttles[key] }
  func operatorRecord(_ id: OperatorID) -> OperatorRecord? { operatorsByID[id] }
  func operators() -> [OperatorRecord] { operatorsByID.values.sorted { $0.id < $1.id } }
  func setting(_ name: String) -> [UInt8]? { settings[name] }

  func isReferenceTaken(_ reference: Reference, day: Int) -> Bool {
    references.contains(DayReference(day: day, reference: reference))
  }
  func auditRows(_ query: AuditQuery) -> [AuditRow] {
    let rows = query.newestFirst ? Array(log.rows.reversed()) : log.rows
    let words = AuditWords(query) { code in
      Set(peopleByID.values.filter { $0.departments.contains(code) }.map(\.id))
    } named: { text in
      Set(people(matching: text, limit: 10_000).map(\.id))
    }
    return Array(rows.lazy.filter { query.matches($0, words) }.prefix(query.boundedLimit))
  }
  func auditSize() -> UInt64 { log.treeSize() }

  mutating func put(_ person: Person) throws(StorageFault) {
    guard idByAccount[person.account] ?? person.id == person.id else { throw .conflict("the account is another person's") }
    if let before = peopleByID[person.id] { idByAccount[before.account] = nil }
    peopleByID[person.id] = person
    idByAccount[person.account] = person.id
  }

  mutating func put(_ password: StoredPassword) throws(StorageFault) {
    try require(password.person)
    passwords[password.person] = password
  }

  mutating func put(_ palm: RegisteredPalm) throws(StorageFault) {
    try require(palm.person)
    palmsByID[palm.id] = palm
  }
  mutating func removePalm(_ id: String) -> Bool { palmsByID.removeValue(forKey: id) != nil }
  mutating func remember(_ sample: SampleFingerprint, day: Int) throws(StorageFault) {
    guard samples.updateValue(day, forKey: sample) == nil else { throw .conflict("the sample is known") }
  }
  mutating func forgetSamples(before day: Int) -> Int {
    let old = samples.filter { $0.value < day }
    for sample in old.keys { samples[sample] = nil }
    return old.count
  }

  mutating func add(_ use: PalmUse, day: Int) throws(StorageFault) {
    try require(use.person)
    uses[day, default: [:]].merge([PalmUseKey(use): use], uniquingKeysWith: Self.sum)
  }
  mutating func forgetPalmUse(before day: Int) -> Int {
    let old = uses.filter { $0.key < day }
    for day in old.keys { uses[day] = nil }
    return old.values.reduce(0) { $0 + $1.count }
  }

  mutating func put(_ card: RegisteredCard) throws(StorageFault) {
    guard card.isWhole else { throw .conflict("a card of nobody that is not of the stock, or a loan without person or day") }
    if let person = card.person { try require(person) }
    let prints = card.keys.map(\.fingerprint)
    guard Set(prints).count == prints.count, prints.allSatisfy({ idByKey[$0] ?? card.id == card.id }) else {
      throw .conflict("the key is another card's")
    }
    guard Set(card.keys.map(\.slot)).count == prints.count else { throw .conflict("two keys in one slot") }
    if let guid = card.guid, idByGUID[guid] ?? card.id != card.id { throw .conflict("the GUID is another card's") }
    if let before = cardsByID[card.id] {
      for key in before.keys { idByKey[key.fingerprint] = nil }
      if let guid = before.guid { idByGUID[guid] = nil }
    }
    var kept = card
    kept.keys.sort { $0.slot < $1.slot }
    cardsByID[card.id] = kept
    for print in prints { idByKey[print] = card.id }
    if let guid = card.guid { idByGUID[guid] = card.id }
  }

  mutating func put(_ workstation: WorkstationRecord) throws(StorageFault) {
    guard Set(workstation.certificates).count == workstation.certificates.count,
      workstation.certificates.allSatisfy({ idByCertificate[$0] ?? workstation.id == workstation.id })
    else { throw .conflict("the certificate is another workstation's") }
    for certificate in workstationsByID[workstation.id]?.certificates ?? [] { idByCertificate[certificate] = nil }
    workstationsByID[workstation.id] = workstation
    for certificate in workstation.certificates { idByCertificate[certificate] = workstation.id }
  }

  mutating func set(_ person: PersonID, ownerOf workstation: WorkstationID, _ isOwner: Bool) throws(StorageFault) {
    guard isOwner else {
      ownersByWorkstation[workstation]?.remove(person)
      return
    }
    try require(person)
    guard workstationsByID[workstation] != nil else { throw .conflict("no such workstation") }
    ownersByWorkstation[workstation, default: []].insert(person)
  }

  mutating func put(_ external: ExternalPerson) throws(StorageFault) {
    try require(external.person)
    self.external[external.person] = external
  }

  mutating func put(_ session: SessionRecord) throws(StorageFault) {
    try require(session.person)
    guard workstationsByID[session.workstation] != nil, session.card.map({ cardsByID[$0] != nil }) ?? true else {
      throw .conflict("the session names a workstation or a card that is not there")
    }
    let live = liveSession(on: session.workstation)
    guard session.phase == .ended || live == nil || live?.id == session.id else {
      throw .conflict("the workstation has a live session")
    }
    sessions[session.id] = session
  }

  mutating func put(_ operator: OperatorRecord) throws(StorageFault) {
    for other in operatorsByID.values where other.id != `operator`.id {
      guard other.key != `operator`.key, other.unixUser == nil || other.unixUser != `operator`.unixUser else {
        throw .conflict("the key or the unix user is another operator's")
      }
    }
    operatorsByID[`operator`.id] = `operator`
  }

  mutating func setThrottle(_ record: ThrottleRecord?, for key: ThrottleKey) throws(StorageFault) {
    guard record.map({ $0.failures >= 0 }) ?? true else { throw .conflict("a negative number of failures") }
    throttles[key] = record
  }

  mutating func set(_ value: [UInt8], forSetting name: String) { settings[name] = value }

  func directoryObjects() -> [DirectoryObjectRecord] { directory.values.sorted { $0.guid < $1.guid } }
  func directoryIdentities() -> [DirectoryIdentity] { identities.values.sorted { $0.guid < $1.guid } }
  func directoryIdentities(of person: PersonID) -> [DirectoryIdentity] {
    directoryIdentities().filter { $0.person == person }
  }
  mutating func put(_ object: DirectoryObjectRecord) { directory[object.guid] = object }
  mutating func removeDirectoryObject(_ guid: ObjectGUID) { directory[guid] = nil }
  mutating func removeDirectoryIdentity(_ guid: ObjectGUID) { identities[guid] = nil }
  mutating func put(_ identity: DirectoryIdentity) throws(StorageFault) {
    try require(identity.person)
    identities[identity.guid] = identity
  }

  func firstTapCode(of person: PersonID, in segment: Segment) -> FirstTapCode? {
    firstTapCodesByPlace[CodePlace(person: person, segment: segment)]
  }
  func firstTapCodes(_ query: FirstTapCodeQuery) -> [FirstTapCode] {
    let all = firstTapCodesByPlace.values.filter(query.fits).sorted {
      ($0.person.text, $0.segment.name) < ($1.person.text, $1.segment.name)
    }
    return Array(all.prefix(FirstTapCode.bounded(query.limit)))
  }
  func expectedCard(key: KeyFingerprint) -> ExpectedCard? { expectedByKey[key] }
  func expectedCards(limit: Int) -> [ExpectedCard] {
    let all = expectedByKey.values.sorted { ($0.person.text, $0.key.hex) < ($1.person.text, $1.key.hex) }
    return Array(all.prefix(FirstTapCode.bounded(limit)))
  }
  mutating func put(_ code: FirstTapCode) throws(StorageFault) {
    guard code.isWhole else { throw .conflict("a code that is open without its hash, or ended with one") }
    try require(code.person)
    firstTapCodesByPlace[CodePlace(person: code.person, segment: code.segment)] = code
  }
  mutating func put(_ expected: ExpectedCard) throws(StorageFault) {
    try require(expected.person)
    expectedByKey[expected.key] = expected
  }
  mutating func removeExpectedCard(_ key: KeyFingerprint) -> Bool { expectedByKey.removeValue(forKey: key) != nil }

  mutating func remove(_ person: PersonID) throws(StorageFault) -> RemovedPerson {
    try require(person)
    firstTapCodesByPlace = firstTapCodesByPlace.filter { $0.key.person != person }
    expectedByKey = expectedByKey.filter { $0.value.person != person }
    var removed = RemovedPerson()
    let held = cards(of: person)
    let ownCards = held.filter { !$0.isStock }
    for card in held where card.isStock {
      cardsByID[card.id]?.person = nil
      cardsByID[card.id]?.lentUntil = nil
      cardsByID[card.id]?.awaitsPIN = false
    }
    let own = sessions.values.filter { session in
      session.person == person || ownCards.contains { $0.id == session.card }
    }
    for session in own { sessions[session.id] = nil }
    removed.sessions = own.count
    for card in ownCards {
      removed.cards += 1
      removed.keys += card.keys.count
      for key in card.keys { idByKey[key.fingerprint] = nil }
      if let guid = card.guid { idByGUID[guid] = nil }
      cardsByID[card.id] = nil
      throttles[.card(card.id)] = nil
    }
    removed.hadPassword = passwords.removeValue(forKey: person) != nil
    throttles[.person(person)] = nil
    throttles[.palm(person)] = nil
    for palm in palms(of: person) {
      palmsByID[palm.id] = nil
      removed.palms += 1
    }
    uses = uses.mapValues { $0.filter { $0.key.person != person } }.filter { !$0.value.isEmpty }
    let stood = identities.values.filter { $0.person == person }
    for identity in stood { identities[identity.guid] = nil }
    removed.identities = stood.count
    for workstation in ownWorkstations(of: person) { ownersByWorkstation[workstation]?.remove(person) }
    external[person] = nil
    if let account = peopleByID.removeValue(forKey: person)?.account { idByAccount[account] = nil }
    return removed
  }

  private func require(_ person: PersonID) throws(StorageFault) {
    guard peopleByID[person] != nil else { throw .conflict("no such person") }
  }
}
