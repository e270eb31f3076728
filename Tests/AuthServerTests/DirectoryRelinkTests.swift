import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import RealDirectory
import Testing

@Suite(
  "cards of somebody whose account was made anew in a real Active Directory", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirectoryRelinkTests {
  private let sato = "p-000042"
  private let new = "p-000042.2"

  private func offers(_ city: City) async throws -> [RelinkOffer] {
    try await city.link.fetch("/v1/admin/directory", returning: DirectoryStatus.self).relinks
  }

  @Test("deleted and made again with the same number: offered, shown, signed by two, and she logs on with her old card")
  func renewed() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      try await becomes("the city is read") {
        try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 1200
      }
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      let suzuki = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(suzuki) == 201)
      #expect(try await pc.enter(card).person == sato)
      try dc.tool("user delete sato.hanako")
      try await becomes("she has left") { try await refusal { try await pc.enter(card) }?.body.code == "AP103" }
      #expect(try await offers(city).isEmpty)
      try dc.tool("user create sato.hanako 'Another-Word-88' --surname=佐藤 --given-name=花子 --userou=OU=職員")
      try dc.set(account: "sato.hanako", "employeeNumber", sato)
      try dc.tool("group addmembers ka-0401 sato.hanako")
      try await becomes("it is offered, with her groups") {
        let groups = try? await city.link.fetch("/v1/admin/people/\(new)", returning: PersonSummary.self).groups
        return try await offers(city).map(\.person) == [new] && groups?.contains("ka-0401") == true
      }
      #expect(try await pc.show(card, for: new).former == sato)
      #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP103", "shown is not logged on")
      let offer = try #require(try await offers(city).first)
      #expect(offer.because == ["number", "account"] && offer.cards == [card.id])
      let act = try city.act("directory.relink", offer.parameters(try #require(offer.proof)))
      let signed = try city.sign(act)
      let both = SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try suzuki.approval(act)])
      let body = Array(try JSONEncoder().encode(DirectoryAct(act: Data(both.encoded))))
      #expect(try await city.link.request("POST", "/v1/admin/directory/relink", body: body).status == 200)
      let session = try await pc.enter(card)
      #expect(session.person == new)
      #expect(try await offers(city).isEmpty)
      await city.end()
    }
  }
}
