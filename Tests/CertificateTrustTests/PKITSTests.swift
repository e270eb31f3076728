import AuthTerms
import CertificateTrust
import Foundation
import Testing

/// One test of NIST's Public Key Interoperability Test Suite, in one of the settings in which it is to be run.
private struct PKITSCase {
  let number: String
  let isValid: Bool
  let policies: [CertificatePolicy]
  let certificate: String
  let authorities: [String]
  let lists: [String]

  init(_ fields: [String]) throws {
    try #require(fields.count == 7 && ["valid", "invalid"].contains(fields[2]))
    number = fields[0]
    isValid = fields[2] == "valid"
    policies = try fields[3].split(separator: ",").map { try CertificatePolicy(parsing: $0) }
    certificate = fields[4]
    (authorities, lists) = (fields[5].split(separator: " ").map(String.init), fields[6].split(separator: " ").map(String.init))
  }

  /// `valid`, or the first words of why not. Settings are those a city has: lists for the whole path, no grace.
  func answer() throws -> String {
    func document(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: OutsideVectors.pkits.appending(path: path))) }
    let anchor = try document("certs/TrustAnchorRootCertificate.crt")
    let certificate = try document("certs/\(certificate).crt")
    let authorities = try authorities.map { try document("certs/\($0).crt") }
    let lists = try lists.map { try document("crls/\($0).crl") }
    let trust: CardTrust
    do {
      trust = try CardTrust(
        anchors: [anchor], intermediates: authorities, revocationLists: lists,
        rules: PathRules(coverage: .path, policies: policies))
    } catch {
      return "\(error)"
    }
    // 2026-01-01: within the validity of what NIST means to be valid (2010 to 2030).
    switch trust.validate(certificate, at: 1_767_225_600_000) {
    case .valid(let certificate): return certificate.revocation == .current ? "valid" : certificate.revocation.rawValue
    case .refused(let code, let note): return "\(code.rawValue) \(note)"
    }
  }
}

@Suite("NIST PKITS", .enabled(if: OutsideVectors.hasPKITS, "needs cryptography-vectors: deploy/test fetches them"))
struct PKITSTests {
  @Test("every path of every section is answered as NIST says, or the deviation is listed with its reason")
  func answers() throws {
    let cases = try OutsideVectors.table("pkits.tsv").map(PKITSCase.init)
    #expect(cases.count == 244)
    #expect(Set(cases.map { $0.number.split(separator: ".").prefix(3).joined(separator: ".") }).count == 224)
    let listed = try OutsideVectors.table("pkits-deviations.tsv")
    let deviations = Dictionary(uniqueKeysWithValues: listed.map { ($0[0], (ours: $0[1], reason: $0[2])) })
    var differing: Set<String> = []
    for test in cases {
      let answer = try test.answer()
      if (answer == "valid") == test.isValid { continue }
      differing.insert(test.number)
      #expect(deviations[test.number]?.ours == answer, "\(test.number) \(test.certificate): \(answer)")
    }
    #expect(Set(deviations.keys) == differing, "listed, but NIST's answer is given now")
    #expect(listed.allSatisfy { $0.count == 3 && $0[2].count > 20 }, "a deviation without a reason")
  }
}
