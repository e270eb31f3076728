import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Storage
import Testing

@Suite("cards of somebody who left and came back")
struct RelinkTests {
  @Test("offered, shown, signed by two: the old card is the new person's, alone and once, and everything is in the log")
  func whole() async throws {
    try await RelinkBench.renewed({ try await $0.city.setPassword(RelinkBench.former, RelinkBench.password) }) { bench, _ in
      let (city, pc, card) = (bench.city, bench.pc, bench.card)
      #expect(try await bench.code { try await pc.enter(card, password: RelinkBench.password) } == "AP103")
      var offer = try await bench.offer()
      #expect(offer.former == RelinkBench.former && offer.person == RelinkBench.new && offer.proof == nil)
      #expect(offer.because == ["number", "account"] && offer.account == "clerk7" && offer.cards == [card.id])
      #expect(offer.formerGUIDs == [OtherSegment.guid(7).description] && offer.guid == OtherSegment.guid(61).description)
      var status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
      #expect(status.warningsEn.contains { $0.hasPrefix("new people who may be former ones: 1 (p-000007.2 ← p-000007)") })
      #expect(status.warningsJa.contains { $0.contains("登録が 1 件あります（p-000007.2 ← p-000007）") })

      let proven = try await pc.show(card, for: RelinkBench.new)
      #expect(proven.former == RelinkBench.former && proven.person == RelinkBench.new && proven.displayName == "山田 花子61")
      offer = try await bench.offer()
      let proof = try #require(offer.proof)
      #expect(proof.until == proven.until && proof.card == card.id && proof.workstation == pc.name)
      let row = try #require(try await bench.rows("relink.proven").first)
      #expect(row.outcome == "done" && row.person == RelinkBench.former && row.card == card.id && row.session == nil)
      #expect(row.note == "for p-000007.2; proof \(proof.hash)" && row.workstation == pc.name)
      // It opened nothing and moved nothing.
      #expect(try await bench.code { try await pc.enter(card, password: RelinkBench.password) } == "AP103")
      #expect(try await bench.person(RelinkBench.new).cards.isEmpty)

      let act = try await bench.act()
      #expect(try await bench.bring(city.sign(act)) == (403, "AP125"))
      #expect(try await bench.bring(bench.both(act)).status == 200)
      #expect(try await bench.bring(bench.both(act)).status == 409)
      let (former, new) = (try await bench.person(RelinkBench.former), try await bench.person(RelinkBench.new))
      #expect(former.cards.isEmpty && new.cards.map(\.card) == [card.id] && new.cards.first?.keys.count == 1)
      let rows = try await bench.rows("person.relinked")
      let done = rows.filter { $0.outcome == "done" }
      #expect(Set(done.map(\.person)) == [RelinkBench.former, RelinkBench.new] && done.allSatisfy { $0.card == card.id })
      #expect(done.first?.note.hasPrefix("cards \(card.id) of p-000007 are p-000007.2's; proof \(proof.hash) at ") == true)
      #expect(done.first?.note.contains("signed by yamada, suzuki; act ") == true)
      #expect(rows.count == 4 && rows.contains { $0.note.hasPrefix("this act was carried out before") })

      // A password of Sanmon's own was not shown by the card.
      #expect(try await bench.code { try await pc.enter(card, password: RelinkBench.password) } == "AP110")
      try await city.setPassword(RelinkBench.new, "yama-no-midori-8")
      #expect(try await pc.enter(card, password: "yama-no-midori-8").person == RelinkBench.new)
      #expect(try await bench.offers().isEmpty)
      status = try await city.link.fetch("/v1/admin/status")
      #expect((status.warningsEn + status.warningsJa).allSatisfy { !$0.contains(RelinkBench.former) })
      // Used: another act finds no proof.
      let again = try city.act("directory.relink", act.parameters)
      #expect(try await bench.bring(bench.both(again)).code == "AP161")
    }
  }

  @Test("a proof is no logon and a logon is no proof; replayed, late, bent, or of another key or workstation it is AP100")
  func bentProofs() async throws {
    try await RelinkBench.renewed { bench, _ in
      let (city, pc, card) = (bench.city, bench.pc, bench.card)
      func refused(_ message: RelinkProofMessage, _ opened: TestWorkstation.OpenedRelink) async throws -> String? {
        try await bench.code { try await pc.prove(opened, message) }
      }
      let bends: [(inout RelinkPreimage) -> Void] = [
        { $0.nonce[0] ^= 1 }, { $0.ceremony += "x" }, { $0.person = RelinkBench.former },
        { $0.workstation = "MYNUMBER-PC-0008" },
        { $0.segment = "lgwan" }, { $0.expiresAt += 1 }, { $0.serverCertificate[0] ^= 1 },
        { $0.workstationCertificate[0] ^= 1 },
      ]
      for bend in bends {
        let opened = try await pc.openRelink(RelinkBench.new)
        #expect(try await refused(pc.relinkProof(opened, card, bend: bend), opened) == "AP100")
        city.clock.advance(seconds: 120)
      }
      #expect(try await bench.rows("relink.proven").allSatisfy { $0.code == "AP141" && $0.outcome == "denied" })
      // The nonce of a logon, signed for a new registration, and the other way round.
      let logon = try await pc.open()
      var message = try pc.proofs(logon, nil)
      let asRelink = TestWorkstation.OpenedRelink(
        opened: RelinkOpened(
          ceremony: logon.ceremony.ceremony, nonce: logon.ceremony.nonce, person: RelinkBench.new, segment: "mynumber",
          workstation: pc.name, expiresAt: logon.ceremony.expiresAt), serverCertificate: logon.serverCertificate)
      message.card = try pc.relinkProof(asRelink, card).card
      #expect(try await bench.code { try await pc.prove(logon, message) } == "AP100")
      #expect(try await refused(pc.relinkProof(asRelink, card), asRelink) == "AP100", "not among the challenges")
      let opened = try await pc.openRelink(RelinkBench.new)
      let asLogon = TestWorkstation.Opened(
        ceremony: CeremonyOpened(
          ceremony: opened.opened.ceremony, nonce: opened.opened.nonce, scenario: "logon", segment: "mynumber",
          workstation: pc.name, expiresAt: opened.opened.expiresAt, combinations: [], session: nil),
        serverCertificate: opened.serverCertificate)
      let proofs = try pc.proofs(asLogon, card)
      #expect(try await refused(RelinkProofMessage(card: try #require(proofs.card)), opened) == "AP100")
      let second = try await pc.openRelink(RelinkBench.new)
      #expect(try await bench.code { try await pc.prove(asLogon, proofs) } == "AP100", "no ceremony")
      // The key without PIN, and another form.
      #expect(try await refused(pc.relinkProof(second, card, shownAs: "9e"), second) == "AP100")
      city.clock.advance(seconds: 600)
      // Twice, late, replaced by a newer one, at another workstation.
      let twice = try await pc.openRelink(RelinkBench.new)
      let proof = try pc.relinkProof(twice, card)
      _ = try await pc.prove(twice, proof)
      #expect(try await refused(proof, twice) == "AP100")
      let late = try await pc.openRelink(RelinkBench.new)
      city.clock.advance(seconds: 31)
      #expect(try await refused(pc.relinkProof(late, card), late) == "AP100")
      let replaced = try await pc.openRelink(RelinkBench.new)
      let other = try await city.workstation("MYNUMBER-PC-0008")
      let kept = try await pc.openRelink(RelinkBench.new)
      #expect(try await refused(pc.relinkProof(replaced, card), replaced) == "AP100")
      let foreign = try pc.relinkProof(kept, card)
      #expect(try await bench.code { try await other.prove(kept, foreign) } == "AP100")
      #expect(try await pc.prove(kept, foreign).person == RelinkBench.new, "nobody voids it from outside")
      #expect(try await bench.rows("person.relinked").isEmpty)
    }
  }

  @Test("behind a valid signature the refusal says what is wrong, and nothing is kept")
  func proofRefusals() async throws {
    try await RelinkBench.renewed { bench, office in
      let (city, pc, card) = (bench.city, bench.pc, bench.card)
      func code(_ card: TestCard, _ person: String = RelinkBench.new) async throws -> String? {
        try await bench.code { try await pc.show(card, for: person) }
      }
      #expect(try await code(city.cards.issue(slot: "9a")) == "AP102")
      #expect(try await code(card, "p-000008") == "AP161", "neither number nor account")
      #expect(try await code(card, "p-009999") == "AP161", "nobody")
      #expect(try await code(card, RelinkBench.former) == "AP161", "herself")
      let inForce = try await city.enrolCard("p-000009")
      #expect(try await code(inForce) == "AP164")
      let weak = try await city.enrolCard(RelinkBench.former, refusedWithoutPIN: false)
      #expect(try await code(weak) == "AP108")
      let gone = try await city.enrolCard(RelinkBench.former)
      for (shown, state, expected) in [(card, "suspended", "AP106"), (gone, "lost", "AP105")] {
        let _: CardStateChanged = try await city.link.call(
          "POST", "/v1/admin/cards/\(shown.id)/state", CardStateChange(state: state, reason: ""))
        #expect(try await code(shown) == expected)
      }
      let _: CardStateChanged = try await city.link.call(
        "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "active", reason: ""))
      try office.disable(61)
      try await bench.read(office)
      #expect(try await code(card) == "AP165")
      #expect(try await bench.offers().isEmpty)
      let rows = try await bench.rows("relink.proven")
      #expect(rows.allSatisfy { $0.outcome == "denied" && $0.reference != nil && $0.rule == "builtin:relink" })
      #expect(Set(rows.compactMap(\.code)) == ["AP102", "AP161", "AP164", "AP108", "AP106", "AP105", "AP165"])
    }
  }

  @Test("no act without a proof, by another one, or by one that is older than 30 minutes or than a lost card")
  func proofOfAct() async throws {
    try await RelinkBench.renewed { bench, _ in
      let (city, pc, card) = (bench.city, bench.pc, bench.card)
      #expect(try await bench.bring(bench.both(bench.act())) == (409, "AP162"))
      try await pc.show(card, for: RelinkBench.new)
      let first = try await bench.act()
      #expect(try await bench.bring(bench.both(bench.act { $0["proof"] = String(repeating: "a", count: 64) })).code == "AP162")
      city.clock.advance(seconds: 20 * 60)
      city.clock.stop()
      try await pc.show(card, for: RelinkBench.new)
      #expect(try await bench.bring(bench.both(city.act("directory.relink", first.parameters))).code == "AP162", "a newer one")
      let second = try await bench.act()
      // Over a restart, too: it is the store's.
      try await city.restart()
      city.clock.advance(seconds: 30 * 60 - 1)
      #expect(try await bench.offer().proof != nil)
      city.clock.advance(seconds: 1)
      #expect(try await bench.offer().proof == nil)
      #expect(try await bench.bring(bench.both(second)) == (409, "AP163"))
      let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
      try await pc.moved(to: status.mainPort).show(card, for: RelinkBench.new)
      let third = try await bench.act()
      let spare = try await city.enrolCard(RelinkBench.former)
      #expect(try await bench.bring(bench.both(third)) == (409, "AP166"), "a card more than was signed")
      let fourth = try await bench.act()
      let _: CardStateChanged = try await city.link.call(
        "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "lost", reason: ""))
      #expect(try await bench.bring(bench.both(fourth)) == (409, "AP162"), "lost since it was shown")
      #expect(spare.id != card.id)
      let rows = try await bench.rows("person.relinked")
      #expect(rows.allSatisfy { $0.outcome == "refused" && $0.person == RelinkBench.new })
      #expect(Set(rows.compactMap(\.code)) == ["AP162", "AP163", "AP166"])
      #expect(try await bench.person(RelinkBench.new).cards.isEmpty)
    }
  }

  @Test("an act about other objects or cards, of one administrator twice, of another kind, or about somebody who is gone")
  func actRefusals() async throws {
    try await RelinkBench.renewed { bench, _ in
      let city = bench.city
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      for name in ["formerGuids", "guid", "cards", "cardsHash", "shown", "workstation"] {
        #expect(try await bench.bring(bench.both(bench.act { $0[name] = "x" })) == (409, "AP166"), "\(name)")
        #expect(try await bench.bring(bench.both(bench.act { $0[name] = nil })) == (409, "AP166"), "\(name)")
      }
      #expect(try await bench.bring(bench.both(bench.act { $0["more"] = "x" })) == (409, "AP166"))
      #expect(try await bench.bring(bench.both(bench.act { $0["former"] = "p-009999" })) == (409, "AP167"))
      #expect(try await bench.bring(bench.both(bench.act { $0["person"] = "p-009999" })) == (409, "AP161"))
      #expect(try await bench.bring(bench.both(bench.act { $0["former"] = "?" })).status == 403)
      let act = try await bench.act()
      let signed = try city.sign(act)
      let yamada = Administrator(key: city.operatorKey, id: "yamada", person: "p-000001")
      let twice = SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try yamada.approval(act)])
      #expect(try await bench.bring(twice) == (403, "AP125"))
      #expect(try await bench.rows("person.relinked").first?.note.hasPrefix("samePersonTwice") == true)
      let other = try city.act("directory.confirm", act.parameters)
      #expect(try await bench.bring(bench.both(other)).status == 403)
      #expect(try await bench.bring(bench.suzuki.sign(act)).status == 403, "brought by somebody who did not sign")
      #expect(try await bench.person(RelinkBench.new).cards.isEmpty)
      #expect(try await bench.bring(bench.both(act)).status == 200)
    }
  }

  @Test("the former account came back, or the new one is disabled or was made again: refused, and not offered")
  func changedSince() async throws {
    try await RelinkBench.renewed { bench, office in
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      let act = try await bench.both(bench.act())
      var back = office
      try back.hire(61, number: RelinkBench.former, account: "clerk61")
      try back.bringBack(7)
      try await bench.read(back)
      #expect(try await bench.bring(act) == (409, "AP164"))
      #expect(try await bench.offers().isEmpty)
      office = back
      try office.delete(7...7)
      try office.hire(61, number: RelinkBench.former, account: "clerk7", control: 514)
      try await bench.read(office)
      #expect(try await bench.bring(act) == (409, "AP164"), "what came back is somebody's question still")
      #expect(try await bench.offers().isEmpty)
    }
    try await RelinkBench.renewed { bench, office in
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      let act = try await bench.both(bench.act())
      try office.disable(61)
      try await bench.read(office)
      #expect(try await bench.bring(act) == (409, "AP165"))
      try office.delete(61...61)
      try office.hire(62, number: RelinkBench.former, account: "clerk7")
      try await bench.read(office)
      #expect(try await bench.bring(act) == (409, "AP165"))
      #expect(try await bench.offer().person == "p-000007.3")
      #expect(try await bench.rows("person.relinked").allSatisfy { $0.code == "AP165" })
    }
  }

  @Test("the former person was removed meanwhile: nothing to take over, and nothing of it is kept")
  func purged() async throws {
    try await RelinkBench.renewed { bench, _ in
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      let act = try await bench.both(bench.act())
      let former = try PersonID(parsing: RelinkBench.former)
      let now = bench.city.clock.now()
      let day = LocalTime(now, offsetSeconds: 9 * 3600).day
      try await bench.city.restart { database in
        let store = try SQLiteStore(path: database)
        try await store.commit(CountLeavers(day: day, limit: 0, offsetSeconds: 9 * 3600, now: now))
        _ = try await store.commit(PurgePerson(person: former, day: day, limit: 0, offsetSeconds: 9 * 3600, now: now))
        #expect(try await store.read { (state) throws(StorageFault) in try state.person(former) } == nil)
        let passed = try await store.read { (state) throws(StorageFault) in
          try state.setting("directory.relink.accounts")
        }
        #expect(passed == [])
        store.close()
      }
      #expect(try await bench.offers().isEmpty)
      #expect(try await bench.bring(act) == (409, "AP167"))
      #expect(
        try await bench.rows("person.relinked").first?.note.hasPrefix("p-000007 to p-000007.2: p-000007 is not there") == true)
    }
  }

  @Test("a new account that begins on another day is not offered before it")
  func notYet() async throws {
    try await RelinkBench.together { bench, office in
      let tomorrow = LocalTime(bench.city.clock.now(), offsetSeconds: 9 * 3600).day + 1
      try office.hire(61, number: RelinkBench.former, account: "clerk7", from: CivilDay.text(tomorrow))
      try await bench.read(office)
      #expect(try await bench.person(RelinkBench.new).isEnabled)
      #expect(try await bench.offers().isEmpty)
      #expect(try await bench.code { try await bench.pc.show(bench.card, for: RelinkBench.new) } == "AP165")
      bench.city.clock.advance(seconds: 86_400)
      try await bench.read(office)
      #expect(try await bench.offers().map(\.person) == [RelinkBench.new])
    }
  }

  @Test("the account name alone is a reason, the number alone too; a card of her own ends the offer, as a lost one does")
  func reasons() async throws {
    try await RelinkBench.together { bench, office in
      #expect(try await bench.offers().isEmpty)
      try office.hire(61, number: "p-000301", account: "clerk7")
      try office.hire(62, number: RelinkBench.former, account: "clerk301")
      try await bench.read(office)
      let offers = try await bench.offers()
      #expect(offers.map(\.person) == [RelinkBench.new, "p-000301"] && offers.map(\.because) == [["number"], ["account"]])
      #expect(try await bench.person(RelinkBench.former).account == "former:p-000007")
      try await bench.city.restart()
      _ = try await bench.city.link.fetch("/v1/admin/directory", returning: DirectoryStatus.self)
      #expect(try await bench.offers() == offers)
      // The proof for one is none for the other.
      let status: InstanceStatus = try await bench.city.link.fetch("/v1/admin/status")
      try await bench.pc.moved(to: status.mainPort).show(bench.card, for: "p-000301")
      #expect(try await bench.offers().map { $0.proof != nil } == [false, true])
      _ = try await bench.city.enrolCard("p-000301")
      #expect(try await bench.offers().map(\.person) == [RelinkBench.new])
      let _: CardStateChanged = try await bench.city.link.call(
        "POST", "/v1/admin/cards/\(bench.card.id)/state", CardStateChange(state: "lost", reason: ""))
      #expect(try await bench.offers().isEmpty)
    }
  }

  @Test("an account that two administrators said is another person's is no reason")
  func another() async throws {
    try await RelinkBench.together { bench, office in
      let card = try await bench.city.enrolCard("p-000008")
      try office.hire(8, number: "p-000308", account: "clerk8")
      try office.call(8, "別人")
      try await bench.read(office)
      let status: DirectoryStatus = try await bench.city.link.fetch("/v1/admin/directory")
      let hold = try #require(status.holds.first)
      #expect(try await bench.code { try await bench.pc.show(card, for: hold.person) } == "AP161")
      let act = try bench.both(bench.city.act("directory.confirm", hold.parameters(isSame: false)))
      let body = Array(try JSONEncoder().encode(DirectoryAct(act: Data(act.encoded))))
      #expect(try await bench.city.link.request("POST", "/v1/admin/directory/confirm", body: body).status == 200)
      let (one, other) = (try await bench.person("p-000008"), try await bench.person("p-000308"))
      #expect(other.isEnabled && one.cards.count == 1)
      #expect(try await bench.offers().isEmpty)
      #expect(try await bench.code { try await bench.pc.show(card, for: "p-000308") } == "AP161")
    }
  }

  @Test("failures that were counted go along, so that nobody is rid of them")
  func failures() async throws {
    let wrong = "wrong-password-1"
    try await RelinkBench.renewed({ bench in
      try await bench.city.setPassword(RelinkBench.former, RelinkBench.password)
      for _ in 0..<3 {
        #expect(try await bench.code { try await bench.pc.enter(bench.card, password: wrong) } == "AP109")
      }
    }) { bench, _ in
      #expect(try await bench.code { try await bench.pc.show(bench.card, for: RelinkBench.new) } == "AP111")
      bench.city.clock.advance(seconds: 60)
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      #expect(try await bench.bring(bench.both(bench.act())).status == 200)
      try await bench.city.setPassword(RelinkBench.new, RelinkBench.password)
      // With a card that nothing was counted against: for her alone a first slip would be free.
      let card = try await bench.city.enrolCard(RelinkBench.new)
      #expect(try await bench.code { try await bench.pc.enter(card, password: wrong) } == "AP109")
      #expect(try await bench.code { try await bench.pc.enter(card, password: RelinkBench.password) } == "AP111")
    }
  }

  @Test("who is no administrator gives nothing on, and may look; a people file has nothing of it")
  func roles() async throws {
    try await RelinkBench.renewed { bench, _ in
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      let act = try await bench.both(bench.act())
      try await bench.city.demoteOperators(to: .desk)
      #expect(try await bench.offers().count == 1)
      #expect(try await bench.bring(act) == (403, "AP125"))
    }
    let city = try await City()
    _ = try await city.importPeople()
    #expect(try await city.link.fetch("/v1/admin/directory", returning: DirectoryStatus.self).relinks.isEmpty)
    await city.end()
  }

  @Test("the tool shows what is offered and what is missing, and two people sign at their desks")
  func tool() async throws {
    try await RelinkBench.renewed { bench, _ in
      let city = bench.city
      func sanmon(_ arguments: [String], _ language: String = "C") async throws -> (status: Int32, output: String) {
        try await ToolBench.started(
          ["env", "LC_ALL=\(language)", ToolBench.programs + "/sanmon", "directory"] + arguments + [
            "--socket", city.folder + "/operator.sock",
          ])
      }
      func key(_ name: String, _ secret: Data) -> [String] {
        let path = city.folder + "/\(name).key"
        let text = secret.base64EncodedString() + "\n"
        _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        return ["--as", name, "--key-file", path]
      }
      let yamada = key("yamada", city.operatorKey.rawRepresentation)
      let plan = try await sanmon(["relink"])
      #expect(plan.status == 0, "\(plan.output)")
      #expect(
        plan.output.contains(
          "new person p-000007.2 山田 花子61 (clerk7) may be former person p-000007 山田 花子7 (same number and account name)"))
      #expect(plan.output.contains("sanmon-agent relink --person p-000007.2"))
      let status = try await sanmon(["status"], "ja_JP.UTF-8")
      #expect(status.output.contains("新しい登録 p-000007.2 山田 花子61（clerk7）は、前の p-000007 山田 花子7 と同じ人かもしれません"), "\(status.output)")
      let act = city.folder + "/seven.act"
      let early = try await sanmon(["relink", "approve", RelinkBench.new, "--out", act] + yamada)
      #expect(early.status == 1 && early.output.contains("sanmon-agent relink"), "\(early.output)")
      #expect(try await sanmon(["relink", "approve", "p-000008", "--out", act] + yamada).status == 1)
      try await bench.pc.show(bench.card, for: RelinkBench.new)
      #expect(try await sanmon(["relink", "plan"], "ja_JP.UTF-8").output.contains("前のカードの確認: MYNUMBER-PC-0007"))
      let proposed = try await sanmon(["relink", "approve", RelinkBench.new, "--out", act] + yamada)
      #expect(proposed.status == 0, "\(proposed.output)")
      let accepted = try await ToolBench.started(
        ["env", "LC_ALL=C", ToolBench.programs + "/sanmon", "operator", "accept", act, "--out", act + ".suzuki"]
          + key("suzuki", bench.suzuki.key.rawRepresentation))
      #expect(
        accepted.status == 0 && accepted.output.contains("p-000007.2") && accepted.output.contains("MYNUMBER-PC-0007"),
        "\(accepted.output)")
      // Who signs second sees the same in both places.
      let offer = try await bench.offer()
      let again = try await sanmon(["relink", "plan"])
      for (name, value) in offer.parameters(try #require(offer.proof)) {
        #expect(again.output.contains("\(name) = \(value)\n") && accepted.output.contains(value), "\(name)")
      }
      let approval = ["--act", act, "--approval", "suzuki=\(act).suzuki"] + yamada
      #expect(try await sanmon(["relink", "approve", "p-000008"] + approval).status == 65)
      let done = try await sanmon(["relink", "approve", RelinkBench.new] + approval)
      #expect(done.status == 0 && done.output.contains("The cards of p-000007 are p-000007.2's now."), "\(done.output)")
      #expect(try await sanmon(["relink"]).output.contains("There is nothing to take over."))
      let history = try await sanmon(["history"])
      #expect(history.output.contains("person.relinked") && history.output.contains("relink.proven"), "\(history.output)")
    }
  }
}
