/// Where something stands in a file; both from 1, columns in Unicode scalars.
struct Position: Sendable, Hashable {
  var line: Int
  var column: Int

  static let start = Position(line: 1, column: 1)
}

/// What a sentence may name besides its own words. Nothing here is content of the file except a checked key name.
struct FaultDetail: Sendable {
  /// The offending key, shown only if it is made of `a-z 0-9 -`.
  var key: String?
  /// A word of our own vocabulary that is spelled nearly like the one found.
  var suggestion: String?
  /// What would have been right, in our words.
  var expected: Bilingual?

  init(key: String? = nil, suggestion: String? = nil, expected: Bilingual? = nil) {
    self.key = key
    self.suggestion = suggestion
    self.expected = expected
  }
}

struct Bilingual: Sendable, Hashable {
  var ja: String
  var en: String

  init(_ ja: String, _ en: String) {
    self.ja = ja
    self.en = en
  }

  /// For words that are the same in both, such as the words of the policy language.
  init(same text: String) { self.init(text, text) }
}

/// Collects the faults of one file while it is read, so that `check` names all of them at once.
final class FaultLog {
  /// A file that is wrong everywhere says so 100 times, not a million times.
  static let largestCount = 100

  let file: String
  private(set) var faults: [PolicyFault] = []
  private(set) var warnings: [PolicyFault] = []

  init(file: String) { self.file = file }

  var isClean: Bool { faults.isEmpty }

  func add(_ code: FaultCode, _ position: Position, _ detail: FaultDetail = FaultDetail()) {
    guard faults.count < Self.largestCount else { return }
    let fault = fault(code, position, detail, .error)
    if !faults.contains(fault) { faults.append(fault) }
  }

  func warn(_ code: FaultCode, _ position: Position, _ detail: FaultDetail = FaultDetail()) {
    guard warnings.count < Self.largestCount else { return }
    warnings.append(fault(code, position, detail, .warning))
  }

  private func fault(
    _ code: FaultCode, _ position: Position, _ detail: FaultDetail, _ severity: PolicyFault.Severity
  ) -> PolicyFault {
    let sentence = code.sentence(detail)
    return PolicyFault(
      severity: severity, file: file, line: position.line, column: position.column, code: code.rawValue, ja: sentence.ja,
      en: sentence.en, hintJa: sentence.hintJa, hintEn: sentence.hintEn)
  }

  var inOrder: [PolicyFault] { Self.sorted(faults) }

  static func sorted(_ faults: [PolicyFault]) -> [PolicyFault] {
    faults.sorted { ($0.file, $0.line, $0.column, $0.code) < ($1.file, $1.line, $1.column, $1.code) }
  }
}
