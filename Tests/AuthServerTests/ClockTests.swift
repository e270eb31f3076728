import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Durations follow the monotonic clock: whoever sets the wall clock gains and loses nothing by it, and is seen.
@Suite("The clock is set", .serialized)
struct ClockTests {
  private static let day: Int64 = 86_400

  private func steps(_ city: City, until count: Int) async throws -> [String] {
    for _ in 0..<900 {
      let notes = try await city.audit("action=clock.stepped").compactMap(\.note)
      if notes.count >= count { return notes }
      try await Task.sleep(for: .milliseconds(100))
    }
    return try await city.audit("action=clock.stepped").compactMap(\.note)
  }

  @Test("a step of a year is one row and one count, each way; less than a minute is none, until small steps add up to one")
  func seen() async throws {
    let city = try await City()
    // The first look, once a second, is what the next ones are compared with.
    try await Task.sleep(for: .seconds(5))
    city.clock.setWall(bySeconds: 50)
    try await Task.sleep(for: .seconds(2.2))
    #expect(try await steps(city, until: 0) == [])
    city.clock.setWall(bySeconds: 20)
    #expect(try await steps(city, until: 1).count == 1)
    city.clock.setWall(bySeconds: 365 * Self.day)
    #expect(try await steps(city, until: 2).count == 2)
    city.clock.setWall(bySeconds: -2 * 365 * Self.day)
    let notes = try await steps(city, until: 3)
    try await Task.sleep(for: .seconds(2.2))
    #expect(try await steps(city, until: 3).count == 3, "once for each step")
    #expect(
      notes.map { $0.contains("back") } == [false, false, true] || notes.map { $0.contains("back") } == [true, false, false])
    #expect(notes.contains { $0.contains(/forward by 315\d{5} s/) } && notes.contains { $0.contains(/back by 630\d{5} s/) })
    let metrics = String(decoding: try await city.link.request("GET", "/metrics").body, as: UTF8.self)
    #expect(metrics.contains("\nsanmon_clock_steps_total 3\n"))
    await city.end()
  }

  @Test("a challenge, a lease and a delay last as long as they did", arguments: [300 * 24, -20])
  func durations(hours: Int64) async throws {
    let takahashi = "p-000007"
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    let pc = try await city.workstation("MYNUMBER-PC-0007")
    let card = try await city.enrolCard(takahashi)
    try await city.setPassword(takahashi, "kawa-no-nagare-7")
    let opened = try await pc.open()
    city.clock.setWall(bySeconds: hours * 3600)
    let answer = try await pc.prove(opened, pc.proofs(opened, card, password: "kawa-no-nagare-7"))
    let session = try #require(answer.session, "an open challenge is still good")
    city.clock.setWall(bySeconds: -2 * hours * 3600 / 3)
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200)
    for _ in 0..<12 { _ = try await refusal { try await pc.enter(card, password: "wrong-password") } }
    func isDelayed() async throws -> Bool {
      try await refusal { try await pc.enter(card, password: "kawa-no-nagare-7") }?.body.code == "AP111"
    }
    #expect(try await isDelayed())
    city.clock.setWall(bySeconds: 2 * hours * 3600 / 3)
    #expect(try await isDelayed(), "nobody gets round a delay by the clock")
    city.clock.advance(seconds: 4 * 3600)
    #expect(try await pc.enter(card, password: "kawa-no-nagare-7").person == takahashi)
    // A challenge ends by the monotonic clock too.
    let late = try await pc.open()
    city.clock.setWall(bySeconds: -3600)
    city.clock.advance(seconds: 31)
    #expect(try await refusal { try await pc.prove(late, pc.proofs(late, card, password: "kawa-no-nagare-7")) } != nil)
    await city.end()
  }

  private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<900 {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("within 90 s: \(what)")
  }

  private func rows(_ city: City, _ action: String) async throws -> Int { try await city.audit("action=\(action)").count }

  private func metric(_ city: City) async throws -> Int {
    let text = String(decoding: try await city.link.request("GET", "/metrics").body, as: UTF8.self)
    return text.firstMatch(of: /\nsanmon_clock_behind_seconds (\d+)\n/).flatMap { Int($0.1) } ?? -1
  }

  @Test(
    "a start before the newest row or this release: a row, a metric, a warning and no death; the right clock ends it",
    arguments: [-30, -56 * 365])
  func behindAtStart(days: Int64) async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard("p-000042")
    #expect(try await rows(city, "clock.behind") == 0)
    #expect(try await metric(city) == 0)
    // While nothing runs: the server that is to end would see it too.
    try await city.restart { _ in city.clock.setWall(bySeconds: days * Self.day) }
    try await until("the row") { try await rows(city, "clock.behind") == 1 }
    var status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.first?.contains("this machine's clock is") == true)
    #expect(status.warningsJa.first?.contains("時計が") == true)
    #expect(try await metric(city) > 29 * 86_400)
    // A second start of the wrong clock is judged by the rows from before the first.
    try await city.restart()
    try await until("the second row") { try await rows(city, "clock.behind") == 2 }
    city.clock.setWall(bySeconds: -days * Self.day)
    try await until("it is over") { try await rows(city, "clock.right") == 1 }
    status = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.allSatisfy { !$0.contains("clock") })
    #expect(try await metric(city) == 0)
    #expect(try await rows(city, "clock.behind") == 2)
    #expect(try await pc.moved(to: status.mainPort).enter(card).person == "p-000042", "without a restart")
    await city.end()
  }

  @Test("less than a minute behind the newest row is no alarm")
  func littleBehind() async throws {
    let city = try await City()
    try await city.restart { _ in city.clock.setWall(bySeconds: -50) }
    try await Task.sleep(for: .seconds(1.5))
    #expect(try await rows(city, "clock.behind") == 0)
    #expect(try await metric(city) == 0)
    await city.end()
  }

  @Test("a server certificate made while the clock stood in a year to come is replaced as soon as the clock is right")
  func certificateFromTheFuture() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard("p-000042")
    city.clock.setWall(bySeconds: 3 * 365 * Self.day)
    try await city.restart()
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let moved = try await pc.moved(to: status.mainPort)
    await #expect(throws: ClientFault.tlsRefused(.serverUntrusted), "whose clock is right refuses it") {
      try await moved.open()
    }
    city.clock.setWall(bySeconds: -3 * 365 * Self.day)
    // The rows of the start were dated ahead: dates would be judged by them.
    let clock: ClockStatus = try await city.link.fetch("/v1/admin/clock")
    let act = try city.sign(city.act("clock.accept", ["floor": String(clock.floor)]))
    let accepted: ClockStatus = try await city.link.call("POST", "/v1/admin/clock/accept", ClockAct(act: Data(act.encoded)))
    #expect(accepted.behindSeconds == 0)
    try await until("a logon") { (try? await moved.enter(card)) != nil }
    await city.end()
  }
}
