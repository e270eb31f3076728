import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// An LGWAN city with two administrators, who register people from outside.
struct ExternalOffice {
  static let number = "EXT-0001"
  static let sato = "p-000042"
  static let takahashi = "p-000007"

  let city: City
  let suzuki = Administrator(id: "suzuki", person: "p-000002")

  static func run(_ test: (ExternalOffice) async throws -> Void) async throws {
    let office = ExternalOffice(city: try await City())
    do {
      _ = try await office.city.importPeople()
      #expect(try await office.city.register(office.suzuki) == 201)
      try await test(office)
    } catch {
      await office.city.end()
      throw error
    }
    await office.city.end()
  }

  /// So many days from today in Japan, as acts write it.
  func day(_ offset: Int) -> String {
    let seconds = Double(city.clock.now().wallMilliseconds) / 1000 + 32_400 + Double(offset) * 86_400
    return Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day().dateSeparator(.dash))
  }

  /// Moves the clock to 23:40 in Japan.
  func waitForEvening() {
    let now = (city.clock.now().wallMilliseconds / 1000 + 32_400) % 86_400
    city.clock.advance(seconds: (23 * 3600 + 40 * 60 - now + 86_400) % 86_400)
  }

  func parameters(
    _ number: String = ExternalOffice.number, from: Int = 0, until: Int = 30, responsible: String = ExternalOffice.sato
  ) -> [String: String] {
    [
      "person": number, "name": "外部 太郎", "kana": "ガイブ タロウ", "department": "0401", "groups": "seg-lgwan", "from": day(from),
      "until": day(until), "responsible": responsible, "reason": "contract 15",
    ]
  }

  func extending(until: Int, responsible: String = ExternalOffice.sato) -> [String: String] {
    ["person": Self.number, "until": day(until), "responsible": responsible, "reason": "contract 16"]
  }

  /// By yamada and suzuki.
  func both(_ kind: String, _ parameters: [String: String]) throws -> SignedAct {
    let act = try city.act("person.external.\(kind)", parameters)
    let signed = try city.sign(act)
    return SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try suzuki.approval(act)])
  }

  /// By yamada alone.
  func one(_ kind: String, _ parameters: [String: String]) throws -> SignedAct {
    try city.sign(city.act("person.external.\(kind)", parameters))
  }

  /// - Returns: the summary, or the code of the refusal.
  func bring(_ kind: String, _ act: SignedAct) async throws -> (person: ExternalSummary?, code: String?) {
    let path = "/v1/admin/external-people" + (kind == "add" ? "" : "/\(kind)")
    do {
      let person: ExternalSummary = try await city.link.call("POST", path, ExternalAct(act: Data(act.encoded)))
      return (person, nil)
    } catch ClientFault.refused(let body) {
      return (nil, body.code)
    }
  }

  /// Registered by both, with a card.
  func admitted(until: Int = 30, responsible: String = ExternalOffice.sato) async throws -> TestCard {
    let added = try await bring("add", both("add", parameters(until: until, responsible: responsible)))
    #expect(added.person?.state == "inForce" && added.code == nil)
    return try await city.enrolCard(Self.number)
  }

  func list() async throws -> [ExternalSummary] { try await city.link.fetch("/v1/admin/external-people") }

  func warnings() async throws -> [String] {
    try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).warningsEn
  }

  /// Imports the city's people anew.
  /// - Parameters:
  ///   - lastDays: of some of them, in days from today.
  ///   - more: lines besides.
  func importPeople(
    lastDays: [String: Int] = [:], more: [String] = [], preview: Bool = false
  ) async throws -> PeopleImported {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let people = try text("people.csv").split(separator: "\r\n").map { line in
      var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard let days = lastDays[fields[0]] else { return String(line) }
      fields[9] = day(days)
      return fields.joined(separator: ",")
    }
    return try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: (people + more).joined(separator: "\r\n"), groups: text("groups.csv"),
        departments: text("departments.csv"), confirmed: nil, preview: preview))
  }
}
