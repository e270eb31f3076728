import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Storage
import Testing

@Suite("a morning played on a copy")
struct RehearsalTests {
  /// A card as good as the city's segments ask for, with a password, in front of one workstation.
  fileprivate static func prepare(_ city: City) async throws {
    _ = try await city.workstation("front-1")
    _ = try await city.enrolCard("p-000042")
    try await city.setPassword("p-000042", "correct horse battery staple")
  }

  fileprivate static func played(_ city: City, _ question: RehearsalQuestion) async throws -> RehearsalState {
    var state: RehearsalState = try await city.link.call("POST", "/v1/admin/directory/rehearsals", question)
    try await becomes("the rehearsal is over") {
      guard !state.isOver else { return true }
      state = try await city.link.fetch("/v1/admin/directory/rehearsals/\(state.rehearsal)")
      return state.isOver
    }
    return state
  }

  private func status(_ city: City, _ body: String) async throws -> Int {
    try await city.link.request("POST", "/v1/admin/directory/rehearsals", body: Array(body.utf8)).status
  }

  /// The city's day, so many days from now (its clock is 9 hours ahead of UTC).
  fileprivate static func day(_ days: Int) -> String {
    CivilDay.text((Int(Date().timeIntervalSince1970) + 9 * 3600) / 86_400 + days)
  }

  @Test("people from files: everybody stands before a workstation, who has nothing is told why, and nothing is left of it")
  func files() async throws {
    let city = try await City()
    _ = try await city.importPeople(everybody: true)
    let day = Self.day(100)
    let bare = try await Self.played(city, RehearsalQuestion(day: day))
    #expect(bare.logons?.logons == 0 && bare.warningsEn.first?.hasPrefix("a segment has no workstation yet") == true)
    try await Self.prepare(city)
    let before: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let state = try await Self.played(city, RehearsalQuestion(day: day))
    let logons = try #require(state.logons)
    #expect(state.faultEn == nil && state.warningsEn == [] && state.day == day)
    #expect(state.steps.map(\.en) == ["copying the database", "the morning's logons, all at once"])
    #expect(state.steps[0].count == Int(before.auditRows) && state.steps[1].count == logons.logons)
    #expect(logons.people == logons.logons && logons.people > 1000 && logons.granted == 1 && logons.perMinute > 0)
    #expect(logons.medianMicroseconds > 0 && logons.medianMicroseconds <= logons.p99Microseconds)
    #expect(logons.refusals.map(\.count).reduce(0, +) == logons.logons - 1)
    let refusal = try #require(logons.refusals.first)
    #expect(refusal.code == DenialCode.factorMissing.rawValue && refusal.people.count == RehearsedRefusal.mostPeople)
    #expect(!refusal.people.contains("p-000042"))

    let rows = try await city.audit()
    #expect(rows.filter { $0.action == "directory.rehearsed" }.count == 2 && !rows.contains { $0.action == "logon" })
    let row = try #require(rows.filter { $0.action == "directory.rehearsed" }.max { $0.sequence < $1.sequence })
    #expect(row.operatorID == "yamada" && row.outcome == "done")
    #expect(row.note.hasPrefix("the morning of \(day) on a copy: 1 of \(logons.logons) logons"))
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.liveSessions == 0)
    #expect(!FileManager.default.fileExists(atPath: city.folder + "/state/rehearsal"))
    await city.end()
  }

  @Test("a day that is none, a list without a directory, an id of nobody's: refused; what a kill left is removed at the start")
  func refused() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    for body in [#"{"day":"2027-02-29"}"#, #"{"day":""}"#, #"{"day":"tomorrow!"}"#, "[]", ""] {
      #expect(try await status(city, body) == 400, "\(body)")
    }
    #expect(try await status(city, #"{"list":"職員番号,氏名,新所属\n"}"#) == 409)
    #expect(try await city.link.request("GET", "/v1/admin/directory/rehearsals/r-0", body: nil).status == 404)
    // A morning that has been; today's may still be to come.
    for day in ["1970-01-01", Self.day(-1)] {
      let over = try await Self.played(city, RehearsalQuestion(day: day))
      #expect(over.faultEn == "8:30 of \(day) is over: name a day that is still to come" && over.steps == [])
    }
    #expect(try await Self.played(city, RehearsalQuestion(day: Self.day(1))).faultEn == nil)
    // Nothing was read of a directory here, and nothing of the refused has a row.
    #expect(try await city.audit().filter { $0.action == "directory.rehearsed" }.map(\.outcome) == ["done"])

    // Where the copy belongs, something else lies that cannot be removed from: told, with a row.
    try Data().write(to: URL(fileURLWithPath: city.folder + "/state/rehearsal"))
    let inTheWay = try await Self.played(city, RehearsalQuestion())
    #expect(inTheWay.faultEn?.hasPrefix("it could not be played to its end: ") == true && inTheWay.logons == nil)
    let row = try #require(
      try await city.audit().filter { $0.action == "directory.rehearsed" }.max { $0.sequence < $1.sequence })
    #expect(row.outcome == "refused" && row.operatorID == "yamada")
    #expect(row.note.hasPrefix("the morning of \(inTheWay.day) was not played to its end: "))
    #expect(!FileManager.default.fileExists(atPath: city.folder + "/state/rehearsal"))

    // One at a time; with somewhere to stand it takes a while.
    _ = try await city.workstation("front-1")
    var answers: Set<Int> = []
    try await becomes("a second one is refused while the first is played") {
      async let one = status(city, "{}")
      async let other = status(city, "{}")
      answers.formUnion(try await [one, other])
      return answers.contains(409)
    }
    #expect(answers == [202, 409])
    let folder = city.folder + "/state/rehearsal"
    try await city.restart { _ in
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data("left".utf8).write(to: URL(fileURLWithPath: folder + "/copy.db"))
    }
    #expect(!FileManager.default.fileExists(atPath: folder))
    await city.end()
  }

  @Test("a desk and an auditor play none and look at none", arguments: [OperatorRole.desk, .auditor])
  func roles(role: OperatorRole) async throws {
    let city = try await City()
    try await city.demoteOperators(to: role)
    #expect(try await status(city, "{}") == 403)
    #expect(try await city.link.request("GET", "/v1/admin/directory/rehearsals/r-0", body: nil).status == 403)
    await city.end()
  }

  @Test("the copy needs the database, a quarter more, and what always stays free", arguments: [0, 4, 1000, 4 << 30] as [Int64])
  func room(_ database: Int64) {
    let needed = database + database / 4 + RehearsalRoom.reserve
    #expect(RehearsalRoom(database: database, free: needed).isEnough)
    #expect(!RehearsalRoom(database: database, free: needed - 1).isEnough)
    #expect(!RehearsalRoom(database: database, free: 0).isEnough)
  }
}

@Suite(
  "a transfer played on a copy, from a real Active Directory", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct RehearsedTransferTests {
  @Test("who leaves by the list is not let in on the copy, and is let in as before")
  func transfer() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      try await becomes("the city is read") {
        try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 1200
      }
      try await RehearsalTests.prepare(city)
      let header = "職員番号,氏名,新所属,区分\n"
      let nobody = try await RehearsalTests.played(city, RehearsalQuestion(list: header + "p-000043,,,退職\n"))
      #expect(nobody.logons?.granted == 1 && nobody.warningsEn == [] && nobody.day.hasSuffix("-04-01"))
      #expect(
        nobody.steps.map(\.en) == [
          "copying the database", "reading the whole Active Directory", "reading the transfer list", "judging everybody",
          "putting the transfer in force", "the morning's logons, all at once",
        ])
      #expect(nobody.steps[1].count > 1200 && nobody.steps[3].count == 1200 && nobody.steps[4].count == 1)
      let list = header + "p-000042,,,退職\np-009999,,,退職\n"
      let state = try await RehearsalTests.played(city, RehearsalQuestion(list: list, day: "2030-04-01"))
      #expect(state.logons?.granted == 0 && state.logons?.people == nobody.logons?.people)
      #expect(state.warningsEn == ["lines of the list that are wrong and left out: 1; see 'sanmon directory plan'"])
      let wrong = try await RehearsalTests.played(city, RehearsalQuestion(list: "これは一覧ではない"))
      #expect(wrong.faultEn?.hasPrefix(TransferReport.listName + ":") == true && wrong.steps == [])
      // Nothing of it happened.
      let status: DirectoryStatus = try await city.link.fetch("/v1/admin/directory")
      #expect(status.plan == nil && status.faultEn == nil)
      let again = try await RehearsalTests.played(city, RehearsalQuestion())
      #expect(again.logons?.granted == 1)
      await city.end()
    }
  }
}
