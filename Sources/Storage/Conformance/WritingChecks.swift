import AuditLog
import AuthPolicy
import AuthTerms

extension StoreConformance {
  static let writing: [Check] = [
    Check(name: "what was committed is read back, field by field") { store in
      let person = try Sample.person(1)
      let workstation = try Sample.workstation("PC-1", certificates: [1, 2])
      let key = try Sample.key(1)
      var card = try Sample.card("c1", keys: [key], guid: 9)
      var session = try Sample.session("s1", on: "PC-1")
      session.card = card.id
      let record = try Sample.operatorRecord("op1", key: 5, unixUser: "sanmon-admin")
      let password = StoredPassword(person: person.id, sealed: [0, 1, 255], changedAt: Sample.moment)
      _ = try await store.commit(
        Puts(
          people: [person], passwords: [password], workstations: [workstation], cards: [card], sessions: [session],
          operators: [record]))
      card.state = .lost
      card.keys.append(try Sample.key(2, slot: "9e"))
      _ = try await store.commit(Puts(cards: [card]))
      let guid = card.guid
      let found = try await store.read { [card, session] (state) throws(StorageFault) in
        let seen: [Bool] = [
          try state.person(person.id) == person, try state.person(account: person.account) == person,
          try state.cards(of: person.id) == [card], try state.card(card.id) == card,
          try state.card(key: key.fingerprint) == card,
          try guid.map { (guid) throws(StorageFault) in try state.card(guid: guid) } == card,
          try state.workstation(workstation.id) == workstation, try state.workstations() == [workstation],
          try state.session(session.id) == session, try state.liveSession(on: workstation.id) == session,
          try state.liveSessions(of: person.id) == [session], try state.liveSessions() == [session],
          try state.operatorRecord(record.id) == record, try state.operators() == [record], try state.peopleCount() == 1,
          try state.everybody() == [person],
          try state.password(of: person.id)?.sealed == password.sealed,
          try state.password(of: person.id)?.changedAt == password.changedAt,
        ]
        return seen.allSatisfy(\.self)
      }
      try expect(found, "a committed write was not read back as it was written")
    },
    Check(name: "what is not there is absent") { store in
      let absent = try await store.read { (state) throws(StorageFault) in
        let seen: [Bool] = [
          try state.peopleCount() == 0, try state.operators().isEmpty, try state.workstations().isEmpty,
          try state.liveSessions().isEmpty, try state.setting("nothing") == nil, try state.auditSize() == 0,
          try state.auditRows(AuditQuery()).isEmpty, try state.people(matching: "", limit: 10).isEmpty,
        ]
        return seen.allSatisfy(\.self)
      }
      try expect(absent, "an empty store was not empty")
    },
    Check(name: "a change sees its own writes and those before it") { store in
      var outcomes: [Int] = []
      for _ in 0..<3 { outcomes.append(try await store.commit(Increment())) }
      try expect(outcomes == [1, 2, 3], "a change did not see the change before it")
    },
    Check(name: "concurrent changes are serial: no update is lost") { store in
      let outcomes = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<64 { group.addTask { try await store.commit(Increment()) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      try expect(outcomes.sorted() == Array(1...64), "two concurrent changes saw the same state")
      let size = try await store.read { (state) throws(StorageFault) in try state.auditSize() }
      try expect(size == 64, "64 changes did not leave 64 rows")
    },
    Check(name: "a change that throws leaves nothing, and its neighbours stay") { store in
      let person = try Sample.person(1)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 2..<10 {
          group.addTask { _ = try await store.commit(Puts(people: [try Sample.person(number)])) }
        }
        group.addTask {
          try await expectConflict(
            "a change that refused was answered as done", store, Puts(people: [person], refusesAtLast: true))
        }
        try await group.waitForAll()
      }
      let (leaked, count, size) = try await store.read { (state) throws(StorageFault) in
        (try state.person(person.id), try state.peopleCount(), try state.auditSize())
      }
      try expect(leaked == nil, "a change that threw left a write behind")
      try expect(count == 8 && size == 8, "a change that threw took its neighbours with it, or left a row")
    },
    Check(name: "throttles and settings are set, replaced and cleared") { store in
      let key = ThrottleKey.person(try PersonID(parsing: "p1"))
      let first = ThrottleRecord(failures: 1, lastFailure: Sample.moment, blockedUntil: nil)
      let second = ThrottleRecord(failures: 2, lastFailure: Sample.moment, blockedUntil: Sample.moment.advanced(bySeconds: 8))
      try expect(try await store.commit(Counts(key: key, record: first)) == nil, "a throttle was there from the beginning")
      try expect(try await store.commit(Counts(key: key, record: second)) == first, "a throttle was not kept")
      try expect(try await store.commit(Counts(key: key, record: nil)) == second, "a throttle was not replaced")
      let (cleared, setting) = try await store.read { (state) throws(StorageFault) in
        (try state.throttle(key), try state.setting("conformance"))
      }
      try expect(cleared == nil, "a throttle was not cleared")
      try expect(setting == [1, 2, 3], "a setting was not kept")
    },
    Check(name: "people are found by any of their names, in order, as literal text") { store in
      _ = try await store.commit(Puts(people: [try Sample.person(2), try Sample.person(1), try Sample.person(3)]))
      for (text, expected) in [
        ("", ["user1", "user2", "user3"]), ("高橋花子", ["user1", "user2", "user3"]), ("たかはし", ["user1", "user2", "user3"]),
        ("渡辺", ["user1", "user2", "user3"]), ("ＵＳＥＲ２", ["user2"]), ("%", []), ("_", []), ("user1\n", ["user1"]),
      ] {
        let found = try await store.read { (state) throws(StorageFault) in
          try state.people(matching: text, limit: 10).map(\.account.canonical)
        }
        try expect(found == expected, "a search by name found other people")
      }
      let limited = try await store.read { (state) throws(StorageFault) in
        (try state.people(matching: "user", limit: 2).count, try state.people(matching: "user", limit: 0).count)
      }
      try expect(limited == (2, 0), "a search went over its limit")
    },
    Check(name: "objects of the directory and whom they stand for are kept, replaced and taken away") { store in
      let (one, two) = (try Sample.object(2), try Sample.object(1))
      var identity = DirectoryIdentity(
        guid: one, person: try PersonID(parsing: "p1"), number: "0001", family: "髙橋", given: "")
      let first = DirectoryObjectRecord(guid: one, body: [1, 0, 255])
      _ = try await store.commit(
        Puts(
          people: [try Sample.person(1)], objects: [first, DirectoryObjectRecord(guid: two, body: [])],
          identities: [identity]))
      let (objects, identities) = try await store.read { (state) throws(StorageFault) in
        (try state.directoryObjects(), try state.directoryIdentities())
      }
      try expect(objects.map(\.guid) == [two, one] && objects.last == first, "an object was not kept as it was written")
      try expect(identities == [identity], "an identity was not kept as it was written")
      identity.hold = .successor
      identity.goneSince = 1_700_000_000_000
      identity.formerNames = ["渡邉 花子", ""]
      let second = DirectoryObjectRecord(guid: one, body: [7])
      _ = try await store.commit(Puts(objects: [second], goneObjects: [two], identities: [identity]))
      let (replaced, held) = try await store.read { (state) throws(StorageFault) in
        (try state.directoryObjects(), try state.directoryIdentities())
      }
      try expect(replaced == [second], "an object was not replaced, or not taken away")
      try expect(held == [identity], "an identity was not replaced")
      let (person, other) = (identity.person, try PersonID(parsing: "p3"))
      let (own, others) = try await store.read { (state) throws(StorageFault) in
        (try state.directoryIdentities(of: person), try state.directoryIdentities(of: other))
      }
      try expect(own == [identity] && others.isEmpty, "a person was not found by the object that stands for it")
      let stranger = DirectoryIdentity(
        guid: two, person: try PersonID(parsing: "p2"), number: "0002", family: "", given: "")
      _ = try await store.commit(Puts(goneIdentities: [one]))
      let rest = try await store.read { (state) throws(StorageFault) in try state.directoryIdentities() }
      try expect(rest.isEmpty, "an identity was not taken away")
      try await expectConflict("an object stood for nobody", store, Puts(identities: [stranger]))
    },
    Check(name: "palms are kept for each hand and matcher, replaced and taken away; a sample is known once") { store in
      var right = try Sample.palm(.right)
      let left = try Sample.palm(.left)
      var vendor = try Sample.palm(.right, format: "V/3")
      // Without a key: no new one is ever due.
      vendor.ring = 0
      let person = right.person
      let sample: SampleFingerprint = try Sample.fingerprint(9)
      _ = try await store.commit(
        Puts(people: [try Sample.person(1), try Sample.person(2)], palms: [right, left, vendor], samples: [sample]))
      right.recent = [4, 5]
      right.ring = 8
      _ = try await store.commit(Puts(palms: [right, try Sample.palm(.left, person: 2)]))
      let (own, all, isKnown) = try await store.read { [person] (state) throws(StorageFault) in
        (try state.palms(of: person), try state.palms(after: "", limit: 9).count, try state.isKnown(sample))
      }
      try expect(own == [left, vendor, right], "a palm was not kept as it was written, or not replaced")
      try expect(all == 4 && isKnown, "somebody's palm, or a sample, was not kept")
      let pages = try await store.read { [left, vendor] (state) throws(StorageFault) in
        (
          try state.palms(after: left.id, limit: 1), try state.palms(after: vendor.id, limit: 0),
          try state.palms(notUnder: 7, limit: 9).map(\.id), try state.palms(notUnder: 8, limit: 1).map(\.id),
          try state.palmCount(notUnder: 8), try state.oldestSampleDay()
        )
      }
      try expect(pages.0 == [vendor] && pages.1.isEmpty, "palms were not told in pages")
      try expect(pages.2 == [right.id] && pages.3 == [left.id] && pages.4 == 2, "palms under other keys were told wrongly")
      try expect(pages.5 == 5, "the oldest sample was told wrongly")
      try await expectConflict("a sample was new twice", store, Puts(samples: [sample]))
      try await expectConflict("a palm of nobody was kept", store, Puts(palms: [try Sample.palm(.left, person: 3)]))
      _ = try await store.commit(Puts(gonePalms: [right.id], forgetsBefore: 5))
      try await expectConflict("a palm was taken away twice", store, Puts(gonePalms: [right.id]))
      let (rest, stays) = try await store.read { (state) throws(StorageFault) in
        (try state.palms(of: person), try state.isKnown(sample))
      }
      try expect(rest == [left, vendor] && stays, "a palm was not taken away, or a sample of that very day was forgotten")
      _ = try await store.commit(Puts(forgetsBefore: 6))
      let isForgotten = try await store.read { (state) throws(StorageFault) in try !state.isKnown(sample) }
      try expect(isForgotten, "a sample was not forgotten")
      let none = try await store.read { (state) throws(StorageFault) in try state.oldestSampleDay() }
      try expect(none == nil, "a sample of no day was told")
    },
    Check(name: "the use of palms is summed up by day, person, workstation and sensor, and forgotten") { store in
      let use = try Sample.palmUse(5000)
      let elsewhere = [
        try Sample.palmUse(100, person: 2), try Sample.palmUse(200, workstation: "w2"), try Sample.palmUse(300, sensor: "b"),
      ]
      _ = try await store.commit(
        Puts(
          people: [try Sample.person(1), try Sample.person(2)],
          palmUse: [(use, 7), (use, 7), (use, 8)] + elsewhere.map { ($0, 8) }))
      func told(_ first: Int, _ last: Int) async throws -> [PalmUse] {
        try await store.read { (state) throws(StorageFault) in try state.palmUse(from: first, to: last) }
      }
      let twice = PalmUse(
        person: use.person, workstation: use.workstation, sensor: use.sensor, tries: 2, retakes: 2, matches: 4, strength: 10_000
      )
      try expect(try await told(7, 7) == [twice], "two uses of a day were not summed up")
      try expect(
        try await told(8, 8) == [elsewhere[2], use, elsewhere[1], elsewhere[0]],
        "uses of a day were mixed up, or told in disorder")
      try expect(try await told(7, 8).map(\.strength) == [300, 15_000, 200, 100], "uses of two days were not summed up")
      let (earlier, later) = (try await told(0, 6), try await told(9, 99))
      try expect(earlier.isEmpty && later.isEmpty, "a use of another day was told")
      func oldest() async throws -> Int? {
        try await store.read { (state) throws(StorageFault) in try state.oldestPalmUseDay() }
      }
      try expect(try await oldest() == 7, "the oldest use was told wrongly")
      try await expectConflict(
        "the use of nobody's palm was kept", store, Puts(palmUse: [(try Sample.palmUse(1, person: 3), 8)]))
      _ = try await store.commit(Puts(forgetsPalmUseBefore: 8))
      let (left, kept) = (try await oldest(), try await told(8, 8))
      try expect(left == 8 && kept.count == 4, "uses of a day before were kept, or one of that day was not")
      _ = try await store.commit(Puts(forgetsPalmUseBefore: 9))
      try expect(try await oldest() == nil, "a use was not forgotten")
    },
    Check(name: "a person is removed with all that is kept of the person, in one transaction, and nobody else") { store in
      let (one, two) = (try Sample.person(1), try Sample.person(2))
      var (session, other) = (try Sample.session("s1", on: "w1"), try Sample.session("s2", person: 2, on: "w2"))
      (session.card, other.card) = (try CardID(parsing: "c1"), try CardID(parsing: "c2"))
      let ended = try Sample.session("s3", on: "w1", phase: .ended)
      let card = try Sample.card("c1", keys: [Sample.key(1), Sample.key(2, slot: "9e")], guid: 1)
      let identity = DirectoryIdentity(guid: try Sample.object(1), person: one.id, number: "1", family: "f", given: "g")
      let key = ThrottleKey.person(one.id)
      let moment = Sample.moment
      _ = try await store.commit(
        Puts(
          people: [one, two], passwords: [StoredPassword(person: one.id, sealed: [1], changedAt: moment)],
          palms: [Sample.palm(.left), Sample.palm(.right), Sample.palm(.left, person: 2)],
          palmUse: [
            (try Sample.palmUse(1), 5), (try Sample.palmUse(1, sensor: "b"), 6), (try Sample.palmUse(1, person: 2), 6),
          ],
          workstations: [Sample.workstation("w1", certificates: [1]), Sample.workstation("w2", certificates: [2])],
          cards: [card, Sample.card("c2", keys: [Sample.key(3)], person: 2)], sessions: [session, other, ended],
          identities: [identity]))
      _ = try await store.commit(
        Counts(key: key, record: ThrottleRecord(failures: 1, lastFailure: moment, blockedUntil: nil)))
      let id = one.id
      struct Rest: Equatable, Sendable {
        let people, cards, palms, palmUse, sessions, identities: Int
        let hasPassword, hasKey, hasThrottle: Bool
      }
      func rest() async throws -> Rest {
        try await store.read { (state) throws(StorageFault) in
          Rest(
            people: try state.peopleCount(), cards: try state.cards(of: id).count,
            palms: try state.palms(after: "", limit: 9).count, palmUse: try state.palmUse(from: 0, to: 9).count,
            sessions: try state.liveSessions().count,
            identities: try state.directoryIdentities(of: id).count,
            hasPassword: try state.password(of: id) != nil, hasKey: try state.card(key: card.keys[0].fingerprint) != nil,
            hasThrottle: try state.throttle(key) != nil)
        }
      }
      let before = try await rest()
      try await expectConflict("half a removal stayed", store, Removes(person: id, refusesAtLast: true))
      try expect(try await rest() == before, "a refused removal left a trace")
      let removed = try await store.commit(Removes(person: id))
      try expect(
        removed.cards == 1 && removed.keys == 2 && removed.palms == 2 && removed.sessions == 2 && removed.hadPassword
          && removed.identities == 1,
        "a removal was counted wrongly")
      try expect(
        try await rest()
          == Rest(
            people: 1, cards: 0, palms: 1, palmUse: 1, sessions: 1, identities: 0, hasPassword: false, hasKey: false,
            hasThrottle: false),
        "something of a removed person stayed, or somebody else lost something")
      try await expectConflict("a person was removed twice", store, Removes(person: id))
      // The card, its keys and the account are free for whoever comes.
      let next = try Sample.card("c9", keys: [Sample.key(1)], person: 2, guid: 1)
      _ = try await store.commit(Puts(people: [one], cards: [next]))
    },
    Check(name: "stock cards are kept, listed and lent; whoever is removed leaves them to the stock") { store in
      let (one, two) = (try Sample.person(1), try Sample.person(2))
      var lent = try Sample.stockCard("c2", keys: [Sample.key(2)], loan: (person: 1, until: 20_000))
      let (own, box) = (try Sample.card("c1", keys: [Sample.key(1)]), try Sample.stockCard("c3", keys: [Sample.key(3)]))
      var (session, earlier) = (try Sample.session("s1", on: "w1"), try Sample.session("s2", person: 2, on: "w2"))
      (session.card, earlier.card) = (lent.id, lent.id)
      _ = try await store.commit(
        Puts(
          people: [one, two],
          workstations: [Sample.workstation("w1", certificates: [1]), Sample.workstation("w2", certificates: [2])],
          cards: [own, lent, box], sessions: [session, earlier]))
      struct Told: Equatable, Sendable {
        let all, page, lent, ofOne: [RegisteredCard]
        let people: [PersonID?]
        let sessions: Int
      }
      func told() async throws -> Told {
        let (id, after) = (one.id, own.id)
        return try await store.read { (state) throws(StorageFault) in
          Told(
            all: try state.cards(after: nil, limit: 9), page: try state.cards(after: after, limit: 1),
            lent: try state.lentCards(), ofOne: try state.cards(of: id),
            people: try state.cardKeys(after: nil, limit: 9).map(\.person), sessions: try state.liveSessions().count)
        }
      }
      let before = Told(
        all: [own, lent, box], page: [lent], lent: [lent], ofOne: [own, lent], people: [one.id, nil, nil], sessions: 2)
      try expect(try await told() == before, "stock cards were not told as they were written")
      let removed = try await store.commit(Removes(person: one.id))
      try expect(removed.cards == 1 && removed.keys == 1 && removed.sessions == 1, "a removal took a card of the stock along")
      (lent.person, lent.lentUntil) = (nil, nil)
      let after = Told(all: [lent, box], page: [lent], lent: [], ofOne: [], people: [nil, nil], sessions: 1)
      try expect(try await told() == after, "a card that was lent to a removed person is not of the stock again")
    },
    Check(name: "a card's story is told in order, from the acts at a desk and from what was shown after its loss") { store in
      let (card, other) = (try CardID(parsing: "c1"), try CardID(parsing: "c2"))
      func row(_ action: String, _ card: CardID?, _ time: Int64, _ code: DenialCode? = nil) -> AuditRecord {
        var record = AuditRecord(time: time, eventClass: .enrolment, action: action, outcome: .done)
        (record.card, record.code) = (card, code)
        return record
      }
      let rows = [
        row("card.stocked", card, 1), row("card.lent", card, 2), row("card.lent", other, 3), row("logon", card, 4),
        row("logon", card, 5, .cardLost), row("cards", card, 6), row("card.returned", nil, 7), row("card.returned", card, 8),
      ]
      _ = try await store.commit(Puts(others: rows))
      let times = try await store.read { (state) throws(StorageFault) in
        [
          try state.cardRows(of: card, limit: 9).map(\.record.time), try state.cardRows(of: card, limit: 2).map(\.record.time),
          try state.cardRows(of: other, limit: 9).map(\.record.time),
        ]
      }
      try expect(times == [[1, 2, 5, 8], [5, 8], [3]], "a card's story was told wrongly")
    },
  ]
}
