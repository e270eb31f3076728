import AuthTerms
import CertificateTrust
import Crypto
import CryptoExtras
import Foundation
import Testing

@Suite("card certificates", .enabled(if: RealPart.hasOpenSSL, "needs the openssl command"))
struct CardPathTests {
  let city: CardCity
  init() throws { city = try CardCity.shared.get() }

  private func trust(
    lists: [String] = [], required: Bool = false, grace: Int = 0, anchors: [String] = ["root"],
    intermediates: [String] = ["inter"]
  ) throws -> CardTrust {
    try CardTrust(
      anchors: anchors.map(city.der), intermediates: intermediates.map(city.der), revocationLists: lists.map(city.der),
      rules: PathRules(coverage: required ? .card : .none, staleGraceSeconds: grace))
  }

  private func outcome(
    _ trust: CardTrust, _ card: String, at seconds: Int64 = CardCity.now, for use: CardTrust.Use = .authentication
  ) throws -> String {
    switch trust.validate(try city.der(card), at: seconds * 1000, for: use) {
    case .valid(let certificate): "valid/\(certificate.revocation.rawValue)"
    case .refused(let code, _): code.rawValue
    }
  }

  @Test(
    "each card meets the answer its certificate deserves",
    arguments: [
      ("good", "valid/current"), ("goodrsa", "valid/current"), ("good384", "valid/current"), ("plain", "valid/current"),
      ("expired", "AP145"), ("future", "AP145"), ("foreign", "AP144"), ("revoked", "AP146"), ("revokedexpired", "AP145"),
      ("server", "AP144"), ("mail", "AP144"), ("authoritycard", "AP144"), ("inter", "AP144"), ("root", "AP144"),
      ("cipher", "AP144"), ("critical", "AP144"), ("bycard", "AP144"), ("sha1", "AP144"), ("bent", "AP144"),
      ("weak", "AP149"), ("edwards", "AP149"),
    ])
  func answers(card: String, expected: String) throws {
    #expect(try outcome(trust(lists: ["fresh", "rootfresh"], required: true), card) == expected)
  }

  @Test(
    "a certificate for key 9E counts for that key alone, and is judged like any other",
    arguments: [
      ("withoutpin", "valid/current", "AP144"), ("good", "valid/current", "valid/current"),
      ("plain", "valid/current", "valid/current"), ("withoutpinforeign", "AP144", "AP144"),
      ("withoutpincipher", "AP144", "AP144"), ("withoutpinrevoked", "AP146", "AP144"), ("mail", "AP144", "AP144"),
      ("server", "AP144", "AP144"),
    ])
  func withoutPIN(card: String, asCardAuthentication: String, asAuthentication: String) throws {
    let trust = try trust(lists: ["fresh", "rootfresh"], required: true)
    #expect(try outcome(trust, card, for: .cardAuthentication) == asCardAuthentication)
    #expect(try outcome(trust, card, for: .authentication) == asAuthentication)
  }

  @Test(
    "revocation lists: in force, late, from the future, missing, forged",
    arguments: [
      (["fresh"], true, 0, "good", "valid/current"), (["none"], true, 0, "revoked", "valid/current"),
      (["stale"], true, 0, "good", "AP147"), (["stale"], true, 86_399, "good", "AP147"),
      (["stale"], true, 86_401, "good", "valid/withinGrace"), (["stale"], true, 86_401, "revoked", "AP146"),
      (["stale", "fresh"], true, 0, "good", "valid/current"), (["early"], true, 0, "good", "AP147"),
      ([], true, 0, "good", "AP147"), ([], false, 0, "good", "valid/notChecked"), (["fresh"], false, 0, "revoked", "AP146"),
      (["stale"], false, 0, "good", "AP147"), (["forged"], true, 0, "good", "AP147"), (["forged"], true, 0, "revoked", "AP147"),
      (["fresh", "rootrevokes"], true, 0, "good", "AP146"), ([], true, 0, "foreign", "AP144"),
      ([], true, 0, "expired", "AP145"),
    ])
  func revocation(lists: [String], required: Bool, grace: Int, card: String, expected: String) throws {
    #expect(try outcome(trust(lists: lists, required: required, grace: grace), card) == expected)
  }

  @Test(
    "what was found good before is good again only while that is still true: around every date, in any order",
    arguments: [
      ([], false, 0), (["fresh", "rootfresh"], true, 0), (["stale"], true, 86_401), (["stale", "fresh"], false, 3600),
    ])
  func remembered(lists: [String], required: Bool, grace: Int) throws {
    let remembering = try trust(lists: lists, required: required, grace: grace)
    // 2028, 2029, each day of the lists, the ends of their grace, 2031 and 2038.
    let days: [Int64] = [
      1_830_297_600, 1_861_920_000, 1_890_777_600, 1_893_456_000, 1_894_492_800, 1_894_579_200, 1_894_582_800, 1_894_665_600,
      1_896_134_400, 1_896_138_000, 1_924_992_000, 2_145_916_800,
    ]
    let moments = days.flatMap { day in (-2...2).map { day + $0 } }
    for _ in 0..<2 {
      for seconds in moments.shuffled() {
        for card in ["good", "goodrsa", "direct", "expired", "revoked", "withoutpin"] {
          for use in [CardTrust.Use.cardAuthentication, .authentication] {
            let fresh = try outcome(trust(lists: lists, required: required, grace: grace), card, at: seconds, for: use)
            #expect(try outcome(remembering, card, at: seconds, for: use) == fresh, "\(card) at \(seconds)")
          }
        }
      }
    }
  }

  @Test("a path ends in an anchor of this segment and nowhere else")
  func anchors() throws {
    #expect(try outcome(trust(intermediates: []), "good") == "AP144")
    #expect(try outcome(trust(intermediates: []), "direct") == "valid/notChecked")
    #expect(try outcome(trust(anchors: ["stranger"]), "good") == "AP144")
    #expect(try outcome(trust(anchors: ["stranger"]), "foreign") == "valid/notChecked")
    // An intermediate that is itself an anchor would be a path without the root: the root decides.
    #expect(try outcome(trust(anchors: ["stranger", "root"]), "good") == "valid/notChecked")
  }

  @Test("dates count to the second", arguments: [(-1, "AP145"), (0, "AP145"), (1, "valid/notChecked")])
  func dates(offset: Int64, expected: String) throws {
    #expect(try outcome(trust(), "future", at: CardCity.now + offset) == expected)
  }

  @Test("bytes that are no certificate, or more than one, are malformed")
  func malformed() throws {
    let trust = try trust()
    let good = try city.der("good")
    func code(_ bytes: [UInt8]) -> DenialCode? {
      if case .refused(let code, _) = trust.validate(bytes, at: CardCity.now * 1000) { code } else { nil }
    }
    #expect(code([]) == .proofMalformed)
    #expect(code(good + [0]) == .proofMalformed)
    #expect(code([UInt8](repeating: 0x30, count: 8193)) == .proofMalformed)
    for length in 0..<good.count { #expect(code(Array(good.prefix(length))) == .proofMalformed) }
    // Whatever bit is turned, the answer is no: a signature covers all of it.
    for position in 0..<good.count {
      var bent = good
      bent[position] ^= 1 << (position % 8)
      #expect(code(bent) != nil, "bit in byte \(position)")
    }
  }

  @Test("trust that cannot be read is refused, naming the position")
  func configuration() throws {
    let root = try city.der("root")
    func make(_ anchors: [[UInt8]], _ intermediates: [[UInt8]], _ lists: [[UInt8]], grace: Int = 0) -> String {
      do {
        _ = try CardTrust(
          anchors: anchors, intermediates: intermediates, revocationLists: lists,
          rules: PathRules(coverage: .card, staleGraceSeconds: grace))
        return "fine"
      } catch {
        return error.subject
      }
    }
    let good = try city.der("good")
    #expect(make([root], [], []) == "fine")
    #expect(make([], [], []) == "card trust")
    #expect(make([root, good], [], []) == "anchor 2")
    #expect(make([root], [good], []) == "intermediate 1")
    #expect(make([root], [], [good]) == "revocation list 1")
    #expect(make([root], [], [try city.der("fresh") + [0]]) == "revocation list 1")
    #expect(make([root], [], [], grace: -1) == "path rules")
    #expect(make([root], [], [], grace: 2_592_001) == "path rules")
  }

  @Test("a card's key verifies its own signature, by its own scheme only")
  func signatures() throws {
    let message = Array("sanmon".utf8)
    let cases = [("good", "ecdsa-p256-sha256"), ("goodrsa", "rsa-pkcs1-sha256"), ("good384", "ecdsa-p384-sha384")]
    for (card, scheme) in cases {
      guard case .valid(let certificate) = try trust().validate(city.der(card), at: CardCity.now * 1000) else {
        Issue.record("\(card) is not valid")
        continue
      }
      let pem = try city.text("\(card).key")
      let signature: [UInt8] =
        switch card {
        case "good": Array(try P256.Signing.PrivateKey(pemRepresentation: pem).signature(for: message).derRepresentation)
        case "good384": Array(try P384.Signing.PrivateKey(pemRepresentation: pem).signature(for: message).derRepresentation)
        default:
          Array(
            try _RSA.Signing.PrivateKey(pemRepresentation: pem)
              .signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5).rawRepresentation)
        }
      for (_, other) in cases {
        #expect(certificate.verify(signature: signature, algorithm: other, over: message) == (other == scheme))
      }
      #expect(!certificate.verify(signature: signature, algorithm: scheme, over: message + [0]))
      #expect(!certificate.verify(signature: signature.dropLast(), algorithm: scheme, over: message))
      #expect(!certificate.verify(signature: [], algorithm: scheme, over: message))
      #expect(certificate.key.bytes == Array(SHA256.hash(data: certificate.publicKeyDER)))
    }
  }

  @Test("many threads judge with one store and agree")
  func concurrency() async throws {
    let trust = try trust(lists: ["fresh", "rootfresh"], required: true)
    let cards = [("good", true), ("revoked", false), ("goodrsa", true), ("foreign", false)]
    let ders = try cards.map { (try city.der($0.0), $0.1) }
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var wrong = 0
          for round in 0..<100 {
            let (der, expected) = ders[round % ders.count]
            if case .valid = trust.validate(der, at: CardCity.now * 1000) {
              wrong += expected ? 0 : 1
            } else {
              wrong += expected ? 1 : 0
            }
          }
          return wrong
        }
      }
      for await wrong in group { #expect(wrong == 0) }
    }
  }
}
