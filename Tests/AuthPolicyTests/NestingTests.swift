import AuthPolicy
import Testing

@Suite("files that are nested to the bottom of the stack")
struct NestingTests {
  private static let depth = 100_000

  /// Each 100,000 levels deep, as far as the limit on a file's size lets them be.
  static let bombs: [(name: String, text: String)] = [
    ("flow lists", String(repeating: "[", count: depth)),
    ("closed flow lists", String(repeating: "[", count: depth) + String(repeating: "]", count: depth)),
    ("flow maps", String(repeating: "{a: ", count: depth / 2)),
    ("dashes on one line", String(repeating: "- ", count: depth)),
    ("explicit keys", String(repeating: "? ", count: depth)),
    ("parentheses of an expression", "logon: [\"" + String(repeating: "(", count: depth) + "card\"]"),
    ("one more step of indentation a line", (0..<600).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")),
  ]

  @Test("are refused with a place, and nothing falls over", arguments: bombs.map(\.name))
  func refused(name: String) throws {
    let bomb = try #require(Self.bombs.first { $0.name == name })
    for file in ["lgwan.yaml", "organisation.yaml"] {
      let error = #expect(throws: PolicyFaults.self) {
        _ = try PolicySet.compile(
          [PolicySource(name: file, bytes: Array(bomb.text.utf8))], digest: { _ in [UInt8](repeating: 0, count: 32) }, today: 0)
      }
      #expect(error?.faults.contains { $0.file == file && $0.line >= 1 && $0.column >= 1 } == true)
    }
    #expect(throws: PolicyFaults.self) { _ = try InstanceFile.parse(PolicySource(name: "i", bytes: Array(bomb.text.utf8))) }
  }
}
