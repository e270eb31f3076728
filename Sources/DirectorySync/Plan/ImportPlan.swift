public import AuthTerms

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
  /// Absent from the snapshot and enabled until now; `after.isEnabled` is false, all else is as it was.
  public let disabledBecauseAbsent: [Change]
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
    let before = Dictionary(current.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let after = snapshot.people.map { ResolvedPerson($0, closure: closure) }.sorted { $0.id < $1.id }
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
    var absent: [Change] = []
    for old in before.values.sorted(by: { $0.id < $1.id }) where !present.contains(old.id) {
      guard old.isEnabled else {
        unchanged += 1
        continue
      }
      var new = old
      new.isEnabled = false
      absent.append(Change(before: old, after: new, fields: [.isEnabled]))
    }

    named = after.count
    self.added = added
    self.changed = changed
    disabledBecauseAbsent = absent
    self.unchanged = unchanged
    let losses = (absent.map { ($0.after.id, Loss.absent) } + changed.compactMap(Self.loss)).sorted { $0.0 < $1.0 }
    self.losses = losses.map { (person: $0.0, why: $0.1) }
    losingAccess = losses.map(\.0)
    enabledBefore = before.values.count(where: \.isEnabled)
    warnings = closure.cycles.map(Warning.groupCycle) + Self.movedAccounts(before: before.values, after: after)
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

  /// Everybody to write, as they will be.
  public var writes: [ResolvedPerson] { added + changed.map(\.after) + disabledBecauseAbsent.map(\.after) }

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
