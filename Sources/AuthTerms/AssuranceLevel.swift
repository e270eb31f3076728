/// Authenticator assurance level (NIST SP 800-63B-4 §2).
public enum AssuranceLevel: Int, CaseIterable, Sendable, Comparable {
  case aal1 = 1
  case aal2 = 2
  case aal3 = 3

  public var name: String { "AAL\(rawValue)" }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
