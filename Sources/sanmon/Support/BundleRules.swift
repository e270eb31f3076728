import AuthPolicy
import AuthTerms
import Crypto
import Foundation

/// The rules as they compile, without what people wrote freely: comments, reasons, names of groups, cities and approvers.
enum BundleRules {
  static func text(_ folder: String, day: Int, _ mask: Mask) -> String {
    guard let sources = try? PolicyReport.read(folder) else { return "the folder cannot be read\n" }
    var lines = sources.map { source in
      let digest = Hex.encode(Array(SHA256.hash(data: source.bytes)).prefix(8))
      return "\(BundleRow.place(RuleID(file: source.name, line: 0), mask)) \(source.bytes.count) bytes, sha256 \(digest)"
    }
    do {
      let set = try PolicySet.compile(sources, digest: { Array(SHA256.hash(data: $0)) }, today: day)
      lines.append("version \(set.version.hex.prefix(16))")
      for segment in set.segments { if let rules = set.rules[segment] { lines += text(segment, rules, mask) } }
      lines += set.warnings.map { "warning \($0.code) \(BundleRow.place(RuleID(file: $0.file, line: $0.line), mask))" }
    } catch {
      lines += error.faults.map {
        "fault \($0.code) \(BundleRow.place(RuleID(file: $0.file, line: $0.line), mask)):\($0.column)"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func text(_ segment: Segment, _ rules: SegmentRules, _ mask: Mask) -> [String] {
    func groups(_ names: Set<String>) -> String { names.sorted().map { mask.token("group", $0) }.joined(separator: ", ") }
    let terms = rules.terms
    var lines = [
      "segment \(segment)", "  groups: \(groups(rules.people))",
      "  floor \(rules.proofFloor.name), on removal \(terms.onCardRemoval.rawValue), at once \(rules.sessionsAtOnce)",
      "  lease \(terms.leaseSeconds) s, idle \(terms.idleSeconds) s, overall \(terms.overallSeconds) s",
      "  palm 1e-\(rules.palmRates.besideAnother), alone 1e-\(rules.palmRates.alone)",
    ]
    for scenario in Scenario.allCases {
      for entry in rules.accepted[scenario] ?? [] {
        var line = "  \(scenario.rawValue): \(entry.combination.names.joined(separator: " + "))"
        line += "  \(BundleRow.place(entry.combination.rule, mask))"
        if !entry.groups.isEmpty { line += "  only \(groups(entry.groups))" }
        if let waiver = entry.needs { line += "  needs \(waiver.rawValue)" }
        lines.append(line)
      }
    }
    lines += rules.denials.map { "  deny  \(BundleRow.place($0.rule, mask))" }
    lines += rules.waivers.map { waiver in
      "  waiver \(waiver.name.rawValue) until day \(waiver.until), \(waiver.approvers.count) approvers, \(waiver.hash.hex.prefix(16))"
    }
    return lines
  }
}
