import AuthAPI
import AuthTerms
import Crypto
import FaultyDisk
import Foundation
import Isolation
import SSOVault
import Sealing
import Testing

/// A release on a disk that fails, and a vault that ends between any two of its steps.
@Suite("whatever breaks during a release, the ticket is burned or nothing was handed over", .timeLimit(.minutes(5)))
struct ReleaseFaultTests {
  /// A state with one person's credential; copied for each round.
  private struct Morning {
    let city: SSOCity
    let session: TestSession
    let request: VaultRequest

    init() throws {
      city = try SSOCity()
      session = try city.session(city.card("ito"), at: city.workstation())
      try city.set("correct horse", for: "ito")
      request = try city.release(session)
    }

    /// The same vault on another disk.
    func service(at folder: String) throws -> VaultService { try city.office.reopen(at: folder) }

    func ask(_ service: VaultService) -> VaultAnswer { service.handle(request, from: Office.server, peers: Office.peers) }
  }

  private static func word(_ answer: VaultAnswer) -> String {
    switch answer {
    case .released: "released"
    case .refused(let refusal): refusal.code.rawValue
    default: "?"
    }
  }

  @Test("the power is cut at each write and sync in turn", arguments: FaultyDisk.Remains.allCases)
  func cut(remains: FaultyDisk.Remains) throws {
    let morning = try Morning()
    var number = 0
    var released = 0
    var unburned = 0
    while true {
      let disk = try FaultyDisk(copying: morning.city.office.state)
      let service = try morning.service(at: disk.folder)
      let start = disk.operations
      disk.cutPower(at: start + number)
      let answer = Self.word(morning.ask(service))
      let end = disk.operations
      let left = try disk.remains(remains, seed: UInt64(number))
      defer { try? FileManager.default.removeItem(atPath: left) }
      let after = Self.word(morning.ask(try morning.service(at: left)))
      if answer == "released" {
        released += 1
        #expect(after == "V156", "handed over twice after a cut at \(number)")
      } else {
        #expect(["released", "V156"].contains(after), "at \(number): \(after)")
        if after == "released" { unburned += 1 }
      }
      if end <= start + number { break }
      number += 1
    }
    #expect(number > 3 && released > 0 && unburned > 0)
  }

  @Test("each write and sync fails in turn: refused, and nothing left the vault", arguments: FaultyDisk.Fault.allCases)
  func failing(fault: FaultyDisk.Fault) throws {
    let morning = try Morning()
    var number = 0
    var refused = 0
    while true {
      let disk = try FaultyDisk(copying: morning.city.office.state)
      let service = try morning.service(at: disk.folder)
      let start = disk.operations
      disk.fail(from: start + number, with: fault)
      let answer = Self.word(morning.ask(service))
      let end = disk.operations
      disk.repair()
      let again = Self.word(morning.ask(service))
      if answer == "released" {
        #expect(again == "V156", "handed over twice, fault at \(number)")
      } else {
        #expect(answer == "V190" && ["released", "V156"].contains(again), "at \(number): \(answer), \(again)")
        refused += 1
      }
      // Recovered without a restart.
      #expect(try morning.city.password(morning.session, from: service) == "correct horse", "after a fault at \(number)")
      if end <= start + number { break }
      number += 1
    }
    #expect(number > 3 && refused > 1)
  }

  @Test("on a disk that stays full nothing is handed over, and it goes on when there is room")
  func full() throws {
    let morning = try Morning()
    let disk = try FaultyDisk(copying: morning.city.office.state)
    let service = try morning.service(at: disk.folder)
    disk.fail(from: disk.operations, count: 100_000, with: .full)
    for _ in 0..<3 { #expect(try morning.city.password(morning.session, from: service) == "V190") }
    disk.repair()
    #expect(try morning.city.password(morning.session, from: service) == "correct horse")
  }

  @Test("a key that nothing can be sealed to is refused after the ticket is burned")
  func sealing() throws {
    let morning = try Morning()
    let city = morning.city
    // All zero: a point of small order, which X25519 refuses (RFC 7748 §6.1); the card signs it like any other.
    var session = morning.session
    let keys = SessionKeys(
      suite: "x25519-chachapoly", sealing: Data(count: 32), signing: session.signing.publicKey.rawRepresentation)
    let hash = SSOCity.hash(keys)
    let card = try city.card("ito")
    var evidence = try city.evidence(session, card) { $0.sessionKeys = hash }
    evidence.sealing = [UInt8](repeating: 0, count: 32)
    session.evidence = evidence
    let act = try SessionAct(
      kind: .release, keys: hash, workstation: session.workstation.id, application: ApplicationID(parsing: "ledger"),
      account: "", nonce: Office.random(32), issuedAt: city.office.clock.now.wallMilliseconds)
    let first = city.office.ask(try city.request(act, session))
    #expect(Self.word(first) == "V152")
    #expect(city.office.refusal(try city.request(act, session)) == "V156")
  }
}
