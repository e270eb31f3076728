/// What a domain controller says to somebody's password: LDAP result 49 with a Win32 code behind "data" in its diagnostic text
/// (MS-ADTS 3.1.1.5; the codes are those of winerror.h).
public enum BindResult: Sendable, Equatable {
  case right
  case refused(Refusal)

  public enum Refusal: String, Sendable, CaseIterable {
    case unknownUser = "525"
    case wrongPassword = "52e"
    /// Logon hours.
    case notAtThisTime = "530"
    case notAtThisWorkstation = "531"
    case passwordExpired = "532"
    case disabled = "533"
    case accountExpired = "701"
    case mustChangePassword = "773"
    case lockedOut = "775"
    /// A code we do not know: a refusal all the same.
    case other = ""
  }

  /// Reads `…, data 52e, v1db1`.
  package init(diagnostic: String) {
    guard let range = diagnostic.firstRange(of: "data ") else {
      self = .refused(.other)
      return
    }
    let code = diagnostic[range.upperBound...].prefix { $0.isHexDigit }.lowercased()
    self = .refused(code.isEmpty ? .other : Refusal(rawValue: code) ?? .other)
  }
}
