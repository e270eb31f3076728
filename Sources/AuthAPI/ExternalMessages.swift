public import Foundation

extension Act.Kind {
  /// Parameters: `person`, `name`, `kana`, `department`, `groups` (with commas), `from`, `until` (`YYYY-MM-DD`), `responsible` and
  /// `reason`. Signed by two administrators.
  public static let addExternal = "person.external.add"
  /// Parameters: `person`, `until`, `responsible` and `reason`. Signed by two administrators.
  public static let extendExternal = "person.external.extend"
  /// Parameters: `person` and `reason`. Signed by one administrator.
  public static let endExternal = "person.external.end"
}

/// A signed act `person.external.add`, `person.external.extend` or `person.external.end`.
public struct ExternalAct: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data

  public init(act: Data) { self.act = act }
}

/// Somebody from outside, and how it stands with the access.
public struct ExternalSummary: Codable, Sendable, Equatable {
  /// How an access stands.
  public enum State: String, Sendable, CaseIterable {
    /// The first day is still to come.
    case waiting
    case inForce
    /// Whoever answers has left, or is disabled: nobody is let in.
    case unanswered
    /// The last day is over.
    case over
    /// An administrator ended it.
    case ended
  }

  public var person: String
  public var displayName: String
  public var kana: String
  public var department: String
  public var groups: [String]
  /// Local days, both inclusive, as `2027-04-01`.
  public var from: String
  public var until: String
  public var responsible: String
  /// Empty where who answers is not registered any more.
  public var responsibleName: String
  /// The last day of who answers, where one is known.
  public var responsibleUntil: String?
  /// `ExternalSummary.State`
  public var state: String

  public init(
    person: String, displayName: String, kana: String, department: String, groups: [String], from: String, until: String,
    responsible: String, responsibleName: String, responsibleUntil: String?, state: String
  ) {
    self.person = person
    self.displayName = displayName
    self.kana = kana
    self.department = department
    self.groups = groups
    self.from = from
    self.until = until
    self.responsible = responsible
    self.responsibleName = responsibleName
    self.responsibleUntil = responsibleUntil
    self.state = state
  }
}
