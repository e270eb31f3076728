import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Isolation
import SSOVault
import Sealing
import Testing

/// A vault whose desk prints sheets.
struct SheetOffice {
  let city: SSOCity
  let desk: Clerk
  let key: SealingKey

  init(segments: [Segment] = [.lgwan], office: Office? = nil) throws {
    city = try SSOCity(office ?? Office(segments: segments))
    desk = try Clerk("desk-1")
    key = try SealingKey(.xwing, seed: Secret(copying: Office.random(32)))
    guard case .operatorRegistered = city.office.ask(try city.office.register(desk, by: city.sato, role: "desk")) else {
      throw Office.Unexpected()
    }
  }

  var now: Int64 { city.office.clock.now.wallMilliseconds }

  func act(
    _ person: String = "ito", segment: String = "lgwan", from: Int64? = nil, until: Int64? = nil, unlocks: String = "2",
    by clerk: Clerk? = nil, changing: (inout [String: String]) -> Void = { _ in }
  ) throws -> SignedAct {
    let from = from ?? now - 3_600_000
    var parameters = [
      "person": person, "segment": segment, "from": String(from), "until": String(until ?? from + VaultSheet.longest),
      "unlocks": unlocks, "reason": "forgot the card", "suite": key.suite.rawValue, "key": Hex.encode(key.publicKey),
    ]
    changing(&parameters)
    return try city.act(Act.Kind.issueCodes, parameters, by: clerk ?? desk)
  }

  /// The codes of a new sheet, as its printer reads them.
  func issue(
    _ person: String = "ito", segment: String = "lgwan", from: Int64? = nil, unlocks: Int = 2, by clerk: Clerk? = nil
  ) throws -> [LookUpCode] {
    let act = try act(person, segment: segment, from: from, unlocks: String(unlocks), by: clerk)
    guard case .lookUp(.issued(let sheet)) = city.office.ask(.lookUp(.issue(act))) else { throw Office.Unexpected() }
    return try open(sheet, act)
  }

  func open(_ sheet: SealedSheet, _ act: SignedAct, with other: SealingKey? = nil) throws -> [LookUpCode] {
    let plaintext = try (other ?? key).open(
      SealedMessage(encapsulated: sheet.encapsulated, ciphertext: sheet.ciphertext), info: SealedSheet.info(suite: key.suite),
      associatedData: SealedSheet.associatedData(sheet: sheet.sheet, act: Array(SHA256.hash(data: act.act.canonicalBytes))),
      as: LookUpDigits.self)
    let digits = plaintext.withBytes { Array($0) }
    return try stride(from: 0, to: digits.count, by: 13).map { try LookUpCode(parsing: Array(digits[$0..<$0 + 13])) }
  }

  /// `right`, or the refusal.
  func show(
    _ code: LookUpCode, for purpose: LookUpPurpose = .logon, of person: String = "ito", in segment: Segment = .lgwan,
    at workstation: String = "PC-1", uses: Bool = true, from service: VaultService? = nil
  ) throws -> String {
    let shown = ShownLookUpCode(
      person: try PersonID(parsing: person), segment: segment, workstation: try WorkstationID(parsing: workstation),
      purpose: purpose, isUse: uses, code: code)
    let answer = (service ?? city.office.service).handle(.lookUp(.show(shown)), from: Office.server, peers: Office.peers)
    switch answer {
    case .lookUp(.right): return "right"
    case .refused(let refusal): return refusal.code.rawValue
    default: throw Office.Unexpected()
    }
  }

  func sheets(after place: String = "") throws -> [VaultSheet] {
    guard case .lookUp(.sheets(let sheets)) = city.office.ask(.lookUp(.list(after: place))) else { throw Office.Unexpected() }
    return sheets
  }

  func withdraw(_ person: String = "ito", segment: String = "lgwan", by clerk: Clerk? = nil) throws -> String {
    let act = try city.act(Act.Kind.withdrawCodes, ["person": person, "segment": segment], by: clerk ?? desk)
    return city.office.refusal(.lookUp(.withdraw(act)))
  }

  func rows(_ action: String) throws -> [AuditRecord] {
    try city.tamper("SELECT encoded FROM log_rows ORDER BY sequence").split(separator: "\n")
      .map { try RecordEncoding.decode(Hex.decode($0)) }.filter { $0.action == action }
  }

  /// Not on the sheet: as good as certain.
  static func stranger(_ codes: [LookUpCode]) throws -> LookUpCode {
    for number: UInt64 in 0..<20 {
      let code = try LookUpCode(number: number)
      if !codes.contains(where: { $0.digits == code.digits }) { return code }
    }
    throw Office.Unexpected()
  }
}

@Suite("printed one-time codes are made, kept and judged in the vault")
struct LookUpCodeTests {
  let office: SheetOffice
  init() throws { office = try SheetOffice() }

  @Test("one for the logon, then those for unlocks at that workstation, each once; the rows name the sheet and no code")
  func day() throws {
    let codes = try office.issue()
    #expect(codes.count == 3 && Set(codes.map(\.digits)).count == 3)
    #expect(try office.show(codes[1], for: .unlock) == "V197", "nobody has logged on yet")
    #expect(try office.show(codes[0], uses: false) == "right" && office.show(codes[0], uses: false) == "right")
    #expect(try office.show(codes[0]) == "right")
    #expect(try office.show(codes[0]) == "V195" && office.show(codes[0], at: "PC-2", uses: false) == "V195")
    #expect(try office.show(codes[1], for: .unlock, at: "PC-2") == "V197", "a second workstation")
    #expect(try office.show(codes[1], for: .unlock) == "right" && office.show(codes[1], for: .unlock) == "V195")
    #expect(try office.show(codes[2], for: .logon) == "V197", "a code for unlocks opens nothing")
    #expect(try office.show(codes[2], for: .unlock) == "right")
    let sheet = try #require(try office.sheets().first)
    #expect(sheet.wrong == 0 && sheet.isLogonUsed && sheet.unlocks == 2 && sheet.unlocksUsed == 2 && sheet.state == .open)
    #expect(sheet.workstation?.text == "PC-1" && sheet.issuedBy.text == "desk-1" && sheet.person.text == "ito")
    let number = Hex.encode(Array(sheet.sheet.prefix(4)))
    let issued = try #require(try office.rows("vault.code.issued").first)
    #expect(
      issued.person?.text == "ito" && issued.operatorID?.text == "desk-1" && issued.segment == .lgwan && issued.count == 3)
    #expect(issued.note.hasPrefix("sheet \(number) from ") && issued.note.contains("forgot the card"))
    let used = try office.rows("vault.code.used")
    #expect(
      used.map(\.note) == ["sheet \(number) logon wrong 0"] + Array(repeating: "sheet \(number) unlock wrong 0", count: 2))
    #expect(used.allSatisfy { $0.person?.text == "ito" && $0.workstation?.text == "PC-1" && $0.outcome == .done })
    for row in try office.rows("vault.code.used") + [issued] {
      for code in codes { #expect(!row.note.contains(String(decoding: code.digits, as: UTF8.self))) }
    }
  }

  @Test("five wrong codes end a sheet, looked at or used; the right one is refused from then on")
  func dead() throws {
    let codes = try office.issue()
    let wrong = try SheetOffice.stranger(codes)
    for number in 1...4 {
      #expect(try office.show(wrong, for: number == 1 ? .unlock : .logon, uses: number.isMultiple(of: 2)) == "V194")
    }
    #expect(try office.sheets().first?.wrong == 4)
    #expect(try office.show(codes[0], uses: false) == "right", "four are not five")
    #expect(try office.show(wrong) == "V196" && office.show(codes[0]) == "V196" && office.show(wrong) == "V196")
    #expect(try office.sheets().map(\.state) == [.dead] && office.sheets().first?.wrong == 5)
    #expect(try office.rows("vault.code.wrong").count == 4 && office.rows("vault.code.dead").count == 1)
    // Not forgotten by a restart, and over with a new sheet.
    #expect(try office.show(codes[0], from: office.city.office.reopen()) == "V196")
    #expect(try office.show(office.issue()[0]) == "right")
  }

  @Test("bound to its person, segment and day")
  func bound() throws {
    let office = try SheetOffice(segments: [.lgwan, .mynumber])
    let codes = try office.issue()
    #expect(try office.show(codes[0], of: "kato") == "V193", "she has none")
    #expect(try office.show(codes[0], in: .mynumber) == "V197")
    let kato = try office.issue("kato")
    #expect(try office.show(codes[0], of: "kato", uses: false) == "V194")
    #expect(try office.show(kato[0], of: "kato", uses: false) == "right")
    let tomorrow = try office.issue("mori", from: office.now + 3_600_000)
    #expect(try office.show(tomorrow[0], of: "mori") == "V197", "before its day")
    office.city.office.clock.advance(seconds: 3600)
    #expect(try office.show(tomorrow[0], of: "mori", uses: false) == "right")
    office.city.office.clock.advance(seconds: 22 * 3600 - 1)
    #expect(try office.show(codes[0], uses: false) == "right", "the last second of its day")
    office.city.office.clock.advance(seconds: 1)
    #expect(try office.show(codes[0]) == "V197" && office.sheets().first { $0.person.text == "ito" }?.wrong == 0)
  }

  @Test("a new sheet ends the former one; a withdrawn one is none")
  func replaced() throws {
    let first = try office.issue()
    let second = try office.issue(unlocks: 0)
    #expect(second.count == 1)
    #expect(try office.show(first[0]) == "V194")
    #expect(try office.withdraw("kato") == "V193" && office.withdraw() == "answered" && office.withdraw() == "V193")
    #expect(try office.show(second[0]) == "V193" && office.sheets().map(\.state) == [.withdrawn])
    #expect(try office.rows("vault.code.withdrawn").count == 1)
  }

  @Test("the desk or an administrator signs, never the person; an act is carried out once")
  func signers() throws {
    #expect(try office.issue(by: office.city.sato).count == 3)
    let auditor = try Clerk("auditor-1")
    let register = try office.city.office.register(auditor, by: office.city.sato, role: "auditor")
    #expect(office.city.office.refusal(register) == "answered")
    func refusal(_ act: SignedAct) -> String { office.city.office.refusal(.lookUp(.issue(act))) }
    #expect(try refusal(office.act(by: auditor)) == "V121")
    #expect(try refusal(office.act(by: Clerk("nobody"))) == "V121")
    #expect(try refusal(office.act("person-desk-1")) == "V121", "her own")
    let act = try office.act()
    #expect(refusal(act) == "answered" && refusal(act) == "V123")
    let late = try office.act()
    office.city.office.clock.advance(seconds: 601)
    #expect(refusal(late) == "V122")
    #expect(try office.withdraw(by: auditor) == "V121")
  }

  @Test("what an act must say: its own parameters, a day that is one, a segment of this instance, a key of its suite")
  func acts() throws {
    func refusal(_ act: SignedAct) -> String { office.city.office.refusal(.lookUp(.issue(act))) }
    for (name, value) in [
      ("person", ""), ("segment", "A b"), ("from", "-1"), ("from", "x"), ("from", "01"), ("until", "9223372036854775807"),
      ("unlocks", "10"), ("unlocks", "-1"), ("unlocks", ""), ("suite", "none"), ("key", "00"), ("key", "zz"),
      ("reason", "two\nlines"), ("reason", String(repeating: "x", count: 501)), ("more", "1"),
    ] {
      #expect(try refusal(office.act { $0[name] = value }) == "V121", "\(name)")
    }
    #expect(try refusal(office.act(segment: "internet")) == "V115")
    let now = office.now
    #expect(try refusal(office.act(from: now - VaultSheet.longest)) == "V121", "over already")
    #expect(try refusal(office.act(from: now, until: now + VaultSheet.longest + 1)) == "V121")
    #expect(try refusal(office.act(from: now, until: now)) == "V121")
    #expect(try refusal(office.act(from: now + VaultSheet.furthest + 1)) == "V121")
    #expect(try refusal(office.act(from: now + VaultSheet.furthest, unlocks: "9")) == "answered")
    #expect(try office.sheets().map(\.unlocks) == [9])
  }

  @Test("only the server shows codes; nobody but it and the desk's users asks for sheets")
  func peers() throws {
    let code = try LookUpCode(number: 1)
    let shown = VaultRequest.lookUp(
      .show(
        ShownLookUpCode(
          person: try PersonID(parsing: "ito"), segment: .lgwan, workstation: try WorkstationID(parsing: "PC-1"),
          purpose: .logon, isUse: true, code: code)))
    let rotator = PeerCredentials(uid: 7004, gid: 7004, pid: 1)
    for peer in [Office.desk, Office.stranger, rotator] {
      #expect(office.city.office.refusal(shown, from: peer) == "V103")
    }
    for request in [VaultRequest.lookUp(.list(after: "")), .lookUp(.issue(try office.act()))] {
      for peer in [Office.stranger, rotator] { #expect(office.city.office.refusal(request, from: peer) == "V103") }
      #expect(office.city.office.refusal(request, from: Office.desk) == "answered")
    }
    #expect(office.city.office.refusal(.lookUp(.list(after: "x"))) == "V104")
  }

  @Test("who carries a sheet cannot read it, and one printed for another act does not open")
  func sealed() throws {
    let act = try office.act()
    guard case .lookUp(.issued(let sheet)) = office.city.office.ask(.lookUp(.issue(act))) else { throw Office.Unexpected() }
    let other = try SealingKey(.xwing, seed: Secret(copying: Office.random(32)))
    #expect(throws: SealingFault.self) { try office.open(sheet, act, with: other) }
    #expect(throws: SealingFault.self) { try office.open(sheet, office.act()) }
    for code in try office.open(sheet, act) {
      // Neither the digits nor a plain hash of them stand in any file.
      let forms = [code.digits, Array(code.printed.utf8), Array(SHA256.hash(data: code.digits))]
      for name in try FileManager.default.subpathsOfDirectory(atPath: office.city.office.folder.path) {
        let data = FileManager.default.contents(atPath: office.city.office.folder.path + "/" + name)
        for form in forms { #expect(data?.range(of: Data(form)) == nil, "\(name)") }
      }
    }
  }

  @Test(
    "a row that was put back, bent or exchanged is found: no yes from it, or an alarm at the next start",
    arguments: ["put back", "bent", "gone"])
  func tampered(change: String) throws {
    let codes = try office.issue()
    try office.city.tamper("CREATE TABLE former AS SELECT * FROM lookup_sheets")
    #expect(try office.show(codes[0]) == "right")
    switch change {
    case "put back": try office.city.tamper("DELETE FROM lookup_sheets;;INSERT INTO lookup_sheets SELECT * FROM former")
    case "bent": try office.city.tamper("UPDATE lookup_sheets SET wrong = 1")
    default: try office.city.tamper("DELETE FROM lookup_sheets")
    }
    if change == "bent" { #expect(try office.show(codes[1], for: .unlock) == "V190") }
    office.city.office.restart(try office.city.office.reopen())
    #expect(try office.rows("vault.register.changed").count == 1)
  }

  @Test("the layer of registers takes sheets along, and they work on")
  func renewed() throws {
    let codes = try office.issue()
    let before = try office.city.tamper("SELECT mac FROM lookup_sheets")
    try office.city.rotate([.registers])
    #expect(try office.city.tamper("SELECT mac FROM lookup_sheets") != before)
    office.city.office.restart(try office.city.office.reopen())
    #expect(try office.show(codes[0]) == "right" && office.rows("vault.register.changed").isEmpty)
  }

  @Test("what a state that was put back holds may have been used since: its sheets do not count")
  func restored() throws {
    let recovery = try RecoveryKey(random: Secret(count: 32) { $0[0] = 9 })
    let office = try SheetOffice(office: Office(recoveryKey: recovery.publicKey.text))
    let codes = try office.issue()
    try office.city.tamper("INSERT INTO restored(id, made_at) VALUES (1, 1)")
    office.city.office.restart(try office.city.office.reopen())
    #expect(try office.show(codes[0]) == "V140")
    let approval = RestoreApproval(
      epoch: 2, size: 0, root: TreeHash.empty.bytes, head: 0, headRoot: TreeHash.empty.bytes, lost: 0
    ).parameters
    let act = try office.city.act(Act.Kind.approveRestore, approval)
    #expect(office.city.office.refusal(.approveRestore(act)) == "answered")
    #expect(try office.show(codes[0]) == "V193")
    office.city.office.clock.advance(seconds: 1)
    #expect(try office.show(office.issue()[0]) == "right")
  }

  @Test("two that are shown at the same moment: one of them is taken")
  func together() async throws {
    let codes = try office.issue()
    let office = office
    let answers = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<8 { group.addTask { try office.show(codes[0], at: "PC-\(number)") } }
      var answers: [String] = []
      for try await answer in group { answers.append(answer) }
      return answers
    }
    #expect(answers.filter { $0 == "right" }.count == 1 && answers.filter { $0 == "V195" }.count == 7)
  }
}
