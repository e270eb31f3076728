import AuthTerms
import Foundation
import SmartCard
import Testing

/// Everything that reads bytes from a card, fed with chance. A trap ends the run; what is bounded is measured.
@Suite("Chance as a card")
struct FuzzTests {
  private static let seed: UInt64 = ProcessInfo.processInfo.environment["SANMON_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_121

  /// Walks everything; returns the number of objects.
  private static func walk(_ objects: [BERTLV]) -> Int {
    objects.reduce(objects.count) { $0 + ((try? $1.children()).map(walk) ?? 0) }
  }

  @Test("120,000 inputs to the decoders: an error or a value, never more objects than bytes")
  func decoders() {
    var random = RepeatableRandom(seed: Self.seed)
    var accepted = 0
    for round in 0..<120_000 {
      var input = random.bytes(Int.random(in: 0...40, using: &random))
      // Half of the inputs start as something plausible.
      if round % 2 == 0, input.count > 2 {
        (input[0], input[1]) = ([0x53, 0x70, 0x7C, 0x30][round / 2 % 4], UInt8(input.count - 2))
      }
      if let objects = try? BERTLV.parse(input) {
        accepted += 1
        #expect(Self.walk(objects) <= input.count * BERTLV.depthLimit)
      }
      _ = try? ResponseAPDU(parsing: input)
      _ = try? ECDSASignature.check(input)
      _ = try? CertificateKey(certificate: input)
    }
    #expect(accepted > 1000)
  }

  @Test("20,000 damaged certificates")
  func certificates() throws {
    let good = try Samples.certificate
    _ = try CertificateKey(certificate: good)
    var random = RepeatableRandom(seed: Self.seed)
    for _ in 0..<20_000 {
      var input = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        input[Int.random(in: 0..<input.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { input = Array(input.prefix(Int.random(in: 0...input.count, using: &random))) }
      _ = try? CertificateKey(certificate: input)
    }
  }

  @Test("5,000 cards that answer anything: each question ends within its limits")
  func cards() {
    var random = RepeatableRandom(seed: Self.seed)
    let statuses: [[UInt8]] = [[0x90, 0x00], [0x61, 0x10], [0x6C, 0x04], [0x63, 0xC1], [0x69, 0x82], []]
    for _ in 0..<5000 {
      var own = random
      _ = random.next()
      let channel = ScriptedCard { (_, _) throws(CardFailure) in
        own.bytes(Int.random(in: 0...20, using: &own)) + (statuses.randomElement(using: &own) ?? [])
      }
      var card = PIVCard(channel: channel)
      _ = try? card.select()
      _ = try? card.certificate(slot: .authentication)
      _ = try? card.guid()
      _ = try? card.pinTriesLeft()
      _ = try? card.sign(slot: .authentication, algorithm: .rsa2048, digest: [UInt8](repeating: 1, count: 32))
      _ = try? card.sign(slot: .cardAuthentication, algorithm: .p256, digest: [UInt8](repeating: 1, count: 32))
      #expect(card.channel.commands.count <= 6 * 132)
    }
  }
}
