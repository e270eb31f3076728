import AuditLog
import AuthTerms

extension StoreConformance {
  static let log: [Check] = [
    Check(name: "every commit appends its row, in order, byte for byte") { store in
      var records: [AuditRecord] = []
      for number in 0..<5 {
        var record = AuditRecord(time: Int64(1000 - number), eventClass: .session, action: "lock", outcome: .done)
        record.note = "改行\r\n, \u{0}, \u{202E}右から左, e\u{301} \(number)"
        record.person = try PersonID(parsing: "p\(number % 2)")
        records.append(record)
        _ = try await store.commit(Puts(record: record))
      }
      let (rows, size) = try await store.read { (state) throws(StorageFault) in
        (try state.auditRows(AuditQuery()), try state.auditSize())
      }
      try expect(size == 5 && rows.map(\.sequence) == [0, 1, 2, 3, 4], "a commit did not append its row")
      try expect(
        zip(rows, records).allSatisfy { $0.record == $1 && Array($0.record.note.utf8) == Array($1.note.utf8) },
        "a row is not what the change returned")
    },
    Check(name: "a change leaves more rows than its own when it says so, in order, or none of them") { store in
      func row(_ action: String) -> AuditRecord {
        AuditRecord(time: 5, eventClass: .session, action: action, outcome: .done)
      }
      let record = AuditRecord(time: 5, eventClass: .ceremony, action: "logon", outcome: .granted)
      try await expectConflict(
        "a change that refused was answered as done", store,
        Puts(others: [row("lost")], record: record, refusesAtLast: true))
      _ = try await store.commit(Puts(others: [row("first"), row("second")], record: record))
      let rows = try await store.read { (state) throws(StorageFault) in try state.auditRows(AuditQuery()) }
      try expect(rows.map(\.record.action) == ["first", "second", "logon"], "rows of one change were lost or out of order")
      try expect(rows.map(\.sequence) == [0, 1, 2], "rows of one change were not numbered in order")
    },
    Check(name: "rows are filtered and paged") { store in
      for number in 0..<20 {
        var record = AuditRecord(
          time: Int64(number * 10), eventClass: number < 10 ? .ceremony : .session, action: ["a0", "a.1", "a.2"][number % 3],
          outcome: number % 2 == 0 ? .granted : .denied)
        record.person = try PersonID(parsing: "p\(number % 4)")
        record.workstation = number == 7 ? try WorkstationID(parsing: "PC-7") : nil
        record.segment = number < 5 ? .mynumber : .lgwan
        record.reference = number == 9 ? try Reference(number: 42) : nil
        _ = try await store.commit(Puts(record: record))
      }
      var queries: [(AuditQuery, [UInt64])] = []
      func add(_ expected: [UInt64], _ edit: (inout AuditQuery) throws -> Void) rethrows {
        var query = AuditQuery()
        try edit(&query)
        queries.append((query, expected))
      }
      try add([1, 5, 9, 13, 17]) { $0.person = try PersonID(parsing: "p1") }
      try add([7]) { $0.workstation = try WorkstationID(parsing: "PC-7") }
      add([0, 1, 2, 3, 4]) { $0.segment = .mynumber }
      try add([9]) { $0.reference = try Reference(number: 42) }
      add([10, 12, 14, 16, 18]) { ($0.eventClass, $0.outcome) = (.session, .granted) }
      add([2, 5, 8, 11, 14, 17]) { $0.action = "a.2" }
      add([1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19]) { $0.action = "a." }
      for action in ["a", ".", "a0.", "_.", "%.", "A."] { add([]) { $0.action = action } }
      add([3, 4, 5]) { ($0.from, $0.until) = (30, 60) }
      add([18, 19]) { $0.fromSequence = 18 }
      add([1, 0]) { ($0.untilSequence, $0.newestFirst) = (2, true) }
      add([19, 18, 17]) { ($0.newestFirst, $0.limit) = (true, 3) }
      add([0]) { $0.limit = 0 }
      add([]) { $0.action = "a' OR 1=1 --" }
      for (query, expected) in queries {
        let found = try await store.read { (state) throws(StorageFault) in try state.auditRows(query).map(\.sequence) }
        try expect(found == expected, "a filter showed other rows")
      }
    },
    Check(name: "rows are found by department, code and words as people write them") { store in
      var person = try Sample.person(1)
      person.displayName = "佐藤 花子"
      person.departments = ["010", "020"]
      func row(_ number: Int64, _ edit: (inout AuditRecord) throws -> Void) rethrows -> AuditRecord {
        var record = AuditRecord(time: number, eventClass: .ceremony, action: "logon", outcome: .denied)
        try edit(&record)
        return record
      }
      let rows = [
        row(0) { $0.person = person.id },
        try row(1) { $0.person = try PersonID(parsing: "p-gone") },
        try row(2) { $0.workstation = try WorkstationID(parsing: "LGWAN-PC-0042") },
        try row(3) { $0.reference = try Reference(number: 42) },
        row(4) { $0.note = "髙橋さんの依頼（窓口）" },
        row(5) { $0.code = .cardLost },
        row(6) { $0.note = "tries left: 12, room 000042" },
      ]
      _ = try await store.commit(Puts(people: [person], others: Array(rows.dropLast()), record: rows[6]))
      func expectFound(_ expected: [UInt64], _ edit: (inout AuditQuery) -> Void) async throws {
        var query = AuditQuery()
        edit(&query)
        let asked = query
        let found = try await store.read { (state) throws(StorageFault) in try state.auditRows(asked).map(\.sequence) }
        try expect(found == expected, "a search by words or department found other rows: \(asked) \(found)")
      }
      let words: [(String, [UInt64])] = [
        ("佐", [0]), ("佐藤", [0]), ("藤花", [0]), ("ﾀｶﾊｼ", [0]), ("たかはし", [0]), ("渡辺", [0]), ("高橋", [4]), ("髙　橋", [4]),
        ("窓口", [4]), ("P-GONE", [1]), ("ＬＧＷＡＮ-pc", [2]), ("000042", [3, 6]), ("00042", [6]), ("left: 1", [6]), ("lost", []),
        ("  ", [0, 1, 2, 3, 4, 5, 6]), ("%", []), ("_", []),
      ]
      for (text, expected) in words { try await expectFound(expected) { $0.text = text } }
      try await expectFound([0]) { $0.department = "010" }
      try await expectFound([0]) { $0.department = "020" }
      for other in ["01", "0", "", "0100", "010\u{0}"] { try await expectFound([]) { $0.department = other } }
      try await expectFound([5]) { $0.code = .cardLost }
      try await expectFound([]) { ($0.code, $0.text) = (.cardLost, "佐藤") }
      try await expectFound([3]) { ($0.text, $0.until) = ("000042", 6) }
    },
    Check(name: "a reference is unique within one local day") { store in
      _ = try await store.commit(Puts(record: try Sample.record(reference: 482_913, minutes: 1)))
      try await expectConflict(
        "a reference was used twice on one day", store, Puts(record: try Sample.record(reference: 482_913, minutes: 1439)))
      _ = try await store.commit(Puts(record: try Sample.record(reference: 482_913, minutes: 1440)))
      _ = try await store.commit(Puts(record: try Sample.record(reference: 482_914, minutes: 1440)))
      let reference = try Reference(number: 482_913)
      let (taken, size) = try await store.read { (state) throws(StorageFault) in
        var taken: [Bool] = []
        for day in 0..<3 { taken.append(try state.isReferenceTaken(reference, day: day)) }
        return (taken, try state.auditSize())
      }
      try expect(taken == [true, true, false], "what references are taken is told wrongly")
      try expect(size == 3, "a refused row was kept, or one was lost")
    },
    Check(name: "a record over its limits is refused with everything around it") { store in
      var record = AuditRecord(time: 0, eventClass: .ceremony, action: "logon", outcome: .denied)
      record.note = String(repeating: "長", count: RecordEncoding.limit)
      try await expectConflict(
        "a record of any length was kept", store, Puts(people: [try Sample.person(1)], record: record))
      let count = try await store.read { (state) throws(StorageFault) in try state.peopleCount() }
      try expect(count == 0, "state was kept without its record")
    },
  ]
}
