import AuditLog
import AuthAPI
import AuthTerms
import CardsInMemory
import Foundation
import Isolation
import SSOVault
import SmartCard
import Testing

@Suite("a city's key for shared-key cards is set by two administrators, and counts for one script")
struct SharedCardKeyTests {
  let city: SharedCardCity
  init() throws { city = try SharedCardCity() }

  private func refusal(_ request: VaultRequest) -> String { city.office.refusal(request) }

  @Test("what is told of it: script, version and time; a new one takes the former's place at once")
  func versions() throws {
    #expect(try city.keys().map(\.script) == ["branch-lite-s", "hall-desfire"])
    #expect(try city.keys().allSatisfy { $0.version == 1 && $0.setAt == city.office.clock.now.wallMilliseconds })
    city.office.clock.advance(seconds: 5)
    let anew = Numbers.secret(30, count: 24)
    try city.city.expectNoted(city.setting(anew, for: city.liteS))
    #expect(try city.keys()[0].version == 2 && city.keys()[0].setAt == city.office.clock.now.wallMilliseconds)
    var former = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &former, number: former.number) == "wrong-mac")
    var card = try SharedCardCity.liteSCard(master: anew)
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    let rows = try city.rows("vault.cardkey.set")
    #expect(rows.count == 3 && rows[2].note.hasPrefix("branch-lite-s version 2 felica-lite-s "))
    #expect(rows[2].note.contains(" by sato+tanaka act "))
  }

  @Test("one administrator alone, the same one twice, or somebody at the desk: no key is set")
  func signers() throws {
    let desk = try Clerk("desk-1")
    #expect(try refusal(city.office.register(desk, by: city.city.sato, approvedBy: [city.tanaka], role: "desk")) == "answered")
    let sato = city.city.sato
    for signed in [[sato], [sato, sato], [sato, desk], [desk, sato], [desk, city.tanaka]] {
      #expect(try refusal(city.setting(Numbers.secret(3), for: city.desfire, signed: signed)) == "V121")
    }
    #expect(try city.keys().map(\.version) == [1, 1])
  }

  @Test("an act names its script and what is sealed: another one, older than ten minutes, or carried out before")
  func acts() throws {
    let sealed = try city.message(Numbers.secret(3), for: city.desfire.canonicalBytes)
    #expect(try refusal(city.setting(sealed, named: "branch-lite-s")) == "V121")
    let request = try city.setting(sealed, named: city.desfire.id)
    guard case .setCardKey(let act, _) = request else { throw Office.Unexpected() }
    let other = try city.message(Numbers.secret(4), for: city.desfire.canonicalBytes)
    #expect(refusal(.setCardKey(act, sealed: other)) == "V121")
    #expect(refusal(.setCardKey(act, sealed: [])) == "V121")
    #expect(refusal(request) == "answered" && refusal(request) == "V123")
    let late = try city.setting(sealed, named: city.desfire.id)
    city.office.clock.advance(seconds: 601)
    #expect(refusal(late) == "V122")
  }

  @Test("sealed for another script or instance, for none, or to nobody: nothing is kept")
  func sealedOtherwise() throws {
    let (mine, other) = (city.desfire.canonicalBytes, try SharedCardCity.desfireScript(keyNumber: 2).canonicalBytes)
    let key = Numbers.secret(3)
    // Who carries the message puts another script beside the key.
    #expect(try refusal(city.setting(city.message(key, for: mine, claiming: other), named: city.desfire.id)) == "V164")
    let elsewhere = try InstanceID(parsing: "lgwan-2")
    #expect(try refusal(city.setting(city.message(key, for: mine, instance: elsewhere), named: city.desfire.id)) == "V164")
    #expect(try refusal(city.setting([1, 2, 3], named: city.desfire.id)) == "V164")
    var broken = try CardKeyMessage(decoding: city.message(key, for: mine))
    broken.ciphertext[0] ^= 1
    #expect(try refusal(city.setting(broken.encoded, named: city.desfire.id)) == "V164")
    #expect(try refusal(city.setting(city.message(key, for: Array(mine.dropLast())), named: city.desfire.id)) == "V185")
    // A credential on its way in is no key, and a key no credential.
    let credential = try city.city.sealed("correct horse 16", for: "ito")
    #expect(try refusal(city.setting(credential, named: city.desfire.id)) == "V164")
    let request = try city.city.setting(city.message(key, for: mine), for: "ito")
    #expect(refusal(request) == "V164")
    #expect(try city.keys().map(\.version) == [1, 1])
  }

  @Test("keys of another length, a maker's key, and keys that make Triple DES a single one")
  func strength() throws {
    func code(_ bytes: [UInt8], _ script: CardScript) throws -> String {
      refusal(try city.setting(Secret(copying: bytes), for: script))
    }
    let eight = (1...8).map { UInt8($0 * 16) }
    for length in [0, 15, 17, 24] {
      #expect(try code((0..<UInt8(length)).map { $0 }, city.desfire) == "V164")
    }
    for length in [0, 16, 23, 25] { #expect(try code((0..<UInt8(length)).map { $0 }, city.liteS) == "V164") }
    #expect(try code([UInt8](repeating: 0, count: 16), city.desfire) == "V164")
    #expect(try code([UInt8](repeating: 7, count: 16), city.desfire) == "V164")
    let (second, third) = (eight.map { $0 ^ 2 }, eight.map { $0 ^ 4 })
    #expect(try code(eight + eight + second, city.liteS) == "V164")
    #expect(try code(eight + second + second, city.liteS) == "V164")
    #expect(try code(eight + second + eight, city.liteS) == "V164")
    #expect(try code(eight + second + eight.map { $0 ^ 1 }, city.liteS) == "V164", "parity is no difference")
    #expect(try code(eight + second + third, city.liteS) == "answered")
    #expect(try code(eight + eight, city.desfire) == "answered", "AES has no parts")
    let same = try SharedCardCity.liteSScript(id: "same", diversification: .none)
    #expect(try code(eight + eight, same) == "V164")
    #expect(try code(eight + second, same) == "answered")
  }

  @Test("at most 64 keys; those that are there may be set anew")
  func most() throws {
    for number in 2..<64 {
      try city.city.expectNoted(city.setting(Numbers.secret(3), for: SharedCardCity.desfireScript(id: "hall-\(number)")))
    }
    #expect(try refusal(city.setting(Numbers.secret(3), for: SharedCardCity.desfireScript(id: "one-more"))) == "V121")
    #expect(try refusal(city.setting(Numbers.secret(3), for: city.desfire)) == "answered")
    #expect(try city.keys().count == 64)
  }

  @Test("only the server begins and steps; a rotator and a stranger ask for nothing of it")
  func peers() throws {
    let rotator = PeerCredentials(uid: 7004, gid: 7004, pid: 1)
    let begin = VaultRequest.beginCard(script: city.desfire.canonicalBytes, number: [UInt8](repeating: 1, count: 7))
    let step = VaultRequest.stepCard(exchange: [UInt8](repeating: 1, count: 16), answers: [])
    for request in [begin, step] {
      for peer in [Office.desk, Office.stranger, rotator] { #expect(city.office.refusal(request, from: peer) == "V103") }
    }
    let setting = try city.setting(Numbers.secret(3), for: city.desfire)
    for request in [setting, .listCardKeys] {
      for peer in [Office.stranger, rotator] { #expect(city.office.refusal(request, from: peer) == "V103") }
    }
    #expect(city.office.refusal(.listCardKeys, from: Office.desk) == "answered")
    #expect(city.office.refusal(setting, from: Office.desk) == "answered")
    #expect(city.office.refusal(begin) == "answered")
  }

  @Test("no key, no exchange; a script that is none, and a number of another kind's length")
  func malformed() throws {
    let bare = try SharedCardCity(keys: false)
    #expect(SharedCardCity.word(bare.begin(bare.desfire, [UInt8](repeating: 1, count: 7))) == "V186")
    let bytes = city.desfire.canonicalBytes
    for script in [[], Array(bytes.dropLast()), bytes + [0], Array(repeating: 0, count: 64)] {
      #expect(refusal(.beginCard(script: script, number: [UInt8](repeating: 1, count: 7))) == "V185")
    }
    #expect(refusal(.beginCard(script: bytes, number: [UInt8](repeating: 1, count: 8))) == "V104")
  }
}
