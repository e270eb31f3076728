public import AuthTerms

/// How much the directory may change by itself within an hour, in one reading or in many. Counted are people whose decisions
/// change, not objects: a group rule that takes the segment from a hundred people is a hundred people.
public struct GuardLimits: Sendable, Hashable {
  /// Of the people who may act now, how many per cent may lose access; `atLeast` of them always may.
  public var lossPercent: Int
  public var lossAtLeast: Int
  /// … may gain a segment they had not.
  public var gainPercent: Int
  public var gainAtLeast: Int
  /// … may change department, or groups that a rule names.
  public var movePercent: Int
  public var moveAtLeast: Int
  /// A reading that names fewer people than this part of those who may act now, in per cent, is a short one.
  public var shortPercent: Int

  public init() {
    (lossPercent, lossAtLeast) = (3, 10)
    (gainPercent, gainAtLeast) = (5, 10)
    (movePercent, moveAtLeast) = (30, 10)
    shortPercent = 90
  }

  /// None: for a copy, where nobody loses anything.
  public static let none: GuardLimits = {
    var limits = GuardLimits()
    (limits.lossAtLeast, limits.gainAtLeast, limits.moveAtLeast, limits.shortPercent) = (.max, .max, .max, 0)
    return limits
  }()
}

/// Which groups open what, as the rules in force say; the names are those of policies.
public struct AccessGroups: Sendable {
  /// Groups whose members are let into each segment.
  public var segments: [Segment: Set<String>]
  /// Every group that a rule names, those of segments among them.
  public var named: Set<String>

  public init(segments: [Segment: Set<String>], named: Set<String> = []) {
    self.segments = segments
    self.named = segments.values.reduce(into: named) { $0.formUnion($1) }
  }

  func segments(of person: ResolvedPerson) -> Set<Segment> { segments(of: PersonAccess(person, groups: self)) }

  public func segments(of access: PersonAccess) -> Set<Segment> {
    access.isEnabled ? Set(segments.filter { !$0.value.isDisjoint(with: access.groups) }.map(\.key)) : []
  }
}

/// Why a reading was not put in force as a whole.
public enum HoldReason: Sendable, Hashable {
  /// The OU that the staff stand below is gone, or has another name.
  case baseGone(String)
  /// The directory names nobody.
  case empty
  case short(named: Int, before: Int)
  case losses(count: Int, limit: Int)
  case gains(Segment, count: Int, limit: Int)
  case moves(count: Int, limit: Int)

  /// Whether two people can let it pass. A directory that names nobody, or no OU of the staff, is put right in the directory or in
  /// the start-up file.
  public var canBeApproved: Bool {
    switch self {
    case .baseGone, .empty: false
    case .short, .losses, .gains, .moves: true
    }
  }

  public var ja: String {
    switch self {
    case .baseGone(let path): "職員の OU「\(path)」が見つかりません。名前の変更や移動がないか確認してください"
    case .empty: "ディレクトリに職員が一人もいません"
    case .short(let named, let before): "読み取れた職員が \(named) 人しかいません（前回 \(before) 人）"
    case .losses(let count, let limit): "直近 1 時間を合わせて \(count) 人が利用できなくなります（上限 \(limit) 人）"
    case .gains(let segment, let count, let limit): "直近 1 時間を合わせて \(count) 人が新たに\(segment.title.ja)を使えるようになります（上限 \(limit) 人）"
    case .moves(let count, let limit): "直近 1 時間を合わせて \(count) 人の所属かグループが変わります（上限 \(limit) 人）"
    }
  }

  public var en: String {
    switch self {
    case .baseGone(let path): "the OU of the staff, \"\(path)\", is not there: look whether it was renamed or moved"
    case .empty: "the directory names nobody"
    case .short(let named, let before): "only \(named) people could be read (\(before) before)"
    case .losses(let count, let limit): "\(count) people would lose access, counting the last hour (limit \(limit))"
    case .gains(let segment, let count, let limit):
      "\(count) people would newly get into \(segment.name), counting the last hour (limit \(limit))"
    case .moves(let count, let limit):
      "departments or groups of \(count) people would change, counting the last hour (limit \(limit))"
    }
  }
}
