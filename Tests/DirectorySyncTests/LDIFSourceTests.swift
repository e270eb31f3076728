import AuthTerms
import DirectorySync
import Testing

private let top = "version: 1\n\ndn: ou=people,o=c\nobjectClass: organizationalUnit\nou: people\n\n"
private let clerk = """
  dn: uid=sato.hanako,ou=people,o=c
  objectClass: inetOrgPerson
  employeeNumber: p-000042
  uid: sato.hanako
  displayName:: 5L2Q6JekIOiKseWtkA==
  sanmonKana:: 44K144OI44KmIOODj+ODiuOCsw==

  """

private let refusals: [(String, String)] = [
  ("", "DS104 f"),
  ("version: 1\n", "DS104 f"),
  ("dn: o=c\nobjectClass: organization\n", "DS131 f:1"),
  ("version: 2\n\ndn: o=c\n", "DS131 f:1"),
  (" x\n", "DS132 f:1"),
  ("version: 1\n\n folded\n", "DS132 f:3"),
  ("version: 1\n\ncn: a\n", "DS133 f:3"),
  ("\(top)no colon\n", "DS133 f:7:1"),
  ("\(top)1x: a\n", "DS133 f:7:1"),
  ("\(top)cn;lang-ja: a\n", "DS133 f:7:1"),
  ("\(top)dn: o=c\ndn: o=d\n", "DS133 f:8"),
  ("\(top)dn: o=c\nchangetype: delete\n", "DS136 f:8"),
  ("\(top)dn: o=c\nchangeType:: ZGVsZXRl\n", "DS136 f:8"),
  ("\(top)dn: o=c\ncn:< file:///etc/passwd\n", "DS137 f:8:4"),
  ("\(top)dn: o=c\ncn:: Zm9v!mFy\n", "DS134 f:8:6"),
  ("\(top)dn: o=c\ncn:: Zm9\n", "DS134 f:8:6"),
  ("\(top)dn: o=c\ncn:: Zm9=\n", "DS134 f:8:6"),  // stray bits
  ("\(top)dn: o=c\ncn:: Zg=a\n", "DS134 f:8:6"),
  ("\(top)dn: o=c\ncn:: /w==\n", "DS134 f:8:6"),  // not UTF-8
  ("\(top)dn: o=c\ncn: 市民課\n", "DS135 f:8:5"),
  ("\(top)dn: o=c\ncn: a \n", "DS135 f:8:5"),
  ("\(top)dn: o=c\ncn: <a\n", "DS135 f:8:5"),
  ("\(top)dn: o=c\ncn: a\rb\n", "DS105 f:8"),
  ("\(top)dn: o=c\nobjectClass: printer\n", "DS142 f:8"),
  ("\(top)dn: o=c\ncn: a\n", "DS142 f:7"),
  ("\(top)dn: o=c\nobjectClass: group\nobjectClass: user\n", "DS142 f:9"),
  ("\(top)dn: no\nobjectClass: group\n", "DS143 f:7"),
  ("\(top)dn: o=\nobjectClass: group\n", "DS143 f:7"),
  ("\(top)dn: o=a+b=c\nobjectClass: group\n", "DS143 f:7"),
  ("\(top)dn: o=a\\zz\nobjectClass: group\n", "DS143 f:7"),
  ("\(top)\(clerk)\(clerk)", "DS133 f:13"),
  ("\(top)\(clerk)unicodePwd:: c2VjcmV0\n", "DS138 f:13"),
  ("\(top)\(clerk)userPassword: x\n", "DS138 f:13"),
  ("\(top)\(clerk)shoeSize: 25\n", "DS139 f:13:1"),
  ("\(top)\(clerk)uid: other\n", "DS141 f:13"),
  ("\(top)\(clerk)sAMAccountName: other\n", "DS141 f:13"),
  ("\(top)\(clerk)userAccountControl: -2\n", "DS156 f:13"),
  ("\(top)\(clerk)sanmonManagedPassword: yes\n", "DS156 f:13"),
  ("\(top)\(clerk)sanmonLastDay: 31.3.2027\n", "DS155 f:13"),
  ("\(top)\(clerk)sanmonFirstDay: 2027-04-01\nsanmonLastDay: 2027-03-31\n", "DS124 f:14"),
  ("\(top)\(clerk)departmentNumber: 0401\n", "DS123 f:13"),
  ("\(top)\(clerk.replacing("uid: sato.hanako\n", with: ""))", "DS140 f:7"),
  ("\(top)\(clerk.replacing("employeeNumber", with: "title"))", "DS140 f:7"),
  ("\(top)dn: cn=g,o=c\nobjectClass: group\ncn: g\nmember: uid=nobody,o=c\n", "DS123 f:10"),
  ("\(top)dn: cn=g,o=c\nobjectClass: group\ncn: g\nmember: ou=people,o=c\n", "DS123 f:10"),
  ("\(top)dn: cn=g,o=c\nobjectClass: group\ncn: g\nmember: nobody\n", "DS143 f:10"),
  (
    "\(top)\(clerk)\ndn: cn=g,o=c\nobjectClass: group\ncn: g\nmember: uid=sato.hanako,ou=people,o=c\nmember: UID=Sato.Hanako, ou=people,o=c\n",
    "DS122 f:18"
  ),
]

@Suite("people, groups and departments from LDIF")
struct LDIFSourceTests {
  private func fault(_ text: String) -> String { Sample.fault(LDIFSource(text: text, name: "f")) }

  @Test("a person, her department and her groups")
  func reads() async throws {
    let text = """
      version: 1
      # a comment that goes
       on in the next line
      dn: ou=04,o=c
      objectClass: organizationalUnit
      objectClass: sanmonDepartment
      ou: 04
      description: Citizens
      l: Main

      dn: ou=x,ou=04,o=c
      objectClass: organizationalUnit

      dn: ou=0401,ou=x,ou=04,o=c
      objectClass: top
      objectClass: organizationalUnit
      objectClass: sanmonDepartment
      ou: 0401
      description: Desk
      l: Main

      dn: cn=SEG-LGWAN,o=c
      objectClass: group
      cn: SEG-LGWAN
      member: CN = ka-0401 , O=C

      dn: cn=ka-0401,o=c
      objectClass: groupOfNames
      cn: ka-0401
      description:: 5biC5rCR6Kqy
      member: uid=Sato\\2C Hanako,ou=people,o=c

      dn: uid=sato\\, hanako,ou=People,o=c
      objectClass: user
      employeeNumber: p-000042
      sAMAccountName: sato.hana
       ko
      displayName:: 5L2Q6JekIOiKseWtkA==
      msDS-PhoneticDisplayName:: 44K144OI44KmIOODj+ODiuOCsw==
      departmentNumber: 0401
      departmentNumber: 04
      userAccountControl: 514
      sanmonLastDay: 2027-03-31
      sanmonManagedPassword: TRUE

      """
    let snapshot = try await LDIFSource(text: text).snapshot()
    let person = try #require(snapshot.people.first)
    #expect(person.account.canonical == "sato.hanako")
    #expect(person.displayName == "佐藤 花子" && person.kana == "サトウ ハナコ")
    #expect(person.departments.map(\.text) == ["0401", "04"])
    #expect(person.memberships.map(\.text) == ["ka-0401"])
    #expect(!person.isEnabled && person.hasManagedPassword && person.lastDay == 20908)
    #expect(snapshot.departments.map(\.parent?.text) == [nil, "04"])
    #expect(Closure(of: snapshot.groups).groups(from: person.memberships).map(\.text).sorted() == ["ka-0401", "seg-lgwan"])
    // CRLF is the same file.
    let windows = try LDIFSource(text: text.replacing("\n", with: "\r\n")).read()
    #expect(windows.people.map(\.account) == snapshot.people.map(\.account))
  }

  @Test(
    "each wrong file is refused where it is wrong",
    arguments: refusals)
  func refused(text: String, expected: String) {
    #expect(fault(text) == expected)
  }

  @Test("two entries of one name, id or account are refused at the second")
  func duplicates() {
    let other = clerk.replacing("uid=sato.hanako", with: "uid=other")
    #expect(fault(top + clerk + "\n" + clerk) == "DS122 f:14")
    #expect(fault(top + clerk + "\n" + other) == "DS122 f:16")
    #expect(fault(top + clerk + "\n" + other.replacing("p-000042", with: "p-1")) == "DS122 f:17")
  }

  @Test("a value, folded or not, has a limit")
  func limits() {
    let long = String(repeating: "a", count: 4097)
    #expect(fault(top + "dn: o=c\ndescription: \(long)\n") == "DS107 f:8")
    #expect(fault(top + "dn: o=c\ndescription: a\n" + String(repeating: " \(long)\n", count: 3)) == "DS107 f:10")
  }

  @Test("damaged files never end the process, and a fault never quotes them")
  func damaged() {
    var random = SplitMix(state: 7)
    let whole = Array((top + clerk).utf8)
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert([10, 13, 32, 58, 92].randomElement(using: &random) ?? 0, at: place)
        }
      }
      do throws(DirectoryFault) {
        #expect(try LDIFSource(SourceFile(name: "f", bytes: bytes)).read().people.count <= 1)
      } catch { #expect(!error.description.contains("hanako")) }
    }
  }
}
