import AuditLog
import AuthAPI
import AuthTerms
import FaultyDisk
import Foundation
import SSOVault
import Testing

@Suite("a master key goes into people's hands, comes back, and is replaced")
struct MasterKeyTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-master-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private static func secret(_ byte: UInt8) throws -> MasterSecret {
    try MasterSecret(Secret(copying: [UInt8](repeating: byte, count: 32)))
  }

  private static func shares(
    _ secret: MasterSecret, _ count: Int = 3, threshold: Int = 2
  ) throws(KeyShare.Fault) -> [KeyShare] {
    try KeyShare.split(secret, into: count, threshold: threshold) { Secret(copying: Office.random($0)) }
  }

  @Test("each two of three shares give back the key that there was, to the byte of its file")
  func thereAndBack() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "master").path
    try MasterKey.make(path: path, random: Secret(copying: Office.random(32)))
    let shares = try Self.shares(.read(path: path))
    for (one, other) in [(0, 1), (2, 0), (1, 2)] {
      let back = folder.appending(path: "back\(one)\(other)").path
      let joined = try MasterSecret(shares: [shares[one], shares[other]])
      #expect(try joined.isSame(as: .read(path: path)))
      try joined.write(path: back)
      #expect(FileManager.default.contents(atPath: back) == FileManager.default.contents(atPath: path))
      #expect(throws: VaultStartFault.self, "nothing is replaced") { try joined.write(path: back) }
    }
    #expect(try !Self.secret(1).isSame(as: Self.secret(2)))
    let secret = try Self.secret(0x55)
    #expect(Mirror(reflecting: secret).children.isEmpty && !"\(secret)".contains("85"))
    #expect(throws: VaultStartFault.self) { try MasterSecret(Secret(copying: [UInt8](repeating: 1, count: 31))) }
  }

  @Test("shares of another occasion do not mix with these, and still give the same key among themselves")
  func twice() throws {
    let secret = try Self.secret(7)
    let (first, second) = (try Self.shares(secret), try Self.shares(secret, 5, threshold: 3))
    let third = try Self.shares(secret)
    #expect(throws: VaultStartFault.self) { try MasterSecret(shares: [first[0], third[1]]) }
    #expect(throws: VaultStartFault.self) { try MasterSecret(shares: [second[0], second[1]]) }
    #expect(throws: VaultStartFault.self) { try MasterSecret(shares: [first[0], first[0]]) }
    #expect(try MasterSecret(shares: [first[0], first[1]]).isSame(as: secret))
    #expect(try MasterSecret(shares: Array(second[1...3])).isSame(as: secret))
    #expect(throws: KeyShare.Fault.numbers) { try Self.shares(secret, 3, threshold: 4) }
    #expect(throws: KeyShare.Fault.numbers) { try Self.shares(secret, 1, threshold: 1) }
    #expect(throws: KeyShare.Fault.numbers) { try Self.shares(secret, 10) }
  }

  private func open(_ city: SSOCity, _ secret: MasterSecret, at state: String? = nil) throws -> VaultService {
    let clock = city.office.clock
    return try VaultService(
      directory: state ?? city.office.state, master: MasterKey(secret),
      environment: VaultEnvironment(now: { clock.now }, random: Office.random))
  }

  /// A city whose vault nobody has open: the state as it was left.
  private func stopped() throws -> (SSOCity, TestSession, state: String) {
    let city = try SSOCity()
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("correct horse", for: "ito")
    try city.rotate([.credentials, .registers])
    let state = folder.appending(path: "stopped").path
    try FileManager.default.createDirectory(
      atPath: state, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try city.tamper("VACUUM INTO '\(state)/vault.sqlite'")
    return (city, session, state)
  }

  @Test("under a new key the vault is the same one, and the former key opens it no more")
  func renewed() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (city, session, state) = try stopped()
    let (old, new) = (try Self.secret(7), try Self.secret(8))
    let kept = try city.tamper("SELECT sealed FROM sealed_keys", at: state).split(separator: "\n")
    #expect(try MasterRewrap.rewrap(directory: state, from: old, to: new, now: Office.start) == kept.count)
    #expect(throws: VaultStartFault.self) { try open(city, old, at: state) }
    let vault = try open(city, new, at: state)
    #expect(try city.password(session, from: vault) == "correct horse", "signed by the key that agents know")
    let rows = try city.tamper("SELECT encoded FROM log_rows ORDER BY sequence", at: state).split(separator: "\n")
      .map { try RecordEncoding.decode(Hex.decode($0)) }
    #expect(rows.filter { $0.action == "vault.master.renewed" }.map(\.count) == [Int64(kept.count)])
    // Neither key, and nothing that the former one opened, is in a file of the state.
    let files = try FileManager.default.contentsOfDirectory(atPath: state)
    #expect(files.contains("vault.sqlite"))
    let canaries = try kept.map { Data(try Hex.decode($0)) } + [7, 8].map { Data(repeating: $0, count: 32) }
    for file in files {
      let bytes = try #require(FileManager.default.contents(atPath: state + "/" + file))
      for canary in canaries { #expect(bytes.range(of: canary) == nil, "\(file)") }
    }
  }

  @Test("a lost share: shares of the new key open the vault, those of the former one do not")
  func lost() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (city, session, state) = try stopped()
    let (old, new) = (try Self.secret(7), try Self.secret(9))
    let (former, shares) = (try Self.shares(old), try Self.shares(new))
    _ = try MasterRewrap.rewrap(
      directory: state, from: MasterSecret(shares: [former[0], former[2]]), to: new, now: Office.start)
    #expect(throws: VaultStartFault.self) { try open(city, MasterSecret(shares: [former[0], former[1]]), at: state) }
    let vault = try open(city, MasterSecret(shares: [shares[1], shares[2]]), at: state)
    #expect(try city.password(session, from: vault) == "correct horse")
  }

  @Test("refused: another key, the same key again, a vault that runs, a state that is none; nothing is changed then")
  func refusals() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (city, session, state) = try stopped()
    let (old, new) = (try Self.secret(7), try Self.secret(8))
    func fault(_ state: String, _ old: MasterSecret, _ new: MasterSecret) -> VaultStartFault.Kind? {
      do throws(VaultStartFault) {
        _ = try MasterRewrap.rewrap(directory: state, from: old, to: new, now: Office.start)
        return nil
      } catch { return error.kind }
    }
    let before = try city.tamper("SELECT sealed FROM sealed_keys", at: state)
    #expect(fault(state, new, old) == .masterKey && fault(state, old, old) == .masterKey)
    do {
      let running = try open(city, old, at: state)
      #expect(fault(state, old, new) == .state)
      #expect(try city.password(session, from: running) == "correct horse")
    }
    #expect(try city.tamper("SELECT sealed FROM sealed_keys", at: state) == before)
    #expect(fault(folder.appending(path: "none").path, old, new) == .state)
    try city.tamper("DELETE FROM log_rows WHERE sequence = 3", at: state)
    #expect(fault(state, old, new) == .state)
    #expect(try city.tamper("SELECT sealed FROM sealed_keys", at: state) == before)
  }

  @Test(
    "the power is cut at each write and sync: one of the two keys opens everything, and the other nothing",
    .timeLimit(.minutes(5)))
  func cut() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (city, _, state) = try stopped()
    let (old, new) = (try Self.secret(7), try Self.secret(8))
    let card = try TestCard("mori")
    var (number, outcomes) = (0, Set<Bool>())
    while true {
      let disk = try FaultyDisk(copying: state)
      let start = disk.operations
      disk.cutPower(at: start + number)
      _ = try? MasterRewrap.rewrap(directory: disk.folder, from: old, to: new, now: Office.start)
      let end = disk.operations
      let left = try disk.remains(.someWrites, seed: UInt64(number))
      defer { try? FileManager.default.removeItem(atPath: left) }
      let opened = [try? open(city, old, at: left), try? open(city, new, at: left)]
      #expect(opened.count(where: { $0 != nil }) == 1, "cut at \(number)")
      outcomes.insert(opened[1] != nil)
      let vault = try #require(opened[0] ?? opened[1], "cut at \(number)")
      let answer = vault.handle(try city.registration([card.entry]), from: Office.server, peers: Office.peers)
      #expect(answer == .noted, "cut at \(number)")
      #expect(try city.entries(vault).count == 1)
      if end <= start + number { break }
      number += 1
    }
    #expect(outcomes == [true, false] && number > 5)
  }
}
