import AuthTerms

/// People from outside, whose own workstations are which, and where they stand.
extension StoreConformance {
  static let outside: [Check] = [
    Check(name: "somebody from outside is kept beside the person, and goes with the person") { store in
      let (one, two) = (try Sample.person(1), try Sample.person(2))
      var external = ExternalPerson(
        person: one.id, responsible: two.id, isAnswered: true, registeredAt: Sample.moment)
      try await expectConflict("somebody who is not there was from outside", store, Puts(external: [external]))
      _ = try await store.commit(Puts(people: [one, two], external: [external]))
      let (first, second) = (one.id, two.id)
      func told() async throws -> [ExternalPerson?] {
        try await store.read { (state) throws(StorageFault) -> [ExternalPerson?] in
          let all = try state.externalPeople()
          return [try state.externalPerson(first), try state.externalPerson(second)] + all.map(Optional.some)
        }
      }
      try expect(try await told() == [external, nil, external], "somebody from outside was not told as written")
      let staff = try await store.read { (state) throws(StorageFault) in try state.staff().map(\.id) }
      try expect(staff == [second], "somebody from outside was counted as staff")
      external.responsible = try PersonID(parsing: "p9")
      external.isAnswered = false
      external.endedAt = Sample.moment.advanced(bySeconds: 60)
      _ = try await store.commit(Puts(external: [external]))
      try expect(
        try await told() == [external, nil, external], "who answers, or when it ended, was not exchanged, or has to be there")
      _ = try await store.commit(Removes(person: second))
      _ = try await store.commit(Removes(person: first))
      try expect(try await told() == [nil, nil], "a removed person was still from outside")
    },
    Check(name: "workstations stand at a site and are somebody's own until that is taken back, or the person is removed") {
      store in
      let (one, two) = (try Sample.person(1), try Sample.person(2))
      var (pc, other) = (try Sample.workstation("w1", certificates: [1]), try Sample.workstation("w2", certificates: [2]))
      pc.site = "honcho"
      _ = try await store.commit(Puts(people: [one, two], workstations: [pc, other]))
      let (first, second, w1, w2) = (one.id, two.id, pc.id, other.id)
      let missing = try WorkstationID(parsing: "w9")
      try await expectConflict(
        "a workstation that is not there became an own one", store, Puts(owners: [(first, missing, true)]))
      try await expectConflict(
        "a workstation became nobody's own", store, Puts(owners: [(try PersonID(parsing: "p9"), w1, true)]))
      _ = try await store.commit(
        Puts(owners: [(first, w2, true), (first, w1, true), (first, w1, true), (second, w1, true), (second, w2, false)]))
      struct Told: Equatable, Sendable {
        let first, second: [WorkstationID]
        let owners: [PersonID]
        let sites: [String?]
      }
      func told() async throws -> Told {
        try await store.read { (state) throws(StorageFault) in
          Told(
            first: try state.ownWorkstations(of: first), second: try state.ownWorkstations(of: second),
            owners: try state.owners(of: w1), sites: try state.workstations().map(\.site))
        }
      }
      try expect(
        try await told() == Told(first: [w1, w2], second: [w1], owners: [first, second], sites: ["honcho", nil]),
        "own workstations or sites were not told as written")
      other.site = "nishi"
      _ = try await store.commit(Puts(workstations: [other], owners: [(first, w1, false)]))
      try expect(
        try await told() == Told(first: [w2], second: [w1], owners: [second], sites: ["honcho", "nishi"]),
        "an own workstation was not taken back, or a site not changed")
      _ = try await store.commit(Removes(person: second))
      try expect(
        try await told() == Told(first: [w2], second: [], owners: [], sites: ["honcho", "nishi"]),
        "a workstation was still a removed person's own")
    },
    Check(name: "only a lent card awaits a PIN, and whoever is removed leaves it without") { store in
      var lent = try Sample.stockCard("c1", keys: [Sample.key(1)], loan: (person: 1, until: 20_000))
      lent.awaitsPIN = true
      let id = lent.id
      _ = try await store.commit(Puts(people: [try Sample.person(1)], cards: [lent]))
      func told() async throws -> RegisteredCard? {
        try await store.read { (state) throws(StorageFault) in try state.card(id) }
      }
      try expect(try await told() == lent, "that a card awaits its PIN was not kept")
      for var card in [try Sample.stockCard("c2", keys: [Sample.key(2)]), try Sample.card("c2", keys: [Sample.key(2)])] {
        card.awaitsPIN = true
        try await expectConflict("a card that is not lent awaits a PIN", store, Puts(cards: [card]))
      }
      _ = try await store.commit(Removes(person: try PersonID(parsing: "p1")))
      try expect(try await told()?.awaitsPIN == false, "a card in the box awaits a PIN")
    },
  ]
}
