import AuditLog
import AuthTerms

/// Puts and takes what belongs to first taps.
private struct FirstTapPuts: Change {
  var codes: [FirstTapCode] = []
  var expected: [ExpectedCard] = []
  var gone: [KeyFingerprint] = []

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> ([Bool], AuditRecord) {
    for code in codes { try state.put(code) }
    for card in expected { try state.put(card) }
    var removed: [Bool] = []
    for key in gone { removed.append(try state.removeExpectedCard(key)) }
    return (removed, AuditRecord(time: 1_700_000_000_000, eventClass: .enrolment, action: "conformance", outcome: .done))
  }
}

extension StoreConformance {
  private static func code(_ person: Int, _ segment: Segment = .lgwan, byte: UInt8 = 7) throws -> FirstTapCode {
    FirstTapCode(
      person: try PersonID(parsing: "p\(person)"), segment: segment, digest: [UInt8](repeating: byte, count: 32), keyID: 3,
      issuedBy: try OperatorID(parsing: "op1"), issuedAt: Sample.moment, lastDay: 20_000, wrong: 2)
  }

  private static func expected(_ byte: UInt8, _ person: Int) throws -> ExpectedCard {
    ExpectedCard(
      key: try Sample.fingerprint(byte), person: try PersonID(parsing: "p\(person)"), segment: .lgwan,
      importedBy: try OperatorID(parsing: "op1"), importedAt: Sample.moment, lastDay: 20_001)
  }

  static let firstTaps: [Check] = [
    Check(name: "one enrolment code for a person and a segment, and the next takes its place") { store in
      let (first, other) = (try code(1), try code(1, .internet))
      _ = try await store.commit(Puts(people: [try Sample.person(1), try Sample.person(2)]))
      _ = try await store.commit(FirstTapPuts(codes: [first, other, try code(2)]))
      let person = first.person
      func all() async throws -> [FirstTapCode] {
        try await store.read { (state) throws(StorageFault) in try state.firstTapCodes(FirstTapCodeQuery(limit: 9)) }
      }
      let second = try code(1, byte: 8)
      _ = try await store.commit(FirstTapPuts(codes: [second]))
      let found = try await store.read { (state) throws(StorageFault) in try state.firstTapCode(of: person, in: .lgwan) }
      try expect(found == second, "the next code did not take the place of the former one")
      let told = try await all()
      try expect(told.count == 3 && told.contains(other), "a code of another segment or person was taken away")
      try expect(told.map(\.person.text) == ["p1", "p1", "p2"], "codes were not told in order")
      _ = try await store.commit(FirstTapPuts(codes: [second.ended(.used)]))
      let ended = try await store.read { (state) throws(StorageFault) in try state.firstTapCode(of: person, in: .lgwan) }
      try expect(ended?.state == .used && ended?.digest == [], "something was kept of a code that has ended")
      let fewer = try await store.read { (state) throws(StorageFault) in
        (
          try state.firstTapCodes(FirstTapCodeQuery(limit: 1)).count,
          try state.firstTapCodes(FirstTapCodeQuery(limit: -1)).count
        )
      }
      try expect(fewer == (1, 0), "more codes were told than were asked for")
      // p1 has one that was used in LGWAN and an open one in internet, p2 an open one in LGWAN.
      for (query, places) in [
        (FirstTapCodeQuery(person: person, limit: 9), ["p1 internet", "p1 lgwan"]),
        (FirstTapCodeQuery(segment: .lgwan, limit: 9), ["p1 lgwan", "p2 lgwan"]),
        (FirstTapCodeQuery(state: .open, limit: 9), ["p1 internet", "p2 lgwan"]),
        (FirstTapCodeQuery(segment: .lgwan, state: .open, limit: 1), ["p2 lgwan"]),
        (FirstTapCodeQuery(person: person, segment: .lgwan, state: .open, limit: 9), []),
      ] as [(FirstTapCodeQuery, [String])] {
        let fitting = try await store.read { (state) throws(StorageFault) in try state.firstTapCodes(query) }
        try expect(
          fitting.map { "\($0.person.text) \($0.segment.name)" } == places,
          "codes were told that were not asked for, or cut before the others were left out")
      }
    },
    Check(name: "an enrolment code that is none is refused") { store in
      _ = try await store.commit(Puts(people: [try Sample.person(1)]))
      try await expectConflict("a code of nobody was kept", store, FirstTapPuts(codes: [try code(2)]))
      var short = try code(1)
      short.digest.removeLast()
      try await expectConflict("an open code was kept without its whole hash", store, FirstTapPuts(codes: [short]))
      var kept = try code(1)
      kept.state = .withdrawn
      try await expectConflict("the hash of a code that has ended was kept", store, FirstTapPuts(codes: [kept]))
      var open = try code(1)
      open.wrong = FirstTapCode.mostWrong
      try await expectConflict("a code was open after the last wrong one", store, FirstTapPuts(codes: [open]))
    },
    Check(name: "expected cards are found by their keys, taken away, and go with their person") { store in
      _ = try await store.commit(Puts(people: [try Sample.person(1), try Sample.person(2)]))
      let (one, two) = (try expected(1, 1), try expected(2, 2))
      _ = try await store.commit(FirstTapPuts(codes: [try code(1)], expected: [one, two]))
      let key = one.key
      let found = try await store.read { (state) throws(StorageFault) in
        (try state.expectedCard(key: key), try state.expectedCards(limit: 9), try state.expectedCards(limit: 1))
      }
      try expect(
        found.0 == one && found.1 == [one, two] && found.2 == [one], "an expected card was not found, or out of order")
      try await expectConflict("a card of nobody was expected", store, FirstTapPuts(expected: [try expected(3, 3)]))
      let removed = try await store.commit(FirstTapPuts(gone: [two.key, two.key]))
      try expect(removed == [true, false], "an expected card that was taken away was still there")
      _ = try await store.commit(Removes(person: one.person))
      let left = try await store.read { (state) throws(StorageFault) in
        (try state.expectedCards(limit: 9).count, try state.firstTapCodes(FirstTapCodeQuery(limit: 9)).count)
      }
      try expect(left == (0, 0), "a removed person left an enrolment code or an expected card behind")
    },
  ]
}
