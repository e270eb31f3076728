import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// People without an account in the directory: registered by two until a date, with a member of staff who answers.
@Suite("People from outside", .serialized)
struct ExternalTests {
  private let number = ExternalOffice.number
  private let sato = ExternalOffice.sato
  private let takahashi = ExternalOffice.takahashi
  private let word = "kawa-no-nagare-7"

  private func together(_ test: (ExternalOffice) async throws -> Void) async throws { try await ExternalOffice.run(test) }

  private func code(_ pc: TestWorkstation, _ card: TestCard) async throws -> String? {
    try await refusal { try await pc.enter(card) }?.body.code
  }

  @Test("two sign, and the person logs on by group and card like everybody; an import of people changes nothing of it")
  func admitted() async throws {
    try await together { office in
      let city = office.city
      let pc = try await city.workstation("LGWAN-PC-0042")
      let act = try office.both("add", office.parameters())
      let alone = SignedAct(act: act.act, scheme: act.scheme, signature: act.signature)
      #expect(try await office.bring("add", alone).code == "AP125", "one signature")
      #expect(try await office.list().isEmpty)
      let added = try #require(try await office.bring("add", act).person)
      #expect(added.person == number && added.displayName == "外部 太郎" && added.department == "0401")
      #expect(added.groups == ["seg-lgwan"] && added.from == office.day(0) && added.until == office.day(30))
      #expect(added.responsible == sato && added.responsibleName == "佐藤 花子" && added.state == "inForce")
      #expect(try await office.bring("add", act).code == "HT409", "carried out once")
      #expect(try await office.bring("add", office.both("add", office.parameters())).code == "AP206", "the number is taken")
      let row = try #require(try await city.audit("action=person.external.added").last { $0.outcome == "done" })
      #expect(row.person == number && row.operatorID == "yamada" && row.note.contains("signed by yamada, suzuki"))
      #expect(row.note.contains("\(sato) answers, groups seg-lgwan") && row.note.contains("contract 15"))

      let card = try await city.enrolCard(number)
      let session = try await pc.enter(card)
      #expect(session.person == number)
      _ = try await pc.end("logoff", session.session)
      // The file does not name the person, and disables nobody by it.
      let imported = try await office.importPeople()
      #expect(imported.applied && imported.disabled == 0 && imported.losingAccess == 0)
      #expect(try await pc.enter(card).person == number)
      try await city.setPassword(number, "kawa-no-nagare-7")
      let shown: PersonSummary = try await city.link.fetch("/v1/admin/people/\(number)")
      #expect(shown.hasPassword && shown.isEnabled)
    }
  }

  @Test("what cannot be registered is refused by AP206, with a row, and leaves nothing")
  func refusals() async throws {
    try await together { office in
      let limit = 366
      var wrong: [[String: String]] = []
      for (name, values) in [
        "person": ["EXT-", "ext-0001", "EXT-a", "p-000042", "p-900001", "EXT-a b", ""], "name": ["", " ", "外部\u{202E}太郎"],
        "kana": [String(repeating: "カ", count: 65)], "department": ["", "a\nb"],
        "groups": ["", "seg-none", "seg-lgwan,seg-lgwan", "seg-lgwan,", "SEG-LGWAN", "seg-lgwan,seg-none"],
        "from": [office.day(31), "2026-2-1", ""], "until": [office.day(-1), office.day(limit + 1), "tomorrow"],
        "responsible": ["p-none", number, ""], "reason": ["", "  ", String(repeating: "x", count: 501)],
      ] as [String: [String]] {
        for value in values { wrong.append(office.parameters().merging([name: value]) { _, new in new }) }
        wrong.append(office.parameters().filter { $0.key != name })
      }
      wrong.append(office.parameters().merging(["segment": "lgwan"]) { _, new in new })
      for parameters in wrong {
        #expect(try await office.bring("add", office.both("add", parameters)).code == "AP206", "\(parameters)")
      }
      #expect(try await office.list().isEmpty)
      let rows = try await office.city.audit("action=person.external.added&limit=500")
      #expect(rows.count == wrong.count && rows.allSatisfy { $0.outcome == "refused" && $0.code == "AP206" })
      // The longest that can be.
      let longest = office.parameters(until: limit)
      #expect(try await office.bring("add", office.both("add", longest)).person?.until == office.day(limit))
      let other = office.parameters("EXT-0002", responsible: number)
      #expect(try await office.bring("add", office.both("add", other)).code == "AP206", "from outside herself")
      #expect(try await office.bring("add", office.both("end", ["person": number, "reason": "x"])).code == "AP125")
      #expect(try await office.bring("extend", office.both("extend", office.extending(until: limit + 1))).code == "AP206")
      #expect(try await office.bring("extend", office.both("extend", office.extending(until: -1))).code == "AP206")
      let strange = office.extending(until: 5).merging(["person": sato]) { _, new in new }
      #expect(try await office.bring("extend", office.both("extend", strange)).code == "AP206", "a member of staff")
      #expect(try await office.bring("extend", office.one("extend", office.extending(until: 5))).code == "AP125")
      #expect(try await office.bring("end", office.one("end", ["person": sato, "reason": "x"])).code == "AP206")
      #expect(try await office.bring("end", office.one("end", ["person": number, "reason": " "])).code == "AP206")
    }
  }

  @Test("a number that is somebody's account is not given: typed, it would be the other's")
  func sameAsAccount() async throws {
    try await together { office in
      let imported = try await office.importPeople(more: ["p-900001,ext-0007,職員 次郎,ショクイン ジロウ,,0401,ka-0401,true,,,false"])
      #expect(imported.applied)
      #expect(try await office.bring("add", office.both("add", office.parameters("EXT-0007"))).code == "AP206")
      let row = try #require(try await office.city.audit("action=person.external.added").last)
      #expect(row.outcome == "refused" && row.note.hasPrefix("an account has this name"))
      #expect(try await office.bring("add", office.both("add", office.parameters("EXT-0008"))).code == nil)
    }
  }

  @Test("the last day: told a quarter of an hour before, locked for good at its end; two extend it and it is as before")
  func lastDay() async throws {
    try await together { office in
      let city = office.city
      let pc = try await city.workstation("LGWAN-PC-0042")
      office.waitForEvening()
      let card = try await office.admitted(until: 0)
      let session = try await pc.enter(card)
      var events = try await Events(pc)
      city.clock.advance(seconds: 7 * 60)
      let told = try await events.next()
      #expect(told.event == "ending" && told.session == session.session && told.cause == "accountEnds")
      city.clock.advance(seconds: 14 * 60)
      #expect(try await events.next() == WatchEvent(event: "lock", session: session.session, cause: "accountEnds"))
      #expect(try await code(pc, card) == "AP104")
      #expect(try await office.list().first?.state == "over")
      // The row of midnight is in the log: a clock that is set back lets nobody in again.
      city.clock.setWall(bySeconds: -3600)
      #expect(try await code(pc, card) == "AP104")
      city.clock.setWall(bySeconds: 3600)
      let extended = try await office.bring(
        "extend", office.both("extend", office.extending(until: 10, responsible: takahashi)))
      #expect(extended.person?.state == "inForce" && extended.person?.until == office.day(10))
      #expect(extended.person?.responsible == takahashi)
      let row = try #require(try await city.audit("action=person.external.extended").last)
      #expect(row.person == number && row.note.contains("(before \(sato))") && row.note.contains("contract 16"))
      #expect(try await pc.enter(card).person == number)
    }
  }

  @Test("who answers leaves: said a week before; at once nobody is let in, what is open locks, and another one brings it back")
  func unanswered() async throws {
    try await together { office in
      let city = office.city
      let pc = try await city.workstation("LGWAN-PC-0042")
      let card = try await office.admitted()
      #expect(try await office.warnings().allSatisfy { !$0.contains(number) })
      #expect(try await office.importPeople(lastDays: [sato: 8]).applied)
      #expect(try await office.warnings().allSatisfy { !$0.contains(number) }, "eight days are no week")
      #expect(try await office.importPeople(lastDays: [sato: 7]).applied)
      #expect(try await office.warnings().contains { $0.contains(number) && $0.contains("leaves on \(office.day(7))") })
      let session = try await pc.enter(card)
      var events = try await Events(pc)

      #expect(try await office.importPeople(lastDays: [sato: -1]).applied)
      let refused = try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease")
      #expect(refused.status == 403)
      let locked = try await events.next()
      #expect(locked.event == "lock" && locked.session == session.session)
      #expect(try await code(pc, card) == "AP204")
      let denied = try #require(try await city.audit("class=ceremony&outcome=denied").last)
      #expect(denied.code == "AP204" && denied.person == number && denied.rule == "builtin:account")
      let row = try #require(try await city.audit("action=person.external.unanswered").last)
      #expect(row.person == number && row.code == "AP204" && row.note.contains(sato))
      #expect(try await office.list().first?.state == "unanswered")
      #expect(try await office.warnings().contains { $0.contains(number) && $0.contains("sanmon person extend \(number)") })
      let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
      #expect(status.externalPeopleToAnswer == 1)
      let why: ExplainAnswer = try await city.link.call(
        "POST", "/v1/admin/explain", ExplainRequest(person: number, workstation: pc.name, scenario: "logon", at: nil))
      #expect(why.tries.allSatisfy { $0.code == "AP204" } && !why.tries.isEmpty)

      let still = try await office.bring("extend", office.both("extend", office.extending(until: 10)))
      #expect(still.code == "AP206", "she has left")
      let other = try await office.bring("extend", office.both("extend", office.extending(until: 10, responsible: takahashi)))
      #expect(other.person?.state == "inForce")
      #expect(try await pc.enter(card).person == number)
      #expect(try await city.audit("action=person.external.unanswered").count == 1)
    }
  }

  @Test("who answers leaves before the first tap: no card is registered with the code, and no other code is issued")
  func unansweredFirstTap() async throws {
    try await together { office in
      let city = office.city
      try await city.takeFirstTaps()
      let pc = try await city.workstation("LGWAN-PC-0042")
      #expect(try await office.bring("add", office.both("add", office.parameters())).code == nil)
      try await city.setPassword(number, word)
      let code = try #require(try await city.bring(city.firstTapIssue([number])).codes.first)
      #expect(code.account == number, "what the letter says to type")
      let digits = String(decoding: try #require(code.code), as: UTF8.self)
      let card = try city.cards.issue(slot: "9a")
      func tap() async throws -> FirstTapDone {
        try await pc.register(card, account: number.lowercased(), password: word, code: digits)
      }

      #expect(try await office.importPeople(lastDays: [sato: -1]).applied)
      #expect(try await refusal { try await tap() }?.body.code == "AP204")
      let denied = try #require(try await city.audit("class=enrolment&action=card.firstTap").last)
      #expect(denied.code == "AP204" && denied.person == number && denied.note == "nobody answers for the person")
      #expect(try await city.cardsOf(number).isEmpty)
      let issued = try await city.bring(city.firstTapIssue([number]))
      #expect(issued.codes.map(\.refusal) == ["AP204"] && issued.codes.compactMap(\.code).isEmpty)

      let other = try await office.bring("extend", office.both("extend", office.extending(until: 10, responsible: takahashi)))
      #expect(other.person?.state == "inForce")
      #expect(try await tap().person == number)
    }
  }

  @Test("one administrator ends it at once: what is open locks, cards are asked for; two who sign it afterwards bring it back")
  func ended() async throws {
    try await together { office in
      let city = office.city
      let pc = try await city.workstation("LGWAN-PC-0042")
      let card = try await office.admitted()
      let session = try await pc.enter(card)
      var events = try await Events(pc)
      let before = try office.both("extend", office.extending(until: 3))
      let ended = try await office.bring("end", office.one("end", ["person": number, "reason": "the contract has ended"]))
      #expect(ended.person?.state == "ended" && ended.person?.until == office.day(0))
      #expect(try await events.next() == WatchEvent(event: "lock", session: session.session, cause: "accountDisabled"))
      #expect(try await code(pc, card) == "AP103")
      let row = try #require(try await city.audit("action=person.external.ended").last)
      #expect(row.person == number && row.note.hasPrefix("1 sessions withdrawn; the contract has ended"))
      let again = try await office.bring("end", office.one("end", ["person": number, "reason": "twice"]))
      #expect(again.code == "AP206")
      let asked: [CardToCollect] = try await city.link.fetch("/v1/admin/cards/collection")
      #expect(asked.map(\.card.card) == [card.id] && asked.first?.why == "left")
      #expect(try await office.bring("extend", before).code == "AP206", "signed while she was still in")
      let late = try #require(try await city.audit("action=person.external.extended").last)
      #expect(late.outcome == "refused" && late.note.contains("signed before the person was ended"))
      #expect(try await code(pc, card) == "AP103")
      #expect(try await office.bring("extend", office.both("extend", office.extending(until: 3))).person?.state == "inForce")
      #expect(try await pc.enter(card).person == number)
    }
  }

  @Test("a file of people that uses such a number is not taken in, and takes nothing from whoever has it here")
  func reserved() async throws {
    try await together { office in
      let city = office.city
      let pc = try await city.workstation("LGWAN-PC-0042")
      let card = try await office.admitted()
      for id in [number, "ext-0009"] {
        let report = try await office.importPeople(more: ["\(id),gaibu.jiro,外部 次郎,ガイブ ジロウ,,0401,ka-0401,true,,,false"])
        #expect(!report.applied && report.notesEn.first?.contains(id) == true, "\(report.notesEn)")
      }
      let row = try #require(try await city.audit("action=people.imported").last)
      #expect(row.outcome == "refused" && row.note.contains("ext-0009"))
      // The account is hers too, though nobody types it.
      let line = "p-900001,external:ext-0001,外部 次郎,ガイブ ジロウ,,0401,ka-0401,true,,,false"
      for isPreview in [true, false] {
        let report = try await office.importPeople(more: [line], preview: isPreview)
        #expect(!report.applied && report.notesEn.first?.contains("external:ext-0001") == true, "\(report.notesEn)")
      }
      let other = try #require(try await city.audit("action=people.imported").last)
      #expect(other.outcome == "refused" && other.note == "accounts of people from outside: external:ext-0001")
      #expect(try await office.list().map(\.displayName) == ["外部 太郎"])
      #expect(try await pc.enter(card).person == number)
    }
  }
}
