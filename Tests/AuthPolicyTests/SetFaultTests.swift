import AuthPolicy
import AuthTerms
import Testing

@Suite("faults of a whole set")
struct SetFaultTests {
  private func places(_ sources: [PolicySource]) -> [String] {
    do throws(PolicyFaults) {
      _ = try Samples.compile(sources)
      return []
    } catch {
      return error.faults.map(\.place)
    }
  }

  private let organisation = Samples.source("organisation.yaml", Samples.organisation(["lgwan"]))
  private let lgwan = Samples.source("lgwan.yaml", Samples.lgwan)

  @Test func aRightSet() { #expect(places([organisation, lgwan]).isEmpty) }

  @Test func organisationMissing() { #expect(places([lgwan]) == ["PF501 organisation.yaml:1:1"]) }

  @Test func nothingAtAll() { #expect(places([]) == ["PF501 organisation.yaml:1:1"]) }

  @Test(
    "file names",
    arguments: [
      ("notes.txt", "notes.txt"), ("LGWAN.yaml", "LGWAN.yaml"), ("a b\u{1B}[2J.yaml", "?"), ("applications/ledger.yaml", "?"),
      ("", "?"),
    ])
  func unknownFile(name: String, shown: String) {
    #expect(places([organisation, lgwan, Samples.source(name, "")]) == ["PF502 \(shown):1:1"])
  }

  @Test func fileNamedAfterAnotherSegment() {
    let other = Samples.source("internet.yaml", Samples.lgwan)
    let both = Samples.source("organisation.yaml", Samples.organisation(["lgwan", "internet"]))
    #expect(places([both, lgwan, other]) == ["PF503 internet.yaml:1:10"])
  }

  @Test func undeclaredSegment() {
    let other = Samples.source("branch.yaml", Samples.lgwan.breaking("segment: lgwan", "segment: branch"))
    #expect(places([organisation, lgwan, other]) == ["PF504 branch.yaml:1:1"])
  }

  @Test func segmentWithoutFile() {
    let both = Samples.source("organisation.yaml", Samples.organisation(["lgwan", "mynumber"]))
    #expect(places([both, lgwan]) == ["PF505 organisation.yaml:8:6"])
  }

  private func unitGroups(_ text: String) -> PolicySource {
    Samples.source("organisation.yaml", Samples.organisation(["lgwan"]) + "unit-groups:\n" + text)
  }

  @Test("groups that an OU gives are names that rules may use")
  func unitGroups() throws {
    let text = "  - {ou: 職員/税務部, group: ou-zeimu}\n  - {ou: 職員/税務部/収納課, group: ou-zeimu}\n"
    let set = try PolicySet.compile([unitGroups(text), lgwan], digest: { _ in Array(repeating: 0, count: 32) }, today: 0)
    #expect(
      set.organisation.unitGroups == [
        UnitGroup(path: ["職員", "税務部"], group: "ou-zeimu"), UnitGroup(path: ["職員", "税務部", "収納課"], group: "ou-zeimu"),
      ])
  }

  @Test(
    "a group of an OU that cannot be meant is refused",
    arguments: [
      "  - {ou: 職員//税務部, group: x}\n", "  - {ou: \"\", group: x}\n", "  - {ou: 職員, group: X}\n", "  - {ou: 職員}\n",
      "  - {group: x}\n", "  - {ou: 職員, group: x, role: y}\n", "  []\n",
      "  - {ou: 職員, group: x}\n  - {ou: 職員, group: x}\n", "  - {ou: \"職\\u202e\", group: x}\n",
    ])
  func unitGroupsRefused(text: String) {
    #expect(throws: PolicyFaults.self) {
      try PolicySet.compile([unitGroups(text), lgwan], digest: { _ in Array(repeating: 0, count: 32) }, today: 0)
    }
  }

  @Test func sameFileTwice() { #expect(places([organisation, lgwan, lgwan]) == ["PF506 lgwan.yaml:1:1"]) }

  @Test func tooManyFiles() {
    #expect(places(Array(repeating: lgwan, count: 33)) == ["PF507 organisation.yaml:1:1"])
  }

  @Test func aDigestThatIsNone() {
    #expect {
      try PolicySet.compile([organisation, lgwan], digest: { _ in [1, 2, 3] }, today: 0)
    } throws: { ($0 as? PolicyFaults)?.faults.map(\.code) == ["PF508"] }
  }

  @Test func bytesThatAreNoText() {
    let broken = PolicySource(name: "lgwan.yaml", bytes: Array(Samples.lgwan.utf8.prefix(14)) + [0xC3, 0x28])
    #expect(places([organisation, broken]) == ["PF102 lgwan.yaml:1:1"])
    let second = PolicySource(name: "lgwan.yaml", bytes: Array("segment: lgwan\npeople: ".utf8) + [0xFF])
    #expect(places([organisation, second]) == ["PF102 lgwan.yaml:2:1"])
  }

  @Test("nothing in it", arguments: ["", "\n\n", "# only a comment\n"])
  func empty(text: String) {
    #expect(places([organisation, Samples.source("lgwan.yaml", text)]) == ["PF112 lgwan.yaml:1:1"])
  }

  @Test("all faults of all files at once, in the order of files and lines")
  func allAtOnce() {
    let text = Samples.lgwan.breaking("proof: pk", "proof: px").breaking("- card + pin", "- card").breaking("people", "peple")
    let city = Samples.organisation(["lgwan"]).breaking("honcho", "本庁")
    #expect(
      places([Samples.source("organisation.yaml", city), Samples.source("lgwan.yaml", text)]) == [
        "PF203 lgwan.yaml:1:1", "PF201 lgwan.yaml:2:1", "PF208 lgwan.yaml:3:15", "PF401 lgwan.yaml:6:5",
        "PF215 organisation.yaml:4:10",
      ])
  }

  @Test("a file that is wrong everywhere says so a hundred times")
  func bounded() {
    let text = (0..<500).map { "key\($0): 1\n" }.joined()
    #expect(places([organisation, Samples.source("lgwan.yaml", text)]).count == 100)
  }

  @Test("every code is reached by a test")
  func complete() {
    let here = [
      "PF102", "PF112", "PF501", "PF502", "PF503", "PF504", "PF505", "PF506", "PF507", "PF508", "PF410", "PF411", "PF412",
      "PF414", "PF415", "PF416", "PF417", "PF419", "PF710", "PF711", "PF813", "PF814", "PF815", "PF816", "PF817", "PF818",
      "PF819",
      "PF820", "PF821", "PF822", "PF823", "PF423", "PF424", "CP015", "CP016", "CP017", "CP018",
    ]
    let reached = Set(FaultTests.all.map(\.code)).union(here)
    #expect(Set(PolicyFault.codes).subtracting(reached).sorted() == [])
    #expect(reached.subtracting(PolicyFault.codes).sorted() == [])
    #expect(Set(PolicyFault.codes).count == PolicyFault.codes.count)
  }
}

@Suite("what a fault shows")
struct RenderingTests {
  @Test func inBothLanguages() {
    let fault = Samples.faults(Samples.lgwan.breaking("people", "poeple")).first { $0.code == "PF201" }
    #expect(
      fault?.render(.en) == """
        lgwan.yaml:2:1: error: PF201 Here the key 'poeple' is not known.
          → Did you mean 'people'? Known keys: segment, people, card, session, palm, directory, hours, logon, unlock, remote, deny,\
         waivers
        """)
    #expect(
      fault?.render(.ja) == """
        lgwan.yaml:2:1: エラー: PF201 キー「poeple」はここでは使えません。
          → 「people」ではありませんか。使えるキー: segment, people, card, session, palm, directory, hours, logon, unlock, remote, deny,\
         waivers
        """)
  }

  @Test(
    "words nearly right",
    arguments: [
      ("proof: pk", "proof: pk_pin", "pk-pin"), ("on-removal: nothing", "on-removal: nothin", "nothing"),
      ("- card + pin", "- crad + pin", "card"), ("- card + pin", "- card + pasword", "password"),
      ("at-once", "atonce", "at-once"), ("overall-hours", "overal-hour", "overall-hours"),
    ])
  func suggestions(old: String, new: String, meant: String) {
    let hints = Samples.faults(Samples.lgwan.breaking(old, new)).map(\.hintEn)
    #expect(hints.contains { $0.contains("Did you mean '\(meant)'?") }, "\(hints)")
  }

  @Test func nothingNearlyRight() {
    let fault = Samples.faults(Samples.lgwan.breaking("people", "zzzzzz")).first { $0.code == "PF201" }
    #expect(fault?.hintEn.hasPrefix("Known keys") == true)
  }

  @Test(
    "what stands in the file never stands in a fault",
    arguments: [
      ("people:", "GEHEIM4711:"), ("[seg-lgwan]", "[GEHEIM4711*]"), ("[seg-lgwan]", "[\"GEHEIM4711]"),
      ("people:", "\"GEHEIM4711\":"),
      ("[seg-lgwan]", "[&GEHEIM4711 a]"), ("[seg-lgwan]", "[*GEHEIM4711]"), ("[seg-lgwan]", "!GEHEIM4711 []"),
      ("proof: pk", "proof: GEHEIM4711"),
      ("- card + pin", "- GEHEIM4711"), ("lease-minutes: 15", "lease-minutes: GEHEIM4711"), ("people:", "GEHEIM4711: a: b"),
      ("segment: lgwan", "segment: GEHEIM4711"), ("people:", "GEHEIM4711: 1\nGEHEIM4711: 2\npeople:"),
      ("people:", "%GEHEIM4711\npeople:"),
    ])
  func secretive(old: String, new: String) {
    let faults = Samples.faults(Samples.lgwan.breaking(old, new))
    #expect(!faults.isEmpty)
    for fault in faults {
      #expect(!fault.render(.ja).contains("GEHEIM") && !fault.render(.en).contains("GEHEIM"))
    }
  }
}
