import AuthTerms
import CertificateTrust
import Foundation
import SwiftASN1
import Testing

@Suite("rules of a path", .enabled(if: RealPart.hasOpenSSL, "needs the openssl command"))
struct PathRulesTests {
  let city: CardCity
  init() throws { city = try CardCity.shared.get() }

  private func answer(_ trust: CardTrust, _ der: [UInt8], at seconds: Int64 = CardCity.now) -> String {
    switch trust.validate(der, at: seconds * 1000) {
    case .valid(let certificate): "valid/\(certificate.revocation.rawValue)"
    case .refused(let code, _): code.rawValue
    }
  }

  private func answer(_ card: String, lists: [String], _ rules: PathRules) throws -> String {
    let trust = try CardTrust(
      anchors: [city.der("root")], intermediates: [city.der("inter")], revocationLists: lists.map(city.der), rules: rules)
    return answer(trust, try city.der(card))
  }

  @Test(
    "a list is due after the age that the city allows, whatever it says itself; grace counts from there",
    arguments: [
      (14 * 86_400, 0, "valid/current"), (14 * 86_400 - 1, 0, "AP147"), (14 * 86_400 - 1, 1, "valid/withinGrace"),
      (13 * 86_400, 86_399, "AP147"), (13 * 86_400, 86_400, "valid/withinGrace"), (nil, 0, "valid/current"),
    ])
  func age(limit: Int?, grace: Int, expected: String) throws {
    // Made on 2030-01-01, seen on the 15th; says that it is good until February.
    let rules = PathRules(coverage: .card, staleGraceSeconds: grace, maximumListAgeSeconds: limit)
    #expect(try answer("good", lists: ["fresh"], rules) == expected)
    #expect(try answer("revoked", lists: ["fresh"], rules) == "AP146")
    // A newer list of the same issuer makes up for an old one; the root's list is not the card's.
    let both = PathRules(coverage: .card, maximumListAgeSeconds: 30 * 86_400)
    #expect(try answer("good", lists: ["stale", "fresh"], both) == "valid/current")
  }

  @Test("what was found good is asked again when its list reaches the age")
  func remembered() throws {
    let rules = PathRules(coverage: .card, staleGraceSeconds: 60, maximumListAgeSeconds: 15 * 86_400)
    let trust = try CardTrust(
      anchors: [city.der("root")], intermediates: [city.der("inter")], revocationLists: [city.der("fresh")], rules: rules)
    let due = CardCity.now + 86_400
    let good = try city.der("good")
    for (offset, expected) in [
      (-1, "valid/current"), (0, "valid/current"), (1, "valid/withinGrace"), (60, "valid/withinGrace"), (61, "AP147"),
      (-86_000, "valid/current"),
    ] as [(Int64, String)] { #expect(answer(trust, good, at: due + offset) == expected, "\(offset)") }
  }

  @Test(
    "for whom a list must be at hand",
    arguments: [
      (PathRules.Coverage.path, ["fresh"], "AP147"), (.path, ["fresh", "rootfresh"], "valid/current"),
      (.card, ["fresh"], "valid/current"), (.card, ["rootfresh"], "AP147"), (.none, ["rootfresh"], "valid/notChecked"),
    ])
  func coverage(coverage: PathRules.Coverage, lists: [String], expected: String) throws {
    #expect(try answer("good", lists: lists, PathRules(coverage: coverage)) == expected)
  }

  @Test("3,072 bits as a floor: RSA-2048 is refused, curves are not", arguments: [(2048, "valid/notChecked"), (3072, "AP144")])
  func floor(bits: Int, expected: String) throws {
    #expect(try answer("goodrsa", lists: [], PathRules(minimumRSABits: bits)) == expected)
    #expect(try answer("good", lists: [], PathRules(minimumRSABits: bits)) == "valid/notChecked")
    #expect(try answer("good384", lists: [], PathRules(minimumRSABits: bits)) == "valid/notChecked")
  }

  @Test("a policy that is asked for must hold along the path")
  func policies() throws {
    let chains = try (0..<100).map { try RandomChain(seed: $0) }
    let chain = try #require(chains.first { $0.faults.isEmpty && $0.policy != nil && $0.lists.isEmpty && !$0.between.isEmpty })
    for (asked, expected) in [
      ([], "valid/notChecked"), (["1.3.6.1.4.1.55555.7"], "valid/notChecked"), (["2.5.29.32.0"], "valid/notChecked"),
      (["1.3.6.1.4.1.55555.8"], "AP144"), (["1.3.6.1.4.1.55555.8", "1.3.6.1.4.1.55555.7"], "valid/notChecked"),
    ] {
      let rules = PathRules(policies: try asked.map { try CertificatePolicy(parsing: $0) })
      let trust = try CardTrust(anchors: [chain.root], intermediates: chain.between, rules: rules)
      #expect(answer(trust, chain.leaf) == expected, "\(asked)")
    }
    #expect(try answer("good", lists: [], PathRules(policies: [.any])) == "AP144")
  }

  @Test(
    "object identifiers have one spelling",
    arguments: [
      ("1.2.392.200.1", true), ("2.5.29.32.0", true), ("2.999.1", true), ("1.40.1", false), ("3.1.1", false), ("1.2", false),
      ("", false), ("1..2", false), ("1.02.3", false), ("1.2.a", false), ("1.2.３", false), (" 1.2.3", false),
      ("1.2.1234567890", false), ("1.2.-3", false), ("1.2.3.", false),
    ])
  func identifiers(text: String, isOne: Bool) {
    #expect(((try? CertificatePolicy(parsing: text))?.text == text) == isOne)
  }

  @Test("rules beyond their limits are refused")
  func limits() throws {
    let root = try city.der("root")
    for rules in [
      PathRules(maximumListAgeSeconds: 3599), PathRules(maximumListAgeSeconds: 31_622_401), PathRules(minimumRSABits: 1024),
      PathRules(minimumRSABits: 4096), PathRules(policies: Array(repeating: .any, count: 17)),
      PathRules(pinPolicies: [.any]),
      PathRules(pinPolicies: Array(repeating: try CertificatePolicy(parsing: "1.2.392.200.1.1"), count: 17)),
    ] { #expect(throws: MalformedInput.self) { try CardTrust(anchors: [root], rules: rules) } }
  }

  @Test("a delta list names itself and its base, or is refused by name")
  func deltas() throws {
    let name = try RandomChain.name("Root")
    func load(_ isNumbered: Bool, _ base: UInt8?) throws -> String {
      let list = try RandomChain.list(of: name, key: 0, days: -1...1, revoked: [9], isNumbered: isNumbered, completes: base)
      do {
        _ = try CardTrust(anchors: [city.der("root")], revocationLists: [list])
        return "fine"
      } catch { return "\(error)" }
    }
    #expect(try load(true, nil) == "fine")
    #expect(try load(false, nil) == "fine")
    #expect(try load(true, 3) == "fine")
    #expect(try load(false, 3).contains("a delta list with the number"))
  }

  @Test("lists come as PEM or DER, as a file or in a folder; what cannot be read is named")
  func files() throws {
    let folder = city.folder.appending(path: "drop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(try RevocationFiles.read(folder.path).isEmpty)
    let (fresh, stale) = (try city.der("fresh"), try city.der("stale"))
    try Data(fresh).write(to: folder.appending(path: "a.crl"))
    try Data(try city.text("stale.crl.pem").utf8).write(to: folder.appending(path: "b.pem"))
    // Still being carried over, and not a list at all.
    for name in [".c.crl", "c.crl.part", "README.txt"] { try Data([1]).write(to: folder.appending(path: name)) }
    #expect(try RevocationFiles.read(folder.path) == [fresh, stale])
    #expect(try RevocationFiles.read(folder.path + "/a.crl") == [fresh])
    #expect(throws: MalformedInput.self) { try RevocationFiles.read(folder.path + "/none.crl") }
    for broken in [fresh + [0], fresh.dropLast(), [], Array("nothing".utf8), try city.der("root")] {
      try Data(broken).write(to: folder.appending(path: "c.crl"))
      let fault = #expect(throws: MalformedInput.self) { try RevocationFiles.read(folder.path) }
      #expect(fault?.subject.hasSuffix("/c.crl") == true)
    }
  }
}
