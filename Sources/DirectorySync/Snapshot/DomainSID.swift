public import AuthTerms

/// Which Active Directory domain: `S-1-5-21-…`, the part that the SIDs of all its accounts begin with (MS-DTYP 2.4.2). It stays when
/// the domain is renamed, and another domain of the same name has another one.
public struct DomainSID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// S-1-5-21-: version 1, four parts (five in an account's), authority 5.
  private static let head: [UInt8] = [0, 0, 0, 0, 0, 5, 21, 0, 0, 0]
  private static let prefix = "S-1-5-21-"

  /// The three numbers that are the domain's own.
  private let parts: [UInt32]

  /// - Parameter account: `objectSid` of an account of the domain.
  /// - Returns: `nil` for a SID that is not one of a domain's account (a built-in group's, for instance).
  public init?(account: [UInt8]) {
    guard account.count == 28, account[0] == 1, account[1] == 5, Array(account[2..<12]) == Self.head else { return nil }
    parts = (0..<3).map { part in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(account[12 + 4 * part + $1]) << (8 * UInt32($1)) }
    }
  }

  /// Accepts exactly what `description` writes.
  public init(parsing text: some StringProtocol) throws(MalformedInput) {
    let fault = MalformedInput("domain", expected: "\(Self.prefix)… with three numbers")
    guard text.hasPrefix(Self.prefix) else { throw fault }
    let numbers = text.dropFirst(Self.prefix.count).split(separator: "-", omittingEmptySubsequences: false)
    parts = numbers.compactMap { number in UInt32(number).flatMap { String($0) == number ? $0 : nil } }
    guard parts.count == 3, numbers.count == 3 else { throw fault }
  }

  public var description: String { Self.prefix + parts.map { String($0) }.joined(separator: "-") }

  public static func < (a: Self, b: Self) -> Bool { a.parts.lexicographicallyPrecedes(b.parts) }
}

extension DirectoryReplica {
  /// The one domain that all accounts of people are of. `nil` for none, for several, and as soon as one account has no SID that can be
  /// read: what is not known to be of a domain is not of it.
  public var domain: DomainSID? {
    var domain: DomainSID?
    for item in objects.values where item.kind == .person {
      guard let found = item.attributes["objectsid"]?.first.flatMap({ DomainSID(account: $0) }), found == domain ?? found else {
        return nil
      }
      domain = found
    }
    return domain
  }
}
