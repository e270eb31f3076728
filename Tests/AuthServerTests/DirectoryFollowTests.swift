import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Testing

@Suite(
  "a server follows a real Active Directory", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirectoryFollowTests {
  private let sato = "p-000042"
  private let password = "kawa-no-nagare-7"

  /// A domain controller and a city that reads it; both end behind the test.
  private func together(base: String = "職員", _ test: (DomainController, City) async throws -> Void) async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines(base: base)
      let city = try await City(lines: { _ in lines })
      do { try await test(dc, city) } catch {
        await city.end()
        throw error
      }
      await city.end()
    }
  }

  private func status(_ city: City) async throws -> InstanceStatus { try await city.link.fetch("/v1/admin/status") }

  private func directory(_ city: City) async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  /// Signed by yamada and the second one.
  private static func both(_ city: City, _ second: Administrator, _ act: Act) throws -> SignedAct {
    let signed = try city.sign(act)
    return SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try second.approval(act)])
  }

  private func approve(_ city: City, _ act: SignedAct, _ what: String = "approve") async throws -> ServerAnswer {
    let body = try JSONEncoder().encode(DirectoryAct(act: Data(act.encoded)))
    return try await city.link.request("POST", "/v1/admin/directory/\(what)", body: Array(body))
  }

  private func person(_ city: City, _ id: String) async throws -> PersonSummary {
    try await city.link.fetch("/v1/admin/people/\(id)")
  }

  private func filled(_ city: City) async throws {
    try await becomes("the city is read") { try await status(city).people == 1200 }
  }

  private func rows(_ city: City, _ action: String) async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=500").filter { $0.action == action }
  }

  @Test("people, groups and departments of the domain are those of the files that it was filled from")
  func sameAsFiles() async throws {
    try await together { _, city in
      try await filled(city)
      let files = try await City()
      _ = try await files.importPeople(everybody: true)
      for page in ["佐藤", "髙橋", "kato", "ｽｽﾞｷ", "旧", "yamada", "田"] {
        let path = "/v1/admin/people?q=\(page.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")&limit=500"
        let (ours, theirs): ([PersonSummary], [PersonSummary]) = (
          try await city.link.fetch(path), try await files.link.fetch(path)
        )
        #expect(ours.map(\.id) == theirs.map(\.id))
        for (one, other) in zip(ours, theirs) {
          #expect(one.displayName.utf8.elementsEqual(other.displayName.utf8) && one.kana == other.kana)
          #expect(one.account == other.account && one.isEnabled == other.isEnabled)
          #expect(one.departments.first == other.departments.first && Set(one.departments) == Set(other.departments))
          #expect(Set(other.groups).isSubset(of: one.groups), "\(one.id)")
        }
      }
      await files.end()
      #expect(
        try await rows(city, "directory.synced").map(\.note) == [
          "1200 added, 0 changed, 0 disabled because absent, 0 unchanged (0 lose access)"
        ])
    }
  }

  @Test("disabled in the directory: refused within seconds, and what is open is told to lock; enabled again: let in")
  func disabled() async throws {
    try await together { dc, city in
      try await filled(city)
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      try await city.setPassword(sato, password)
      let session = try await pc.enter(card, password: password)
      var events = try await Events(pc)
      try dc.tool("user disable sato.hanako")
      let event = try await events.next()
      #expect(event.event == "lock" && event.session == session.session && event.cause == "accountDisabled")
      let code = try await refusal { try await pc.enter(card, password: password) }?.body.code
      #expect(code == DenialCode.accountDisabled.rawValue)
      try dc.tool("user enable sato.hanako")
      try await becomes("she is let in again") { (try? await pc.enter(card, password: password)) != nil }
    }
  }

  @Test("moved out of a segment's groups: refused there, and her session locks; the card stays hers")
  func moved() async throws {
    try await together { dc, city in
      try await filled(city)
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      try await city.setPassword(sato, password)
      _ = try await pc.enter(card, password: password)
      var events = try await Events(pc)
      try dc.tool("group removemembers ka-0401 sato.hanako")
      let event = try await events.next()
      #expect(event.event == "lock" && event.cause == "accessChanged")
      let code = try await refusal { try await pc.enter(card, password: password) }?.body.code
      #expect(code == DenialCode.segmentNotAllowed.rawValue)
      #expect(try await person(city, sato).cards.map(\.card) == [card.id])
      try dc.tool("group addmembers ka-0401 sato.hanako")
      try await becomes("she is let in again") { (try? await pc.enter(card, password: password)) != nil }
    }
  }

  @Test("hours and workstations that the directory gives an account are kept")
  func accountLimits() async throws {
    try await together { dc, city in
      try await filled(city)
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      func code() async throws -> String? { try await refusal { try await pc.enter(card) }?.body.code }
      #expect(try await code() == nil)
      try dc.set(account: "sato.hanako", "userWorkstations", "LGWAN-PC-0002,lgwan-pc-0003")
      try await becomes("she is refused here") { try await code() == "AP129" }
      try dc.set(account: "sato.hanako", "userWorkstations", "LGWAN-PC-0002,lgwan-pc-0001")
      try await becomes("she is let in here") { try await code() == nil }
      try dc.set(account: "sato.hanako", "logonHours", bytes: [UInt8](repeating: 0, count: 21))
      try await becomes("she is refused at this hour") { try await code() == "AP128" }
      try dc.set(account: "sato.hanako", "logonHours", bytes: [UInt8](repeating: 0xFF, count: 21))
      try await becomes("she is let in at any hour") { try await code() == nil }
    }
  }

  @Test("a mass deletion is held with its reason, nobody loses anything; a single disabled account passes meanwhile")
  func massDeletion() async throws {
    try await together { dc, city in
      try await filled(city)
      // A whole 部, by mistake.
      try dc.tool("ou delete 'OU=行政委員会等,OU=職員,\(DomainController.base)' --force-subtree-delete")
      try await becomes("it is held") { try await !status(city).warningsEn.isEmpty }
      let words = try await (en: status(city).warningsEn[0], ja: status(city).warningsJa[0])
      #expect(words.en.contains("79 people would lose access, counting the last hour (limit 35)"))
      #expect(words.ja.contains("79 人が利用できなくなります（上限 35 人）"))
      #expect(try await person(city, "p-000011").isEnabled)
      let held = try await rows(city, "directory.held")
      #expect(held.count == 1 && held.first?.outcome == "refused")
      try dc.tool("user disable sato.hanako")
      try await becomes("one disabled account passes") { try await !person(city, sato).isEnabled }
      #expect(try await rows(city, "directory.synced").count == 1)
    }
  }

  @Test("a mistake in small steps is held as soon as its steps together are too many; an hour later the last one passes")
  func smallSteps() async throws {
    try await together { dc, city in
      try await filled(city)
      func delete(_ name: String) throws {
        try dc.tool("ou delete 'OU=\(name),OU=産業観光部,OU=職員,\(DomainController.base)' --force-subtree-delete")
      }
      try delete("観光課")
      try await becomes("eighteen have left") { try await rows(city, "directory.synced").count == 2 }
      try delete("商工課")
      try await becomes("the next eighteen are held") { try await directory(city).plan != nil }
      #expect(try await directory(city).heldEn == ["36 people would lose access, counting the last hour (limit 35)"])
      #expect(try await directory(city).effectsEn.count == 18)
      city.clock.advance(seconds: 3600)
      try await becomes("they leave") { try await rows(city, "directory.synced").count == 3 }
      #expect(try await directory(city).plan == nil)
    }
  }

  @Test("exactly what is held passes with two administrators; with one, with another plan, or a second time it does not")
  func approved() async throws {
    try await together { dc, city in
      try await filled(city)
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(second) == 201)
      try dc.tool("ou delete 'OU=行政委員会等,OU=職員,\(DomainController.base)' --force-subtree-delete")
      try await becomes("it is held") { try await directory(city).plan != nil }
      let held = try await directory(city)
      let plan = try #require(held.plan)
      #expect(held.effectsEn.count == 79 && held.effectsEn.contains("p-000011: absent, will be disabled"))
      #expect(held.effectsJa.contains("p-000011: 名簿にないため無効になります") && held.heldJa.count == 1)
      let act = try city.act("directory.approve", ["plan": plan])
      #expect(try await approve(city, city.sign(act)).status == 403)
      let other = try city.act("directory.approve", ["plan": String(repeating: "0", count: 64)])
      #expect(try await approve(city, Self.both(city, second, other)).status == 409)
      #expect(try await person(city, "p-000011").isEnabled)
      let whole = try Self.both(city, second, act)
      let answer = try await approve(city, whole)
      let status = try JSONDecoder().decode(DirectoryStatus.self, from: Data(answer.body))
      #expect(answer.status == 200 && status.plan == nil && status.heldJa.isEmpty)
      #expect(try await !person(city, "p-000011").isEnabled)
      #expect(try await approve(city, whole).status == 409)
      let rows = try await city.audit("newest=true&limit=50")
      let put = try #require(rows.first { $0.action == "directory.synced" })
      #expect(put.note.contains("79 disabled because absent") && put.note.contains("approved by act "))
      #expect(rows.filter { $0.action == "directory.approved" }.map(\.outcome) == ["refused", "done", "refused", "refused"])
    }
  }

  @Test("what was approved does not lift the limit for anything else that the directory says until then")
  func approvedAndMore() async throws {
    try await together { dc, city in
      try await filled(city)
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(second) == 201)
      try dc.tool("ou delete 'OU=行政委員会等,OU=職員,\(DomainController.base)' --force-subtree-delete")
      try await becomes("it is held") { try await directory(city).plan != nil }
      let plan = try #require(try await directory(city).plan)
      try dc.tool("user delete takahashi.ichiro")
      try await becomes("another plan is held") { try await directory(city).plan.map { $0 != plan } ?? false }
      let act = try Self.both(city, second, city.act("directory.approve", ["plan": plan]))
      #expect(try await approve(city, act).status == 409)
      for id in ["p-000011", "p-000007"] { #expect(try await person(city, id).isEnabled) }
    }
  }

  @Test(
    "an account that was handed on opens nothing until two administrators say who it is", arguments: [true, false])
  func handedOn(isSame: Bool) async throws {
    try await together { dc, city in
      try await filled(city)
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      try await city.setPassword(sato, password)
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(second) == 201)
      try dc.rename(account: "sato.hanako", number: "p-009999", family: "田中", given: "次郎")
      try await becomes("she is held") { try await directory(city).holds.count == 1 }
      let hold = try #require(try await directory(city).holds.first)
      #expect(hold.person == sato && hold.cause == "successor" && hold.formerNumber == sato && hold.number == "p-009999")
      #expect(hold.family == "田中" && hold.account == "sato.hanako")
      let refused = try await refusal { try await pc.enter(card, password: password) }?.body.code
      #expect(refused == DenialCode.accountDisabled.rawValue)
      let act = try city.act("directory.confirm", hold.parameters(isSame: isSame))
      #expect(try await approve(city, city.sign(act), "confirm").status == 403)
      var stale = hold
      stale.family = "鈴木"
      let other = try city.act("directory.confirm", stale.parameters(isSame: isSame))
      #expect(try await approve(city, Self.both(city, second, other), "confirm").status == 409)
      #expect(try await approve(city, Self.both(city, second, act), "confirm").status == 200)
      #expect(try await directory(city).holds.isEmpty)
      if isSame {
        #expect(try await pc.enter(card, password: password).session.hasPrefix("s-"))
        #expect(try await person(city, sato).displayName == "田中 次郎")
      } else {
        let code = try await refusal { try await pc.enter(card, password: password) }?.body.code
        #expect(code == DenialCode.accountDisabled.rawValue)
        let (former, new) = (try await person(city, sato), try await person(city, "p-009999"))
        #expect(!former.isEnabled && former.account == "former:p-000042" && former.cards.count == 1)
        #expect(new.isEnabled && new.account == "sato.hanako" && new.cards.isEmpty && !new.hasPassword)
      }
      let row = try #require(try await rows(city, "directory.confirmed").first)
      #expect(row.person == sato && row.note.hasPrefix(isSame ? "the same person" : "another person"))
    }
  }

  @Test("an operator whose account is disabled does nothing and signs nothing, until it is enabled again")
  func operatorLeaves() async throws {
    try await together { dc, city in
      try await filled(city)
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(second) == 201)
      try dc.tool("ou delete 'OU=行政委員会等,OU=職員,\(DomainController.base)' --force-subtree-delete")
      try dc.tool("user disable tanabe.natsumi")
      try await becomes("the deletion is held, and the second administrator is disabled") {
        let isEnabled = try await person(city, "p-000002").isEnabled
        return try await directory(city).plan != nil && !isEnabled
      }
      let warnings = try await (en: status(city).warningsEn, ja: status(city).warningsJa)
      #expect(warnings.en.contains { $0.hasPrefix("the person of operator suzuki (p-000002) has left or is disabled") })
      #expect(warnings.en.contains("administrators who can act: 1; nothing that takes two can be done"))
      #expect(warnings.ja.count == warnings.en.count && warnings.ja.contains { $0.hasPrefix("操作者 suzuki") })
      let plan = try #require(try await directory(city).plan)
      let act = try Self.both(city, second, city.act("directory.approve", ["plan": plan]))
      #expect(try await approve(city, act).status == 403)
      let refused = try #require(try await rows(city, "directory.approved").first)
      #expect(refused.note.hasPrefix("signed by suzuki, whose person has left; act "))

      try dc.tool("user disable yamada.taro")
      try await becomes("the first is refused") { try await city.link.request("GET", "/v1/admin/directory").status == 403 }
      #expect(try await city.link.request("GET", "/v1/admin/status").status == 403)
      #expect(try await approve(city, act).status == 403)
      try dc.tool("user enable yamada.taro")
      try await becomes("and let in again") { try await city.link.request("GET", "/v1/admin/directory").status == 200 }
      let row = try #require(try await rows(city, "operator.refused").last)
      #expect(row.outcome == "denied" && row.code == "AP103" && row.note.hasPrefix("the person of operator yamada has left"))
    }
  }

  @Test("people are not imported from files where they come from the directory")
  func notFromFiles() async throws {
    try await together { _, city in
      try await filled(city)
      let answer = try await city.importPeople()
      #expect(!answer.applied && answer.notesJa.first?.contains("Active Directory") == true)
      let wrong = #"{"format":"AAA","people":"","confirmed":0,"preview":false}"#
      #expect(try await city.link.request("POST", "/v1/admin/people", body: Array(wrong.utf8)).status == 400)
      #expect(try await rows(city, "people.imported").isEmpty)
      #expect(try await directory(city).isConfigured)
    }
    let files = try await City()
    #expect(try await !directory(files).isConfigured)
    let looked = try await files.link.request("POST", "/v1/admin/directory/sync")
    #expect(looked.status == 409)
    await files.end()
  }

  @Test("no domain controller: everybody goes on, it is told on the screen, and changes made meanwhile arrive afterwards")
  func away() async throws {
    try await together { dc, city in
      try await filled(city)
      try dc.stop()
      try await becomes("it is told") { try await status(city).warningsEn.first?.contains("DS202") == true }
      #expect(try await status(city).people == 1200)
      #expect(try await person(city, sato).isEnabled)
      try dc.start()
      try dc.tool("user disable sato.hanako")
      try await becomes("the change arrives") { try await !person(city, sato).isEnabled }
      // The look that stored the change is told as answered once it has ended.
      try await becomes("nothing is told any more") { try await status(city).warningsEn.isEmpty }
    }
  }

  @Test("a base that is not there changes nothing, and is told")
  func wrongBase() async throws {
    try await together(base: "しょくいん") { _, city in
      try await becomes("it is told") { try await status(city).warningsJa.first?.contains("しょくいん") == true }
      #expect(try await status(city).people == 0)
    }
  }

  @Test("a restarted server goes on where it was: nothing is read or written anew, and a change behind its back arrives")
  func restart() async throws {
    try await together { dc, city in
      try await filled(city)
      try await city.restart { _ in try dc.tool("user disable sato.hanako") }
      try await becomes("the change arrives") { try await !person(city, sato).isEnabled }
      let notes = try await rows(city, "directory.synced").map(\.note)
      #expect(notes.first?.hasPrefix("0 added, 1 changed") == true && notes.count == 2)
      try await city.restart()
      try await becomes("it looked") { try await directory(city).objects > 1200 }
      #expect(try await rows(city, "directory.synced").count == 2)
    }
  }
}
