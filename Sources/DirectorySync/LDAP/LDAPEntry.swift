/// One entry of an answer, values as bytes.
public struct LDAPEntry: Sendable {
  /// The distinguished name, with what the extended-DN control puts before it.
  public let name: String
  /// By attribute description in small letters, options included (`member;range=1-1`).
  public let attributes: [String: [[UInt8]]]

  package init(name: String, attributes: [String: [[UInt8]]]) {
    self.name = name
    self.attributes = attributes
  }

  func bytes(_ name: String) -> [UInt8]? { attributes[name]?.first }

  /// The first value, if it is UTF-8.
  func text(_ name: String) -> String? { bytes(name).flatMap { String(validating: $0, as: UTF8.self) } }
}

/// What one answer may hold: beyond, something is wrong with the other side.
package struct LDAPLimits: Sendable {
  package var entries: Int
  /// Of one value.
  package var valueBytes: Int

  package init(entries: Int = 200_000, valueBytes: Int = 1 << 20) {
    self.entries = entries
    self.valueBytes = valueBytes
  }
}

/// What is asked.
struct LDAPQuery: Sendable {
  enum Scope: Int32, Sendable {
    case base = 0
    case oneLevel = 1
    case subtree = 2
  }

  var base: String
  var scope = Scope.subtree
  var filter = "(objectClass=*)"
  var attributes: [String]
  /// No more than so many entries; 0: all. Fewer than there are is no fault then.
  var limit: Int32 = 0
}

/// What is asked along with it (MS-ADTS 3.1.1.3.4.1, RFC 2696). All are critical: a server that does not know one has to say so.
enum LDAPControlRequest: Sendable {
  case paged(size: Int32, cookie: [UInt8])
  /// - flags: LDAP_DIRSYNC_OBJECT_SECURITY 1, LDAP_DIRSYNC_INCREMENTAL_VALUES 0x8000_0000, as the signed number of the wire.
  case dirSync(flags: Int32, cookie: [UInt8])
  /// Names come as `<GUID=…>;<SID=…>;DN`.
  case extendedNames
  /// What was deleted is shown too.
  case showDeleted
}

/// What came with the end of an answer.
struct LDAPAnswer: Sendable {
  /// RFC 2696; empty after the last page, `nil` if the server sent none.
  var pageCookie: [UInt8]?
  var dirSync: (hasMore: Bool, cookie: [UInt8])?
}
