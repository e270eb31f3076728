import AuthPolicy
import AuthTerms

extension StoreConformance {
  static let constraints: [Check] = [
    Check(name: "one workstation has at most one live session") { store in
      _ = try await store.commit(
        Puts(
          people: [try Sample.person(1), try Sample.person(2)],
          workstations: [try Sample.workstation("PC-1", certificates: [1])],
          sessions: [try Sample.session("s1", on: "PC-1", phase: .locked)]))
      try await expectConflict(
        "a second live session on one workstation was allowed", store,
        Puts(sessions: [try Sample.session("s2", person: 2, on: "PC-1")]))
      _ = try await store.commit(Puts(sessions: [try Sample.session("s1", on: "PC-1", phase: .ended)]))
      _ = try await store.commit(Puts(sessions: [try Sample.session("s2", person: 2, on: "PC-1")]))
      let live = try await store.read { (state) throws(StorageFault) in try state.liveSessions().map(\.id.text) }
      try expect(live == ["s2"], "an ended session was still live")
      try await expectConflict(
        "an ended session came back beside a live one", store, Puts(sessions: [try Sample.session("s1", on: "PC-1")]))
    },
    Check(name: "one card key belongs to one card") { store in
      _ = try await store.commit(
        Puts(people: [try Sample.person(1)], cards: [try Sample.card("c1", keys: [Sample.key(1), Sample.key(2, slot: "9e")])]))
      for key: UInt8 in [1, 2] {
        try await expectConflict(
          "one key was registered for two cards", store, Puts(cards: [try Sample.card("c2", keys: [Sample.key(key)])]))
      }
      try await expectConflict(
        "two keys were registered in one slot", store,
        Puts(cards: [try Sample.card("c2", keys: [Sample.key(3), Sample.key(4)])]))
      _ = try await store.commit(Puts(cards: [try Sample.card("c1", keys: [Sample.key(3), Sample.key(2, slot: "9e")])]))
      let found = try await store.read { (state) throws(StorageFault) in
        ([1, 2, 3] as [UInt8]).map { byte in
          (try? Sample.fingerprint(byte)).flatMap { key in try? state.card(key: key)?.id.text }
        }
      }
      try expect(found == [nil, "c1", "c1"], "a card was found by a key it no longer has, or not by each of its keys")
      let (two, three): (KeyFingerprint, KeyFingerprint) = (try Sample.fingerprint(2), try Sample.fingerprint(3))
      let pages = try await store.read { (state) throws(StorageFault) in
        (
          try state.cardKeys(after: nil, limit: 9), try state.cardKeys(after: two, limit: 1),
          try state.cardKeys(after: nil, limit: 0)
        )
      }
      try expect(pages.0.map(\.key) == [two, three] && pages.2.isEmpty, "keys of cards were not told in order")
      try expect(
        pages.1.map(\.key) == [three] && pages.1[0].state == .active && pages.1[0].profile == "piv",
        "keys of cards were not told in pages")
    },
    Check(name: "one GUID belongs to one card; cards without one are many") { store in
      let numbered = try Sample.card("c1", keys: [Sample.key(1)], guid: 7)
      _ = try await store.commit(
        Puts(
          people: [try Sample.person(1)],
          cards: [
            numbered, try Sample.card("c2", keys: [Sample.key(2)]), try Sample.card("c3", keys: [Sample.key(3)]),
          ]))
      try await expectConflict(
        "one GUID was given to two cards", store, Puts(cards: [try Sample.card("c2", keys: [Sample.key(2)], guid: 7)]))
      let (seven, eight) = (try Sample.guid(7), try Sample.guid(8))
      let found = try await store.read { (state) throws(StorageFault) in
        (try state.card(guid: seven), try state.card(guid: eight))
      }
      try expect(found.0 == numbered && found.1 == nil, "a card was not found by its GUID, or by another")
      _ = try await store.commit(Puts(cards: [try Sample.card("c1", keys: [Sample.key(1)], guid: 8)]))
      _ = try await store.commit(Puts(cards: [try Sample.card("c2", keys: [Sample.key(2)], guid: 7)]))
      let moved = try await store.read { (state) throws(StorageFault) in try state.card(guid: seven)?.id.text }
      try expect(moved == "c2", "a GUID that was free could not be given")
    },
    Check(name: "one account belongs to one person") { store in
      _ = try await store.commit(Puts(people: [try Sample.person(1)]))
      var other = try Sample.person(2)
      other.account = try AccountName(parsing: "CITY\\ＵＳＥＲ1")
      try await expectConflict("one account was given to two people", store, Puts(people: [other]))
    },
    Check(name: "one certificate belongs to one workstation, and an old one to none") { store in
      _ = try await store.commit(Puts(workstations: [try Sample.workstation("PC-1", certificates: [1, 2])]))
      try await expectConflict(
        "one certificate was given to two workstations", store,
        Puts(workstations: [try Sample.workstation("PC-2", certificates: [2])]))
      _ = try await store.commit(Puts(workstations: [try Sample.workstation("PC-1", certificates: [2])]))
      let old: CertificateFingerprint = try Sample.fingerprint(1)
      let new: CertificateFingerprint = try Sample.fingerprint(2)
      let (byOld, byNew) = try await store.read { (state) throws(StorageFault) in
        (try state.workstation(certificate: old), try state.workstation(certificate: new))
      }
      try expect(byOld == nil, "a workstation was found by a certificate that was taken from it")
      try expect(byNew?.certificates == [new], "a workstation was not found by its certificate")
      _ = try await store.commit(Puts(workstations: [try Sample.workstation("PC-2", certificates: [1])]))
      let moved = try await store.read { (state) throws(StorageFault) in try state.workstation(certificate: old)?.id.text }
      try expect(moved == "PC-2", "a certificate that was free could not be given")
    },
    Check(name: "one operator key and one unix user belong to one operator") { store in
      _ = try await store.commit(
        Puts(operators: [
          try Sample.operatorRecord("op1", key: 1, unixUser: "a"), try Sample.operatorRecord("op2", key: 2, unixUser: nil),
          try Sample.operatorRecord("op3", key: 3, unixUser: nil),
        ]))
      try await expectConflict(
        "two operators have one key", store, Puts(operators: [try Sample.operatorRecord("op4", key: 1, unixUser: nil)]))
      try await expectConflict(
        "two operators have one unix user", store, Puts(operators: [try Sample.operatorRecord("op2", key: 2, unixUser: "a")]))
    },
    Check(name: "cards, passwords and sessions name people and workstations that are there") { store in
      try await expectConflict("a card of nobody was kept", store, Puts(cards: [try Sample.card("c1", keys: [Sample.key(1)])]))
      try await expectConflict(
        "a password of nobody was kept", store,
        Puts(passwords: [StoredPassword(person: try PersonID(parsing: "p1"), sealed: [1], changedAt: Sample.moment)]))
      _ = try await store.commit(Puts(people: [try Sample.person(1)]))
      try await expectConflict(
        "a session on no workstation was kept", store, Puts(sessions: [try Sample.session("s1", on: "PC-1")]))
    },
    Check(name: "a stock card is lent to somebody who is there until a day, or to nobody; an own card is somebody's") { store in
      try await expectConflict(
        "a card was lent to nobody who is there", store,
        Puts(cards: [try Sample.stockCard("c1", keys: [Sample.key(1)], loan: (person: 1, until: 20_000))]))
      _ = try await store.commit(
        Puts(people: [try Sample.person(1)], cards: [try Sample.stockCard("c1", keys: [Sample.key(1)])]))
      var wrong = [try Sample.card("c2", keys: [Sample.key(2)]), try Sample.stockCard("c2", keys: [Sample.key(2)])]
      wrong.append(try Sample.stockCard("c2", keys: [Sample.key(2)], loan: (person: 1, until: 20_000)))
      wrong.append(try Sample.card("c2", keys: [Sample.key(2)]))
      wrong[0].person = nil
      wrong[1].lentUntil = 20_000
      wrong[2].lentUntil = nil
      wrong[3].lentUntil = 20_000
      for card in wrong { try await expectConflict("half a loan was kept", store, Puts(cards: [card])) }
    },
  ]
}
