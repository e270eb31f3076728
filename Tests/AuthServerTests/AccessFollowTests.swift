import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Testing

@Suite(
  "old rights beside a real Active Directory", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct AccessFollowTests {
  private let takahashi = "p-000007"
  private let password = "kawa-no-nagare-7"

  @Test("a clerk who is moved keeps the old segment until the date, her session too, and loses it after")
  func handover() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(segment: .mynumber, lines: { _ in lines })
      let bench = AccessBench(city: city)
      do {
        try await becomes("the city is read") {
          try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 1200
        }
        #expect(try await city.register(bench.suzuki) == 201)
        try await moves(dc, bench)
      } catch {
        await city.end()
        throw error
      }
      await city.end()
    }
  }

  private func moves(_ dc: DomainController, _ bench: AccessBench) async throws {
    let city = bench.city
    let pc = try await city.workstation("MYNUMBER-PC-0007")
    let card = try await city.enrolCard(takahashi)
    try await city.setPassword(takahashi, password)
    let file = bench.file("hikitsugi", kind: "handover", until: 1, who: "people: [p-000007]", groups: nil)
    #expect(try await bench.approve(file) == 200)
    let list = "職員番号,氏名,新所属,区分\np-000007,,0103,\n"
    let plan: TransferReport = try await city.link.call("POST", "/v1/admin/directory/plan", TransferQuestion(list: list))
    #expect(plan.lines.first?.segmentsTo == ["lgwan"])
    #expect(plan.lines.first?.notesEn.contains("old rights until \(bench.day(1)) (hikitsugi)") == true)

    // Who switched one on leaves as well as who approved one.
    #expect(try await city.register(bench.tanaka, by: [bench.suzuki]) == 201)
    #expect(try await bench.approve(bench.file("vote", until: 1, groups: "groups: [seg-lgwan]"), with: bench.tanaka) == 200)
    #expect(try await bench.turn("on", bench.both(bench.switching("on", "vote"))) == 200)
    let signers = "職員番号,氏名,新所属,区分\np-000002,,0103,\n"
    let moving: TransferReport = try await city.link.call("POST", "/v1/admin/directory/plan", TransferQuestion(list: signers))
    #expect(moving.warningsEn.contains { $0.hasPrefix("removing operator suzuki ends what was signed by her (hikitsugi)") })
    #expect(moving.warningsEn.contains { $0.hasPrefix("removing operator suzuki ends what was switched on by her (vote)") })
    #expect(try await bench.turn("off", "vote") == 200)

    let session = try await pc.enter(card, password: password)
    var events = try await Events(pc)
    for group in ["ka-0402", "ka-0402-mynumber"] { try dc.tool("group removemembers \(group) takahashi.ichiro") }
    try dc.tool("group addmembers ka-0103 takahashi.ichiro")
    try await becomes("she is moved") {
      let person: PersonSummary = try await city.link.fetch("/v1/admin/people/\(takahashi)")
      return person.groups.contains("ka-0103") && !person.groups.contains("seg-mynumber")
    }
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200)
    _ = try await pc.end("lock", session.session)
    #expect(try await pc.enter(card, password: password).session == session.session)
    #expect(try await city.audit("class=ceremony").last { $0.outcome == "granted" }?.note == "by dated access hikitsugi")
    #expect(
      try await bench.status().accessEn == [
        "handover \"Early voting\" (hikitsugi), 1 people: until \(bench.day(1)) (1 days left)"
      ])

    _ = try await pc.end("logoff", session.session)
    bench.advance(toMidnightAnd: 10)
    bench.advance(toMidnightAnd: -300)
    let last = try await pc.enter(card, password: password)
    #expect(try await events.next().event == "ending")
    city.clock.advance(seconds: 301)
    let told = try await events.next()
    #expect(told == WatchEvent(event: "lock", session: last.session, cause: "accessChanged"))
    let code = try await refusal { try await pc.enter(card, password: password) }?.body.code
    #expect(code == DenialCode.segmentNotAllowed.rawValue)
    // Disabled people get nothing from what is left.
    #expect(try await bench.approve(bench.file("again", kind: "handover", who: "people: [p-000007]")) == 200)
    #expect(try await pc.enter(card, password: password).segment == "mynumber")
    try dc.tool("user disable takahashi.ichiro")
    let locked = try await events.next()
    #expect(locked.cause == "accountDisabled")
    #expect(
      try await refusal { try await pc.enter(card, password: password) }?.body.code == DenialCode.accountDisabled.rawValue)
  }
}
