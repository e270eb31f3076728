public import AuthTerms

/// Somebody from outside (応援職員, 派遣, 委託業者) who has no account in the directory: who answers for the person. Name, groups and
/// dates are the person's own, as everybody's.
public struct ExternalPerson: Sendable, Hashable {
  public var person: PersonID
  /// A member of staff; whoever it names may have left since, or been removed.
  public var responsible: PersonID
  /// As it was when that was last looked at: what became otherwise has a row and its consequences.
  public var isAnswered: Bool
  public var registeredAt: Moment
  /// When access was last ended before its days were over: what was signed by then brings nobody back.
  public var endedAt: Moment?

  public init(
    person: PersonID, responsible: PersonID, isAnswered: Bool, registeredAt: Moment, endedAt: Moment? = nil
  ) {
    self.person = person
    self.responsible = responsible
    self.isAnswered = isAnswered
    self.registeredAt = registeredAt
    self.endedAt = endedAt
  }
}
