import CLDAP
import Glibc
import LoadClient

/// libldap alone, with TLS and the same controls: what our own reading is divided by. Entries are counted and thrown away.
/// For one thread at a time.
final class RawLDAP {
  private let handle: OpaquePointer
  private static let (base, subtree): (Int32, Int32) = (0, 2)

  /// Connects and binds.
  init(_ place: Domain, account: String, password: String) throws {
    var opened: OpaquePointer?
    guard ldap_initialize(&opened, place.url) == LDAP_SUCCESS, let opened else { throw Self.fault(-1) }
    handle = opened
    var (version, demand, client) = (Int32(3), Int32(LDAP_OPT_X_TLS_DEMAND), Int32(0))
    ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version)
    ldap_set_option(handle, LDAP_OPT_REFERRALS, nil)
    _ = place.authorities.withCString { ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, $0) }
    ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand)
    // Last: makes the context of what was set.
    ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client)
    var bytes = Array(password.utf8CString.dropLast())
    let result = bytes.withUnsafeMutableBufferPointer { buffer in
      var credentials = berval(bv_len: UInt(buffer.count), bv_val: buffer.baseAddress)
      return ldap_sasl_bind_s(handle, account, nil, &credentials, nil, nil, nil)
    }
    guard result == LDAP_SUCCESS else { throw Self.fault(result) }
  }

  deinit { ldap_unbind_ext_s(handle, nil, nil) }

  private static func fault(_ result: Int32) -> RunFault {
    let words = String(cString: ldap_err2string(result))
    return RunFault("ドメインコントローラーが答えません: \(words)", "the domain controller does not answer: \(words)")
  }

  // MARK: Reading

  /// The server's own entry.
  func root(_ attributes: [String]) throws {
    guard try search("", Self.base, "(objectClass=*)", attributes).entries == 1 else { throw Self.fault(-1) }
  }

  /// The whole of a DirSync read with extended names.
  /// - Parameter start: empty for everything.
  func dirSync(_ base: String, _ filter: String, _ attributes: [String], flags: Int32, from start: [UInt8] = []) throws
    -> (entries: Int, cookie: [UInt8])
  {
    var (cookie, entries, hasMore) = (start, 0, true)
    while hasMore {
      var controls: [UnsafeMutablePointer<LDAPControl>?] = [nil, nil, nil]
      defer { for control in controls { ldap_control_free(control) } }
      var bytes = cookie.map { CChar(bitPattern: $0) }
      let made = bytes.withUnsafeMutableBufferPointer { buffer in
        var value = berval(bv_len: UInt(buffer.count), bv_val: buffer.baseAddress)
        return ldap_create_dirsync_control(handle, flags, 0, &value, &controls[0])
      }
      guard made == LDAP_SUCCESS, ldap_create_extended_dn_control(handle, 1, &controls[1]) == LDAP_SUCCESS else {
        throw Self.fault(made)
      }
      for control in controls { control?.pointee.ldctl_iscritical = 1 }
      let found = try search(base, Self.subtree, filter, attributes, &controls)
      guard let next = found.next else { throw Self.fault(LDAP_DECODING_ERROR) }
      entries += found.entries
      (hasMore, cookie) = (next.hasMore, next.cookie)
    }
    return (entries, cookie)
  }

  /// Accounts of all groups that somebody is in through others, by the rule that searches on the server (MS-ADTS 3.1.1.3.4.4.3).
  func groupsInChain(of dn: String, below base: String) throws -> [String] {
    var names: [String] = []
    let filter = "(member:1.2.840.113556.1.4.1941:=\(Self.escaped(dn)))"
    _ = try search(base, Self.subtree, filter, ["sAMAccountName"]) { [handle] entry in
      guard let values = ldap_get_values_len(handle, entry, "sAMAccountName") else { return }
      defer { ldap_value_free_len(values) }
      if let value = values.pointee?.pointee {
        names.append(String(decoding: UnsafeRawBufferPointer(start: value.bv_val, count: Int(value.bv_len)), as: UTF8.self))
      }
    }
    return names
  }

  /// RFC 4515 §3.
  private static func escaped(_ text: String) -> String {
    text.map { letter in
      switch letter {
      case "*": "\\2a"
      case "(": "\\28"
      case ")": "\\29"
      case "\\": "\\5c"
      default: String(letter)
      }
    }.joined()
  }

  private func search(
    _ base: String, _ scope: Int32, _ filter: String, _ attributes: [String],
    _ controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>? = nil, each: (OpaquePointer) -> Void = { _ in }
  ) throws -> (entries: Int, next: (hasMore: Bool, cookie: [UInt8])?) {
    var names: [UnsafeMutablePointer<CChar>?] = attributes.map { strdup($0) } + [nil]
    defer { for name in names { free(name) } }
    var number: Int32 = 0
    var patience = timeval(tv_sec: 120, tv_usec: 0)
    let sent = ldap_search_ext(handle, base, scope, filter, &names, 0, controls, nil, &patience, 0, &number)
    guard sent == LDAP_SUCCESS else { throw Self.fault(sent) }
    var entries = 0
    while true {
      var batch: OpaquePointer?
      guard ldap_result(handle, number, LDAP_MSG_RECEIVED, &patience, &batch) > 0, let batch else {
        throw Self.fault(LDAP_SERVER_DOWN)
      }
      defer { ldap_msgfree(batch) }
      var next = ldap_first_message(handle, batch)
      while let part = next {
        switch UInt32(bitPattern: ldap_msgtype(part)) {
        case UInt32(LDAP_RES_SEARCH_ENTRY):
          entries += 1
          each(part)
        case UInt32(LDAP_RES_SEARCH_RESULT): return (entries, try position(part))
        default: break
        }
        next = ldap_next_message(handle, part)
      }
    }
  }

  private func position(_ message: OpaquePointer) throws -> (hasMore: Bool, cookie: [UInt8])? {
    var result: Int32 = 0
    var controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?
    guard ldap_parse_result(handle, message, &result, nil, nil, nil, &controls, 0) == LDAP_SUCCESS, result == LDAP_SUCCESS
    else { throw Self.fault(result) }
    defer { ldap_controls_free(controls) }
    guard let control = ldap_control_find(LDAP_CONTROL_X_DIRSYNC, controls, nil) else { return nil }
    var hasMore: Int32 = 0
    var cookie = berval()
    guard ldap_parse_dirsync_control(handle, control, &hasMore, &cookie) == LDAP_SUCCESS else {
      throw Self.fault(LDAP_DECODING_ERROR)
    }
    defer { ldap_memfree(cookie.bv_val) }
    return (hasMore != 0, Array(UnsafeRawBufferPointer(start: cookie.bv_val, count: Int(cookie.bv_len))))
  }

  // MARK: Writing

  /// Puts one value in the place of all others; returns when the server has committed it.
  func replace(_ attribute: String, of dn: String, by text: String) throws {
    var bytes = Array(text.utf8CString)
    let name = strdup(attribute)
    defer { free(name) }
    let result = bytes.withUnsafeMutableBufferPointer { buffer in
      var values: [UnsafeMutablePointer<CChar>?] = [buffer.baseAddress, nil]
      return values.withUnsafeMutableBufferPointer { list in
        var change = LDAPMod()
        change.mod_op = LDAP_MOD_REPLACE
        change.mod_type = name
        change.mod_vals.modv_strvals = list.baseAddress
        return withUnsafeMutablePointer(to: &change) { one in
          var changes: [UnsafeMutablePointer<LDAPMod>?] = [one, nil]
          return ldap_modify_ext_s(handle, dn, &changes, nil, nil)
        }
      }
    }
    guard result == LDAP_SUCCESS else { throw Self.fault(result) }
  }
}
