import AuditLog
import AuthServer
import AuthTerms
import DirectorySync
import Storage
import Testing

@Suite("people who left are removed after the days of the policy")
struct PurgeTests {
  private let limit = 400
  private let clock = Moment(wallMilliseconds: 1_800_000_000_000, boot: "b", monotonicMilliseconds: 0)

  /// Puts whatever a test needs.
  private struct Put: Change {
    var people: [Person] = []
    var identities: [DirectoryIdentity] = []
    var operators: [OperatorRecord] = []
    var leavers: Leavers?
    var external: [ExternalPerson] = []

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for person in people { try state.put(person) }
      for identity in identities { try state.put(identity) }
      for record in operators { try state.put(record) }
      for person in external { try state.put(person) }
      try leavers?.keep(in: &state)
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "put", outcome: .done))
    }
  }

  /// The same and then a fault, as a full disk makes it.
  private struct Failing: Change {
    let purge: PurgePerson

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      _ = try purge.apply(to: &state)
      throw .conflict("in the middle")
    }
  }

  private func person(_ id: String, isEnabled: Bool = false, lastDay: Int? = nil) throws -> Person {
    var person = Person(
      id: try PersonID(parsing: id), account: try AccountName(parsing: "account-\(id)"), displayName: "佐藤 花子", kana: "")
    person.isEnabled = isEnabled
    person.lastDay = lastDay
    return person
  }

  private func identity(_ id: String, _ byte: UInt8, goneSince: Int64? = nil) throws -> DirectoryIdentity {
    var identity = DirectoryIdentity(
      guid: try #require(ObjectGUID(bytes: [UInt8](repeating: byte, count: 16))), person: try PersonID(parsing: id),
      number: id, family: "佐藤", given: "花子")
    identity.goneSince = goneSince
    return identity
  }

  private func count(_ store: InMemoryStore, on day: Int) async throws {
    try await store.commit(CountLeavers(day: day, limit: limit, offsetSeconds: 0, now: clock))
  }

  private func leavers(_ store: InMemoryStore) async throws -> Leavers {
    try await store.read { (state) throws(StorageFault) in try Leavers(in: state) }
  }

  /// - Returns: whether the person is gone.
  private func purge(_ id: String, _ store: InMemoryStore, on day: Int) async throws -> Bool {
    let person = try PersonID(parsing: id)
    _ = try await store.commit(PurgePerson(person: person, day: day, limit: limit, offsetSeconds: 0, now: clock))
    return try await store.read { (state) throws(StorageFault) in try state.person(person) } == nil
  }

  @Test("the day counts, and the days on which it was seen; neither is enough alone", arguments: [30, 400, 3650])
  func days(limit: Int) throws {
    let person = try PersonID(parsing: "p")
    var ledger = Leavers()
    #expect(ledger.days(until: person, on: 1000, after: limit) == nil)
    for day in 1000..<1000 + limit {
      ledger.count([person: 1000], on: day)
      #expect(ledger.days(until: person, on: day, after: limit) == limit - (day - 1000))
    }
    ledger.count([person: 1000], on: 1000 + limit)
    #expect(ledger.days(until: person, on: 1000 + limit, after: limit) == 0)
    #expect(try Leavers(parsing: ledger.encoded) == ledger)
    #expect(throws: MalformedInput.self) { try Leavers(parsing: ledger.encoded.dropLast() + [0, 0]) }

    // A clock that leaps ten years ahead is one more day.
    var leapt = Leavers()
    leapt.count([person: 1000], on: 1000)
    leapt.count([person: 1000], on: 5000)
    let needed = max(limit - 30, limit * 3 / 4)
    #expect(leapt.days(until: person, on: 5000, after: limit) == needed - 2)
    // Who came back meanwhile begins anew.
    leapt.count([:], on: 5001)
    leapt.count([person: 5002], on: 5002)
    #expect(leapt.people[person]?.since == 5002 && leapt.people[person]?.days == 1)
  }

  @Test("who has left: gone from the directory, or past the last day and disabled by it; nobody who is held or enabled")
  func who() async throws {
    let store = InMemoryStore()
    var held = try identity("held", 5, goneSince: 1)
    held.hold = .returned
    let day = 1000
    try await store.commit(
      Put(
        people: [
          person("gone"), person("ended", lastDay: day - 1), person("last", lastDay: day), person("disabled"),
          person("held"), person("here", isEnabled: true), person("nobody"),
          person("enabled", isEnabled: true, lastDay: day - 500),
        ],
        identities: [
          identity("gone", 1, goneSince: 86_400_000 * 990), identity("ended", 2), identity("last", 3),
          identity("disabled", 4), held, identity("here", 6), identity("enabled", 7),
        ]))
    try await count(store, on: day)
    let people = try await leavers(store).people
    #expect(
      Dictionary(uniqueKeysWithValues: people.map { ($0.key.text, $0.value.since) }) == [
        "gone": 990, "ended": day, "nobody": day,
      ])
  }

  @Test("somebody from outside has left from the day after the last one, though no directory ever named her")
  func fromOutside() async throws {
    let (store, day) = (InMemoryStore(), 1000)
    func external(_ id: String) throws -> ExternalPerson {
      ExternalPerson(
        person: try PersonID(parsing: id), responsible: try PersonID(parsing: "p"), isAnswered: true, registeredAt: clock)
    }
    try await store.commit(
      Put(
        people: [
          person("EXT-over", isEnabled: true, lastDay: day - 10), person("EXT-last", isEnabled: true, lastDay: day),
          person("EXT-ended", lastDay: day - 3), person("EXT-here", isEnabled: true, lastDay: day + limit * 2),
        ],
        external: ["EXT-over", "EXT-last", "EXT-ended", "EXT-here"].map(external)))
    try await count(store, on: day)
    let people = try await leavers(store).people
    #expect(
      Dictionary(uniqueKeysWithValues: people.map { ($0.key.text, $0.value.since) }) == ["EXT-over": 991, "EXT-ended": 998])
    for later in day + 1...day + limit { try await count(store, on: later) }
    #expect(try await !purge("EXT-here", store, on: day + limit))
    #expect(try await purge("EXT-over", store, on: day + limit))
    let kept = try await store.read { (state) throws(StorageFault) in try state.externalPeople().map(\.person.text) }
    #expect(kept == ["EXT-ended", "EXT-here", "EXT-last"])
  }

  @Test("nothing of a purge stays when it fails, and a second one finds nothing; the number may be somebody's again")
  func transaction() async throws {
    let store = InMemoryStore()
    try await store.commit(Put(people: [person("p")], identities: [identity("p", 1, goneSince: 0)]))
    for day in 0..<limit { try await count(store, on: day) }
    #expect(try await !purge("p", store, on: limit - 1), "not due")
    try await count(store, on: limit)
    #expect(try await !purge("p", store, on: limit + 1), "of another day")
    let id = try PersonID(parsing: "p")
    let change = PurgePerson(person: id, day: limit, limit: limit, offsetSeconds: 0, now: clock)
    await #expect(throws: StorageFault.conflict("in the middle")) { try await store.commit(Failing(purge: change)) }
    #expect(try await leavers(store).people[id] != nil)
    let identities = { try await store.read { (state) throws(StorageFault) in try state.directoryIdentities(of: id).count } }
    #expect(try await identities() == 1)
    #expect(try await purge("p", store, on: limit))
    #expect(try await identities() == 0)
    #expect(try await leavers(store).people[id] == nil)
    _ = try await store.commit(change)
    var query = AuditQuery()
    query.newestFirst = true
    let rows = try await store.read { [query] (state) throws(StorageFault) in try state.auditRows(query) }
      .filter { $0.record.action == "person.purged" }.reversed().map { $0 }
    try #require(rows.map(\.record.outcome) == [.refused, .refused, .done, .refused])
    #expect(rows[2].record.person == id && rows[2].record.note.hasPrefix("gone for 400 days; cards 0"))
    try await store.commit(Put(people: [person("p", isEnabled: true)]))
  }

  @Test("enabled again, or an operator: nobody is removed; with the operator's registration ended, she is")
  func kept() async throws {
    let store = InMemoryStore()
    try await store.commit(
      Put(
        people: [person("back"), person("op")],
        identities: [identity("back", 1, goneSince: 0), identity("op", 2, goneSince: 0)]))
    for day in 0...limit { try await count(store, on: day) }
    var record = OperatorRecord(
      id: try OperatorID(parsing: "op"), role: .administrator, person: try PersonID(parsing: "op"), unixUser: nil,
      key: try KeyFingerprint(parsing: [UInt8](repeating: 1, count: 32)), publicKey: [1], isActive: true)
    try await store.commit(Put(people: [person("back", isEnabled: true)], operators: [record]))
    #expect(try await !purge("back", store, on: limit))
    #expect(try await !purge("op", store, on: limit))
    record.isActive = false
    try await store.commit(Put(operators: [record]))
    #expect(try await purge("op", store, on: limit))
  }

  @Test("one day removes fifty, the rest waits for the next")
  func most() async throws {
    let store = InMemoryStore()
    let names = (0...Leavers.mostADay).map { "p\($0)" }
    try await store.commit(Put(people: names.map { try person($0) }))
    for day in 0...limit { try await count(store, on: day) }
    var removed = 0
    for name in names where try await purge(name, store, on: limit) { removed += 1 }
    #expect(removed == Leavers.mostADay)
    try await count(store, on: limit + 1)
    #expect(try await purge("p\(Leavers.mostADay)", store, on: limit + 1))
  }
}
