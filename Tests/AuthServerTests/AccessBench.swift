import AuthAPI
import AuthClient
import AuthTerms
import Foundation

/// A city with dated accesses: files, signatures, switches.
struct AccessBench {
  let city: City
  let suzuki = Administrator(id: "suzuki", person: "p-000002")

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

  func both(_ act: Act) throws -> SignedAct {
    let signed = try city.sign(act)
    return SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try suzuki.approval(act)])
  }

  func bring(_ file: String, _ act: SignedAct) async throws -> Int {
    let body = try JSONEncoder().encode(AccessApproval(act: Data(act.encoded), file: file))
    return try await city.link.request("POST", "/v1/admin/directory/access/approve", body: Array(body)).status
  }

  /// Looked at, signed by both, brought.
  func approve(_ file: String) async throws -> Int {
    try await bring(file, both(city.act("directory.access.approve", parameters(try await plan(file)))))
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

  /// The next thing that a held connection is told, but that it is alive.
  func event<Lines: AsyncIteratorProtocol>(_ lines: inout Lines) async throws -> WatchEvent
  where Lines.Element: Sequence<UInt8> {
    while let line = try await lines.next() {
      let event = try JSONDecoder().decode(WatchEvent.self, from: Data(line))
      if event.event != "keepalive" { return event }
    }
    throw CancellationError()
  }
}
