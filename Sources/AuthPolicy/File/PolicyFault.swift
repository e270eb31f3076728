/// One thing that is wrong (or, as a warning, worth knowing) in a policy file, with its place and what to do about it.
///
/// The sentences are ours: the YAML parser's own text quotes the file, and a file may hold what a log must not. Of the file's
/// content only the name of an offending key is repeated, and only if it is made of `a-z 0-9 -`.
public struct PolicyFault: Sendable, Hashable {
  public enum Severity: String, Sendable {
    /// The set is refused.
    case error
    /// The set is in force, and somebody should look.
    case warning
  }

  public enum Language: Sendable, CaseIterable {
    case ja
    case en
  }

  public var severity: Severity
  public var file: String
  /// From 1.
  public var line: Int
  /// From 1, in Unicode scalars.
  public var column: Int
  /// Stable, `PF101` … `PF899` and, for cards, `CP001` … `CP099`; docs/policy.md and docs/cards.md list them.
  public var code: String
  public var ja: String
  public var en: String
  public var hintJa: String
  public var hintEn: String

  /// Every code there is, in order.
  public static var codes: [String] { FaultCode.allCases.map(\.rawValue) }

  /// `file:line:column: error: PF201 sentence`, and the hint on a line of its own.
  public func render(_ language: Language) -> String {
    let (kind, sentence, hint) =
      switch language {
      case .ja: (severity == .error ? "エラー" : "警告", ja, hintJa)
      case .en: (severity.rawValue, en, hintEn)
      }
    let arrow = hint.isEmpty ? "" : "\n  → \(hint)"
    return "\(file):\(line):\(column): \(kind): \(code) \(sentence)\(arrow)"
  }
}

/// Every fault of a set that was refused, in the order of files and lines; never empty.
public struct PolicyFaults: Error, Sendable {
  public let faults: [PolicyFault]

  init(_ faults: [PolicyFault]) { self.faults = faults }

  public func render(_ language: PolicyFault.Language) -> String {
    faults.map { $0.render(language) }.joined(separator: "\n")
  }
}
