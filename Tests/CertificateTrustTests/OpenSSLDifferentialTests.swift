import AuthTerms
import CertificateTrust
import Foundation
import Programs
import SwiftASN1
import Testing

/// The `openssl verify` command and ours look at the same files and must agree on every one.
@Suite("card paths beside openssl verify", .enabled(if: RealPart.hasOpenSSL, "needs the openssl command"))
struct OpenSSLDifferentialTests {
  static let cards = [
    "good", "goodrsa", "good384", "plain", "direct", "expired", "future", "foreign", "revoked", "revokedexpired", "server",
    "mail", "critical", "bycard", "weak", "sha1", "bent",
  ]
  static let lists: [[String]] = [[], ["none"], ["fresh"], ["stale"], ["early"], ["forged"], ["stale", "fresh"]]

  @Test("every card under every set of lists, with and without an obligation to have one", arguments: lists, [false, true])
  func agree(lists: [String], required: Bool) throws {
    let city = try CardCity.shared.get()
    // Where no list is at hand, the command has no "check what you have": it is asked to check only when there is one.
    guard required || lists.isEmpty else { return }
    let trust = try CardTrust(
      anchors: [city.der("root")], intermediates: [city.der("inter")], revocationLists: lists.map(city.der),
      rules: PathRules(coverage: required ? .card : .none))
    for card in Self.cards {
      var arguments = ["verify", "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAfile", "root.pem", "-untrusted", "inter.pem"]
      arguments += ["-attime", "\(CardCity.now)", "-purpose", "sslclient", "-auth_level", "2"]
      if required { arguments.append("-crl_check") }
      for list in lists { arguments += ["-CRLfile", "\(list).crl.pem"] }
      // Each card's issuer is either the intermediate or the root: both lists are at hand for both tools.
      let theirs = try CardCity.run("/usr/bin/openssl", arguments + ["\(card).pem"], in: city.folder).status == 0
      var ours = false
      if case .valid = trust.validate(try city.der(card), at: CardCity.now * 1000) { ours = true }
      #expect(ours == theirs, "\(card) with \(lists), required \(required)")
    }
  }

  @Test("chains from seeds: sound ones, and ones with up to three things wrong", arguments: 0..<4)
  func random(part: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-chains-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var accepted = 0
    var faults: [RandomChain.Fault: Int] = [:]
    for seed in part * 150..<(part + 1) * 150 {
      let chain = try RandomChain(seed: UInt64(seed))
      let ours = try answer(chain)
      let theirs = try commandAccepts(chain, in: folder)
      #expect((ours == "valid") == theirs, "seed \(seed), \(chain.faults): \(ours)")
      accepted += theirs ? 1 : 0
      for fault in chain.faults where !theirs && chain.faults.count == 1 { faults[fault, default: 0] += 1 }
    }
    // The generator has something to say on both sides.
    #expect((30...120).contains(accepted), "\(accepted) of 150 accepted")
    #expect(faults.count > 8, "\(faults)")
  }

  private func answer(_ chain: RandomChain) throws -> String {
    do {
      let trust = try CardTrust(
        anchors: [chain.root], intermediates: chain.between, revocationLists: chain.lists,
        rules: PathRules(
          coverage: chain.lists.isEmpty ? .none : .path,
          policies: try chain.policy.map { [try CertificatePolicy(parsing: $0)] } ?? []))
      switch trust.validate(chain.leaf, at: RandomChain.now * 1000) {
      case .valid: return "valid"
      case .refused(let code, let note): return "\(code.rawValue) \(note)"
      }
    } catch let fault as MalformedInput {
      return "\(fault)"
    }
  }

  private func commandAccepts(_ chain: RandomChain, in folder: URL) throws -> Bool {
    func write(_ name: String, _ label: String, _ documents: [[UInt8]]) throws {
      let text = documents.map { PEMDocument(type: label, derBytes: $0).pemString + "\n" }.joined()
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    try write("root.pem", "CERTIFICATE", [chain.root])
    try write("between.pem", "CERTIFICATE", chain.between)
    try write("leaf.pem", "CERTIFICATE", [chain.leaf])
    try write("lists.pem", "X509 CRL", chain.lists)
    var arguments = [
      "verify", "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAfile", "root.pem", "-attime", "\(RandomChain.now)",
    ]
    arguments += ["-purpose", "sslclient", "-auth_level", "2", "-verify_depth", "6", "-policy_check"]
    arguments += chain.policy.map { ["-policy", $0, "-explicit_policy"] } ?? ["-policy", "2.5.29.32.0"]
    if !chain.between.isEmpty { arguments += ["-untrusted", "between.pem"] }
    if !chain.lists.isEmpty { arguments += ["-crl_check_all", "-extended_crl", "-use_deltas", "-CRLfile", "lists.pem"] }
    return try CardCity.run("/usr/bin/openssl", arguments + ["leaf.pem"], in: folder).status == 0
  }
}
