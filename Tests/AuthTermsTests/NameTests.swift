import AuthTerms
import Testing

@Suite("names in a closed character set")
struct NameTests {
  @Test("identifiers", arguments: ["a", "7", "LGWAN-PC-0042", "p-000042", "a.b_c-d", String(repeating: "a", count: 64)])
  func identifiers(text: String) throws {
    #expect(try PersonID(parsing: text).text == text)
    #expect(try "\(PersonID(parsing: text))" == text)
  }

  @Test(
    "no identifiers",
    arguments: [
      "", "-a", ".a", "_a", "a b", "a/b", "../a", "a\n", "a\u{0}", "課", "Ａ", "a\u{301}", "é", String(repeating: "a", count: 65),
    ])
  func noIdentifiers(text: String) { #expect(throws: MalformedInput.self) { try WorkstationID(parsing: text) } }

  @Test("identifiers keep their case, and sort by bytes")
  func order() throws {
    #expect(try CardID(parsing: "A") != CardID(parsing: "a"))
    #expect(try ["b", "B", "a", "10", "9"].map { try CardID(parsing: $0) }.sorted().map(\.text) == ["10", "9", "B", "a", "b"])
  }

  @Test("segments", arguments: ["mynumber", "lgwan", "internet", "a", "lgwan-2", String(repeating: "z", count: 32)])
  func segments(name: String) throws { #expect(try Segment(parsing: name).name == name) }

  @Test(
    "no segments",
    arguments: ["", "LGWAN", "2lgwan", "-lgwan", "lg wan", "lg_wan", "ｌgwan", "lgwan\n", String(repeating: "z", count: 33)])
  func noSegments(name: String) { #expect(throws: MalformedInput.self) { try Segment(parsing: name) } }

  @Test("the three known segments are what a file would name")
  func known() throws {
    #expect(try Segment(parsing: "mynumber") == .mynumber)
    #expect(try Segment(parsing: "lgwan") == .lgwan)
    #expect(try Segment(parsing: "internet") == .internet)
    #expect([Segment.mynumber, .lgwan, .internet].sorted().map(\.name) == ["internet", "lgwan", "mynumber"])
  }

  @Test(
    "references are six digits, read and written",
    arguments: [(0, "000000"), (42, "000042"), (482_913, "482913"), (999_999, "999999")])
  func references(number: Int, text: String) throws {
    #expect(try Reference(number: number).description == text)
    #expect(try Reference(parsing: text).number == number)
  }

  @Test("no references", arguments: ["", "12345", "1234567", "12345a", "+12345", "-12345", "１２３４５６", " 12345", "1_2345"])
  func noReferences(text: String) { #expect(throws: MalformedInput.self) { try Reference(parsing: text) } }

  @Test("numbers beyond six digits are no references", arguments: [-1, 1_000_000, Int.max])
  func noNumbers(number: Int) { #expect(throws: MalformedInput.self) { try Reference(number: number) } }

  @Test("fingerprints are 32 bytes, 64 lower case digits")
  func fingerprints() throws {
    let hex = String(repeating: "0a", count: 32)
    #expect(try KeyFingerprint(hex: hex).hex == hex)
    #expect(try KeyFingerprint(parsing: [UInt8](repeating: 10, count: 32)).description == hex)
    for wrong in ["", String(hex.dropLast(2)), hex + "00", hex.uppercased(), String(repeating: "g", count: 64)] {
      #expect(throws: MalformedInput.self) { try KeyFingerprint(hex: wrong) }
    }
  }
}

@Suite("numbers of people from outside")
struct ExternalNumberTests {
  @Test(
    "EXT- and something behind it, in either case, is no number of a directory",
    arguments: [
      ("EXT-0001", true), ("ext-1", true), ("Ext-a.b", true), ("EXT-", false), ("EXT0001", false), ("EX-T0001", false),
      ("p-EXT-1", false),
    ])
  func reserved(text: String, isReserved: Bool) throws {
    #expect(try PersonID(parsing: text).isExternalNumber == isReserved)
    #expect(try PersonID(parsing: text).isGivenNumber == (isReserved && text == "EXT-0001"))
  }
}

@Suite("codes and classes")
struct CodeTests {
  @Test("denial codes are APnnn, each once")
  func codes() {
    let codes = DenialCode.allCases.map(\.rawValue)
    #expect(Set(codes).count == codes.count)
    for code in codes { #expect(code.wholeMatch(of: /AP[12][0-9]{2}/) != nil) }
  }

  @Test("before possession is proven every refusal looks the same, and none of them is told", arguments: DenialCode.allCases)
  func shown(code: DenialCode) {
    // AP140 to AP149, and those that came when those were taken.
    let later: [DenialCode] = [
      .ceremonyUnknown, .cardNotProven, .cardCloneSuspected, .lookUpCodeRefused, .numberNotEnough, .numberWaiverOver,
      .chipTooOld, .numberAtTwoWorkstations, .firstTapCodeRefused, .myNumberCardNotTaken,
    ]
    let isBeforePossession = code.rawValue.hasPrefix("AP14") || later.contains(code)
    #expect(code.shown == (isBeforePossession ? .notAccepted : code))
    #expect(code.shown.shown == code.shown)
  }

  @Test("proof classes from a number anybody copies to a key behind a PIN")
  func proofClasses() {
    #expect(ProofClass.allCases.sorted() == [.identifier, .symmetric3DES, .symmetricAES, .publicKey, .publicKeyWithPIN])
    #expect(min(ProofClass.publicKeyWithPIN, .publicKey) == .publicKey)
    for proof in ProofClass.allCases { #expect(ProofClass(name: proof.name) == proof) }
    #expect(Set(ProofClass.allCases.map(\.name)).count == 5)
    for wrong in ["", "PK", "pk-", "sym", "identifier "] { #expect(ProofClass(name: wrong) == nil) }
  }

  @Test("two knowledge factors are one kind; a palm is its own")
  func kinds() {
    #expect(Set([Factor.pin, .password].map(\.kind)) == [.know])
    #expect(Set([Factor.card, .code].map(\.kind)) == [.have])
    #expect(Factor.palm.kind == .are)
    #expect(Factor.allCases.shuffled().sorted() == Factor.allCases)
  }

  @Test("assurance levels in order")
  func levels() {
    #expect(AssuranceLevel.allCases.sorted().map(\.name) == ["AAL1", "AAL2", "AAL3"])
  }

  @Test("rules name file and line, or what is built in")
  func rules() {
    #expect("\(RuleID(file: "lgwan.yaml", line: 12))" == "lgwan.yaml:12")
    #expect("\(RuleID.builtin("floor"))" == "builtin:floor")
  }
}
