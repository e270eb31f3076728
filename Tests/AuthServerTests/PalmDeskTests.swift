import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Storage
import Synchronization
import Testing

@Suite("palms at the desk", .serialized)
struct PalmDeskTests {
  private typealias Capture = ChalkMatcher.Capture

  private func with(_ test: (PalmCity) async throws -> Void) async throws {
    let palms = try await PalmCity()
    try await test(palms)
    await palms.end()
  }

  private func captures(_ palm: UInt8, from number: UInt8, hand: Hand = .right) -> [Capture] {
    (number..<number + 3).map { Capture(hand: hand, palm: palm, number: $0) }
  }

  /// What the operator's tool would be told.
  private func told(_ act: () async throws -> Void) async throws -> ErrorBody? {
    do {
      try await act()
      return nil
    } catch ClientFault.refused(let body) {
      return body
    }
  }

  private func last(_ palms: PalmCity) async throws -> AuditEntry? {
    try await palms.city.audit("class=enrolment").last
  }

  @Test("three good captures make a palm of each hand; the row says which, from which sensor, and that the notice was given")
  func enrolled() async throws {
    try await with { palms in
      #expect(try await palms.palms().isEmpty)
      let right = try await palms.enrol()
      #expect(right.outcome == "enrolled" && right.refused.isEmpty && right.palm?.hand == "right")
      // A bad one among them: the fourth takes its place.
      var left = captures(17, from: 20, hand: .left)
      left.insert(Capture(hand: .left, palm: 17, number: 30, advice: .blurred), at: 1)
      let second = try await palms.enrol(left)
      #expect(second.outcome == "enrolled" && second.refused.map(\.sample) == [2])
      #expect(second.refused.map(\.advice) == [CaptureAdvice.blurred.rawValue])
      let known = try await palms.palms()
      #expect(known.map(\.hand) == ["left", "right"] && known.allSatisfy { $0.format == "CHK/1" && $0.person == palms.person })
      let row = try await last(palms)
      #expect(row?.action == "palm.enrolled" && row?.outcome == "done" && row?.person == palms.person)
      #expect(row?.note == "left, CHK/1, sensor chalk-1, quality 80, notice given")
      // Again the same hand: in place of the former one.
      try await palms.enrol(captures(7, from: 40))
      #expect(try await palms.palms().count == 2)
      #expect(try await last(palms)?.note.hasSuffix("replaces the former one") == true)
    }
  }

  @Test("too few good ones: what to do with each, and nothing is kept")
  func retake() async throws {
    try await with { palms in
      let bad = [1, 2].map { Capture(palm: 7, number: $0, advice: .tooNear) } + [Capture(palm: 7, number: 3)]
      let answer = try await palms.enrol(bad)
      #expect(answer.outcome == "retake" && answer.palm == nil && answer.refused.map(\.sample) == [1, 2])
      #expect(try await palms.palms().isEmpty)
    }
  }

  @Test("no notice, the same capture twice, captures that disagree, a broken sensor: refused, with a row, and nothing is kept")
  func refused() async throws {
    try await with { palms in
      let city = palms.city
      func code(_ enrol: () async throws -> PalmEnrolled) async throws -> String? {
        let refused = try await told { _ = try await enrol() }
        let row = try await last(palms)
        #expect(row?.outcome == "refused" && row?.action == "palm.enrolled" && row?.person == palms.person)
        #expect(row?.code == refused?.code)
        return refused?.code
      }
      #expect(try await code { try await palms.enrol(noticeGiven: false) } == "AP137")
      let once = Capture(palm: 7, number: 1)
      #expect(try await code { try await palms.enrol([once, once, Capture(palm: 7, number: 2)]) } == "AP138")
      let twice = [once, Capture(palm: 7, number: 2), Capture(palm: 8, number: 3)]
      #expect(try await code { try await palms.enrol(twice) } == "AP135")
      let faint = (1...3).map { Capture(palm: 7, number: $0, strength: 19) }
      #expect(try await code { try await palms.enrol(faint) } == "AP135")
      let broken = (1...3).map { Capture(palm: 7, number: $0, isBroken: true) }
      #expect(try await code { try await palms.enrol(broken) } == "AP134")
      // What was registered or shown once does not come again.
      try await palms.enrol()
      #expect(try await code { try await palms.enrol([once] + captures(7, from: 50)) } == "AP138")
      palms.stopMatcher()
      #expect(try await code { try await palms.enrol(captures(7, from: 60)) } == "AP134")
      #expect(try await city.audit("class=enrolment").count { $0.outcome == "done" && $0.action == "palm.enrolled" } == 1)
    }
  }

  @Test("what is no enrolment: too few, too many, of two hands or sensors, of nobody")
  func malformed() async throws {
    try await with { palms in
      let mixed = captures(7, from: 1).dropLast() + [Capture(hand: .left, palm: 7, number: 9)]
      let many = (1...10).map { Capture(palm: 7, number: $0) }
      for captures in [Array(captures(7, from: 1).dropLast()), many, Array(mixed)] {
        let refused = try await told { _ = try await palms.enrol(captures) }
        #expect(refused?.code == "HT400")
      }
      let nobody = try await told { _ = try await palms.enrol(of: "p-999999") }
      let nobodys = try await told { _ = try await palms.palms(of: "p-999999") }
      #expect(nobody?.code == "HT404" && nobodys?.code == "HT404")
      #expect(try await palms.palms().isEmpty)
    }
  }

  @Test("one palm for two people is found at the second one's desk; the row names the first, the desk does not")
  func duplicate() async throws {
    try await with { palms in
      try await palms.enrol()
      let refused = try await told { _ = try await palms.enrol(captures(7, from: 20), of: "p-000042") }
      #expect(refused?.code == "AP136" && refused?.ja.contains(palms.person) == false)
      #expect(try await last(palms)?.note.contains(palms.person) == true)
      #expect(try await palms.palms(of: "p-000042").isEmpty)
      // Somebody else's is.
      #expect(try await palms.enrol(captures(8, from: 20), of: "p-000042").outcome == "enrolled")
    }
  }

  @Test("the same palm at two desks in the same moment is registered for one of the two")
  func together() async throws {
    try await with { palms in
      func attempt(_ person: String, _ number: UInt8) async throws -> String? {
        try await told { _ = try await palms.enrol(captures(7, from: number), of: person) }?.code
      }
      for round in 0..<3 {
        let people = (0...1).map { String(format: "p-%06d", 42 + 2 * round + $0) }
        async let one = attempt(people[0], UInt8(20 + 60 * round))
        async let two = attempt(people[1], UInt8(50 + 60 * round))
        let codes = try await [one, two].compactMap(\.self)
        #expect(codes == ["AP136"])
        for person in people {
          let _: PalmsRemoved = try await palms.city.link.call(
            "POST", "/v1/admin/people/\(person)/palms/removal", PalmRemoval(hand: nil, reason: "試験"))
        }
      }
    }
  }

  @Test("a capture is known for ninety days, and then forgotten with a row of its own; no day without any writes one")
  func forgotten() async throws {
    try await with { palms in
      try await palms.enrol()
      func rows() async throws -> [AuditEntry] {
        try await palms.city.audit("class=administration").filter { $0.action == "palm.samplesForgotten" }
      }
      palms.city.clock.advance(seconds: 90 * 86_400)
      try await Task.sleep(for: .seconds(3))
      #expect(try await rows().isEmpty)
      palms.city.clock.advance(seconds: 86_400)
      try await becomes("they are forgotten") { try await rows().map(\.count) == [3] }
      palms.city.clock.advance(seconds: 86_400)
      try await Task.sleep(for: .seconds(3))
      #expect(try await rows().count == 1)
    }
  }

  @Test(
    "a whole city gets a new key while people log on: no palm is shown again, replays are still known, duplicates still found")
  func rekeyed() async throws {
    try await with { palms in
      let city = palms.city
      func step(begins: Bool) async throws -> PalmRekeyed {
        try await city.link.call("POST", "/v1/admin/palms/rekey", PalmRekeyStep(begins: begins))
      }
      let people = ["p-000007", "p-000042", "p-000043"]
      for (index, person) in people.enumerated() { try await palms.enrol(captures(UInt8(index + 7), from: 1), of: person) }
      let pc = try await city.workstation("MYNUMBER-PC-0001")
      let card = try await city.enrolCard(palms.person, slot: "9e")
      func enter(_ number: UInt8) async throws {
        let answer = try await pc.show(Capture(palm: 7, number: number), in: pc.open(), card)
        _ = try await pc.end("logoff", #require(answer.session).session)
      }
      try await enter(10)
      #expect(try await step(begins: false).left == 0, "nothing is to be done")
      let begun = try await step(begins: true)
      #expect(begun.ring == 2 && begun.rekeyed == 0 && begun.left == 3)
      try await enter(11)
      let early = try await told { _ = try await step(begins: true) }
      #expect(early?.code == "AP139", "one after the other")
      // Who is registered meanwhile has the new key already, and is held against those under the old one.
      let same = try await told { _ = try await palms.enrol(captures(7, from: 60), of: "p-000044") }
      #expect(same?.code == "AP136")
      try await palms.enrol(captures(20, from: 1), of: "p-000044")
      let done = try await step(begins: false)
      #expect(done.ring == 2 && done.rekeyed == 3 && done.left == 0)
      #expect(try await last(palms)?.note == "to key 2 of the ring")
      try await enter(12)
      let replayed = try await refusal { try await pc.show(Capture(palm: 7, number: 11, strength: 70), in: pc.open(), card) }
      #expect(replayed?.body.code == "AP100")
      let other = try await told { _ = try await palms.enrol(captures(8, from: 70), of: "p-000045") }
      #expect(other?.code == "AP136")
      // Without a matcher nothing moves, and the palms stay where they are.
      #expect(try await step(begins: true).ring == 3)
      palms.stopMatcher()
      let refused = try await told { _ = try await step(begins: false) }
      #expect(refused?.code == "AP134")
    }
  }

  @Test("palms are taken away, of a hand or both; then none is asked for, and nothing of them stays in the files")
  func removed() async throws {
    try await with { palms in
      try await palms.enrol()
      try await palms.enrol(captures(17, from: 20, hand: .left))
      let folder = palms.city.folder
      func remove(_ hand: String?, _ person: String? = nil) async throws -> Int {
        let answer: PalmsRemoved = try await palms.city.link.call(
          "POST", "/v1/admin/people/\(person ?? palms.person)/palms/removal", PalmRemoval(hand: hand, reason: "本人の申出"))
        return answer.removed
      }
      let sealed = Mutex<[Data]>([])
      try await palms.city.restart { database in
        let store = try SQLiteStore(path: database)
        let found = try await store.read { (state) throws(StorageFault) in
          try state.palms(after: "", limit: 99).map { Data($0.sealed) }
        }
        sealed.withLock { $0 = found }
        store.close()
      }
      // Of each the middle: 64 bytes of ciphertext that stand nowhere else.
      let marks = sealed.withLock { $0.map { $0.dropFirst(40).prefix(64) } }
      func isInFiles(_ mark: Data) throws -> Bool {
        try ["", "-wal"].contains { end in
          try Data(contentsOf: URL(filePath: folder + "/state/sanmon.sqlite" + end)).range(of: mark) != nil
        }
      }
      let areThere = try marks.map(isInFiles)
      #expect(areThere == [true, true])
      #expect(try await remove("left") == 1)
      #expect(try await palms.palms().map(\.hand) == ["right"])
      #expect(try await last(palms)?.note == "left CHK/1; 本人の申出")
      #expect(try await remove(nil) == 1)
      #expect(try await remove(nil) == 0)
      let both = try await told { _ = try await remove("both") }
      let nobody = try await told { _ = try await remove(nil, "p-999999") }
      #expect(both?.code == "HT400" && nobody?.code == "HT404")
      try await becomes("no palm stands in the files") { try marks.allSatisfy { try !isInFiles($0) } }
    }
  }
}
