import AuthTerms
import CLDAP

/// What a domain controller says to a password that its owner changes.
public enum PasswordChange: Sendable, Equatable {
  case done
  /// The present one is not that.
  case wrongPassword
  /// Length, kinds of characters, history or the least age, as the domain asks for them (MS-ADTS 3.1.1.3.1.5).
  case unacceptable

  /// - Parameter diagnostic: begins with the Win32 code, `0000052D: …` (MS-ADTS 3.1.1.3.1.9).
  package init?(diagnostic: String) {
    switch diagnostic.prefix(8).uppercased() {
    case "0000052D": self = .unacceptable
    case "00000056": self = .wrongPassword
    default: return nil
    }
  }
}

extension LDAPHandle {
  /// A password as `unicodePwd` takes it (MS-ADTS 3.1.1.3.1.5): in quotes, UTF-16 with the low byte first.
  ///
  /// - Returns: `nil` if the bytes are no UTF-8.
  static func quoted(_ password: Secret<TypedPassword>) -> Secret<TypedPassword>? {
    unsafe password.withBytes { bytes in
      // Room for the widest case: every byte a unit of its own.
      var units: [UInt16] = []
      units.reserveCapacity(bytes.count + 2)
      defer { for place in units.indices { units[place] = 0 } }
      units.append(0x22)
      var decoder = UTF8()
      var next = bytes.makeIterator()
      reading: while true {
        switch decoder.decode(&next) {
        case .scalarValue(let scalar): units.append(contentsOf: UTF16.encode(scalar) ?? UTF16.EncodedScalar())
        case .emptyInput: break reading
        case .error: return nil
        }
      }
      units.append(0x22)
      return Secret(count: units.count * 2) { target in
        for (place, unit) in units.enumerated() {
          target[place * 2] = UInt8(truncatingIfNeeded: unit)
          target[place * 2 + 1] = UInt8(truncatingIfNeeded: unit >> 8)
        }
      }
    }
  }

  /// Takes one value away and adds another in one modification: the owner's own change, for which the domain controller checks
  /// the present password and the rules for the new one. Whose connection it is asked on does not matter.
  func changePassword(
    of name: String, from present: Secret<TypedPassword>, to new: Secret<TypedPassword>, until deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> PasswordChange {
    guard present.count > 0, let old = Self.quoted(present) else { return .wrongPassword }
    guard new.count > 0, let next = Self.quoted(new) else { return .unacceptable }
    return try guarded(until: deadline) { () throws(LDAPFault) in
      let (result, diagnostic) = try modify(
        name, [(LDAP_MOD_DELETE, "unicodePwd", old), (LDAP_MOD_ADD, "unicodePwd", next)], deadline)
      switch result {
      case LDAP_SUCCESS: return .done
      case LDAP_CONSTRAINT_VIOLATION, LDAP_UNWILLING_TO_PERFORM:
        guard let change = PasswordChange(diagnostic: diagnostic) else { throw LDAPFault(.result, "\(result)") }
        return change
      default: throw fault(result)
      }
    }
  }
}
