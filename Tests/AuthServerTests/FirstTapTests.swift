import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Programs
import Testing

/// A clerk registers her card at her own workstation, over the real wire.
@Suite("A card is registered by its first tap", .serialized)
struct FirstTapTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let word = "kawa-no-nagare-7"

  private struct Office {
    let city: City
    let pc: TestWorkstation
    let account: String
  }

  private func office() async throws -> Office {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.takeFirstTaps()
    try await city.setPassword(sato, word)
    return Office(city: city, pc: try await city.workstation("LGWAN-PC-0042"), account: try await city.account(sato))
  }

  private func rows(_ city: City, _ action: String) async throws -> [AuditEntry] {
    try await city.audit("class=enrolment&limit=500&action=\(action)")
  }

  private func code(_ work: () async throws -> some Any) async throws -> String? { try await refusal(work)?.body.code }

  @Test("card with PIN, password and code: the card is hers, the code is used up, and the row says where and who issued it")
  func whole() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let card = try city.cards.issue(slot: "9a")
    let guid = [UInt8](repeating: 0xD4, count: 16)
    let done = try await pc.register(
      card, account: "CITY\\" + office.account.uppercased(), password: word, code: digits, guid: guid)
    #expect(done.person == sato && done.displayName == "佐藤 花子" && done.proofClass == "pk-pin")
    let cards = try await city.cardsOf(sato)
    #expect(cards.map(\.card) == [done.card] && cards.first?.state == "active" && cards.first?.keys.map(\.slot) == ["9a"])
    #expect(cards.first?.guid == Hex.encode(guid) && cards.first?.keys.map(\.enrolledBy) == ["yamada"])
    let row = try #require(try await rows(city, "card.enrolled").last)
    #expect(row.outcome == "done" && row.person == sato && row.card == done.card && row.workstation == pc.name)
    #expect(row.factors == ["card", "pin", "password", "code"] && row.proofClass == "pk-pin" && row.operatorID == "yamada")
    #expect(row.note.hasSuffix("; first tap at LGWAN-PC-0042, code issued by yamada"))
    let judged = try #require(try await rows(city, "card.firstTap").last)
    #expect(judged.outcome == "stillNeeded" && judged.note.contains("the code that yamada issued is right"))
    #expect(try await city.firstTapCodes().map(\.state) == ["used"])
    #expect(try await pc.enter(card).person == sato)
    // Once.
    let other = try city.cards.issue(slot: "9a")
    #expect(try await code { try await pc.register(other, account: office.account, password: word, code: digits) } == "AP100")
    #expect(try await rows(city, "card.firstTap").last?.note == "the code was used")
    #expect(try await city.cardsOf(sato).count == 1)
    await city.end()
  }

  @Test("a key that signs without its PIN counts as at the desk: pk; and 9E, or no number of 16 bytes, is no proof")
  func classes() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let wrong = try city.cards.issue(slot: "9e")
    #expect(try await code { try await pc.register(wrong, account: office.account, password: word, code: digits) } == "AP100")
    city.clock.advance(seconds: 120)
    let card = try city.cards.issue(slot: "9a")
    #expect(
      try await code {
        try await pc.register(card, account: office.account, password: word, code: digits, guid: [1, 2, 3])
      } == "AP100")
    #expect(try await rows(city, "card.firstTap").allSatisfy { $0.code == "AP149" })
    city.clock.advance(seconds: 120)
    let done = try await pc.register(card, account: office.account, password: word, code: digits, isGuarded: false)
    #expect(done.proofClass == "pk")
    #expect(try await rows(city, "card.enrolled").last?.factors == ["card", "password", "code"])
    await city.end()
  }

  @Test("a password with a blank card, or a code without the password, registers nothing, and both look the same")
  func halves() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let wrongDigits = try LookUpCode(number: 424_242_424_242).digits
    let card = try city.cards.issue(slot: "9a")
    let checks = try await city.passwordChecks()
    let noCode = try #require(
      try await refusal {
        try await pc.register(
          card, account: office.account, password: word, code: String(decoding: wrongDigits, as: UTF8.self))
      })
    #expect(try await city.passwordChecks() == checks, "no password is tried without a right code")
    #expect(try await rows(city, "card.firstTap").last?.note == "a wrong code, 1 of 5")
    #expect(try await rows(city, "card.firstTap").last?.code == "AP201")
    city.clock.advance(seconds: 120)
    let noPassword = try #require(
      try await refusal { try await pc.register(card, account: office.account, password: "kawa", code: digits) })
    #expect(try await rows(city, "card.firstTap").last?.code == "AP109")
    #expect(noCode.status == noPassword.status && noCode.body.code == "AP100" && noPassword.body.code == "AP100")
    #expect(noCode.body.ja == noPassword.body.ja && noCode.body.nextStepEn == noPassword.body.nextStepEn)
    city.clock.advance(seconds: 120)
    let nobody = try #require(
      try await refusal { try await pc.register(card, account: "nobody.there", password: word, code: digits) })
    #expect(nobody.body.code == "AP100" && nobody.body.ja == noCode.body.ja)
    #expect(try await city.cardsOf(sato).isEmpty)
    // The wrong password cost the code nothing, and one wrong code is counted.
    let kept = try #require(try await city.firstTapCodes().first)
    #expect(kept.state == "open" && kept.wrong == 1)
    city.clock.advance(seconds: 600)
    #expect(try await pc.register(card, account: office.account, password: word, code: digits).person == sato)
    await city.end()
  }

  @Test("wrong passwords beside a right code are counted as at a logon, against the person, and the code stays")
  func throttled() async throws {
    let office = try await office()
    let city = office.city
    let digits = try await city.firstTapCode(sato)
    let card = try city.cards.issue(slot: "9a")
    for number in 1...6 {
      // Another workstation each time: what is counted is the person's.
      let pc = try await city.workstation("LGWAN-PC-020\(number)")
      #expect(
        try await code { try await pc.register(card, account: office.account, password: "kawa", code: digits) } == "AP100")
    }
    #expect(
      try await code { try await office.pc.register(card, account: office.account, password: word, code: digits) } == "AP100")
    let row = try #require(try await rows(city, "card.firstTap").last)
    #expect(row.code == "AP111" && row.note == "the person is throttled" && row.person == sato)
    #expect(try await city.firstTapCodes().first?.wrong == 0)
    city.clock.advance(seconds: 3600)
    #expect(try await office.pc.register(card, account: office.account, password: word, code: digits).person == sato)
    await city.end()
  }

  @Test("a wrong code, an unknown account and a person who has to wait look the same the seventh time too")
  func alike() async throws {
    let office = try await office()
    let city = office.city
    let card = try city.cards.issue(slot: "9a")
    let wrong = String(decoding: try LookUpCode(number: 424_242_424_242).digits, as: UTF8.self)
    // Each at a workstation of its own: none comes to wait itself.
    func sevenTimes(_ account: String, at place: String) async throws -> [Refused] {
      let pc = try await city.workstation(place)
      var told: [Refused] = []
      for _ in 1...7 {
        let refused = try await refusal {
          try await pc.register(card, account: account, password: word, code: wrong)
        }
        told.append(try #require(refused))
      }
      return told
    }
    _ = try await city.firstTapCode(sato)
    var told = try await sevenTimes(office.account, at: "LGWAN-PC-0301")
    told += try await sevenTimes("nobody.there", at: "LGWAN-PC-0302")
    #expect(try await rows(city, "card.firstTap").last?.note == "nobody has an account of this name")
    let digits = try await city.firstTapCode(sato)
    city.clock.stop()
    for _ in 1...3 {
      #expect(
        try await code {
          try await office.pc.register(card, account: office.account, password: "kawa", code: digits)
        } == "AP100")
    }
    told += try await sevenTimes(office.account, at: "LGWAN-PC-0303")
    #expect(try await rows(city, "card.firstTap").last?.code == "AP111")
    let references = told.compactMap(\.body.reference)
    #expect(references.count == 21 && Set(references).count == 21)
    let bodies = told.map { refused -> ErrorBody in
      var body = refused.body
      body.reference = nil
      return body
    }
    #expect(Set(told.map(\.status)).count == 1 && bodies.allSatisfy { $0 == bodies.first })
    await city.end()
  }

  @Test("five wrong codes end the right one; a slip that its check digit tells is no try")
  func fiveWrong() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let card = try city.cards.issue(slot: "9a")
    #expect(
      try await code { try await pc.register(card, account: office.account, password: word, code: "1234567890123") } == "AP100")
    for number: UInt64 in 1...5 {
      city.clock.advance(seconds: 900)
      let wrong = String(decoding: try LookUpCode(number: number).digits, as: UTF8.self)
      #expect(try await code { try await pc.register(card, account: office.account, password: word, code: wrong) } == "AP100")
    }
    let kept = try #require(try await city.firstTapCodes().first)
    #expect(kept.state == "dead" && kept.wrong == 5)
    city.clock.advance(seconds: 900)
    #expect(try await code { try await pc.register(card, account: office.account, password: word, code: digits) } == "AP100")
    #expect(try await rows(city, "card.firstTap").last?.note == "the code is dead after five wrong ones")
    let next = try await city.firstTapCode(sato)
    city.clock.advance(seconds: 900)
    #expect(try await pc.register(card, account: office.account, password: word, code: next).person == sato)
    await city.end()
  }

  @Test("many wrong codes at once are counted one by one")
  func together() async throws {
    let office = try await office()
    let city = office.city
    let digits = try await city.firstTapCode(sato)
    var places: [TestWorkstation] = []
    for number in 1...8 { places.append(try await city.workstation("LGWAN-PC-01\(number)0")) }
    let account = office.account
    let word = word
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, pc) in places.enumerated() {
        let card = try city.cards.issue(slot: "9a")
        let wrong = String(decoding: try LookUpCode(number: UInt64(index) + 10).digits, as: UTF8.self)
        group.addTask { _ = try await refusal { try await pc.register(card, account: account, password: word, code: wrong) } }
      }
      try await group.waitForAll()
    }
    #expect(try await city.firstTapCodes().first?.wrong == 5)
    let card = try city.cards.issue(slot: "9a")
    #expect(try await code { try await office.pc.register(card, account: account, password: word, code: digits) } == "AP100")
    #expect(try await city.cardsOf(sato).isEmpty)
    await city.end()
  }

  @Test("a code of somebody else, withdrawn, replaced by a newer one, or after its last day counts for nothing")
  func otherCodes() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let card = try city.cards.issue(slot: "9a")
    func refused(_ digits: String) async throws -> String? {
      city.clock.advance(seconds: 900)
      #expect(try await code { try await pc.register(card, account: office.account, password: word, code: digits) } == "AP100")
      return try await rows(city, "card.firstTap").last?.note
    }
    let foreign = try await city.firstTapCode(takahashi)
    #expect(try await refused(foreign) == "no code was issued for this person and segment")
    let first = try await city.firstTapCode(sato)
    #expect(try await refused(foreign) == "a wrong code, 1 of 5")
    let second = try await city.firstTapCode(sato)
    #expect(try await rows(city, "enrolment-code.issued").last?.note.hasSuffix("; ends the code of before") == true)
    #expect(try await refused(first) == "a wrong code, 1 of 5")
    let _: NoBody = try await city.link.call(
      "POST", "/v1/admin/enrolment-codes/withdraw", FirstTapCodeWithdrawal(person: sato, segment: "lgwan"))
    #expect(try await refused(second) == "the code was withdrawn")
    let gone = try await city.link.request(
      "POST", "/v1/admin/enrolment-codes/withdraw",
      body: Array(JSONEncoder().encode(FirstTapCodeWithdrawal(person: sato, segment: "lgwan"))))
    #expect(gone.status == 404)
    let short = try await city.firstTapCode(sato, days: 1)
    city.clock.advance(seconds: 2 * 86_400)
    #expect(try await refused(short) == "the code's last day is over")
    #expect(try await city.firstTapCodes("?state=over").map(\.person) == [sato])
    #expect(try await city.cardsOf(sato).isEmpty)
    await city.end()
  }

  @Test("who issued it and is its holder by the time it is used registers nothing with it")
  func ownIssue() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let card = try city.cards.issue(slot: "9a")
    // No command does this: written beside the server, as a mended database would have it.
    func yamada(is person: String) async throws {
      let changed = try await Program.running([
        "sqlite3", city.folder + "/state/sanmon.sqlite", "UPDATE operators SET person = '\(person)' WHERE id = 'yamada'",
      ])
      try #require(changed.status == 0)
    }
    try await yamada(is: sato)
    #expect(try await code { try await pc.register(card, account: office.account, password: word, code: digits) } == "AP100")
    let row = try #require(try await rows(city, "card.firstTap").last)
    #expect(row.code == "AP201" && row.note == "the code was issued by its holder")
    #expect(try await city.cardsOf(sato).isEmpty)
    let kept = try #require(try await city.firstTapCodes().first)
    #expect(kept.state == "open" && kept.wrong == 0)
    try await yamada(is: "p-000001")
    #expect(try await pc.register(card, account: office.account, password: word, code: digits).person == sato)
    await city.end()
  }

  @Test("bent, replayed, late or at another workstation, a proof is none, and the code is not judged")
  func bentProofs() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let card = try city.cards.issue(slot: "9a")
    // Before the clock moves: a certificate of later is none to TLS, which has the real one.
    let other = try await city.workstation("LGWAN-PC-0043")
    let bends: [(inout FirstTapPreimage) -> Void] = [
      { $0.nonce[0] ^= 1 }, { $0.ceremony += "x" }, { $0.account += "x" }, { $0.workstation = "LGWAN-PC-0043" },
      { $0.segment = "internet" }, { $0.expiresAt += 1 }, { $0.serverCertificate[0] ^= 1 },
      { $0.workstationCertificate[0] ^= 1 }, { $0.slot = "9e" }, { $0.guid = [UInt8](repeating: 1, count: 16) },
    ]
    for bend in bends {
      let opened = try await pc.openFirstTap(office.account)
      let message = try pc.firstTapProof(opened, card, password: word, code: digits, bend: bend)
      #expect(try await code { try await pc.prove(opened, message) } == "AP100")
      city.clock.advance(seconds: 900)
    }
    #expect(try await rows(city, "card.firstTap").allSatisfy { $0.code == "AP141" })
    let opened = try await pc.openFirstTap(office.account)
    let message = try pc.firstTapProof(opened, card, password: word, code: digits)
    #expect(try await code { try await other.prove(opened, message) } == "AP100")
    let late = try await pc.openFirstTap(office.account)
    let lateMessage = try pc.firstTapProof(late, card, password: word, code: digits)
    #expect(try await code { try await pc.prove(opened, message) } == "AP100", "replaced by a newer one")
    city.clock.advance(seconds: 31)
    #expect(try await code { try await pc.prove(late, lateMessage) } == "AP100")
    let right = try await pc.openFirstTap(office.account)
    let rightMessage = try pc.firstTapProof(right, card, password: word, code: digits)
    _ = try await pc.prove(right, rightMessage)
    #expect(try await code { try await pc.prove(right, rightMessage) } == "AP100", "once")
    // Not a logon's challenge, nor the other way round.
    let logon = try await pc.open()
    #expect(
      try await code {
        try await pc.prove(
          TestWorkstation.OpenedFirstTap(
            opened: FirstTapOpened(
              ceremony: logon.ceremony.ceremony, nonce: logon.ceremony.nonce, account: office.account, segment: "lgwan",
              workstation: pc.name, expiresAt: logon.ceremony.expiresAt), serverCertificate: logon.serverCertificate),
          rightMessage)
      } == "AP100")
    #expect(try await city.firstTapCodes().first?.wrong == 0)
    await city.end()
  }

  @Test("a stranger's certificate is refused before the code is judged")
  func stranger() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let card = try CardAuthority(named: "Others").issue(slot: "9a")
    #expect(try await code { try await pc.register(card, account: office.account, password: word, code: digits) } == "AP100")
    let row = try #require(try await rows(city, "card.firstTap").last)
    #expect(row.code == "AP144" && row.outcome == "denied" && row.reference != nil)
    #expect(try await city.firstTapCodes().first?.state == "open")
    await city.end()
  }

  @Test("whoever has a card, or shows a key that is or was somebody's, is told so behind all three, and the code is kept")
  func takenKeys() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let digits = try await city.firstTapCode(sato)
    let others = try await city.enrolCard(takahashi)
    let lost = try await city.enrolCard("p-000009")
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(lost.id)/state", CardStateChange(state: "lost", reason: ""))
    for card in [others, lost] {
      #expect(try await code { try await pc.register(card, account: office.account, password: word, code: digits) } == "AP133")
    }
    let row = try #require(try await rows(city, "card.enrolled").last)
    #expect(row.outcome == "refused" && row.code == "AP133" && row.card == lost.id && row.reference != nil)
    #expect(try await city.firstTapCodes().first?.state == "open")
    let own = try await city.enrolCard(sato)
    let blank = try city.cards.issue(slot: "9a")
    #expect(try await code { try await pc.register(blank, account: office.account, password: word, code: digits) } == "AP170")
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(own.id)/state", CardStateChange(state: "suspended", reason: ""))
    #expect(try await code { try await pc.register(blank, account: office.account, password: word, code: digits) } == "AP170")
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(own.id)/state", CardStateChange(state: "lost", reason: ""))
    #expect(try await pc.register(blank, account: office.account, password: word, code: digits).person == sato)
    await city.end()
  }

  @Test("without the word in the segment's file there is no challenge and no code; remote workstations have none either")
  func off() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    #expect(try await code { try await pc.openFirstTap("sato.hanako") } == "AP169")
    let refused = try #require(try await refusal { try await city.bring(city.firstTapIssue([sato])) })
    #expect(refused.status == 409 && refused.body.code == "AP202")
    try await city.takeFirstTaps()
    #expect(try await pc.openFirstTap("sato.hanako").opened.account == "sato.hanako")
    let far = try await city.workstation("LGWAN-PC-0800", access: "remote")
    #expect(try await code { try await far.openFirstTap("sato.hanako") } == "AP169")
    #expect(try await refusal { try await pc.openFirstTap("") }?.status == 400)
    await city.end()
  }
}
