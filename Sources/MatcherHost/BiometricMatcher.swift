public import AuthAPI
public import AuthTerms

/// What compares biometric samples: ours, or a vendor's library behind the C ABI of deploy/plugin/sanmon_matcher.h. One call at a time.
///
/// None of these is trusted to end, or to answer within its own ranges.
public protocol BiometricMatcher {
  var facts: MatcherDescription { get }

  /// - Throws: `MatcherFailure`.
  func extract(_ sample: BiometricSample) throws(MatcherFailure) -> Extraction

  /// - Parameter references: 1 to 16.
  /// - Returns: one for each reference.
  func compare(_ probe: BiometricTemplate, with references: [BiometricTemplate]) throws(MatcherFailure) -> [MatchResult]

  /// What is kept of a probe, under a key.
  func protect(_ probe: BiometricTemplate, under key: TemplateKey) throws(MatcherFailure) -> BiometricTemplate

  /// One transaction.
  ///
  /// - Parameters:
  ///   - references: 1 to 16, under the key.
  ///   - former: 0 to 16, protected earlier probes.
  /// - Returns: of all references together.
  func verify(
    _ probe: BiometricTemplate, with references: [BiometricTemplate], former: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> MatchResult

  /// - Parameter templates: 1 to 16, under `old`.
  /// - Returns: the same under `new`, in their order.
  func rekey(
    _ templates: [BiometricTemplate], from old: TemplateKey, to new: TemplateKey
  ) throws(MatcherFailure) -> [BiometricTemplate]

  /// - Parameter references: 1 to 1,024, under the key.
  /// - Returns: one for each reference.
  func search(
    _ probe: BiometricTemplate, in references: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> [MatchResult]

  /// Wipes whatever is kept of samples and templates.
  func zeroise()
}

/// A matcher whose templates are not under keys: vendors' libraries.
extension BiometricMatcher {
  public func protect(_ probe: BiometricTemplate, under key: TemplateKey) throws(MatcherFailure) -> BiometricTemplate {
    throw .unsupported
  }

  public func verify(
    _ probe: BiometricTemplate, with references: [BiometricTemplate], former: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> MatchResult { throw .unsupported }

  public func rekey(
    _ templates: [BiometricTemplate], from old: TemplateKey, to new: TemplateKey
  ) throws(MatcherFailure) -> [BiometricTemplate] { throw .unsupported }

  public func search(
    _ probe: BiometricTemplate, in references: [BiometricTemplate], under key: TemplateKey
  ) throws(MatcherFailure) -> [MatchResult] { throw .unsupported }
}

/// What came of a sample.
public enum Extraction: Sendable {
  case template(BiometricTemplate, quality: Int)
  case retake(CaptureAdvice)
}
