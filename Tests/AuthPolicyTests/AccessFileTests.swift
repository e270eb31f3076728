import AuthPolicy
import AuthTerms
import Testing

extension Samples {
  static let access = """
    access: kijitsumae-2026
    kind: temporary
    title: {ja: 期日前投票, en: Early voting}
    from: 2026-08-20
    until: 2026-09-05
    people: [000042, p-000007]
    groups: [seg-lgwan]
    workstations: [LGWAN-PC-0042]
    hours: [daily 08:00-21:00]

    """

  static func ground(today: Int = today) throws -> DatedAccessFile.Ground {
    func candidate(_ id: String, _ groups: Set<String>, _ department: String?) throws -> DatedAccessFile.Candidate {
      DatedAccessFile.Candidate(id: try PersonID(parsing: id), groups: groups, department: department)
    }
    return DatedAccessFile.Ground(
      people: [
        "000042": try candidate("p-42", ["seg-lgwan", "ka-0401", "club"], "0401"),
        "p-000007": try candidate("p-000007", ["seg-mynumber"], "0402"), "000043": try candidate("p-43", ["ka-0401"], "0401"),
      ],
      workstations: [try WorkstationID(parsing: "LGWAN-PC-0042")], opening: ["seg-lgwan", "seg-mynumber", "telework"],
      named: ["seg-lgwan", "seg-mynumber", "telework", "ka-0401"], today: today)
  }

  static func resolved(
    _ text: String, today: Int = today
  ) throws -> (access: DatedAccess, warnings: [PolicyFault]) {
    try DatedAccessFile.read(source("access.yaml", text)).resolved(against: ground(today: today))
  }

  static func faults(access text: String) -> [PolicyFault] {
    do {
      _ = try resolved(text)
      return []
    } catch {
      return (error as? PolicyFaults)?.faults ?? []
    }
  }
}

extension Breaks {
  static let access: [Break] = [
    Break("PF111 1:1", "access: kijitsumae-2026", "nothing but words", in: .access),
    Break("PF201 1:1", "access:", "acces:", in: .access), Break("PF203 1:1", "kind: temporary\n", "", in: .access),
    Break("PF215 1:9", "kijitsumae-2026", "期日前", in: .access), Break("PF215 1:9", "kijitsumae-2026", "Vote", in: .access),
    Break("PF208 2:7", "temporary", "permanent", in: .access), Break("PF203 3:8", ", en: Early voting", "", in: .access),
    Break("PF213 4:7", "2026-08-20", "2026-08-32", in: .access),
    Break("PF206 5:7", "until: 2026-09-05", "days: 63\nuntil: 2026-09-05", in: .access),
    Break("PF203 1:1", "groups: [seg-lgwan]\n", "", in: .access),
    Break("PF211 6:9", "[000042, p-000007]", "[]", in: .access),
    Break("PF212 6:18", "[000042, p-000007]", "[000042, 000042]", in: .access),
    Break("PF215 6:10", "[000042, p-000007]", "[\"000042 p-000007\"]", in: .access),
    Break("PF204 6:10", "[000042, p-000007]", "[[000042]]", in: .access),
    Break("PF216 7:10", "[seg-lgwan]", "[\"seg-*\"]", in: .access),
    Break("PF214 9:9", "daily 08:00-21:00", "daily 21:00-08:00", in: .access),
    Break("PF701 5:1", "2026-09-05", "2026-10-21", in: .access),
    Break("PF701 5:1", "kind: temporary", "kind: handover # ", in: .access, also: ("2026-09-05", "2026-11-20")),
    Break("PF702 5:1", "2026-09-05", "2026-08-19", in: .access),
    Break("PF703 4:1", "2026-08-20", "2026-08-13", in: .access),
    Break("PF703 5:1", "2026-08-20", "2026-08-10", in: .access, also: ("2026-09-05", "2026-08-14")),
    Break("PF704 5:1", "2026-08-20", "2027-09-01", in: .access, also: ("2026-09-05", "2027-09-20")),
    Break("PF705 6:18", "p-000007", "p-000008", in: .access),
    Break("PF706 6:1", "people: [000042, p-000007]", "department: \"0409\"", in: .access),
    Break("PF707 7:10", "[seg-lgwan]", "[ka-0401]", in: .access),
    Break("PF707 7:21", "[seg-lgwan]", "[seg-lgwan, seg-lgwam]", in: .access),
    Break("PF708 1:1", "people: [000042, p-000007]\n", "", in: .access),
    Break("PF206 5:7", "until: 2026-09-05", "days: 0\nuntil: 2026-09-05", in: .access),
    Break("PF709 5:1", "until: 2026-09-05", "days: 3\nuntil: 2026-09-05", in: .access, also: ("temporary", "handover")),
  ]
}

/// A dated access is a file that says who gets which groups on which days, and what it comes to is settled once.
@Suite("files of dated accesses")
struct AccessFileTests {
  @Test("what a right file comes to: digits are staff numbers as they are written, and hours are kept")
  func right() throws {
    let (access, warnings) = try Samples.resolved(Samples.access)
    #expect(warnings.isEmpty && access.id.text == "kijitsumae-2026" && access.kind == .temporary)
    #expect(access.groups == [try PersonID(parsing: "p-42"): ["seg-lgwan"], try PersonID(parsing: "p-000007"): ["seg-lgwan"]])
    #expect(access.fromText == "2026-08-20" && access.untilText == "2026-09-05" && access.days == nil)
    #expect(access.hoursText == ["daily 08:00-21:00"] && access.title.en == "Early voting")
    let plain = try Samples.resolved(Samples.access.breaking("{ja: 期日前投票, en: Early voting}", "期日前投票")).access
    #expect(plain.title == LocalisedText(ja: "期日前投票", en: "期日前投票"))
  }

  @Test("a handover keeps the groups that rules name, of each person as they are today; a department is its people of today")
  func handover() throws {
    let text = Samples.access.breaking("kind: temporary", "kind: handover").breaking("groups: [seg-lgwan]\n", "")
    let access = try Samples.resolved(text).access
    #expect(access.groups[try PersonID(parsing: "p-42")] == ["seg-lgwan", "ka-0401"], "a club opens nothing")
    #expect(access.groups[try PersonID(parsing: "p-000007")] == ["seg-mynumber"])
    let department = try Samples.resolved(text.breaking("people: [000042, p-000007]", "department: \"0401\"")).access
    #expect(department.groups.keys.map(\.text).sorted() == ["p-42", "p-43"])
    let both = try Samples.resolved(text.breaking("people: [000042, p-000007]", "department: 0401\npeople: [p-000007]")).access
    #expect(both.groups.count == 3)
    let explicit = try Samples.resolved(text + "groups: [telework]\n").access
    #expect(explicit.groups.values.allSatisfy { $0 == ["telework"] }, "what was forgotten on the day can be written out")
  }

  @Test(
    "the longest times, to the day",
    arguments: [
      ("temporary", "2026-08-14", "2026-10-14", nil), ("temporary", "2026-08-15", "2026-10-16", "PF701"),
      ("handover", "2026-08-15", "2026-11-14", nil), ("handover", "2026-08-15", "2026-11-15", "PF701"),
      ("temporary # \ndays: 62", "2026-08-15", "2027-09-18", nil),
      ("temporary # \ndays: 62", "2026-08-14", "2027-09-18", "PF701"),
      ("temporary # \ndays: 62", "2026-08-16", "2027-09-19", nil),
      ("temporary # \ndays: 62", "2026-08-17", "2027-09-20", "PF704"),
      ("temporary", "2026-08-13", "2026-08-15", "PF703"), ("temporary", "2026-08-15", "2026-08-15", nil),
      ("temporary", "2026-08-14", "2026-08-14", "PF703"),
    ])
  func limits(kind: String, from: String, until: String, code: String?) {
    let text = Samples.access.breaking("temporary", kind).breaking("2026-08-20", from).breaking("2026-09-05", until)
    #expect(Samples.faults(access: text).map(\.code) == [code].compactMap { $0 })
  }

  /// A city of so many people, all of them in one department.
  private func crowd(_ count: Int) throws -> DatedAccessFile.Ground {
    var ground = try Samples.ground()
    for number in 0..<count {
      ground.people["n\(number)"] = DatedAccessFile.Candidate(
        id: try PersonID(parsing: "p-n\(number)"), groups: ["seg-lgwan"], department: "0900")
    }
    return ground
  }

  /// What a file for these people comes to: how many there are, or its faults.
  private func outcome(_ who: String, of count: Int) throws -> String {
    let (text, ground) = (Samples.access.breaking("people: [000042, p-000007]", who), try crowd(count))
    do throws(PolicyFaults) {
      let access = try DatedAccessFile.read(Samples.source("access.yaml", text)).resolved(against: ground).access
      return (try? DatedAccess(parsing: access.encoded)) == access ? "\(access.groups.count)" : "does not read back"
    } catch { return error.faults.map { "\($0.code) \($0.line):\($0.column)" }.joined(separator: ", ") }
  }

  @Test("2,000 people and not one more, by number, by department or by both; as many read back as they were")
  func crowds() throws {
    func listed(_ count: Int) -> String { "people: [\((0..<count).map { "n\($0)" }.joined(separator: ", "))]" }
    #expect(try outcome(listed(2000), of: 2000) == "2000")
    #expect(try outcome(listed(2001), of: 2001) == "PF211 6:9")
    #expect(try outcome("department: \"0900\"", of: 2000) == "2000")
    #expect(try outcome("department: \"0900\"", of: 2001) == "PF711 6:1")
    #expect(try outcome("department: \"0900\"\npeople: [n0, n1]", of: 2000) == "2000", "counted once")
    #expect(try outcome("department: \"0900\"\npeople: [000042]", of: 2000) == "PF711 6:1")
  }

  @Test("32 groups, 256 workstations, 48 characters of a name, and not one more")
  func counts() throws {
    func codes(_ old: String, _ new: String) -> [String] {
      Samples.faults(access: Samples.access.breaking(old, new)).map(\.code)
    }
    func groups(_ count: Int) -> String { "[" + (0..<count).map { "g\($0)" }.joined(separator: ", ") + "]" }
    // The form is right: what remains is that no rule names them.
    #expect(codes("[seg-lgwan]", groups(32)) == [String](repeating: "PF707", count: 32))
    #expect(codes("[seg-lgwan]", groups(33)) == ["PF211"])
    func places(_ count: Int) -> String { "[" + (0..<count).map { "PC-\($0)" }.joined(separator: ", ") + "]" }
    #expect(codes("[LGWAN-PC-0042]", places(256)) == [])
    #expect(codes("[LGWAN-PC-0042]", places(257)) == ["PF211"])
    #expect(codes("kijitsumae-2026", String(repeating: "a", count: 48)) == [])
    #expect(codes("kijitsumae-2026", String(repeating: "a", count: 49)) == ["PF215"])
  }

  @Test("a workstation that is not there yet is a warning, at its place")
  func unknownWorkstation() throws {
    let warnings = try Samples.resolved(Samples.access.breaking("LGWAN-PC-0042]", "LGWAN-PC-0042, VOTE-1]")).warnings
    #expect(warnings.map { "\($0.code) \($0.line):\($0.column)" } == ["PF710 8:31"])
  }

  @Test("an approved one reads back as it was, and nothing else reads at all")
  func encoding() throws {
    let access = try Samples.resolved(Samples.access.breaking("until:", "days: 3\nuntil:")).access
    #expect(try DatedAccess(parsing: access.encoded) == access)
    let handover = Samples.access.breaking("kind: temporary", "kind: handover").breaking("groups: [seg-lgwan]\n", "")
    let kept = try Samples.resolved(handover).access
    #expect(try DatedAccess(parsing: kept.encoded) == kept)
    for count in stride(from: 0, to: access.encoded.count, by: 7) {
      #expect(throws: MalformedInput.self) { try DatedAccess(parsing: Array(access.encoded.prefix(count))) }
    }
    #expect(throws: MalformedInput.self) { try DatedAccess(parsing: access.encoded + [0]) }
    for index in access.encoded.indices {
      var bent = access.encoded
      bent[index] ^= 0x40
      if let read = try? DatedAccess(parsing: bent) { #expect(read != access) }
    }
  }

  @Test("its days, both inside; one of some days counts them from the day on which it was switched on, never beyond its end")
  func days() throws {
    let access = try Samples.resolved(Samples.access).access
    let (from, until) = (access.from, access.until)
    #expect(
      [from - 1, from, until, until + 1].map { access.isWithinDates($0, switchedOn: Samples.today) }
        == [false, true, true, false])
    let some = try Samples.resolved(Samples.access.breaking("until:", "days: 3\nuntil:")).access
    #expect(some.lastDay(switchedOn: from) == from + 2 && some.lastDay(switchedOn: from - 4) == from + 2)
    #expect(some.lastDay(switchedOn: until) == until)
  }
}

/// Own groups first; a dated access opens what they do not, and changes nothing else.
@Suite("decisions by dated access")
struct DatedDecisionTests {
  private func request(
    own: Set<String>, _ dated: [(String, Set<String>)], scenario: Scenario = .logon, _ proofs: Proof...
  ) throws -> DecisionRequest {
    var request = try Situation(scenario, groups: own).request
    request.proofs += proofs
    request.person?.dated = try dated.map { DatedGroups(access: try AccessID(parsing: $0.0), groups: $0.1) }
    return request
  }

  private func used(_ decision: Decision) -> [String]? {
    if case .grant(let grant) = decision { grant.dated.map(\.text) } else { nil }
  }

  @Test("it opens a segment, and the grant says by which; with own groups that are enough it says nothing")
  func opens() throws {
    let set = try Samples.set(Samples.lgwan)
    let card = try Situation.card()
    #expect(set.decide(try request(own: [], [], card)).summary == "AP107 lgwan.yaml:2")
    #expect(used(set.decide(try request(own: [], [("vote", ["seg-lgwan"])], card))) == ["vote"])
    #expect(used(set.decide(try request(own: ["seg-lgwan"], [("vote", ["seg-lgwan"])], card))) == [])
    #expect(set.decide(try request(own: [], [("vote", ["other"])], card)).summary == "AP107 lgwan.yaml:2")
    let steps = set.explain(try request(own: [], [("vote", ["seg-lgwan"])], card)).steps
    #expect(steps.contains { $0.subject == .datedAccess && $0.rule.description == "builtin:dated-access:vote" })
  }

  @Test("required factors stay the strictest: a line for a granted group is not there for whom own lines are")
  func strictest() throws {
    let text = Samples.lgwan.breaking(
      "remote:\n  - card + password\n", "remote:\n  - card + password\n  - {factors: card + pin, groups: [watch]}\n")
    let set = try Samples.set(text)
    let card = try Situation.card()
    #expect(used(set.decide(try request(own: ["seg-lgwan", "watch"], [], scenario: .remote, card))) == [])
    let lent = set.decide(try request(own: ["seg-lgwan"], [("vote", ["watch"])], scenario: .remote, card))
    #expect(lent.summary == "needs password lgwan.yaml:11")
    let only = try Samples.set(
      Samples.lgwan.breaking("remote:\n  - card + password\n", "remote:\n  - {factors: card + pin, groups: [watch]}\n"))
    #expect(used(only.decide(try request(own: ["seg-lgwan"], [("vote", ["watch"])], scenario: .remote, card))) == ["vote"])
  }

  @Test("a disabled, deleted or ended account gets nothing from it, nor does a lost card or a throttled person")
  func stopped() throws {
    let set = try Samples.set(Samples.lgwan)
    func code(_ change: (inout DecisionRequest) throws -> Void) throws -> String {
      var request = try request(own: [], [("vote", ["seg-lgwan"])], try Situation.card())
      try change(&request)
      return String(set.decide(request).summary.prefix(5))
    }
    #expect(try code { _ in } == "grant")
    #expect(try code { $0.person?.isEnabled = false } == "AP103")
    #expect(try code { $0.person?.lastDay = Samples.today - 1 } == "AP104")
    #expect(try code { $0.person?.workstations = ["other"] } == "AP129")
    #expect(try code { $0.proofs = [try Situation.card(.publicKeyWithPIN, .lost)] } == "AP105")
    #expect(try code { $0.throttledUntil = Situation.moment(5) } == "AP111")
  }

  @Test("deny rules hold, of own groups and of lent ones, and take nothing from what own groups open")
  func denied() throws {
    let text = Samples.lgwan + "deny:\n  - {reason: R, groups: [barred]}\n"
    let set = try Samples.set(text)
    let card = try Situation.card()
    #expect(set.decide(try request(own: ["barred"], [("vote", ["seg-lgwan"])], card)).summary == "AP112 lgwan.yaml:13")
    #expect(set.decide(try request(own: [], [("old", ["seg-lgwan", "barred"])], card)).summary == "AP112 lgwan.yaml:13")
    #expect(used(set.decide(try request(own: ["seg-lgwan"], [("old", ["seg-lgwan", "barred"])], card))) == [])
    let two = try request(own: [], [("old", ["seg-lgwan", "barred"]), ("vote", ["seg-lgwan"])], card)
    #expect(used(set.decide(two)) == ["vote"], "each by itself first")
  }

  @Test("whichever grants does, whatever it is called; who has shown too little for each hears what the first asks for")
  func several() throws {
    let set = try Samples.set(
      Samples.lgwan.breaking(
        "remote:\n  - card + password\n",
        "remote:\n  - {factors: card + password, groups: [desk]}\n  - {factors: card + pin, groups: [watch]}\n"))
    let card = try Situation.card()
    let (desk, watch): (Set<String>, Set<String>) = (["seg-lgwan", "desk"], ["seg-lgwan", "watch"])
    for (first, second) in [("a", "b"), ("b", "a")] {
      let two = try request(own: [], [(first, desk), (second, watch)], scenario: .remote, card)
      #expect(used(set.decide(two)) == [second])
    }
    let weak = try request(own: [], [("a", desk), ("b", desk)], scenario: .remote, card)
    #expect(set.decide(weak).summary == "needs password lgwan.yaml:11")
    // What needs both is for whom neither opens anything.
    let union = try request(own: [], [("a", desk), ("b", ["watch"])], scenario: .remote, card)
    #expect(set.decide(union).summary == "needs password lgwan.yaml:11")
  }

  @Test("two together open what neither does alone")
  func together() throws {
    let set = try Samples.set(
      Samples.lgwan.breaking("remote:\n  - card + password\n", "remote:\n  - {factors: card + pin, groups: [watch]}\n"))
    let card = try Situation.card()
    let two = try request(own: [], [("a", ["seg-lgwan"]), ("b", ["watch"])], scenario: .remote, card)
    #expect(used(set.decide(two)) == ["a", "b"])
  }
}
