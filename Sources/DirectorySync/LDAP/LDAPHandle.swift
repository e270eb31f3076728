import AuthTerms
import CLDAP
import Glibc

/// One connection of libldap, for one thread. Every call ends: by its answer, by a fault, or by its deadline.
final class LDAPHandle {
  private let handle: OpaquePointer
  private let watchdog: Watchdog

  private let limits: LDAPLimits
  private var names = AttributeNames()
  /// LDAP_PROTO_TCP, of a header that is not installed.
  private static let overTCP: Int32 = 1

  /// Connects, and has TLS when it returns.
  init(
    _ server: LDAPServer, limits: LDAPLimits = LDAPLimits(), until deadline: ContinuousClock.Instant
  ) throws(LDAPFault) {
    self.limits = limits
    guard access(server.authorities, R_OK) == 0 else { throw LDAPFault(.settings, "CA: \(server.authorities)") }
    let socket = try Dial.connect(server.host, server.port, until: deadline)
    var opened: OpaquePointer?
    guard ldap_init_fd(socket, Self.overTCP, server.url, &opened) == LDAP_SUCCESS, let opened else {
      close(socket)
      throw LDAPFault(.settings, server.url)
    }
    handle = opened
    watchdog = Watchdog(socket)
    try set(LDAP_OPT_PROTOCOL_VERSION, 3)
    // Off is the null pointer. A referral would take the bind, and with it a password, to wherever the answer says.
    guard ldap_set_option(handle, LDAP_OPT_REFERRALS, nil) == LDAP_OPT_SUCCESS,
      // Only this file vouches: what ldap.conf and the environment name is taken back.
      ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTDIR, nil) == LDAP_OPT_SUCCESS,
      server.authorities.withCString({ ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, $0) }) == LDAP_OPT_SUCCESS
    else { throw LDAPFault(.settings, "CA: \(server.authorities)") }
    try set(LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
    try set(LDAP_OPT_X_TLS_PROTOCOL_MIN, 3 << 8 + 3)
    guard Self.suites.withCString({ ldap_set_option(handle, LDAP_OPT_X_TLS_CIPHER_SUITE, $0) }) == LDAP_OPT_SUCCESS else {
      throw LDAPFault(.settings, "TLS")
    }
    // Last: makes the context of all that was set.
    try set(LDAP_OPT_X_TLS_NEWCTX, 0)
    try watchdog.guarding(until: deadline) { () throws(LDAPFault) in
      let result = server.protection == .startTLS ? ldap_start_tls_s(handle, nil, nil) : ldap_install_tls(handle)
      guard result == LDAP_SUCCESS else { throw fault(result) }
    }
    // Whatever the library makes of its options: without TLS nothing is said here.
    guard ldap_tls_inplace(handle) != 0 else { throw LDAPFault(.unreachable, "TLS") }
  }

  deinit {
    watchdog.retire()
    // On whatever thread lets go last; the farewell may meet a server that is gone.
    BrokenPipe.blocked { ldap_unbind_ext_s(handle, nil, nil) }
  }

  /// TLS 1.2 and 1.3 with forward secrecy and AEAD. With GnuTLS, as in Debian, libldap takes the lowest version of its options for
  /// nothing: it has to stand here.
  private static let suites: String = {
    var name: UnsafeMutableRawPointer?
    guard ldap_get_option(nil, LDAP_OPT_X_TLS_PACKAGE, &name) == LDAP_OPT_SUCCESS, let name else { return "" }
    defer { ldap_memfree(name) }
    return String(cString: name.assumingMemoryBound(to: CChar.self)) == "GnuTLS"
      ? "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-AES-128-CBC:-AES-256-CBC:-SHA1"
      : "ECDHE+AESGCM:ECDHE+CHACHA20"
  }()

  private func set(_ option: Int32, _ value: Int32) throws(LDAPFault) {
    var value = value
    guard ldap_set_option(handle, option, &value) == LDAP_OPT_SUCCESS else { throw LDAPFault(.settings, "option \(option)") }
  }

  private static func interval(_ duration: Duration) -> timeval {
    let (seconds, attoseconds) = max(duration, .milliseconds(1)).components
    return timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
  }

  // MARK: Bind

  /// A simple bind; `name` is a DN or a user principal name.
  ///
  /// An empty password is refused here: a directory takes it for an anonymous bind and answers "right" (RFC 4513 §5.1.2).
  func bind(_ name: String, _ password: Secret<TypedPassword>, until deadline: ContinuousClock.Instant) throws(LDAPFault)
    -> BindResult
  {
    try watchdog.guarding(until: deadline) { () throws(LDAPFault) in try ask(name, password, deadline) }
  }

  private func ask(_ name: String, _ password: Secret<TypedPassword>, _ deadline: ContinuousClock.Instant) throws(LDAPFault)
    -> BindResult
  {
    guard password.count > 0, !name.isEmpty, !name.utf8.contains(0) else { return .refused(.wrongPassword) }
    var message: Int32 = 0
    let sent = unsafe password.withBytes { bytes in
      // libldap only reads it.
      var credentials = berval(
        bv_len: UInt(bytes.count),
        bv_val: UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self)))
      return ldap_sasl_bind(handle, name, nil, &credentials, nil, nil, &message)
    }
    guard sent == LDAP_SUCCESS else { throw fault(sent) }
    let answer = try wait(message, until: deadline, all: true)
    defer { ldap_msgfree(answer) }
    let (result, diagnostic, _) = try parse(answer)
    switch result {
    case LDAP_SUCCESS: return .right
    case LDAP_INVALID_CREDENTIALS: return BindResult(diagnostic: diagnostic)
    default: throw fault(result)
    }
  }

  // MARK: Change

  func guarded<R>(until deadline: ContinuousClock.Instant, _ work: () throws(LDAPFault) -> R) throws(LDAPFault) -> R {
    try watchdog.guarding(until: deadline, work)
  }

  /// - Returns: the result code and the server's words.
  func modify(
    _ name: String, _ values: [(operation: Int32, attribute: String, value: Secret<TypedPassword>)],
    _ deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> (Int32, String) {
    var message: Int32 = 0
    let sent = unsafe Self.withModifications(values[...]) { modifications in
      ldap_modify_ext(handle, name, modifications, nil, nil, &message)
    }
    guard sent == LDAP_SUCCESS else { throw fault(sent) }
    let answer = try wait(message, until: deadline, all: true)
    defer { ldap_msgfree(answer) }
    let (result, diagnostic, _) = try parse(answer)
    return (result, diagnostic)
  }

  /// The list that libldap wants, which ends in a null pointer. It only reads what it is given.
  private static func withModifications(
    _ values: ArraySlice<(operation: Int32, attribute: String, value: Secret<TypedPassword>)>,
    _ above: [UnsafeMutablePointer<LDAPMod>?] = [],
    _ use: (UnsafeMutablePointer<UnsafeMutablePointer<LDAPMod>?>?) -> Int32
  ) -> Int32 {
    guard let first = values.first else {
      var list = above + [nil]
      return list.withUnsafeMutableBufferPointer { use($0.baseAddress) }
    }
    return unsafe first.value.withBytes { bytes in
      first.attribute.withCString { attribute in
        var value = berval(
          bv_len: UInt(bytes.count),
          bv_val: UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self)))
        return withUnsafeMutablePointer(to: &value) { pointer in
          var list: [UnsafeMutablePointer<berval>?] = [pointer, nil]
          return list.withUnsafeMutableBufferPointer { buffer in
            var modification = LDAPMod()
            modification.mod_op = first.operation | LDAP_MOD_BVALUES
            modification.mod_type = UnsafeMutablePointer(mutating: attribute)
            modification.mod_vals.modv_bvals = buffer.baseAddress
            return withUnsafeMutablePointer(to: &modification) { pointer in
              withModifications(values.dropFirst(), above + [pointer], use)
            }
          }
        }
      }
    }
  }

  // MARK: Search

  /// Gives each entry as it arrives: memory does not grow with the answer.
  func search(
    _ query: LDAPQuery, _ requests: [LDAPControlRequest] = [], until deadline: ContinuousClock.Instant,
    each: (consuming LDAPEntry) throws(LDAPFault) -> Void
  ) throws(LDAPFault) -> LDAPAnswer {
    try watchdog.guarding(until: deadline) { () throws(LDAPFault) in try ask(query, requests, deadline, each) }
  }

  private func ask(
    _ query: LDAPQuery, _ requests: [LDAPControlRequest], _ deadline: ContinuousClock.Instant,
    _ each: (consuming LDAPEntry) throws(LDAPFault) -> Void
  ) throws(LDAPFault) -> LDAPAnswer {
    let controls = try LDAPControls(requests, handle)
    var names: [UnsafeMutablePointer<CChar>?] = query.attributes.map { strdup($0) } + [nil]
    defer { for name in names { free(name) } }
    var limit = Self.interval(ContinuousClock.now.duration(to: deadline))
    var message: Int32 = 0
    let sent = controls.withPointers { pointers in
      ldap_search_ext(
        handle, query.base, query.scope.rawValue, query.filter, &names, 0, pointers, nil, &limit, query.limit, &message)
    }
    guard sent == LDAP_SUCCESS else { throw fault(sent) }
    var isOver = false
    // Whoever throws here leaves nothing behind that would be taken for the next answer.
    defer { if !isOver { ldap_abandon_ext(handle, message, nil, nil) } }
    var entries = 0
    while true {
      let batch = try wait(message, until: deadline, all: false)
      defer { ldap_msgfree(batch) }
      var next = ldap_first_message(handle, batch)
      while let part = next {
        switch UInt32(bitPattern: ldap_msgtype(part)) {
        case UInt32(LDAP_RES_SEARCH_ENTRY):
          entries += 1
          guard entries <= limits.entries else { throw LDAPFault(.tooLarge, "\(limits.entries)") }
          try each(try entry(part))
        // References to other servers: not followed.
        case UInt32(LDAP_RES_SEARCH_REFERENCE), UInt32(LDAP_RES_INTERMEDIATE): break
        case UInt32(LDAP_RES_SEARCH_RESULT):
          isOver = true
          let (result, _, answer) = try parse(part)
          guard result == LDAP_SUCCESS || query.limit > 0 && result == LDAP_SIZELIMIT_EXCEEDED else {
            throw fault(result)
          }
          return answer
        default: throw LDAPFault(.malformed, "message \(ldap_msgtype(part))")
        }
        next = ldap_next_message(handle, part)
      }
    }
  }

  private func entry(_ message: OpaquePointer) throws(LDAPFault) -> LDAPEntry {
    var reader: OpaquePointer?
    var name = berval()
    guard ldap_get_dn_ber(handle, message, &reader, &name) == LDAP_SUCCESS else { throw LDAPFault(.malformed, "name") }
    defer { ber_free(reader, 0) }
    guard let text = String(validating: Self.bytes(name), as: UTF8.self) else { throw LDAPFault(.malformed, "name") }
    var attributes = [String: [[UInt8]]](minimumCapacity: 32)
    while true {
      var description = berval()
      var values: UnsafeMutablePointer<berval>?
      guard ldap_get_attribute_ber(handle, message, reader, &description, &values) == LDAP_SUCCESS else {
        throw LDAPFault(.malformed, "attributes")
      }
      // The array is ours; what it points to belongs to the message.
      defer { ldap_memfree(values) }
      guard description.bv_val != nil else { break }
      var list: [[UInt8]] = []
      var next = values
      while let value = next?.pointee, value.bv_val != nil {
        guard value.bv_len <= limits.valueBytes else { throw LDAPFault(.tooLarge, "\(limits.valueBytes)") }
        list.append(Array(Self.bytes(value)))
        next = next?.successor()
      }
      attributes[names.name(Self.bytes(description))] = list
    }
    return LDAPEntry(name: text, attributes: attributes)
  }

  private static func bytes(_ value: berval) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: value.bv_val, count: value.bv_val == nil ? 0 : Int(value.bv_len))
  }

  // MARK: Answers

  private func wait(_ message: Int32, until deadline: ContinuousClock.Instant, all: Bool) throws(LDAPFault) -> OpaquePointer {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { throw LDAPFault(.timedOut) }
    var limit = Self.interval(left)
    var answer: OpaquePointer?
    let kind = ldap_result(handle, message, all ? LDAP_MSG_ALL : LDAP_MSG_RECEIVED, &limit, &answer)
    guard kind > 0, let answer else {
      throw kind == 0 ? LDAPFault(.timedOut) : fault(LDAP_SERVER_DOWN)
    }
    return answer
  }

  private func parse(_ message: OpaquePointer) throws(LDAPFault) -> (result: Int32, diagnostic: String, LDAPAnswer) {
    var result: Int32 = 0
    var diagnostic: UnsafeMutablePointer<CChar>?
    var controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?
    guard ldap_parse_result(handle, message, &result, nil, &diagnostic, nil, &controls, 0) == LDAP_SUCCESS else {
      throw LDAPFault(.malformed, "result")
    }
    defer {
      ldap_memfree(diagnostic)
      ldap_controls_free(controls)
    }
    let text = diagnostic.map { String(cString: $0) } ?? ""
    return (result, text, try LDAPControls.read(controls, handle))
  }

  func fault(_ result: Int32) -> LDAPFault {
    switch result {
    case LDAP_SERVER_DOWN, LDAP_CONNECT_ERROR: LDAPFault(.unreachable, connectionTrouble(result))
    case LDAP_TIMEOUT: LDAPFault(.timedOut)
    case LDAP_INSUFFICIENT_ACCESS: LDAPFault(.rights, "\(result)")
    case LDAP_NO_SUCH_OBJECT, LDAP_INVALID_DN_SYNTAX: LDAPFault(.noSuchObject, "\(result)")
    case LDAP_UNAVAILABLE_CRITICAL_EXTENSION: LDAPFault(.cookie, "\(result)")
    case LDAP_DECODING_ERROR, LDAP_PROTOCOL_ERROR: LDAPFault(.malformed, "\(result)")
    default: LDAPFault(.result, "\(result)")
    }
  }

  /// libldap's words on what went wrong below LDAP; empty when it has none.
  private func connectionTrouble(_ result: Int32) -> String {
    var words: UnsafeMutableRawPointer?
    guard ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &words) == LDAP_OPT_SUCCESS, let words else {
      return String(cString: ldap_err2string(result))
    }
    defer { ldap_memfree(words) }
    let text = String(cString: words.assumingMemoryBound(to: CChar.self))
    return text.isEmpty ? String(cString: ldap_err2string(result)) : text
  }
}
