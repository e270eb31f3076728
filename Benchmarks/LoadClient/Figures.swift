import Foundation

/// Prints figures as they are found: a table for people, or one JSON object a line.
package struct Figures: Sendable {
  private let json: Bool

  package init(json: Bool) { self.json = json }

  package func heading() {
    guard !json else { return }
    put(
      Self.row(
        say("項目", "figure"), say("値", "value"), say("目標", "goal"), say("下限（比）", "limit (ratio)"),
        say("範囲（回数）", "spread (runs)"),
        say("負荷", "load"), say("他製品", "peer")))
  }

  package func show(_ figure: Figure) {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      if let line = try? encoder.encode(figure) { put(String(decoding: line, as: UTF8.self)) }
    } else {
      let goal =
        figure.goal.map { "\(figure.met == true ? "✓" : "✗") \(figure.atLeast == true ? "≥" : "≤") \(Self.short($0))" } ?? ""
      let limit = figure.limit.map { "\(Self.short($0)) (\(Self.short(figure.ratio ?? 0))×)" } ?? ""
      let spread = figure.runs > 1 ? "\(figure.spread.map(Self.short).joined(separator: "–")) (\(figure.runs))" : "(1)"
      put(
        Self.row(
          figure.name, "\(Self.short(figure.value)) \(figure.unit)", goal, limit, spread, Self.short(figure.load),
          figure.peer ?? ""))
      for text in [figure.limitIs.map { say("下限: ", "limit: ") + $0 }, figure.note].compactMap({ $0 }) { put("    \(text)") }
    }
  }

  /// At once: a run takes minutes, and somebody may be reading along.
  private func put(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  /// What is no figure goes to standard error, so that standard output stays one object a line.
  package func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Three significant digits.
  package static func short(_ value: Double) -> String {
    let size = abs(value)
    if size == 0 { return "0" }
    let digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4
    return String(format: "%.\(digits)f", value)
  }

  private static func row(_ columns: String...) -> String {
    zip(columns, [30, 16, 10, 18, 22, 6, 0]).map { column, width in
      // Kanji and kana are two columns wide.
      let wide = column.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E7F ? 2 : 1) }
      return column + String(repeating: " ", count: max(1, width - wide))
    }.joined()
  }
}
