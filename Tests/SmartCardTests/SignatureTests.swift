import AuthTerms
import Crypto
import CryptoExtras
import Foundation
import SmartCard
import Testing

@Suite("Signatures: what is asked and what is taken")
struct SignatureTests {
  private let digest = Array(SHA256.hash(data: Data("三門".utf8)))

  @Test("EMSA-PKCS1-v1_5 is what others verify")
  func padding() throws {
    let encoded = PKCS1.encode(sha256: digest)
    #expect(encoded.count == 256)
    #expect(encoded.prefix(3) == [0x00, 0x01, 0xFF])
    // The raw RSA operation on our padding must be a signature for an implementation that does its own padding.
    let key = try _RSA.BlindSigning.PrivateKey<SHA384>(keySize: .bits2048)
    let raw = try key.blindSignature(for: encoded).rawRepresentation
    let verifier = try _RSA.Signing.PublicKey(derRepresentation: key.publicKey.derRepresentation)
    #expect(verifier.isValidSignature(.init(rawRepresentation: raw), for: Data("三門".utf8), padding: .insecurePKCS1v1_5))
  }

  @Test("the commands of GENERAL AUTHENTICATE")
  func commands() throws {
    let signature = Array(try P256.Signing.PrivateKey().signature(for: Data()).derRepresentation)
    let answer = [0x7C, UInt8(signature.count + 2), 0x82, UInt8(signature.count)] + signature + [0x90, 0x00]
    var curve = PIVCard(channel: ScriptedCard(answers: [answer]))
    #expect(try curve.sign(slot: .cardAuthentication, algorithm: .p256, digest: digest) == signature)
    #expect(curve.channel.commands == [[0x00, 0x87, 0x11, 0x9E, 0x26, 0x7C, 0x24, 0x82, 0x00, 0x81, 0x20] + digest + [0x00]])

    let large = [UInt8](repeating: 0x5A, count: 256)
    let whole = [0x7C, 0x82, 0x01, 0x04, 0x82, 0x82, 0x01, 0x00] + large
    var rsa = PIVCard(
      channel: ScriptedCard(answers: [[0x90, 0x00], whole.prefix(256) + [0x61, 0x08], whole.dropFirst(256) + [0x90, 0x00]]))
    #expect(try rsa.sign(slot: .authentication, algorithm: .rsa2048, digest: digest) == large)
    #expect(
      rsa.channel.commands.map { Array($0.prefix(5)) } == [
        [0x10, 0x87, 0x07, 0x9A, 255], [0x00, 0x87, 0x07, 0x9A, 11], [0x00, 0xC0, 0, 0, 8],
      ])
    let sent = rsa.channel.commands.prefix(2).flatMap { $0.dropFirst(5).prefix(Int($0[4])) }
    #expect(sent == [0x7C, 0x82, 0x01, 0x06, 0x82, 0x00, 0x81, 0x82, 0x01, 0x00] + PKCS1.encode(sha256: digest))
  }

  @Test("a padded block goes to an RSA key as it is; one of another size, or above every modulus, does not go at all")
  func paddedBlock() throws {
    let large = [UInt8](repeating: 0x5A, count: 256)
    let whole = [0x7C, 0x82, 0x01, 0x04, 0x82, 0x82, 0x01, 0x00] + large
    var card = PIVCard(
      channel: ScriptedCard(answers: [[0x90, 0x00], whole.prefix(256) + [0x61, 0x08], whole.dropFirst(256) + [0x90, 0x00]]))
    let block = [0x7F] + [UInt8](repeating: 0xBC, count: 255)
    #expect(try card.sign(slot: .authentication, paddedBlock: block) == large)
    let sent = card.channel.commands.prefix(2).flatMap { $0.dropFirst(5).prefix(Int($0[4])) }
    #expect(sent == [0x7C, 0x82, 0x01, 0x06, 0x82, 0x00, 0x81, 0x82, 0x01, 0x00] + block)
    for wrong in [[UInt8](repeating: 0, count: 255), [UInt8](repeating: 0, count: 257), [0x80] + large.dropFirst(), []] {
      var untouched = PIVCard(channel: ScriptedCard(answers: []))
      let fault = failure { () throws(CardFailure) in
        try untouched.sign(slot: .authentication, paddedBlock: wrong)
      }
      #expect(fault == .malformedCommand && untouched.channel.commands.isEmpty)
    }
  }

  @Test("P-384 signs 48 bytes in one command, RSA-3072 a block of 384 in two")
  func largeKeys() throws {
    let text = Data("三門".utf8)
    let signature = Array(try P384.Signing.PrivateKey().signature(for: text).derRepresentation)
    let answer = [0x7C, UInt8(signature.count + 2), 0x82, UInt8(signature.count)] + signature + [0x90, 0x00]
    let long = Array(SHA384.hash(data: text))
    var curve = PIVCard(channel: ScriptedCard(answers: [answer]))
    #expect(try curve.sign(slot: .authentication, algorithm: .p384, digest: long) == signature)
    #expect(curve.channel.commands == [[0x00, 0x87, 0x14, 0x9A, 0x36, 0x7C, 0x34, 0x82, 0x00, 0x81, 0x30] + long + [0x00]])

    let large = [UInt8](repeating: 0x5A, count: 384)
    let whole = [0x7C, 0x82, 0x01, 0x84, 0x82, 0x82, 0x01, 0x80] + large
    var rsa = PIVCard(
      channel: ScriptedCard(answers: [[0x90, 0x00], whole.prefix(256) + [0x61, 0x88], whole.dropFirst(256) + [0x90, 0x00]]))
    #expect(try rsa.sign(slot: .authentication, algorithm: .rsa3072, digest: digest) == large)
    let sent = rsa.channel.commands.prefix(2).flatMap { $0.dropFirst(5).prefix(Int($0[4])) }
    #expect(
      sent == [0x7C, 0x82, 0x01, 0x86, 0x82, 0x00, 0x81, 0x82, 0x01, 0x80] + PKCS1.encode(sha256: digest, count: 384))
    #expect(rsa.channel.commands.map { $0[2] }.prefix(2) == [0x05, 0x05])
  }

  @Test("only a digest of the key's own length is signed", arguments: [0, 20, 31, 33, 47, 49, 64])
  func digestSize(count: Int) {
    for algorithm in PIVAlgorithm.allCases {
      var card = PIVCard(channel: ScriptedCard(answers: []))
      let wrong = failure { () throws(CardFailure) in
        try card.sign(slot: .authentication, algorithm: algorithm, digest: [UInt8](repeating: 0, count: count))
      }
      #expect(wrong == .malformedCommand)
      #expect(card.channel.commands.isEmpty)
    }
  }

  @Test(
    "status words of signing",
    arguments: [
      ([0x69, 0x82], .pinRequired), ([0x69, 0x83], .pinBlocked), ([0x6A, 0x88], .missingObject), ([], .cardRemoved),
      ([0x6A, 0x80], .refused(StatusWord(rawValue: 0x6A80))),
    ] as [([UInt8], CardFailure)])
  func status(answer: [UInt8], expected: CardFailure) {
    for algorithm in PIVAlgorithm.allCases {
      var card = PIVCard(channel: ScriptedCard(answers: [answer]))
      let digest = [UInt8](repeating: 7, count: algorithm.digestCount)
      let found = failure { () throws(CardFailure) in try card.sign(slot: .authentication, algorithm: algorithm, digest: digest)
      }
      #expect(found == expected)
    }
  }

  @Test(
    "answers that hold no signature",
    arguments: [
      [0x7C, 0x00], [0x7C, 0x02, 0x82, 0x00], [0x7D, 0x02, 0x82, 0x00], [0x82, 0x00], [0x7C, 0x03, 0x82, 0x01],
      [0x7C, 0x06, 0x82, 0x01, 0x30, 0x82, 0x01, 0x30], [],
    ] as [[UInt8]])
  func noSignature(answer: [UInt8]) {
    for algorithm in PIVAlgorithm.allCases {
      let last = answer + [0x90, 0x00]
      var card = PIVCard(channel: ScriptedCard(answers: algorithm.modulusCount == nil ? [last] : [[0x90, 0x00], last]))
      let digest = [UInt8](repeating: 7, count: algorithm.digestCount)
      let found = failure { () throws(CardFailure) in try card.sign(slot: .authentication, algorithm: algorithm, digest: digest)
      }
      #expect(isMalformed(found))
    }
  }

  @Test("what others sign is one canonical signature")
  func agreesWithOthers() throws {
    for round in 0..<200 {
      let signature = try P256.Signing.PrivateKey().signature(for: Data([UInt8(round)]))
      try ECDSASignature.check(Array(signature.derRepresentation))
      let large = Array(try P384.Signing.PrivateKey().signature(for: Data([UInt8(round)])).derRepresentation)
      try ECDSASignature.check(large, of: .p384)
      #expect(throws: MalformedInput.self, "of another curve") { try ECDSASignature.check(large) }
    }
  }

  @Test(
    "other forms of it are not",
    arguments: [
      ("r is zero", [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01]),
      ("r is negative", [0x30, 0x06, 0x02, 0x01, 0x80, 0x02, 0x01, 0x01]),
      ("r has a byte too many", [0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01]),
      ("r is empty", [0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x01]),
      ("s is missing", [0x30, 0x03, 0x02, 0x01, 0x01]),
      ("three numbers", [0x30, 0x09, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
      ("not integers", [0x30, 0x06, 0x04, 0x01, 0x01, 0x04, 0x01, 0x01]),
      ("a byte behind", [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00]),
      ("a longer length form", [0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
      ("a set", [0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
      (
        "the order itself",
        [
          0x30, 0x26, 0x02, 0x21, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
          0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51, 0x02,
          0x01, 0x01,
        ]
      ),
      ("33 bytes of number", [0x30, 0x26, 0x02, 0x21] + [UInt8](repeating: 0x11, count: 33) + [0x02, 0x01, 0x01]),
    ] as [(String, [UInt8])])
  func forms(what: String, bytes: [UInt8]) {
    #expect(throws: MalformedInput.self, "\(what)") { try ECDSASignature.check(bytes) }
  }
}
