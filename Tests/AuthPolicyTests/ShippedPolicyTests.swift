import AuthPolicy
import AuthTerms
import Testing

@Suite("the shipped policies")
struct ShippedPolicyTests {
  @Test func compileWithoutWarnings() throws {
    let set = try Samples.compile(Samples.shipped())
    #expect(set.warnings.isEmpty)
    #expect(set.segments == [.internet, .lgwan, .mynumber])
    #expect(set.organisation.city == LocalisedText(ja: "三門市", en: "Sanmon City"))
    #expect(set.organisation.timeZoneOffsetSeconds == 32_400)
    #expect(set.organisation.sites.map(\.id) == ["honcho", "higashi", "nishi", "minato"])
    #expect(set.organisation.models == [.mynumber: .alphaPrime, .lgwan: .alphaPrime, .internet: .alphaPrime])
    #expect(set.organisation.throttle == .person)
    #expect(set.organisation.workstationThrottle == .workstation)
    #expect(set.cardFloor(.mynumber) == .publicKey)
  }

  @Test(
    "each segment asks what the city decided",
    arguments: [
      (Segment.mynumber, Scenario.logon, ["card+palm", "card+password"]),
      (.mynumber, .unlock, ["card+password", "palm"]),
      (.mynumber, .remote, []),
      (.lgwan, .logon, ["card+pin", "card+password", "password+code"]),
      (.lgwan, .unlock, ["card+pin", "card+password", "password+code", "palm"]),
      (.lgwan, .remote, ["card+password"]),
      (.internet, .logon, ["card+pin", "card+password"]),
      (.internet, .remote, []),
      (.lgwan, .release, []),
      (.lgwan, .admin, []),
    ])
  func asks(segment: Segment, scenario: Scenario, expected: [String]) throws {
    let set = try Samples.compile(Samples.shipped())
    let found = set.combinations(segment: segment, scenario: scenario, person: nil)
    #expect(found.map { $0.names.joined(separator: "+") } == expected)
  }

  @Test func combinationsAreForPeopleOfTheSegmentOnly() throws {
    let set = try Samples.compile(Samples.shipped())
    let outsider = try Situation(groups: ["seg-lgwan"]).request.person
    #expect(set.combinations(segment: .mynumber, scenario: .logon, person: outsider).isEmpty)
    #expect(set.combinations(segment: .lgwan, scenario: .logon, person: outsider).count == 3)
    #expect(set.combinations(segment: try Segment(parsing: "other"), scenario: .logon, person: nil).isEmpty)
    #expect(set.cardFloor(try Segment(parsing: "other")) == nil)
  }

  @Test("the version is the hash of names and bytes, whatever the order of the files")
  func version() throws {
    let sources = try Samples.shipped()
    let set = try Samples.compile(sources)
    #expect(try Samples.compile(sources.reversed()).version == set.version)
    var changed = sources
    changed[1].bytes.append(contentsOf: "# a comment\n".utf8)
    #expect(try Samples.compile(changed).version != set.version)
    // Moving a byte from a name to the content is another set.
    #expect(
      PolicySet.canonicalBytes([Samples.source("ab", "c")]) != PolicySet.canonicalBytes([Samples.source("a", "bc")]))
  }
}
