import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Testing

/// What an attacker at a workstation can try before possession of a card is proven: every refusal looks the same, the row
/// names the attack.
@Suite("Possession", .serialized)
struct PossessionTests {
  private let sato = "p-000042"

  private func codes(_ city: City) async throws -> [String] {
    try await city.audit("class=ceremony&outcome=denied").compactMap(\.code)
  }

  @Test("bent proofs: one body for all, the row tells them apart")
  func bentProofs() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    var bodies: [ErrorBody] = []
    func attempt(_ expected: String, _ work: () async throws -> Void) async throws {
      let refused = try #require(try await refusal(work))
      #expect(refused.status == 403)
      bodies.append(refused.body)
      #expect(try await codes(city).last == expected)
    }
    func attempt(_ expected: String, _ bend: @escaping (inout CardPreimage) -> Void) async throws {
      try await attempt(expected) {
        let opened = try await pc.open()
        _ = try await pc.prove(opened, pc.proofs(opened, card, bend: bend))
      }
    }
    try await attempt("AP141") { $0.nonce[0] ^= 1 }
    try await attempt("AP143") { $0.scenario = "unlock" }
    try await attempt("AP141") { $0.workstation = "LGWAN-PC-0001" }
    try await attempt("AP141") { $0.segment = "mynumber" }
    city.clock.advance(seconds: 120)
    try await attempt("AP141") { $0.serverCertificate[0] ^= 1 }
    try await attempt("AP141") { $0.workstationCertificate[0] ^= 1 }
    city.clock.advance(seconds: 120)
    try await attempt("AP141") { $0.sessionKeys[0] ^= 1 }
    try await attempt("AP141") { $0.expiresAt += 1 }
    city.clock.advance(seconds: 120)
    let stranger = try CardAuthority(named: "Another City").issue(slot: "9a")
    try await attempt("AP144") {
      let opened = try await pc.open()
      _ = try await pc.prove(opened, pc.proofs(opened, stranger))
    }
    let expired = try city.cards.issue(slot: "9a", validDays: -2)
    try await attempt("AP145") {
      let opened = try await pc.open()
      _ = try await pc.prove(opened, pc.proofs(opened, expired))
    }
    // The same apart from the reference.
    let shapes = Set(bodies.map { [$0.code, $0.ja, $0.en, $0.nextStepJa, $0.nextStepEn] })
    #expect(shapes.count == 1 && bodies.allSatisfy { $0.code == "AP100" && $0.reference?.count == 6 })
    await city.end()
  }

  @Test("a proof is good once: sent again it is a replay, and the ceremony of another workstation is untouched")
  func replay() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let other = try await city.workstation("LGWAN-PC-0043")
    let card = try await city.enrolCard(sato)
    let opened = try await pc.open()
    let message = try pc.proofs(opened, card)
    // From another workstation: refused, and not used up by it.
    let stolen = try await refusal { try await other.prove(opened, message) }
    #expect(stolen?.body.code == "AP100")
    #expect(try await pc.prove(opened, message).outcome == "granted")
    #expect(try await refusal { try await pc.prove(opened, message) }?.body.code == "AP100")
    #expect(try await codes(city).last == "AP142")
    await city.end()
  }

  @Test("64 redemptions of one ceremony at once: exactly one is granted")
  func race() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let opened = try await pc.open()
    let message = try pc.proofs(opened, card)
    let granted = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 { group.addTask { (try? await pc.prove(opened, message).outcome) == "granted" } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(granted == 1)
    #expect(try await city.audit("class=ceremony&outcome=granted").count == 1)
    await city.end()
  }

  private static let replays = 10_000
  /// `deploy/soak replays` goes on for so long.
  private static let replaySeconds = Int(ProcessInfo.processInfo.environment["SANMON_REPLAY_SECONDS"] ?? "")

  @Test("a proof sent again 10,000 times, many at once: never granted, and the log does not fill up with it")
  func replays() async throws {
    let watches = 60
    let city = try await City(lines: { _ in "connections-per-source: \(watches + 8)" })
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let opened = try await pc.open()
    let message = try pc.proofs(opened, card)
    #expect(try await pc.prove(opened, message).outcome == "granted")
    let rows = try await city.audit("class=ceremony").count
    // On many connections: each refusal takes its time, whatever the machine.
    let port = try #require(city.server.port(.workstations))
    let path = "/v1/ceremonies/\(opened.ceremony.ceremony)/proofs"
    let body = Array(try JSONEncoder().encode(message))
    let begin = ContinuousClock.now
    let end = Self.replaySeconds.map { begin + .seconds($0) }
    let answers = await withTaskGroup(of: [Int: Int].self) { group in
      for index in 0..<watches {
        group.addTask {
          var statuses: [Int: Int] = [:]
          guard let again = try? await pc.moved(to: port) else { return statuses }
          var next = index
          var broken = 0
          // A connection that a busy machine did not get open in time is tried again: what counts is what was answered.
          while broken < 100, end.map({ ContinuousClock.now < $0 }) ?? (next < Self.replays) {
            guard let answer = try? await again.connection.request("POST", path, body: body) else {
              broken += 1
              continue
            }
            next += watches
            statuses[answer.status, default: 0] += 1
          }
          again.connection.close()
          return statuses
        }
      }
      return await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }
    let sent = answers.values.reduce(0, +)
    #expect(answers[403] == sent && (end != nil || sent == Self.replays), "\(answers)")
    let minutes = Int((ContinuousClock.now - begin).components.seconds / 60)
    #expect(try await city.audit("class=ceremony").count - rows < 40 + 20 * minutes)
    if end != nil { print("replays: \(sent), granted: 0") }
    #expect(try await city.audit("class=ceremony&outcome=granted").count == 1)
    await city.end()
  }

  @Test("another workstation's session is not there: no lease, no lock, no logoff, and it goes on")
  func othersSession() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let other = try await city.workstation("LGWAN-PC-0043")
    let session = try await pc.enter(city.enrolCard(sato)).session
    #expect(try await other.connection.request("POST", "/v1/sessions/\(session)/lease").status == 403)
    for kind in ["lock", "logoff"] {
      let body = Array(try JSONEncoder().encode(SessionEnding(cause: "asked")))
      #expect(try await other.connection.request("POST", "/v1/sessions/\(session)/\(kind)", body: body).status == 403)
    }
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session)/lease").status == 200)
    await city.end()
  }

  @Test("an expired ceremony is refused like everything else")
  func expired() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let opened = try await pc.open()
    city.clock.advance(seconds: 31)
    #expect(try await refusal { try await pc.prove(opened, pc.proofs(opened, card)) }?.body.code == "AP100")
    await city.end()
  }

  @Test("a 9E key never counts as PIN, and its signature shown as 9A is refused")
  func cardAuthenticationKey() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato, slot: "9e", refusedWithoutPIN: true)
    // Without a password there is no way to complete a card that has no PIN.
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP110")
    try await city.setPassword(sato, "kawa-no-nagare-7")
    let opened = try await pc.open()
    let answer = try await pc.prove(opened, pc.proofs(opened, card))
    #expect(answer.outcome == "stillNeeded" && answer.combinations?.contains(["password"]) == true, "\(answer)")
    // The same ceremony, completed: possession need not be shown twice.
    let message = try pc.proofs(opened, nil, password: "kawa-no-nagare-7")
    #expect(try await pc.prove(opened, message).outcome == "granted")
    let again = try await pc.open()
    #expect(try await refusal { try await pc.prove(again, pc.proofs(again, card, shownAs: "9a")) }?.body.code == "AP100")
    #expect(try await codes(city).last == "AP148")
    // A 9A key that signed without its PIN at the desk is no better.
    let unguarded = try await city.enrolCard(sato, slot: "9a", refusedWithoutPIN: false)
    let third = try await pc.open()
    #expect(try await pc.prove(third, pc.proofs(third, unguarded)).session == nil)
    await city.end()
  }

  @Test("no password hash starts without possession: a password alone is answered like no proof at all")
  func passwordAlone() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    try await city.setPassword(sato, "kawa-no-nagare-7")
    let opened = try await pc.open()
    let answer = try? await pc.prove(opened, pc.proofs(opened, nil, password: "kawa-no-nagare-7"))
    #expect(answer?.session == nil)
    // With a card of another authority, too: not one hash was computed.
    let stranger = try CardAuthority(named: "Another City").issue(slot: "9a")
    let second = try await pc.open()
    _ = try await refusal { try await pc.prove(second, pc.proofs(second, stranger, password: "kawa-no-nagare-7")) }
    let metrics = String(decoding: try await city.link.request("GET", "/metrics").body, as: UTF8.self)
    #expect(metrics.contains("\nsanmon_password_checks_total 0\n"))
    #expect(try await city.audit("person=\(sato)&class=ceremony").isEmpty, "nobody was looked up")
    await city.end()
  }

  @Test("refusals of one source are coalesced: 40 attempts leave a handful of rows")
  func coalesced() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let before = try await city.audit("class=ceremony").count
    for _ in 0..<40 {
      let opened = try await pc.open()
      _ = try await refusal { try await pc.prove(opened, pc.proofs(opened, card) { $0.nonce[0] ^= 1 }) }
    }
    let after = try await city.audit("class=ceremony").count
    #expect(after - before <= 12, "\(after - before) rows")
    // Nobody else is locked out by it.
    let other = try await city.workstation("LGWAN-PC-0043")
    #expect(try await other.enter(card).person == sato)
    await city.end()
  }
}
