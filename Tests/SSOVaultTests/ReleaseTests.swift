import AuthAPI
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Sealing
import SwiftASN1
import Synchronization
import Testing
import X509

@Suite("one credential, once, for one session that a card opened")
struct ReleaseTests {
  let city: SSOCity
  let card: TestCard
  let workstation: TestWorkstation

  init() throws {
    city = try SSOCity()
    card = try city.card("ito")
    workstation = try city.workstation()
    try city.set("correct horse", for: "ito")
  }

  @Test("a session's agent opens what the vault says and signs", arguments: SealingSuite.allCases)
  func release(suite: SealingSuite) throws {
    let session = try city.session(card, at: workstation, suite)
    let act = try city.sessionAct(.release, session)
    guard case .released(let release) = city.office.ask(try city.request(act, session)) else { throw Office.Unexpected() }
    let (statement, credential) = try city.open(release, session)
    #expect(credential.user == "u1")
    #expect(credential.password.withBytes { Array($0) } == Array("correct horse".utf8))
    #expect(
      statement
        == ReleaseStatement(
          instance: city.office.instance,
          vaultKey: try KeyFingerprint(parsing: Array(SHA256.hash(data: city.published.ticket))), suite: suite.rawValue,
          ticket: Array(SHA256.hash(data: act.canonicalBytes)), person: card.person, owner: card.person,
          keys: session.keys, workstationCertificate: workstation.certificate,
          application: try ApplicationID(parsing: "ledger"), account: "",
          version: 1, definition: SSOCity.definition, authorised: SSOCity.authorised,
          setAt: city.office.clock.now.wallMilliseconds, expiresAt: city.office.clock.now.wallMilliseconds + 60_000))
    // Nobody else's session opens it, and no byte of it can be another.
    let other = try city.session(card, at: workstation, suite)
    #expect(throws: (any Error).self) { try city.open(release, other) }
    var bent = release
    bent.statement[bent.statement.count - 1] ^= 1
    bent.signature = release.signature
    #expect(throws: (any Error).self) { try city.open(bent, session) }
    // Known from now on: without evidence, and after a restart.
    var known = session
    known.evidence = nil
    #expect(try city.password(known) == "correct horse")
    #expect(try city.password(known, from: city.office.reopen()) == "correct horse")
  }

  @Test("one act sent sixteen times at once is carried out once")
  func race() throws {
    let session = try city.session(card, at: workstation)
    let request = try city.release(session)
    let answers = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      let word: String
      switch city.office.ask(request) {
      case .released: word = "released"
      case .refused(let refusal): word = refusal.code.rawValue
      default: word = "?"
      }
      answers.withLock { $0.append(word) }
    }
    #expect(answers.withLock { $0.count { $0 == "released" } } == 1)
    #expect(answers.withLock { $0.count { $0 == "V156" } } == 15)
  }

  @Test("a city's morning is no harvest: four releases a minute for each person who has a credential")
  func morning() throws {
    // 76 people: 304 releases.
    var sessions = [try city.session(card, at: workstation)]
    for number in 0..<75 {
      try city.set("x", for: "p\(number)")
      sessions.append(try city.session(city.card("p\(number)"), at: workstation))
    }
    for session in sessions { for _ in 0..<4 { #expect(try city.password(session).hasPrefix("V") == false) } }
    #expect(try city.password(sessions[0]) == "V163")
  }

  @Test("the key that credentials are sealed to stands under the authority's signature")
  func intakeKey() throws {
    guard case .trustRoots(let roots) = city.office.ask(.trustRoots) else { throw Office.Unexpected() }
    let keys = city.published
    #expect(keys.intakeSuite == "xwing-aes256gcm" && keys.intake.count == 1216)
    func holds(_ keys: VaultPublicKeys, _ instance: InstanceID) throws -> Bool {
      try AuthoritySignature.verify(keys.signature, over: keys.message(instance: instance), root: roots[0])
    }
    #expect(try holds(keys, city.office.instance))
    #expect(try !holds(keys, InstanceID(parsing: "mynumber-1")))
    var other = keys
    other.intake[5] ^= 1
    #expect(try !holds(other, city.office.instance))
    // The same after a restart.
    guard
      case .publicKeys(let again) = try city.office.reopen().handle(.publicKeys, from: Office.server, peers: Office.peers)
    else { throw Office.Unexpected() }
    #expect(again.intake == keys.intake && again.ticket == keys.ticket)
  }
}

/// As an agent that has the instance's root verifies.
enum AuthoritySignature {
  static func verify(_ signature: [UInt8], over message: [UInt8], root: [UInt8]) throws -> Bool {
    let key = try #require(P256.Signing.PublicKey(Certificate(derEncoded: root).publicKey))
    return key.isValidSignature(try P256.Signing.ECDSASignature(derRepresentation: signature), for: message)
  }
}
