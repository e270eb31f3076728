import AuthTerms
import DirectorySync
import Fuzzing
import RealDirectory

/// One town from a seed, followed batch by batch as a server follows it, each time beside a full read and beside the domain
/// controller's own answers.
struct TownYear {
  struct Broken: Error, CustomStringConvertible { let description: String }

  private static let rules = DirectoryRules(base: [RandomTown.root])
  private static let base = "OU=\(RandomTown.root),\(DomainController.base)"

  private(set) var town: RandomTown
  private(set) var kept = KeptPeople()
  /// Comparisons of somebody with what the domain controller says of them.
  private(set) var compared = 0
  /// Batches after which everything had to be read.
  private(set) var readAnew = 0
  /// By which the directory is followed.
  private let followed: LDAPConnection
  /// For everything else that is asked.
  private let other: LDAPConnection
  private var replica: DirectoryReplica
  private var position: DirSyncPosition
  /// Whose a person is, for good.
  private var bound: [PersonID: ObjectGUID] = [:]

  private init(_ dc: DomainController, seed: UInt64, by followed: LDAPConnection) async throws {
    self.followed = followed
    other = try dc.connection()
    town = RandomTown(seed: seed)
    try Self.put(town.found(), dc)
    (replica, position) = try await DirSyncReader(followed).everything()
    try await look(full: replica)
  }

  /// - Throws: `Broken` with the seed and the acts of the batch that broke something.
  static func run(seed: UInt64, batches: Int) async throws -> TownYear {
    var result: TownYear?
    try await DomainController.run { dc in
      // Every third account is one that is not told of deletions.
      let isBlind = seed.isMultiple(of: 3)
      let password = "Blind-4711-Account"
      if isBlind { try dc.tool("user create svc.blind '\(password)'") }
      let connection =
        try isBlind ? dc.connection(account: "svc.blind@ad.sanmon.example", password: password) : dc.connection()
      var year = try await TownYear(dc, seed: seed, by: connection)
      for batch in 0..<batches {
        let steps = year.town.batch(30, bringsBack: batch % 3 == 2)
        do {
          try Self.put(steps, dc)
          try await year.follow(isBlind ? nil : steps.contains { $0.need == .seesDeleted })
        } catch {
          let acts = steps.map(\.ldif).joined()
          throw Broken(description: "SANMON_DIRECTORY_SEED=\(seed), batch \(batch): \(error)\n\(acts)")
        }
      }
      result = year
    }
    guard let result else { throw Broken(description: "nothing ran") }
    return result
  }

  private static func put(_ steps: [RandomTown.Step], _ dc: DomainController) throws {
    for step in steps {
      try dc.change(step.ldif, showsDeleted: step.need == .seesDeleted, deletesTrees: step.need == .deletesTrees)
    }
  }

  /// - Parameter mayReadAnew: whether something was brought back, after which everything may have to be read; `nil`: that cannot be
  ///   told.
  private mutating func follow(_ mayReadAnew: Bool?) async throws {
    let reader = DirSyncReader(followed)
    do throws(LDAPFault) {
      guard let next = try await reader.changes(since: position, of: replica) else {
        throw LDAPFault(.malformed, "no change was seen")
      }
      (replica, position) = next
    } catch {
      guard error.code == .cookie, mayReadAnew != false else { throw error }
      (replica, position) = try await reader.everything()
      readAnew += 1
    }
    try await look(full: reader.everything().replica)
  }

  private mutating func look(full: DirectoryReplica) async throws {
    guard replica == full else { throw Broken(description: difference(from: full)) }
    town.learn(from: full)
    var twin = kept
    let view = kept.look(at: replica, Self.rules, now: RandomTown.now)
    let same = twin.look(at: full, Self.rules, now: RandomTown.now)
    try require(
      view.identities == same.identities && view.findings == same.findings && view.held == same.held
        && Self.isSame(view.people, same.people), "two views of the same directory")
    try checkIdentities()
    let again = kept.look(at: replica, Self.rules, now: RandomTown.now)
    try require(
      again.identities.isEmpty && Self.isSame(again.people, view.people), "a second look sees more: \(again.identities)")
    try await compare(view)
    confirm(view.held)
  }

  // MARK: What has to be so

  private func require(_ isSo: Bool, _ otherwise: @autoclosure () -> String) throws {
    if !isSo { throw Broken(description: otherwise()) }
  }

  /// A person is one object for good, and an object one person.
  private mutating func checkIdentities() throws {
    for identity in kept.identities {
      let former = bound.updateValue(identity.guid, forKey: identity.person)
      try require(former == nil || former == identity.guid, "\(identity.person) was another object")
    }
    try require(Set(kept.identities.map(\.guid)).count == kept.identities.count, "an object stands for two people")
  }

  /// Everybody in the town, as the domain controller itself answers: where they stand, whether they may act, in which groups they
  /// are through groups.
  private mutating func compare(_ view: DirectoryView) async throws {
    let all = "(&(objectClass=user)(!(objectClass=computer)))"
    let ticks = (RandomTown.now + 11_644_473_600_000) * 10_000
    let active =
      "(&\(all)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(!(&(accountExpires>=1)(accountExpires<=\(ticks)))))"
    let users = try await other.paged(Self.base, all, attributes: ["objectGUID", "sAMAccountName", "employeeNumber"])
    let enabled = Set(
      try await other.paged(Self.base, active, attributes: ["objectGUID"]).map { $0.attributes["objectguid"] })
    var groups: [[UInt8]: String] = [:]
    for group in try await other.paged(
      DomainController.base, "(objectClass=group)", attributes: ["objectSid", "sAMAccountName"])
    {
      guard let sid = group.attributes["objectsid"]?.first, let account = text(group, "samaccountname") else { continue }
      groups[sid] = try? GroupName(parsing: account).text
    }
    let people = Dictionary(uniqueKeysWithValues: view.people.map { ($0.id, $0) })
    let identities = Dictionary(uniqueKeysWithValues: kept.identities.map { ($0.guid, $0) })
    var named: Set<PersonID> = []
    for user in users {
      let account = text(user, "samaccountname") ?? "?"
      guard let guid = user.attributes["objectguid"]?.first.flatMap({ ObjectGUID(bytes: $0) }) else { continue }
      guard let identity = identities[guid] else {
        // Who was said to be somebody new begins with a number of their own.
        let number = text(user, "employeenumber")
        let isShared = kept.identities.contains { $0.number == number && $0.goneSince == nil }
        try require(number == nil || isShared, "\(account) is nobody")
        continue
      }
      guard let person = people[identity.person] else { throw Broken(description: "\(account) is not among the people") }
      named.insert(person.id)
      compared += 1
      guard identity.hold == nil else {
        try require(!person.isEnabled, "\(account) is held and enabled")
        continue
      }
      let one = try await other.entry("<GUID=\(guid)>", attributes: ["tokenGroups"])
      let token = Set(one.attributes["tokengroups", default: []].compactMap { groups[$0] })
      let place = Self.units(of: one.name).dropLast().reversed().joined(separator: "/")
      try require(person.groups == token, "\(account): groups \(person.groups.sorted()), by its token \(token.sorted())")
      try require(
        person.departments == (place.isEmpty ? [] : [place]), "\(account): \(person.departments), by its name \(place)")
      let mayAct = person.isEnabled && person.lastDay.map { $0 >= RandomTown.today } ?? true
      try require(
        mayAct == enabled.contains(user.attributes["objectguid"]), "\(account): may act \(mayAct); \(shown(guid, replica))")
      try require(person.account == AccountName(parsing: account), "\(account): \(person.account)")
    }
    try require(named == Set(people.keys), "people who are nowhere: \(Set(people.keys).subtracting(named))")
    let left = kept.people.filter { $0.isEnabled && !named.contains($0.id) }
    try require(left.isEmpty, "enabled, but not in the town: \(left.map(\.id))")
  }

  /// What administrators say of held accounts: sometimes the same person, sometimes somebody new.
  private mutating func confirm(_ held: [HeldIdentity]) {
    for one in held where !one.number.isEmpty {
      guard let index = kept.identities.firstIndex(of: one.identity) else { continue }
      if Bool.random(using: &town.random) {
        var identity = one.identity
        identity.hold = nil
        (identity.number, identity.family, identity.given) = (one.number, one.family, one.given)
        kept.identities[index] = identity
      } else {
        kept.identities.remove(at: index)
      }
    }
  }

  // MARK: Comparing

  private func text(_ entry: LDAPEntry, _ name: String) -> String? {
    entry.attributes[name]?.first.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func isSame(_ a: [ResolvedPerson], _ b: [ResolvedPerson]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.id == $1.id && $0.differences(from: $1).isEmpty }
  }

  /// Of a distinguished name as a directory prints it (RFC 4514), the innermost first.
  private static func units(of name: String) -> [String] {
    var parts: [[UInt8]] = [[]]
    var rest = Array(name.utf8)[...]
    while let unit = rest.popFirst() {
      if unit == UInt8(ascii: ",") {
        parts.append([])
      } else if unit == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        parts[parts.count - 1].append(code)
        rest.removeFirst(2)
      } else {
        parts[parts.count - 1].append(unit == UInt8(ascii: "\\") ? rest.popFirst() ?? unit : unit)
      }
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }.filter { $0.hasPrefix("OU=") }.map { String($0.dropFirst(3)) }
  }

  private func difference(from full: DirectoryReplica) -> String {
    let (changed, gone) = replica.differences(from: full)
    let lines = (changed + gone).prefix(3).map { guid in
      "\(guid)\n  followed: \(shown(guid, replica))\n  in full: \(shown(guid, full))"
    }
    return "\(changed.count) objects differ, \(gone.count) are missing\n" + lines.joined(separator: "\n")
  }

  private func shown(_ guid: ObjectGUID, _ replica: DirectoryReplica) -> String {
    let members = replica.members[guid, default: []].map { replica.objects[$0]?.text("name") ?? "\($0)" }.sorted()
    let item = replica.objects[guid]
    let values = (item?.attributes ?? [:]).mapValues { $0.map { String(decoding: $0, as: UTF8.self) } }
    return "below \(item?.parent?.description ?? "?") \(values.sorted { $0.key < $1.key }) members \(members)"
  }
}
