import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Testing

/// Somebody works on the evening of her last day.
@Suite("a session open across the end of its person's access", .serialized)
struct AccessEndsTests {
  private let sato = "p-000042"
  private let day: Int64 = 86_400

  /// The city on the next evening at 23:40 local time, with sato's last day today, and her session.
  private func evening() async throws -> (City, TestWorkstation, TestCard, SessionOpened) {
    let city = try await City()
    // Before the clock moves: TLS goes by the real one.
    let pc = try await city.workstation("LGWAN-PC-0001")
    let local = (city.clock.now().wallMilliseconds / 1000 + 9 * 3600) % day
    city.clock.advance(seconds: (23 * 3600 + 40 * 60 - local + day) % day)
    try await importPeople(city, satoEndsIn: 0)
    let card = try await city.enrolCard(sato)
    return (city, pc, card, try await pc.enter(card))
  }

  private func importPeople(_ city: City, satoEndsIn days: Int64) async throws {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let local = Date(
      timeIntervalSince1970: Double(city.clock.now().wallMilliseconds / 1000 + 9 * 3600 + days * day))
    let last = local.formatted(Date.ISO8601FormatStyle().year().month().day())
    let people = try text("people.csv").split(separator: "\r\n").map { line in
      guard line.hasPrefix(sato + ",") else { return String(line) }
      var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      fields[9] = last
      return fields.joined(separator: ",")
    }
    let answer: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people.joined(separator: "\r\n"), groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: false))
    #expect(answer.applied)
  }

  private func withdrawn(_ city: City) async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=100").filter { $0.action == "session.withdrawn" }
  }

  private func state(_ city: City) async throws -> [SessionSummary] { try await city.link.fetch("/v1/admin/sessions") }

  @Test("a quarter of an hour before, the workstation is told once; at the end the session locks for good, with a row")
  func told() async throws {
    let (city, pc, card, session) = try await evening()
    var events = try await Events(pc)
    city.clock.advance(seconds: 4 * 60)
    try await Task.sleep(for: .seconds(4))
    city.clock.advance(seconds: 3 * 60)
    let told = try await events.next()
    #expect(told.event == "ending" && told.session == session.session && told.cause == "accountEnds")
    // Had it been told of before the quarter of an hour, more minutes were left.
    #expect(try (12...13).contains(#require(told.minutes)))
    let end = try #require(told.endsAt)
    #expect((end / 1000 + 9 * 3600) % day == 0 && end - city.clock.now().wallMilliseconds <= 13 * 60_000)
    #expect(try await withdrawn(city).isEmpty)
    city.clock.advance(seconds: 13 * 60)
    // The next event, so it was told once.
    let locked = try await events.next()
    #expect(locked == WatchEvent(event: "lock", session: session.session, cause: "accountEnds"))
    let shown = try await state(city)
    #expect(shown.map(\.isRevoked) == [true] && shown.map(\.state) == ["locked"])
    let rows = try await withdrawn(city)
    #expect(rows.count == 1 && rows.first?.person == sato && rows.first?.session == session.session)
    #expect(rows.first?.code == "AP104" && rows.first?.workstation == pc.name && rows.first?.outcome == "done")
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 403)
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP104")
    city.clock.advance(seconds: 120)
    try await Task.sleep(for: .seconds(2))
    #expect(try await withdrawn(city).count == 1)
    await city.end()
  }

  @Test("the end was moved meanwhile: the session stays")
  func extended() async throws {
    let (city, pc, _, session) = try await evening()
    var events = try await Events(pc)
    city.clock.advance(seconds: 7 * 60)
    #expect(try await events.next().event == "ending")
    try await importPeople(city, satoEndsIn: 30)
    city.clock.advance(seconds: 20 * 60)
    try await Task.sleep(for: .seconds(3))
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200)
    #expect(try await withdrawn(city).isEmpty)
    #expect(try await state(city).map(\.isRevoked) == [false])
    await city.end()
  }

  @Test("after a restart of the server it is told again, and what ended while the server was away is withdrawn at its start")
  func restarted() async throws {
    let (city, pc, _, session) = try await evening()
    city.clock.advance(seconds: 7 * 60)
    try await city.restart()
    let moved = try await pc.moved(to: #require(city.server.port(.workstations)))
    var events = try await Events(moved)
    #expect(try await events.next().event == "ending")
    try await city.restart { _ in city.clock.advance(seconds: 20 * 60) }
    try await becomes("it is withdrawn") { try await withdrawn(city).map(\.session) == [session.session] }
    await city.end()
  }
}
