import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SwiftASN1
import Testing
import X509

/// Certificate cards as the server sees them: certificate and signature. What a library adds is tested elsewhere.
@Suite("certificate cards", .serialized)
struct CertificateCardTests {
  private static let sato = "p-000042"
  private static let password = "kawa-no-nagare-7"
  /// 1.3.6.1.4.1.55555.7.1, DER without its tag.
  private static let promise: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xB2, 0x03, 0x07, 0x01]
  private static let pinPolicy = "card-pin-policies: {lgwan: [1.3.6.1.4.1.55555.7.1]}"

  private func codes(_ city: City) async throws -> [String] {
    try await city.audit("class=ceremony&outcome=denied").compactMap(\.code)
  }

  private func enrolled(_ city: City, _ card: TestCard, refusedWithoutPIN: Bool = true) async throws -> CardSummary {
    _ = try await city.enrolCard(
      Self.sato, slot: CertificateCard.slot, refusedWithoutPIN: refusedWithoutPIN, key: card)
    let cards: [CardSummary] = try await city.link.fetch("/v1/admin/cards?person=\(Self.sato)")
    return try #require(cards.first { $0.card == card.id })
  }

  @Test("a key whose authority promises nothing is pk, whatever the desk says: with a password it logs on")
  func possession() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    try await city.setPassword(Self.sato, Self.password)
    let card = try city.cards.issue(slot: CertificateCard.slot)
    let summary = try await enrolled(city, card)
    #expect(summary.keys.map(\.slot) == ["cert"] && summary.keys.map(\.proofClass) == ["pk"])
    let opened = try await pc.open()
    let answer = try await pc.prove(opened, pc.proofs(opened, card))
    #expect(answer.outcome == "stillNeeded" && answer.combinations?.contains(["password"]) == true, "\(answer)")
    #expect(try await pc.prove(opened, pc.proofs(opened, nil, password: Self.password)).outcome == "granted")
    await city.end()
  }

  @Test("under the policy of an authority that promises a PIN it is pk-pin, as long as the start-up file says so")
  func promised() async throws {
    let city = try await City(lines: { _ in Self.pinPolicy })
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try city.cards.issue(slot: CertificateCard.slot, policy: Self.promise)
    // What the desk says of it counts for nothing.
    let summary = try await enrolled(city, card, refusedWithoutPIN: false)
    #expect(summary.keys.map(\.proofClass) == ["pk-pin"])
    let session = try await pc.enter(card)
    #expect(session.scenario == "logon")
    // A key of the same authority under no policy, or another one, is pk beside it.
    for policy in [nil, Array(Self.promise.dropLast()) + [2]] as [[UInt8]?] {
      let other = try city.cards.issue(slot: CertificateCard.slot, policy: policy)
      #expect(try await enrolled(city, other).keys.map(\.proofClass) == ["pk"])
    }
    // Without the line what was proven at the desk is not shown any more.
    try await city.restart(lines: "")
    let again = try await city.workstation("LGWAN-PC-0043")
    let opened = try await again.open()
    #expect(try await refusal { try await again.prove(opened, again.proofs(opened, card)) }?.body.code == "AP110")
    await city.end()
  }

  @Test("a key counts in the slot it was registered in alone, and only with its own profile")
  func slots() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    try await city.setPassword(Self.sato, Self.password)
    let card = try city.cards.issue(slot: CertificateCard.slot)
    _ = try await enrolled(city, card)
    let piv = try await city.enrolCard(Self.sato)
    for (key, slot) in [(card, "9a"), (card, "9e"), (piv, CertificateCard.slot)] {
      let opened = try await pc.open()
      #expect(try await refusal { try await pc.prove(opened, pc.proofs(opened, key, shownAs: slot)) }?.body.code == "AP100")
      #expect(try await codes(city).last == "AP148", "\(slot)")
      city.clock.advance(seconds: 120)
    }
    for (profile, slot) in [("piv", "cert"), ("certificate", "9a"), ("certificate", "")] {
      let opened = try await pc.open()
      var message = try pc.proofs(opened, card)
      message.card?.profile = profile
      message.card?.slot = slot
      let refused = try await refusal { try await pc.prove(opened, message) }
      #expect(refused?.body.code == "AP100" || refused?.status == 400, "\(profile) \(slot)")
      city.clock.advance(seconds: 120)
    }
    await city.end()
  }

  @Test("at the desk: smartcardLogon is enough of a use, another one is not, and none goes into the stock")
  func desk() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let logon = try city.cards.issue(
      slot: CertificateCard.slot, usages: [ExtendedKeyUsage.Usage(oid: [1, 3, 6, 1, 4, 1, 311, 20, 2, 2])])
    #expect(try await enrolled(city, logon).keys.map(\.proofClass) == ["pk"])
    let server = try city.cards.issue(slot: CertificateCard.slot, usages: [.serverAuth])
    await #expect(throws: (any Error).self) { _ = try await enrolled(city, server) }
    let stranger = try CardAuthority(named: "Another City").issue(slot: CertificateCard.slot)
    await #expect(throws: (any Error).self) { _ = try await enrolled(city, stranger) }
    let rows = try await city.audit("class=enrolment&outcome=refused")
    #expect(rows.compactMap(\.code) == ["AP144", "AP144"] && rows.allSatisfy { $0.note.hasPrefix("slot cert: ") })
    await city.end()
  }

  @Test("the vault is told of it like of any card that signs")
  func vault() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let card = try city.cards.issue(slot: CertificateCard.slot)
    _ = try await enrolled(city, card)
    let pending: VaultCardsPending = try await city.link.fetch("/v1/admin/vault/cards")
    #expect(pending.cards.count == 1 && pending.cards.first?.person == Self.sato)
    await city.end()
  }
}
