/// Answer of `GET /v1/admin/palms/report`: whose palms, and at which sensors, match less closely than they did.
public struct PalmReport: Codable, Sendable {
  /// Sensors, each at its workstation, that were used enough to be judged.
  public var judgedSensors: Int
  public var judgedPeople: Int
  public var findings: [PalmFinding]
  /// Findings beyond the most that are told.
  public var more: Int

  public init(judgedSensors: Int, judgedPeople: Int, findings: [PalmFinding], more: Int) {
    self.judgedSensors = judgedSensors
    self.judgedPeople = judgedPeople
    self.findings = findings
    self.more = more
  }

  public static let mostFindings = 1000
}

public struct PalmFinding: Codable, Sendable, Equatable {
  /// `clean` the sensor, `enrol` the person anew, or `either`: one person at one sensor cannot be told apart.
  public var advice: String
  /// Of `enrol` and `either`.
  public var person: String?
  /// Of `clean` and `either`.
  public var workstation: String?
  public var sensor: String?
  /// Mean of −log10 of the false match rate of a try in the 60 days before, in thousandths.
  public var former: Int
  /// The same of the last 14 days.
  public var recent: Int
  /// Palms shown in the last 14 days.
  public var tries: Int
  /// Of these, samples that were no good.
  public var retakes: Int
  /// People of the sensor, or sensors of the person, that were used enough to be judged.
  public var judged: Int
  /// Of these, with how many it has fallen.
  public var fallen: Int

  public init(
    advice: String, person: String?, workstation: String?, sensor: String?, former: Int, recent: Int, tries: Int, retakes: Int,
    judged: Int, fallen: Int
  ) {
    self.advice = advice
    self.person = person
    self.workstation = workstation
    self.sensor = sensor
    self.former = former
    self.recent = recent
    self.tries = tries
    self.retakes = retakes
    self.judged = judged
    self.fallen = fallen
  }
}
