import AuthTerms
import Foundation
import Fuzzing
import SmartCard
import Testing

/// A card that has one thing to say, handed out as cards do: 256 bytes at a time behind `61xx`.
private struct PieceCard: CardChannel {
  private let whole: [UInt8]
  private var given = 0

  init(_ whole: [UInt8]) { self.whole = whole }

  mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
    let end = min(whole.count, given + 256)
    let piece = Array(whole[given..<end])
    given = end
    let rest = whole.count - end
    return piece + (rest == 0 ? [0x90, 0x00] : [0x61, UInt8(truncatingIfNeeded: min(rest, 256))])
  }
}

/// Bytes of cards, a million damaged forms of each (in a debug build, which is there for the sanitizers, fewer; as many as
/// deploy/soak --executions says there).
@Suite("Fuzz: what a card says", .serialized)
struct CardFuzzTests {
  #if DEBUG
    private static let count = 40_000
  #else
    private static let count = 1_000_000
  #endif

  /// Self-signed, made with openssl, to be walked, not trusted.
  private static let base64 = """
    MIIBiDCCAS2gAwIBAgIUddb+duztVF4xUrUXK7+4s0fta90wCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwN5LiJ6ZaAIOiKseWtkDAgFw0yNjExMj
    EwOTM1MzZaGA8yMTI2MTAyODA5MzUzNlowGDEWMBQGA1UEAwwN5LiJ6ZaAIOiKseWtkDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK7784Vy
    qb/bxWs2m4TAd3j/GI1u5S4DXB07zgu4H6GjUTaXVtwQ8SS2ZhFJkJkwG/Ag2eDX7jyNc8aVpvJEsY+jUzBRMB0GA1UdDgQWBBQAhqrUMcRSBp
    fxn6Ei8tcLnUl/MzAfBgNVHSMEGDAWgBQAhqrUMcRSBpfxn6Ei8tcLnUl/MzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDO
    CvVp1a581bhv6IkwLG5zxRHX1gfD3sE0YVKdmaOfMwIhALjToRLzQKI+w0phrNC8Hy8+NtfwIrrJo9Y/itFiFe/A
    """
  private static let certificate = Array(Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data())

  private static func object(_ tag: UInt8, _ value: [UInt8]) -> [UInt8] {
    switch value.count {
    case 0..<0x80: [tag, UInt8(value.count)] + value
    case 0x80...0xFF: [tag, 0x81, UInt8(value.count)] + value
    default: [tag, 0x82, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
    }
  }

  private static let holder: [UInt8] = object(
    0x53,
    object(0x30, [UInt8](repeating: 0xD4, count: 25)) + object(0x34, (1...16).map { UInt8($0) })
      + object(0x35, Array("20391231".utf8)) + object(0x3E, []) + object(0xFE, []))
  private static let wrapper: [UInt8] = object(0x53, object(0x70, certificate) + object(0x71, [0]) + object(0xFE, []))

  /// Objects of the tree.
  private static func walk(_ objects: [BERTLV]) -> Int {
    objects.reduce(objects.count) { $0 + ((try? $1.children()).map(walk) ?? 0) }
  }

  @Test("TLV: a tree inside its limits whose parts are the input, or a refusal")
  func tlv() async throws {
    let corpus: [[UInt8]] = [Self.holder, [0x61, 0x04, 0x4F, 0x02, 0xA0, 0x00], [0x5F, 0x2F, 0x02, 0x40, 0x00]]
    let tally = try await Fuzzer("card-tlv", corpus: corpus, count: Self.count).runOnThreads { bytes in
      guard let objects = try? BERTLV.parse(bytes) else { return false }
      var end = 0
      for object in objects {
        guard object.encoded.startIndex == end else { throw Fuzzer.Broken("bytes between the objects") }
        end = object.encoded.endIndex
      }
      guard end == bytes.count else { throw Fuzzer.Broken("bytes behind the objects") }
      guard Self.walk(objects) <= bytes.count * BERTLV.depthLimit else { throw Fuzzer.Broken("more objects than bytes") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("APDU answers: data and two bytes of status, or a refusal; what a status counts is never more than there is room for")
  func answers() async throws {
    let corpus: [[UInt8]] = [
      [0x90, 0x00], [0x61, 0x00], [0x6C, 0x10], [0x63, 0xC2], Self.holder + [0x61, 0x20],
      [UInt8](repeating: 0x53, count: 256) + [0x90, 0x00],
    ]
    let tally = try await Fuzzer("card-answer", corpus: corpus, count: Self.count).runOnThreads { bytes in
      guard let answer = try? ResponseAPDU(parsing: bytes) else { return false }
      guard answer.data.count == bytes.count - 2, answer.data.count <= ResponseAPDU.dataLimit,
        (answer.status.triesLeft ?? 0) <= 15, (answer.status.moreBytes ?? 1) <= 256, (answer.status.exactLength ?? 1) <= 256
      else { throw Fuzzer.Broken("more than there is") }
      return true
    }
    #expect(tally.accepted > 1000 && tally.refused > 100)
  }

  @Test("CHUID: a number of 16 bytes that stands in it, or none")
  func holderUniqueIdentifier() async throws {
    let tally = try await Fuzzer("card-chuid", corpus: [Self.holder], count: Self.count).runOnThreads { bytes in
      var card = PIVCard(channel: PieceCard(bytes))
      guard let guid = try? card.guid() else { return false }
      guard guid.count == 16 else { throw Fuzzer.Broken("another length") }
      return true
    }
    #expect(tally.accepted > 1000 && tally.refused > 1000)
  }

  @Test("certificate objects: the bytes of tag 70 as they stand there, uncompressed, or a refusal")
  func certificateObjects() async throws {
    let corpus = [Self.wrapper, Self.object(0x53, [0x70, 0x02, 0x30, 0x00, 0x71, 0x01, 0x00])]
    let tally = try await Fuzzer("card-certificate", corpus: corpus, count: Self.count).runOnThreads { bytes in
      var card = PIVCard(channel: PieceCard(bytes))
      guard let found = try? card.certificate(slot: .authentication) else { return false }
      guard !found.isEmpty, found.count < bytes.count else { throw Fuzzer.Broken("more than there is") }
      _ = try? CertificateKey(certificate: found)
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("signatures of both curves: one form only")
  func signatures() async throws {
    let number = [0x02, 0x20, 0x11] + [UInt8](repeating: 0x22, count: 31)
    let large = [0x02, 0x30, 0x11] + [UInt8](repeating: 0x22, count: 47)
    let corpus = [Self.object(0x30, number + number), Self.object(0x30, large + large)]
    let tally = try await onOwnThread {
      try Fuzzer("card-signature", corpus: corpus, count: Self.count / 4).run { bytes in
        let isSmall = (try? ECDSASignature.check(bytes)) != nil
        let isLarge = (try? ECDSASignature.check(bytes, of: .p384)) != nil
        guard !isSmall || isLarge else { throw Fuzzer.Broken("in range of the smaller order alone") }
        guard !isLarge || bytes.count <= 104 else { throw Fuzzer.Broken("too long") }
        return isLarge
      }
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }
}
