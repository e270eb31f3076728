import CertificateTrust
import Foundation
import Programs
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
}
