import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Testing

@Suite("what is signed, to the byte")
struct PreimageTests {
  private let card = CardPreimage(
    nonce: (0..<32).map { UInt8($0) }, ceremony: "c-0001", workstation: "LGWAN-PC-0042", scenario: "logon", segment: "lgwan",
    expiresAt: 1_775_001_030_000, serverCertificate: [UInt8](repeating: 0xA1, count: 32),
    workstationCertificate: [UInt8](repeating: 0xB2, count: 32), slot: "9a", sealingSuite: "x25519-chachapoly",
    sessionKeys: [UInt8](repeating: 0xC3, count: 32))
  private let session = SessionPreimage(session: "s-0001", ceremony: "c-0001", nonce: (0..<32).map { UInt8($0) })
  private let enrolment = EnrolmentPreimage(
    nonce: (0..<32).map { UInt8($0) }, person: "p-000042", slot: "9a", guid: [UInt8](repeating: 0xD4, count: 16),
    card: "card-0001")
  private let relink = RelinkPreimage(
    nonce: (0..<32).map { UInt8($0) }, ceremony: "r-0001", person: "p-000042.2", workstation: "LGWAN-PC-0042",
    segment: "lgwan", expiresAt: 1_775_001_030_000, serverCertificate: [UInt8](repeating: 0xA1, count: 32),
    workstationCertificate: [UInt8](repeating: 0xB2, count: 32))

  private let firstTap = FirstTapPreimage(
    nonce: (0..<32).map { UInt8($0) }, ceremony: "t-0001", account: "sato.hanako", workstation: "LGWAN-PC-0042",
    segment: "lgwan", expiresAt: 1_775_001_030_000, serverCertificate: [UInt8](repeating: 0xA1, count: 32),
    workstationCertificate: [UInt8](repeating: 0xB2, count: 32), slot: "9a", guid: [UInt8](repeating: 0xD4, count: 16))

  @Test("the bytes are the golden ones")
  func goldenBytes() {
    #expect(Hex.encode(card.canonicalBytes) == GoldenPreimages.card)
    #expect(Hex.encode(session.canonicalBytes) == GoldenPreimages.session)
    #expect(Hex.encode(enrolment.canonicalBytes) == GoldenPreimages.enrolment)
    #expect(Hex.encode(relink.canonicalBytes) == GoldenPreimages.relink)
    #expect(Hex.encode(firstTap.canonicalBytes) == GoldenPreimages.firstTap)
    let found = CardFoundPreimage(nonce: (0..<32).map { UInt8($0) }, card: "card-0001", slot: "9a")
    #expect(Hex.encode(found.canonicalBytes) == GoldenPreimages.cardFound)
    let keys = SessionKeys(
      suite: "x25519-chachapoly", sealing: Data(repeating: 1, count: 32), signing: Data(repeating: 2, count: 32))
    #expect(Hex.encode(keys.canonicalBytes) == GoldenPreimages.sessionKeys)
  }

  @Test("the label comes first, and no two kinds of preimage share one")
  func labels() throws {
    let all: [(String, [UInt8])] = [
      (CardPreimage.label, card.canonicalBytes), (SessionPreimage.label, session.canonicalBytes),
      (EnrolmentPreimage.label, enrolment.canonicalBytes), (RelinkPreimage.label, relink.canonicalBytes),
      (FirstTapPreimage.label, firstTap.canonicalBytes),
    ]
    for (label, bytes) in all {
      var reader = LengthPrefixedReader(bytes, subject: "preimage")
      #expect(try reader.text() == label)
      #expect(label.hasPrefix("sanmon/") && label.hasSuffix(label == EnrolmentPreimage.label ? "/2" : "/1"))
    }
    #expect(Set(all.map(\.0)).count == 5)
    // No preimage is the beginning of another: a signature over one never counts for a longer one.
    for (first, a) in all { for (second, b) in all where first != second { #expect(!b.starts(with: a)) } }
  }

  @Test("each field changes what the card signs")
  func eachField() {
    let changes: [(inout CardPreimage) -> Void] = [
      { _ in }, { $0.nonce[31] ^= 1 }, { $0.ceremony = "c-0002" }, { $0.workstation = "LGWAN-PC-0043" },
      { $0.scenario = "unlock" },
      { $0.segment = "mynumber" }, { $0.expiresAt += 1 }, { $0.serverCertificate[0] ^= 1 },
      { $0.workstationCertificate[0] ^= 1 }, { $0.slot = "9e" }, { $0.sealingSuite = "p256-aesgcm" },
      { $0.sessionKeys[0] ^= 1 },
      // A byte moved over a border between two fields is another list.
      {
        $0.ceremony = "c-0001L"; $0.workstation = "GWAN-PC-0042"
      },
    ]
    let digests = changes.map { change in
      var changed = card
      change(&changed)
      return Array(SHA256.hash(data: changed.canonicalBytes))
    }
    #expect(Set(digests).count == changes.count)
  }

  @Test("each field changes what the session key signs, and what a card signs at an enrolment or a relink")
  func otherFields() {
    let sessions: [(inout SessionPreimage) -> Void] = [
      { _ in }, { $0.session = "s-0002" }, { $0.ceremony = "c-0002" }, { $0.nonce[0] ^= 1 },
      {
        $0.session = "s-0001c"; $0.ceremony = "-0001"
      },
    ]
    #expect(
      Set(
        sessions.map { change in
          var changed = session
          change(&changed)
          return changed.canonicalBytes
        }
      ).count == sessions.count)
    let enrolments: [(inout EnrolmentPreimage) -> Void] = [
      { _ in }, { $0.nonce[0] ^= 1 }, { $0.person = "p-000043" }, { $0.slot = "9e" }, { $0.guid[15] ^= 1 },
      { $0.guid = [] }, { $0.card = "card-0002" }, { $0.card = "" },
    ]
    #expect(
      Set(
        enrolments.map { change in
          var changed = enrolment
          change(&changed)
          return changed.canonicalBytes
        }
      ).count == enrolments.count)
    let relinks: [(inout RelinkPreimage) -> Void] = [
      { _ in }, { $0.nonce[0] ^= 1 }, { $0.ceremony = "r-0002" }, { $0.person = "p-000042.3" },
      { $0.workstation = "LGWAN-PC-0043" }, { $0.segment = "mynumber" }, { $0.expiresAt += 1 },
      { $0.serverCertificate[0] ^= 1 }, { $0.workstationCertificate[0] ^= 1 },
    ]
    #expect(
      Set(
        relinks.map { change in
          var changed = relink
          change(&changed)
          return changed.canonicalBytes
        }
      ).count == relinks.count)
  }

  @Test("session keys are bound with their suite")
  func sessionKeys() {
    let keys = SessionKeys(suite: "a", sealing: Data([1]), signing: Data([2]))
    for other in [
      SessionKeys(suite: "b", sealing: Data([1]), signing: Data([2])),
      SessionKeys(suite: "a", sealing: Data([2]), signing: Data([2])),
      SessionKeys(suite: "a", sealing: Data([1]), signing: Data([1])),
      SessionKeys(suite: "a", sealing: Data([1, 2]), signing: Data()),
    ] {
      #expect(other.canonicalBytes != keys.canonicalBytes)
    }
  }
}
