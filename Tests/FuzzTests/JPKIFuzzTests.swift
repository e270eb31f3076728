import AuthTerms
import CertificateTrust
import Foundation
import Fuzzing
import SmartCard
import Testing
import Workstation

/// What a My Number Card says: a file of any content, answers of any kind.
@Suite("Fuzz: what a My Number Card says", .serialized)
struct JPKIFuzzTests {
  #if DEBUG
    private static let count = 40_000
  #else
    private static let count = 1_000_000
  #endif

  /// A card whose one file is these bytes.
  private struct FileCard: CardChannel {
    let file: [UInt8]
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
      guard command.count == 5, command[1] == 0xB0 else { return [0x90, 0x00] }
      let offset = Int(command[2]) << 8 | Int(command[3])
      let count = command[4] == 0 ? 256 : Int(command[4])
      guard offset < file.count else { return [0x6B, 0x00] }
      return Array(file[offset..<min(file.count, offset + count)]) + [0x90, 0x00]
    }
  }

  /// A card that says these bytes, cut where they say themselves, whatever it is asked.
  private struct SayingCard: CardChannel {
    var rest: ArraySlice<UInt8>
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
      guard let length = rest.popFirst() else { return [] }
      let said = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
      return Array(said)
    }
  }

  /// Self-signed, made with openssl, to be walked, not trusted.
  private static let base64 = """
    MIIBiDCCAS2gAwIBAgIUddb+duztVF4xUrUXK7+4s0fta90wCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwN5LiJ6ZaAIOiKseWtkDAgFw0yNjExMj
    EwOTM1MzZaGA8yMTI2MTAyODA5MzUzNlowGDEWMBQGA1UEAwwN5LiJ6ZaAIOiKseWtkDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK7784Vy
    qb/bxWs2m4TAd3j/GI1u5S4DXB07zgu4H6GjUTaXVtwQ8SS2ZhFJkJkwG/Ag2eDX7jyNc8aVpvJEsY+jUzBRMB0GA1UdDgQWBBQAhqrUMcRSBp
    fxn6Ei8tcLnUl/MzAfBgNVHSMEGDAWgBQAhqrUMcRSBpfxn6Ei8tcLnUl/MzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDO
    CvVp1a581bhv6IkwLG5zxRHX1gfD3sE0YVKdmaOfMwIhALjToRLzQKI+w0phrNC8Hy8+NtfwIrrJo9Y/itFiFe/A
    """
  private static let certificate = Array(Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data())

  @Test("a certificate's file: as many of its bytes as it says itself, in order, within the limits, or a refusal")
  func files() async throws {
    let long: [UInt8] = [0x30, 0x82, 0x0F, 0xFC] + [UInt8](repeating: 0x05, count: 4092)
    let tally = try await onOwnThread {
      try Fuzzer("jpki-file", corpus: [Self.certificate, long], count: Self.count).run { bytes in
        var card = JPKICard(channel: FileCard(file: bytes))
        guard let found = try? card.certificate() else { return false }
        guard bytes.starts(with: found), JPKIApplication.certificateLengths.contains(found.count) else {
          throw Fuzzer.Broken("other bytes than the file's")
        }
        _ = try? CertificateKey(certificate: found)
        return true
      }
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("whatever a card answers, a view is bounded: tries up to 15 and a certificate within its limits, or a failure")
  func answers() async throws {
    func said(_ answers: [[UInt8]]) -> [UInt8] { answers.flatMap { [UInt8(truncatingIfNeeded: $0.count)] + $0 } }
    let ok: [UInt8] = [0x90, 0x00]
    let content = [UInt8](repeating: 0x05, count: 256)
    let small: [UInt8] = [0x30, 0x82, 0x01, 0x00] + content
    let head: [UInt8] = small.prefix(4) + ok
    let piece: [UInt8] = small[4..<254] + [0x61, 0x06]
    let end: [UInt8] = small[254...] + ok
    let tries: [UInt8] = [0x63, 0xC3]
    let endless: [UInt8] = [0x30, 0x82, 0x01, 0x00, 0x61, 0xFF]
    let corpus = [said([ok, ok, head, piece, end, ok, tries]), said([ok, ok, endless]), said([[0x6A, 0x82]])]
    let tally = try await onOwnThread {
      try Fuzzer("jpki-answers", corpus: corpus, count: Self.count / 4).run { bytes in
        var card = SayingCard(rest: bytes[...])
        guard let view = try? JPKITalk.view(&card, reader: "R", isTaken: true) else { return false }
        guard (0...15).contains(view.triesLeft), JPKIApplication.certificateLengths.contains(view.certificate.count) else {
          throw Fuzzer.Broken("beyond the limits")
        }
        return true
      }
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("a certificate that nobody vouches for: a key that is known, dates that are in order or not, or a refusal")
  func unvouched() async throws {
    let tally = try await onOwnThread {
      try Fuzzer("unvouched-certificate", corpus: [Self.certificate], count: Self.count / 20).run { bytes in
        guard let found = try? UnvouchedCertificate(der: bytes) else { return false }
        guard found.validity.notAfter != nil, found.subjectKey.der.count <= 1024 else { throw Fuzzer.Broken("no end") }
        return true
      }
    }
    // The sample is an authority's: what is damaged into something else is rare.
    #expect(tally.refused > 1000)
  }
}
