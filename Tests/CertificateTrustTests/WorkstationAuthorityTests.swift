import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Programs
import SwiftASN1
import Testing
import X509

@Suite("the authority of one instance")
struct WorkstationAuthorityTests {
  static let now: Int64 = 1_894_665_600_000
  static let serial = [UInt8](repeating: 0xff, count: 16)
  let authority: WorkstationAuthority
  let identity: WorkstationIdentity
  let key = P256.Signing.PrivateKey()

  init() throws {
    authority = try WorkstationAuthority.create(
      instance: "lgwan-1", key: P256.Signing.PrivateKey(), serial: Self.serial, now: Self.now)
    identity = try WorkstationIdentity(
      instance: "lgwan-1", segment: .lgwan, workstation: WorkstationID(parsing: "LGWAN-PC-0042"))
  }

  private func leaf(days: Int = 365) throws -> [UInt8] {
    let request = try CertificateRequest(verifying: CertificateRequest.make(key: key))
    return try authority.issueWorkstation(request, identity: identity, serial: Self.serial, now: Self.now, days: days)
  }

  @Test("a leaf names the workstation and nothing else, and only our root signed it")
  func workstation() throws {
    let leaf = try WorkstationCertificate(parsing: leaf())
    #expect(leaf.identity == identity)
    #expect(leaf.key.der == Array(key.publicKey.derRepresentation))
    #expect(leaf.isIssued(by: authority.root))
    #expect(leaf.isValid(at: Self.now))
    #expect(leaf.isValid(at: Self.now + 365 * 86_400_000))
    #expect(!leaf.isValid(at: Self.now + 365 * 86_400_000 + 1))
    #expect(!leaf.isValid(at: Self.now - 3_600_001))
    let other = try WorkstationAuthority.create(
      instance: "lgwan-1", key: P256.Signing.PrivateKey(), serial: Self.serial, now: Self.now)
    #expect(!leaf.isIssued(by: other.root))
  }

  @Test("a server's leaf carries its hosts, and is no workstation's")
  func server() throws {
    let request = try CertificateRequest(verifying: CertificateRequest.make(key: key))
    let hosts = [
      try ServerHost(parsing: "sanmon.city.example"), try ServerHost(parsing: "127.0.0.1"), try ServerHost(parsing: "::1"),
    ]
    let der = try authority.issueServer(request, hosts: hosts, serial: Self.serial, now: Self.now, days: 90)
    let names = try #require(try Certificate(derEncoded: der).extensions.subjectAlternativeNames)
    #expect(names.count == 3)
    #expect(throws: MalformedInput.self) { try WorkstationCertificate(parsing: der) }
    #expect(throws: TrustFault.self) {
      try authority.issueServer(request, hosts: [], serial: Self.serial, now: Self.now, days: 90)
    }
  }

  @Test("openssl verifies what we issue", .enabled(if: RealPart.hasOpenSSL, "needs the openssl command"))
  func opensslAgrees() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-ca-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try PEMFile.encode(certificate: authority.root).write(
      to: folder.appending(path: "root.pem"), atomically: true, encoding: .utf8)
    try PEMFile.encode(certificate: leaf()).write(to: folder.appending(path: "leaf.pem"), atomically: true, encoding: .utf8)
    let common = ["verify", "-x509_strict", "-no-CApath", "-CAfile", "root.pem", "-attime", "\(Self.now / 1000)", "-purpose"]
    #expect(try CardCity.run("/usr/bin/openssl", common + ["sslclient", "leaf.pem"], in: folder).status == 0)
    #expect(try CardCity.run("/usr/bin/openssl", common + ["sslserver", "leaf.pem"], in: folder).status != 0)
  }

  @Test("limits: days, serial numbers, keys that are not the root's")
  func limits() throws {
    #expect(throws: TrustFault.self) { try leaf(days: 0) }
    #expect(throws: TrustFault.self) { try leaf(days: 826) }
    let request = try CertificateRequest(verifying: CertificateRequest.make(key: key))
    #expect(throws: TrustFault.self) {
      try authority.issueWorkstation(request, identity: identity, serial: [1, 2, 3], now: Self.now, days: 1)
    }
    #expect(throws: TrustFault.self) { try WorkstationAuthority(root: authority.root, key: P256.Signing.PrivateKey()) }
    #expect(try WorkstationCertificate(parsing: leaf(days: 825)).isValid(at: Self.now + 825 * 86_400_000))
  }

  @Test("a request whose signature does not verify, or with bytes missing, is refused")
  func requests() throws {
    let request = try CertificateRequest.make(key: key)
    for position in stride(from: 0, to: request.count, by: 1) {
      var bent = request
      bent[position] ^= 0x10
      #expect(throws: MalformedInput.self, "byte \(position)") { try CertificateRequest(verifying: bent) }
    }
    // The signature's bit string says that bits are unused; where those are zero, the signature verifies.
    var round = request
    while round.last.map({ $0 & 7 != 0 }) ?? false { round = try CertificateRequest.make(key: P256.Signing.PrivateKey()) }
    let head = try #require(
      round.indices.last { round[$0] == 0x03 && Array(round[$0...].dropFirst(2).prefix(2)) == [0x00, 0x30] })
    _ = try CertificateRequest(verifying: round)
    for unused in 1...3 {
      var other = round
      other[head + 2] = UInt8(unused)
      #expect(throws: MalformedInput.self) { try CertificateRequest(verifying: other) }
    }
    for length in 0..<request.count {
      #expect(throws: MalformedInput.self) { try CertificateRequest(verifying: Array(request.prefix(length))) }
    }
    #expect(throws: MalformedInput.self) { try CertificateRequest(verifying: request + [0]) }
    #expect(throws: MalformedInput.self) { try CertificateRequest(verifying: [UInt8](repeating: 0x30, count: 8193)) }
  }

  @Test(
    "identities are read in one spelling",
    arguments: [
      "sanmon://lgwan-1/lgwan/workstation/", "sanmon://lgwan-1/LGWAN/workstation/PC", "sanmon:/lgwan-1/lgwan/workstation/PC",
      "sanmon://lgwan-1/lgwan/workstation/PC/", "sanmon://lgwan-1/lgwan/person/PC", "sanmon:///lgwan/workstation/PC",
      "https://lgwan-1/lgwan/workstation/PC", "sanmon://lgwan-1/lgwan/workstation/P%43", "",
    ])
  func identities(uri: String) {
    #expect(throws: MalformedInput.self) { try WorkstationIdentity(uri: uri) }
  }

  @Test(
    "hosts are names without wildcards or addresses",
    arguments: [
      ("sanmon.city.example", true), ("localhost", true), ("10.0.0.1", true), ("fd00::1", true), ("*.city.example", false),
      ("City.example", false), ("city.example.", false), ("", false), ("-a.example", false), ("1.2.3", false), ("a b", false),
      ("10.0.0.256", false), ("a..b", false), (String(repeating: "a", count: 64), false),
    ])
  func hosts(text: String, isFine: Bool) { #expect(((try? ServerHost(parsing: text)) != nil) == isFine) }

  @Test("keys have one spelling: an Ed25519 key with trailing bytes or a compressed point is another key, and refused")
  func keys() throws {
    let ed = Curve25519.Signing.PrivateKey()
    let der = SubjectKey.ed25519DER(raw: Array(ed.publicKey.rawRepresentation))
    let subject = try SubjectKey(parsing: der)
    #expect(subject.kind == .ed25519)
    let signature = Array(try ed.signature(for: [1, 2, 3]))
    #expect(subject.verify(signature: signature, algorithm: "ed25519", over: [1, 2, 3]))
    #expect(!subject.verify(signature: signature, algorithm: "ecdsa-p256-sha256", over: [1, 2, 3]))
    #expect(throws: MalformedInput.self) { try SubjectKey(parsing: der + [0]) }
    #expect(throws: MalformedInput.self) { try SubjectKey(parsing: Array(key.publicKey.derRepresentation) + [0]) }
    let compressed: [UInt8] =
      [0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d]
      + [0x03, 0x01, 0x07, 0x03, 0x22, 0x00] + Array(key.publicKey.compressedRepresentation)
    #expect(throws: MalformedInput.self) { try SubjectKey(parsing: compressed) }
  }

  @Test("a file with anything but certificates is refused")
  func pem() throws {
    let text = PEMFile.encode(certificate: authority.root)
    #expect(try PEMFile.certificates(text + "# a comment\n" + text) == [authority.root, authority.root])
    #expect(throws: MalformedInput.self) { try PEMFile.certificates(text + key.pemRepresentation) }
    #expect(throws: MalformedInput.self) { try PEMFile.certificates("") }
    #expect(throws: MalformedInput.self) { try PEMFile.revocationLists(text) }
    #expect(throws: MalformedInput.self) { try PEMFile.certificates(String(repeating: " ", count: 4 << 20) + text) }
  }
}
