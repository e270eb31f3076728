import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Isolation
import SSOVault
import Synchronization
import Testing

@Suite("a vault whose master key is in people's hands")
struct UnsealTests {
  private let folder: URL
  private let clock = TestClock(wall: Office.start)
  private let shares: [KeyShare]
  private let texts: [String]

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-unseal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    shares = try KeyShare.make(3, threshold: 2) { Secret(copying: Office.random($0)) }
    texts = shares.map(\.text)
  }

  private func vault(needed: Int = 2) throws -> SealedVault {
    let (clock, state) = (clock, folder.appending(path: "state").path)
    return try SealedVault(
      needed: needed, now: { clock.now },
      open: { master throws(VaultStartFault) in
        try VaultService(
          directory: state, master: master, environment: VaultEnvironment(now: { clock.now }, random: Office.random))
      })
  }

  private func ask(_ vault: SealedVault, _ request: VaultRequest, from peer: PeerCredentials = Office.desk) -> VaultAnswer {
    vault.handle(request, from: peer, peers: Office.peers)
  }

  /// `open`, how many are there, or the code of the refusal.
  private func type(_ text: String, _ vault: SealedVault, from peer: PeerCredentials = Office.desk) throws -> String {
    switch ask(vault, .unseal(try TypedShare(Secret(copying: Array(text.utf8)))), from: peer) {
    case .noted: "open"
    case .sealed(let sealing): "\(sealing.given) of \(sealing.needed)"
    case .refused(let refusal): refusal.code.rawValue
    default: "?"
    }
  }

  /// Makes the instance, so that another key does not fit any more.
  private func begin() throws -> String {
    let vault = try vault()
    #expect(try type(texts[0], vault) == "1 of 2" && type(texts[1], vault) == "open")
    let settings = VaultInitialisation(instance: try InstanceID(parsing: "lgwan-1"), segments: [.lgwan], hosts: ["127.0.0.1"])
    guard case .initialised = ask(vault, .initialise(settings)), case .publicKeys(let keys) = ask(vault, .publicKeys) else {
      throw Office.Unexpected()
    }
    return keys.checkpointVerifier
  }

  @Test("each two of three open it, in either order, and it is the same vault", arguments: [(0, 1), (1, 0), (0, 2), (2, 1)])
  func pairs(one: Int, other: Int) throws {
    let verifier = try begin()
    let vault = try vault()
    #expect(ask(vault, .status) == .sealed(VaultSealing(given: 0, needed: 2)), "sealed again after a restart")
    #expect(try type(texts[one], vault) == "1 of 2")
    #expect(ask(vault, .publicKeys) == .refused(VaultRefusal(.sealed, "sealed: 1 of 2 shares are there")))
    for request: VaultRequest in [
      .beginCard(script: [], number: []), .stepCard(exchange: [], answers: []), .listCardKeys,
    ] {
      #expect(ask(vault, request, from: Office.server) == .refused(VaultRefusal(.sealed, "sealed: 1 of 2 shares are there")))
    }
    #expect(ask(vault, .status, from: Office.server) == .sealed(VaultSealing(given: 1, needed: 2)))
    #expect(try type(texts[other], vault) == "open")
    guard case .publicKeys(let keys) = ask(vault, .publicKeys), case .status(let status) = ask(vault, .status) else {
      throw Office.Unexpected()
    }
    #expect(keys.checkpointVerifier == verifier && status.isInitialised && status.sharesNeeded == 2)
    #expect(try type(texts[one], vault) == "V171", "nothing to open any more")
  }

  @Test("the row says that it was opened, by which shares and user, and nothing of what is in them")
  func row() throws {
    _ = try begin()
    let rows = try SSOCity.tamper("SELECT encoded FROM log_rows ORDER BY sequence", at: folder.appending(path: "state").path)
      .split(separator: "\n").map { try RecordEncoding.decode(Hex.decode($0)) }
    #expect(rows.first?.action == "vault.unsealed" && rows.first?.note == "shares 1+2 uid 7002")
    let words = texts.flatMap { $0.split(separator: "_").last?.split(separator: "-") ?? [] }.map(String.init)
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      guard let bytes = FileManager.default.contents(atPath: folder.path + "/" + file) else { continue }
      for word in words + ["sanmon_share", "sanmon_master"] { #expect(bytes.range(of: Data(word.utf8)) == nil, "\(file)") }
    }
  }

  @Test("wrong shares that were typed while it was sealed are counted, and stand in the log once it is open")
  func trace() throws {
    _ = try begin()
    let noticed = Mutex<[String]>([])
    let (clock, state) = (clock, folder.appending(path: "state").path)
    let vault = try SealedVault(
      needed: 2, now: { clock.now },
      open: { master throws(VaultStartFault) in
        try VaultService(
          directory: state, master: master, environment: VaultEnvironment(now: { clock.now }, random: Office.random))
      }, noticed: { wrong in noticed.withLock { $0.append("\(wrong.code.rawValue) \(wrong.uid)") } })
    let others = try KeyShare.make(3, threshold: 2) { Secret(copying: Office.random($0)) }
    #expect(try type("sanmon_share_1_nonsense", vault) == "V172" && type("x", vault) == "V172")
    #expect(try type(others[0].text, vault) == "1 of 2" && type(texts[0], vault) == "V174")
    #expect(try type(others[1].text, vault) == "V175")
    #expect(try type("x", vault) == "V172" && type(texts[0], vault) == "V176" && type(texts[1], vault) == "V176")
    #expect(try type(texts[0], vault, from: Office.server) == "V103" && type(texts[0], vault, from: Office.server) == "V103")
    clock.advance(seconds: 60)
    #expect(try type(texts[0], vault) == "1 of 2" && type(texts[0], vault) == "V173" && type(texts[1], vault) == "open")
    let rows = try SSOCity.tamper("SELECT encoded FROM log_rows ORDER BY sequence", at: state)
      .split(separator: "\n").map { try RecordEncoding.decode(Hex.decode($0)) }
    let told = rows.filter { $0.action == "vault.unseal" && $0.outcome == .refused }.map { "\($0.count) \($0.note)" }
    #expect(
      told == [
        "2 V103 uid 7001 while sealed", "3 V172 uid 7002 while sealed", "1 V174 uid 7002 while sealed",
        "1 V175 uid 7002 while sealed", "2 V176 uid 7002 while sealed",
      ])
    #expect(rows.last?.action == "vault.unsealed")
    #expect(noticed.withLock { $0 } == ["V172 7002", "V174 7002", "V175 7002", "V176 7002", "V103 7001"])
  }

  @Test("the same share twice is one; one of another set, or for another number, is none")
  func mixed() throws {
    _ = try begin()
    let vault = try vault()
    let others = try KeyShare.make(3, threshold: 2) { Secret(copying: Office.random($0)) }
    let three = try KeyShare.make(3, threshold: 3) { Secret(copying: Office.random($0)) }
    #expect(try type(three[0].text, vault) == "V174")
    #expect(try type(texts[0], vault) == "1 of 2")
    for _ in 0..<6 { #expect(try type(texts[0], vault) == "V173", "no slip: as often as one likes") }
    #expect(try type(others[1].text, vault) == "V174")
    #expect(try type(texts[2], vault) == "open", "what was right is still there")
  }

  @Test("two shares of another set do not open this vault; all are asked for again")
  func wrong() throws {
    _ = try begin()
    let vault = try vault()
    let others = try KeyShare.make(3, threshold: 2) { Secret(copying: Office.random($0)) }
    #expect(try type(others[0].text, vault) == "1 of 2")
    #expect(try type(others[2].text, vault) == "V175")
    #expect(ask(vault, .status) == .sealed(VaultSealing(given: 0, needed: 2)))
    #expect(try type(texts[0], vault) == "1 of 2" && type(texts[2], vault) == "open")
  }

  @Test("shares that wait for more than ten minutes are forgotten")
  func lapsed() throws {
    _ = try begin()
    let vault = try vault()
    #expect(try type(texts[0], vault) == "1 of 2")
    clock.advance(seconds: 599)
    #expect(ask(vault, .status) == .sealed(VaultSealing(given: 1, needed: 2)))
    clock.advance(seconds: 1)
    #expect(ask(vault, .status) == .sealed(VaultSealing(given: 0, needed: 2)))
    #expect(try type(texts[1], vault) == "1 of 2")
  }

  @Test("after five wrong ones within a minute nothing is taken for the rest of it")
  func pause() throws {
    _ = try begin()
    let vault = try vault()
    for second in 0..<5 {
      #expect(try type("sanmon_share_1_nonsense", vault) == "V172")
      if second < 4 { clock.advance(seconds: 10) }
    }
    #expect(try type(texts[0], vault) == VaultRefusal.Code.sharesPause.rawValue)
    clock.advance(seconds: 19)
    #expect(try type(texts[0], vault) == VaultRefusal.Code.sharesPause.rawValue)
    clock.advance(seconds: 1)
    #expect(try type(texts[0], vault) == "1 of 2", "the first of them is a minute ago")
  }

  @Test("shares are typed by people at the machine; the server cannot, and strangers learn nothing")
  func peers() throws {
    let vault = try vault()
    #expect(try type(texts[0], vault, from: Office.server) == "V103")
    #expect(try type(texts[0], vault, from: Office.stranger) == "V103")
    #expect(
      ask(vault, .status, from: Office.stranger) == .refused(VaultRefusal(.peerNotAllowed, "this user may not ask for this")))
    #expect(ask(vault, .status) == .sealed(VaultSealing(given: 0, needed: 2)))
  }

  @Test("a share has one text; each slip in it is seen, and small letters and look-alikes are no slip")
  func text() throws {
    func share(_ text: String) throws(KeyShare.Fault) -> KeyShare { try KeyShare(typed: Secret(copying: Array(text.utf8))) }
    for (share, text) in zip(shares, texts) {
      #expect(text.hasPrefix("sanmon_share_1_2_\(share.number)_") && text.utf8.count <= KeyShare.limit)
      let read = try KeyShare(typed: Secret(copying: Array(text.utf8)))
      #expect(read.text == text && read.threshold == 2 && read.number == share.number && read.set == share.set)
    }
    let units = Array(texts[0].utf8)
    for position in units.indices {
      for other in Array("0Z".utf8) where other != units[position] {
        var bent = units
        bent[position] = other
        #expect(throws: KeyShare.Fault.malformed, "position \(position)") { try share(String(decoding: bent, as: UTF8.self)) }
      }
      #expect(throws: KeyShare.Fault.malformed) { try share(String(decoding: units[..<position], as: UTF8.self)) }
    }
    let parts = texts[0].split(separator: "_")
    let typed = parts.dropLast().joined(separator: "_") + "_" + parts[6].lowercased().replacing("0", with: "o")
    #expect(try share(typed).text == texts[0])
    #expect(Mirror(reflecting: shares[0]).children.isEmpty && !"\(shares[0])".contains(String(parts[6].prefix(4))))
  }

  @Test("2 to 9 shares, 2 to all of them needed", arguments: [(1, 1), (1, 2), (2, 1), (2, 3), (10, 2)])
  func numbers(count: Int, threshold: Int) {
    #expect(throws: KeyShare.Fault.numbers) {
      try KeyShare.make(count, threshold: threshold) { Secret(copying: Office.random($0)) }
    }
    #expect(throws: VaultStartFault.self) { try vault(needed: 1) }
  }
}
