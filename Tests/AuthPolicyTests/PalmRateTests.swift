import AuthPolicy
import AuthTerms
import Testing

@Suite("how closely a palm has to match")
struct PalmRateTests {
  private static let lines = "logon:\n  - card + pin"

  private func set(_ clause: String) throws -> PolicySet {
    try Samples.set(
      Samples.lgwan.breaking(Self.lines, clause + Self.lines).breaking("- card + pin", "- card + palm").breaking(
        "- (card + password) or palm", "- (card + password) or palm or (password + palm)"))
  }

  @Test(
    "the rates that a file names; without any, the floor",
    arguments: [
      ("", 5, 6), ("palm: {beside-card: 1e-5, alone: 1e-6}\n", 5, 6), ("palm: {beside-card: 1e-6, alone: 1e-6}\n", 6, 6),
      ("palm: {beside-card: 1e-5, alone: 1e-7}\n", 5, 7), ("palm: {beside-card: 1e-7, alone: 1e-7}\n", 7, 7),
    ])
  func named(clause: String, besideAnother: Int, alone: Int) throws {
    let set = try set(clause)
    #expect(set.palmRates(.lgwan) == (try PalmRates(besideAnother: besideAnother, alone: alone)))
    #expect(set.palmRates(.mynumber) == nil)
    for exponent in 4...8 {
      let palm = Proof.palm(falseMatchExponent: exponent)
      let logon = try Situation().showing(Situation.card(.publicKey), palm)
      #expect(set.decide(logon).isGrant == (exponent >= besideAnother), "card + palm, 1e-\(exponent)")
      var unlock = try Situation(.unlock).request
      unlock.proofs.append(palm)
      #expect(set.decide(unlock).isGrant == (exponent >= alone), "palm alone, 1e-\(exponent)")
      unlock.proofs.append(.password)
      #expect(set.decide(unlock).isGrant == (exponent >= besideAnother), "password + palm, 1e-\(exponent)")
    }
  }

  @Test("what our own comparator cannot tell is in force, and a warning at its place")
  func beyond() throws {
    let set = try set("palm: {beside-card: 1e-5, alone: 1e-7}\n")
    let warning = try #require(set.warnings.first)
    #expect(set.warnings.count == 1 && warning.place == "PF419 lgwan.yaml:5:34" && warning.severity == .warning)
    #expect(warning.en.contains("1e-6") && warning.ja.contains("1e-6") && !warning.hintEn.isEmpty && !warning.hintJa.isEmpty)
    #expect(try self.set("palm: {beside-card: 1e-6, alone: 1e-6}\n").warnings.isEmpty)
  }

  @Test("the two segments of one set keep their own rates")
  func perSegment() throws {
    let other = Samples.lgwan.breaking("segment: lgwan", "segment: internet").breaking(
      Self.lines, "palm: {beside-card: 1e-6, alone: 1e-6}\n" + Self.lines)
    let set = try Samples.compile([
      Samples.source("organisation.yaml", Samples.organisation(["lgwan", "internet"])),
      Samples.source("lgwan.yaml", Samples.lgwan), Samples.source("internet.yaml", other),
    ])
    #expect(set.palmRates(.lgwan) == .weakest)
    #expect(set.palmRates(.internet)?.besideAnother == 6)
  }
}
