import AuthTerms
import CardCiphers
import SmartCard
import Testing

/// Values that another program computed. Lite-S: golden.py beside this file (python3-cryptography); DESFire: NXP's own, AN12196
/// §6.6 and AN10922 table 2, and for the ends of AN10922's lengths python3-cryptography again.
@Suite("key schedules of shared-key cards against known answers")
struct KeyTests {
  private let liteS = LiteSKeys(cipher: OpenSSLCardCipher())
  private let desfire = DESFireKeys(cipher: OpenSSLCardCipher())

  static func secret(_ hex: String) throws -> Secret<CardKey> { Secret(copying: try Hex.decode(hex)) }
  static func shown(_ secret: Secret<CardKey>) -> String { secret.withBytes { Hex.encode($0) } }

  private let id = "012e4cd8a1b2c3d40000534e4d4f4e31"
  private let nonce = "101112131415161718191a1b1c1d1e1f"
  private let counter = "2a010000000000000000000000000000"

  @Test("Lite-S: card key, session key, MAC_A of what is read and of what is written")
  func liteSAnswers() throws {
    let master = try Self.secret("00112233445566778899aabbccddeeff0f1e2d3c4b5a6978")
    let card = try liteS.cardKey(master: master, id: try Hex.decode(id))
    #expect(Self.shown(card) == "228f24b74df2561ff2d477174305a547")
    let nonce = try Hex.decode(nonce)
    let session = try liteS.sessionKey(cardKey: card, nonce: nonce)
    #expect(Self.shown(session) == "5bdc60e1745d340e2a742b726722ca3a")
    let (idBlock, counterBlock) = (try Hex.decode(id), try Hex.decode(counter))
    let three = try liteS.readMAC(
      session: session, nonce: nonce, blocks: [0x82, 0x90, 0x91], contents: [idBlock, counterBlock])
    #expect(Self.shown(three) == "540ddaa24920248b")
    let two = try liteS.readMAC(session: session, nonce: nonce, blocks: [0x82, 0x91], contents: [idBlock])
    #expect(Self.shown(two) == "b33824f262cf373a")
    let written = try liteS.writeMAC(
      session: session, nonce: nonce, counter: 0x12A, block: 0x92, content: LiteSBlock.authenticated)
    #expect(Self.shown(written) == "fb6ca88ae30b9f82")
  }

  @Test("DESFire: the exchange of AN12196, key of zeros")
  func desfireAnswers() throws {
    let cipher = OpenSSLCardCipher()
    let key = try Self.secret("00000000000000000000000000000000")
    let ours = try Self.secret("13c5db8a5930439fc3def9a4c675360f")
    let theirs = try cipher.decryptAES(try Self.secret("a04c124213c186f22399d33ac2a30215"), key: key)
    #expect(
      Self.shown(try desfire.sealedNonces(key: key, nonce: ours, cardNonce: theirs))
        == "35c3e05a752e0144bac0de51c1f22c56b34408a23d8aea266cab947ea8e0118d")
    let keys = try desfire.sessionKeys(key: key, nonce: ours, cardNonce: theirs)
    #expect(Self.shown(keys.encryption) == "1309c877509e5a215007ff0ed19ca564")
    #expect(Self.shown(keys.mac) == "4c6626f5e72ea694202139295c7a7fc7")
  }

  @Test(
    "AN10922 for AES-128, and at both ends of its lengths",
    arguments: [
      ("04782e21801d803042f54e585020416275", "a8dd63a3b89d54b37ca802473fda9175"),
      ("000102030405060708090a0b0c0d0e0f", "feed9fbd36cdb16819a72d30bcf9240b"),
      ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e", "21c28cd89bb3147f66c7dbd4851cab20"),
    ])
  func diversified(input: String, key: String) throws {
    let master = try Self.secret("00112233445566778899aabbccddeeff")
    #expect(Self.shown(try desfire.cardKey(master: master, input: try Hex.decode(input))) == key)
  }

  @Test("AES-128 CMAC of NIST SP 800-38B, examples 1 to 4")
  func cmac() throws {
    let key = try Self.secret("2b7e151628aed2a6abf7158809cf4f3c")
    let text =
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    for (count, mac) in [
      (0, "bb1d6929e95937287fa37d129b756746"), (16, "070a16b46b4d4144f79bdd9dd04a287c"),
      (40, "dfa66747de9ae63030ca32611497c827"), (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ] {
      let part = try Self.secret(String(text.prefix(2 * count)))
      #expect(Self.shown(try OpenSSLCardCipher().authenticateAES(part, key: key)) == mac)
    }
  }

  @Test("lengths that no cipher takes")
  func lengths() throws {
    let cipher = OpenSSLCardCipher()
    func of(_ count: Int) -> Secret<CardKey> { Secret(copying: [UInt8](repeating: 7, count: count)) }
    func fault<R>(_ work: () throws(CardCipherFault) -> R) -> CardCipherFault? {
      do throws(CardCipherFault) {
        _ = try work()
        return nil
      } catch { return error }
    }
    let iv = [UInt8](repeating: 0, count: 8)
    for (text, key, iv) in [(7, 16, iv), (0, 16, iv), (8, 8, iv), (8, 17, iv), (8, 16, []), (8, 24, iv + iv)] {
      #expect(fault { () throws(CardCipherFault) in try cipher.encryptTripleDES(of(text), key: of(key), iv: iv) } == .length)
    }
    for (text, key) in [(8, 16), (0, 16), (16, 15), (16, 32)] {
      #expect(fault { () throws(CardCipherFault) in try cipher.encryptAES(of(text), key: of(key)) } == .length)
      #expect(fault { () throws(CardCipherFault) in try cipher.decryptAES(of(text), key: of(key)) } == .length)
    }
    #expect(fault { () throws(CardCipherFault) in try cipher.authenticateAES(of(1), key: of(24)) } == .length)
    #expect(fault { () throws(CardCipherFault) in try cipher.authenticateAES(of(4097), key: of(16)) } == .length)
    #expect(fault { () throws(CardCipherFault) in try liteS.cardKey(master: of(16), id: iv + iv) } == .length)
    #expect(fault { () throws(CardCipherFault) in try liteS.cardKey(master: of(24), id: iv) } == .length)
    #expect(fault { () throws(CardCipherFault) in try liteS.sessionKey(cardKey: of(16), nonce: iv) } == .length)
    #expect(fault { () throws(CardCipherFault) in try desfire.cardKey(master: of(16), input: iv) } == .length)
    #expect(!cipher.areEqual(of(8), of(9)) && cipher.areEqual(of(8), of(8)))
    #expect(!cipher.areEqual(of(1), Secret(copying: [8])))
  }

  @Test("AES there and back")
  func back() throws {
    let cipher = OpenSSLCardCipher()
    let (key, text) = (try Self.secret(nonce), try Self.secret(id + counter))
    let there = try cipher.encryptAES(text, key: key)
    #expect(!cipher.areEqual(there, text))
    #expect(cipher.areEqual(try cipher.decryptAES(there, key: key), text))
  }
}
