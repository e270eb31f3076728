public import AuditLog
public import AuthTerms

/// A fault of the store: no answer could be found, so the caller's answer is no.
public enum StorageFault: Error, Sendable, Equatable {
  /// Disk full, I/O error, or a handle that had to be closed. Retrying later may work.
  case unavailable(String)
  /// What is on disk is not what was written.
  case corrupt(String)
  /// The change itself refuses: nothing is written, not even a record (a programming error or a lost race).
  case conflict(String)
}

/// Runs inside the writer's transaction, on the writer's thread. No await, no clock, no I/O.
public protocol Change: Sendable {
  associatedtype Outcome: Sendable
  /// - Returns: the outcome and the row that tells it. A row is not optional.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord)
}

public protocol Store: Sendable {
  /// Returns after the fsync that made state and record durable. Concurrent commits share one fsync.
  func commit<C: Change>(_ change: C) async throws(StorageFault) -> C.Outcome
  func read<R: Sendable>(_ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R) async throws(StorageFault)
    -> R
  /// The same for a few rows by their keys, as every logon asks for them: queries that arrive together may be answered together,
  /// one after the other in one snapshot. A query that walks a table belongs into `read`, or all others wait for it.
  func lookUp<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R
  /// What was removed leaves the files, as far as decision 20 says. Waits for nobody.
  /// - Returns: `false` while somebody reads what was before: to be asked again.
  func eraseRemoved() async throws(StorageFault) -> Bool
  /// Rows of the log from before an update are put into the index for searching, `count` (at most 10,000) in one commit. Searches
  /// find them before that too, and take longer.
  /// - Returns: whether there are more.
  func indexOlderRows(_ count: Int) async throws(StorageFault) -> Bool
}

extension Store {
  /// For a store without files.
  public func eraseRemoved() async throws(StorageFault) -> Bool { true }

  /// For a store without an index.
  public func indexOlderRows(_ count: Int) async throws(StorageFault) -> Bool { false }

  public func lookUp<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    try await read(query)
  }
}

/// What can be asked inside a transaction or a read.
public protocol StateReader {
  func person(_ id: PersonID) throws(StorageFault) -> Person?
  func person(account: AccountName) throws(StorageFault) -> Person?
  /// Substring of account, display name, kana or another name; at most `limit` and at most 10,000, ordered by account.
  func people(matching text: String, limit: Int) throws(StorageFault) -> [Person]
  /// All of them, ordered by account: for what must see the whole city (an import, a warning about groups), never for a page.
  func everybody() throws(StorageFault) -> [Person]
  func peopleCount() throws(StorageFault) -> Int
  func password(of person: PersonID) throws(StorageFault) -> StoredPassword?

  /// Of both hands and all matchers.
  func palms(of person: PersonID) throws(StorageFault) -> [RegisteredPalm]
  /// The city's, ordered by their ids, from the one behind `id` on: for the search for duplicates, never for a logon.
  func palms(after id: String, limit: Int) throws(StorageFault) -> [RegisteredPalm]
  /// Those that have a key and whose key is not this one of the ring, ordered by their ids.
  func palms(notUnder ring: UInt32, limit: Int) throws(StorageFault) -> [RegisteredPalm]
  func palmCount(notUnder ring: UInt32) throws(StorageFault) -> Int
  /// Whether this very capture was shown before, as long as captures are remembered.
  func isKnown(_ sample: SampleFingerprint) throws(StorageFault) -> Bool
  /// Of the captures that are remembered.
  func oldestSampleDay() throws(StorageFault) -> Int?
  /// Summed over these days, one for each person, workstation and sensor, ordered by them.
  func palmUse(from first: Int, to last: Int) throws(StorageFault) -> [PalmUse]
  /// Of the days whose sums are kept.
  func oldestPalmUseDay() throws(StorageFault) -> Int?

  func card(_ id: CardID) throws(StorageFault) -> RegisteredCard?
  /// The card that this key is registered on.
  func card(key: KeyFingerprint) throws(StorageFault) -> RegisteredCard?
  func card(guid: CardGUID) throws(StorageFault) -> RegisteredCard?
  /// The person's own cards, and what is lent to the person.
  func cards(of person: PersonID) throws(StorageFault) -> [RegisteredCard]
  /// Of the whole city, ordered by their ids, from the one behind `id` on: for lists of a desk, never for a logon.
  func cards(after id: CardID?, limit: Int) throws(StorageFault) -> [RegisteredCard]
  /// Stock cards that are lent to somebody, their days over or not, ordered by their ids.
  func lentCards() throws(StorageFault) -> [RegisteredCard]
  /// What the log says of this card: acts at a desk, and that it was shown although it is lost. The newest `limit` (at most
  /// 10,000), in the order of the log.
  func cardRows(of card: CardID, limit: Int) throws(StorageFault) -> [AuditRow]
  /// Keys of all cards, ordered by their fingerprints, from the one behind `key` on: to compare registers, never for a logon.
  func cardKeys(after key: KeyFingerprint?, limit: Int) throws(StorageFault) -> [KnownCardKey]

  func workstation(_ id: WorkstationID) throws(StorageFault) -> WorkstationRecord?
  func workstation(certificate: CertificateFingerprint) throws(StorageFault) -> WorkstationRecord?
  func workstations() throws(StorageFault) -> [WorkstationRecord]
  /// Workstations that were named as this person's own, ordered.
  func ownWorkstations(of person: PersonID) throws(StorageFault) -> [WorkstationID]
  /// Whose own it is, ordered.
  func owners(of workstation: WorkstationID) throws(StorageFault) -> [PersonID]

  /// `nil` for everybody who is not from outside.
  func externalPerson(_ id: PersonID) throws(StorageFault) -> ExternalPerson?
  /// All of them, ordered by person.
  func externalPeople() throws(StorageFault) -> [ExternalPerson]

  func session(_ id: SessionID) throws(StorageFault) -> SessionRecord?
  /// The open or locked session of a workstation; there is at most one.
  func liveSession(on workstation: WorkstationID) throws(StorageFault) -> SessionRecord?
  func liveSessions(of person: PersonID) throws(StorageFault) -> [SessionRecord]
  func liveSessions() throws(StorageFault) -> [SessionRecord]

  func throttle(_ key: ThrottleKey) throws(StorageFault) -> ThrottleRecord?
  func operatorRecord(_ id: OperatorID) throws(StorageFault) -> OperatorRecord?
  func operators() throws(StorageFault) -> [OperatorRecord]
  /// Small named values of the instance (`epoch`, `people.import.sequence` …).
  func setting(_ name: String) throws(StorageFault) -> [UInt8]?

  /// The directory's objects as they were read last, in the order of their GUIDs.
  func directoryObjects() throws(StorageFault) -> [DirectoryObjectRecord]
  /// In the order of their GUIDs; of objects that are gone too.
  func directoryIdentities() throws(StorageFault) -> [DirectoryIdentity]
  /// The same of one person: seldom more than one.
  func directoryIdentities(of person: PersonID) throws(StorageFault) -> [DirectoryIdentity]

  /// The last enrolment code of the person in the segment, whatever became of it.
  func firstTapCode(of person: PersonID, in segment: Segment) throws(StorageFault) -> FirstTapCode?
  /// Ordered by person and segment. For lists of a desk and after a restore, never for a logon.
  func firstTapCodes(_ query: FirstTapCodeQuery) throws(StorageFault) -> [FirstTapCode]
  /// The card that a list announced with this key.
  func expectedCard(key: KeyFingerprint) throws(StorageFault) -> ExpectedCard?
  /// Ordered by person and key; at most `limit`, at most 20,000. For lists of a desk, never for a logon.
  func expectedCards(limit: Int) throws(StorageFault) -> [ExpectedCard]

  func isReferenceTaken(_ reference: Reference, day: Int) throws(StorageFault) -> Bool
  /// Rows, newest first when `query.newestFirst`.
  func auditRows(_ query: AuditQuery) throws(StorageFault) -> [AuditRow]
  func auditSize() throws(StorageFault) -> UInt64
}

extension StateReader {
  /// Everybody but those from outside: whom a directory may change, disable or count.
  public func staff() throws(StorageFault) -> [Person] {
    let external = Set(try externalPeople().map(\.person))
    return try everybody().filter { !external.contains($0.id) }
  }

  /// Without what is lent to the person.
  public func ownCards(of person: PersonID) throws(StorageFault) -> [RegisteredCard] {
    try cards(of: person).filter { !$0.isStock }
  }
}

/// What a change may write, besides its record.
public protocol StateTransaction: StateReader {
  mutating func put(_ person: Person) throws(StorageFault)
  mutating func put(_ password: StoredPassword) throws(StorageFault)
  mutating func put(_ palm: RegisteredPalm) throws(StorageFault)
  /// - Parameter id: `RegisteredPalm.id`
  /// - Returns: whether it was there.
  mutating func removePalm(_ id: String) throws(StorageFault) -> Bool
  /// - Throws: `.conflict` if it is known.
  mutating func remember(_ sample: SampleFingerprint, day: Int) throws(StorageFault)
  /// - Returns: how many were forgotten.
  mutating func forgetSamples(before day: Int) throws(StorageFault) -> Int
  /// Adds to what the person did on that day at that sensor.
  /// - Throws: `.conflict` if the person is not there.
  mutating func add(_ use: PalmUse, day: Int) throws(StorageFault)
  /// - Returns: how many daily sums were forgotten.
  mutating func forgetPalmUse(before day: Int) throws(StorageFault) -> Int
  /// The card with all its keys: a key that is no longer among them is nobody's.
  mutating func put(_ card: RegisteredCard) throws(StorageFault)
  mutating func put(_ workstation: WorkstationRecord) throws(StorageFault)
  /// - Throws: `.conflict` if the person or the workstation is to be an own one and is not there.
  mutating func set(_ person: PersonID, ownerOf workstation: WorkstationID, _ isOwner: Bool) throws(StorageFault)
  /// - Throws: `.conflict` if the person is not there; whoever answers need not be.
  mutating func put(_ external: ExternalPerson) throws(StorageFault)
  mutating func put(_ session: SessionRecord) throws(StorageFault)
  mutating func put(_ operator: OperatorRecord) throws(StorageFault)
  /// `nil` clears it.
  mutating func setThrottle(_ record: ThrottleRecord?, for key: ThrottleKey) throws(StorageFault)
  mutating func set(_ value: [UInt8], forSetting name: String) throws(StorageFault)
  mutating func put(_ object: DirectoryObjectRecord) throws(StorageFault)
  mutating func removeDirectoryObject(_ guid: ObjectGUID) throws(StorageFault)
  /// - Throws: `.conflict` if the person is not there.
  mutating func put(_ identity: DirectoryIdentity) throws(StorageFault)
  mutating func removeDirectoryIdentity(_ guid: ObjectGUID) throws(StorageFault)
  /// In the place of the person's former one in that segment.
  /// - Throws: `.conflict` if the person is not there, or if it is none (`FirstTapCode.isWhole`).
  mutating func put(_ code: FirstTapCode) throws(StorageFault)
  /// - Throws: `.conflict` if the person is not there.
  mutating func put(_ expected: ExpectedCard) throws(StorageFault)
  /// - Returns: whether it was there.
  mutating func removeExpectedCard(_ key: KeyFingerprint) throws(StorageFault) -> Bool
  /// Removes the person and all that is kept of the person: sessions, own cards with their keys (a stock card is nobody's again),
  /// palms and how they did, the password, counters of failures, enrolment codes and expected cards, the objects that stood for
  /// the person, that the person is from outside, and which workstations are the person's own. Rows of the log stay, and so do
  /// records of operators.
  /// - Throws: `.conflict` if the person is not there.
  mutating func remove(_ person: PersonID) throws(StorageFault) -> RemovedPerson
  /// A row besides the change's own, which follows it: for what the change does to somebody else.
  mutating func append(_ record: AuditRecord) throws(StorageFault)
}
