import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Fuzzing
import SmartCard
import Testing
import Workstation

/// Certificates, requests, lists and keys, and everything a card may answer. The readers behind are OpenSSL's, SwiftASN1's and
/// our own; a value that two of them read differently is a finding.
@Suite("Fuzz: certificates, keys and cards", .serialized)
struct CertificateFuzzTests {
  private static let now: Int64 = 1_800_000_000_000
  /// A root and its list, made with openssl.
  private static let root = """
    MIIBjDCCATGgAwIBAgIUXqdssMrCs9y4P1T+CwPPduaObpIwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQRnV6eiBTdGFmZiBDYXJkczAeFw0yNjExMjExNTE4
    MzBaFw0zNjExMTgxNTE4MzBaMBsxGTAXBgNVBAMMEEZ1enogU3RhZmYgQ2FyZHMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASr1Bz5zaHeUoeT0SJB8jmm
    0v0LCHk/QaZVYJv3bTPM9KFh3S57rHcMKh8mOD4bFBFhCMPnQALk1N1VCFs/wphQo1MwUTAdBgNVHQ4EFgQUNP2mwLlgMLkg1YuHhUNpi+44UwgwHwYDVR0j
    BBgwFoAUNP2mwLlgMLkg1YuHhUNpi+44UwgwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAlU1pNKVrKa/UeS9tZhdhUAhuMPkpue9xo2QV
    yJdZgocCIQDsmj8FswAnICqIDXwmj1Fi+ARtSFYvNrgR+cHjN50exA==
    """
  private static let list = """
    MIHIMHECAQEwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQRnV6eiBTdGFmZiBDYXJkcxcNMjYxMTIxMTUxODMwWhcNMzYxMTE4MTUxODMwWjAVMBMCAhAAFw0y
    NjExMjEwMDAwMDBaoA4wDDAKBgNVHRQEAwIBATAKBggqhkjOPQQDAgNHADBEAiA2NeAID8ZZItmmoOKxndC2N57/D7Ellf2daIdCs4hQ+gIgdpKBm/tznpu6
    3gcAdKP4DpO52PLa/95akdmXwSIFzWU=
    """

  private static func der(_ base64: String) throws -> [UInt8] {
    Array(try #require(Data(base64Encoded: base64, options: .ignoreUnknownCharacters)))
  }

  private static let authority = Result {
    try WorkstationAuthority.create(
      instance: "lgwan-1", key: P256.Signing.PrivateKey(), serial: [UInt8](repeating: 1, count: 16), now: now)
  }

  /// A workstation's certificate of our own authority.
  private static func leaf() throws -> [UInt8] {
    let request = try CertificateRequest(verifying: CertificateRequest.make(key: P256.Signing.PrivateKey()))
    return try authority.get().issueWorkstation(
      request,
      identity: WorkstationIdentity(instance: "lgwan-1", segment: .lgwan, workstation: WorkstationID(parsing: "PC-1")),
      serial: [UInt8](repeating: 2, count: 16), now: now, days: 90)
  }

  @Test("heads of HTTP answers: a status and at most one length, or a refusal")
  func listAnswers() throws {
    let corpus = [
      "HTTP/1.1 200 OK\r\nContent-Length: 512\r\nContent-Type: application/pkix-crl\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
    ].map { Array($0.utf8) }
    let words = ["Content-Length: ", "\r\n", "\n", "\r", ": ", "Transfer-Encoding: chunked\r\n", "HTTP/1.1 ", "\u{0}", " "]
    let tally = try Fuzzer("list-answers", corpus: corpus, words: words, count: 20_000, share: 0.1).run { bytes in
      guard let answer = try? ListAnswer(head: bytes) else { return false }
      guard (100...599).contains(answer.status), (answer.length ?? 0) >= 0, bytes.count <= ListAnswer.limit else {
        throw Fuzzer.Broken("outside the limits")
      }
      guard !bytes.dropLast(4).contains(0) else { throw Fuzzer.Broken("a NUL in a line") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("addresses of lists: read back as they are written, or refused")
  func addresses() throws {
    let corpus = ["http://10.1.0.5/staff.crl", "http://crl.city.example:8080/a?b=c", "http://[fd00::5]:81/x"]
      .map { Array($0.utf8) }
    let words = ["http://", "https://", "@", "#", "/..", "[", "]", ":", "::1", "%00", "\r\n"]
    let tally = try Fuzzer("list-addresses", corpus: corpus, words: words, count: 20_000, share: 0.1).run { bytes in
      guard let text = String(validating: bytes, as: UTF8.self), let address = try? ListAddress(parsing: text) else {
        return false
      }
      guard address.description == text, (1...65_535).contains(address.port), !address.host.isEmpty,
        !text.contains(where: { "\r\n @#\\".contains($0) })
      else { throw Fuzzer.Broken("two ways to write one address") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("certificates: no damaged one is found good, and the readers agree on whose key it is")
  func certificates() throws {
    let (leaf, root) = (try Self.leaf(), try Self.authority.get().root)
    let trust = try CardTrust(
      anchors: [root], intermediates: [], revocationLists: [])
    guard case .valid = trust.validate(leaf, at: Self.now) else {
      Issue.record("the whole certificate is refused")
      return
    }
    try Fuzzer("certificates", corpus: [leaf, try Self.der(Self.root)], count: 5000).run { bytes in
      let key = try? CertificateKey(certificate: bytes)
      _ = try? EnrolledWorkstation(certificate: bytes)
      if let ours = try? WorkstationCertificate(parsing: bytes), ours.isIssued(by: root), bytes != leaf {
        throw Fuzzer.Broken("a changed certificate of our authority verifies")
      }
      guard case .valid(let card) = trust.validate(bytes, at: Self.now) else { return key != nil }
      guard bytes == leaf else { throw Fuzzer.Broken("a changed certificate leads to the root") }
      guard key?.subjectPublicKeyInfo == card.publicKeyDER else { throw Fuzzer.Broken("two readers, two keys") }
      return true
    }
  }

  @Test("requests: only one that its key signed is taken")
  func requests() throws {
    let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
    let tally = try Fuzzer("requests", corpus: [request], count: 5000).run { bytes in
      guard (try? CertificateRequest(verifying: bytes)) != nil else { return false }
      guard bytes == request else { throw Fuzzer.Broken("a changed request verifies") }
      return true
    }
    #expect(tally.refused > 1000)
  }

  @Test("revocation lists and anchors: read or refused")
  func lists() throws {
    let (root, list) = (try Self.der(Self.root), try Self.der(Self.list))
    _ = try CardTrust(
      anchors: [root], intermediates: [], revocationLists: [list], rules: PathRules(coverage: .card))
    let leaf = try Self.leaf()
    try Fuzzer("lists", corpus: [list, root], count: 3000).run { bytes in
      let trust = try? CardTrust(
        anchors: [root], intermediates: [bytes], revocationLists: [])
      let other = try? CardTrust(
        anchors: [root], intermediates: [], revocationLists: [bytes], rules: PathRules(coverage: .card))
      for trust in [trust, other] {
        if case .valid? = trust?.validate(leaf, at: Self.now) { throw Fuzzer.Broken("a stranger's certificate is good") }
      }
      return trust != nil || other != nil
    }
  }

  @Test("PEM files, host names and identities in text: one spelling")
  func texts() throws {
    let pem = PEMFile.encode(certificate: try Self.der(Self.root))
    try Fuzzer("pem", corpus: [Array(pem.utf8)], words: ["-----BEGIN CERTIFICATE-----\n", "\n", "="], count: 5000, share: 0.4)
      .run { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try? PEMFile.revocationLists(text)
        _ = try? PEMFile.certificateRequests(text)
        return (try? PEMFile.certificates(text)) != nil
      }
    let hosts = [
      "sanmon.lgwan.example", "10.1.0.10", "::1", "2001:db8::1", "*.example", "sanmon://lgwan-1/lgwan/workstation/PC-1",
    ]
    try Fuzzer("hosts", corpus: hosts.map { Array($0.utf8) }, words: ["sanmon://", "/", ":", ".", "%"], share: 0.6).run {
      bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      if let identity = try? WorkstationIdentity(uri: text), identity.uri != text {
        throw Fuzzer.Broken("two spellings of one identity")
      }
      return (try? ServerHost(parsing: text)) != nil
    }
  }

  @Test("public keys have one spelling, and verify nothing that they did not sign")
  func keys() throws {
    let p256 = Array(P256.Signing.PrivateKey().publicKey.derRepresentation)
    let ed25519 = SubjectKey.ed25519DER(raw: Array(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation))
    let tally = try Fuzzer("keys", corpus: [p256, ed25519], count: 5000).run { bytes in
      guard let key = try? SubjectKey(parsing: bytes) else { return false }
      for algorithm in ["ed25519", "ecdsa-p256-sha256", "rsa-pkcs1-sha256"] {
        guard !key.verify(signature: [UInt8](repeating: 0, count: 64), algorithm: algorithm, over: bytes) else {
          throw Fuzzer.Broken("nothing verifies")
        }
      }
      return true
    }
    #expect(tally.refused > 1000)
  }

  /// Every object below, each once.
  private static func count(_ objects: [BERTLV]) -> Int {
    objects.reduce(objects.count) { $0 + ((try? $1.children()).map(count) ?? 0) }
  }

  @Test("answers of a card: an error or a value, never more objects than bytes")
  func answers() throws {
    let object: [UInt8] = [0x53, 0x0A, 0x70, 0x03, 1, 2, 3, 0x71, 1, 0, 0xFE, 0]
    let signature: [UInt8] = [0x7C, 0x0A, 0x82, 0x08, 0x30, 0x06, 0x02, 0x01, 1, 0x02, 0x01, 1]
    let corpus = [object, object + [0x90, 0], signature + [0x90, 0], [0x61, 0x10], [0x63, 0xC2], Array(signature[4...])]
    let tally = try Fuzzer("answers", corpus: corpus, count: 40_000).run { bytes in
      _ = try? ResponseAPDU(parsing: bytes)
      _ = try? ECDSASignature.check(bytes)
      guard let objects = try? BERTLV.parse(bytes) else { return false }
      guard Self.count(objects) <= bytes.count * BERTLV.depthLimit else { throw Fuzzer.Broken("more objects than bytes") }
      return true
    }
    #expect(tally.accepted > 1000 && tally.refused > 1000)
  }
}
