import AuthTerms
import DirectorySync
import Testing

/// Without the group that everybody is in.
private func groups(_ domain: SmallDomain, _ id: String) throws -> Set<String> {
  try domain.person(id).groups.subtracting(["domain-users"])
}

@Suite("names of rules mean objects once they were found")
struct AnchorsTests {
  private static let rules = DirectoryRules(
    base: ["職員"], named: ["seg-lgwan", "ou-zeimu"],
    units: [DirectoryRules.UnitGroup(path: ["職員", "税務課"], group: "ou-zeimu")])

  /// a1 and a2 in 総務課 with a group that leads to seg-lgwan; a3 in 税務課, and a4 below it.
  private func town() throws -> SmallDomain {
    var domain = try SmallDomain()
    try domain.unit(202, "税務課", below: SmallDomain.staff)
    try domain.unit(203, "収納係", below: 202)
    for number in UInt8(1)...2 { try domain.user(number, "a\(number)", id: "\(number)") }
    try domain.user(3, "a3", id: "3", in: 202)
    try domain.user(4, "a4", id: "4", in: 203)
    try domain.group(50, "ka-somu", members: 1, 2)
    try domain.group(54, "seg-lgwan", members: 50)
    #expect(domain.look(Self.rules).findings.isEmpty)
    return domain
  }

  private func kinds(_ view: DirectoryView) -> [DirectoryFinding.Kind] { view.findings.map(\.kind) }

  @Test("a renamed group counts as before, and another one of its name does not, while it is there")
  func renamedGroup() throws {
    var domain = try town()
    try domain.group(54, "seg-honcho", members: 50)
    let renamed = domain.look(Self.rules)
    #expect(kinds(renamed) == [.groupRenamed] && renamed.findings[0].en.contains("seg-lgwan → seg-honcho"))
    #expect(try groups(domain, "1") == ["ka-somu", "seg-lgwan"])
    try domain.group(55, "seg-lgwan", members: 3)
    #expect(kinds(domain.look(Self.rules)) == [.groupRenamed, .groupReplaced])
    #expect(try groups(domain, "3") == ["ou-zeimu"] && groups(domain, "1") == ["ka-somu", "seg-lgwan"])
    // The first one is gone for good: the name is looked up again.
    try domain.delete(54)
    #expect(domain.look(Self.rules).findings.isEmpty)
    #expect(try groups(domain, "3") == ["ou-zeimu", "seg-lgwan"] && groups(domain, "1") == ["ka-somu"])
    try domain.delete(55)
    let gone = domain.look(Self.rules)
    #expect(kinds(gone) == [.groupMissing] && gone.findings[0].kind.isOfRules)
    #expect(gone.anchors.count == 1)
  }

  @Test("members of a group that does not count are members of those above it all the same")
  func passesOn() throws {
    var domain = try town()
    try domain.group(54, "seg-honcho", members: 50)
    try domain.group(55, "seg-lgwan", members: 3)
    try domain.group(56, "all", members: 55)
    domain.look(Self.rules)
    #expect(try groups(domain, "3") == ["ou-zeimu", "all"])
  }

  @Test("a list for mail opens nothing and leads to nothing, whatever it is in")
  func distribution() throws {
    var domain = try town()
    try domain.set(50, ["grouptype": ["2"]])
    domain.look(Self.rules)
    #expect(try groups(domain, "1").isEmpty)
    try domain.set(50, ["grouptype": ["-2147483646"]])
    domain.look(Self.rules)
    #expect(try groups(domain, "1") == ["ka-somu", "seg-lgwan"])
    try domain.set(54, ["grouptype": ["8"]])
    let view = domain.look(Self.rules)
    #expect(try groups(domain, "1") == ["ka-somu"])
    #expect(kinds(view) == [.groupMissing] && view.anchors.count == 1)
  }

  @Test("everybody below an OU has its group, through a rename and a move, and nobody who left it")
  func units() throws {
    var domain = try town()
    #expect(try groups(domain, "3") == ["ou-zeimu"] && groups(domain, "4") == ["ou-zeimu"])
    #expect(try groups(domain, "1") == ["ka-somu", "seg-lgwan"])
    try domain.unit(202, "課税課", below: SmallDomain.staff)
    let renamed = domain.look(Self.rules)
    #expect(kinds(renamed) == [.unitRenamed] && renamed.findings[0].en.contains("職員/税務課 → 職員/課税課"))
    #expect(try groups(domain, "4") == ["ou-zeimu"])
    try domain.unit(204, "税務課", below: SmallDomain.staff)
    try domain.user(3, "a3", id: "3", in: 204)
    #expect(kinds(domain.look(Self.rules)) == [.unitRenamed])
    #expect(try groups(domain, "3") == [] && groups(domain, "4") == ["ou-zeimu"])
    let never = DirectoryRules(base: ["職員"], units: [DirectoryRules.UnitGroup(path: ["職員", "水道課"], group: "x")])
    let missing = domain.look(never)
    #expect(kinds(missing) == [.unitMissing] && missing.findings[0].ja.contains("職員/水道課"))
  }

  @Test("what names were found to mean is kept in one way of writing")
  func kept() throws {
    var domain = try town()
    let anchors = domain.look(Self.rules).anchors
    #expect(anchors.count == 2)
    let bytes = DirectoryRules.encoded(anchors)
    #expect(try DirectoryRules.readAnchors(bytes) == anchors && DirectoryRules.readAnchors([]).isEmpty)
    for bad in [Array(bytes.dropLast()), bytes + bytes, Array(bytes.dropFirst()), bytes + [0]] {
      #expect(throws: MalformedInput.self) { try DirectoryRules.readAnchors(bad) }
    }
  }
}

@Suite("a day that the directory sets for a transfer")
struct EffectiveDayTests {
  private static let rules = DirectoryRules(base: ["職員"], effectiveAttribute: "info")
  /// 2027-04-01 in Japan begins at 2027-03-31 15:00 UTC.
  private static let begins: Int64 = 1_806_505_200_000

  private func town() throws -> SmallDomain {
    var domain = try SmallDomain()
    try domain.unit(202, "税務課", below: SmallDomain.staff)
    try domain.user(1, "a1", id: "1")
    try domain.group(50, "ka-somu", members: 1)
    try domain.group(51, "ka-zei")
    domain.look(Self.rules, now: Self.begins - 86_400_000)
    return domain
  }

  private func moved(_ day: String, _ more: [String: [String]] = [:]) throws -> SmallDomain {
    var domain = try town()
    try domain.user(1, "a1", id: "1", in: 202, ["info": [day]].merging(more) { $1 })
    try domain.group(50, "ka-somu")
    try domain.group(51, "ka-zei", members: 1)
    return domain
  }

  @Test("until the day somebody is where she was; from its first moment where she is to be")
  func waits() throws {
    var domain = try moved("2027-04-01")
    let before = domain.look(Self.rules, now: Self.begins - 1)
    #expect(try groups(domain, "1") == ["ka-somu"] && domain.person("1").departments == ["総務課"])
    #expect(before.nextEnd == Self.begins)
    #expect(before.findings.map(\.en) == ["people who stay as they were until their day: 2027-04-01 1"])
    let after = domain.look(Self.rules, now: Self.begins)
    #expect(try groups(domain, "1") == ["ka-zei"] && domain.person("1").departments == ["税務課"])
    #expect(after.nextEnd == nil && after.findings.isEmpty)
    var other = try moved("2027-04-01")
    #expect(other.look(Self.rules.atOnce, now: 0).findings.isEmpty)
  }

  @Test("whom the directory shuts out is out at once, day or not; a day in the past, or none, changes nothing")
  func atOnce() throws {
    var out = try moved("2027-04-01", ["useraccountcontrol": ["514"]])
    out.look(Self.rules, now: Self.begins - 1)
    #expect(try !out.person("1").isEnabled)
    for day in ["2027-03-31", "2026-01-01", ""] {
      var domain = try moved(day)
      domain.look(Self.rules, now: Self.begins - 1)
      #expect(try groups(domain, "1") == ["ka-zei"])
    }
  }

  @Test("what is no day holds nobody back, and is named", arguments: ["2027-4-1", "2027-02-30", "明日", "20270401"])
  func unreadable(day: String) throws {
    var domain = try moved(day)
    let view = domain.look(Self.rules, now: Self.begins - 1)
    #expect(try groups(domain, "1") == ["ka-zei"])
    #expect(view.findings.map(\.kind) == [.dayUnreadable])
  }

  @Test("a newcomer with a day begins on it, and is followed until then")
  func newcomer() throws {
    var domain = try town()
    try domain.user(9, "a9", id: "9", ["info": ["2027-04-01"]])
    domain.look(Self.rules, now: Self.begins - 1)
    let day = try #require(domain.person("9").firstDay)
    #expect(CivilDay.text(day) == "2027-04-01")
    try domain.group(51, "ka-zei", members: 9)
    domain.look(Self.rules, now: Self.begins - 1)
    #expect(try groups(domain, "9") == ["ka-zei"] && domain.person("9").firstDay == day)
    domain.look(Self.rules, now: Self.begins)
    #expect(try domain.person("9").firstDay == nil && domain.person("9").isEnabled)
  }
}
