public import AuthTerms

/// Which state of which domain controller a cookie continues. Another server, another incarnation of its database or an older
/// copy of it make the cookie worthless, though the server may take it without a word.
public struct DirSyncPosition: Sendable, Equatable {
  public let serviceName: String
  /// Of the server's database: a new one after each restore that was done as it should be.
  public let invocationID: ObjectGUID
  public let highestCommittedUSN: Int64
  /// An object that changed late, and its uSNChanged: in an older copy it is older. The server's own counter alone does not tell:
  /// a copy that was put back counts on by itself when it starts.
  public let witness: Witness?
  public let cookie: [UInt8]

  public struct Witness: Sendable, Equatable {
    public let guid: ObjectGUID
    public let usn: Int64

    public init(guid: ObjectGUID, usn: Int64) {
      self.guid = guid
      self.usn = usn
    }
  }

  public init(
    serviceName: String, invocationID: ObjectGUID, highestCommittedUSN: Int64, witness: Witness?, cookie: [UInt8]
  ) {
    self.serviceName = serviceName
    self.invocationID = invocationID
    self.highestCommittedUSN = highestCommittedUSN
    self.witness = witness
    self.cookie = cookie
  }
}

/// Reads users, groups and OUs of one naming context with the DirSync control (MS-ADTS 3.1.1.3.4.1.3): everything, or what
/// changed since a position.
public struct DirSyncReader: Sendable {
  /// No attribute here depends on another: what is read does not change with anybody's state.
  package static let attributes = [
    "objectClass", "objectGUID", "parentGUID", "isDeleted", "name", "sAMAccountName", "userPrincipalName", "objectSid",
    "userAccountControl", "accountExpires", "lockoutTime", "pwdLastSet", "primaryGroupID", "groupType", "member", "displayName",
    "msDS-PhoneticDisplayName", "sn", "givenName", "employeeNumber", "departmentNumber", "extensionName", "title",
    "description",
    "l", "logonHours", "userWorkstations",
  ]
  package static let filter =
    "(|(&(objectClass=user)(!(objectClass=computer)))(objectClass=group)(objectClass=organizationalUnit))"
  /// LDAP_DIRSYNC_OBJECT_SECURITY | LDAP_DIRSYNC_INCREMENTAL_VALUES, as the signed number of the wire.
  package static let flags = Int32(bitPattern: 0x8000_0001)
  /// Answers of one read; each is cut by the server as it likes.
  private static let answerLimit = 10_000
  /// So many objects of a delta are asked which of them is the newest.
  private static let witnessLimit = 64

  public let connection: LDAPConnection
  private let attributes: [String]

  /// - Parameter also: attributes that are read besides.
  public init(_ connection: LDAPConnection, also: [String] = []) {
    self.connection = connection
    attributes = Self.attributes(also: also)
  }

  /// What is read: a copy that was read with another list has to be read anew.
  public static func attributes(also: [String]) -> [String] {
    let usual = Set(attributes.map { $0.lowercased() })
    return attributes + also.filter { !usual.contains($0.lowercased()) }
  }

  /// Which incarnation of its database the server serves.
  private func invocation(_ root: RootDSE) async throws(LDAPFault) -> ObjectGUID {
    let query = LDAPQuery(base: root.serviceName, scope: .base, attributes: ["invocationId"])
    guard let found = try await connection.entries(query).first?.bytes("invocationid").flatMap({ ObjectGUID(bytes: $0) }) else {
      throw LDAPFault(.malformed, "invocationId")
    }
    return found
  }

  /// Everything there is. The position has no witness yet (`settled`): finding one takes a server a good part of the time that all
  /// the rest does.
  public func everything() async throws(LDAPFault) -> (replica: DirectoryReplica, position: DirSyncPosition) {
    let root = try await connection.root()
    let invocation = try await invocation(root)
    var replica = DirectoryReplica()
    let (cookie, _) = try await read(root.namingContext, from: [], into: &replica)
    return (
      replica,
      DirSyncPosition(
        serviceName: root.serviceName, invocationID: invocation, highestCommittedUSN: root.highestCommittedUSN,
        witness: nil, cookie: cookie)
    )
  }

  /// The position with the object that changed last as its witness, while nothing has changed since.
  /// - Returns: `nil` if something has: that comes first.
  public func settled(_ position: DirSyncPosition) async throws(LDAPFault) -> DirSyncPosition? {
    let root = try await connection.root()
    guard root.serviceName == position.serviceName, root.highestCommittedUSN == position.highestCommittedUSN else { return nil }
    return DirSyncPosition(
      serviceName: position.serviceName, invocationID: position.invocationID,
      highestCommittedUSN: position.highestCommittedUSN, witness: try await witness(root) ?? position.witness,
      cookie: position.cookie)
  }

  /// What changed since `last`.
  /// - Returns: `nil` if nothing did.
  /// - Throws: `.cookie` when the position is not one of this server (any more): everything has to be read.
  public func changes(
    since last: DirSyncPosition, of replica: DirectoryReplica
  ) async throws(LDAPFault) -> (replica: DirectoryReplica, position: DirSyncPosition)? {
    let root = try await connection.root()
    guard root.serviceName == last.serviceName, root.highestCommittedUSN >= last.highestCommittedUSN else {
      throw LDAPFault(.cookie, "position")
    }
    guard root.highestCommittedUSN > last.highestCommittedUSN else { return nil }
    let invocation = try await invocation(root)
    guard invocation == last.invocationID else { throw LDAPFault(.cookie, "invocationId") }
    if let witness = last.witness {
      guard try await usn(of: witness.guid) >= witness.usn else { throw LDAPFault(.cookie, "older copy") }
    }
    var new = replica
    let (cookie, told) = try await read(root.namingContext, from: last.cookie, into: &new)
    // An account that may not look there is not told of deletions either.
    if try await !seesDeletions(root.namingContext) {
      new.keep(only: try await connection.guids(root.namingContext, Self.filter))
    }
    return (
      new,
      DirSyncPosition(
        serviceName: root.serviceName, invocationID: invocation, highestCommittedUSN: root.highestCommittedUSN,
        witness: try await witness(among: told, root, after: last) ?? last.witness, cookie: cookie)
    )
  }

  /// The newest of the objects of a delta: it changed after all that was read before.
  private func witness(
    among told: [ObjectGUID], _ root: RootDSE, after last: DirSyncPosition
  ) async throws(LDAPFault) -> DirSyncPosition.Witness? {
    guard !told.isEmpty else { return nil }
    let any = told.map { "(objectGUID=\($0.bytes.map { "\\" + Hex.encode([$0]) }.joined()))" }.joined()
    let query = LDAPQuery(base: root.namingContext, filter: "(|\(any))", attributes: ["objectGUID", "uSNChanged"])
    return try await connection.entries(query).compactMap(Self.witness).filter { $0.usn > last.highestCommittedUSN }
      .max { $0.usn < $1.usn }
  }

  private static func witness(_ entry: LDAPEntry) -> DirSyncPosition.Witness? {
    guard let guid = entry.bytes("objectguid").flatMap({ ObjectGUID(bytes: $0) }),
      let usn = entry.text("usnchanged").flatMap({ Int64($0) })
    else { return nil }
    return DirSyncPosition.Witness(guid: guid, usn: usn)
  }

  /// One of the objects that changed last, among the newest 8 changes or, if those were others, further back. What else changes (the
  /// servers' own accounts) may change by itself in a copy that is put back.
  private func witness(_ root: RootDSE) async throws(LDAPFault) -> DirSyncPosition.Witness? {
    var back: Int64 = 8
    while true {
      let from = max(0, root.highestCommittedUSN - back)
      // A few by the number alone, with a look at their kinds here: for the whole filter a server joins lists of everybody first,
      // which costs as much as a fifth of a full read.
      let newer = "(uSNChanged>=\(from))"
      var query = LDAPQuery(
        base: root.namingContext, filter: back <= 64 ? newer : "(&\(Self.filter)\(newer))",
        attributes: ["objectClass", "objectGUID", "uSNChanged"])
      query.limit = 200
      let found = try await connection.entries(query).compactMap { entry -> DirSyncPosition.Witness? in
        guard let found = Self.witness(entry), DirectoryItem(guid: found.guid, attributes: entry.attributes).kind != nil
        else { return nil }
        return found
      }
      if let newest = found.max(by: { $0.usn < $1.usn }) { return newest }
      guard from > 0 else { return nil }
      back *= 8
    }
  }

  /// - Returns: -1 for an object that is not there (any more).
  private func usn(of guid: ObjectGUID) async throws(LDAPFault) -> Int64 {
    do {
      let found = try await connection.entries(
        LDAPQuery(base: "<GUID=\(guid)>", scope: .base, attributes: ["uSNChanged"]), [.showDeleted])
      return found.first?.text("usnchanged").flatMap { Int64($0) } ?? -1
    } catch {
      guard error.code == .noSuchObject else { throw error }
      return -1
    }
  }

  /// Whether deletions are told to this account: DirSync says them only to those who may read where they go. Known only once
  /// something was deleted and not yet forgotten (180 days); until then it is taken for no.
  public func seesDeletions() async throws(LDAPFault) -> Bool { try await seesDeletions(connection.root().namingContext) }

  private func seesDeletions(_ context: String) async throws(LDAPFault) -> Bool {
    var query = LDAPQuery(
      base: "CN=Deleted Objects,\(context)", scope: .oneLevel, filter: "(isDeleted=TRUE)", attributes: ["objectGUID"])
    query.limit = 1
    do { return try await !connection.entries(query, [.showDeleted]).isEmpty } catch {
      switch error.code {
      case .noSuchObject, .rights: return false
      default: throw error
      }
    }
  }

  /// - Returns: where it goes on, and the last objects that were told and are there.
  private func read(
    _ base: String, from start: [UInt8], into replica: inout DirectoryReplica
  ) async throws(LDAPFault) -> (cookie: [UInt8], told: [ObjectGUID]) {
    var cookie = start
    var told: [ObjectGUID] = []
    var gone: Set<ObjectGUID> = []
    let query = LDAPQuery(base: base, filter: Self.filter, attributes: attributes)
    for _ in 0..<Self.answerLimit {
      let (changes, answer) = try await connection.changes(
        query, [.dirSync(flags: Self.flags, cookie: cookie), .extendedNames])
      for change in changes {
        guard change.isDeleted == true || replica.objects[change.guid] != nil || change.attributes["objectclass"] != nil else {
          // Brought back from among the deleted: a delta says what changed of it, not what it is.
          throw LDAPFault(.cookie, "unknown object")
        }
        // Deleted and brought back since we looked: its links ended, and no group says so.
        if change.isDeleted == false, !start.isEmpty, replica.objects[change.guid] != nil {
          throw LDAPFault(.cookie, "brought back")
        }
        if change.isDeleted == true {
          gone.insert(change.guid)
        } else {
          gone.remove(change.guid)
          told.append(change.guid)
        }
        replica.apply(change)
      }
      guard let next = answer.dirSync else { throw LDAPFault(.malformed, "DirSync") }
      cookie = next.cookie
      if !next.hasMore {
        replica.dropLinks(to: gone)
        return (cookie, told.suffix(Self.witnessLimit).filter { replica.objects[$0] != nil })
      }
    }
    throw LDAPFault(.tooLarge, "\(Self.answerLimit)")
  }
}

extension LDAPConnection {
  /// All entries at once: for answers that are small.
  func entries(_ query: LDAPQuery, _ requests: [LDAPControlRequest] = []) throws(LDAPFault) -> [LDAPEntry] {
    var found: [LDAPEntry] = []
    _ = try search(query, requests) { found.append($0) }
    return found
  }

  /// All objects of a filter, by GUID.
  func guids(_ base: String, _ filter: String) throws(LDAPFault) -> Set<ObjectGUID> {
    var found: Set<ObjectGUID> = []
    try inPages(LDAPQuery(base: base, filter: filter, attributes: ["objectGUID"])) { (entry) throws(LDAPFault) in
      guard let guid = entry.bytes("objectguid").flatMap({ ObjectGUID(bytes: $0) }) else {
        throw LDAPFault(.malformed, "objectGUID")
      }
      found.insert(guid)
    }
    return found
  }

  /// One entry, with what a server computes for a single one only (`tokenGroups`).
  package func entry(_ name: String, attributes: [String]) throws(LDAPFault) -> LDAPEntry {
    guard let found = try entries(LDAPQuery(base: name, scope: .base, attributes: attributes)).first else {
      throw LDAPFault(.noSuchObject, "entry")
    }
    return found
  }

  /// All entries of a filter below `base`, in pages.
  package func paged(_ base: String, _ filter: String, attributes: [String]) throws(LDAPFault) -> [LDAPEntry] {
    var found: [LDAPEntry] = []
    try inPages(LDAPQuery(base: base, filter: filter, attributes: attributes)) { found.append($0) }
    return found
  }

  /// A Windows server gives no more than 1,000 entries at once (MaxPageSize).
  package static var pageSize: Int32 { 1000 }

  private func inPages(_ query: LDAPQuery, each: (LDAPEntry) throws(LDAPFault) -> Void) throws(LDAPFault) {
    var cookie: [UInt8] = []
    repeat {
      let answer = try search(query, [.paged(size: Self.pageSize, cookie: cookie)], each: each)
      guard let next = answer.pageCookie else { throw LDAPFault(.malformed, "page") }
      cookie = next
    } while !cookie.isEmpty
  }

  func changes(
    _ query: LDAPQuery, _ requests: [LDAPControlRequest]
  ) throws(LDAPFault) -> ([DirectoryChange], LDAPAnswer) {
    var found: [DirectoryChange] = []
    let answer = try search(query, requests, patience: .seconds(120)) { (entry) throws(LDAPFault) in
      found.append(try DirectoryChange(entry))
    }
    for index in found.indices {
      guard let start = found[index].restFrom else { continue }
      let rest = try members(of: found[index].guid, from: start)
      found[index].allMembers?.formUnion(rest)
      found[index].restFrom = nil
    }
    return (found, answer)
  }
}
