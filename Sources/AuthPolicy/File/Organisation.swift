public import AuthTerms

/// Text in the two languages of every screen.
public struct LocalisedText: Sendable, Hashable {
  public var ja: String
  public var en: String

  public init(ja: String, en: String) {
    self.ja = ja
    self.en = en
  }
}

/// A building where people work (庁舎・支所).
public struct Site: Sendable, Hashable {
  public var id: String
  public var name: LocalisedText

  public init(id: String, name: LocalisedText) {
    self.id = id
    self.name = name
  }
}

/// What a refused clerk is told to do when nothing else helps.
public struct HelpDesk: Sendable, Hashable {
  public var telephone: String
  public var text: LocalisedText

  public init(telephone: String, text: LocalisedText) {
    self.telephone = telephone
    self.text = text
  }
}

/// The model of the three-layer separation (三層の対策) a segment is run under.
public enum SecurityModel: String, CaseIterable, Sendable {
  /// αモデル
  case alpha
  /// α′モデル
  case alphaPrime = "alpha-prime"
  /// βモデル
  case beta
  /// β′モデル
  case betaPrime = "beta-prime"

  public var name: String {
    switch self {
    case .alpha: "α"
    case .alphaPrime: "α′"
    case .beta: "β"
    case .betaPrime: "β′"
    }
  }
}

/// Everybody below an OU of the directory is in a group of this name, which rules may name.
public struct UnitGroup: Sendable, Hashable {
  /// Names of OUs, the outermost first.
  public var path: [String]
  public var group: String

  public init(path: [String], group: String) {
    self.path = path
    self.group = group
  }
}

/// `organisation.yaml`: what is true of the whole city.
public struct Organisation: Sendable, Hashable {
  public var city: LocalisedText
  /// Seconds east of UTC; Japan 32,400.
  public var timeZoneOffsetSeconds: Int
  public var sites: [Site]
  public var helpDesk: HelpDesk
  public var models: [Segment: SecurityModel]
  /// For the counters of persons and of cards.
  public var throttle: ThrottleLimits
  /// For the counter of a workstation: it slows one workstation and locks nobody out.
  public var workstationThrottle: ThrottleLimits
  public var unitGroups: [UnitGroup] = []
  /// How long after somebody has left all that is kept of her here is removed.
  public var purgeAfterDays = Self.usualPurgeAfterDays

  /// More than a year: a term that is renewed after a break of months finds its cards again.
  public static let usualPurgeAfterDays = 400
}
