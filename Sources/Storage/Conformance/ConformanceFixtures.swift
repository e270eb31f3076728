import AuditLog
import AuthPolicy
import AuthTerms

/// Writes some entities and returns one row.
struct Puts: Change {
  var people: [Person] = []
  var passwords: [StoredPassword] = []
  var palms: [RegisteredPalm] = []
  var gonePalms: [String] = []
  var samples: [SampleFingerprint] = []
  /// Samples of the days before are forgotten.
  var forgetsBefore: Int?
  /// With the day of each.
  var palmUse: [(use: PalmUse, day: Int)] = []
  var forgetsPalmUseBefore: Int?
  var workstations: [WorkstationRecord] = []
  var cards: [RegisteredCard] = []
  var sessions: [SessionRecord] = []
  var operators: [OperatorRecord] = []
  var owners: [(person: PersonID, workstation: WorkstationID, isOwner: Bool)] = []
  var external: [ExternalPerson] = []
  var objects: [DirectoryObjectRecord] = []
  var goneObjects: [ObjectGUID] = []
  var identities: [DirectoryIdentity] = []
  var goneIdentities: [ObjectGUID] = []
  /// Rows before the change's own.
  var others: [AuditRecord] = []
  var record = AuditRecord(time: 1_700_000_000_000, eventClass: .administration, action: "conformance", outcome: .done)
  /// Refuses after everything was written.
  var refusesAtLast = false

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for person in people { try state.put(person) }
    for password in passwords { try state.put(password) }
    for palm in palms { try state.put(palm) }
    for id in gonePalms { guard try state.removePalm(id) else { throw .conflict("no such palm") } }
    for sample in samples { try state.remember(sample, day: 5) }
    if let forgetsBefore { _ = try state.forgetSamples(before: forgetsBefore) }
    for (use, day) in palmUse { try state.add(use, day: day) }
    if let forgetsPalmUseBefore { _ = try state.forgetPalmUse(before: forgetsPalmUseBefore) }
    for workstation in workstations { try state.put(workstation) }
    for owner in owners { try state.set(owner.person, ownerOf: owner.workstation, owner.isOwner) }
    for person in external { try state.put(person) }
    for card in cards { try state.put(card) }
    for session in sessions { try state.put(session) }
    for record in operators { try state.put(record) }
    for object in objects { try state.put(object) }
    for guid in goneObjects { try state.removeDirectoryObject(guid) }
    for identity in identities { try state.put(identity) }
    for guid in goneIdentities { try state.removeDirectoryIdentity(guid) }
    for record in others { try state.append(record) }
    if refusesAtLast { throw .conflict("refused at last") }
    return ((), record)
  }
}

/// Removes a person.
struct Removes: Change {
  let person: PersonID
  /// Refuses after it was done.
  var refusesAtLast = false

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (RemovedPerson, AuditRecord) {
    let removed = try state.remove(person)
    if refusesAtLast { throw .conflict("refused at last") }
    return (removed, AuditRecord(time: 1_700_000_000_000, eventClass: .administration, action: "person.purged", outcome: .done))
  }
}

/// Sets a throttle and a setting.
struct Counts: Change {
  let key: ThrottleKey
  let record: ThrottleRecord?

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (ThrottleRecord?, AuditRecord) {
    let before = try state.throttle(key)
    try state.setThrottle(record, for: key)
    try state.set([1, 2, 3], forSetting: "conformance")
    return (before, AuditRecord(time: 1_700_000_000_000, eventClass: .ceremony, action: "logon", outcome: .denied))
  }
}

/// Adds one to a counter that it reads first: lost updates show.
struct Increment: Change {
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Int, AuditRecord) {
    let value = Int(try state.setting("counter")?.first ?? 0) + 1
    try state.set([UInt8(truncatingIfNeeded: value)], forSetting: "counter")
    return (value, AuditRecord(time: Int64(value), eventClass: .administration, action: "count", outcome: .done))
  }
}

enum Sample {
  static let moment = Moment(wallMilliseconds: 1_700_000_000_000, boot: "boot with spaces", monotonicMilliseconds: 5000)

  static func person(_ number: Int) throws -> Person {
    var person = Person(
      id: try PersonID(parsing: "p\(number)"), account: try AccountName(parsing: "user\(number)"),
      displayName: "髙橋 花子 \(number)",
      kana: "ﾀｶﾊｼ ハナコ")
    person.otherNames = ["旧姓 渡邉"]
    person.departments = ["010", "020"]
    person.groups = ["lgwan", "住民課"]
    person.firstDay = 19_000
    person.hasManagedPassword = true
    person.logonHours = LogonHours(bytes: [UInt8](repeating: 0xA5, count: 21))
    person.workstations = ["lgwan-pc-0042", "窓口"]
    return person
  }

  static func palmUse(
    _ strength: Int, person: Int = 1, workstation: String = "w1", sensor: String = "palm", tries: Int = 1
  ) throws -> PalmUse {
    PalmUse(
      person: try PersonID(parsing: "p\(person)"), workstation: try WorkstationID(parsing: workstation),
      sensor: try SensorID(parsing: sensor), tries: tries, retakes: 1, matches: 2, strength: strength)
  }

  static func palm(_ hand: Hand, person: Int = 1, format: String = "sanmon/palm/1") throws -> RegisteredPalm {
    RegisteredPalm(
      person: try PersonID(parsing: "p\(person)"), hand: hand, format: format, ring: 7, sealed: [1, 0, 255],
      enrolledBy: try OperatorID(parsing: "op1"), enrolledAt: moment)
  }

  /// Sixteen times this byte.
  static func object(_ byte: UInt8) throws -> ObjectGUID {
    guard let guid = ObjectGUID(bytes: [UInt8](repeating: byte, count: 16)) else {
      throw MalformedInput("GUID", expected: "16 bytes")
    }
    return guid
  }

  static func fingerprint<Tag>(_ byte: UInt8) throws -> Fingerprint<Tag> {
    try Fingerprint<Tag>(parsing: [UInt8](repeating: byte, count: 32))
  }

  /// - Parameter guid: sixteen times this byte.
  static func card(_ id: String, keys: [RegisteredKey], person: Int = 1, guid: UInt8? = nil) throws -> RegisteredCard {
    RegisteredCard(
      id: try CardID(parsing: id), person: try PersonID(parsing: "p\(person)"), guid: try guid.map(self.guid), state: .active,
      keys: keys)
  }

  /// A card of the stock.
  /// - Parameter loan: to whom, and its last day.
  static func stockCard(_ id: String, keys: [RegisteredKey], loan: (person: Int, until: Int)? = nil) throws -> RegisteredCard {
    RegisteredCard(
      id: try CardID(parsing: id), person: try loan.map { try PersonID(parsing: "p\($0.person)") }, guid: nil, state: .active,
      keys: keys, isStock: true, lentUntil: loan?.until)
  }

  static func guid(_ byte: UInt8) throws -> CardGUID { try CardGUID(parsing: [UInt8](repeating: byte, count: 16)) }

  static func key(_ byte: UInt8, slot: String = "9a") throws -> RegisteredKey {
    RegisteredKey(
      fingerprint: try fingerprint(byte), profile: "piv", slot: slot,
      provenClass: slot == "9a" ? .publicKeyWithPIN : .publicKey, enrolledBy: try OperatorID(parsing: "op1"),
      enrolledAt: moment)
  }

  static func workstation(_ id: String, certificates: [UInt8]) throws -> WorkstationRecord {
    var prints: [CertificateFingerprint] = []
    for byte in certificates { prints.append(try fingerprint(byte)) }
    return WorkstationRecord(
      id: try WorkstationID(parsing: id), segment: .lgwan, access: .console, certificates: prints, isRevoked: false,
      enrolledAt: moment)
  }

  static func session(_ id: String, person: Int = 1, on workstation: String, phase: SessionPhase = .open) throws
    -> SessionRecord
  {
    SessionRecord(
      id: try SessionID(parsing: id), person: try PersonID(parsing: "p\(person)"),
      workstation: try WorkstationID(parsing: workstation),
      segment: .lgwan, scenario: .logon, card: nil, phase: phase, isRevoked: false, kinds: [.have, .know], assurance: .aal3,
      openedAt: moment, lastActivity: moment.advanced(bySeconds: 1),
      terms: SessionTerms(leaseSeconds: 300, idleSeconds: 3600, overallSeconds: 43_200, onCardRemoval: .lock),
      signingKey: [UInt8](repeating: 7, count: 32), sealingKey: [9, 8, 7], sealingSuite: "x25519-sha256-chachapoly")
  }

  static func operatorRecord(_ id: String, key: UInt8, unixUser: String?) throws -> OperatorRecord {
    OperatorRecord(
      id: try OperatorID(parsing: id), role: .administrator, person: try PersonID(parsing: "p1"), unixUser: unixUser,
      key: try fingerprint(key), publicKey: [1, 2, 3], isActive: true)
  }

  /// - Parameter minutes: after midnight of day 0 in Japan.
  static func record(reference: Int, minutes: Int64) throws -> AuditRecord {
    var record = AuditRecord(
      time: (minutes - 540) * 60_000, eventClass: .ceremony, action: "logon", outcome: .denied)
    record.reference = try Reference(number: reference)
    return record
  }
}
