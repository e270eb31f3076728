import AuthTerms
import Storage

/// Who answers for somebody from outside: asked inside the transaction that decides.
extension StateReader {
  /// Whether this member of staff can answer: known, enabled, within her dates, and not from outside herself.
  func answers(_ id: PersonID, on day: Int) throws(StorageFault) -> Bool {
    guard let person = try person(id), person.isEnabled, person.firstDay ?? day <= day, day <= person.lastDay ?? day else {
      return false
    }
    return try externalPerson(id) == nil
  }

  /// Whether nobody answers for somebody from outside; `false` for staff. Costs staff nothing: their numbers look otherwise.
  func isUnanswered(_ id: PersonID, on day: Int) throws(StorageFault) -> Bool {
    guard id.isExternalNumber, let external = try externalPerson(id) else { return false }
    return try !answers(external.responsible, on: day)
  }

  /// Whoever types this where an account is asked for. Somebody from outside has none, and types the number.
  func person(typing name: AccountName) throws(StorageFault) -> Person? {
    if let named = try person(account: name) { return named }
    guard let id = try? PersonID(parsing: name.canonical.uppercased()), id.isGivenNumber, try externalPerson(id) != nil else {
      return nil
    }
    return try person(id)
  }

  /// The last day on which somebody has anything open: the person's own, or that of who answers, whichever comes first.
  func lastDay(of id: PersonID) throws(StorageFault) -> Int? {
    guard let person = try person(id) else { return nil }
    guard id.isExternalNumber, let external = try externalPerson(id) else { return person.lastDay }
    let answering = try self.person(external.responsible)?.lastDay
    return [person.lastDay, answering].compactMap { $0 }.min()
  }
}
