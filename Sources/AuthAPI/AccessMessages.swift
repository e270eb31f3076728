public import Foundation

/// The file of a dated access (`DatedAccessFile`), as somebody wrote it.
public struct AccessQuestion: Codable, Sendable {
  /// YAML, UTF-8.
  public var file: String

  public init(file: String) { self.file = file }
}

/// The signed act `directory.access.approve`, with the file it is about.
public struct AccessApproval: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data
  public var file: String

  public init(act: Data, file: String) { (self.act, self.file) = (act, file) }
}

/// A signed act `directory.access.on` or `directory.access.off`.
public struct AccessSwitch: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data

  public init(act: Data) { self.act = act }
}

/// What a file would come to, before anybody signs it.
public struct AccessReport: Codable, Sendable {
  /// What faults call the file: the server is told no name of it.
  public static let fileName = "access.yaml"

  /// Why it cannot be approved, each with its place; all else is empty then.
  public var faultsJa: [String]
  public var faultsEn: [String]
  /// Parameters of the act that approves exactly this.
  public var parameters: [AccessParameter]
  public var access: AccessSummary?
  public var lines: [AccessLine]
  public var warningsJa: [String]
  public var warningsEn: [String]

  public init(
    faultsJa: [String] = [], faultsEn: [String] = [], parameters: [AccessParameter] = [], access: AccessSummary? = nil,
    lines: [AccessLine] = [], warningsJa: [String] = [], warningsEn: [String] = []
  ) {
    self.faultsJa = faultsJa
    self.faultsEn = faultsEn
    self.parameters = parameters
    self.access = access
    self.lines = lines
    self.warningsJa = warningsJa
    self.warningsEn = warningsEn
  }
}

/// One parameter of an act.
public struct AccessParameter: Codable, Sendable, Equatable {
  public var name: String
  public var value: String

  public init(name: String, value: String) { (self.name, self.value) = (name, value) }
}

/// A dated access: whom it is for, when, and how it stands.
public struct AccessSummary: Codable, Sendable, Equatable {
  /// Its id, as the file names it.
  public var access: String
  /// `handover` or `temporary`
  public var kind: String
  public var titleJa: String
  public var titleEn: String
  /// Local days, both inclusive, as `2027-04-01`.
  public var from: String
  public var until: String
  /// At most so many days from the one on which it is switched on.
  public var days: Int?
  public var people: [String]
  /// Every group that somebody gets by it.
  public var groups: [String]
  /// Empty: any.
  public var workstations: [String]
  public var hours: [String]
  /// `unsigned`; `ready` for one that is to be switched on; `waiting` for its first day; `holds`; `over`; `off` for a handover that
  /// was switched off; `lapsed` where a signature does not count any more: with `act` that of who switched it on, without it one of
  /// those that approved it.
  public var state: String
  /// The last day on which it holds if nothing is done, where one is known.
  public var lastDay: String?
  public var signedBy: [String]
  /// Who switched it on.
  public var switchedOnBy: String?
  /// SHA-256 of the approving act, in hexadecimal; none where its signatures do not count any more.
  public var act: String?

  public init(
    access: String, kind: String, titleJa: String, titleEn: String, from: String, until: String, days: Int? = nil,
    people: [String], groups: [String], workstations: [String], hours: [String], state: String, lastDay: String? = nil,
    signedBy: [String] = [], switchedOnBy: String? = nil, act: String? = nil
  ) {
    self.access = access
    self.kind = kind
    self.titleJa = titleJa
    self.titleEn = titleEn
    self.from = from
    self.until = until
    self.days = days
    self.people = people
    self.groups = groups
    self.workstations = workstations
    self.hours = hours
    self.state = state
    self.lastDay = lastDay
    self.signedBy = signedBy
    self.switchedOnBy = switchedOnBy
    self.act = act
  }
}

/// One person of a dated access.
public struct AccessLine: Codable, Sendable, Equatable {
  public var person: String
  public var name: String
  /// Groups that this person gets.
  public var groups: [String]
  /// Segments that are opened, beside those the person is let into anyway.
  public var segments: [String]
  /// What is opened, and with which factors: `lgwan logon: card+pin | card+password`.
  public var ways: [String]
  /// What has to be issued or set before the day.
  public var missingJa: [String]
  public var missingEn: [String]
  /// Worth knowing.
  public var notesJa: [String]
  public var notesEn: [String]

  public init(
    person: String, name: String, groups: [String], segments: [String] = [], ways: [String] = [], missingJa: [String] = [],
    missingEn: [String] = [], notesJa: [String] = [], notesEn: [String] = []
  ) {
    self.person = person
    self.name = name
    self.groups = groups
    self.segments = segments
    self.ways = ways
    self.missingJa = missingJa
    self.missingEn = missingEn
    self.notesJa = notesJa
    self.notesEn = notesEn
  }
}
