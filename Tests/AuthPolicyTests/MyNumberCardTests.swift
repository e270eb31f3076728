import AuthPolicy
import AuthTerms
import Foundation
import Testing

/// My Number Cards: off unless a segment's file says otherwise, and never without a word of warning.
@Suite("My Number Cards in the rules")
struct MyNumberCardTests {
  private func text(_ value: String) -> String {
    Samples.lgwan.breaking("on-removal: nothing", "on-removal: nothing, jpki: \(value)")
  }

  @Test("off without a word, on with it, and then the word is warned of")
  func switched() throws {
    let off = try Samples.set(Samples.lgwan)
    #expect(!off.takesMyNumberCards(.lgwan) && off.warnings.isEmpty)
    let on = try Samples.set(text("user-authentication"))
    #expect(on.takesMyNumberCards(.lgwan) && !on.takesMyNumberCards(.mynumber))
    let warning = try #require(on.warnings.first)
    #expect(on.warnings.count == 1 && warning.code == "PF423" && warning.severity == .warning)
    #expect(warning.en.contains("revocation") && warning.ja.contains("失効") && warning.hintEn.contains("docs/cards.md"))
  }

  @Test(
    "no other word switches it on",
    arguments: ["true", "yes", "signature", "User-Authentication", "\"\"", "[user-authentication]"])
  func otherWords(value: String) {
    let faults = Samples.faults(segment: "lgwan", text(value))
    #expect(!faults.isEmpty && faults.allSatisfy { $0.place.contains("lgwan.yaml:3:") }, "\(faults.map(\.place))")
  }

  @Test("the shipped rules and the example take none")
  func shipped() throws {
    let set = try Samples.compile(Samples.shipped())
    for segment in [Segment.lgwan, .mynumber, .internet] { #expect(!set.takesMyNumberCards(segment)) }
  }

  private func parse(_ lines: String) throws(PolicyFaults) -> InstanceFile {
    try InstanceFile.parse(PolicySource(name: "instance.yaml", bytes: Array((Samples.instance + lines).utf8)))
  }

  @Test("the authority of their certificates, and lists, stand in the start-up file; lists alone are a fault")
  func startUp() throws {
    let file = try parse("jpki-roots: {lgwan: [/etc/sanmon/jpki.pem]}\njpki-crls: {lgwan: [/var/lib/sanmon/jpki]}\n")
    #expect(file.jpkiRoots == [.lgwan: ["/etc/sanmon/jpki.pem"]] && file.jpkiCRLs == [.lgwan: ["/var/lib/sanmon/jpki"]])
    #expect(try parse("").jpkiRoots.isEmpty && parse("").jpkiCRLs.isEmpty)
    func codes(_ lines: String) -> [String] {
      do throws(PolicyFaults) {
        _ = try parse(lines)
        return []
      } catch { return error.faults.map(\.code) }
    }
    #expect(codes("jpki-crls: {lgwan: [/var/lib/sanmon/jpki]}\n") == ["PF424"])
    #expect(codes("jpki-roots: {elsewhere: [/etc/sanmon/jpki.pem]}\n") == ["PF604"])
    #expect(codes("jpki-roots: {lgwan: [jpki.pem]}\n") == ["PF605"])
    #expect(codes("jpki-roots: {lgwan: []}\n") == ["PF211"])
  }
}
