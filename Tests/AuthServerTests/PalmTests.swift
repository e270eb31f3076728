import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Card and palm over the real wire: a real vault, the real socket of matchers, a database on disk, the shipped policies.
@Suite("palms in ceremonies", .serialized)
struct PalmTests {
  private typealias Capture = ChalkMatcher.Capture

  private func with(_ test: (PalmCity, TestWorkstation, TestCard) async throws -> Void) async throws {
    let palms = try await PalmCity()
    let pc = try await palms.city.workstation("MYNUMBER-PC-0001")
    let card = try await palms.city.enrolCard(palms.person, slot: "9e")
    try await palms.enrol()
    try await test(palms, pc, card)
    await palms.end()
  }

  private func rows(_ palms: PalmCity, _ query: String = "class=ceremony") async throws -> [AuditEntry] {
    try await palms.city.audit(query)
  }

  @Test(
    "card and palm open a session, the palm alone unlocks it with the session's key, and neither is a logon without the card")
  func morning() async throws {
    try await with { palms, pc, card in
      let opened = try await pc.open()
      #expect(opened.ceremony.combinations.contains(["card", "palm"]))
      let answer = try await pc.show(Capture(palm: 7, number: 10), in: opened, card)
      let session = try #require(answer.session)
      #expect(session.person == palms.person && session.scenario == "logon" && session.assurance == "AAL2")
      _ = try await pc.end("lock", session.session)
      let locked = try await pc.open()
      #expect(locked.ceremony.scenario == "unlock")
      let unlocked = try await pc.show(Capture(palm: 7, number: 11), in: locked)
      #expect(unlocked.session?.session == session.session && unlocked.session?.scenario == "unlock")
      _ = try await pc.end("logoff", session.session)
      // The same palm, and no session: nobody has shown anything that a palm could stand beside.
      let again = try await pc.open()
      #expect(again.ceremony.scenario == "logon")
      let refused = try await refusal { try await pc.show(Capture(palm: 7, number: 12), in: again) }
      #expect(refused?.body.code == "AP100")
      let rows = try await rows(palms)
      #expect(rows.map(\.outcome) == ["granted", "granted", "denied"])
      #expect(rows[0].factors == ["card", "palm"] && rows[0].note.contains("chalk-1") && rows[0].note.contains("FMR 1e-7.2"))
      #expect(rows[1].factors == ["palm", "session-key"] && rows[2].code == "AP143")
    }
  }

  @Test("an unlock by the palm alone asks for 1e-6, beside the card 1e-5 is enough; less is no match")
  func strictness() async throws {
    try await with { _, pc, card in
      let weak = try await pc.show(Capture(palm: 7, number: 10, strength: 49), in: pc.open(), card)
      #expect(weak.palm == PalmTry(outcome: "noMatch", triesLeft: 2))
      let session = try #require(try await pc.show(Capture(palm: 7, number: 11, strength: 50), in: pc.open(), card).session)
      _ = try await pc.end("lock", session.session)
      let opened = try await pc.open()
      let first = try await pc.show(Capture(palm: 7, number: 12, strength: 59), in: opened)
      #expect(first.outcome == "stillNeeded" && first.palm == PalmTry(outcome: "noMatch", triesLeft: 2))
      let second = try await pc.show(Capture(palm: 7, number: 13, strength: 60), in: opened, isFirst: false)
      #expect(second.session?.session == session.session)
    }
  }

  @Test("a policy that asks for 1e-6 beside the card decides from its reload on, and the row says what was asked")
  func policyRates() async throws {
    try await with { palms, pc, card in
      let enough = try #require(try await pc.show(Capture(palm: 7, number: 10, strength: 55), in: pc.open(), card).session)
      _ = try await pc.end("logoff", enough.session)
      let rules = palms.city.folder + "/policies/mynumber.yaml"
      let text = try String(contentsOfFile: rules, encoding: .utf8)
      try (text + "palm: {beside-card: 1e-6, alone: 1e-6}\n").write(toFile: rules, atomically: true, encoding: .utf8)
      #expect(try await palms.city.link.request("POST", "/v1/admin/policy/reload").status == 200)
      let opened = try await pc.open()
      let weak = try await pc.show(Capture(palm: 7, number: 11, strength: 59), in: opened, card)
      #expect(weak.palm == PalmTry(outcome: "noMatch", triesLeft: 2))
      #expect(try await pc.show(Capture(palm: 7, number: 12, strength: 60), in: opened, isFirst: false).session != nil)
      let notes = try await rows(palms).map(\.note)
      #expect(notes[0].contains("FMR 1e-5.5 of 1e-5") && notes[1].contains("FMR 1e-5.9 of 1e-6"))
    }
  }

  @Test("somebody else's palm: three tries, after two the password is offered first, then nothing; each is counted")
  func impostor() async throws {
    try await with { palms, pc, card in
      try await palms.city.setPassword(palms.person, "正しい合言葉 2026")
      let opened = try await pc.open()
      let first = try await pc.show(Capture(palm: 9, number: 1), in: opened, card)
      #expect(first.outcome == "stillNeeded" && first.palm == PalmTry(outcome: "noMatch", triesLeft: 2))
      #expect(first.combinations == [["palm"], ["password"]])
      let second = try await pc.show(Capture(palm: 9, number: 2), in: opened, isFirst: false)
      #expect(second.combinations == [["password"], ["palm"]] && second.palm?.triesLeft == 1)
      let third = try await pc.show(Capture(palm: 9, number: 3), in: opened, isFirst: false)
      #expect(third.combinations == [["password"]] && third.palm?.triesLeft == 0)
      // The password still lets her in.
      var message = try pc.proofs(opened, nil, password: "正しい合言葉 2026")
      message.sessionKeys = pc.keys
      #expect(try await pc.prove(opened, message).session?.person == palms.person)
      #expect(try await rows(palms).map(\.outcome) == ["stillNeeded", "stillNeeded", "stillNeeded", "granted"])
    }
  }

  @Test("a fourth palm in one ceremony is no try but an attack")
  func fourth() async throws {
    try await with { palms, pc, card in
      try await palms.city.setPassword(palms.person, "正しい合言葉 2026")
      let opened = try await pc.open()
      for number in 1...3 {
        let answer = try await pc.show(Capture(palm: 9, number: UInt8(number)), in: opened, card, isFirst: number == 1)
        #expect(answer.palm?.triesLeft == 3 - number)
      }
      let refused = try await refusal {
        try await pc.show(Capture(palm: 7, number: 20), in: opened, isFirst: false)
      }
      #expect(refused?.body.code == "AP100")
      #expect(try await rows(palms).last?.code == "AP143")
    }
  }

  @Test("without a password there is nothing else: the third palm that fails is told as one")
  func exhausted() async throws {
    try await with { palms, pc, card in
      let opened = try await pc.open()
      for number in 1...2 {
        let answer = try await pc.show(Capture(palm: 9, number: UInt8(number)), in: opened, card, isFirst: number == 1)
        #expect(answer.combinations == [["palm"]])
      }
      let refused = try await refusal { try await pc.show(Capture(palm: 9, number: 3), in: opened, isFirst: false) }
      #expect(refused?.body.code == "AP130" && refused?.body.ja.contains("手のひら") == true)
      #expect(try await rows(palms).last?.code == "AP130")
    }
  }

  @Test("five palms that were not hers: none is looked at for half a minute, and card and password go on")
  func throttled() async throws {
    try await with { palms, pc, card in
      try await palms.city.setPassword(palms.person, "正しい合言葉 2026")
      palms.city.clock.stop()
      var number: UInt8 = 0
      for count in [3, 2] {
        let opened = try await pc.open()
        for index in 0..<count {
          number += 1
          _ = try await pc.show(Capture(palm: 9, number: number), in: opened, card, isFirst: index == 0)
        }
      }
      let opened = try await pc.open()
      let right = try await pc.show(Capture(palm: 7, number: 30), in: opened, card)
      #expect(right.palm?.outcome == "unavailable" && right.combinations == [["password"]])
      var message = try pc.proofs(opened, nil, password: "正しい合言葉 2026")
      message.sessionKeys = pc.keys
      let session = try #require(try await pc.prove(opened, message).session)
      _ = try await pc.end("logoff", session.session)
      palms.city.clock.advance(seconds: 30)
      #expect(try await pc.show(Capture(palm: 7, number: 31), in: pc.open(), card).session != nil)
    }
  }

  @Test("fifty in a row: nothing but a new registration makes palms count again")
  func ceiling() async throws {
    try await with { palms, pc, card in
      palms.city.clock.stop()
      var number: UInt8 = 0
      while number < 50 {
        palms.city.clock.advance(seconds: 601)
        number += 1
        let wrong = try await pc.show(Capture(palm: 9, number: number), in: pc.open(), card)
        #expect(wrong.palm?.outcome == "noMatch")
      }
      palms.city.clock.advance(seconds: 86_400)
      let shut = try await refusal { try await pc.show(Capture(palm: 7, number: 60), in: pc.open(), card) }
      #expect(shut?.body.code == "AP134")
      try await palms.enrol((61...63).map { Capture(palm: 7, number: $0) })
      #expect(try await pc.show(Capture(palm: 7, number: 64), in: pc.open(), card).session != nil)
    }
  }

  @Test("a sample that is no good says what to do, costs a try and counts as no failure")
  func retake() async throws {
    try await with { palms, pc, card in
      let opened = try await pc.open()
      let wet = try await pc.show(Capture(palm: 7, number: 10, advice: .wet), in: opened, card)
      #expect(wet.palm == PalmTry(outcome: "retake", advice: CaptureAdvice.wet.rawValue, triesLeft: 2))
      let left = Capture(hand: .left, palm: 7, number: 11)
      #expect(try await pc.show(left, in: opened, isFirst: false).palm?.advice == CaptureAdvice.otherHand.rawValue)
      #expect(try await pc.show(Capture(palm: 7, number: 12), in: opened, isFirst: false).session != nil)
      let rows = try await rows(palms)
      #expect(rows.map(\.outcome) == ["stillNeeded", "stillNeeded", "granted"] && rows[0].note.contains("wet"))
    }
  }

  @Test("the same capture again, or one too close to an earlier or a registered one, is a replay: refused, and the row says so")
  func replayed() async throws {
    try await with { palms, pc, card in
      let session = try #require(try await pc.show(Capture(palm: 7, number: 10), in: pc.open(), card).session)
      _ = try await pc.end("logoff", session.session)
      for capture in [
        // The very bytes; the same capture with other bytes; one of those that were registered.
        Capture(palm: 7, number: 10), Capture(palm: 7, number: 10, strength: 71), Capture(palm: 7, number: 2, strength: 71),
      ] {
        let refused = try await refusal { try await pc.show(capture, in: pc.open(), card) }
        #expect(refused?.body.code == "AP100")
      }
      // What was no good may not come again either.
      _ = try await pc.show(Capture(palm: 7, number: 20, advice: .wet), in: pc.open(), card)
      let again = try await refusal {
        try await pc.show(Capture(palm: 7, number: 20, advice: .wet), in: pc.open(), card)
      }
      #expect(again?.body.code == "AP100")
      let codes = try await rows(palms).map(\.code)
      #expect(codes == [nil, "AP142", "AP142", "AP142", nil, "AP142"])
      #expect(try await rows(palms)[2].note.contains("closer than"))
    }
  }

  @Test("a palm that the session's key did not sign, in another ceremony's name, or without possession, is not looked at")
  func unsigned() async throws {
    try await with { palms, pc, card in
      let bent = try await refusal { try await pc.show(Capture(palm: 7, number: 10), in: pc.open(), card, bend: true) }
      #expect(bent?.body.code == "AP100")
      let (one, two) = (try await pc.open(), try await pc.open())
      var message = try pc.proofs(two, card)
      message.palm = try pc.palm(Capture(palm: 7, number: 11).message, in: one)
      #expect(try await refusal { try await pc.prove(two, message) }?.body.code == "AP100")
      let opened = try await pc.open()
      var neither = try pc.proofs(opened, card)
      var sample = Capture(palm: 7, number: 12).message
      sample.picture = Data([1])
      neither.palm = try pc.palm(sample, in: opened)
      #expect(try await refusal { try await pc.prove(opened, neither) }?.body.code == "AP100")
      #expect(try await rows(palms).map(\.code) == ["AP141", "AP141", "AP149"])
    }
  }

  @Test("no matcher, a broken one, nobody's palm: told as such, and the password is offered at once")
  func unavailable() async throws {
    try await with { palms, pc, card in
      try await palms.city.setPassword(palms.person, "正しい合言葉 2026")
      let broken = try await pc.show(Capture(palm: 7, number: 10, isBroken: true), in: pc.open(), card)
      #expect(broken.palm?.outcome == "unavailable" && broken.combinations == [["password"]])
      palms.stopMatcher()
      let gone = try await pc.show(Capture(palm: 7, number: 11), in: pc.open(), card)
      #expect(gone.palm?.outcome == "unavailable" && gone.combinations == [["password"]])
      let notes = try await rows(palms).map(\.note)
      #expect(notes[0].contains("libraryFailed") && notes[1].contains("cannot be reached"))
      // Who has no palm here is not asked for one.
      let removed: PalmsRemoved = try await palms.city.link.call(
        "POST", "/v1/admin/people/\(palms.person)/palms/removal", PalmRemoval(hand: nil, reason: "本人の申出"))
      #expect(removed.removed == 1)
      let last = try await pc.open()
      #expect(try await pc.prove(last, pc.proofs(last, card)).combinations == [["password"]])
    }
  }

  @Test("a picture may have one MiB where palms are looked at, and a body without one no more than any other")
  func large() async throws {
    func status(_ city: City, _ pc: TestWorkstation, _ card: TestCard, pictureBytes: Int) async throws -> String? {
      let opened = try await pc.open()
      var message = try pc.proofs(opened, card)
      let sample = PalmSampleMessage(hand: "right", sensor: "s", picture: Data(count: pictureBytes))
      message.palm = try pc.palm(sample, in: opened)
      do {
        return try await pc.prove(opened, message).palm?.outcome
      } catch let refused as Refused {
        return refused.body.code
      }
    }
    try await with { palms, pc, card in
      try await palms.city.setPassword(palms.person, "正しい合言葉 2026")
      let most = PalmSampleMessage.mostPictureBytes
      // Chalk takes no pictures; what counts is that this one was read.
      #expect(try await status(palms.city, pc, card, pictureBytes: most) == "unavailable")
      #expect(try await status(palms.city, pc, card, pictureBytes: most + 1) == "AP100")
      #expect(try await rows(palms).last?.code == "AP149")
      #expect(try await status(palms.city, pc, card, pictureBytes: most + 100_000) == "HT413")
    }
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    let pc = try await city.workstation("MYNUMBER-PC-0001")
    let card = try await city.enrolCard("p-000007", slot: "9e")
    #expect(try await status(city, pc, card, pictureBytes: 70_000) == "HT413")
    await city.end()
  }

  @Test("a vendor's matcher without keys: its scores count as so many chances")
  func vendor() async throws {
    let palms = try await PalmCity(takesKeys: false)
    let pc = try await palms.city.workstation("MYNUMBER-PC-0001")
    let card = try await palms.city.enrolCard(palms.person, slot: "9e")
    try await palms.enrol()
    // Three references: 0.48 less.
    let weak = try await pc.show(Capture(palm: 7, number: 10, strength: 54), in: pc.open(), card)
    #expect(weak.palm?.outcome == "noMatch")
    #expect(try await pc.show(Capture(palm: 7, number: 11, strength: 55), in: pc.open(), card).session != nil)
    await palms.end()
  }
}
