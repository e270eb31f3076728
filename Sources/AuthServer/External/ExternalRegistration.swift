import AuthPolicy
package import AuthTerms

/// What administrators sign about somebody from outside, read from the parameters of their act: exactly these, and no others.
package struct ExternalRegistration: Sendable {
  /// From the first day or from today, whichever comes later: a year (年度) and no more without anybody asking again.
  static let longestDays = 366
  static let mostGroups = 16

  package let person: PersonID
  let account: AccountName
  let name: String
  let kana: String
  let department: String
  package let groups: Set<String>
  /// `LocalTime.day`, both inclusive.
  package let from: Int
  package let until: Int
  let responsible: PersonID
  let reason: Remark

  /// - Throws: for a parameter that is missing, one too many, or that is not what its limits say.
  package init(_ parameters: [String: String]) throws(MalformedInput) {
    let fault = MalformedInput("external person", expected: "the parameters of such an act, each once")
    var left = parameters
    func take(_ name: String) throws(MalformedInput) -> String {
      guard let text = left.removeValue(forKey: name) else { throw fault }
      return text
    }
    person = try PersonID(parsing: take("person"))
    guard person.isGivenNumber else { throw fault }
    account = try AccountName(parsing: "\(AccountName.externalPrefix)\(person)")
    name = try Self.visible(take("name"), from: 1)
    kana = try Self.visible(take("kana"), from: 0)
    department = try Self.visible(take("department"), from: 1)
    var groups: Set<String> = []
    for part in try take("groups").split(separator: ",", omittingEmptySubsequences: false) {
      let group = try Identifier<Never>(parsing: part).text
      guard group == group.lowercased(), groups.insert(group).inserted else { throw fault }
    }
    guard groups.count <= Self.mostGroups else { throw fault }
    self.groups = groups
    guard let from = DatedAccess.day(ofText: try take("from")), let until = DatedAccess.day(ofText: try take("until")),
      from <= until
    else { throw fault }
    (self.from, self.until) = (from, until)
    responsible = try PersonID(parsing: take("responsible"))
    reason = try Self.reason(take("reason"))
    guard left.isEmpty else { throw fault }
  }

  /// One line of at most 64 characters that can be seen.
  private static func visible(_ text: String, from least: Int) throws(MalformedInput) -> String {
    guard (least...64).contains(text.unicodeScalars.count), text.unicodeScalars.allSatisfy(VisibleText.shows),
      least == 0 || text.contains(where: { !$0.isWhitespace })
    else { throw MalformedInput("name", expected: "\(least) to 64 visible characters") }
    return text
  }

  /// Somebody in the log has to say why.
  static func reason(_ text: String) throws(MalformedInput) -> Remark {
    let reason = try Remark(parsing: text)
    guard reason.text.contains(where: { !$0.isWhitespace }) else {
      throw MalformedInput("reason", expected: "not empty")
    }
    return reason
  }

  /// Why these days cannot be; `nil`: they can.
  static func fault(from: Int, until: Int, on day: Int) -> String? {
    if until < day { return "the last day is over" }
    if from > until { return "the first day is after the last" }
    // The first day may lie ahead, as for everybody who begins in April; the end is then counted from today all the same.
    if until - day > longestDays || until - from > longestDays { return "longer than \(longestDays) days" }
    return nil
  }
}

/// Another last day, or another member of staff who answers.
struct ExternalExtension: Sendable {
  let person: PersonID
  let until: Int
  let responsible: PersonID
  let reason: Remark

  init(_ parameters: [String: String]) throws(MalformedInput) {
    let fault = MalformedInput("extension", expected: "person, until, responsible and reason")
    guard parameters.count == 4, let person = parameters["person"], let until = parameters["until"],
      let responsible = parameters["responsible"], let reason = parameters["reason"],
      let day = DatedAccess.day(ofText: until)
    else { throw fault }
    self.person = try PersonID(parsing: person)
    self.until = day
    self.responsible = try PersonID(parsing: responsible)
    self.reason = try ExternalRegistration.reason(reason)
  }
}
