import AuthTerms
import Foundation
import Fuzzing
import SmartCard
import Testing

/// What a PKCS#11 library's process and its parent say to each other, and what stands in the certificates that it shows.
@Suite("Fuzz: cards behind a PKCS#11 library", .serialized)
struct ModuleFuzzTests {
  #if DEBUG
    private static let count = 40_000
  #else
    private static let count = 1_000_000
  #endif

  /// A certificate in form: key usage, clientAuth, no authority.
  private static let certificate: [UInt8] = {
    func tlv(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
      content.count < 128
        ? [tag, UInt8(content.count)] + content
        : [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
    }
    let extensions =
      tlv(0x30, tlv(0x06, [0x55, 0x1D, 0x0F]) + tlv(0x04, [0x03, 0x02, 0x07, 0x80]))
      + tlv(
        0x30,
        tlv(0x06, [0x55, 0x1D, 0x25])
          + tlv(0x04, tlv(0x30, tlv(0x06, [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]))))
      + tlv(0x30, tlv(0x06, [0x55, 0x1D, 0x13]) + tlv(0x04, [0x30, 0x00]))
    let body = tlv(
      0x30, [0xA0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01] + tlv(0xA3, tlv(0x30, extensions)))
    return tlv(0x30, body + [0x30, 0x00, 0x03, 0x02, 0x00, 0x00])
  }()

  private static func requests() throws -> [[UInt8]] {
    let errand = try ModuleErrand(
      slot: 7, serial: Array("0123456789abcdef".utf8), key: [1, 2], certificate: certificate, algorithm: .p256,
      digest: [UInt8](repeating: 9, count: 32), pin: Secret<PIN>(copying: Array("246810".utf8)), leastTries: 2)
    return [
      try ModuleRequest(library: "/usr/lib/card.so", task: .look).encoded(),
      try ModuleRequest(library: "/usr/lib/card.so", task: .sign(errand)).encoded(),
    ]
  }

  private static func answers() throws -> [[UInt8]] {
    let token = try SeenToken(
      slot: 1, reader: "Reader 00 00", label: "職員カード", serial: [0x31], standing: .lastTry,
      keys: [SeenKey(id: [1], certificate: certificate), SeenKey(id: [2], certificate: [0x30, 0x00])])
    let all: [ModuleAnswer] = [
      .seen([token, token]), .seen([]), .signed([UInt8](repeating: 3, count: 64)), .wrongPIN(.untold), .pinBlocked,
      .tooFewTries,
      .otherCard, .failed(.cardRemoved),
    ]
    return all.map { $0.encoded() }
  }

  @Test("a request is what its encoding says, or is refused")
  func requests() async throws {
    let corpus = try Self.requests()
    let tally = try await onOwnThread {
      try Fuzzer("module-request", corpus: corpus, count: Self.count, share: 0.4).run { bytes in
        guard let request = try? ModuleRequest(decoding: bytes) else { return false }
        guard request.encoded() == bytes else { throw Fuzzer.Broken("two forms of one request") }
        return true
      }
    }
    #expect(tally.refused > 0)
  }

  @Test("an answer is what its encoding says, chooses within itself, or is refused")
  func answers() async throws {
    let corpus = try Self.answers()
    let tally = try await onOwnThread {
      try Fuzzer("module-answer", corpus: corpus, count: Self.count, share: 0.4).run { bytes in
        guard let answer = try? ModuleAnswer(decoding: bytes) else { return false }
        guard answer.encoded() == bytes else { throw Fuzzer.Broken("two forms of one answer") }
        if case .seen(let tokens) = answer, let chosen = try? ModuleChoice().choose(among: tokens) {
          guard tokens.contains(chosen.token), chosen.token.keys.contains(chosen.key) else {
            throw Fuzzer.Broken("a key that is not there")
          }
        }
        return true
      }
    }
    #expect(tally.refused > 0)
  }

  @Test("a certificate's usage is read or refused")
  func usage() async throws {
    let tally = try await onOwnThread {
      try Fuzzer("module-usage", corpus: [Self.certificate], count: Self.count, share: 0.2).run { bytes in
        guard let usage = try? CertificateUsage(certificate: bytes) else { return false }
        guard !usage.isForLogon || (usage.maySign && !usage.isAuthority) else { throw Fuzzer.Broken("a use that is none") }
        return true
      }
    }
    #expect(tally.accepted > 0 && tally.refused > 0)
  }
}
