import AuditLog
import AuthAPI
import AuthTerms
import CardsInMemory
import FaultyDisk
import Foundation
import SSOVault
import Sealing
import SmartCard
import Testing

@Suite("cities' keys and counters of cards are rows like the others: renewed, found when they were put back, and backed up")
struct SharedCardRegisterTests {
  let city: SharedCardCity
  init() throws { city = try SharedCardCity() }

  @discardableResult
  private func tamper(_ sql: String, at state: String? = nil) throws -> String { try city.city.tamper(sql, at: state) }

  private func everyCardIsProven(_ comment: Comment? = nil) throws {
    var felica = try SharedCardCity.liteSCard()
    felica.counter = 0x1000
    if let last = try Int(tamper("SELECT counter FROM card_counters").trimmingCharacters(in: .newlines)) {
      felica.counter = UInt32(last)
    }
    #expect(try city.run(city.liteS, &felica, number: felica.number).hasPrefix("proven "), comment)
    var desfire = try SharedCardCity.desfireCard()
    #expect(try city.run(city.desfire, &desfire, number: desfire.number) == "proven", comment)
  }

  // MARK: Renewal

  @Test("the layer of credentials takes these keys along, and then its former root is gone")
  func renewed() throws {
    try city.city.set("correct horse", for: "ito")
    let (salts, sealed) = (try tamper("SELECT salt FROM card_keys"), try tamper("SELECT sealed FROM card_keys"))
    try city.city.expectNoted(city.city.rotation([.credentials]))
    let vault = city.office.service
    #expect(try vault.advanceRotation(atMost: 1) == .again)
    #expect(try city.city.terms()[.credentials]?.left == 2, "two keys behind the credential")
    #expect(try vault.advanceRotation(atMost: 1) == .again)
    #expect(try tamper("SELECT ring FROM card_keys ORDER BY ring") == "1\n2\n" && city.city.terms()[.credentials]?.left == 1)
    try everyCardIsProven("half renewed")
    try city.city.carryOn()
    #expect(try tamper("SELECT ring FROM card_keys") == "2\n2\n")
    let after = try (tamper("SELECT salt FROM card_keys"), tamper("SELECT sealed FROM card_keys"))
    #expect(Set(after.0.split(separator: "\n")).isDisjoint(with: salts.split(separator: "\n")))
    #expect(Set(after.1.split(separator: "\n")).isDisjoint(with: sealed.split(separator: "\n")))
    #expect(try tamper("SELECT name FROM sealed_keys WHERE name LIKE 'credential/%'") == "credential/2\n")
    try everyCardIsProven("renewed")
    city.office.restart(try city.office.reopen())
    try everyCardIsProven("renewed, and started anew")
    #expect(try city.rows("vault.credentials.resealed").map(\.count) == [1, 1, 1])
    #expect(try city.rows("vault.register.changed").isEmpty && city.keys().map(\.version) == [1, 1])
  }

  @Test("the layer of registers writes their codes anew")
  func codes() throws {
    try everyCardIsProven()
    let before = try Set((tamper("SELECT mac FROM card_keys;;SELECT mac FROM card_counters")).split(separator: "\n"))
    #expect(before.count == 3)
    try city.city.rotate([.registers])
    let after = try Set((tamper("SELECT mac FROM card_keys;;SELECT mac FROM card_counters")).split(separator: "\n"))
    #expect(after.count == 3 && after.isDisjoint(with: before))
    city.office.restart(try city.office.reopen())
    try everyCardIsProven()
    #expect(try city.rows("vault.register.changed").isEmpty)
  }

  // MARK: Rows that were put back, bent or taken away

  @Test(
    "a counter that was put back, bent or taken away: an alarm at the next start, and no yes from a row that was bent",
    arguments: ["put back", "bent", "gone", "another's"])
  func counter(change: String) throws {
    var card = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    try tamper("CREATE TABLE former AS SELECT * FROM card_counters")
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 300")
    switch change {
    case "put back":
      try tamper("DELETE FROM card_counters;;INSERT INTO card_counters SELECT * FROM former")
    case "bent": try tamper("UPDATE card_counters SET counter = 1")
    case "gone": try tamper("DELETE FROM card_counters")
    default: try tamper("UPDATE card_counters SET number = x'0102030405060708'")
    }
    var copy = card
    if change == "bent" { #expect(try city.run(city.liteS, &copy, number: copy.number) == "V190") }
    city.office.restart(try city.office.reopen())
    #expect(try city.rows("vault.register.changed").count == 1)
    #expect(try city.rows("vault.register.damaged").count == (change == "bent" ? 1 : 0))
  }

  @Test("the table of counters put back together with its sum does not fit the log")
  func together() throws {
    var card = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    try tamper("CREATE TABLE c AS SELECT * FROM card_counters;;CREATE TABLE s AS SELECT * FROM register_seal")
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 300")
    try tamper(
      """
      DELETE FROM card_counters;;INSERT INTO card_counters SELECT * FROM c;;DELETE FROM register_seal;;
      INSERT INTO register_seal SELECT * FROM s
      """)
    city.office.restart(try city.office.reopen())
    #expect(try city.rows("vault.register.changed").count == 1)
  }

  @Test("keys exchanged between two scripts, or a row that was bent: nothing is driven with them, and an alarm says so")
  func keysMoved() throws {
    try city.city.expectNoted(city.setting(Numbers.secret(3), for: SharedCardCity.desfireScript(id: "other")))
    try tamper(
      """
      UPDATE card_keys SET sealed = (SELECT sealed FROM card_keys WHERE script = 'other'),
        salt = (SELECT salt FROM card_keys WHERE script = 'other') WHERE script = 'hall-desfire'
      """)
    #expect(SharedCardCity.word(city.begin(city.desfire, [UInt8](repeating: 1, count: 7))) == "V190")
    #expect(try city.rows("vault.register.damaged").map(\.note) == ["card_keys"])
    #expect(city.office.refusal(.listCardKeys) == "V190")
    #expect(SharedCardCity.word(city.begin(city.liteS, [UInt8](repeating: 1, count: 8))) == "commands", "others go on")
    // Somebody looked: what nobody vouches for goes, and the key is set anew.
    try city.city.expectNoted(.resumeReleases(city.city.act(Act.Kind.resumeReleases, [:])))
    #expect(SharedCardCity.word(city.begin(city.desfire, [UInt8](repeating: 1, count: 7))) == "V186")
    try city.city.expectNoted(city.setting(SharedCardCity.desfireMaster, for: city.desfire))
    try everyCardIsProven()
  }

  @Test("a former key put back with its row is found at the next start")
  func formerKey() throws {
    try tamper("CREATE TABLE former AS SELECT * FROM card_keys")
    try city.city.expectNoted(city.setting(Numbers.secret(8), for: city.desfire))
    try tamper("DELETE FROM card_keys;;INSERT INTO card_keys SELECT * FROM former")
    city.office.restart(try city.office.reopen())
    #expect(try city.rows("vault.register.changed").count == 1)
  }

  // MARK: Disk, restore, older vaults

  @Test("the power is cut at each write and sync of a proof: what was answered is remembered")
  func cut() throws {
    var number = 0
    let former = city.office.service
    while true {
      let disk = try FaultyDisk(copying: city.office.state)
      city.office.restart(try city.office.reopen(at: disk.folder))
      let start = disk.operations
      disk.cutPower(at: start + number)
      var card = try SharedCardCity.liteSCard()
      let copy = card
      let word = try city.run(city.liteS, &card, number: card.number)
      #expect(["proven 299", "V190"].contains(word), "cut at \(number)")
      let end = disk.operations
      let left = try disk.remains(.nothing)
      defer { try? FileManager.default.removeItem(atPath: left) }
      city.office.restart(try city.office.reopen(at: left))
      var again = word == "V190" ? card : copy
      // A card that was proven is ahead of its copy for good; one that was not may be asked again.
      let second = try city.run(city.liteS, &again, number: again.number)
      #expect(word == "V190" ? second.hasPrefix("proven") : second == "clone-suspected", "cut at \(number): \(word), \(second)")
      if end <= start + number { break }
      number += 1
    }
    city.office.restart(former)
    #expect(number > 2)
  }

  @Test("a restored copy drives nothing before administrators approve it; then cards ahead of it are welcome")
  func restored() throws {
    var card = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    let folder = city.office.folder.appending(path: "restored").path
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try tamper("VACUUM INTO '\(folder)/vault.sqlite'")
    try tamper("INSERT INTO restored(id, made_at) VALUES (1, 1)", at: folder)
    // Used on since the copy was made.
    let copied = card
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 300")
    city.office.restart(try city.office.reopen(at: folder))
    #expect(try city.run(city.liteS, &card, number: card.number) == "V140")
    for request in try [.listCardKeys, city.setting(SharedCardCity.desfireMaster, for: city.desfire)] {
      #expect(city.office.refusal(request) == "V140")
    }
    let approval = RestoreApproval(
      epoch: 2, size: 0, root: TreeHash.empty.bytes, head: 0, headRoot: TreeHash.empty.bytes, lost: 0
    ).parameters
    #expect(city.office.refusal(.approveRestore(try city.city.act(Act.Kind.approveRestore, approval))) == "answered")
    // What a counter of before the copy costs: a clone made in between is taken, until the card itself was here once.
    var clone = copied
    #expect(try city.run(city.liteS, &clone, number: clone.number) == "proven 300")
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 301")
    #expect(try city.run(city.liteS, &clone, number: clone.number) == "clone-suspected")
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 302")
  }

  @Test("a vault of the version before, without these tables, takes them from then on")
  func migrated() throws {
    let bare = try SharedCardCity(keys: false)
    try bare.city.tamper("DELETE FROM grdb_migrations WHERE identifier = '7';;DROP TABLE card_keys;;DROP TABLE card_counters")
    bare.office.restart(try bare.office.reopen())
    #expect(try bare.rows("vault.register.changed").isEmpty && bare.keys() == [])
    try bare.city.expectNoted(bare.setting(SharedCardCity.liteSMaster, for: bare.liteS))
    var card = try SharedCardCity.liteSCard()
    #expect(try bare.run(bare.liteS, &card, number: card.number) == "proven 299")
    bare.office.restart(try bare.office.reopen())
    #expect(try bare.rows("vault.register.changed").isEmpty)
  }

  @Test("the city's key and a card's stand in no file of the vault, and in no row of its log")
  func canary() throws {
    let recovery = try RecoveryKey(random: Secret(count: 32) { $0[0] = 9 })
    let city = try SharedCardCity(Office(recoveryKey: recovery.publicKey.text))
    var felica = try SharedCardCity.liteSCard()
    var desfire = try SharedCardCity.desfireCard()
    func expectAbsent(_ comment: Comment) throws {
      let folder = city.office.folder.path
      let secrets = [SharedCardCity.liteSMaster, SharedCardCity.desfireMaster, felica.cardKey, desfire.key].map {
        $0.withBytes { Array($0) }
      }
      var files = 0
      for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
        guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
        files += 1
        for secret in secrets {
          for start in stride(from: 0, to: secret.count, by: 8) {
            let part = Array(secret[start..<start + 8])
            for form in [part, Array(part.reversed()), Array(Hex.encode(part).utf8), Array(Hex.encode(part).uppercased().utf8)]
            {
              #expect(data.range(of: Data(form)) == nil, "\(name): \(comment)")
            }
          }
        }
      }
      #expect(files > 2)
    }
    try expectAbsent("set")
    #expect(try city.run(city.liteS, &felica, number: felica.number) == "proven 299")
    #expect(try city.run(city.desfire, &desfire, number: desfire.number) == "proven")
    try expectAbsent("driven")
    try city.city.rotate(Set(VaultLayer.allCases))
    try expectAbsent("rotated")
    guard case .backup = city.office.ask(.openBackup) else { throw Office.Unexpected() }
    try expectAbsent("backed up")
  }
}
