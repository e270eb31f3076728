import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// A workstation of the LGWAN segment, at an instance that serves My Number too, says that it is something else: in every
/// place where a client can say anything.
@Suite("Claims of another segment", .serialized)
struct ClaimTests {
  /// Of LGWAN alone.
  private let sato = "p-000042"

  private static let claims = [
    "mynumber", "sanmon://lgwan-1/mynumber/workstation/MYNUMBER-PC-0007", "MYNUMBER-PC-0007", "remote", "unlock",
  ]
  private static let headers = [
    "Segment", "X-Segment", "X-Sanmon-Segment", "X-Workstation", "X-Scenario", "X-Forwarded-For", "X-Forwarded-Host",
    "Forwarded", "X-Real-IP", "X-Client-Cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert", "SSL_CLIENT_S_DN",
    "Authorization", "Cookie", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "Via", "Origin", "Referer",
    "User-Agent", "Accept-Language", "From",
  ]

  @Test("no header, no query and no body moves a ceremony into another segment, scenario or name")
  func opening() async throws {
    let city = try await City(combined: true)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let client = try await pc.raw()
    func answered(_ reply: TestReply) throws {
      #expect(reply.status == 201, "\(reply.text)")
      let opened = try JSONDecoder().decode(CeremonyOpened.self, from: Data(reply.body))
      #expect(opened.segment == "lgwan" && opened.scenario == "logon" && opened.workstation == "LGWAN-PC-0042")
    }
    for header in Self.headers {
      for claim in Self.claims {
        try answered(await client.request("POST", "/v1/ceremonies", headers: "\(header): \(claim)\r\n"))
      }
    }
    for field in ["segment", "scenario", "workstation", "session", "instance"] {
      for claim in Self.claims.filter({ !$0.contains("/") }) {
        let reply = try await client.request("POST", "/v1/ceremonies?\(field)=\(claim)")
        if reply.status == 201 { try answered(reply) } else { #expect((400..<500).contains(reply.status)) }
        let told = try await pc.raw()
        #expect(try await told.request("POST", "/v1/ceremonies", body: "{\"\(field)\":\"\(claim)\"}").status == 400)
        await told.close()
      }
    }
    await client.close()
    await city.end()
  }

  @Test("no further field of a proof is taken, and none that is there says where the session opens")
  func proving() async throws {
    let city = try await City(combined: true)
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let other = try await city.workstation("MYNUMBER-PC-0007", segment: .mynumber)
    let card = try await city.enrolCard(sato)
    for field in ["segment", "scenario", "workstation", "person", "session", "groups", "proofClass", "kinds"] {
      let opened = try await pc.open()
      let encoded = try JSONEncoder().encode(pc.proofs(opened, card))
      var object = try #require(try JSONSerialization.jsonObject(with: encoded) as? [String: Any])
      object[field] = "mynumber"
      let body = try JSONSerialization.data(withJSONObject: object)
      let answer = try await pc.connection.request(
        "POST", "/v1/ceremonies/\(opened.ceremony.ceremony)/proofs", body: Array(body))
      #expect(answer.status == 400, "\(field)")
    }
    // A proof made at the other segment's workstation, brought here, and the other way round.
    let there = try await other.open()
    #expect(try await refusal { try await pc.prove(there, pc.proofs(there, card)) } != nil)
    #expect(try await refusal { try await other.prove(there, pc.proofs(there, card)) } != nil)
    let here = try await pc.open()
    #expect(try await refusal { try await other.prove(here, pc.proofs(here, card)) } != nil)
    #expect(try await pc.enter(card).segment == "lgwan")
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.liveSessions == 1)
    await city.end()
  }
}
