import AuditLog
import AuthAPI
import AuthClient
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import Testing

/// From ceremonies to daily sums, and from sums of constructed days to the operator's screen.
@Suite("the report on palms", .serialized)
struct PalmReportTests {
  private typealias Capture = ChalkMatcher.Capture

  /// Days as a city would have left them behind.
  private struct Days: Change {
    let uses: [(use: PalmUse, day: Int)]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for (use, day) in uses { try state.add(use, day: day) }
      return ((), AuditRecord(time: 1, eventClass: .administration, action: "days", outcome: .done))
    }
  }

  private func use(_ person: String, at place: String, mean: Int, tries: Int = 5, retakes: Int = 0) throws -> PalmUse {
    PalmUse(
      person: try PersonID(parsing: person), workstation: try WorkstationID(parsing: place),
      sensor: try SensorID(parsing: "palm"),
      tries: tries, retakes: retakes, matches: tries - retakes, strength: mean * tries)
  }

  private func today(_ palms: PalmCity) -> Int { LocalTime(palms.city.clock.now(), offsetSeconds: 32_400).day }

  private func report(_ palms: PalmCity) async throws -> PalmReport {
    try await palms.city.link.fetch("/v1/admin/palms/report")
  }

  /// Adds to the database while the server is away.
  private func put(_ uses: [(use: PalmUse, day: Int)], _ palms: PalmCity) async throws {
    try await palms.city.restart { database in
      let store = try SQLiteStore(path: database)
      try await store.commit(Days(uses: uses))
      store.close()
    }
  }

  @Test("each palm that was compared or no good counts in the transaction that decides; replays and failures do not")
  func counted() async throws {
    let palms = try await PalmCity()
    let pc = try await palms.city.workstation("MYNUMBER-PC-0001")
    let card = try await palms.city.enrolCard(palms.person, slot: "9e")
    try await palms.city.setPassword(palms.person, "正しい合言葉 2026")
    try await palms.enrol()
    let opened = try await pc.open()
    _ = try await pc.show(Capture(palm: 7, number: 10, strength: 49), in: opened, card)
    _ = try await pc.show(Capture(palm: 7, number: 11, advice: .wet), in: opened, isFirst: false)
    let session = try #require(try await pc.show(Capture(palm: 7, number: 12), in: opened, isFirst: false).session)
    _ = try await pc.end("logoff", session.session)
    #expect(try await refusal { try await pc.show(Capture(palm: 7, number: 12), in: pc.open(), card) }?.body.code == "AP100")
    _ = try await pc.show(Capture(palm: 7, number: 20, isBroken: true), in: pc.open(), card)
    let day = today(palms)
    try await palms.city.restart { database in
      let store = try SQLiteStore(path: database)
      let found = try await store.read { (state) throws(StorageFault) in try state.palmUse(from: day - 1, to: day) }
      #expect(
        found == [
          PalmUse(
            person: try PersonID(parsing: palms.person), workstation: try WorkstationID(parsing: "MYNUMBER-PC-0001"),
            sensor: try SensorID(parsing: "chalk-1"), tries: 3, retakes: 1, matches: 1, strength: 4900 + 7200)
        ])
      store.close()
    }
    await palms.end()
  }

  @Test("the last fourteen days against the sixty before, and not a day more; the tool says what to do; old days are forgotten")
  func told() async throws {
    let palms = try await PalmCity()
    let people = ["p-000007", "p-000042", "p-000043"]
    let day = today(palms)
    var uses: [(use: PalmUse, day: Int)] = []
    for person in people {
      uses.append((try use(person, at: "PC-3", mean: 6000), day - 73))
      uses.append((try use(person, at: "PC-3", mean: 5000, retakes: 1), day - 13))
      // A day before and a day between that would turn it round, were they counted on the wrong side.
      uses.append((try use(person, at: "PC-3", mean: 0, tries: 99), day - 74))
      uses.append((try use(person, at: "PC-3", mean: 6000), day - 14))
    }
    for place in ["PC-4", "PC-5"] {
      uses.append((try use("p-000044", at: place, mean: 6000), day - 20))
      uses.append((try use("p-000044", at: place, mean: 5200), day))
    }
    uses.append((try use("p-000045", at: "PC-6", mean: 6000), day - 20))
    uses.append((try use("p-000045", at: "PC-6", mean: 5200), day - 1))
    uses.append((try use("p-000045", at: "PC-6", mean: 5200), day - 100))
    try await put(uses, palms)
    let report = try await report(palms)
    #expect(report.judgedSensors == 4 && report.judgedPeople == 5 && report.more == 0)
    #expect(
      report.findings == [
        PalmFinding(
          advice: "clean", person: nil, workstation: "PC-3", sensor: "palm", former: 6000, recent: 5000, tries: 15, retakes: 3,
          judged: 3, fallen: 3),
        PalmFinding(
          advice: "enrol", person: "p-000044", workstation: nil, sensor: nil, former: 6000, recent: 5200, tries: 10, retakes: 0,
          judged: 2, fallen: 2),
        PalmFinding(
          advice: "either", person: "p-000045", workstation: "PC-6", sensor: "palm", former: 6000, recent: 5200, tries: 5,
          retakes: 0, judged: 1, fallen: 1),
      ])
    try await becomes("the day of a hundred days ago is forgotten") {
      try await palms.city.audit("class=administration").contains {
        $0.action == "palm.samplesForgotten" && $0.note == "daily sums 1"
      }
    }
    if ProcessCity.isBuilt {
      let english = try await ToolProcess.started(
        ["palm", "report", "--socket", palms.city.folder + "/operator.sock"], environment: ["LC_ALL": "C.UTF-8"])
      #expect(english.status == 0, "\(english.errors)")
      #expect(
        english.output == """
          the last 14 days against the 60 before: 4 sensor(s), 5 people
          clean the sensor at PC-3 (palm): fallen for 3 of 3 people, 1e-6.0 → 1e-5.0, retaken 3/15
          enrol p-000044 anew: fallen at 2 of 2 sensors, 1e-6.0 → 1e-5.2, retaken 0/10
          clean the sensor at PC-6 (palm), and enrol p-000045 anew if it goes on: 1e-6.0 → 1e-5.2, retaken 0/5

          """)
      let japanese = try await ToolProcess.started(
        ["palm", "report", "--socket", palms.city.folder + "/operator.sock"], environment: ["LC_ALL": "ja_JP.UTF-8"])
      #expect(japanese.output.contains("PC-3 (palm) のセンサーを掃除してください: 3 人中 3 人で低下"))
    }
    await palms.end()
  }

  @Test("a city without palms has nothing to report")
  func empty() async throws {
    let palms = try await PalmCity()
    let report = try await report(palms)
    #expect(report.judgedSensors == 0 && report.judgedPeople == 0 && report.findings.isEmpty && report.more == 0)
    await palms.end()
  }
}
