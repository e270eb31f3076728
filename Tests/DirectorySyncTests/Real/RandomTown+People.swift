import DirectorySync
import RealDirectory

/// What happens to people. Each says whether it could.
extension RandomTown {
  private static let families = ["佐藤", "髙橋", "高橋", "渡邉", "山﨑", "O'Hara", "García"]
  private static let givens = ["花子", "一郎", "なつみ", "Ana", "神\u{FA19}"]

  private var anyFamily: String {
    mutating get { Self.families.randomElement(using: &random) ?? "" }
  }

  mutating func joins() -> Bool {
    let (id, above) = (next(), any(.unit) { $0.above != nil })
    let given = Self.givens.randomElement(using: &random) ?? ""
    let marks = ["", ", 主事", " + 1", " \"x\"", " = #", " <a>;", " \\"]
    var person = Entry(kind: .person, name: "職員 \(id)\(marks.randomElement(using: &random) ?? "")", above: above)
    (person.account, person.number, person.family, person.given) = ("Town.\(id)", "t-\(id)", anyFamily, given)
    add(person)
    return true
  }

  mutating func moves() -> Bool {
    guard let one = any(.person, { $0.above != nil }), let unit = any(.unit), unit != entries[one]?.above else { return false }
    rename(one, below: unit)
    return true
  }

  mutating func leavesTown() -> Bool {
    guard let one = any(.person, { $0.above != nil }) else { return false }
    rename(one, below: .some(nil))
    return true
  }

  mutating func returns() -> Bool {
    guard let one = any(.person, { $0.above == nil }), let unit = any(.unit) else { return false }
    rename(one, below: unit)
    return true
  }

  mutating func isRenamed() -> Bool {
    guard let one = any(.person) else { return false }
    rename(one, to: "改名, \(next())")
    return true
  }

  mutating func accountIsRenamed() -> Bool {
    guard let one = any(.person), let account = entries[one]?.account else { return false }
    // Sometimes only capital letters change.
    let new =
      Bool.random(using: &random)
      ? "Town.\(next())" : account == account.lowercased() ? account.uppercased() : account.lowercased()
    entries[one]?.account = new
    modify(one, "replace: sAMAccountName", "sAMAccountName: \(new)")
    return true
  }

  mutating func marries() -> Bool {
    guard let one = any(.person, { !$0.isBare }), let given = entries[one]?.given else { return false }
    let family = anyFamily
    entries[one]?.family = family
    modify(one, "replace: sn", "sn: \(family)", "-", "replace: displayName", "displayName: \(family) \(given)")
    return true
  }

  mutating func succeeds() -> Bool {
    guard let one = any(.person, { !$0.isBare }) else { return false }
    let new = "t-\(next())"
    entries[one]?.number = new
    modify(one, "replace: employeeNumber", "employeeNumber: \(new)")
    return true
  }

  mutating func setControl(_ flags: String) -> Bool {
    guard let one = any(.person) else { return false }
    modify(one, "replace: userAccountControl", "userAccountControl: \(flags)")
    return true
  }

  /// Never, yesterday, in a year, at a time of day that was or is to come.
  mutating func ends() -> Bool {
    guard let one = any(.person) else { return false }
    let (day, hour): (Int64, Int64) = (86_400_000, 3_600_000)
    let moments = [-day, 365 * day, -7 * hour, 7 * hour].map { (Self.now + $0 + 11_644_473_600_000) * 10_000 }
    let ticks = (moments + [0, .max]).randomElement(using: &random) ?? 0
    modify(one, "replace: accountExpires", "accountExpires: \(ticks)")
    return true
  }

  /// - Parameter line: the title; `nil`: none any more.
  mutating func edit(_ line: String?) -> Bool {
    guard let one = any(.person) else { return false }
    if let line { modify(one, "replace: title", line) } else { modify(one, "replace: title") }
    return true
  }

  // MARK: Who goes and comes back

  mutating func isDeleted() -> Bool {
    guard let one = any(.person) else { return false }
    delete(one)
    return true
  }

  /// Another object with the same name, account and number.
  mutating func isMadeAnew() -> Bool {
    guard let one = any(.person, { !$0.isBare }), var person = entries[one] else { return false }
    delete(one)
    (person.guid, person.relative, person.primary) = (nil, nil, nil)
    add(person)
    return true
  }

  /// Into some place of the town, as what a directory keeps of it: without links and most attributes.
  mutating func isBroughtBack(_ kind: Entry.Kind) -> Bool {
    let accounts = Set(entries.values.map { $0.account.lowercased() })
    let able = deleted.filter {
      $0.value.kind == kind && $0.value.guid != nil && !accounts.contains($0.value.account.lowercased())
    }
    guard let one = able.keys.sorted().randomElement(using: &random) else { return false }
    return bringBack(one)
  }

  /// Gone and back again before anybody has looked.
  mutating func isDeletedByMistake() -> Bool {
    guard let one = any(.person, { $0.guid != nil }) else { return false }
    delete(one)
    return bringBack(one)
  }

  /// A brought back account gets what it had.
  mutating func isGivenBack() -> Bool {
    guard let one = any(.person, { $0.isBare }), let person = entries[one] else { return false }
    entries[one]?.isBare = false
    modify(
      one, "replace: employeeNumber", "employeeNumber: \(person.number)", "-", "replace: sn", "sn: \(person.family)", "-",
      "replace: givenName", "givenName: \(person.given)", "-", "replace: userAccountControl", "userAccountControl: 544")
    return true
  }

  mutating func delete(_ id: Int) {
    say("dn: \(name(id))\nchangetype: delete\n")
    bury(id)
  }

  private mutating func bringBack(_ id: Int) -> Bool {
    let isPerson = deleted[id]?.kind == .person
    let unit = isPerson ? any(.unit) : groupUnits.randomElement(using: &random)
    guard var entry = deleted[id], let guid = entry.guid, let unit else { return false }
    deleted[id] = nil
    (entry.name, entry.above, entry.isBare) = ("復元 \(next())", unit, true)
    (entry.primary, entry.members) = (nil, [])
    entries[id] = entry
    say(
      """
      dn: <GUID=\(guid)>
      changetype: modify
      delete: isDeleted
      -
      replace: distinguishedName
      distinguishedName: \(name(id))

      """, .seesDeleted)
    return true
  }
}
