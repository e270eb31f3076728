import AuthAPI
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Sealing
import Testing

/// The server itself is the attacker: it sees everything that passes, says what it likes, and has every key of its own making.
@Suite("a hostile server obtains no credential")
struct HostileServerTests {
  let city: SSOCity
  let office: Office
  let ito: TestCard
  let workstation: TestWorkstation
  /// A session of Ito's as its agent holds it; the server has seen everything of it but the private keys.
  let session: TestSession

  init() throws {
    city = try SSOCity()
    office = city.office
    ito = try city.card("ito")
    workstation = try city.workstation()
    try city.set("correct horse", for: "ito")
    session = try city.session(ito, at: workstation)
  }

  private func code(_ act: SessionAct, _ key: TestSession, _ evidence: SessionEvidence?) throws -> String {
    office.refusal(try city.request(act, key, evidence: .some(evidence)))
  }

  @Test("session keys of its own under what the card signed for others")
  func ownSessionKeys() throws {
    var own = try TestSession(.x25519, at: workstation)
    let act = try city.sessionAct(.release, own)
    #expect(try code(act, own, session.evidence) == "V152")
    var evidence = try #require(session.evidence)
    evidence.sealing = own.sealing.publicKey
    evidence.signing = Array(own.signing.publicKey.rawRepresentation)
    #expect(try code(act, own, evidence) == "V152")
    // Half of them: Ito's key signs, the server's is sealed to.
    evidence.signing = Array(session.signing.publicKey.rawRepresentation)
    #expect(try code(city.sessionAct(.release, session), session, evidence) == "V152")
    // A preimage of its own that nobody's card signed.
    own.evidence = try city.evidence(own, TestCard("ito"))
    #expect(try code(act, own, own.evidence) == "V151")
  }

  @Test("a card of its own, registered by nobody, or by an act that it made itself")
  func ownCard() throws {
    let forged = try TestCard("ito")
    let own = try city.session(forged, at: workstation)
    #expect(try city.password(own) == "V151")
    #expect(office.refusal(try city.registration([forged.entry], by: Clerk("sato"))) == "V121", "not Sato's key")
    #expect(office.refusal(try city.registration([forged.entry], by: Clerk("nobody"))) == "V121")
    // An act of Sato's about other cards.
    guard case .registerCards(let act, _) = try city.registration([TestCard("mori").entry]) else { throw Office.Unexpected() }
    #expect(office.refusal(.registerCards(act, cards: [try forged.entry])) == "V121")
    #expect(try city.password(own) == "V151")
  }

  @Test("another person's card that is registered: what comes is that person's")
  func otherPersonsCard() throws {
    let kato = try city.card("kato")
    let own = try city.session(kato, at: workstation)
    #expect(try city.password(own) == "V160", "Kato has no credential, and Ito's is not given instead")
    var claimed = try city.evidence(own, kato)
    claimed.publicKey = ito.publicKey
    #expect(try code(city.sessionAct(.release, own), own, claimed) == "V152")
  }

  @Test("one person's evidence with another's account, application or workstation")
  func othersAccount() throws {
    try city.set("second one", for: "kato", account: "second")
    #expect(try city.password(session, account: "second") == "V160")
    #expect(try city.password(session, SSOCity.sanitiser) == "V160")
    var elsewhere = try city.sessionAct(.release, session)
    elsewhere.workstation = try city.workstation("PC-of-the-server").id
    #expect(try code(elsewhere, session, session.evidence) == "V154")
  }

  @Test("an act that passed once, kept and sent again, changed, or later")
  func replay() throws {
    let act = try city.sessionAct(.release, session)
    let request = try city.request(act, session)
    guard case .released(let release) = office.ask(request) else { throw Office.Unexpected() }
    #expect(office.refusal(request) == "V156")
    office.clock.advance(seconds: 91)
    #expect(office.refusal(request) == "V155")
    // What it carried it cannot read.
    let own = try TestSession(.x25519, at: workstation)
    #expect(throws: (any Error).self) { try city.open(release, own) }
  }

  @Test("evidence of an earlier logon, kept until the card was withdrawn or the day was over")
  func keptEvidence() throws {
    #expect(try city.password(session) == "correct horse")
    office.clock.advance(seconds: 86_400 + 61)
    #expect(try city.password(session) == "V153")
    let later = try city.session(ito, at: workstation)
    try city.expectNoted(city.registration([VaultCard(key: ito.fingerprint, person: ito.person, isWithdrawn: true)]))
    #expect(try city.password(later) == "V151")
  }

  @Test("a definition of its own: the statement names the one that administrators published")
  func ownDefinition() throws {
    let own = String(repeating: "e", count: 64)
    #expect(office.refusal(try city.publication("ledger", definition: own, by: Clerk("sato"))) == "V121")
    guard case .released(let release) = office.ask(try city.release(session)) else { throw Office.Unexpected() }
    #expect(try city.open(release, session).0.definition == SSOCity.definition)
  }

  @Test("a credential that it put in place of another's, and a captured one given to somebody else")
  func swappedIntake() throws {
    let kato = try city.card("kato")
    let katos = try city.session(kato, at: workstation)
    // Sealed by Kato's agent for Kato: not taken as Ito's, nor for another application or account.
    let sealed = try city.sealed("kato's", for: "kato")
    #expect(office.refusal(try city.request(city.sessionAct(.capture, session, content: sealed), session)) == "V164")
    let moved = try city.sessionAct(.capture, katos, SSOCity.sanitiser, content: sealed)
    #expect(office.refusal(try city.request(moved, katos)) == "V164")
    let second = try city.sessionAct(.capture, katos, account: "second", content: sealed)
    #expect(office.refusal(try city.request(second, katos)) == "V164")
    #expect(office.refusal(try city.setting(sealed, for: "ito")) == "V164")
    // Sealed to a key of the server's own.
    var own = city.published
    own.intake = try SealingKey(.xwing, seed: Secret(copying: Office.random(32))).publicKey
    #expect(office.refusal(try city.setting(city.sealed("x", for: "ito", to: own), for: "ito")) == "V164")
    #expect(try city.password(session) == "correct horse")
    #expect(office.refusal(try city.request(city.sessionAct(.capture, katos, content: sealed), katos)) == "answered")
  }

  @Test("a harvest of all it can reach with stolen session keys stops, and somebody is told")
  func harvest() throws {
    // The worst case: it owns the agents' memory of many open sessions.
    try city.publish("ledger", freshness: "86400")
    var others: [TestSession] = []
    for _ in 0..<11 { others.append(try city.session(ito, at: workstation)) }
    var released = 0
    var stopped = ""
    for other in others where stopped.isEmpty {
      for _ in 0..<30 {
        let answer = try city.password(other)
        if answer == "correct horse" { released += 1 } else { stopped = answer }
        if !stopped.isEmpty { break }
      }
    }
    #expect(released == 300 && stopped == "V163")
    #expect(try office.status().alarms == 1)
    office.clock.advance(seconds: 3600)
    #expect(try city.password(session) == "V163", "until somebody has looked")
    #expect(try city.password(session, from: office.reopen()) == "V163")
    #expect(try office.status().alarms == 1, "once")
    #expect(office.refusal(.resumeReleases(try city.act(Act.Kind.resumeReleases, [:], by: Clerk("sato")))) == "V121")
    try city.expectNoted(.resumeReleases(city.act(Act.Kind.resumeReleases, [:])))
    #expect(try city.password(city.session(ito, at: workstation)) == "correct horse")
  }
}
