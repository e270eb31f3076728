import AuthTerms
import DirectorySync
import Testing

@Suite("who the objects of a domain are")
struct DirectoryViewTests {
  @Test("a user with a staff number is a person: names, department, groups through groups and through the primary group")
  func person() throws {
    var domain = try SmallDomain()
    try domain.user(1, "Sato.Hanako", id: "0042", ["extensionname": ["渡辺 花子"], "msds-phoneticdisplayname": ["サトウ ハナコ"]])
    try domain.group(20, "ka-0401", members: 1)
    try domain.group(21, "市民部", members: 20)
    try domain.group(22, "SEG-LGWAN", members: 21)
    try domain.user(2, "svc-backup", id: nil)
    let view = domain.look()
    let person = try domain.person("0042")
    #expect(domain.people.count == 1 && person.account.canonical == "sato.hanako")
    #expect(person.displayName == "佐藤 花子" && person.kana == "サトウ ハナコ" && person.otherNames == ["渡辺 花子"])
    // A group with a Japanese name passes on what it is in, and is no name itself.
    #expect(person.groups == ["ka-0401", "seg-lgwan", "domain-users"])
    #expect(person.departments == ["職員/総務課"] && person.isEnabled && person.lastDay == nil && !person.hasManagedPassword)
    #expect(view.findings == [DirectoryFinding(.numberMissing, "svc-backup")])
    let again = domain.look()
    #expect(again.identities.isEmpty && ImportPlan(current: domain.people, named: again.people).writes.isEmpty)
  }

  @Test("only people below the base count, its name in any case; without such an OU that is said")
  func base() throws {
    var domain = try SmallDomain()
    try domain.unit(202, "委託")
    try domain.user(1, "a", id: "1")
    try domain.user(2, "b", id: "2", in: 202)
    let rules = DirectoryRules(base: ["職員"])
    #expect(domain.look(rules).people.map(\.id.text) == ["1"])
    #expect(try domain.person("1").departments == ["総務課"])
    #expect(domain.look(DirectoryRules(base: ["職員", "総務課"])).hasBase)
    let wrong = domain.look(DirectoryRules(base: ["しょくいん"]))
    #expect(!wrong.hasBase && wrong.people.isEmpty)
    // Renaming the OU renames one object; everybody below stands where they stood.
    try domain.unit(201, "総務人事課", below: SmallDomain.staff)
    domain.look(rules)
    #expect(try domain.person("1").departments == ["総務人事課"])
  }

  @Test("numbers of departments come with the main post first, whatever order the directory keeps")
  func departments() throws {
    var domain = try SmallDomain()
    try domain.set(201, ["description": ["0501"]])
    try domain.user(1, "a", id: "1", ["departmentnumber": ["0901", "0501", "0101"]])
    domain.look()
    #expect(try domain.person("1").departments == ["0501", "0101", "0901"])
  }

  @Test("disabled, no control at all, an account that ended: no access; a managed password is told")
  func states() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1", ["useraccountcontrol": ["514"]])
    try domain.user(2, "b", id: "2", ["useraccountcontrol": []])
    try domain.user(3, "c", id: "3", ["useraccountcontrol": ["262656"]])
    domain.look()
    #expect(try [domain.person("1"), domain.person("2"), domain.person("3")].map(\.isEnabled) == [false, false, true])
    #expect(try domain.person("3").hasManagedPassword)
  }

  @Test("a password that is made for the members of a group is managed, through other groups too, and at once")
  func managedGroup() throws {
    var domain = try SmallDomain()
    for (number, id) in [(UInt8(1), "1"), (2, "2"), (3, "3")] {
      try domain.user(number, "u\(id)", id: id, ["info": ["2099-01-01"]])
    }
    try domain.group(30, "Sanmon-Managed", members: 1, 31)
    try domain.group(31, "ka-0101", members: 2)
    var rules = DirectoryRules(effectiveAttribute: "info")
    domain.look(rules)
    #expect(try ["1", "2", "3"].map { try domain.person($0).hasManagedPassword } == [false, false, false])
    rules.managed = ["sanmon-managed"]
    domain.look(rules)
    #expect(try ["1", "2", "3"].map { try domain.person($0).hasManagedPassword } == [true, true, false])
  }

  @Test("hours and workstations of an account; hours that cannot be read are none")
  func accountLimits() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1", ["userworkstations": ["LGWAN-PC-0042,lgwan-pc-0043, ,PC3 "]])
    try domain.user(2, "b", id: "2", ["userworkstations": [""]])
    try domain.set(2, [:], bytes: ["logonhours": [UInt8](repeating: 3, count: 21)])
    try domain.user(3, "c", id: "3", ["logonhours": ["always"]])
    domain.look()
    let (a, b, c) = (try domain.person("1"), try domain.person("2"), try domain.person("3"))
    #expect(a.workstations == ["lgwan-pc-0042", "lgwan-pc-0043", "pc3"] && a.logonHours == nil)
    #expect(b.workstations.isEmpty && b.logonHours?.bytes == [UInt8](repeating: 3, count: 21) && c.logonHours == .never)
    #expect(ImportPlan(current: [a, b, c], named: domain.look().people).writes.isEmpty)
    var other = a
    other.workstations = []
    other.logonHours = .never
    #expect(other.differences(from: a) == [.logonHours, .workstations])
    let plans = [[a], [other], [b]].map { ImportPlan(current: [a], named: $0).fingerprint }
    #expect(Set(plans).count == 3)
  }

  @Test("an account that ends at midnight is good through the day before; one that ends at noon ends at noon")
  func expiry() throws {
    func ticks(_ milliseconds: Int64) -> [String: [String]] {
      ["accountexpires": ["\((milliseconds + 11_644_473_600_000) * 10_000)"]]
    }
    // 2027-04-01 00:00 in Japan.
    let midnight: Int64 = 1_806_505_200_000
    let day = try #require(CivilDay.parse("2027-03-31"))
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1", ticks(midnight))
    try domain.user(2, "b", id: "2", ticks(midnight - 12 * 3_600_000))
    try domain.user(3, "c", id: "3", ["accountexpires": ["0"]])
    try domain.user(4, "d", id: "4", ["accountexpires": ["9223372036854775807"]])
    try domain.user(5, "e", id: "5", ["accountexpires": ["soon"]])
    let before = domain.look(now: midnight - 13 * 3_600_000)
    #expect(before.nextEnd == midnight - 12 * 3_600_000)
    #expect(try (1...5).map { try domain.person("\($0)").lastDay } == [day, day, nil, nil, nil])
    #expect(try (1...5).map { try domain.person("\($0)").isEnabled } == [true, true, true, true, false])
    let after = domain.look(now: midnight - 12 * 3_600_000)
    #expect(after.nextEnd == nil)
    #expect(try (1...2).map { try domain.person("\($0)").isEnabled } == [true, false])
  }

  @Test("whoever marries, moves or gets another account stays who she is, and is found by the former name")
  func rename() throws {
    var domain = try SmallDomain()
    try domain.user(1, "sato.hanako", id: "0042")
    domain.look()
    try domain.unit(202, "市民課", below: SmallDomain.staff)
    try domain.user(1, "suzuki.hanako", id: "0042", family: "鈴木", in: 202)
    let view = domain.look()
    let person = try domain.person("0042")
    #expect(domain.people.count == 1 && person.isEnabled && person.account.canonical == "suzuki.hanako")
    #expect(person.otherNames == ["佐藤 花子"] && view.findings.isEmpty && person.departments == ["職員/市民課"])
    // And back: the name she has is not among the former ones.
    try domain.user(1, "sato.hanako", id: "0042")
    domain.look()
    #expect(try domain.person("0042").otherNames == ["鈴木 花子"])
    // 髙 for 高 is a correction of one name, no other person.
    try domain.user(1, "sato.hanako", id: "0042", family: "佐籐")
    #expect(domain.look().findings.isEmpty)
  }

  @Test(
    "an account that is handed to a successor is held, as it was and without access, until the data are as before",
    arguments: ["number", "names", "noNumber"])
  func successor(_ way: String) throws {
    var domain = try SmallDomain()
    try domain.user(1, "kacho", id: "0042")
    domain.look()
    switch way {
    case "number": try domain.user(1, "kacho", id: "0077", family: "佐藤", given: "花子")
    case "names": try domain.user(1, "kacho", id: "0042", family: "田中", given: "一郎")
    default: try domain.set(1, ["employeenumber": []])
    }
    for _ in 0..<2 {
      let view = domain.look()
      #expect(view.findings.contains(DirectoryFinding(.successor, "0042")))
      let person = try domain.person("0042")
      #expect(!person.isEnabled && person.displayName == "佐藤 花子" && domain.people.count == 1)
    }
    #expect(domain.identities.map(\.hold) == [.successor])
    try domain.user(1, "kacho", id: "0042")
    domain.look()
    #expect(try domain.person("0042").isEnabled && domain.identities.map(\.hold) == [nil])
  }

  @Test("deleted: disabled, nothing else is lost; brought back: held until somebody says who it is")
  func returned() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1")
    domain.look()
    try domain.delete(1)
    domain.look(now: 5)
    #expect(try !domain.person("1").isEnabled && domain.identities.map(\.goneSince) == [5])
    domain.look(now: 9)
    #expect(domain.identities.map(\.goneSince) == [5])
    try domain.user(1, "a", id: "1")
    let view = domain.look()
    #expect(view.findings == [DirectoryFinding(.returned, "1")])
    domain.look()
    #expect(try !domain.person("1").isEnabled && domain.identities.map(\.hold) == [.returned])
  }

  @Test("the same number and account in a new object are a new person, who gets the account and nothing else")
  func recreated() throws {
    var domain = try SmallDomain()
    try domain.user(1, "sato.hanako", id: "0042")
    domain.look()
    try domain.delete(1)
    try domain.user(2, "sato.hanako", id: "0042")
    let view = domain.look()
    #expect(view.findings == [DirectoryFinding(.numberTaken, "0042.2")])
    let (former, new) = (try domain.person("0042"), try domain.person("0042.2"))
    #expect(!former.isEnabled && former.account.canonical == "former:0042")
    #expect(new.isEnabled && new.account.canonical == "sato.hanako")
    // A third one is yet another.
    try domain.delete(2)
    try domain.user(3, "sato.hanako", id: "0042")
    domain.look()
    #expect(try domain.person("0042.3").isEnabled && !domain.person("0042.2").isEnabled)
    // One that begins disabled is a new person at once as well: whoever is gone has no number any more.
    try domain.delete(3)
    try domain.user(4, "sato.hanako", id: "0042", ["useraccountcontrol": ["514"]])
    #expect(domain.look().findings == [DirectoryFinding(.numberTaken, "0042.4")])
    #expect(try !domain.person("0042.4").isEnabled && domain.look().identities.isEmpty)
  }

  @Test("after an import from files the first reading knows its people again by number and account, later ones do not")
  func adoption() throws {
    func imported() throws -> [ResolvedPerson] {
      var person = try Sample.person("0042")
      person.account = try AccountName(parsing: "sato.hanako")
      return [person]
    }
    var domain = try SmallDomain()
    domain.people = try imported()
    try domain.user(1, "sato.hanako", id: "0042")
    #expect(domain.look(adopts: true).people.map(\.id.text) == ["0042"])
    var later = try SmallDomain()
    later.people = try imported()
    try later.user(1, "sato.hanako", id: "0042")
    #expect(later.look().people.map(\.id.text) == ["0042.2"])
    var other = try SmallDomain()
    other.people = try imported()
    try other.user(1, "another.account", id: "0042")
    #expect(other.look(adopts: true).people.map(\.id.text) == ["0042.2"])
  }

  @Test("two users with one number: whoever is known stays, of two new ones the one that is enabled counts, else neither")
  func shared() throws {
    var domain = try SmallDomain()
    try domain.user(1, "old", id: "1", ["useraccountcontrol": ["514"]])
    try domain.user(2, "new", id: "1")
    try domain.user(3, "x", id: "2")
    try domain.user(4, "y", id: "2")
    let view = domain.look()
    #expect(view.people.map(\.account.canonical) == ["new"])
    #expect(view.findings == [DirectoryFinding(.numberShared, "x = y")])
    try domain.delete(4)
    #expect(domain.look().findings == [DirectoryFinding(.numberShared, "old")])
    #expect(domain.look().people.map(\.account.canonical).sorted() == ["new", "x"])
  }

  @Test("names that cannot be one are told; who is known keeps the account, who is new is left out")
  func unusable() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1")
    try domain.user(2, "b", id: "2")
    domain.look()
    try domain.user(1, "a\u{0}b", id: "1")
    try domain.user(2, "ｂ", id: "2")
    try domain.user(3, "B", id: "3")
    try domain.user(4, "c", id: "no number")
    try domain.user(5, "d@e@f", id: "5")
    let view = domain.look()
    #expect(try domain.person("1").account.canonical == "a" && domain.person("2").account.canonical == "b")
    #expect(domain.people.count == 2 && domain.people.allSatisfy(\.isEnabled))
    #expect(
      Set(view.findings.map(\.kind)) == [.accountUnusable, .accountShared, .numberUnusable])
    #expect(view.findings.contains(DirectoryFinding(.accountShared, "B")))
  }

  @Test("a number of the kind that people from outside have is told and lets nobody in; whose number becomes one is held")
  func reservedNumber() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1")
    try domain.user(2, "b", id: "EXT-0001")
    try domain.user(3, "c", id: "ext-2")
    let view = domain.look()
    #expect(view.people.map(\.id.text) == ["1"])
    #expect(view.findings == [DirectoryFinding(.numberReserved, "b"), DirectoryFinding(.numberReserved, "c")])
    for finding in view.findings { #expect(finding.ja.contains("EXT-") && finding.en.contains("EXT-")) }
    try domain.user(2, "b", id: "2")
    #expect(domain.look().people.map(\.id.text) == ["1", "2"])
    // Somebody's number changed to such a one: held, as every other number.
    try domain.user(1, "a", id: "EXT-0003")
    #expect(domain.look().held.map(\.identity.person.text) == ["1"])
  }

  @Test("the first reading keeps staff whom a file brought by such a number, and takes in nobody else by one")
  func reservedNumberAdopted() throws {
    var domain = try SmallDomain()
    func known(_ id: String, _ account: String) throws -> ResolvedPerson {
      ResolvedPerson(
        id: try PersonID(parsing: id), account: try AccountName(parsing: account), displayName: account, kana: "")
    }
    domain.people = [try known("EXT-0001", "a"), try known("EXT-0002", "external:ext-0002")]
    try domain.user(1, "a", id: "EXT-0001")
    try domain.user(2, "b", id: "EXT-0002")
    try domain.user(3, "c", id: "EXT-0003")
    let view = domain.look(adopts: true)
    #expect(view.people.map(\.id.text) == ["EXT-0001"])
    #expect(view.findings == [DirectoryFinding(.numberReserved, "b"), DirectoryFinding(.numberReserved, "c")])
    #expect(domain.look().people.map(\.id.text) == ["EXT-0001"])
  }

  @Test("more groups than a person can have count as none; circles are told and do no harm")
  func limits() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1")
    try domain.user(2, "b", id: "2")
    try domain.group(20, "one", members: 1, 21)
    try domain.group(21, "two", members: 20)
    let view = domain.look()
    #expect(view.findings == [DirectoryFinding(.groupCycle, "one, two")])
    #expect(try domain.person("1").groups == ["one", "two", "domain-users"])
    #expect(try domain.person("2").groups == ["domain-users"])
    for finding in view.findings { #expect(!finding.ja.isEmpty && finding.en.contains("one, two")) }
  }

  @Test("names with line breaks, NUL and marks of direction arrive byte for byte")
  func bytes() throws {
    var domain = try SmallDomain()
    let name = "佐藤\r\n\u{202E}花子\u{0}"
    try domain.user(1, "a", id: "1", ["displayname": [name]])
    domain.look()
    #expect(try domain.person("1").displayName.utf8.elementsEqual(name.utf8))
  }

  @Test("what is kept of an object is the object; anything else is refused")
  func encoding() throws {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1", ["extensionname": ["x", "", "y"]])
    try domain.group(20, "g", members: 1, 7, 9)
    var back = DirectoryReplica()
    for guid in domain.replica.objects.keys {
      let bytes = try #require(domain.replica.encoded(guid))
      try back.restore(guid, from: bytes)
      #expect(throws: MalformedInput.self) { try back.restore(guid, from: bytes + [0]) }
      for count in stride(from: 0, to: bytes.count, by: 7) {
        #expect(throws: MalformedInput.self) { try back.restore(guid, from: Array(bytes.prefix(count))) }
      }
    }
    #expect(back == domain.replica)
    #expect(back.encoded(SmallDomain.guid(99)) == nil)
    var other = back
    other.apply(
      try DirectoryChange(
        LDAPEntry(
          name: "", attributes: ["objectguid": [SmallDomain.guid(1).bytes], "title": [Array("主事".utf8)]])))
    #expect(other.differences(from: back) == (changed: [SmallDomain.guid(1)], gone: []))
    try domain.delete(20)
    #expect(domain.replica.differences(from: back) == (changed: [], gone: [SmallDomain.guid(20)]))
    for witness in [nil, DirSyncPosition.Witness(guid: SmallDomain.guid(3), usn: -1)] {
      let position = DirSyncPosition(
        serviceName: "CN=NTDS Settings", invocationID: SmallDomain.guid(4), highestCommittedUSN: 7, witness: witness,
        cookie: [1, 2, 3])
      #expect(try DirSyncPosition(parsing: position.encoded) == position)
      #expect(throws: MalformedInput.self) { try DirSyncPosition(parsing: position.encoded.dropLast()) }
    }
  }
}
