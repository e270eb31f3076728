/// Bytes or text that are not what they were declared to be. Names what was expected, never quotes what came.
public struct MalformedInput: Error, Equatable, Sendable {
  public let subject: String
  public let expected: String

  public init(_ subject: String, expected: String) {
    self.subject = subject
    self.expected = expected
  }
}

extension MalformedInput: CustomStringConvertible {
  public var description: String { "\(subject): expected \(expected)" }
}
