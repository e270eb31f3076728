import AuthServer
import AuthTerms
import Storage
import Testing

/// Days are constructed here: what each person did at each sensor before, and in the last days.
@Suite("what falling scores of palms tell")
struct PalmDriftTests {
  /// What one person did at one sensor in both times.
  private struct Did {
    var person: Int
    var place: String
    var former = 6000
    var recent = 6000
    var formerTries = 20
    var recentTries = 10
    var retakes = 0
  }

  private func drift(_ all: [Did]) throws -> PalmDrift {
    func use(_ did: Did, _ mean: Int, _ tries: Int) throws -> PalmUse {
      let parts = did.place.split(separator: "/")
      return PalmUse(
        person: try PersonID(parsing: "p-\(did.person)"), workstation: try WorkstationID(parsing: parts[0]),
        sensor: try SensorID(parsing: parts.count > 1 ? parts[1] : "palm"), tries: tries, retakes: did.retakes, matches: tries,
        strength: mean * tries)
    }
    return PalmDrift(
      former: try all.filter { $0.formerTries > 0 }.map { try use($0, $0.former, $0.formerTries) },
      recent: try all.filter { $0.recentTries > 0 }.map { try use($0, $0.recent, $0.recentTries) })
  }

  /// `clean W/palm`, `enrol p-1`, `either p-1 W/palm`
  private func told(_ all: [Did]) throws -> [String] {
    try drift(all).findings.map { finding in
      let place = finding.place.map { "\($0.workstation)/\($0.sensor)" }
      return [finding.advice.rawValue, finding.person?.text, place].compactMap(\.self).joined(separator: " ")
    }
  }

  @Test("nothing that falls, nothing to do; and nothing is known of nobody")
  func steady() throws {
    let drift = try drift((1...9).map { Did(person: $0, place: "w\($0 % 3)") })
    #expect(drift.findings.isEmpty && drift.judgedPlaces == 3 && drift.judgedPeople == 9)
    #expect(try self.drift([]).findings.isEmpty)
    #expect(try told((1...9).map { Did(person: $0, place: "w1", former: 5000, recent: 6000) }).isEmpty, "it got better")
  }

  @Test("a sensor at which most of its people fall is to be cleaned, and nobody is enrolled anew for it")
  func dirty() throws {
    let fallen = (1...2).map { Did(person: $0, place: "w1", recent: 5000, retakes: 3) }
    let others = [Did(person: 3, place: "w1"), Did(person: 4, place: "w2")]
    // The two who fell have another sensor where they do not.
    let elsewhere = (1...2).map { Did(person: $0, place: "w2") }
    #expect(try told(fallen + others + elsewhere) == ["clean w1/palm"])
    let finding = try #require(try drift(fallen + others + elsewhere).findings.first)
    #expect(finding.judged == 3 && finding.fallen == 2 && finding.tries == 30 && finding.retakes == 6)
    #expect(finding.former == 6000 && finding.recent == 5333 && finding.person == nil)
  }

  @Test("half of the people are not most of them, and two people are too few to accuse a sensor")
  func notMost() throws {
    let elsewhere = (1...4).map { Did(person: $0, place: "w2") }
    let half = (1...2).map { Did(person: $0, place: "w1", recent: 5000) } + (3...4).map { Did(person: $0, place: "w1") }
    #expect(try told(half + elsewhere).isEmpty)
    let two = (1...2).map { Did(person: $0, place: "w1", recent: 5000) }
    #expect(try told(two + elsewhere).isEmpty)
    #expect(try told(two) == ["either p-1 w1/palm", "either p-2 w1/palm"])
  }

  @Test("a person who falls at two sensors, where others do not, is to be enrolled anew")
  func person() throws {
    let others = (2...5).flatMap { [Did(person: $0, place: "w1"), Did(person: $0, place: "w2"), Did(person: $0, place: "w3")] }
    let two = [Did(person: 1, place: "w1", recent: 5400), Did(person: 1, place: "w2", recent: 5300)]
    #expect(try told(others + two) == ["enrol p-1"])
    let finding = try #require(try drift(others + two).findings.first)
    #expect(finding.judged == 2 && finding.fallen == 2 && finding.former == 6000 && finding.recent == 5350)
    #expect(finding.place == nil)
    #expect(try told(others + two + [Did(person: 1, place: "w3")]) == ["enrol p-1"], "two of three")
    let four = [Did(person: 1, place: "w3"), Did(person: 1, place: "w4")]
    #expect(try told(others + two + four).isEmpty, "two of four are not most")
    #expect(try told(others + two.prefix(1) + four).isEmpty, "one sensor of several tells nothing of the person")
  }

  @Test("a dirty sensor is no witness against a person")
  func witness() throws {
    let dirty = (1...4).map { Did(person: $0, place: "w1", recent: 5000) }
    let alone = [Did(person: 1, place: "w2", recent: 5000)] + (5...8).map { Did(person: $0, place: "w2") }
    #expect(try told(dirty + alone) == ["clean w1/palm"])
    let both = alone + [Did(person: 1, place: "w3", recent: 5000)]
    #expect(try told(dirty + both) == ["clean w1/palm", "enrol p-1"])
  }

  @Test("two sensors of one workstation are two, and one name at two workstations as well")
  func places() throws {
    let one = (1...3).map { Did(person: $0, place: "w1/left", recent: 5000) }
    let other = (1...3).map { Did(person: $0, place: "w1/right") } + (1...3).map { Did(person: $0, place: "w2/left") }
    #expect(try told(one + other) == ["clean w1/left"])
  }

  @Test(
    "the limits: half a power of ten, five tries in each of the two times",
    arguments: [
      (5501, 5, 5, false), (5500, 5, 5, true), (5500, 4, 5, false), (5500, 5, 4, false), (5500, 0, 9, false),
      (5500, 9, 0, false),
    ])
  func limits(recent: Int, formerTries: Int, recentTries: Int, isTold: Bool) throws {
    let all = (1...3).map {
      Did(person: $0, place: "w1", recent: recent, formerTries: formerTries, recentTries: recentTries)
    }
    #expect(try told(all) == (isTold ? ["clean w1/palm"] : []))
  }
}
