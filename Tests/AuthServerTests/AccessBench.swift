import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// A city with dated accesses: files, signatures, switches.
struct AccessBench {
  let city: City
  let suzuki = Administrator(id: "suzuki", person: "p-000002")
  let tanaka = Administrator(id: "tanaka", person: "p-000003")

  /// A My Number city with its people, two administrators, and a password for sato, who is let into LGWAN alone.
  static func run(password: String, _ test: (AccessBench) async throws -> Void) async throws {
    let city = try await City(segment: .mynumber)
    let bench = AccessBench(city: city)
    do {
      _ = try await city.importPeople()
      #expect(try await city.register(bench.suzuki) == 201)
      try await city.setPassword("p-000042", password)
      try await test(bench)
    } catch {
      await city.end()
      throw error
    }
    await city.end()
  }

  /// `LocalTime.day` of so many days from today in Japan, as files write it.
  func day(_ offset: Int) -> String {
    let seconds = Double(city.clock.now().wallMilliseconds) / 1000 + 32_400 + Double(offset) * 86_400
    return Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day().dateSeparator(.dash))
  }

  /// Moves the clock to so many seconds from the beginning of the next day in Japan.
  func advance(toMidnightAnd seconds: Int64) {
    let now = (city.clock.now().wallMilliseconds / 1000 + 32_400) % 86_400
    city.clock.advance(seconds: 86_400 - now + seconds)
  }

  func file(
    _ name: String = "kijitsumae", kind: String = "temporary", from: Int = 0, until: Int = 3,
    who: String = "people: [p-000042]",
    groups: String? = "groups: [seg-mynumber]", _ more: String = ""
  ) -> String {
    """
    access: \(name)
    kind: \(kind)
    title: {ja: 期日前投票, en: Early voting}
    from: \(day(from))
    until: \(day(until))
    \(who)
    \(groups ?? "")
    \(more)

    """
  }

  func plan(_ file: String) async throws -> AccessReport {
    try await city.link.call("POST", "/v1/admin/directory/access/plan", AccessQuestion(file: file))
  }

  func list() async throws -> [AccessSummary] { try await city.link.fetch("/v1/admin/directory/access") }

  func state(_ name: String = "kijitsumae") async throws -> String? { try await list().first { $0.access == name }?.state }

  func parameters(_ report: AccessReport) -> [String: String] {
    Dictionary(report.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// By yamada and a second one.
  func both(_ act: Act, _ second: Administrator? = nil) throws -> SignedAct {
    let signed = try city.sign(act)
    return SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try (second ?? suzuki).approval(act)])
  }

  /// Takes an administrator's rights, as two others say.
  func remove(_ leaver: Administrator, with second: Administrator) async throws -> Int {
    let signed = try both(city.act("operator.revoke", ["operator": leaver.id]), second)
    let body = Array(try JSONEncoder().encode(OperatorRemoval(act: Data(signed.encoded))))
    return try await city.link.request("POST", "/v1/admin/operators/\(leaver.id)/remove", body: body).status
  }

  func isRevoked(_ session: SessionOpened) async throws -> Bool? {
    let live: [SessionSummary] = try await city.link.fetch("/v1/admin/sessions")
    return live.first { $0.session == session.session }?.isRevoked
  }

  func warnings() async throws -> [String] {
    try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).warningsEn
  }

  func bring(_ file: String, _ act: SignedAct) async throws -> Int {
    let body = try JSONEncoder().encode(AccessApproval(act: Data(act.encoded), file: file))
    return try await city.link.request("POST", "/v1/admin/directory/access/approve", body: Array(body)).status
  }

  /// Looked at, signed by both, brought.
  func approve(_ file: String, with second: Administrator? = nil) async throws -> Int {
    try await bring(file, both(city.act("directory.access.approve", parameters(try await plan(file))), second))
  }

  func turn(_ what: String, _ signed: SignedAct) async throws -> Int {
    let body = try JSONEncoder().encode(AccessSwitch(act: Data(signed.encoded)))
    return try await city.link.request("POST", "/v1/admin/directory/access/\(what)", body: Array(body)).status
  }

  func switching(_ what: String, _ name: String = "kijitsumae") async throws -> Act {
    let approval = try await list().first { $0.access == name }?.act ?? String(repeating: "0", count: 64)
    return try city.act("directory.access.\(what)", ["access": name, "approval": approval])
  }

  /// By one administrator.
  func turn(_ what: String, _ name: String = "kijitsumae") async throws -> Int {
    try await turn(what, city.sign(switching(what, name)))
  }

  func rows(_ action: String) async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=500&action=\(action)")
  }

  func status() async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  func importPeople(changing old: String, to new: String) async throws -> PeopleImported {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    return try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: text("people.csv").replacingOccurrences(of: old, with: new), groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: false))
  }
}
