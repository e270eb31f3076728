import AuditLog
import AuthAPI
import AuthTerms
import CardsInMemory
import Foundation
import Isolation
import Programs
import SSOVault
import SmartCard
import Testing

@Suite("alarms stay open until an administrator says what she found, and in the list for ever")
struct AlarmTests {
  let city: SharedCardCity
  init() throws { city = try SharedCardCity() }

  private func alarms(after number: UInt64 = 0) throws -> [VaultAlarm] {
    guard case .alarms(let alarms) = city.office.ask(.upkeep(.listAlarms(after: number))) else { throw Office.Unexpected() }
    return alarms
  }

  /// A copy that counts less than its card.
  private func clone() throws {
    var card = try SharedCardCity.liteSCard()
    var copy = card
    #expect(try city.run(city.liteS, &card, number: card.number).hasPrefix("proven"))
    #expect(try city.run(city.liteS, &copy, number: copy.number) == "clone-suspected")
  }

  private func seeing(
    _ alarm: VaultAlarm, by clerk: Clerk? = nil, changing: (inout [String: String]) -> Void = { _ in }
  ) throws -> VaultRequest {
    var parameters = [
      "alarm": String(alarm.number), "action": alarm.action, "times": String(alarm.times), "reason": "card taken in",
    ]
    changing(&parameters)
    return .upkeep(.seeAlarm(try city.city.act(Act.Kind.seeAlarm, parameters, by: clerk)))
  }

  @Test("seen: who, when and why; no more open, in the list and in the log still, also after a restart")
  func seen() throws {
    #expect(try alarms().isEmpty && city.office.status().alarms == 0)
    try clone()
    let alarm = try #require(try alarms().first)
    #expect(alarm.number == 1 && alarm.action == "card.clone" && alarm.note.hasPrefix("branch-lite-s card "))
    #expect(alarm.times == 1 && alarm.firstAt == city.office.clock.now.wallMilliseconds && alarm.seen == nil)
    city.office.clock.advance(seconds: 30)
    let at = city.office.clock.now.wallMilliseconds
    try city.city.expectNoted(seeing(alarm))
    #expect(try city.office.status().alarms == 0)
    let kept = try #require(try alarms().first)
    #expect(kept.seen == VaultAlarm.Seen(by: city.city.sato.id, at: at, reason: try Remark(parsing: "card taken in")))
    #expect(try city.rows("vault.card.clone").count == 1, "the row stays")
    let row = try #require(try city.rows("vault.alarm.seen").first)
    #expect(row.operatorID == city.city.sato.id && row.outcome == .done)
    #expect(row.note.hasPrefix("alarm 1 card.clone 1 time(s): card taken in by sato act "))
    city.office.restart(try city.office.reopen())
    #expect(try alarms() == [kept] && city.office.status().alarms == 0)
  }

  @Test("twice, another number, another word, raised again since: V198 or V199, and it is as it was")
  func other() throws {
    try clone()
    let alarm = try #require(try alarms().first)
    func code(_ changing: (inout [String: String]) -> Void) throws -> String {
      city.office.refusal(try seeing(alarm, changing: changing))
    }
    #expect(try code { $0["alarm"] = "2" } == "V198")
    #expect(try code { $0["action"] = "cards.flooded" } == "V198")
    #expect(try code { $0["times"] = "2" } == "V198", "not what was looked at")
    #expect(try alarms() == [alarm])
    let request = try seeing(alarm)
    try city.city.expectNoted(request)
    #expect(city.office.refusal(request) == "V123", "the very act again")
    #expect(city.office.refusal(try seeing(alarm)) == "V199")
    #expect(try city.rows("vault.alarm.seen").count == 1)
  }

  @Test("what happens again before anybody looked counts on; afterwards it is another alarm")
  func again() throws {
    let log = try CheckpointTests.Log(rows: 40)
    let bent = try CheckpointTests.Log(rows: 40, changed: 4)
    _ = city.office.ask(.signCheckpoint(try log.request(from: 0, to: 10)))
    let request = VaultRequest.signCheckpoint(try bent.request(from: 0, to: 10))
    for _ in 0..<3 { #expect(city.office.refusal(request) == "V130") }
    let first = try #require(try alarms().first)
    #expect(try alarms().count == 1 && first.times == 3 && first.action == "checkpoint.contradicts")
    #expect(try city.office.status().alarms == 3)
    #expect(city.office.refusal(request) == "V130")
    #expect(city.office.refusal(try seeing(first)) == "V198", "a fourth one came")
    try city.city.expectNoted(seeing(try #require(try alarms().first)))
    #expect(try city.office.status().alarms == 0)
    #expect(city.office.refusal(request) == "V130")
    #expect(try alarms().map(\.times) == [4, 1] && city.office.status().alarms == 1)
  }

  @Test("no reason, a blank one, one that hides something, more or fewer parameters: refused before anything is written")
  func malformed() throws {
    try clone()
    let alarm = try #require(try alarms().first)
    let changes: [(inout [String: String]) -> Void] = [
      { $0["reason"] = "" }, { $0["reason"] = " \u{3000}" }, { $0["reason"] = "a\u{202E}b" }, { $0["reason"] = "a\nb" },
      { $0["reason"] = String(repeating: "x", count: 501) }, { $0["reason"] = nil }, { $0["alarm"] = "01" },
      { $0["alarm"] = "0" }, { $0["alarm"] = "-1" }, { $0["alarm"] = "" }, { $0["more"] = "x" },
    ]
    for change in changes { #expect(city.office.refusal(try seeing(alarm, changing: change)) == "V121") }
    #expect(try alarms() == [alarm] && city.rows("vault.alarm.seen").isEmpty)
  }

  @Test("an administrator's signature alone; the desk, an auditor and who is nobody see nothing for her")
  func signers() throws {
    try clone()
    let alarm = try #require(try alarms().first)
    for role in ["desk", "auditor"] {
      let clerk = try Clerk("one-\(role)")
      let entry = try city.office.register(clerk, by: city.city.sato, approvedBy: [city.tanaka], role: role)
      #expect(city.office.refusal(entry) == "answered")
      #expect(city.office.refusal(try seeing(alarm, by: clerk)) == "V121")
    }
    #expect(city.office.refusal(try seeing(alarm, by: Clerk("nobody"))) == "V121")
    let request = try seeing(alarm)
    for peer in [Office.stranger, PeerCredentials(uid: 7004, gid: 7004, pid: 1)] {
      #expect(city.office.refusal(request, from: peer) == "V103")
      #expect(city.office.refusal(.upkeep(.listAlarms(after: 0)), from: peer) == "V103")
    }
    city.office.clock.advance(seconds: 601)
    #expect(city.office.refusal(request) == "V122")
    #expect(try alarms() == [alarm])
    #expect(city.office.refusal(try seeing(alarm), from: Office.desk) == "answered")
  }

  @Test("the list comes in pages, in the order of the numbers")
  func pages() throws {
    let statements = (1...70).map { number in
      "INSERT INTO raised_alarms(action, note, times, first_at, last_at) VALUES ('register.damaged', 'table \(number)', 1, "
        + "\(number), \(number))"
    }
    try city.city.tamper(statements.joined(separator: ";;"))
    var all: [VaultAlarm] = []
    while true {
      let page = try alarms(after: all.last?.number ?? 0)
      all += page
      if page.count < VaultAlarm.mostAtOnce { break }
    }
    #expect(all.map(\.number) == (1...70).map { UInt64($0) } && all.map(\.firstAt) == (1...70).map { Int64($0) })
    #expect(try alarms(after: .max).isEmpty && city.office.status().alarms == 70)
  }

  @Test("what was only counted before alarms were listed is one of them, open, with its count", arguments: [0, 5])
  func migrated(count: Int) throws {
    try city.city.tamper(
      """
      DELETE FROM grdb_migrations WHERE identifier = '9';;DROP TABLE raised_alarms;;
      CREATE TABLE alarms(id INTEGER PRIMARY KEY, count INTEGER NOT NULL);;INSERT INTO alarms VALUES (1, \(count))
      """)
    city.office.restart(try city.office.reopen())
    #expect(try city.city.tamper("SELECT count(*) FROM sqlite_master WHERE name = 'alarms'") == "0\n", "nobody counts there")
    #expect(try city.office.status().alarms == UInt64(count))
    guard count > 0 else {
      #expect(try alarms().isEmpty)
      return
    }
    let alarm = try #require(try alarms().first)
    #expect(alarm.action == "alarms.former" && alarm.times == 5 && alarm.firstAt == 0)
    try city.city.expectNoted(seeing(alarm))
    #expect(try city.office.status().alarms == 0)
  }
}

@Suite("a city's key for shared-key cards is taken away by two administrators, who know how many cards that ends")
struct CardKeyRemovalTests {
  let city: SharedCardCity
  init() throws { city = try SharedCardCity() }

  private func removing(
    _ script: String = "branch-lite-s", cards: String = "0", told: UInt64 = 0, signed: [Clerk]? = nil
  ) throws -> VaultRequest {
    let signers = signed ?? [city.city.sato, city.tanaka]
    let act = try Act(
      kind: Act.Kind.removeCardKey, operatorID: signers[0].id, instance: city.office.instance, nonce: Office.random(16),
      issuedAt: city.office.clock.now.wallMilliseconds, parameters: ["script": script, "cards": cards])
    return .upkeep(.removeCardKey(try signers[0].sign(act, approvedBy: Array(signers.dropFirst())), cards: told))
  }

  /// Whether any file of the vault has these bytes (hexadecimal). Another process looks: a descriptor that this one closes would take
  /// SQLite's locks along, and the next one to open the state would take it for nobody's.
  private func isInFiles(_ bytes: String) throws -> Bool {
    let ran = try Program.run([
      "python3", "-c",
      """
      import pathlib, sys
      files = [f for f in pathlib.Path(sys.argv[1]).iterdir() if f.is_file()]
      print(len(files), any(bytes.fromhex(sys.argv[2]) in f.read_bytes() for f in files))
      """, city.office.state, bytes,
    ])
    let words = ran.output.split(whereSeparator: \.isWhitespace)
    try #require(ran.status == 0 && words.count == 2 && words[0] != "0", "\(ran.errors)")
    return words[1] == "True"
  }

  @Test("gone from the list, from exchanges under way and from the files; the other key and the registers are as they were")
  func removed() throws {
    let bytes = try city.city.tamper("SELECT sealed FROM card_keys WHERE script = 'branch-lite-s'")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try isInFiles(bytes), "the search finds what is there")
    var card = try SharedCardCity.liteSCard()
    let begun = city.begin(city.liteS, card.number)
    guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(commands, to: &card)

    try city.city.expectNoted(removing(cards: "12", told: 12))
    #expect(try city.keys().map(\.script) == ["hall-desfire"])
    #expect(SharedCardCity.word(city.step(begun.exchange, answers)) == "V188")
    #expect(try city.run(city.liteS, &card, number: card.number) == "V186")
    #expect(try !isInFiles(bytes), "its bytes are overwritten")
    let row = try #require(try city.rows("vault.cardkey.removed").first)
    #expect(row.note.hasPrefix("branch-lite-s version 1 with 12 registered by sato+tanaka act "))
    var desfire = try SharedCardCity.desfireCard()
    #expect(try city.run(city.desfire, &desfire, number: desfire.number) == "proven")

    city.office.restart(try city.office.reopen())
    #expect(try city.office.status().alarms == 0, "the registers are what was written")
    #expect(try city.keys().map(\.script) == ["hall-desfire"])
    // Set anew, it is a first version again, and the card's counter goes on.
    try city.city.expectNoted(city.setting(SharedCardCity.liteSMaster, for: city.liteS))
    #expect(try city.run(city.liteS, &card, number: card.number).hasPrefix("proven"))
  }

  @Test("while somebody else reads, the key's bytes stay in the files: they go with the next try")
  func removedFromFilesLater() throws {
    let bytes = try city.city.tamper("SELECT sealed FROM card_keys WHERE script = 'branch-lite-s'")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let reader = try Program([
      "python3", "-c",
      """
      import sqlite3, sys, time
      c = sqlite3.connect(sys.argv[1], isolation_level=None)
      c.execute("BEGIN")
      c.execute("SELECT count(*) FROM log_rows").fetchone()
      print("reads", flush=True)
      time.sleep(60)
      """, city.office.state + "/vault.sqlite",
    ])
    defer { reader.kill() }
    let end = ContinuousClock.now + .seconds(30)
    while !reader.output.contains("reads"), reader.isRunning, ContinuousClock.now < end { usleep(10_000) }
    try #require(reader.output.contains("reads"), "\(reader.errors)")
    try city.city.expectNoted(removing())
    #expect(try isInFiles(bytes), "it could not be cut")
    reader.kill()
    city.office.service.cutLogIfDue()
    #expect(try !isInFiles(bytes))
  }

  @Test("an exchange that outlives its key, because a step of it was under way, proves nobody")
  func removedMeanwhile() throws {
    let once = try SharedCardCity.liteSScript(id: "once", rounds: 1)
    try city.city.expectNoted(city.setting(SharedCardCity.liteSMaster, for: once))
    var card = try SharedCardCity.liteSCard()
    let begun = city.begin(once, card.number)
    guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(commands, to: &card)
    // The key alone: the exchange is as open as one that was kept behind the removal.
    try city.city.tamper("DELETE FROM card_keys WHERE script = 'once'")
    #expect(SharedCardCity.word(city.step(begun.exchange, answers)) == "V186")
    #expect(try city.rows("vault.card.proven").isEmpty)
    #expect(try city.city.tamper("SELECT count(*) FROM card_counters") == "0\n")
  }

  @Test("another number of cards than both have signed, no such key, one signature, a desk's: the key stays")
  func refused() throws {
    #expect(city.office.refusal(try removing(cards: "0", told: 1)) == "V167")
    #expect(city.office.refusal(try removing(cards: "2", told: 1)) == "V167")
    #expect(city.office.refusal(try removing(cards: "", told: 0)) == "V167")
    #expect(city.office.refusal(try removing("no-such-card")) == "V186")
    let desk = try Clerk("desk-1")
    let entry = try city.office.register(desk, by: city.city.sato, approvedBy: [city.tanaka], role: "desk")
    #expect(city.office.refusal(entry) == "answered")
    let sato = city.city.sato
    for signed in [[sato], [sato, sato], [sato, desk], [desk, sato]] {
      #expect(city.office.refusal(try removing(signed: signed)) == "V121")
    }
    let request = try removing()
    for peer in [Office.stranger, PeerCredentials(uid: 7004, gid: 7004, pid: 1)] {
      #expect(city.office.refusal(request, from: peer) == "V103")
    }
    city.office.clock.advance(seconds: 601)
    #expect(city.office.refusal(request) == "V122")
    #expect(try city.keys().map(\.script) == ["branch-lite-s", "hall-desfire"])
    #expect(try city.rows("vault.cardkey.removed").isEmpty)
  }

  @Test("a key's row that is put back after it was taken away stops releases at the next start")
  func putBack() throws {
    let row = try city.city.tamper(
      "CREATE TABLE kept AS SELECT * FROM card_keys WHERE script = 'branch-lite-s';;SELECT count(*) FROM kept")
    #expect(row.hasPrefix("1"))
    try city.city.expectNoted(removing())
    try city.city.tamper("INSERT INTO card_keys SELECT * FROM kept;;DROP TABLE kept")
    city.office.restart(try city.office.reopen())
    #expect(try city.office.status().alarms == 1)
    #expect(try city.rows("vault.register.changed").count == 1)
  }
}
