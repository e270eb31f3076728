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

  /// Somebody from outside, who types the number where others type their account: there is no account of hers anywhere.
  func external(numbered text: String?) throws(StorageFault) -> Person? {
    guard let text, let id = try? PersonID(parsing: text.uppercased()), id.isExternalNumber, try externalPerson(id) != nil
    else {
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
