/// Why no comparison took place. Never a result: whoever catches one denies.
public enum ComparisonFault: Error, Equatable, Sendable {
  /// Probe, references, gallery or calibration belong to different filter banks, windows, keys or hands, or there are too many or
  /// too few of them; says what was expected.
  case mismatch(expected: String)
  /// No memory for so many bytes.
  case outOfMemory(bytes: Int)
  /// This machine has no such instructions.
  case path(KernelPath)
}
