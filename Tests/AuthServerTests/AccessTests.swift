import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Storage
import Testing

/// Rights with an end: approved by two, begun by a date or by one, ended by themselves.
@Suite("Dated accesses", .serialized)
struct AccessTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let password = "kawa-no-nagare-7"

  private func together(_ test: (AccessBench) async throws -> Void) async throws {
    try await AccessBench.run(password: password, test)
  }

  private func code(_ pc: TestWorkstation, _ card: TestCard) async throws -> String? {
    try await refusal { try await pc.enter(card, password: password) }?.body.code
  }

  private static let notAllowed = DenialCode.segmentNotAllowed.rawValue

  @Test("early voting: looked at, signed by two, switched on by one, at its workstations alone, and switched off by one")
  func temporary() async throws {
    try await together { bench in
      let city = bench.city
      let (pc, other) = (try await city.workstation("MYNUMBER-PC-0007"), try await city.workstation("MYNUMBER-PC-0008"))
      let file = bench.file(who: "people: [p-000042, p-000007]", "workstations: [MYNUMBER-PC-0007]")
      let before = try await bench.plan(file)
      #expect(before.faultsEn.isEmpty && before.access?.state == "unsigned" && before.access?.people == [takahashi, sato])
      let line = try #require(before.lines.first { $0.person == sato })
      #expect(line.segments == ["mynumber"] && line.missingEn == ["no card"] && line.name == "佐藤 花子")
      #expect(line.ways == ["mynumber logon: card+palm | card+password"])
      #expect(before.lines.first { $0.person == takahashi }?.ways == [], "she is let in anyway")
      #expect(before.warningsEn == ["1 people gain nothing by it"])
      let card = try await city.enrolCard(sato)
      #expect(try await bench.plan(file).lines.first { $0.person == sato }?.missingEn == [])

      let act = try bench.both(city.act("directory.access.approve", bench.parameters(before)))
      #expect(try await bench.bring(file, SignedAct(act: act.act, scheme: act.scheme, signature: act.signature)) == 403)
      #expect(try await bench.list().isEmpty)
      #expect(try await bench.bring(file, act) == 200)
      #expect(try await bench.bring(file, act) == 409, "carried out once")
      #expect(try await bench.state() == "ready")
      #expect(try await bench.list().first?.signedBy == ["yamada", "suzuki"])
      #expect(try await code(pc, card) == Self.notAllowed, "approved is not begun")

      let on = try city.sign(await bench.switching("on"))
      #expect(try await bench.turn("on", on) == 200)
      let begun = try #require(try await bench.list().first)
      #expect(begun.switchedOnBy == "yamada" && begun.lastDay == bench.day(3))
      let session = try await pc.enter(card, password: password)
      let granted = try #require(try await city.audit("class=ceremony").last { $0.outcome == "granted" })
      #expect(granted.note == "by dated access kijitsumae" && granted.rule?.hasPrefix("mynumber.yaml:") == true)
      #expect(try await code(other, card) == Self.notAllowed)
      let why: ExplainAnswer = try await city.link.call(
        "POST", "/v1/admin/explain", ExplainRequest(person: sato, workstation: "MYNUMBER-PC-0007", scenario: "logon", at: nil))
      let granting = try #require(why.tries.first { $0.factors == ["card", "password"] })
      #expect(granting.outcome == "granted" && granting.steps.contains { $0.rule == "builtin:dated-access:kijitsumae" })
      #expect(
        try await bench.status().accessEn == [
          "temporary \"Early voting\" (kijitsumae), 2 people: until \(bench.day(3)) (3 days left)"
        ])

      // An unlock is asked like a logon.
      _ = try await pc.end("lock", session.session)
      #expect(try await pc.enter(card, password: password).session == session.session)

      var events = try await Events(pc)
      #expect(try await bench.turn("off") == 200)
      let told = try await events.next()
      #expect(told == WatchEvent(event: "lock", session: session.session, cause: "accessChanged"))
      #expect(try await code(pc, card) == Self.notAllowed)
      #expect(try await bench.turn("on", on) == 409, "the old consent does not bring it back")
      #expect(try await bench.turn("off") == 409, "it is off")
      #expect(try await bench.turn("on") == 200, "a new one does")
      #expect(try await bench.status().accessEn.count == 1)
      let rows = try await bench.rows("access.off")
      #expect(
        rows.map(\.outcome) == ["refused", "done"] && rows.last?.note.hasPrefix("kijitsumae, 1 sessions withdrawn") == true)
      #expect(try await bench.rows("access.approved").map(\.outcome) == ["refused", "done", "refused"])
      #expect(try await bench.rows("access.on").map(\.outcome) == ["done", "refused", "done"])
    }
  }

  @Test("the first and the last day, to the minute in Japan; at the end the session locks by itself")
  func edges() async throws {
    try await together { bench in
      let city = bench.city
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      let card = try await city.enrolCard(sato)
      #expect(try await bench.approve(bench.file(from: 1, until: 2)) == 200)
      #expect(try await bench.turn("on") == 200, "the evening before")
      #expect(try await bench.state() == "waiting")
      #expect(try await bench.turn("on") == 409)
      bench.advance(toMidnightAnd: -60)
      #expect(try await code(pc, card) == Self.notAllowed)
      city.clock.advance(seconds: 61)
      _ = try await pc.end("logoff", pc.enter(card, password: password).session)
      try await becomes("its beginning has a row") { try await !bench.rows("access.began").isEmpty }
      bench.advance(toMidnightAnd: 10)
      bench.advance(toMidnightAnd: -600)
      let session = try await pc.enter(card, password: password)
      var events = try await Events(pc)
      #expect(try await bench.status().accessEn.first?.hasSuffix("(today)") == true)
      let warned = try await events.next()
      #expect(
        warned.event == "ending" && warned.session == session.session && warned.minutes.map { (9...10).contains($0) } == true)
      city.clock.advance(seconds: 580)
      #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200)
      city.clock.advance(seconds: 21)
      #expect(try await code(pc, card) == Self.notAllowed)
      let told = try await events.next()
      #expect(told == WatchEvent(event: "lock", session: session.session, cause: "accessChanged"))
      #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status != 200)
      let row = try #require(try await bench.rows("access.ended").first)
      #expect(row.note == "kijitsumae: its last day is over; 1 sessions withdrawn")
      #expect(try await bench.state() == "over")
      #expect(try await bench.turn("on") == 409)
      #expect(try await bench.status().accessEn.isEmpty)
      city.clock.advance(seconds: 30 * 86_400)
      try await Task.sleep(for: .seconds(3))
      #expect(try await bench.state() == "over", "shown for 31 days")
      city.clock.advance(seconds: 86_400)
      try await becomes("a month later nothing is left of it but rows and acts") { try await bench.list().isEmpty }
      #expect(try await bench.rows("access.removed").map(\.note) == ["kijitsumae, over for 31 days; 0 sessions withdrawn"])
    }
  }

  @Test("one that ends while the server is away is over when it is back, and what stood on it alone is locked")
  func away() async throws {
    try await together { bench in
      let city = bench.city
      let (pc, other) = (try await city.workstation("MYNUMBER-PC-0007"), try await city.workstation("MYNUMBER-PC-0008"))
      let card = try await city.enrolCard(sato)
      let own = try await city.enrolCard(takahashi)
      try await city.setPassword(takahashi, password)
      #expect(try await bench.approve(bench.file(until: 0, who: "people: [p-000042, p-000007]")) == 200)
      #expect(try await bench.turn("on") == 200)
      let session = try await pc.enter(card, password: password)
      let kept = try await other.enter(own, password: password)
      try await city.restart { _ in bench.advance(toMidnightAnd: 5) }
      try await becomes("it is over") { try await bench.rows("access.ended").count == 1 }
      let live: [SessionSummary] = try await city.link.fetch("/v1/admin/sessions")
      #expect(live.first { $0.session == session.session }?.isRevoked == true)
      #expect(live.first { $0.session == kept.session }?.isRevoked == false, "she is let in by her own groups")
    }
  }

  @Test(
    "a department's old rights: those who were in it when it was approved keep them until the date, sessions too; a newcomer not"
  )
  func handover() async throws {
    try await together { bench in
      let city = bench.city
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      try await city.setPassword(takahashi, password)
      let (card, newcomer) = (try await city.enrolCard(takahashi), try await city.enrolCard(sato))
      let file = bench.file("hikitsugi", kind: "handover", until: 1, who: "department: \"0402\"", groups: nil)
      let report = try await bench.plan(file)
      let line = try #require(report.lines.first { $0.person == takahashi })
      #expect(line.groups == ["seg-lgwan", "seg-mynumber"] && line.segments == ["lgwan", "mynumber"])
      #expect(!report.lines.contains { $0.person == sato })
      #expect(try await bench.approve(file) == 200)
      #expect(try await bench.state("hikitsugi") == "holds", "it begins by itself")

      let session = try await pc.enter(card, password: password)
      #expect(try await city.audit("class=ceremony").last { $0.outcome == "granted" }?.note == "", "her own groups, today")
      // The transfer: she leaves for 0401, sato takes her place for a moment.
      _ = try await bench.importPeople(
        changing: "高橋 一郎,0402,ka-0402;ka-0402-mynumber,", to: "高橋 一郎,0401,,")
      let moved: PersonSummary = try await city.link.fetch("/v1/admin/people/\(takahashi)")
      #expect(moved.groups.isEmpty && moved.departments == ["0401"])
      #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200, "not withdrawn")
      _ = try await pc.end("logoff", session.session)
      _ = try await pc.end("logoff", pc.enter(card, password: password).session)
      let row = try #require(try await city.audit("class=ceremony").last { $0.outcome == "granted" })
      #expect(row.note == "by dated access hikitsugi")
      _ = try await bench.importPeople(changing: "ハナコ,,0401,ka-0401,", to: "ハナコ,,0402,ka-0401,")
      #expect(try await code(pc, newcomer) == Self.notAllowed, "not in it when it was approved")
      _ = try await bench.importPeople(
        changing: "高橋 一郎,0402,ka-0402;ka-0402-mynumber,", to: "高橋 一郎,0401,ka-0401,")
      bench.advance(toMidnightAnd: 0)
      _ = try await pc.end("logoff", pc.enter(card, password: password).session)
      bench.advance(toMidnightAnd: 0)
      #expect(try await code(pc, card) == Self.notAllowed)
      #expect(try await bench.state("hikitsugi") == "over")
    }
  }

  @Test("it ends when one of the two who approved it is no administrator any more, and waits for two to approve it anew")
  func lapsed() async throws {
    try await together { bench in
      let city = bench.city
      #expect(try await city.register(bench.tanaka, by: [bench.suzuki]) == 201)
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      let card = try await city.enrolCard(sato)
      let handover = bench.file("hikitsugi", kind: "handover", from: 2, groups: "groups: [seg-lgwan]")
      for file in [bench.file(), bench.file("other"), handover] { #expect(try await bench.approve(file) == 200) }
      #expect(try await bench.turn("on") == 200)
      let on = try city.sign(await bench.switching("on", "other"))
      let session = try await pc.enter(card, password: password)
      #expect(try await bench.remove(bench.suzuki, with: bench.tanaka) == 200)
      #expect(try await bench.list().map(\.state) == ["lapsed", "lapsed", "lapsed"])
      #expect(try await code(pc, card) == Self.notAllowed)
      try await becomes("what stood on it is locked") { try await bench.isRevoked(session) == true }
      #expect(try await bench.rows("access.ended").first?.note.hasPrefix("kijitsumae: its signatures do not count") == true)
      #expect(try await bench.turn("on", on) == 403)
      let told = try await bench.warnings()
      let name = "the dated access \"Early voting\""
      #expect(told.contains { $0.hasPrefix("\(name) (kijitsumae) does not hold, its signatures") && $0.contains("two") })
      #expect(told.contains { $0.hasPrefix("\(name) (hikitsugi) does not hold, its signatures") })
      #expect(
        told.contains { $0.hasPrefix("\(name) (other) cannot be switched on") }, "found out before the night it is needed")
      #expect(
        try await bench.status().accessEn.contains(
          "temporary \"Early voting\" (kijitsumae), 1 people: does not hold, its signatures do not count any more"))

      // Approved anew by two of today; a handover that has not begun too.
      #expect(try await !bench.plan(bench.file()).warningsEn.contains { $0.contains("under way") })
      #expect(try await bench.approve(bench.file(), with: bench.tanaka) == 200)
      #expect(try await bench.state() == "ready", "the old consent to switch it on is not of this one")
      #expect(try await bench.turn("on") == 200)
      #expect(try await pc.enter(card, password: password).segment == "mynumber")
      #expect(try await bench.approve(handover, with: bench.tanaka) == 200)
      #expect(try await bench.state("hikitsugi") == "waiting")
      // What nobody needs any more goes, and its warning with it.
      #expect(try await bench.turn("off", city.sign(city.act("directory.access.off", ["access": "other"]))) == 200)
      #expect(try await bench.list().map(\.access).sorted() == ["hikitsugi", "kijitsumae"])
      #expect(try await bench.warnings().allSatisfy { !$0.contains("dated access") })
      #expect(try await bench.rows("access.off").map { $0.note.hasPrefix("removed, its approval had lapsed: other") } == [true])
    }
  }

  @Test("it ends when who switched it on is no administrator any more, and another one switches it on: the approval stands")
  func switching() async throws {
    try await together { bench in
      let city = bench.city
      #expect(try await city.register(bench.tanaka, by: [bench.suzuki]) == 201)
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      let card = try await city.enrolCard(sato)
      #expect(try await bench.approve(bench.file()) == 200)
      #expect(try await bench.turn("on", bench.both(bench.switching("on"), bench.tanaka)) == 200)
      let session = try await pc.enter(card, password: password)
      #expect(try await bench.remove(bench.tanaka, with: bench.suzuki) == 200)
      try await becomes("what stood on it is locked") { try await bench.isRevoked(session) == true }
      let shown = try #require(try await bench.list().first)
      #expect(shown.state == "lapsed" && shown.act != nil && shown.signedBy == ["yamada", "suzuki"])
      #expect(try await bench.rows("access.ended").first?.note.contains("the signature that switched it on") == true)
      let told = try await bench.warnings()
      #expect(
        told.contains {
          $0.contains("the signature that switched it on") && $0.hasSuffix("one administrator switches it on again")
        })
      #expect(try await bench.turn("on") == 200)
      #expect(try await pc.enter(card, password: password).segment == "mynumber")
      #expect(try await bench.warnings().allSatisfy { !$0.contains("dated access") })
    }
  }

  @Test("kept ready for a disaster: on at whatever hour for some days, off by itself, and on again")
  func readiness() async throws {
    try await together { bench in
      let city = bench.city
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      let card = try await city.enrolCard(sato)
      #expect(try await bench.approve(bench.file("saigai", until: 300, who: "people: [p-000042]", "days: 2")) == 200)
      bench.advance(toMidnightAnd: 2 * 3600)
      #expect(try await bench.turn("on", "saigai") == 200, "at two in the morning, by one")
      #expect(try await bench.list().first?.lastDay == bench.day(1))
      bench.advance(toMidnightAnd: 3600)
      _ = try await pc.end("logoff", pc.enter(card, password: password).session)
      bench.advance(toMidnightAnd: 1)
      #expect(try await code(pc, card) == Self.notAllowed)
      #expect(try await bench.state("saigai") == "ready")
      #expect(try await bench.turn("off", "saigai") == 409)
      #expect(try await bench.turn("on", "saigai") == 200)
      #expect(try await pc.enter(card, password: password).segment == "mynumber")
    }
  }

  @Test("its hours are asked at a logon and an unlock; a disabled account gets nothing from it")
  func hours() async throws {
    try await together { bench in
      let city = bench.city
      let pc = try await city.workstation("MYNUMBER-PC-0007")
      let card = try await city.enrolCard(sato)
      #expect(try await bench.approve(bench.file(who: "people: [p-000042]", "hours: [daily 08:00-21:00]")) == 200)
      bench.advance(toMidnightAnd: 7 * 3600 + 3500)
      #expect(try await bench.turn("on") == 200)
      #expect(try await code(pc, card) == Self.notAllowed)
      city.clock.advance(seconds: 200)
      let session = try await pc.enter(card, password: password)
      _ = try await pc.end("logoff", session.session)
      _ = try await bench.importPeople(changing: "ハナコ,,0401,ka-0401,true", to: "ハナコ,,0401,ka-0401,false")
      #expect(try await code(pc, card) == DenialCode.accountDisabled.rawValue)
      #expect(
        try await bench.plan(bench.file("other")).lines.first?.notesEn == [
          "the account is disabled and opens nothing until it is enabled"
        ])
    }
  }

  @Test("what is wrong in a file is named with its place, and leaves nothing behind")
  func faults() async throws {
    try await together { bench in
      func faults(_ file: String) async throws -> [String] {
        try await bench.plan(file).faultsEn.map { String($0.split(separator: " ").prefix(3).joined(separator: " ")) }
      }
      #expect(try await faults(bench.file(who: "people: [p-999999]")) == ["access.yaml:6:10: error: PF705"])
      #expect(try await faults(bench.file(groups: "groups: [ka-0402-mynumber]")) == ["access.yaml:7:10: error: PF707"])
      #expect(try await faults(bench.file(who: "department: \"9999\"")) == ["access.yaml:6:1: error: PF706"])
      #expect(try await faults(bench.file(from: -2)) == ["access.yaml:4:1: error: PF703"])
      #expect(try await faults(bench.file(until: 62)) == ["access.yaml:5:1: error: PF701"])
      #expect(try await faults("access: [") == ["access.yaml:1:9: error: PF110"])
      let wrong = try await bench.plan("kind: temporary\nkindd: x\n")
      #expect(wrong.faultsJa.contains { $0.contains("「kind」ではありませんか") } && wrong.parameters.isEmpty)
      #expect(try await bench.list().isEmpty)
    }
  }

  @Test("what is refused changes nothing and has a row: other files, other acts, other instances, a name under way, replay")
  func refusals() async throws {
    try await together { bench in
      let city = bench.city
      let file = bench.file()
      let right = bench.parameters(try await bench.plan(file))
      let kind = "directory.access.approve"
      #expect(try await bench.bring(bench.file(until: 4), bench.both(city.act(kind, right))) == 409, "another file")
      #expect(try await bench.bring("access: x\n", bench.both(city.act(kind, right))) == 409, "no file")
      #expect(
        try await bench.bring(bench.file(who: "people: [p-999999]"), bench.both(city.act(kind, right))) == 409, "nobody")
      #expect(try await bench.bring(file, bench.both(city.act(kind, right.merging(["people": "9"]) { $1 }))) == 409)
      #expect(try await bench.bring(file, bench.both(city.act("directory.access.on", right))) == 403, "another kind")
      let elsewhere = try Act(
        kind: kind, operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "lgwan-1"),
        nonce: City.random(32), issuedAt: city.clock.now().wallMilliseconds, parameters: right)
      #expect(try await bench.bring(file, bench.both(elsewhere)) == 403)
      let old = try Act(
        kind: kind, operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "mynumber-1"),
        nonce: City.random(32), issuedAt: city.clock.now().wallMilliseconds - 25 * 3_600_000, parameters: right)
      #expect(try await bench.bring(file, bench.both(old)) == 403)
      #expect(try await bench.turn("on") == 409, "nothing of this name")
      #expect(try await bench.list().isEmpty)
      let refused = try await bench.rows("access.approved")
      #expect(refused.count == 7 && refused.allSatisfy { $0.outcome == "refused" && $0.operatorID == "yamada" })
      #expect(refused.contains { $0.note.hasPrefix("the file cannot be approved (any more): PF705 at 6:10; act ") })

      #expect(try await bench.approve(file) == 200)
      let switching = try await bench.switching("on")
      let other = try city.act("directory.access.on", ["access": "kijitsumae", "approval": String(repeating: "0", count: 64)])
      #expect(try await bench.turn("on", city.sign(other)) == 409, "of what had this name before")
      #expect(try await bench.turn("on", bench.suzuki.sign(switching)) == 403, "brought by who did not sign")
      #expect(try await bench.turn("off", city.sign(switching)) == 403, "consent is not its opposite")
      #expect(try await bench.approve(bench.file(until: 5)) == 200, "ready, not begun: it may be written anew")
      #expect(try await bench.turn("on", city.sign(switching)) == 409, "that was another")
      #expect(try await bench.turn("on") == 200)
      #expect(try await bench.approve(file) == 409, "under way")
      #expect(try await bench.plan(file).warningsEn.contains { $0.hasPrefix("kijitsumae is under way") })
      #expect(try await bench.turn("off") == 200)
      #expect(try await bench.approve(file) == 200)
      #expect(try await bench.list().map(\.until) == [bench.day(3)])
    }
  }

  @Test("who is no administrator plans, approves and switches nothing, and may look", arguments: [OperatorRole.desk, .auditor])
  func roles(role: OperatorRole) async throws {
    try await together { bench in
      let city = bench.city
      #expect(try await bench.approve(bench.file()) == 200)
      let act = try bench.both(city.act("directory.access.approve", bench.parameters(try await bench.plan(bench.file("b")))))
      let on = try city.sign(await bench.switching("on"))
      try await city.demoteOperators(to: role)
      let question = Array(try JSONEncoder().encode(AccessQuestion(file: bench.file())))
      #expect(try await city.link.request("POST", "/v1/admin/directory/access/plan", body: question).status == 403)
      #expect(try await bench.bring(bench.file("b"), act) == 403)
      #expect(try await bench.turn("on", on) == 403)
      #expect(try await bench.turn("off", on) == 403)
      #expect(try await bench.list().map(\.state) == ["lapsed"])
    }
  }

  @Test("the tool shows a file, its faults with their place, and how things stand, in both languages")
  func tool() async throws {
    try await together { bench in
      let city = bench.city
      func sanmon(_ arguments: [String], _ language: String = "C") async throws -> (status: Int32, output: String) {
        try await ToolBench.started(
          ["env", "LC_ALL=\(language)", ToolBench.programs + "/sanmon", "directory"] + arguments + [
            "--socket", city.folder + "/operator.sock",
          ])
      }
      let file = city.folder + "/vote.yaml"
      try bench.file().write(toFile: file, atomically: true, encoding: .utf8)
      let plan = try await sanmon(["access", "plan", file])
      #expect(plan.status == 0 && plan.output.contains("mynumber logon: card+palm | card+password"), "\(plan.output)")
      #expect(plan.output.contains("missing: no card"))
      try bench.file(groups: "groups: [seg-mynumbr]").write(toFile: file, atomically: true, encoding: .utf8)
      let wrong = try await sanmon(["access", "plan", file], "ja_JP.UTF-8")
      #expect(wrong.status == 65 && wrong.output.contains("vote.yaml:7:10: エラー: PF707"), "\(wrong.output)")
      #expect(try await sanmon(["access", "plan", "/nonexistent"]).status == 65)
      #expect(try await sanmon(["access"]).output.contains("There are no dated accesses."))
      // As two people do it at their desks.
      try bench.file().write(toFile: file, atomically: true, encoding: .utf8)
      func key(_ name: String, _ secret: Data) -> [String] {
        let path = city.folder + "/\(name).key"
        let text = secret.base64EncodedString() + "\n"
        _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        return ["--as", name, "--key-file", path]
      }
      let yamada = key("yamada", city.operatorKey.rawRepresentation)
      let act = city.folder + "/vote.act"
      let proposed = try await sanmon(["access", "approve", file, "--out", act] + yamada)
      #expect(proposed.status == 0 && proposed.output.contains("佐藤 花子"), "\(proposed.output)")
      let accepted = try await ToolBench.started(
        ["env", "LC_ALL=C", ToolBench.programs + "/sanmon", "operator", "accept", act, "--out", act + ".suzuki"]
          + key("suzuki", bench.suzuki.key.rawRepresentation))
      // Who signs second compares what she signs with what she sees herself.
      let hash = try #require(bench.parameters(try await bench.plan(bench.file()))["hash"])
      #expect(accepted.status == 0 && accepted.output.contains("  hash=\(hash)\n"), "\(accepted.output)")
      #expect(accepted.output.contains("  groups=seg-mynumber\n") && accepted.output.contains("signed by yamada"))
      #expect(plan.output.contains("hash (what is signed): \(hash)\n"), "\(plan.output)")
      // What is brought is looked at before it is sent.
      func bring() async throws -> (status: Int32, output: String) {
        try await sanmon(["access", "approve", file, "--act", act, "--approval", "suzuki=\(act).suzuki"] + yamada)
      }
      try bench.file(who: "people: [p-000042, p-999999]").write(toFile: file, atomically: true, encoding: .utf8)
      let nobody = try await bring()
      #expect(nobody.status == 65 && nobody.output.contains("vote.yaml:6:20: error: PF705"), "\(nobody.output)")
      try bench.file(until: 2).write(toFile: file, atomically: true, encoding: .utf8)
      let changed = try await bring()
      #expect(changed.status == 65 && changed.output.contains("something else (hash, until)"), "\(changed.output)")
      #expect(try await bench.rows("access.approved").isEmpty)
      try bench.file().write(toFile: file, atomically: true, encoding: .utf8)
      let approved = try await bring()
      #expect(approved.status == 0 && approved.output.contains("ready"), "\(approved.output)")
      let ready = try await sanmon(["access", "list"], "ja_JP.UTF-8")
      #expect(ready.status == 0 && ready.output.contains("臨時体制「期日前投票」") && ready.output.contains("承認済み"), "\(ready.output)")
      #expect(try await sanmon(["access", "on", "nothing", "--key-file", "/nonexistent"]).status == 1)
      let begun = try await sanmon(["access", "on", "kijitsumae"] + yamada)
      #expect(begun.status == 0 && begun.output.contains("switched on by yamada"), "\(begun.output)")
      #expect(try await sanmon(["access", "on", "kijitsumae"] + yamada).status != 0)
      #expect(try await sanmon(["access"]).output.contains("holds until \(bench.day(3))"))
      #expect(try await sanmon(["status"]).output.contains("Early voting"))
      #expect(try await sanmon(["history"]).output.contains("access.on"))
    }
  }
}
