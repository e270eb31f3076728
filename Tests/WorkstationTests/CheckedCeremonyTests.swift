import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Testing
import Workstation
import X509

@Suite("what the card is asked to sign")
struct CheckedCeremonyTests {
  let workstation: EnrolledWorkstation
  let server = [UInt8](repeating: 9, count: 32)
  let keys = SessionKeys(
    suite: "x25519-chachapoly", sealing: Data(repeating: 1, count: 32), signing: Data(repeating: 2, count: 32))

  init() throws {
    let issued = try TestAuthority().issue(
      "LGWAN-PC-0042", names: [.uniformResourceIdentifier("sanmon://sanmon-shi/lgwan/workstation/LGWAN-PC-0042")])
    workstation = try EnrolledWorkstation(certificate: issued.certificate)
  }

  private func opened(_ change: (inout CeremonyOpened) -> Void = { _ in }) -> CeremonyOpened {
    var opened = CeremonyOpened(
      ceremony: "c-1", nonce: Data(repeating: 7, count: 32), scenario: "logon", segment: "lgwan",
      workstation: "LGWAN-PC-0042", expiresAt: 1_800_000_030_000, combinations: [["card", "pin"]], session: nil)
    change(&opened)
    return opened
  }

  @Test("the preimage is built from the certificate and the handshake")
  func built() throws {
    let preimage = try CheckedCeremony(opened(), of: workstation, serverCertificate: server).preimage(slot: "9a", keys: keys)
    #expect(preimage.workstation == "LGWAN-PC-0042")
    #expect(preimage.segment == "lgwan")
    #expect(preimage.scenario == "logon")
    #expect(preimage.serverCertificate == server)
    #expect(preimage.workstationCertificate == Array(SHA256.hash(data: workstation.certificate)))
    #expect(preimage.sessionKeys == Array(SHA256.hash(data: keys.canonicalBytes)))
    #expect(preimage.expiresAt == 1_800_000_030_000)
  }

  @Test(
    "an answer that contradicts this workstation is refused",
    arguments: [
      ("workstation", Disagreement.workstation), ("segment", .segment), ("nonce", .nonce), ("long nonce", .nonce),
      ("ceremony", .ceremony), ("scenario", .scenario), ("admin", .scenario), ("release", .scenario), ("expiry", .expiry),
      ("unlock without session", .session), ("logon with session", .session), ("odd session", .session),
      ("flood", .ceremony),
    ])
  func disagreement(name: String, subject: Disagreement) {
    let answer = opened { opened in
      switch name {
      case "workstation": opened.workstation = "LGWAN-PC-0043"
      case "segment": opened.segment = "mynumber"
      case "nonce": opened.nonce = Data(repeating: 7, count: 31)
      case "long nonce": opened.nonce = Data(repeating: 7, count: 33)
      case "ceremony": opened.ceremony = "../sessions"
      case "scenario": opened.scenario = "LOGON"
      case "admin": opened.scenario = "admin"
      case "release": opened.scenario = "release"
      case "expiry": opened.expiresAt = 0
      case "unlock without session": opened.scenario = "unlock"
      case "logon with session": opened.session = "s-1"
      case "odd session": (opened.scenario, opened.session) = ("unlock", "s 1")
      default: opened.combinations = Array(repeating: ["card"], count: 65)
      }
    }
    #expect(throws: AgentFault.disagreement(subject)) {
      _ = try CheckedCeremony(answer, of: workstation, serverCertificate: server)
    }
  }

  @Test("without a certificate from the handshake nothing is signed", arguments: [nil, [], [1, 2, 3]] as [[UInt8]?])
  func noHandshake(certificate: [UInt8]?) {
    #expect(throws: AgentFault.disagreement(.serverCertificate)) {
      _ = try CheckedCeremony(opened(), of: workstation, serverCertificate: certificate)
    }
  }

  @Test("an unlock has a session preimage, a logon has none")
  func session() throws {
    #expect(try CheckedCeremony(opened(), of: workstation, serverCertificate: server).sessionPreimage == nil)
    let unlock = opened { ($0.scenario, $0.session) = ("unlock", "s-1") }
    let preimage = try CheckedCeremony(unlock, of: workstation, serverCertificate: server).sessionPreimage
    #expect(preimage == SessionPreimage(session: "s-1", ceremony: "c-1", nonce: Array(repeating: 7, count: 32)))
  }
}

@Suite("the workstation's own certificate")
struct EnrolledWorkstationTests {
  @Test("who it is and until when")
  func read() throws {
    let issued = try TestAuthority().issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/mynumber/workstation/MYNUMBER-PC-0007")], validFor: 86_400)
    let enrolled = try EnrolledWorkstation(certificate: issued.certificate)
    #expect(enrolled.instance == "city")
    #expect(enrolled.segment == .mynumber)
    #expect(enrolled.workstation.text == "MYNUMBER-PC-0007")
    #expect(enrolled.fingerprint == issued.fingerprint)
    let expected = (Date().timeIntervalSince1970 + 86_400) * 1000
    #expect(abs(Double(enrolled.notAfter) - expected) < 5000)
  }

  @Test("dates beyond 2049 are read as well")
  func late() throws {
    let issued = try TestAuthority().issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/A")], validFor: 40 * 365.25 * 86_400)
    let enrolled = try EnrolledWorkstation(certificate: issued.certificate)
    let expected = (Date().timeIntervalSince1970 + 40 * 365.25 * 86_400) * 1000
    #expect(abs(Double(enrolled.notAfter) - expected) < 5000)
  }

  @Test(
    "names that are not ours",
    arguments: [
      "https://city/lgwan/workstation/A", "sanmon://city/lgwan/workstation/", "sanmon://city/lgwan/workstation/A/B",
      "sanmon://city/LGWAN/workstation/A", "sanmon:///lgwan/workstation/A", "sanmon://city/lgwan/server/A", "sanmon://city",
    ])
  func foreign(uri: String) throws {
    let issued = try TestAuthority().issue("PC", names: [.uniformResourceIdentifier(uri)])
    #expect(throws: MalformedInput.self) { _ = try EnrolledWorkstation(certificate: issued.certificate) }
  }

  @Test("two names, a host name, or none")
  func names() throws {
    let uri = "sanmon://city/lgwan/workstation/A"
    for names in [[.uniformResourceIdentifier(uri), .uniformResourceIdentifier(uri)], [.dnsName("a.example")]]
      as [[TestAuthority.Name]]
    {
      let issued = try TestAuthority().issue("PC", names: names)
      #expect(throws: MalformedInput.self) { _ = try EnrolledWorkstation(certificate: issued.certificate) }
    }
  }

  @Test("every cut and every flipped byte is read or refused, never a trap")
  func damage() throws {
    let whole = try TestAuthority().issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/A")]
    ).certificate
    for length in 0..<whole.count {
      #expect(throws: MalformedInput.self) { _ = try EnrolledWorkstation(certificate: Array(whole.prefix(length))) }
    }
    for position in whole.indices {
      for bit in [0x01, 0x80] as [UInt8] {
        var damaged = whole
        damaged[position] ^= bit
        _ = try? EnrolledWorkstation(certificate: damaged)
      }
    }
  }
}
