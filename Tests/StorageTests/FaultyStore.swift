import AuditLog
import AuthPolicy
import AuthTerms
import Storage
import Synchronization

enum PlantedFault: CaseIterable {
  case writeLostAfterCommit
  case rowNotAppended
  case failedChangeLeaks
  case secondLiveSession
  case staleCertificateIndex
  case referenceReused
  case secondRowLost
  case directoryObjectKept
  case personKept
  case palmKept
  case sampleForgotten
  case palmUseLost

  /// Words of the check that has to find it.
  var finder: String {
    switch self {
    case .writeLostAfterCommit: "read back"
    case .rowNotAppended: "appends its row"
    case .failedChangeLeaks: "throws leaves nothing"
    case .secondLiveSession: "one live session"
    case .staleCertificateIndex: "an old one to none"
    case .referenceReused: "unique within one local day"
    case .secondRowLost: "more rows than its own"
    case .directoryObjectKept: "taken away"
    case .personKept: "removed with all"
    case .palmKept: "palms are kept"
    case .sampleForgotten: "palms are kept"
    case .palmUseLost: "use of palms"
    }
  }
}

/// A right store with one wrong habit.
final class FaultyStore: Store, Sendable {
  private let base = InMemoryStore()
  private let fault: PlantedFault?
  private let certificates = Mutex<[CertificateFingerprint: WorkstationID]>([:])

  init(_ fault: PlantedFault?) { self.fault = fault }

  func commit<C: Change>(_ change: C) async throws(StorageFault) -> C.Outcome {
    let result = try await base.commit(Wrapped(change: change, fault: fault, remember: remember))
    return try result.get()
  }

  func read<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    let fault = fault
    let known = certificates.withLock { $0 }
    return try await base.read { (state) throws(StorageFault) in
      try query(FaultyReader(base: state, fault: fault, certificates: known))
    }
  }

  @Sendable private func remember(_ workstation: WorkstationRecord) {
    certificates.withLock { known in
      for certificate in workstation.certificates { known[certificate] = workstation.id }
    }
  }

  private struct Wrapped<C: Change>: Change {
    let change: C
    let fault: PlantedFault?
    let remember: @Sendable (WorkstationRecord) -> Void

    func apply(
      to state: inout some StateTransaction
    ) throws(StorageFault) -> (Result<C.Outcome, StorageFault>, AuditRecord) {
      do throws(StorageFault) {
        let (outcome, record) = try applied(to: &state)
        var kept = record
        if fault == .referenceReused, let reference = record.reference {
          // Day boundaries as in the checks: minutes after midnight in Japan.
          let day = Int(((record.time / 1000 + 32_400) / 86_400))
          if try state.isReferenceTaken(reference, day: day) { kept.reference = nil }
        }
        return (.success(outcome), kept)
      } catch {
        guard fault == .failedChangeLeaks else { throw error }
        return (.failure(error), AuditRecord(time: 0, eventClass: .administration, action: "leak", outcome: .done))
      }
    }

    private func applied<S: StateTransaction>(to state: inout S) throws(StorageFault) -> (C.Outcome, AuditRecord) {
      var faulty = FaultyTransaction(base: state, fault: fault, remember: remember)
      do throws(StorageFault) {
        let result = try change.apply(to: &faulty)
        state = faulty.base
        return result
      } catch {
        state = faulty.base
        throw error
      }
    }
  }
}

/// Looks through the state below; `FaultyReader` and `FaultyTransaction` say what differs.
private protocol Looking: StateReader {
  associatedtype Below
  var below: any StateReader { get }
  var fault: PlantedFault? { get }
}

extension Looking {
  func person(_ id: PersonID) throws(StorageFault) -> Person? { try below.person(id) }
  func person(account: AccountName) throws(StorageFault) -> Person? { try below.person(account: account) }
  func everybody() throws(StorageFault) -> [Person] { try below.everybody() }
  func people(matching text: String, limit: Int) throws(StorageFault) -> [Person] {
    try below.people(matching: text, limit: limit)
  }
  func peopleCount() throws(StorageFault) -> Int { try below.peopleCount() }
  func password(of person: PersonID) throws(StorageFault) -> StoredPassword? { try below.password(of: person) }
  func palms(of person: PersonID) throws(StorageFault) -> [RegisteredPalm] { try below.palms(of: person) }
  func palms(after id: String, limit: Int) throws(StorageFault) -> [RegisteredPalm] {
    try below.palms(after: id, limit: limit)
  }
  func palms(notUnder ring: UInt32, limit: Int) throws(StorageFault) -> [RegisteredPalm] {
    try below.palms(notUnder: ring, limit: limit)
  }
  func palmCount(notUnder ring: UInt32) throws(StorageFault) -> Int { try below.palmCount(notUnder: ring) }
  func oldestSampleDay() throws(StorageFault) -> Int? { try below.oldestSampleDay() }
  func palmUse(from first: Int, to last: Int) throws(StorageFault) -> [PalmUse] { try below.palmUse(from: first, to: last) }
  func oldestPalmUseDay() throws(StorageFault) -> Int? { try below.oldestPalmUseDay() }
  func isKnown(_ sample: SampleFingerprint) throws(StorageFault) -> Bool {
    fault == .sampleForgotten ? false : try below.isKnown(sample)
  }
  func card(_ id: CardID) throws(StorageFault) -> RegisteredCard? { try below.card(id) }
  func card(key: KeyFingerprint) throws(StorageFault) -> RegisteredCard? { try below.card(key: key) }
  func card(guid: CardGUID) throws(StorageFault) -> RegisteredCard? { try below.card(guid: guid) }
  func cards(of person: PersonID) throws(StorageFault) -> [RegisteredCard] { try below.cards(of: person) }
  func cards(after id: CardID?, limit: Int) throws(StorageFault) -> [RegisteredCard] {
    try below.cards(after: id, limit: limit)
  }
  func lentCards() throws(StorageFault) -> [RegisteredCard] { try below.lentCards() }
  func cardRows(of card: CardID, limit: Int) throws(StorageFault) -> [AuditRow] {
    try below.cardRows(of: card, limit: limit)
  }
  func cardKeys(after key: KeyFingerprint?, limit: Int) throws(StorageFault) -> [KnownCardKey] {
    try below.cardKeys(after: key, limit: limit)
  }
  func workstation(_ id: WorkstationID) throws(StorageFault) -> WorkstationRecord? { try below.workstation(id) }
  func workstations() throws(StorageFault) -> [WorkstationRecord] { try below.workstations() }
  func ownWorkstations(of person: PersonID) throws(StorageFault) -> [WorkstationID] { try below.ownWorkstations(of: person) }
  func owners(of workstation: WorkstationID) throws(StorageFault) -> [PersonID] { try below.owners(of: workstation) }
  func externalPerson(_ id: PersonID) throws(StorageFault) -> ExternalPerson? { try below.externalPerson(id) }
  func externalPeople() throws(StorageFault) -> [ExternalPerson] { try below.externalPeople() }
  func session(_ id: SessionID) throws(StorageFault) -> SessionRecord? { try below.session(id) }
  func liveSession(on workstation: WorkstationID) throws(StorageFault) -> SessionRecord? {
    try below.liveSession(on: workstation)
  }
  func liveSessions(of person: PersonID) throws(StorageFault) -> [SessionRecord] { try below.liveSessions(of: person) }
  func liveSessions() throws(StorageFault) -> [SessionRecord] { try below.liveSessions() }
  func throttle(_ key: ThrottleKey) throws(StorageFault) -> ThrottleRecord? { try below.throttle(key) }
  func operatorRecord(_ id: OperatorID) throws(StorageFault) -> OperatorRecord? { try below.operatorRecord(id) }
  func operators() throws(StorageFault) -> [OperatorRecord] { try below.operators() }
  func setting(_ name: String) throws(StorageFault) -> [UInt8]? { try below.setting(name) }
  func directoryObjects() throws(StorageFault) -> [DirectoryObjectRecord] { try below.directoryObjects() }
  func directoryIdentities() throws(StorageFault) -> [DirectoryIdentity] { try below.directoryIdentities() }
  func directoryIdentities(of person: PersonID) throws(StorageFault) -> [DirectoryIdentity] {
    try below.directoryIdentities(of: person)
  }
  func firstTapCode(of person: PersonID, in segment: Segment) throws(StorageFault) -> FirstTapCode? {
    try below.firstTapCode(of: person, in: segment)
  }
  func firstTapCodes(_ query: FirstTapCodeQuery) throws(StorageFault) -> [FirstTapCode] { try below.firstTapCodes(query) }
  func expectedCard(key: KeyFingerprint) throws(StorageFault) -> ExpectedCard? { try below.expectedCard(key: key) }
  func expectedCards(limit: Int) throws(StorageFault) -> [ExpectedCard] { try below.expectedCards(limit: limit) }
  func isReferenceTaken(_ reference: Reference, day: Int) throws(StorageFault) -> Bool {
    try below.isReferenceTaken(reference, day: day)
  }
  func auditRows(_ query: AuditQuery) throws(StorageFault) -> [AuditRow] {
    let rows = try below.auditRows(query)
    return fault == .rowNotAppended ? rows.dropLast() : rows
  }
  func auditSize() throws(StorageFault) -> UInt64 { try below.auditSize() }
}

private struct FaultyReader: Looking {
  typealias Below = any StateReader
  let base: any StateReader
  let fault: PlantedFault?
  let certificates: [CertificateFingerprint: WorkstationID]
  var below: any StateReader { base }

  func workstation(certificate: CertificateFingerprint) throws(StorageFault) -> WorkstationRecord? {
    guard fault == .staleCertificateIndex else { return try base.workstation(certificate: certificate) }
    guard let id = certificates[certificate] else { return nil }
    return try base.workstation(id)
  }
}

private struct FaultyTransaction<Base: StateTransaction>: Looking, StateTransaction {
  typealias Below = Base
  var base: Base
  let fault: PlantedFault?
  let remember: @Sendable (WorkstationRecord) -> Void
  var below: any StateReader { base }

  func workstation(certificate: CertificateFingerprint) throws(StorageFault) -> WorkstationRecord? {
    try base.workstation(certificate: certificate)
  }

  mutating func put(_ person: Person) throws(StorageFault) { try base.put(person) }
  mutating func put(_ password: StoredPassword) throws(StorageFault) { try base.put(password) }
  mutating func put(_ palm: RegisteredPalm) throws(StorageFault) { try base.put(palm) }
  mutating func removePalm(_ id: String) throws(StorageFault) -> Bool {
    fault == .palmKept ? true : try base.removePalm(id)
  }
  mutating func remember(_ sample: SampleFingerprint, day: Int) throws(StorageFault) {
    try base.remember(sample, day: day)
  }
  mutating func forgetSamples(before day: Int) throws(StorageFault) -> Int { try base.forgetSamples(before: day) }
  mutating func add(_ use: PalmUse, day: Int) throws(StorageFault) {
    // The second of a day is lost.
    if fault == .palmUseLost, try !base.palmUse(from: day, to: day).isEmpty { return }
    try base.add(use, day: day)
  }
  mutating func forgetPalmUse(before day: Int) throws(StorageFault) -> Int { try base.forgetPalmUse(before: day) }
  mutating func put(_ card: RegisteredCard) throws(StorageFault) {
    if fault == .writeLostAfterCommit, try base.card(card.id) != nil { return }
    try base.put(card)
  }
  mutating func set(_ person: PersonID, ownerOf workstation: WorkstationID, _ isOwner: Bool) throws(StorageFault) {
    try base.set(person, ownerOf: workstation, isOwner)
  }
  mutating func put(_ external: ExternalPerson) throws(StorageFault) { try base.put(external) }
  mutating func put(_ workstation: WorkstationRecord) throws(StorageFault) {
    try base.put(workstation)
    remember(workstation)
  }
  mutating func put(_ session: SessionRecord) throws(StorageFault) {
    do throws(StorageFault) { try base.put(session) } catch {
      guard fault == .secondLiveSession else { throw error }
    }
  }
  mutating func put(_ operator: OperatorRecord) throws(StorageFault) { try base.put(`operator`) }
  mutating func setThrottle(_ record: ThrottleRecord?, for key: ThrottleKey) throws(StorageFault) {
    try base.setThrottle(record, for: key)
  }
  mutating func set(_ value: [UInt8], forSetting name: String) throws(StorageFault) {
    try base.set(value, forSetting: name)
  }
  mutating func put(_ object: DirectoryObjectRecord) throws(StorageFault) { try base.put(object) }
  mutating func removeDirectoryObject(_ guid: ObjectGUID) throws(StorageFault) {
    if fault != .directoryObjectKept { try base.removeDirectoryObject(guid) }
  }
  mutating func removeDirectoryIdentity(_ guid: ObjectGUID) throws(StorageFault) {
    try base.removeDirectoryIdentity(guid)
  }
  mutating func put(_ code: FirstTapCode) throws(StorageFault) { try base.put(code) }
  mutating func put(_ expected: ExpectedCard) throws(StorageFault) { try base.put(expected) }
  mutating func removeExpectedCard(_ key: KeyFingerprint) throws(StorageFault) -> Bool { try base.removeExpectedCard(key) }
  mutating func remove(_ person: PersonID) throws(StorageFault) -> RemovedPerson {
    if fault == .personKept { RemovedPerson() } else { try base.remove(person) }
  }
  mutating func put(_ identity: DirectoryIdentity) throws(StorageFault) { try base.put(identity) }
  mutating func append(_ record: AuditRecord) throws(StorageFault) {
    if fault != .secondRowLost { try base.append(record) }
  }
}
