import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Storage
import Testing

/// A workstation that died without a logoff does not keep its clerk out of every other one.
@Suite("Sessions left behind", .serialized)
struct SessionsLeftBehindTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let password = "kawa-no-nagare-7"
  /// The lease of the shipped My Number rules and what is added to it.
  private let lease: Int64 = 10 * 60 + 30

  private func city() async throws -> (City, TestWorkstation, TestWorkstation, TestCard) {
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    try await city.setPassword(takahashi, password)
    return (
      city, try await city.workstation("MYNUMBER-PC-0007"), try await city.workstation("MYNUMBER-PC-0008"),
      try await city.enrolCard(takahashi)
    )
  }

  private func code(_ pc: TestWorkstation, _ card: TestCard, _ password: String) async throws -> String? {
    try await refusal { try await pc.enter(card, password: password) }?.body.code
  }

  private func wait(_ city: City, forWatching count: Int) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(90)
    while try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).watching != count {
      guard clock.now < end else { throw CancellationError() }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func sessions(_ city: City, _ query: String = "") async throws -> [SessionSummary] {
    try await city.link.fetch("/v1/admin/sessions" + query)
  }

  private func end(_ city: City, _ session: String, _ reason: String = "PC broken") async throws -> (Int, String) {
    let body = Array(try JSONEncoder().encode(SessionEndRequest(reason: reason)))
    let answer = try await city.link.request("POST", "/v1/admin/sessions/\(session)/end", body: body)
    return (answer.status, (try? JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)).code) ?? "")
  }

  @Test(
    "it makes room once its workstation was silent for longer than the lease, not before, and only for a logon that is granted")
  func displaced() async throws {
    let (city, first, second, card) = try await city()
    let left = try await first.enter(card, password: password)
    _ = try await first.end("lock", left.session)
    #expect(try await code(second, card, password) == "AP114")
    // The deciding moment itself comes a little after the clock was moved.
    city.clock.advance(seconds: lease - 20)
    #expect(try await code(second, card, password) == "AP114")
    city.clock.advance(seconds: 21)
    let opened = try await second.open()
    #expect(try await second.prove(opened, second.proofs(opened, card)).outcome == "stillNeeded")
    #expect(try await code(second, card, "wrong-password") == "AP109")
    #expect(try await sessions(city).map(\.session) == [left.session], "nobody was let in yet")
    let why: ExplainAnswer = try await city.link.call(
      "POST", "/v1/admin/explain",
      ExplainRequest(person: takahashi, workstation: second.name, scenario: "logon", at: nil))
    #expect(why.tries.contains { $0.outcome == "granted" })

    let session = try await second.enter(card, password: password)
    #expect(try await sessions(city).map(\.session) == [session.session])
    let rows = try await city.audit("newest=true&limit=5").filter { $0.action != "audit.read" }.prefix(2)
    #expect(rows.map(\.action) == ["logon", "session.displaced"])
    let row = try #require(rows.last)
    #expect(row.person == takahashi && row.workstation == first.name && row.session == left.session && row.outcome == "done")
    #expect(row.note.hasPrefix("workstation silent for 6") && row.note.contains("displaced by ceremony c-"))
    #expect(row.note.hasSuffix("on \(second.name)"))
    // The first one comes back: its session is over.
    let opening = try await first.open().ceremony
    #expect(opening.scenario == "logon" && opening.session == nil, "an ended session is not unlocked")
    #expect(try await first.connection.request("POST", "/v1/sessions/\(left.session)/lease").status == 403)
    #expect(try await code(first, card, password) == "AP114", "the session that took the place is heard")
    await city.end()
  }

  @Test("a workstation that asks for anything is heard; one that holds its connection is, however long it says nothing")
  func heard() async throws {
    let (city, first, second, card) = try await city()
    let session = try await first.enter(card, password: password)
    city.clock.advance(seconds: 500)
    #expect(try await first.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200)
    city.clock.advance(seconds: 500)
    #expect(try await code(second, card, password) == "AP114")

    let watch = Task { [connection = first.connection] in
      for try await _ in try await connection.lines("/v1/watch").lines {}
    }
    try await wait(city, forWatching: 1)
    city.clock.advance(seconds: 3600)
    #expect(try await sessions(city).map(\.silentSeconds) == [0])
    #expect(try await code(second, card, password) == "AP114")
    // The connection goes: from then on it is silent.
    watch.cancel()
    try await wait(city, forWatching: 0)
    city.clock.advance(seconds: lease - 20)
    #expect(try await code(second, card, password) == "AP114")
    city.clock.advance(seconds: 21)
    #expect(try await second.enter(card, password: password).person == takahashi)
    await city.end()
  }

  @Test("after a restart of the server a whole lease has to pass first")
  func restart() async throws {
    let (city, first, second, card) = try await city()
    _ = try await first.enter(card, password: password)
    city.clock.advance(seconds: 3600)
    try await city.restart()
    let port = try #require(city.server.port(.workstations))
    let moved = try await second.restarted(port: port)
    #expect(try await code(moved, card, password) == "AP114")
    city.clock.advance(seconds: lease - 20)
    #expect(try await code(moved, card, password) == "AP114")
    city.clock.advance(seconds: 21)
    #expect(try await moved.enter(card, password: password).person == takahashi)
    await city.end()
  }

  @Test("the longest silent makes room first, and no more of them than are needed")
  func longest() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato)
    var pcs: [TestWorkstation] = []
    for number in 1...4 { pcs.append(try await city.workstation("LGWAN-PC-000\(number)")) }
    _ = try await pcs[1].enter(card)
    city.clock.advance(seconds: 60)
    _ = try await pcs[0].enter(card)
    #expect(try await refusal { try await pcs[2].enter(card) }?.body.code == "AP114")
    city.clock.advance(seconds: 2 * 3600)
    _ = try await pcs[2].enter(card)
    #expect(Set(try await sessions(city).map(\.workstation)) == ["LGWAN-PC-0001", "LGWAN-PC-0003"])
    _ = try await pcs[3].enter(card)
    #expect(Set(try await sessions(city).map(\.workstation)) == ["LGWAN-PC-0003", "LGWAN-PC-0004"])
    #expect(try await refusal { try await pcs[0].enter(card) }?.body.code == "AP114", "both are heard now")
    #expect(try await city.audit("action=session.displaced").map(\.workstation) == ["LGWAN-PC-0002", "LGWAN-PC-0001"])
    await city.end()
  }

  @Test("an operator sees the sessions and ends one: the workstation is told at once, nothing goes on there")
  func ended() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let session = try await pc.enter(card)
    var events = try await Events(pc)
    let all = try await sessions(city)
    #expect(all.count == 1 && all[0].session == session.session && all[0].person == sato && all[0].state == "open")
    #expect(all[0].card == card.id && all[0].silentSeconds == 0 && !all[0].displayName.isEmpty)
    #expect(try await sessions(city, "?person=\(sato)&workstation=LGWAN-PC-0042").count == 1)
    #expect(try await sessions(city, "?person=\(takahashi)").isEmpty)
    #expect(try await sessions(city, "?workstation=LGWAN-PC-0001").isEmpty)
    #expect(try await city.link.request("GET", "/v1/admin/sessions?who=x").status == 400)

    #expect(try await end(city, session.session).0 == 200)
    let told = try await events.next()
    #expect(told == WatchEvent(event: "logoff", session: session.session, cause: "byOperator"))
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 403)
    #expect(try await pc.open().ceremony.scenario == "logon")
    #expect(try await sessions(city).isEmpty)

    #expect(try await end(city, session.session) == (404, "HT404"), "ended already")
    #expect(try await end(city, "s-unknown") == (404, "HT404"))
    #expect(try await end(city, session.session, String(repeating: "x", count: 501)) == (400, "HT400"))
    let rows = try await city.audit("action=session.ended")
    #expect(rows.map(\.outcome) == ["done", "refused", "refused"] && rows.map(\.code) == [nil, "AP115", "AP115"])
    #expect(rows[0].operatorID == "yamada" && rows[0].person == sato && rows[0].note == "PC broken")
    await city.end()
  }

  @Test("the desk may end a session, an auditor may only look", arguments: [(OperatorRole.desk, 200), (.auditor, 403)])
  func roles(role: OperatorRole, status: Int) async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try await city.enrolCard(sato)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let session = try await pc.enter(card)
    try await city.demoteOperators(to: role)
    #expect(try await sessions(city).count == 1)
    let answer = try await end(city, session.session)
    #expect(answer.0 == status && (status == 200 || answer.1 == "AP125"))
    #expect(try await sessions(city).count == (status == 200 ? 0 : 1))
    await city.end()
  }
}
