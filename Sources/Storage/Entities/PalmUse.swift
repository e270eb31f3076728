public import AuthTerms

/// How one person's palms did at one sensor of one workstation, summed up over some days.
public struct PalmUse: Sendable, Hashable {
  public var person: PersonID
  public var workstation: WorkstationID
  /// As the workstation names it: unique there only.
  public var sensor: SensorID
  /// Samples that could be compared, and those that were no good.
  public var tries: Int
  /// Samples that were no good.
  public var retakes: Int
  /// Samples that were close enough for what was asked.
  public var matches: Int
  /// Sum of −log10 of the false match rates that were reached, in thousandths; nothing for a sample that was no good.
  public var strength: Int

  public init(
    person: PersonID, workstation: WorkstationID, sensor: SensorID, tries: Int, retakes: Int, matches: Int, strength: Int
  ) {
    self.person = person
    self.workstation = workstation
    self.sensor = sensor
    self.tries = tries
    self.retakes = retakes
    self.matches = matches
    self.strength = strength
  }
}
