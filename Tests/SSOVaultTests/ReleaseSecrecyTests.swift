import AuditLog
import AuthAPI
import AuthTerms
import CertificateTrust
import Foundation
import Isolation
import SSOVault
import Sealing
import Testing

@Suite("a password leaves the vault sealed to one session, and by no other way")
struct ReleaseSecrecyTests {
  private static let canary = "sanmon-canary-7Qz4KpX2"

  /// As it is, in hexadecimal, in base 64 (each alignment) and as UTF-16.
  private static func forms(_ text: String) -> [[UInt8]] {
    let bytes = Array(text.utf8)
    let hex = Hex.encode(bytes)
    var forms: [[UInt8]] = [bytes, Array(hex.utf8), Array(hex.uppercased().utf8), bytes.flatMap { [$0, 0] as [UInt8] }]
    for offset in 0..<3 {
      let encoded = Data([UInt8](repeating: 0, count: offset) + bytes).base64EncodedString()
      forms.append(Array(encoded.dropFirst(4).dropLast(4).utf8))
    }
    return forms
  }

  private static func files(_ folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      files[name] = FileManager.default.contents(atPath: folder + "/" + name)
    }
    return files
  }

  private func expectAbsent(_ city: SSOCity, _ comment: Comment) throws {
    let files = try Self.files(city.office.folder.path)
    #expect(files.keys.contains { $0.hasSuffix("vault.sqlite") } && files.keys.contains { $0.hasSuffix("-wal") }, comment)
    for (name, data) in files {
      for form in Self.forms(Self.canary) { #expect(data.range(of: Data(form)) == nil, "\(name): \(comment)") }
    }
  }

  @Test("the canary stands in no file of the vault after it was set, handed over, rotated and backed up")
  func canary() throws {
    let recovery = try RecoveryKey(random: Secret(count: 32) { $0[0] = 9 })
    let city = try SSOCity(Office(recoveryKey: recovery.publicKey.text))
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set(Self.canary, for: "ito")
    try expectAbsent(city, "set")
    #expect(try city.password(session) == Self.canary)
    #expect(city.office.ask(try city.capture(Self.canary + "2", session, of: "ito")) == .noted)
    #expect(city.office.ask(try city.report(.refused, session)) == .noted)
    #expect(try city.password(session) == Self.canary)
    try expectAbsent(city, "handed over")
    try city.rotate(Set(VaultLayer.allCases))
    try expectAbsent(city, "rotated")
    guard case .backup = city.office.ask(.openBackup) else { throw Office.Unexpected() }
    try expectAbsent(city, "backed up")
    // The search finds what is there.
    try Data(("x" + Self.canary).utf8).write(to: city.office.folder.appending(path: "found"))
    let found = try #require(try Self.files(city.office.folder.path)["found"])
    #expect(found.range(of: Data(Self.forms(Self.canary)[0])) != nil)
  }

  @Test("rows of the log name person, workstation and version, and nothing of what was handed over")
  func rows() throws {
    let city = try SSOCity()
    let workstation = try city.workstation()
    let session = try city.session(city.card("ito"), at: workstation)
    try city.set(Self.canary, for: "ito")
    let act = try city.sessionAct(.release, session)
    guard case .released(let release) = city.office.ask(try city.request(act, session)) else { throw Office.Unexpected() }
    let ticket = try city.open(release, session).0.ticket
    let texts = try city.tamper("SELECT encoded FROM log_rows ORDER BY sequence").split(separator: "\n")
    let rows = try texts.map { try RecordEncoding.decode(Hex.decode($0)) }
    let row = try #require(rows.last)
    #expect(row.action == "vault.released" && row.outcome == .done && row.scenario == .release)
    #expect(row.person?.text == "ito" && row.workstation == workstation.id && row.segment == .lgwan)
    #expect(row.workstationCertificate == workstation.certificate)
    #expect(
      row.note
        == "ledger - version 1 ticket \(Hex.encode(Array(ticket.prefix(8)))) authorised=\(Hex.encode(SSOCity.authorised))")
    #expect(rows.contains { $0.action == "vault.credential.set" && $0.person?.text == "ito" && $0.operatorID == city.sato.id })
    #expect(rows.contains { $0.action == "vault.cards.registered" && $0.count == 1 })
    #expect(rows.contains { $0.action == "vault.application.published" })
    for row in rows { #expect(!row.note.contains(Self.canary) && !row.note.contains("u1")) }
  }

  @Test("what is sealed to the vault opens with its master key and its state, and with neither alone")
  func stolen() throws {
    let city = try SSOCity()
    try city.set(Self.canary, for: "ito")
    let session = try city.session(city.card("ito"), at: city.workstation())
    #expect(try city.password(session) == Self.canary)
    // The same database under another master key: nothing of it opens.
    let other = try Office()
    #expect(throws: VaultStartFault.self) {
      try VaultService(
        directory: city.office.state, master: Self.master(5, other),
        environment: VaultEnvironment(now: { other.clock.now }, random: Office.random))
    }
  }

  private static func master(_ byte: UInt8, _ office: Office) throws -> MasterKey {
    let path = office.folder.appending(path: "other-master").path
    try MasterKey.make(path: path, random: Secret(copying: [UInt8](repeating: byte, count: 32)))
    return try MasterKey.read(path: path)
  }

  @Test("a copy that was restored hands nothing over before administrators approve it, and then what it has")
  func restored() throws {
    let recovery = try RecoveryKey(random: Secret(count: 32) { $0[0] = 9 })
    let city = try SSOCity(Office(recoveryKey: recovery.publicKey.text))
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("of that day", for: "ito")
    let folder = city.office.folder.appending(path: "restored").path
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try city.tamper("VACUUM INTO '\(folder)/vault.sqlite'")
    // The mark that every copy in a backup bears.
    try city.tamper("INSERT INTO restored(id, made_at) VALUES (1, 1)", at: folder)
    let copy = try city.office.reopen(at: folder)
    func refusal(_ request: VaultRequest) -> String {
      if case .refused(let refusal) = copy.handle(request, from: Office.server, peers: Office.peers) {
        return refusal.code.rawValue
      }
      return "answered"
    }
    let sealed = try city.sealed("x", for: "ito")
    for request in try [
      city.release(session), city.capture("x", session, of: "ito"), city.report(.accepted, session),
      city.registration([TestCard("mori").entry]), city.publication("ledger"), city.setting(sealed, for: "ito"),
      .resumeReleases(city.act(Act.Kind.resumeReleases, [:])), .listCards(after: []), .listApplications,
      .listCredentials(after: ""), .setDeputies(city.act(Act.Kind.withdrawDeputies, [:])), .listDeputies(after: ""),
    ] { #expect(refusal(request) == "V140", "\(request.kind)") }
    let approval = RestoreApproval(
      epoch: 2, size: 0, root: TreeHash.empty.bytes, head: 0, headRoot: TreeHash.empty.bytes, lost: 0
    ).parameters
    #expect(refusal(.approveRestore(try city.act(Act.Kind.approveRestore, approval))) == "answered")
    #expect(try city.password(session, from: copy) == "of that day")
  }

  @Test("a vault of the version before, without these tables, is opened, and takes them from then on")
  func migrated() throws {
    let office = try Office()
    let sato = try Clerk("sato")
    try office.begin(with: sato)
    let city = try SSOCity(begun: office, by: sato)
    try city.tamper(
      """
      DELETE FROM grdb_migrations WHERE identifier >= '3';;DROP TABLE deputies;;DROP TABLE cards;;DROP TABLE applications;;DROP TABLE credentials;;
      DROP TABLE proven_sessions;;DROP TABLE handed_over;;DROP TABLE tickets;;DROP TABLE releases;;DROP TABLE register_seal;;
      DROP TABLE card_keys;;DROP TABLE card_counters;;DROP TABLE lookup_sheets;;DROP TABLE raised_alarms;;
      CREATE TABLE alarms(id INTEGER PRIMARY KEY, count INTEGER NOT NULL);;INSERT INTO alarms VALUES (1, 0);;
      DELETE FROM sealed_keys WHERE name IN ('intake', 'register', 'credential/1', 'lookup');;DROP TABLE key_terms;;DROP TABLE rotations
      """)
    office.restart(try office.reopen())
    let now = try SSOCity(begun: office, by: sato)
    #expect(now.published.ticket == city.published.ticket && now.published.intake != city.published.intake)
    try now.publish("ledger")
    try now.set("correct horse", for: "ito")
    let session = try now.session(now.card("ito"), at: now.workstation())
    #expect(try now.password(session) == "correct horse")
    #expect(try now.password(session, from: office.reopen()) == "correct horse", "and is as it was written")
  }

  @Test("a vault without deputies takes them from then on; what its sessions were handed stays their own person's")
  func migratedDeputies() throws {
    let city = try SSOCity()
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("one", for: "ito")
    #expect(try city.password(session) == "one")
    try city.tamper(
      """
      DELETE FROM grdb_migrations WHERE identifier = '4';;DROP TABLE deputies;;
      CREATE TABLE former(keys BLOB NOT NULL, application TEXT NOT NULL, account TEXT NOT NULL, version INTEGER NOT NULL,
        PRIMARY KEY (keys, application, account)) STRICT, WITHOUT ROWID;;
      INSERT INTO former SELECT keys, application, account, version FROM handed_over;;DROP TABLE handed_over;;
      ALTER TABLE former RENAME TO handed_over
      """)
    city.office.restart(try city.office.reopen())
    #expect(city.office.ask(try city.report(.accepted, session)) == .noted)
    #expect(try city.entries().map(\.state) == [.current])
    let tanaka = try Clerk("tanaka")
    #expect(try city.office.refusal(city.office.register(tanaka, by: city.sato)) == "answered")
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    let kato = try city.session(city.card("kato"), at: city.workstation("PC-2"))
    #expect(try city.password(kato, of: "ito", from: city.office.reopen()) == "one")
  }
}
