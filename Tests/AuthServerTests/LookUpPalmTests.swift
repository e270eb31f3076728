import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Sealing
import Testing
import Workstation

extension City {
  /// A sheet for LGWAN from a minute ago on: the code of the logon, then those of unlocks.
  fileprivate func sheet(for person: String, unlocks: Int = 2) async throws -> [LookUpCode] {
    let key = try SealingKey(.xwing, seed: Secret(copying: City.random(32)))
    let from = clock.now().wallMilliseconds - 60_000
    let act = try self.act(
      Act.Kind.issueCodes,
      [
        "person": person, "segment": "lgwan", "from": String(from), "until": String(from + VaultSheet.longest),
        "unlocks": String(unlocks), "reason": "", "suite": key.suite.rawValue, "key": Hex.encode(key.publicKey),
      ])
    let message = VaultActMessage(act: Data(try sign(act).encoded))
    let answer: SealedSheetMessage = try await link.call("POST", "/v1/admin/codes", message)
    return try SealedSheet(
      sheet: Array(answer.sheet), encapsulated: Array(answer.encapsulated), ciphertext: Array(answer.ciphertext)
    ).open(with: key, act: act)
  }

  fileprivate func sheets() async throws -> [SheetSummary] { try await link.fetch("/v1/admin/codes") }
}

extension TestWorkstation {
  /// The first message of a ceremony: the code, beside the session's key if one waits.
  fileprivate func show(_ code: LookUpCode, of account: String?, in opened: Opened) async throws -> CeremonyAnswer {
    var message = try proofs(opened, nil)
    message.code = LookUpProofMessage(account: account, code: Data(code.printed.utf8))
    return try await prove(opened, message)
  }

  fileprivate func enter(_ code: LookUpCode, of account: String?, password: String) async throws -> SessionOpened? {
    let opened = try await open()
    _ = try await show(code, of: account, in: opened)
    return try await prove(opened, proofs(opened, nil, password: password)).session
  }
}

/// Where a segment's file lets a palm stand beside a printed code, and what such a session is worth at the vault.
@Suite("printed codes beside a palm, and before the vault", .serialized)
struct LookUpPalmTests {
  private typealias Capture = ChalkMatcher.Capture
  private static let sato = "p-000042"

  private struct Office {
    let city: City
    let pc: TestWorkstation
    let account: String
    let codes: [LookUpCode]
  }

  /// LGWAN with rules that take `code + palm` in both scenarios, and a palm that is registered.
  private func with(_ test: (Office) async throws -> Void) async throws {
    let city = try await City(
      prepare: { folder in
        let path = folder + "/policies/lgwan.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
          .replacing("  - (card or code) + password\n", with: "  - (card or code) + (password or palm)\n")
          .replacing("  - ((card or code) + password) or palm\n", with: "  - (card or code) + (password or palm)\n")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }, lines: PalmCity.lines)
    let stopMatcher = try ChalkMatcher.serve(at: city.folder + "/palm.sock")
    do {
      _ = try await city.importPeople()
      let _: PalmEnrolled = try await city.link.call(
        "POST", "/v1/admin/people/\(Self.sato)/palms",
        PalmEnrolment(noticeGiven: true, samples: (1...3).map { Capture(palm: 7, number: $0).message }))
      let person: PersonSummary = try await city.link.fetch("/v1/admin/people/\(Self.sato)")
      try await test(
        Office(
          city: city, pc: city.workstation("LGWAN-PC-0042"), account: person.account, codes: city.sheet(for: Self.sato)))
    } catch {
      await city.end()
      stopMatcher()
      throw error
    }
    await city.end()
    stopMatcher()
  }

  @Test("a code and a palm open a session; a palm that is not hers, or not near enough, costs a try and no code")
  func logon() async throws {
    try await with { office in
      let (city, pc, code) = (office.city, office.pc, office.codes[0])
      let opened = try await pc.open()
      #expect(opened.ceremony.combinations.contains { Set($0) == ["code", "palm"] })
      let alone = try await pc.show(code, of: office.account, in: opened)
      #expect(alone.outcome == "stillNeeded" && alone.session == nil, "never alone")
      #expect(alone.combinations?.contains(["palm"]) == true)
      let impostor = try await pc.show(Capture(palm: 9, number: 10), in: opened, isFirst: false)
      #expect(impostor.palm == PalmTry(outcome: "noMatch", triesLeft: 2) && impostor.session == nil)
      let weak = try await pc.show(Capture(palm: 7, number: 11, strength: 49), in: opened, isFirst: false)
      #expect(weak.palm == PalmTry(outcome: "noMatch", triesLeft: 1) && weak.session == nil)
      #expect(try await city.sheets().map(\.isLogonUsed) == [false])
      let session = try #require(
        try await pc.show(Capture(palm: 7, number: 12, strength: 50), in: opened, isFirst: false).session)
      #expect(session.person == Self.sato && session.scenario == "logon")
      #expect(try await city.sheets().map(\.isLogonUsed) == [true])
      let row = try #require(try await city.audit("class=ceremony&outcome=granted").last)
      #expect(row.factors.sorted() == ["code", "palm"] && row.card == nil && row.person == Self.sato)
      #expect(row.note.contains("code of sheet ") && row.note.contains("FMR 1e-5.0 of 1e-5"))
      _ = try await pc.end("logoff", session.session)
      // Used up: the palm brings nothing back.
      #expect(
        try await refusal { try await pc.show(code, of: office.account, in: pc.open()) }?.body.code == "AP100")
      #expect(try await city.audit("class=ceremony&outcome=denied").last?.note == "V195")
    }
  }

  @Test("an unlock by code and palm asks of the palm what stands beside another factor; what is used up has unlocked")
  func unlock() async throws {
    try await with { office in
      let (city, pc) = (office.city, office.pc)
      let first = try await pc.open()
      _ = try await pc.show(office.codes[0], of: office.account, in: first)
      let session = try #require(try await pc.show(Capture(palm: 7, number: 10), in: first, isFirst: false).session)
      _ = try await pc.end("lock", session.session)

      let alone = try await pc.open()
      #expect(alone.ceremony.scenario == "unlock")
      let palm = try await pc.show(Capture(palm: 7, number: 11), in: alone)
      #expect(palm.outcome == "stillNeeded" && palm.session == nil, "the rules want the code, or a card, too")
      #expect(try await city.sheets().map(\.unlocksUsed) == [0])

      let opened = try await pc.open()
      _ = try await pc.show(office.codes[1], of: nil, in: opened)
      let weak = try await pc.show(Capture(palm: 7, number: 12, strength: 49), in: opened, isFirst: false)
      #expect(weak.session == nil && weak.palm?.outcome == "noMatch")
      #expect(try await city.sheets().map(\.unlocksUsed) == [0])
      let unlocked = try #require(
        try await pc.show(Capture(palm: 7, number: 13, strength: 55), in: opened, isFirst: false).session)
      #expect(unlocked.session == session.session && unlocked.scenario == "unlock")
      #expect(try await city.sheets().map(\.unlocksUsed) == [1])
      #expect(try await city.audit("class=ceremony&outcome=granted").last?.factors.contains("code") == true)
    }
  }

  @Test("three wrong passwords pause the person: a right code is then not even looked at, and is good when the pause is over")
  func throttled() async throws {
    try await with { office in
      let (city, pc, word) = (office.city, office.pc, "kawa-no-nagare-7")
      try await city.setPassword(Self.sato, word)
      city.clock.stop()
      for _ in 0..<3 {
        let refused = try await refusal { try await pc.enter(office.codes[0], of: office.account, password: "wrong") }
        #expect(refused?.body.code == "AP109")
      }
      #expect(
        try await refusal { try await pc.enter(office.codes[0], of: office.account, password: word) }?.body.code == "AP100")
      let row = try #require(try await city.audit("class=ceremony&outcome=denied").last)
      #expect(row.code == "AP111" && row.note == "the person is throttled" && row.person == Self.sato)
      let sheet = try #require(try await city.sheets().first)
      #expect(sheet.wrong == 0 && !sheet.isLogonUsed)
      city.clock.advance(seconds: 31)
      #expect(try await pc.enter(office.codes[0], of: office.account, password: word)?.person == Self.sato)
    }
  }

  @Test("one's code and then somebody else's number are two possessions: refused, and the code is still good")
  func beforeNumber() async throws {
    let (city, word, other) = (try await City(), "kawa-no-nagare-7", "p-000007")
    _ = try await city.importPeople()
    try await city.takeNumbers()
    _ = try await city.enrolNumber(.takahashi, for: other)
    for person in [Self.sato, other] { try await city.setPassword(person, word) }
    let person: PersonSummary = try await city.link.fetch("/v1/admin/people/\(Self.sato)")
    let pc = try await city.workstation("LGWAN-PC-0042")
    let code = try await city.sheet(for: Self.sato)[0]
    let opened = try await pc.open()
    _ = try await pc.show(code, of: person.account, in: opened)
    let after = try pc.proofs(opened, .takahashi, password: word)
    #expect(try await refusal { try await pc.prove(opened, after) }?.body.code == "AP100")
    let again = try await pc.open()
    var both = try pc.proofs(again, .takahashi, password: word)
    both.code = LookUpProofMessage(account: person.account, code: Data(code.printed.utf8))
    #expect(try await refusal { try await pc.prove(again, both) }?.body.code == "AP100")
    #expect(try await city.audit("class=ceremony&outcome=denied").map(\.code) == ["AP142", "AP142"])
    #expect(try await city.sheets().map(\.isLogonUsed) == [false])
    #expect(try await pc.enter(code, of: person.account, password: word)?.person == Self.sato)
    await city.end()
  }

  @Test("a code for unlocks opens nobody else's session, though its own logon was at this very workstation")
  func othersSession() async throws {
    try await with { office in
      let (city, pc, word) = (office.city, office.pc, "kawa-no-nagare-7")
      try await city.setPassword(Self.sato, word)
      let own = try #require(try await pc.enter(office.codes[0], of: office.account, password: word))
      _ = try await pc.end("logoff", own.session)
      let card = try await city.enrolCard("p-000007")
      let session = try await pc.enter(card)
      _ = try await pc.end("lock", session.session)
      let refused = try await refusal { try await pc.enter(office.codes[1], of: office.account, password: word) }
      #expect(refused?.status == 403)
      let row = try #require(try await city.audit("class=ceremony&outcome=denied").last)
      #expect(row.code == "AP116" && row.person == Self.sato && row.scenario == "unlock")
      let unlocked = try await pc.enter(card)
      #expect(unlocked.session == session.session && unlocked.person == "p-000007")
    }
  }

  @Test("a palm before the code is not looked at, whatever follows")
  func palmFirst() async throws {
    try await with { office in
      let opened = try await office.pc.open()
      var message = try office.pc.proofs(opened, nil)
      message.code = LookUpProofMessage(account: office.account, code: Data(office.codes[0].printed.utf8))
      message.palm = try office.pc.palm(Capture(palm: 7, number: 10).message, in: opened)
      #expect(try await refusal { try await office.pc.prove(opened, message) }?.body.code == "AP100")
      let row = try #require(try await office.city.audit("class=ceremony&outcome=denied").last)
      #expect(row.code == "AP143" && row.note.contains("palm before"))
      #expect(try await office.city.sheets().map(\.isLogonUsed) == [false])
    }
  }

  @Test("a session of a code gets no release: not with no evidence, not with that of her card's session of an hour ago")
  func noRelease() async throws {
    try await ReleaseTests.with { bench in
      let (city, person, word) = (bench.city, ReleaseTests.person, "kawa-no-nagare-7")
      try await bench.publish()
      #expect(try await bench.registerCards() == 0)
      try await bench.set("kumo-no-ito-1918")
      try await city.setPassword(person, word)
      let (before, evidence) = try await bench.enter()
      #expect(try await bench.ask(bench.message(evidence: evidence), in: before.session) == "kumo-no-ito-1918")
      _ = try await bench.pc.end("logoff", before.session)
      let released = try await city.audit("class=release&outcome=done").count

      let account: PersonSummary = try await city.link.fetch("/v1/admin/people/\(person)")
      let codes = try await city.sheet(for: person)
      let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
      // An agent makes new keys for each session.
      let pc = try await bench.pc.restarted(port: status.mainPort)
      let session = try #require(try await pc.enter(codes[0], of: account.account, password: word))
      let later = ReleaseTests.Bench(city: city, pc: pc, card: bench.card, definition: bench.definition)
      #expect(try await later.code(later.message(), in: session.session) == "AP171")
      #expect(try await later.code(later.message(evidence: evidence), in: session.session) == "AP173", "of other keys")
      #expect(
        try await bench.code(bench.message(evidence: evidence), in: session.session) == "AP173", "by the former session's key")
      _ = try await pc.end("lock", session.session)
      #expect(try await pc.enter(codes[1], of: nil, password: word)?.session == session.session)
      #expect(try await later.code(later.message(), in: session.session) == "AP171", "an unlock by a code proves no more")
      #expect(try await city.audit("class=release&outcome=done&action=credential.release").isEmpty == false)
      // The server's own row stands before the vault is asked; the vault's answer is the refusal beside it.
      let refused = try await city.audit("class=release&outcome=refused")
      #expect(refused.contains { $0.session == session.session && $0.code == "AP171" && $0.person == person })
      #expect(try await city.audit("class=release&outcome=done").count > released)
    }
  }
}
