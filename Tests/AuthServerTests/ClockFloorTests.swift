import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// A clock that is set back revives nobody; one that ran ahead is forgiven by those who may.
@Suite("Dates are judged by the later of clock and log", .serialized)
struct ClockFloorTests {
  private static let day: Int64 = 86_400
  private let sato = "p-000042"
  private let tanaka = Administrator(id: "tanaka", person: "p-000003")

  /// The sample city, in which this person's last day is so many days from now.
  private func importLeaver(_ city: City, _ person: String, lastDay days: Int64) async throws {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let date = Date(timeIntervalSince1970: Double(city.clock.now().wallMilliseconds) / 1000 + Double(days * Self.day + 32_400))
    let last = date.formatted(.iso8601.year().month().day())
    let people = try text("people.csv").split(whereSeparator: \.isNewline).map { line in
      line.hasPrefix(person + ",") ? line.replacingOccurrences(of: ",true,,,", with: ",true,,\(last),") : String(line)
    }.joined(separator: "\n")
    #expect(people.contains(last))
    let imported: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people, groups: text("groups.csv"), departments: text("departments.csv"), confirmed: nil,
        preview: false))
    #expect(imported.applied)
  }

  private func code(_ pc: TestWorkstation, _ card: TestCard) async throws -> String? {
    try await refusal { try await pc.enter(card) }?.body.code
  }

  private func status(_ city: City) async throws -> ClockStatus { try await city.link.fetch("/v1/admin/clock") }

  private func moved(_ pc: TestWorkstation, _ city: City) async throws -> TestWorkstation {
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    return try await pc.moved(to: status.mainPort)
  }

  private func accept(_ city: City, _ signed: SignedAct) async throws -> Int {
    let body = Array(try JSONEncoder().encode(ClockAct(act: Data(signed.encoded))))
    return try await city.link.request("POST", "/v1/admin/clock/accept", body: body).status
  }

  private func act(_ city: City, floor: Int64? = nil) async throws -> Act {
    let known = try await status(city).floor
    return try city.act("clock.accept", ["floor": String(floor ?? known)])
  }

  private func settle(_ city: City, _ action: String, count: Int = 1) async throws {
    for _ in 0..<900 {
      if try await city.audit("action=\(action)").count >= count { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("no row \(action)")
  }

  @Test("whose last day has passed stays out when the clock is set back, also after a restart")
  func leaver() async throws {
    let city = try await City()
    try await importLeaver(city, sato, lastDay: 3)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    #expect(try await pc.enter(card).person == sato)
    city.clock.setWall(bySeconds: 5 * Self.day)
    let late = try #require(try await code(pc, card), "the last day is over")
    city.clock.setWall(bySeconds: -4 * Self.day)
    #expect(try await code(pc, card) == late, "the log knows better than the clock")
    try await settle(city, "clock.behind")
    // Rows of the wrong clock are newer than those that show the floor.
    for _ in 0..<250 { _ = try await code(pc, card) }
    #expect(try await city.audit("limit=500&action=logon").count { $0.outcome == "denied" } >= 250)
    try await city.restart()
    let again = try await moved(pc, city)
    #expect(try await code(again, card) == late, "also when 200 newer rows were written")
    #expect(try await status(city).behindSeconds > 3 * Self.day)
    city.clock.setWall(bySeconds: 4 * Self.day)
    #expect(try await status(city).behindSeconds == 0)
    #expect(try await code(again, card) == late)
    await city.end()
  }

  @Test("rows that a clock dated ahead count until an administrator says that it was wrong, and then no more")
  func accepted() async throws {
    let city = try await City()
    try await importLeaver(city, sato, lastDay: 3)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    #expect(try await accept(city, city.sign(try await act(city))) == 409, "the clock is not behind")
    city.clock.setWall(bySeconds: 5 * Self.day)
    _ = try await code(pc, card)
    city.clock.setWall(bySeconds: -5 * Self.day)
    let late = try #require(try await code(pc, card))
    let behind = try await status(city)
    #expect(behind.behindSeconds > 4 * Self.day && behind.required == 1 && behind.floor - behind.clock > 4 * Self.day * 1000)

    #expect(try await accept(city, city.sign(try await act(city, floor: behind.floor + 1))) == 409, "another floor")
    #expect(try await accept(city, Administrator(id: "yamada", person: "p-000001").sign(try await act(city))) == 403)
    let elsewhere = try Act(
      kind: "clock.accept", operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "mynumber-1"),
      nonce: City.random(32), issuedAt: city.clock.now().wallMilliseconds, parameters: ["floor": String(behind.floor)])
    #expect(try await accept(city, city.sign(elsewhere)) == 403)
    #expect(try await accept(city, city.sign(try city.act("policy.sign", ["floor": String(behind.floor)]))) == 403)
    #expect(try await code(pc, card) == late, "no refused act changed anything")

    let right = try city.sign(try await act(city))
    #expect(try await accept(city, right) == 200)
    #expect(try await pc.enter(card).person == sato)
    #expect(try await status(city).behindSeconds == 0)
    #expect(try await accept(city, right) == 409, "once")
    let rows = try await city.audit("action=clock.accepted")
    #expect(rows.count { $0.outcome == "done" } == 1 && rows.count { $0.outcome == "refused" } == 6)
    try await city.restart()
    let again = try await moved(pc, city)
    #expect(try await again.enter(card).person == sato, "the rows from before do not count at a start either")
    #expect(try await status(city).behindSeconds == 0)
    // And from here on it holds as before.
    city.clock.setWall(bySeconds: 5 * Self.day)
    #expect(try await code(again, card) == late)
    city.clock.setWall(bySeconds: -5 * Self.day)
    #expect(try await code(again, card) == late)
    await city.end()
  }

  @Test("in My Number it takes two administrators")
  func twoPeople() async throws {
    let city = try await City(segment: .mynumber)
    #expect(try await city.register(tanaka) == 201)
    city.clock.setWall(bySeconds: 5 * Self.day)
    try await settle(city, "clock.stepped")
    city.clock.setWall(bySeconds: -5 * Self.day)
    try await settle(city, "clock.stepped", count: 2)
    #expect(try await status(city).required == 2)
    let act = try await act(city)
    let alone = try city.sign(act)
    #expect(try await accept(city, alone) == 403)
    let both = SignedAct(
      act: act, scheme: alone.scheme, signature: alone.signature, approvals: [try tanaka.approval(act)])
    #expect(try await accept(city, both) == 200)
    #expect(try await status(city).behindSeconds == 0)
    await city.end()
  }

  @Test("a card that has ended, and a list that was good only before, stay so when the clock is set back")
  func certificates() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    #expect(try await pc.enter(card).person == sato)
    city.clock.setWall(bySeconds: 40 * 365 * Self.day)
    let ended = try #require(try await code(pc, card))
    city.clock.setWall(bySeconds: -40 * 365 * Self.day)
    #expect(try await code(pc, card) == ended)
    #expect(try await accept(city, city.sign(try await act(city))) == 200)
    #expect(try await pc.enter(card).person == sato)
    await city.end()
  }
}
