public import AuthTerms
import Crypto

/// What an import would change: the difference between the people a store has and a snapshot. Pure; nothing is applied here.
///
/// People missing from the snapshot are disabled, never deleted: their cards, passwords and history wait for the day they come
/// back under the same id. A person is the id; the same account under a new id is a new person who inherits nothing.
public struct ImportPlan: Sendable {
  public struct Change: Sendable {
    public let before: ResolvedPerson
    public let after: ResolvedPerson
    /// Never empty.
    public let fields: [ResolvedPerson.Field]
  }

  /// Why a person who may act now could not after this plan.
  public enum Loss: Sendable, Hashable {
    case absent, disabled, leftWithoutGroups

    public var ja: String {
      switch self {
      case .absent: "名簿にないため無効になります"
      case .disabled: "名簿で無効とされています"
      case .leftWithoutGroups: "属するグループがなくなります"
      }
    }

    public var en: String {
      switch self {
      case .absent: "absent, will be disabled"
      case .disabled: "disabled by the source"
      case .leftWithoutGroups: "left without any group"
      }
    }
  }

  public enum Warning: Sendable, Hashable {
    /// Groups that contain each other.
    case groupCycle([GroupName])
    /// The account now belongs to another id; the former holder is no longer reached by it.
    case accountMoved(AccountName, from: PersonID, to: PersonID)
  }

  /// Sorted by id, as are all lists here.
  public let added: [ResolvedPerson]
  public let changed: [Change]
  /// Absent from the snapshot; `after.isEnabled` is false, all else is as it was but for an account that is another's now. Among
  /// them those who were disabled before and only lose their account.
  public let disabledBecauseAbsent: [Change]
  /// People whose account is another's after this plan and who get another one by it: written first, without theirs.
  private let releases: [ResolvedPerson]
  public let unchanged: Int
  public let warnings: [Warning]
  /// People who may act now and could not after this plan: absent, disabled by the source, or left without any group.
  public let losingAccess: [PersonID]
  /// The same people, with the reason.
  public let losses: [(person: PersonID, why: Loss)]
  /// People enabled before.
  public let enabledBefore: Int
  /// People the snapshot names.
  public let named: Int

  /// - Parameter current: everybody the store has, disabled people included.
  public init(current: [ResolvedPerson], snapshot: DirectorySnapshot) {
    let closure = Closure(of: snapshot.groups)
    self.init(
      current: current, named: snapshot.people.map { ResolvedPerson($0, closure: closure) },
      warnings: closure.cycles.map(Warning.groupCycle))
  }

  /// - Parameters:
  ///   - current: everybody the store has, disabled people included.
  ///   - named: everybody who shall be there, each id and account once.
  public init(current: [ResolvedPerson], named people: [ResolvedPerson], warnings: [Warning] = []) {
    let before = Dictionary(current.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let after = people.sorted { $0.id < $1.id }
    let present = Set(after.map(\.id))

    var added: [ResolvedPerson] = []
    var changed: [Change] = []
    var unchanged = 0
    for person in after {
      guard let old = before[person.id] else {
        added.append(person)
        continue
      }
      let fields = person.differences(from: old)
      if fields.isEmpty { unchanged += 1 } else { changed.append(Change(before: old, after: person, fields: fields)) }
    }
    let wanted = Dictionary(after.map { ($0.account, $0.id) }, uniquingKeysWith: min)
    func givesUp(_ old: ResolvedPerson) -> Bool { wanted[old.account].map { $0 != old.id } ?? false }
    var absent: [Change] = []
    for old in before.values.sorted(by: { $0.id < $1.id }) where !present.contains(old.id) {
      var new = old
      new.isEnabled = false
      if givesUp(old) { new.account = Self.standIn(for: old.id) }
      let fields = new.differences(from: old)
      if fields.isEmpty { unchanged += 1 } else { absent.append(Change(before: old, after: new, fields: fields)) }
    }
    releases = changed.map(\.before).filter(givesUp).map { old in
      var new = old
      new.account = Self.standIn(for: old.id)
      return new
    }

    named = after.count
    self.added = added
    self.changed = changed
    disabledBecauseAbsent = absent
    self.unchanged = unchanged
    let gone = absent.filter(\.before.isEnabled).map { ($0.after.id, Loss.absent) }
    let losses = (gone + changed.compactMap(Self.loss)).sorted { $0.0 < $1.0 }
    self.losses = losses.map { (person: $0.0, why: $0.1) }
    losingAccess = losses.map(\.0)
    enabledBefore = before.values.count(where: \.isEnabled)
    self.warnings = warnings + Self.movedAccounts(before: before.values, after: after)
  }

  /// Asks the brake. Call it before anything is applied.
  public func check(_ brake: Brake) throws(ImportRefusal) {
    let count = losingAccess.count
    if named == 0, !brake.allowsEmpty { throw .empty }
    if let confirmed = brake.confirmed {
      guard confirmed == count else { throw .confirmationDiffers(confirmed: confirmed, count: count) }
      return
    }
    guard count * 100 <= brake.percent * enabledBefore else {
      throw .tooManyLoseAccess(count: count, enabled: enabledBefore, percent: brake.percent)
    }
  }

  /// Everybody to write, in this order: nobody gets an account that is still another's. The last of somebody is how they will be.
  public var writes: [ResolvedPerson] {
    releases + disabledBecauseAbsent.map(\.after) + changed.map(\.after) + added
  }

  /// SHA-256 over everybody who is written, as they are and as they will be, hexadecimal: two people who approve a plan approve
  /// exactly this one.
  public var fingerprint: String {
    var hash = SHA256()
    func add(_ person: ResolvedPerson?) {
      var writer = LengthPrefixedWriter()
      if let person {
        for text in [person.id.text, person.account.canonical, person.displayName, person.kana] { writer.field(text) }
        writer.field(person.logonHours?.bytes ?? [])
        for list in [person.otherNames, person.departments, person.groups.sorted(), person.workstations.sorted()] {
          writer.field(UInt64(list.count))
          for text in list { writer.field(text) }
        }
        writer.field([person.isEnabled ? 1 : 0, person.hasManagedPassword ? 1 : 0])
        writer.field(Int64(person.firstDay ?? .min))
        writer.field(Int64(person.lastDay ?? .min))
      }
      var outer = LengthPrefixedWriter()
      outer.field(writer.bytes)
      hash.update(data: outer.bytes)
    }
    for person in added {
      add(nil)
      add(person)
    }
    for change in changed + disabledBecauseAbsent {
      add(change.before)
      add(change.after)
    }
    return Hex.encode(hash.finalize())
  }

  /// The account of somebody whose own is another's now: with a character that no directory allows in one.
  private static func standIn(for id: PersonID) -> AccountName {
    guard let account = try? AccountName(parsing: "former:\(id)") else {
      // Cannot happen: at most 71 characters, all of them printable, no domain in them.
      preconditionFailure("an id of a person is no account")
    }
    return account
  }

  private static func loss(_ change: Change) -> (PersonID, Loss)? {
    guard change.before.isEnabled else { return nil }
    if !change.after.isEnabled { return (change.after.id, .disabled) }
    return !change.before.groups.isEmpty && change.after.groups.isEmpty ? (change.after.id, .leftWithoutGroups) : nil
  }

  private static func movedAccounts(before: some Sequence<ResolvedPerson>, after: [ResolvedPerson]) -> [Warning] {
    let holders = Dictionary(before.map { ($0.account, $0.id) }, uniquingKeysWith: min)
    return after.compactMap { person in
      guard let holder = holders[person.account], holder != person.id else { return nil }
      return .accountMoved(person.account, from: holder, to: person.id)
    }
  }
}

extension ImportPlan {
  /// Who loses access and why, one line each, for the operator who has to confirm the number; ids, not names.
  /// - Parameter limit: lines, after which the rest is counted.
  public func lossLines(limit: Int = 50) -> (ja: [String], en: [String]) {
    let shown = losses.prefix(limit)
    let rest = losses.count - shown.count
    return (
      shown.map { "\($0.person): \($0.why.ja)" } + (rest > 0 ? ["ほか \(rest) 人"] : []),
      shown.map { "\($0.person): \($0.why.en)" } + (rest > 0 ? ["and \(rest) more"] : [])
    )
  }

  public var summaryJa: String {
    "追加 \(added.count) 人、変更 \(changed.count) 人、名簿にないため無効化 \(disabledBecauseAbsent.count) 人、変更なし \(unchanged) 人"
      + "（利用できなくなる人 \(losingAccess.count) 人）"
  }

  public var summaryEn: String {
    "\(added.count) added, \(changed.count) changed, \(disabledBecauseAbsent.count) disabled because absent, "
      + "\(unchanged) unchanged (\(losingAccess.count) lose access)"
  }
}

extension ImportPlan.Warning {
  public var ja: String {
    switch self {
    case .groupCycle(let groups): "グループが互いに含み合っています: \(groups.map(\.text).joined(separator: ", "))"
    case .accountMoved(let account, let from, let to):
      "ログオン名 \(account) が \(from) から \(to) に移ります。別の職員として扱い、カードやパスワードは引き継ぎません。"
    }
  }

  public var en: String {
    switch self {
    case .groupCycle(let groups): "groups contain each other: \(groups.map(\.text).joined(separator: ", "))"
    case .accountMoved(let account, let from, let to):
      "account \(account) moves from \(from) to \(to): another person, who inherits neither cards nor password"
    }
  }
}
