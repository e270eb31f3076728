import CLDAP

/// The controls of one request, as libldap wants them, and those of an answer.
final class LDAPControls {
  private var pointers: [UnsafeMutablePointer<LDAPControl>?] = []

  init(_ requests: [LDAPControlRequest], _ handle: OpaquePointer) throws(LDAPFault) {
    for request in requests {
      var control: UnsafeMutablePointer<LDAPControl>?
      let result =
        switch request {
        case .paged(let size, let cookie): Self.with(cookie) { ldap_create_page_control(handle, size, $0, 1, &control) }
        case .dirSync(let flags, let cookie):
          Self.with(cookie) { ldap_create_dirsync_control(handle, flags, 0, $0, &control) }
        case .extendedNames: ldap_create_extended_dn_control(handle, 1, &control)
        case .showDeleted: ldap_create_show_deleted_control(handle, &control)
        }
      guard result == LDAP_SUCCESS, let control else { throw LDAPFault(.malformed, "control") }
      control.pointee.ldctl_iscritical = 1
      pointers.append(control)
    }
    pointers.append(nil)
  }

  deinit { for pointer in pointers { ldap_control_free(pointer) } }

  func withPointers<R>(_ use: (UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?) -> R) -> R {
    pointers.withUnsafeMutableBufferPointer { use($0.baseAddress) }
  }

  private static func with(_ cookie: [UInt8], _ use: (UnsafeMutablePointer<berval>) -> Int32) -> Int32 {
    var cookie = cookie.map { CChar(bitPattern: $0) }
    return cookie.withUnsafeMutableBufferPointer { bytes in
      var value = berval(bv_len: UInt(bytes.count), bv_val: bytes.baseAddress)
      return use(&value)
    }
  }

  static func read(
    _ controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?, _ handle: OpaquePointer
  ) throws(LDAPFault) -> LDAPAnswer {
    var answer = LDAPAnswer()
    if let control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nil) {
      var count: ber_int_t = 0
      var cookie = berval()
      guard ldap_parse_pageresponse_control(handle, control, &count, &cookie) == LDAP_SUCCESS else {
        throw LDAPFault(.malformed, "page")
      }
      answer.pageCookie = taken(&cookie)
    }
    if let control = ldap_control_find(LDAP_CONTROL_X_DIRSYNC, controls, nil) {
      var more: Int32 = 0
      var cookie = berval()
      guard ldap_parse_dirsync_control(handle, control, &more, &cookie) == LDAP_SUCCESS else {
        throw LDAPFault(.malformed, "DirSync")
      }
      answer.dirSync = (more != 0, taken(&cookie))
    }
    return answer
  }

  private static func taken(_ value: inout berval) -> [UInt8] {
    defer { ber_memfree(value.bv_val) }
    return Array(UnsafeRawBufferPointer(start: value.bv_val, count: value.bv_val == nil ? 0 : Int(value.bv_len)))
  }
}
