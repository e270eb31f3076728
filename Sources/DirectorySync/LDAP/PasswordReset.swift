import AuthTerms
import CLDAP

/// What a domain controller says to a password that somebody with the right to reset it sets.
public enum PasswordReset: Sendable, Equatable {
  case done
  /// The rules of the domain do not allow it; the former one stands.
  case unacceptable
}

extension LDAPHandle {
  /// Replaces the value: the present one is not asked for, and the right `User-Force-Change-Password` is (MS-ADTS 3.1.1.3.1.5).
  func resetPassword(
    of name: String, to new: Secret<TypedPassword>, until deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> PasswordReset {
    guard new.count > 0, let value = Self.quoted(new) else { return .unacceptable }
    return try guarded(until: deadline) { () throws(LDAPFault) in
      let (result, diagnostic) = try modify(name, [(LDAP_MOD_REPLACE, "unicodePwd", value)], deadline)
      switch result {
      case LDAP_SUCCESS: return .done
      case LDAP_CONSTRAINT_VIOLATION, LDAP_UNWILLING_TO_PERFORM:
        guard PasswordChange(diagnostic: diagnostic) == .unacceptable else { throw LDAPFault(.result, "\(result)") }
        return .unacceptable
      default: throw fault(result)
      }
    }
  }
}

extension LDAPFault {
  /// Whether the directory has said no: with any other fault nobody knows whether what was sent took effect.
  public var isRefusal: Bool {
    switch code {
    case .rights, .noSuchObject, .result: true
    default: false
    }
  }
}
