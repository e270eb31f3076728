import AuditLog
import AuthTerms
import GRDB

/// One connection inside one transaction: a reader's or the writer's. A reader's connection refuses every write itself.
struct SQLiteState {
  let db: Database
  let trouble: Trouble
  let localDayOffsetSeconds: Int

  /// Appends the row, takes its reference for its local day, and stores the subtree hashes it completes.
  mutating func append(_ record: AuditRecord) throws(StorageFault) {
    let encoded: [UInt8]
    do { encoded = try RecordEncoding.encode(record) } catch { throw .conflict("the audit record is over its limits") }
    var tree = SQLiteTree(state: self, leaf: (record, encoded))
    let sequence = try MerkleTree.append(TreeHash.leaf(encoded), to: &tree)
    if let reference = record.reference {
      let day = LocalDay.of(milliseconds: record.time, offsetSeconds: localDayOffsetSeconds)
      try trouble.asking { try AuditTable.take(reference, day: day, sequence: sequence, in: db) }
    }
  }
}

/// The tree in the tables: level 0 is the hash beside each row.
struct SQLiteTree: TreeStore {
  let state: SQLiteState
  /// The row that is being appended.
  var leaf: (record: AuditRecord, encoded: [UInt8])?

  func treeSize() throws(StorageFault) -> UInt64 { try state.trouble.asking { try AuditTable.size(in: state.db) } }

  func treeNode(level: Int, index: UInt64) throws(StorageFault) -> TreeHash {
    try state.trouble.asking {
      let hash =
        level == 0
        ? try AuditTable.leafHash(at: index, in: state.db) : try AuditTable.node(level: level, index: index, in: state.db)
      guard let hash else { throw StorageFault.corrupt("the audit tree has no node \(level)/\(index)") }
      return hash
    }
  }

  mutating func storeTreeNode(_ hash: TreeHash, level: Int, index: UInt64) throws(StorageFault) {
    try state.trouble.asking {
      if level > 0 {
        try AuditTable.insertNode(hash, level: level, index: index, in: state.db)
      } else if let leaf {
        try AuditTable.insert(leaf.record, encoded: leaf.encoded, hash: hash, at: index, in: state.db)
      } else {
        throw StorageFault.conflict("a leaf without its row")
      }
    }
  }
}

extension SQLiteState: StateTransaction {
  func person(_ id: PersonID) throws(StorageFault) -> Person? {
    try trouble.asking { try PeopleTable.person(id, in: db) }
  }
  func person(account: AccountName) throws(StorageFault) -> Person? {
    try trouble.asking { try PeopleTable.person(account: account, in: db) }
  }
  func people(matching text: String, limit: Int) throws(StorageFault) -> [Person] {
    try trouble.asking { try PeopleTable.people(matching: text, limit: min(max(limit, 0), 10_000), in: db) }
  }
  func everybody() throws(StorageFault) -> [Person] {
    try trouble.asking { try PeopleTable.everybody(in: db) }
  }
  func peopleCount() throws(StorageFault) -> Int { try trouble.asking { try PeopleTable.count(in: db) } }
  func password(of person: PersonID) throws(StorageFault) -> StoredPassword? {
    try trouble.asking { try PasswordsTable.password(of: person, in: db) }
  }

  func palms(of person: PersonID) throws(StorageFault) -> [RegisteredPalm] {
    try trouble.asking { try PalmsTable.palms(of: person, in: db) }
  }
  func palms(after id: String, limit: Int) throws(StorageFault) -> [RegisteredPalm] {
    try trouble.asking { try PalmsTable.palms(after: id, limit: limit, in: db) }
  }
  func palms(notUnder ring: UInt32, limit: Int) throws(StorageFault) -> [RegisteredPalm] {
    try trouble.asking { try PalmsTable.palms(notUnder: ring, limit: limit, in: db) }
  }
  func palmCount(notUnder ring: UInt32) throws(StorageFault) -> Int {
    try trouble.asking { try PalmsTable.count(notUnder: ring, in: db) }
  }
  func oldestSampleDay() throws(StorageFault) -> Int? { try trouble.asking { try PalmsTable.oldestSampleDay(in: db) } }
  func palmUse(from first: Int, to last: Int) throws(StorageFault) -> [PalmUse] {
    try trouble.asking { try PalmUseTable.use(from: first, to: last, in: db) }
  }
  func oldestPalmUseDay() throws(StorageFault) -> Int? { try trouble.asking { try PalmUseTable.oldestDay(in: db) } }
  func isKnown(_ sample: SampleFingerprint) throws(StorageFault) -> Bool {
    try trouble.asking { try PalmsTable.isKnown(sample, in: db) }
  }

  func card(_ id: CardID) throws(StorageFault) -> RegisteredCard? { try trouble.asking { try CardsTable.card(id, in: db) } }
  func card(key: KeyFingerprint) throws(StorageFault) -> RegisteredCard? {
    try trouble.asking { try CardsTable.card(key: key, in: db) }
  }
  func card(guid: CardGUID) throws(StorageFault) -> RegisteredCard? {
    try trouble.asking { try CardsTable.card(guid: guid, in: db) }
  }
  func cards(of person: PersonID) throws(StorageFault) -> [RegisteredCard] {
    try trouble.asking { try CardsTable.cards(of: person, in: db) }
  }
  func cards(after id: CardID?, limit: Int) throws(StorageFault) -> [RegisteredCard] {
    try trouble.asking { try CardsTable.cards(after: id, limit: limit, in: db) }
  }
  func lentCards() throws(StorageFault) -> [RegisteredCard] { try trouble.asking { try CardsTable.lent(in: db) } }
  func cardRows(of card: CardID, limit: Int) throws(StorageFault) -> [AuditRow] {
    try trouble.asking { try CardRowsTable.rows(of: card, limit: limit, in: db) }
  }
  func cardKeys(after key: KeyFingerprint?, limit: Int) throws(StorageFault) -> [KnownCardKey] {
    try trouble.asking { try CardsTable.keys(after: key, limit: limit, in: db) }
  }

  func workstation(_ id: WorkstationID) throws(StorageFault) -> WorkstationRecord? {
    try trouble.asking { try WorkstationsTable.workstation(id, in: db) }
  }
  func workstation(certificate: CertificateFingerprint) throws(StorageFault) -> WorkstationRecord? {
    try trouble.asking { try WorkstationsTable.workstation(certificate: certificate, in: db) }
  }
  func workstations() throws(StorageFault) -> [WorkstationRecord] {
    try trouble.asking { try WorkstationsTable.workstations(in: db) }
  }
  func ownWorkstations(of person: PersonID) throws(StorageFault) -> [WorkstationID] {
    try trouble.asking { try WorkstationOwnersTable.workstations(of: person, in: db) }
  }
  func owners(of workstation: WorkstationID) throws(StorageFault) -> [PersonID] {
    try trouble.asking { try WorkstationOwnersTable.owners(of: workstation, in: db) }
  }
  func externalPerson(_ id: PersonID) throws(StorageFault) -> ExternalPerson? {
    try trouble.asking { try ExternalPeopleTable.person(id, in: db) }
  }
  func externalPeople() throws(StorageFault) -> [ExternalPerson] {
    try trouble.asking { try ExternalPeopleTable.all(in: db) }
  }

  func session(_ id: SessionID) throws(StorageFault) -> SessionRecord? {
    try trouble.asking { try SessionsTable.session(id, in: db) }
  }
  func liveSession(on workstation: WorkstationID) throws(StorageFault) -> SessionRecord? {
    try trouble.asking { try SessionsTable.liveSession(on: workstation, in: db) }
  }
  func liveSessions(of person: PersonID) throws(StorageFault) -> [SessionRecord] {
    try trouble.asking { try SessionsTable.liveSessions(of: person, in: db) }
  }
  func liveSessions() throws(StorageFault) -> [SessionRecord] { try trouble.asking { try SessionsTable.liveSessions(in: db) } }

  func throttle(_ key: ThrottleKey) throws(StorageFault) -> ThrottleRecord? {
    try trouble.asking { try ThrottlesTable.throttle(key, in: db) }
  }
  func operatorRecord(_ id: OperatorID) throws(StorageFault) -> OperatorRecord? {
    try trouble.asking { try OperatorsTable.operatorRecord(id, in: db) }
  }
  func operators() throws(StorageFault) -> [OperatorRecord] { try trouble.asking { try OperatorsTable.operators(in: db) } }
  func setting(_ name: String) throws(StorageFault) -> [UInt8]? {
    try trouble.asking { try SettingsTable.setting(name, in: db) }
  }

  func directoryObjects() throws(StorageFault) -> [DirectoryObjectRecord] {
    try trouble.asking { try DirectoryTables.objects(in: db) }
  }
  func directoryIdentities() throws(StorageFault) -> [DirectoryIdentity] {
    try trouble.asking { try DirectoryTables.identities(in: db) }
  }
  func directoryIdentities(of person: PersonID) throws(StorageFault) -> [DirectoryIdentity] {
    try trouble.asking { try DirectoryTables.identities(of: person, in: db) }
  }

  func firstTapCode(of person: PersonID, in segment: Segment) throws(StorageFault) -> FirstTapCode? {
    try trouble.asking { try FirstTapTables.code(of: person, in: segment, in: db) }
  }
  func firstTapCodes(_ query: FirstTapCodeQuery) throws(StorageFault) -> [FirstTapCode] {
    try trouble.asking { try FirstTapTables.codes(query, in: db) }
  }
  func expectedCard(key: KeyFingerprint) throws(StorageFault) -> ExpectedCard? {
    try trouble.asking { try FirstTapTables.expected(key, in: db) }
  }
  func expectedCards(limit: Int) throws(StorageFault) -> [ExpectedCard] {
    try trouble.asking { try FirstTapTables.expected(limit: limit, in: db) }
  }

  func isReferenceTaken(_ reference: Reference, day: Int) throws(StorageFault) -> Bool {
    try trouble.asking { try AuditTable.isReferenceTaken(reference, day: day, in: db) }
  }
  func auditRows(_ query: AuditQuery) throws(StorageFault) -> [AuditRow] {
    try trouble.asking { try AuditSearch.rows(query, in: db) }
  }
  func auditSize() throws(StorageFault) -> UInt64 { try trouble.asking { try AuditTable.size(in: db) } }

  mutating func put(_ person: Person) throws(StorageFault) { try trouble.asking { try PeopleTable.put(person, in: db) } }
  mutating func put(_ password: StoredPassword) throws(StorageFault) {
    try trouble.asking { try PasswordsTable.put(password, in: db) }
  }
  mutating func put(_ palm: RegisteredPalm) throws(StorageFault) { try trouble.asking { try PalmsTable.put(palm, in: db) } }
  mutating func removePalm(_ id: String) throws(StorageFault) -> Bool {
    try trouble.asking { try PalmsTable.remove(id, in: db) }
  }
  mutating func remember(_ sample: SampleFingerprint, day: Int) throws(StorageFault) {
    try trouble.asking { try PalmsTable.remember(sample, day: day, in: db) }
  }
  mutating func forgetSamples(before day: Int) throws(StorageFault) -> Int {
    try trouble.asking { try PalmsTable.forgetSamples(before: day, in: db) }
  }
  mutating func add(_ use: PalmUse, day: Int) throws(StorageFault) {
    try trouble.asking { try PalmUseTable.add(use, day: day, in: db) }
  }
  mutating func forgetPalmUse(before day: Int) throws(StorageFault) -> Int {
    try trouble.asking { try PalmUseTable.forget(before: day, in: db) }
  }
  mutating func put(_ card: RegisteredCard) throws(StorageFault) { try trouble.asking { try CardsTable.put(card, in: db) } }
  mutating func put(_ workstation: WorkstationRecord) throws(StorageFault) {
    try trouble.asking { try WorkstationsTable.put(workstation, in: db) }
  }
  mutating func set(_ person: PersonID, ownerOf workstation: WorkstationID, _ isOwner: Bool) throws(StorageFault) {
    try trouble.asking { try WorkstationOwnersTable.set(person, of: workstation, isOwner, in: db) }
  }
  mutating func put(_ external: ExternalPerson) throws(StorageFault) {
    try trouble.asking { try ExternalPeopleTable.put(external, in: db) }
  }
  mutating func put(_ session: SessionRecord) throws(StorageFault) {
    try trouble.asking { try SessionsTable.put(session, in: db) }
  }
  mutating func put(_ operator: OperatorRecord) throws(StorageFault) {
    try trouble.asking { try OperatorsTable.put(`operator`, in: db) }
  }
  mutating func setThrottle(_ record: ThrottleRecord?, for key: ThrottleKey) throws(StorageFault) {
    try trouble.asking { try ThrottlesTable.set(record, for: key, in: db) }
  }
  mutating func set(_ value: [UInt8], forSetting name: String) throws(StorageFault) {
    try trouble.asking { try SettingsTable.set(value, for: name, in: db) }
  }
  mutating func put(_ object: DirectoryObjectRecord) throws(StorageFault) {
    try trouble.asking { try DirectoryTables.put(object, in: db) }
  }
  mutating func removeDirectoryObject(_ guid: ObjectGUID) throws(StorageFault) {
    try trouble.asking { try DirectoryTables.removeObject(guid, in: db) }
  }
  mutating func removeDirectoryIdentity(_ guid: ObjectGUID) throws(StorageFault) {
    try trouble.asking { try DirectoryTables.removeIdentity(guid, in: db) }
  }
  mutating func put(_ code: FirstTapCode) throws(StorageFault) {
    try trouble.asking { try FirstTapTables.put(code, in: db) }
  }
  mutating func put(_ expected: ExpectedCard) throws(StorageFault) {
    try trouble.asking { try FirstTapTables.put(expected, in: db) }
  }
  mutating func removeExpectedCard(_ key: KeyFingerprint) throws(StorageFault) -> Bool {
    try trouble.asking { try FirstTapTables.removeExpected(key, in: db) }
  }
  mutating func remove(_ person: PersonID) throws(StorageFault) -> RemovedPerson {
    try trouble.asking {
      let cards = try CardsTable.cards(of: person, in: db).filter { !$0.isStock }
      var removed = RemovedPerson()
      removed.keys = cards.reduce(0) { $0 + $1.keys.count }
      for card in cards { try ThrottlesTable.set(nil, for: .card(card.id), in: db) }
      try ThrottlesTable.set(nil, for: .person(person), in: db)
      try ThrottlesTable.set(nil, for: .palm(person), in: db)
      // Whoever refers to another goes first.
      removed.sessions = try SessionsTable.removeAll(of: person, in: db)
      removed.cards = try CardsTable.removeAll(of: person, in: db)
      try FirstTapTables.removeAll(of: person, in: db)
      try PalmUseTable.removeAll(of: person, in: db)
      removed.palms = try PalmsTable.removeAll(of: person, in: db)
      removed.hadPassword = try PasswordsTable.remove(person, in: db)
      removed.identities = try DirectoryTables.removeIdentities(of: person, in: db)
      try WorkstationOwnersTable.removeAll(of: person, in: db)
      try ExternalPeopleTable.remove(person, in: db)
      guard try PeopleTable.remove(person, in: db) else { throw StorageFault.conflict("no such person") }
      return removed
    }
  }
  mutating func put(_ identity: DirectoryIdentity) throws(StorageFault) {
    try trouble.asking { try DirectoryTables.put(identity, in: db) }
  }
}
