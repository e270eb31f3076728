import AuthTerms
import DirectorySync
import Testing

@Suite("people, groups and departments from CSV")
struct CSVSourceTests {
  @Test("a person is read as written")
  func reads() async throws {
    let row = "p-1,CITY\\Ｓato.Taro,髙橋 太郎,タカハシ タロウ,高橋 太郎;鈴木 太郎,0402;0401,KA-0401,false,2026-04-01,2027-03-31,true"
    let snapshot = try await Sample.csv(people: "\(Sample.header)\n\(row)\n").snapshot()
    let person = try #require(snapshot.people.first)
    #expect(person.id.text == "p-1")
    #expect(person.account.canonical == "sato.taro")
    #expect(Array(person.displayName.utf8) == Array("髙橋 太郎".utf8))
    #expect(person.otherNames == ["高橋 太郎", "鈴木 太郎"])
    #expect(person.departments.map(\.text) == ["0402", "0401"])
    #expect(person.memberships.map(\.text) == ["ka-0401"])
    #expect(!person.isEnabled && person.hasManagedPassword)
    #expect(person.firstDay == 20544 && person.lastDay == 20908)
    #expect(snapshot.departments.map(\.site) == ["本庁舎", "本庁舎", "東支所"])
    #expect(snapshot.groups.map(\.parents.count) == [0, 1, 1])
  }

  @Test("byte order mark, CRLF, quoting, any header order and a missing last line end are the spreadsheet's business")
  func spreadsheet() throws {
    let people =
      "\u{FEFF}account,id,kana,display_name,groups,departments\r\n\"sato.hanako\",p-42,\"サトウ\",\"佐藤, \"\"花子\"\"\",,0401"
    let person = try #require(try Sample.csv(people: people).read().people.first)
    #expect(person.displayName == "佐藤, \"花子\"")
    #expect(person.memberships.isEmpty && person.isEnabled && person.lastDay == nil)
  }

  @Test(
    "each wrong file is refused where it is wrong",
    arguments: [
      ("", "DS104 people.csv"),
      ("\(Sample.header),salary\n", "DS111 people.csv:1:105"),
      ("id,account,id\n", "DS112 people.csv:1:12"),
      ("id,account\n", "DS113 people.csv:1"),
      ("ID,account,display_name,kana,departments,groups\n", "DS111 people.csv:1:1"),
      ("\(Sample.header)\np-1,a,b\n", "DS114 people.csv:2"),
      ("\(Sample.header)\n\(Sample.clerk)\n\n", "DS114 people.csv:3"),
      ("\(Sample.header)\np-1,\"a,b\n", "DS115 people.csv:2:5"),
      ("\(Sample.header)\np-1,\"a\"b,c\n", "DS115 people.csv:2:8"),
      ("\(Sample.header)\np-1,佐\"a,c\n", "DS115 people.csv:2:6"),
      ("\(Sample.header)\rp-1", "DS105 people.csv:1"),
      ("\(Sample.header)\np 1,a,山 田,ヤ,,0401,,,,,\n", "DS151 people.csv:2:1"),
      ("\(Sample.header)\np-1,,山 田,ヤ,,0401,,,,,\n", "DS152 people.csv:2:5"),
      ("\(Sample.header)\np-1,a,,ヤ,,0401,,,,,\n", "DS153 people.csv:2:7"),
      ("\(Sample.header)\np-1,a, 山田,ヤ,,0401,,,,,\n", "DS153 people.csv:2:7"),
      ("\(Sample.header)\np-1,a,山\u{202E}田,ヤ,,0401,,,,,\n", "DS153 people.csv:2:7"),
      ("\(Sample.header)\np-1,a,\"山\n田\",ヤ,,0401,,,,,\n", "DS153 people.csv:2:7"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401,課,,,,\n", "DS154 people.csv:2:18"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401,ｋa-0401,,,,\n", "DS154 people.csv:2:18"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401,,,2026-02-29,,\n", "DS155 people.csv:2:20"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401,,yes,,,\n", "DS156 people.csv:2:19"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401;;0402,,,,,\n", "DS157 people.csv:2:13"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401;0401,,,,,\n", "DS157 people.csv:2:13"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0499,,,,,\n", "DS123 people.csv:2:13"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401,nobody,,,,\n", "DS123 people.csv:2:18"),
      ("\(Sample.header)\np-1,a,山田,ヤ,,0401,,,2027-01-02,2027-01-01,\n", "DS124 people.csv:2:31"),
      ("\(Sample.header)\n\(Sample.clerk)\np-000042,b,山田,ヤ,,0401,,,,,\n", "DS122 people.csv:3:1"),
      ("\(Sample.header)\n\(Sample.clerk)\np-1,ＳＡＴＯ.hanako,山田,ヤ,,0401,,,,,\n", "DS122 people.csv:3:5"),
      ("\(Sample.header)\np-1,\(String(repeating: "a", count: 4097)),山田,ヤ,,0401,,,,,\n", "DS107 people.csv:2:5"),
    ])
  func refused(people: String, fault: String) {
    #expect(Sample.fault(Sample.csv(people: people)) == fault)
  }

  @Test("groups and departments are held to the same rules")
  func otherFiles() {
    #expect(Sample.fault(Sample.csv(groups: "name,title\nka-0401,a\nKA-0401,b\n")) == "DS122 groups.csv:3:1")
    #expect(Sample.fault(Sample.csv(groups: "name,title,member_of\nka-0401,a,seg-x\n")) == "DS123 groups.csv:2:11")
    #expect(
      Sample.fault(Sample.csv(departments: "code,name,parent,site\n0401,a,0402,s\n0402,b,0401,s\n"))
        == "DS125 departments.csv:2:1")
    #expect(Sample.fault(Sample.csv(departments: "code,name,parent,site\n0401,a,0401,s\n")) == "DS125 departments.csv:2:1")
    #expect(
      Sample.fault(Sample.csv(departments: "code,name,parent,site\n0401,a,,s\n0401,b,,s\n")) == "DS122 departments.csv:3:1")
    #expect(Sample.fault(Sample.csv(departments: "code,name,parent,site\n0401,a,,\n")) == "DS153 departments.csv:2:9")
  }

  @Test("1,024 groups a person, nested ones counted, and no more", arguments: [(1024, "none"), (1025, "DS126 people.csv:2")])
  func manyGroups(count: Int, fault: String) {
    let chain = (1..<count).map { "g\($0),t,g\($0 + 1)\n" }.joined() + "g\(count),t,\n"
    let people = Sample.header + "\n" + Sample.clerk.replacing("ka-0401", with: "g1") + "\n"
    #expect(Sample.fault(Sample.csv(people: people, groups: "name,title,member_of\n" + chain)) == fault)
  }

  @Test("Shift_JIS is refused with its line, not turned into question marks")
  func notUTF8() {
    let bytes = Array("\(Sample.header)\n\(Sample.clerk)\np-1,a,".utf8) + [0x8D, 0x82, 0x8B, 0xB4]
    let source = CSVSource(
      people: SourceFile(name: "people.csv", bytes: bytes), groups: SourceFile(name: "g", bytes: Sample.groups.utf8),
      departments: SourceFile(name: "d", bytes: Sample.departments.utf8))
    #expect(Sample.fault(source) == "DS103 people.csv:3")
  }

  @Test("files beyond the limit are refused before they are read as text")
  func tooLarge() {
    let source = CSVSource(
      people: SourceFile(name: "people.csv", bytes: repeatElement(65, count: SourceFile.maximumBytes + 1)),
      groups: SourceFile(name: "g", bytes: Sample.groups.utf8),
      departments: SourceFile(name: "d", bytes: Sample.departments.utf8))
    #expect(Sample.fault(source) == "DS102 people.csv")
  }

  @Test("a folder, a missing file and a device are not files to read")
  func unreadable() {
    for path in ["/", "/no/such/file.csv", "/dev/zero"] {
      #expect(throws: DirectoryFault.self) { try SourceFile(path: path) }
    }
  }

  @Test("damaged files never end the process, and a fault never quotes them")
  func damaged() {
    var random = SplitMix(state: 42)
    let whole = Array("\(Sample.header)\n\(Sample.clerk)\n".utf8)
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert([10, 13, 34, 44, 59].randomElement(using: &random) ?? 0, at: place)
        }
      }
      let source = CSVSource(
        people: SourceFile(name: "p", bytes: bytes), groups: SourceFile(name: "g", bytes: Sample.groups.utf8),
        departments: SourceFile(name: "d", bytes: Sample.departments.utf8))
      do throws(DirectoryFault) { #expect(try source.read().people.count <= 3) } catch {
        #expect(!error.description.contains("hanako") && !error.ja.contains("花子"))
      }
    }
  }
}

@Suite("faults and days")
struct FaultTests {
  @Test("codes are DSnnn and unique, and every code has a sentence in both languages", arguments: DirectoryFault.Code.allCases)
  func sentences(code: DirectoryFault.Code) {
    let fault = DirectoryFault(code, file: "f", line: 1, column: 2, detail: "x")
    #expect(code.rawValue.utf8.count == 5 && code.rawValue.hasPrefix("DS"))
    #expect(fault.ja.unicodeScalars.contains { $0.value > 0x3000 })
    #expect(!fault.en.isEmpty && fault.en.utf8.allSatisfy { $0 < 0x80 })
    #expect(fault.description.hasPrefix("f:1:2: DS"))
  }

  @Test("codes are unique")
  func unique() { #expect(Set(DirectoryFault.Code.allCases.map(\.rawValue)).count == DirectoryFault.Code.allCases.count) }

  @Test(
    "days that exist, counted from 1970",
    arguments: [("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11016), ("2026-04-01", 20544), ("1900-03-01", -25508)])
  func days(text: String, day: Int) {
    #expect(CivilDay.parse(text) == day)
    #expect(CivilDay.text(day) == text)
  }

  @Test(
    "days that do not exist, or are written otherwise",
    arguments: [
      "", "2026-4-1", "2026/04/01", "2026-04-31", "1900-02-29", "2100-02-29", "2026-00-10", "2026-13-01", "2026-01-00",
      "２０２６-04-01", "1899-12-31", "2200-01-01", "2026-04-01 ", "R8-04-01-",
    ])
  func noDays(text: String) { #expect(CivilDay.parse(text) == nil) }

  @Test("every day of 300 years reads back")
  func roundTrip() throws {
    let first = try #require(CivilDay.parse("1900-01-01")), last = try #require(CivilDay.parse("2199-12-31"))
    for day in first...last { #expect(CivilDay.parse(CivilDay.text(day)) == day) }
  }
}
