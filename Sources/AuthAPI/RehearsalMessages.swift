/// A morning to be played on a copy of the store.
public struct RehearsalQuestion: Codable, Sendable {
  /// The transfers of that day (`TransferList`), CSV, UTF-8; without it, a morning with everybody where the directory has them.
  public var list: String?
  /// `2027-04-01`; without it, the next 1 April, today among them.
  public var day: String?

  public init(list: String? = nil, day: String? = nil) { (self.list, self.day) = (list, day) }
}

/// How far a rehearsal is, and what came of it.
public struct RehearsalState: Codable, Sendable, Equatable {
  public var rehearsal: String
  public var isOver: Bool
  /// Why it could not be played to its end; complete otherwise.
  public var faultJa: String?
  public var faultEn: String?
  /// `2027-04-01`
  public var day: String
  /// What is done, in its order.
  public var steps: [RehearsalStep]
  /// What is being done.
  public var doingJa: String
  public var doingEn: String
  /// What somebody has to look at before the day.
  public var warningsJa: [String]
  public var warningsEn: [String]
  public var logons: RehearsedLogons?

  public init(rehearsal: String, day: String) {
    (self.rehearsal, self.day, isOver) = (rehearsal, day, false)
    (steps, warningsJa, warningsEn, doingJa, doingEn) = ([], [], [], "", "")
  }
}

public struct RehearsalStep: Codable, Sendable, Equatable {
  public var ja: String
  public var en: String
  public var milliseconds: Int64
  /// Rows, objects, people or logons, as the name says.
  public var count: Int

  public init(ja: String, en: String, milliseconds: Int64, count: Int) {
    (self.ja, self.en, self.milliseconds, self.count) = (ja, en, milliseconds, count)
  }
}

/// The logons of the morning, all at once.
public struct RehearsedLogons: Codable, Sendable, Equatable {
  /// People who may use one of this server's segments.
  public var people: Int
  /// One for each segment that a person may use.
  public var logons: Int
  public var granted: Int
  public var medianMicroseconds: Int64
  public var p99Microseconds: Int64
  /// As many as went through in a minute at this pace.
  public var perMinute: Int
  /// By code, those that concern most people first.
  public var refusals: [RehearsedRefusal]

  public init(
    people: Int, logons: Int, granted: Int, medianMicroseconds: Int64, p99Microseconds: Int64, perMinute: Int,
    refusals: [RehearsedRefusal]
  ) {
    (self.people, self.logons, self.granted, self.perMinute) = (people, logons, granted, perMinute)
    (self.medianMicroseconds, self.p99Microseconds, self.refusals) = (medianMicroseconds, p99Microseconds, refusals)
  }
}

public struct RehearsedRefusal: Codable, Sendable, Equatable {
  /// `AP1xx`
  public var code: String
  public var ja: String
  public var en: String
  public var count: Int
  /// The first of them, sorted; `mostPeople` at most.
  public var people: [String]

  public static let mostPeople = 20

  public init(code: String, ja: String, en: String, count: Int, people: [String]) {
    (self.code, self.ja, self.en, self.count, self.people) = (code, ja, en, count, people)
  }
}
