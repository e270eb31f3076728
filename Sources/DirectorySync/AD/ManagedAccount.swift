public import AuthTerms

/// An account whose password is made for its owner, as the directory tells of it at this moment.
public struct ManagedAccount: Sendable, Equatable {
  /// Why its password is left alone.
  public enum Obstacle: String, Sendable, CaseIterable {
    /// `adminCount` 1: the right to reset it does not reach administrators, and must not (MS-ADTS 3.1.1.6.1).
    case protected
    case disabled
    /// It logs on with a certificate alone; the directory refuses every password.
    case smartCardRequired
    /// No staff number, or one that can be none: nobody knows whose it is.
    case numberUnusable
    /// Two accounts of the group have the number.
    case numberShared
    /// The account that asks.
    case itself
  }

  public let guid: ObjectGUID
  /// The staff's number as this server knows people.
  public let person: PersonID?
  /// What its owner logs on to Windows with: `userPrincipalName`, or `account@domain`.
  public let logonName: String
  public let obstacle: Obstacle?

  public init(guid: ObjectGUID, person: PersonID?, logonName: String, obstacle: Obstacle?) {
    self.guid = guid
    self.person = person
    self.logonName = logonName
    self.obstacle = obstacle
  }
}

extension LDAPConnection {
  /// Groups within groups that are followed, and accounts that are read.
  private static var mostGroups: Int { 1000 }
  private static var mostAccounts: Int { 50_000 }

  private static var accountAttributes: [String] {
    ["objectClass", "objectGUID", "userAccountControl", "adminCount", "userPrincipalName", "sAMAccountName"]
  }

  /// The users of a group and of all groups in it, in the order of their GUIDs. Members that are no users are left out.
  ///
  /// - Parameters:
  ///   - group: its account name, 1 to 64 of `a-z 0-9 . _ -`.
  ///   - numberAttribute: with the staff number, in small letters.
  ///   - account: who asks, as name@domain: its own password is never one of them.
  /// - Throws: `LDAPFault`; `.noSuchObject` without such a group, `.settings` for a name that cannot be one.
  public func managedAccounts(
    in group: String, numberAttribute: String, asking account: String
  ) throws(LDAPFault) -> [ManagedAccount] {
    guard (try? WindowsLogon(managedGroup: group)) != nil else { throw LDAPFault(.settings, "group") }
    let context = try root().namingContext
    let start = try entries(
      LDAPQuery(
        base: context, filter: "(&(objectClass=group)(sAMAccountName=\(group)))", attributes: ["objectGUID"], limit: 2))
    guard start.count == 1, let first = start[0].bytes("objectguid").flatMap({ ObjectGUID(bytes: $0) }) else {
      throw LDAPFault(.noSuchObject, "group")
    }
    let users = try users(below: first, numberAttribute)
    let domain = context.split(separator: ",").compactMap { part in
      part.uppercased().hasPrefix("DC=") ? String(part.dropFirst(3)) : nil
    }.joined(separator: ".")
    var holders: [String: Int] = [:]
    for user in users { if let number = user.text(numberAttribute) { holders[number, default: 0] += 1 } }
    var found: [ManagedAccount] = []
    for user in users {
      guard let guid = user.bytes("objectguid").flatMap({ ObjectGUID(bytes: $0) }), let name = user.text("samaccountname")
      else { throw LDAPFault(.malformed, "account") }
      let number = user.text(numberAttribute)
      let person = number.flatMap { try? PersonID(parsing: $0) }
      let control = user.text("useraccountcontrol").flatMap { Int64($0) }
      let logonName = user.text("userprincipalname") ?? "\(name)@\(domain)"
      let obstacle: ManagedAccount.Obstacle? =
        if Self.isSame(name, logonName, as: account) {
          .itself
        } else if user.text("admincount").map({ $0 != "0" }) ?? false {
          .protected
        } else if control.map({ $0 & 2 != 0 }) ?? true {
          .disabled
        } else if control.map({ $0 & 0x4_0000 != 0 }) ?? true {
          .smartCardRequired
        } else if person == nil {
          .numberUnusable
        } else if number.flatMap({ holders[$0] }) != 1 { .numberShared } else { nil }
      found.append(ManagedAccount(guid: guid, person: person, logonName: logonName, obstacle: obstacle))
    }
    return found
  }

  /// Whatever the domain: one account too few is a line in a report, the own one is the end of all.
  private static func isSame(_ name: String, _ logonName: String, as account: String) -> Bool {
    let asking = account.lowercased()
    return logonName.lowercased() == asking || name.lowercased() == asking.prefix { $0 != "@" }
  }

  /// `nil`: deleted since, or not shown to this account: nothing that it could reset.
  private func shown(_ query: LDAPQuery) throws(LDAPFault) -> LDAPEntry? {
    do { return try entries(query).first } catch {
      guard error.code == .noSuchObject else { throw error }
      return nil
    }
  }

  private func users(below first: ObjectGUID, _ numberAttribute: String) throws(LDAPFault) -> [LDAPEntry] {
    var (seen, open): (Set<ObjectGUID>, [ObjectGUID]) = ([first], [first])
    var users: [ObjectGUID: LDAPEntry] = [:]
    var groups = 0
    while let next = open.popLast() {
      groups += 1
      guard groups <= Self.mostGroups else { throw LDAPFault(.tooLarge, "groups") }
      // Without members there is no such attribute, and no part of it either.
      let hasMembers = try entries(
        LDAPQuery(base: "<GUID=\(next)>", scope: .base, filter: "(member=*)", attributes: ["1.1"]))
      guard !hasMembers.isEmpty else { continue }
      for member in try members(of: next, from: 0).sorted() where seen.insert(member).inserted {
        let query = LDAPQuery(
          base: "<GUID=\(member)>", scope: .base, attributes: Self.accountAttributes + [numberAttribute])
        guard let entry = try shown(query) else { continue }
        let classes = (entry.attributes["objectclass"] ?? []).map { String(decoding: $0, as: UTF8.self).lowercased() }
        if classes.contains("group") {
          open.append(member)
        } else if classes.contains("user"), !classes.contains("computer") {
          users[member] = entry
          guard users.count <= Self.mostAccounts else { throw LDAPFault(.tooLarge, "accounts") }
        }
      }
    }
    return users.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Resets somebody's password.
  ///
  /// - Throws: `LDAPFault`; after one that is no refusal (`isRefusal`) nobody knows whether it is the new one.
  public func resetPassword(
    of guid: ObjectGUID, to new: Secret<TypedPassword>, until deadline: ContinuousClock.Instant
  ) throws(LDAPFault) -> PasswordReset {
    try modifying { (handle) throws(LDAPFault) in
      try handle.resetPassword(of: "<GUID=\(guid)>", to: new, until: deadline)
    }
  }
}
