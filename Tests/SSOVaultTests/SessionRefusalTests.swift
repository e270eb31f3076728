import AuthAPI
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Sealing
import Testing

@Suite("what the vault asks before it does anything for a session")
struct SessionRefusalTests {
  let city: SSOCity
  let office: Office
  let card: TestCard
  let workstation: TestWorkstation

  init() throws {
    city = try SSOCity()
    office = city.office
    card = try city.card("ito")
    workstation = try city.workstation()
    try city.set("correct horse", for: "ito")
  }

  private func code(_ session: TestSession, evidence: SessionEvidence?) throws -> String {
    office.refusal(try city.request(city.sessionAct(.release, session), session, evidence: .some(evidence)))
  }

  // MARK: Evidence

  @Test("a session that nothing was shown of is asked for its evidence")
  func notProven() throws {
    let session = try city.session(card, at: workstation)
    #expect(try code(session, evidence: nil) == "V150")
    #expect(try code(session, evidence: session.evidence) == "answered")
    #expect(try code(session, evidence: nil) == "answered")
  }

  @Test("a card that the register does not hold, or that is withdrawn, opens nothing; a session ends with its card")
  func cards() throws {
    let unknown = try TestCard("ito")
    let session = try city.session(unknown, at: workstation)
    #expect(try code(session, evidence: session.evidence) == "V151")
    let open = try city.session(card, at: workstation)
    #expect(try city.password(open) == "correct horse")
    try city.expectNoted(
      city.registration([VaultCard(key: card.fingerprint, person: card.person, isWithdrawn: true)]))
    #expect(try city.password(open) == "V151")
    #expect(try code(open, evidence: nil) == "V151")
    let later = try city.session(card, at: workstation)
    #expect(try city.password(later) == "V151")
  }

  @Test(
    "what the card signed has to be exactly this session, here",
    arguments: [
      "keys", "suite", "unknown suite", "short key", "scenario", "slot", "segment", "served", "workstation", "certificate",
      "signature", "algorithm", "preimage", "key", "other key", "future",
    ])
  func evidence(bent: String) throws {
    let session = try city.session(card, at: workstation)
    let other = try city.workstation("LGWAN-PC-0043")
    var evidence = try city.evidence(session, card)
    func signed(_ bend: (inout CardPreimage) -> Void) throws -> SessionEvidence {
      try city.evidence(session, card, bend: bend)
    }
    switch bent {
    case "keys": evidence = try signed { $0.sessionKeys[0] ^= 1 }
    case "suite": evidence = try signed { $0.sealingSuite = SealingSuite.xwing.rawValue }
    case "unknown suite": evidence.suite = "none"
    case "short key": evidence.sealing.removeLast()
    case "scenario": evidence = try signed { $0.scenario = "admin" }
    case "slot": evidence = try signed { $0.slot = "9c" }
    case "segment": evidence = try signed { $0.segment = "mynumber" }
    case "served": evidence = try signed { $0.segment = "no such" }
    case "workstation": evidence = try signed { $0.workstation = other.id.text }
    case "certificate": evidence = try signed { $0.workstationCertificate = other.certificate.bytes }
    case "signature": evidence.signature = try card.sign([1])
    case "algorithm": evidence.algorithm = "ecdsa-p384-sha384"
    case "preimage": evidence.preimage.append(0)
    case "key": evidence.publicKey[30] ^= 1
    case "other key": evidence.publicKey = try city.card("ito").publicKey
    default: evidence = try city.evidence(session, card, secondsAgo: -91)
    }
    #expect(try code(session, evidence: evidence) == "V152")
    #expect(try city.password(session) == "correct horse", "nothing was spoilt")
  }

  @Test("a suite that is not the vault's opens nothing, even signed by the card")
  func unknownSuite() throws {
    let session = try TestSession(.x25519, at: workstation)
    let keys = SessionKeys(
      suite: "plain", sealing: Data(session.sealing.publicKey), signing: session.signing.publicKey.rawRepresentation)
    let hash = Array(SHA256.hash(data: keys.canonicalBytes))
    var evidence = try city.evidence(session, card) {
      $0.sealingSuite = "plain"
      $0.sessionKeys = hash
    }
    evidence.suite = "plain"
    let act = try SessionAct(
      kind: .release, keys: hash, workstation: workstation.id, application: ApplicationID(parsing: "ledger"), account: "",
      nonce: Office.random(32), issuedAt: office.clock.now.wallMilliseconds)
    #expect(office.refusal(try city.request(act, session, evidence: evidence)) == "V152")
  }

  @Test(
    "a card's signature is good for 24 hours, and from 90 seconds before",
    arguments: [(-90, "answered"), (86_400, "answered"), (86_401, "V153")])
  func age(secondsAgo: Int64, expected: String) throws {
    try city.publish("ledger", freshness: "86400")
    let session = try city.session(card, at: workstation, secondsAgo: secondsAgo)
    #expect(try code(session, evidence: session.evidence) == expected)
  }

  @Test("what is written of a session ends after 24 hours too")
  func ageOfKnown() throws {
    try city.publish("ledger", freshness: "86400")
    let session = try city.session(card, at: workstation)
    #expect(try code(session, evidence: session.evidence) == "answered")
    office.clock.advance(seconds: 86_400)
    #expect(try code(session, evidence: nil) == "answered")
    office.clock.advance(seconds: 1)
    #expect(try code(session, evidence: nil) == "V153")
    office.clock.advance(seconds: 60)
    #expect(try code(session, evidence: nil) == "V150", "forgotten")
    #expect(try code(session, evidence: session.evidence) == "V153")
  }

  @Test("a newer signature of the same card renews a session; another person's card does not take it over")
  func newer() throws {
    try city.publish("ledger", freshness: "3600")
    let session = try city.session(card, at: workstation)
    #expect(try code(session, evidence: session.evidence) == "answered")
    office.clock.advance(seconds: 3601)
    #expect(try code(session, evidence: session.evidence) == "V159")
    let colleague = try city.card("kato")
    #expect(try code(session, evidence: city.evidence(session, colleague)) == "V152")
    let unlock = try city.evidence(session, card) { $0.scenario = "unlock" }
    #expect(try code(session, evidence: unlock) == "answered")
    #expect(try code(session, evidence: session.evidence) == "answered", "the older one does not make it older again")
  }

  @Test("a workstation that was revoked or enrolled anew ends its sessions", arguments: [false, true])
  func workstations(isRevoked: Bool) throws {
    let session = try city.session(card, at: workstation)
    #expect(try code(session, evidence: session.evidence) == "answered")
    if isRevoked {
      let act = try Act.revokeWorkstation(
        workstation.id, by: city.sato.id, instance: office.instance, nonce: Office.random(16),
        at: office.clock.now.wallMilliseconds)
      #expect(office.ask(.revoke(try city.sato.sign(act))) == .revoked)
    } else {
      _ = try city.workstation(workstation.id.text)
    }
    #expect(try code(session, evidence: nil) == "V118")
    let later = try city.session(card, at: workstation)
    #expect(try code(later, evidence: later.evidence) == "V118")
  }

  // MARK: The act

  @Test("an act is the session key's own, for its workstation, of now, and once")
  func acts() throws {
    let session = try city.session(card, at: workstation)
    let other = try city.workstation("LGWAN-PC-0043")
    let act = try city.sessionAct(.release, session)
    let foreign = try TestSession(.x25519, at: workstation)
    let forged = SessionActRequest(
      act: act, signature: Array(try foreign.signing.signature(for: act.canonicalBytes)), evidence: session.evidence,
      authorised: SSOCity.authorised)
    #expect(office.refusal(.sessionAct(forged)) == "V154")
    var elsewhere = act
    elsewhere.workstation = other.id
    #expect(office.refusal(try city.request(elsewhere, session)) == "V154")
    let request = try city.request(act, session)
    #expect(office.refusal(request) == "answered", "refusals cost no ticket")
    #expect(office.refusal(request) == "V156")
    // Another hash of the server's row does not make another ticket.
    var again = SessionActRequest(act: act, signature: [], evidence: nil, authorised: [UInt8](repeating: 1, count: 32))
    again.signature = Array(try session.signing.signature(for: act.canonicalBytes))
    #expect(office.refusal(.sessionAct(again)) == "V156")
    let after = try office.reopen().handle(request, from: Office.server, peers: Office.peers)
    #expect(after == .refused(VaultRefusal(.ticketUsed, "this very act was carried out before")))
  }

  @Test(
    "an act's date lies within 90 seconds, either way",
    arguments: [(90, "answered"), (91, "V155"), (-90, "answered"), (-91, "V155")])
  func stale(secondsAgo: Int64, expected: String) throws {
    let session = try city.session(card, at: workstation)
    let act = try city.sessionAct(.release, session, secondsAgo: secondsAgo)
    #expect(office.refusal(try city.request(act, session)) == expected)
  }

  @Test("dates at the ends of the calendar are refused, and nothing traps", arguments: [Int64.min, -1, 0, .max])
  func calendar(time: Int64) throws {
    let session = try city.session(card, at: workstation)
    var act = try city.sessionAct(.release, session)
    act.issuedAt = time
    #expect(office.refusal(try city.request(act, session)) == "V155")
    #expect(try code(session, evidence: city.evidence(session, card) { $0.expiresAt = time }) == "V152")
  }

  @Test("an application that is not published, is not for this segment, or wants a fresher card")
  func applications() throws {
    let session = try city.session(card, at: workstation, secondsAgo: 120)
    #expect(try city.password(session, "payroll") == "V157")
    try city.publish("ledger", freshness: "119")
    #expect(try city.password(session) == "V159")
    try city.publish("ledger", freshness: "120")
    #expect(try city.password(session) == "correct horse")
    try city.publish("ledger", segments: "")
    #expect(try city.password(session) == "V157")
  }

  @Test("a session of one segment gets nothing of an application of another")
  func elsewhere() throws {
    let two = try SSOCity(Office(segments: [.lgwan, .mynumber]))
    let (ito, pc) = (try two.card("ito"), try two.workstation())
    try two.publish("ledger", segments: "mynumber")
    try two.set("correct horse", for: "ito")
    #expect(try two.password(two.session(ito, at: pc)) == "V158")
    try two.publish("ledger", segments: "lgwan mynumber")
    #expect(try two.password(two.session(ito, at: pc)) == "correct horse")
  }

  @Test("what was never kept, and what the application refused, is not handed over")
  func credentials() throws {
    let session = try city.session(card, at: workstation)
    #expect(try city.password(session, SSOCity.sanitiser) == "V160")
    #expect(try city.password(session, account: "second") == "V160")
    #expect(try city.password(session) == "correct horse")
    #expect(office.ask(try city.report(.refused, session)) == .noted)
    #expect(try city.password(session) == "V161")
    try city.set("battery staple", for: "ito")
    #expect(try city.password(session) == "battery staple")
  }

  @Test("thirty releases a minute for one session, and then another minute's")
  func rate() throws {
    let session = try city.session(card, at: workstation)
    for _ in 0..<30 { #expect(try city.password(session) == "correct horse") }
    #expect(try city.password(session) == "V162")
    // Counted over a restart.
    #expect(try city.password(session, from: office.reopen()) == "V162")
    #expect(try city.password(city.session(card, at: workstation)) == "correct horse", "another session")
    office.clock.advance(seconds: 60)
    #expect(try city.password(session) == "correct horse")
  }

  @Test("only the server carries acts of sessions, and none before initialisation")
  func peers() throws {
    let request = try city.release(city.session(card, at: workstation))
    #expect(office.refusal(request, from: Office.desk) == "V103")
    #expect(office.refusal(request, from: Office.stranger) == "V103")
    #expect(try Office().refusal(request) == "V101")
  }

  @Test("refusals of sessions are rows, written together")
  func rows() throws {
    let before = try office.status().logSize
    let session = try city.session(card, at: workstation)
    for _ in 0..<20 { #expect(try code(session, evidence: nil) == "V150") }
    #expect(try office.status().logSize == before + 1)
    #expect(try city.password(session, "payroll") == "V157")
    #expect(try office.status().logSize == before + 2)
  }
}
