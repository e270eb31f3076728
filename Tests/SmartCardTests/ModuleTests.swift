import AuthTerms
import Crypto
import Foundation
import SmartCard
import Testing

/// Certificates that can be walked: right in form, signed by nobody.
enum WalkedCertificate {
  enum Usage: CaseIterable {
    case clientAuth, smartCardLogon, serverAuth, none
  }

  static func tlv(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    switch content.count {
    case ..<128: [tag, UInt8(content.count)] + content
    case ..<256: [tag, 0x81, UInt8(content.count)] + content
    default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
    }
  }

  private static func entry(_ identifier: [UInt8], _ content: [UInt8]) -> [UInt8] {
    tlv(0x30, tlv(0x06, identifier) + tlv(0x04, content))
  }

  private static func identifier(_ usage: Usage) -> [UInt8]? {
    switch usage {
    case .clientAuth: [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]
    case .serverAuth: [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]
    case .smartCardLogon: [0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x02]
    case .none: nil
    }
  }

  /// - Parameters:
  ///   - bits: the first byte of the key usage; `nil`: none.
  ///   - mark: makes it another certificate.
  static func make(_ usage: Usage = .clientAuth, bits: UInt8? = 0x80, isAuthority: Bool = false, mark: UInt8 = 1) -> [UInt8] {
    var extensions: [UInt8] = []
    if let bits { extensions += entry([0x55, 0x1D, 0x0F], [0x03, 0x02, 0x07, bits]) }
    if let named = identifier(usage) { extensions += entry([0x55, 0x1D, 0x25], tlv(0x30, tlv(0x06, named))) }
    extensions += entry([0x55, 0x1D, 0x13], isAuthority ? [0x30, 0x03, 0x01, 0x01, 0xFF] : [0x30, 0x00])
    let key = tlv(
      0x30,
      tlv(
        0x30,
        tlv(0x06, [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]) + tlv(0x06, [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]))
        + tlv(0x03, [0x00, 0x04] + [UInt8](repeating: mark, count: 64)))
    let body = tlv(
      0x30,
      tlv(0xA0, [0x02, 0x01, 0x02]) + tlv(0x02, [mark]) + [0x30, 0x00, 0x30, 0x00, 0x30, 0x00, 0x30, 0x00] + key
        + tlv(0xA3, tlv(0x30, extensions)))
    return tlv(0x30, body + [0x30, 0x00] + [0x03, 0x02, 0x00, 0x00])
  }
}

@Suite("certificate cards behind a PKCS#11 library")
struct ModuleTests {
  private let certificate = WalkedCertificate.make()

  private func secret(_ text: String) -> Secret<PIN> { Secret<PIN>(copying: Array(text.utf8)) }

  private func errand(
    key: [UInt8] = [1], digest: Int = 32, pin: String = "246810", serial: Int = 16, leastTries: Int = 2,
    algorithm: PIVAlgorithm = .p256
  ) throws -> ModuleErrand {
    try ModuleErrand(
      slot: 7, serial: [UInt8](repeating: 0x31, count: serial), key: key, certificate: certificate, algorithm: algorithm,
      digest: [UInt8](repeating: 9, count: digest), pin: secret(pin), leastTries: leastTries)
  }

  private func token(
    _ keys: [SeenKey], label: String = "staff", slot: UInt64 = 1, standing: PINStanding = .untold
  ) throws -> SeenToken {
    try SeenToken(slot: slot, reader: "Reader 00 00", label: label, serial: [0x31], standing: standing, keys: keys)
  }

  // MARK: Frames

  @Test("a request is read as it was written, with its PIN")
  func requests() throws {
    let look = try ModuleRequest(decoding: ModuleRequest(library: "/usr/lib/card.so", task: .look).encoded())
    guard case .look = look.task else {
      Issue.record("another task")
      return
    }
    #expect(look.library == "/usr/lib/card.so")
    let sent = try ModuleRequest(library: "/c.so", task: .sign(errand(key: [0xAB, 0xCD], leastTries: 1)))
    let frame = sent.encoded()
    guard case .sign(let read) = try ModuleRequest(decoding: frame).task else {
      Issue.record("another task")
      return
    }
    #expect(read.slot == 7 && read.key == [0xAB, 0xCD] && read.certificate == certificate && read.algorithm == .p256)
    #expect(read.digest.count == 32 && read.leastTries == 1 && read.serial.count == 16)
    #expect(read.pin.withBytes { Array($0) } == Array("246810".utf8))
    for end in [frame.count - 1, frame.count - 7, 20, 0] {
      #expect(throws: MalformedInput.self) { try ModuleRequest(decoding: Array(frame[..<end])) }
    }
    #expect(throws: MalformedInput.self) { try ModuleRequest(decoding: frame + [0]) }
    #expect(throws: MalformedInput.self) { try ModuleRequest(decoding: [UInt8](repeating: 0, count: 256 * 1024 + 1)) }
  }

  @Test("a request that cannot be one is none")
  func badRequests() throws {
    for path in ["card.so", "", "/", "/a\nb.so", "/" + String(repeating: "x", count: 255)] {
      #expect(throws: MalformedInput.self) { try ModuleRequest(library: path, task: .look) }
    }
    for pin in ["123", String(repeating: "1", count: 65)] { #expect(throws: MalformedInput.self) { try errand(pin: pin) } }
    #expect(try errand(pin: "1234").pin.count == 4)
    #expect(try errand(pin: String(repeating: "x", count: 64)).pin.count == 64)
    for tries in [0, 3] { #expect(throws: MalformedInput.self) { try errand(leastTries: tries) } }
    #expect(throws: MalformedInput.self) { try errand(digest: 31) }
    #expect(throws: MalformedInput.self) { try errand(digest: 32, algorithm: .p384) }
    #expect(throws: MalformedInput.self) { try errand(key: []) }
    #expect(throws: MalformedInput.self) { try errand(key: [UInt8](repeating: 1, count: 65)) }
    #expect(throws: MalformedInput.self) { try errand(serial: 17) }
  }

  @Test("an answer is read as it was written")
  func answers() throws {
    let key = SeenKey(id: [1], certificate: certificate)
    let all: [ModuleAnswer] =
      [
        .seen([]), .seen([try token([key, key]), try token([], label: "", standing: .lastTry)]), .signed([1, 2, 3]),
        .wrongPIN(.untold), .wrongPIN(.lastTry), .pinBlocked, .tooFewTries, .otherCard,
      ] + ModuleRefusal.allCases.map(ModuleAnswer.failed)
    for answer in all {
      let frame = answer.encoded()
      #expect(try ModuleAnswer(decoding: frame) == answer)
      #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: frame + [0]) }
      #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: Array(frame.dropLast())) }
    }
    #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: ModuleAnswer.signed([]).encoded()) }
    // No refusal has the number 1: without a card there is an empty list.
    var refusal = ModuleAnswer.failed(.cardRemoved).encoded()
    refusal[refusal.count - 1] = 1
    #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: refusal) }
    let long = ModuleAnswer.signed([UInt8](repeating: 1, count: 1025)).encoded()
    #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: long) }
  }

  @Test("tokens, keys and names beyond their limits are refused")
  func limits() throws {
    let key = SeenKey(id: [1], certificate: [0x30])
    let eight = ModuleAnswer.seen(try (0..<8).map { try token([key, key, key], slot: UInt64($0)) })
    #expect(try ModuleAnswer(decoding: eight.encoded()) == eight)
    let nine = ModuleAnswer.seen(try (0..<9).map { try token([], slot: UInt64($0)) })
    #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: nine.encoded()) }
    let keys = ModuleAnswer.seen([try token([SeenKey](repeating: key, count: 25))])
    #expect(throws: MalformedInput.self) { try ModuleAnswer(decoding: keys.encoded()) }
    for name in ["\u{1B}[2J", "two\nlines", "\u{9B}0m", String(repeating: "x", count: 97)] {
      #expect(throws: MalformedInput.self) { try token([], label: name) }
    }
    for bad in [SeenKey(id: [], certificate: [1]), SeenKey(id: [1], certificate: [])] {
      #expect(throws: MalformedInput.self) { try token([bad]) }
    }
    let large = SeenKey(id: [1], certificate: [UInt8](repeating: 1, count: 8193))
    #expect(throws: MalformedInput.self) { try token([large]) }
  }

  // MARK: Which key

  @Test("a key may sign a logon if its certificate does not say otherwise")
  func usage() throws {
    func isForLogon(_ certificate: [UInt8]) throws -> Bool { try CertificateUsage(certificate: certificate).isForLogon }
    for good in [
      WalkedCertificate.make(.clientAuth), WalkedCertificate.make(.smartCardLogon), WalkedCertificate.make(.none),
      WalkedCertificate.make(.none, bits: nil), WalkedCertificate.make(bits: 0xC0),
    ] { #expect(try isForLogon(good)) }
    for bad in [
      WalkedCertificate.make(.serverAuth), WalkedCertificate.make(bits: 0x40), WalkedCertificate.make(isAuthority: true),
    ] { #expect(try !isForLogon(bad)) }
    for bad in [[], [0x30, 0x00], Array(certificate.dropLast())] as [[UInt8]] {
      #expect(throws: MalformedInput.self) { try CertificateUsage(certificate: bad) }
    }
  }

  @Test("one key is chosen: by its id, by what its certificate names, or not at all")
  func choice() throws {
    let named = SeenKey(id: [1], certificate: WalkedCertificate.make(.clientAuth))
    let unnamed = SeenKey(id: [2], certificate: WalkedCertificate.make(.none, mark: 2))
    let second = SeenKey(id: [3], certificate: WalkedCertificate.make(.smartCardLogon, mark: 3))
    let signing = SeenKey(id: [4], certificate: WalkedCertificate.make(.serverAuth, mark: 4))
    let junk = SeenKey(id: [5], certificate: [0x30, 0x00])
    func chosen(_ keys: [SeenKey], _ choice: ModuleChoice = ModuleChoice()) throws -> [UInt8] {
      try choice.choose(among: [token(keys)]).key.id
    }
    #expect(try chosen([junk, signing, unnamed, named]) == [1])
    #expect(try chosen([unnamed, signing]) == [2])
    #expect(try chosen([named, named]) == [1], "the same certificate twice is one")
    #expect(try chosen([named, second], ModuleChoice(key: [3])) == [3])
    #expect(throws: CardFailure.module(.severalKeys)) { try chosen([named, second]) }
    #expect(throws: CardFailure.module(.noKey)) { try chosen([signing, junk]) }
    #expect(throws: CardFailure.module(.noKey)) { try chosen([named], ModuleChoice(key: [9])) }
    #expect(throws: CardFailure.module(.noKey)) { try chosen([]) }
  }

  @Test("one token is chosen: the only one with a key that fits, or the one that is named")
  func tokens() throws {
    let key = SeenKey(id: [1], certificate: certificate)
    let (empty, one) = (try token([], label: "empty"), try token([key], label: "one", slot: 2))
    let two = try token([SeenKey(id: [1], certificate: WalkedCertificate.make(mark: 2))], label: "two", slot: 3)
    #expect(try ModuleChoice().choose(among: [empty, one]).token == one)
    #expect(try ModuleChoice(label: "two").choose(among: [one, two]).token == two)
    #expect(throws: CardFailure.ambiguousCard) { try ModuleChoice().choose(among: [one, two]) }
    #expect(throws: CardFailure.noCard) { try ModuleChoice().choose(among: []) }
    #expect(throws: CardFailure.noCard) { try ModuleChoice(label: "three").choose(among: [one, two]) }
    #expect(throws: CardFailure.module(.noKey)) { try ModuleChoice(label: "empty").choose(among: [empty, one]) }
  }

  @Test("a slot is the reader of its own name, or of a longer one that was cut after 64 bytes")
  func readers() throws {
    func isIn(_ slot: String, _ reader: String) throws -> Bool {
      try SeenToken(slot: 1, reader: slot, label: "", serial: [], standing: .untold, keys: []).isIn(reader)
    }
    let cut = String(repeating: "r", count: 64)
    #expect(try isIn("Reader 00 00", "Reader 00 00") && isIn(cut, cut) && isIn(cut, cut + " 00 00"))
    #expect(try !isIn("Reader 00 0", "Reader 00 00") && !isIn("Reader 00 00", "Reader") && !isIn("", "Reader 00 00"))
    #expect(try !isIn(String(repeating: "r", count: 60), cut + " 00 00") && !isIn(cut, String(cut.dropLast()) + "x 00 00"))
  }

  // MARK: Signatures

  @Test("r and s side by side become what the server takes, and nothing else does")
  func curves() throws {
    let key = P256.Signing.PrivateKey()
    for round in 0..<64 {
      let message = Data("text \(round)".utf8)
      let signature = try key.signature(for: message)
      let wire = try ModuleSignature.wire(Array(signature.rawRepresentation), .p256)
      #expect(wire == Array(signature.derRepresentation))
    }
    let large = P384.Signing.PrivateKey()
    let signature = try large.signature(for: Data("text".utf8))
    #expect(try ModuleSignature.wire(Array(signature.rawRepresentation), .p384) == Array(signature.derRepresentation))
    let zero = [UInt8](repeating: 0, count: 64)
    let one = [UInt8](repeating: 0, count: 31) + [1]
    #expect(try ModuleSignature.wire(one + one, .p256) == [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01])
    let half = [UInt8](repeating: 0, count: 32)
    for bad in [zero, one + half, [UInt8](repeating: 0xFF, count: 64), Array(zero.dropLast()), zero + [1], []] as [[UInt8]] {
      #expect(throws: CardFailure.module(.malformed)) { try ModuleSignature.wire(bad, .p256) }
    }
  }

  @Test("RSA signs DigestInfo, and its block goes as it is")
  func rsa() throws {
    let digest = Array(SHA256.hash(data: Data("text".utf8)))
    let input = ModuleSignature.input(.rsa2048, digest: digest)
    #expect(input.count == 51 && input.suffix(32).elementsEqual(digest) && input.starts(with: [0x30, 0x31, 0x30, 0x0D]))
    #expect(ModuleSignature.input(.p256, digest: digest) == digest)
    let block = [UInt8](repeating: 7, count: 256)
    #expect(try ModuleSignature.wire(block, .rsa2048) == block)
    #expect(throws: CardFailure.module(.malformed)) { try ModuleSignature.wire(block, .rsa3072) }
  }

  @Test("codes: one for the library, one for how it behaves, one for its keys")
  func codes() {
    #expect(Set(ModuleFault.allCases.compactMap(\.code)) == ["SA116", "SA117", "SA118"])
    #expect(ModuleFault.pinForm.code == nil)
    #expect(Set(ModuleRefusal.allCases.map { "\($0.failure)" }).count == ModuleRefusal.allCases.count)
    #expect(PINStanding.allCases.map(\.triesLeft) == [Int.max, 1, 0])
  }
}
