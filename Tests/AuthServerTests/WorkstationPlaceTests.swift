import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Where workstations stand and whose own they are: two of one person's own at one site count as one.
@Suite("Own workstations", .serialized)
struct WorkstationPlaceTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let word = "kawa-no-nagare-7"

  private func place(_ city: City, _ pc: String, _ site: String?) async throws -> WorkstationSummary {
    try await city.link.call(
      "POST", "/v1/admin/workstations/\(pc)/site", WorkstationPlacing(site: site, reason: "moved"))
  }

  private func assign(_ city: City, _ pc: String, _ person: String, _ isOwner: Bool = true) async throws -> WorkstationSummary {
    try await city.link.call(
      "POST", "/v1/admin/workstations/\(pc)/owners", WorkstationOwning(person: person, isOwner: isOwner, reason: "two desks"))
  }

  private func code(_ work: () async throws -> WorkstationSummary) async throws -> String? {
    do {
      _ = try await work()
      return nil
    } catch ClientFault.refused(let body) {
      return body.code
    }
  }

  @Test("a number at two own workstations of one site raises no alarm; at another site, or another's, it does")
  func twoOwn() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeNumbers()
    _ = try await city.enrolNumber(.sato, for: sato)
    try await city.setPassword(sato, word)
    let names = ["LGWAN-PC-0042", "LGWAN-PC-0043", "LGWAN-PC-0044"]
    var pcs: [TestWorkstation] = []
    for name in names { pcs.append(try await city.workstation(name)) }
    for name in names.prefix(2) {
      _ = try await place(city, name, "honcho")
      #expect(try await assign(city, name, sato).owners == [sato])
    }
    _ = try await place(city, names[2], "nishi")
    _ = try await assign(city, names[2], sato)
    city.clock.stop()
    func enter(_ index: Int) async throws -> String? {
      do {
        let session = try await pcs[index].enter(.sato, password: word)
        _ = try await pcs[index].end("logoff", session.session)
        return nil
      } catch let refused as Refused {
        return refused.body.code
      }
    }
    #expect(try await enter(0) == nil)
    city.clock.advance(seconds: 2)
    #expect(try await enter(1) == nil, "her other one")
    city.clock.advance(seconds: 2)
    #expect(try await enter(0) == nil, "and back")
    #expect(try await enter(2) == "AP100", "her own, at another site")
    #expect(try await city.audit("action=card.twoWorkstations").count == 1)
    // Not hers any more: as everybody's.
    #expect(try await assign(city, names[1], sato, false).owners.isEmpty)
    #expect(try await enter(1) == "AP100")
    _ = try await assign(city, names[1], sato)
    // A site that nobody has said is none.
    _ = try await place(city, names[1], nil)
    city.clock.advance(seconds: 120)
    #expect(try await enter(1) == nil, "alone")
    #expect(try await enter(0) == "AP100")
    let alarms = try await city.audit("action=card.twoWorkstations")
    #expect(alarms.map(\.workstation) == [names[2], names[1], names[0]])
    #expect(alarms.map { $0.note.contains("also at LGWAN-PC-0042") } == [true, true, false])
    await city.end()
  }

  @Test(
    "what is not there is refused, four is the limit on either side, and a new certificate changes nothing; each with a row")
  func refusals() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    for number in 1...5 { _ = try await city.workstation("LGWAN-PC-000\(number)") }
    let pc = "LGWAN-PC-0001"
    #expect(try await code { try await place(city, pc, "nowhere") } == "HT404")
    #expect(try await code { try await place(city, "LGWAN-PC-9999", "honcho") } == "HT404")
    #expect(try await code { try await assign(city, "LGWAN-PC-9999", sato) } == "HT404")
    #expect(try await code { try await assign(city, pc, "p-none") } == "HT404")
    #expect(try await place(city, pc, "honcho").site == "honcho")
    for number in 1...4 { _ = try await assign(city, "LGWAN-PC-000\(number)", sato) }
    #expect(try await code { try await assign(city, "LGWAN-PC-0005", sato) } == "HT409", "a fifth one")
    #expect(try await assign(city, "LGWAN-PC-0004", sato).owners == [sato], "said twice")
    // One that is gone for good takes nobody's place.
    let revocation = try city.sign(city.act("workstation.revoke", ["workstation": "LGWAN-PC-0002"]))
    let _: WorkstationRevoked = try await city.link.call(
      "POST", "/v1/admin/workstations/LGWAN-PC-0002/revoke", WorkstationRevocation(act: Data(revocation.encoded)))
    #expect(try await assign(city, "LGWAN-PC-0005", sato).owners == [sato])
    for person in ["p-000003", "p-000004", takahashi] { _ = try await assign(city, pc, person) }
    #expect(try await code { try await assign(city, pc, "p-000005") } == "HT409", "a fifth person")
    #expect(try await assign(city, pc, takahashi, false).owners == ["p-000003", "p-000004", sato])
    // Enrolled anew under its name.
    _ = try await city.workstation(pc)
    let listed: [WorkstationSummary] = try await city.link.fetch("/v1/admin/workstations")
    let first = try #require(listed.first { $0.workstation == pc })
    #expect(first.site == "honcho" && first.owners == ["p-000003", "p-000004", sato])
    let rows = try await city.audit("class=enrolment&limit=500")
    #expect(rows.count { $0.action == "workstation.placed" } == 3 && rows.count { $0.action == "workstation.unassigned" } == 1)
    let assigned = rows.filter { $0.action == "workstation.assigned" }
    #expect(assigned.count { $0.outcome == "refused" } == 4 && assigned.allSatisfy { $0.note.contains("two desks") })
    await city.end()
  }

  @Test("a desk names owners, and only an administrator says where a workstation stands")
  func roles() async throws {
    let office = try await OperatorCity()
    let city = office.city
    _ = try await city.importPeople()
    _ = try await city.workstation("LGWAN-PC-0042")
    let desk = try await office.connect(office.newOperator(role: "desk").identity)
    let owned: WorkstationSummary = try await desk.call(
      "POST", "/v1/admin/workstations/LGWAN-PC-0042/owners", WorkstationOwning(person: sato, isOwner: true, reason: ""))
    #expect(owned.owners == [sato])
    #expect(
      try await code {
        try await desk.call(
          "POST", "/v1/admin/workstations/LGWAN-PC-0042/site", WorkstationPlacing(site: "honcho", reason: ""))
      } == "AP125")
    desk.close()
    await city.end()
  }
}
