import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import CertificateTrust
import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// An operator's card as the wire sees one: a certificate, and a key that is used one operation at a time and never shown.
struct OperatorTestCard: Sendable {
  enum Kind: String, Sendable, CaseIterable { case p256, rsa2048 }

  let certificate: [UInt8]
  /// DER SubjectPublicKeyInfo.
  let publicKey: [UInt8]
  let scheme: SignatureScheme
  let held: HeldKey
  private let signs: @Sendable ([UInt8]) throws -> [UInt8]

  init(_ kind: Kind, of authority: CardAuthority, validDays: Double = 365) throws {
    switch kind {
    case .p256:
      let key = P256.Signing.PrivateKey()
      (publicKey, scheme) = (Array(key.publicKey.derRepresentation), .ecdsaP256)
      certificate = try authority.issue(to: .init(key.publicKey), validDays: validDays)
      signs = { Array(try key.signature(for: SHA256.hash(data: $0)).derRepresentation) }
      held = HeldKey(kind: .p256) { use in
        guard case .ecdsa(let digest) = use else { throw Wrong() }
        return Array(try key.signature(for: Digest(digest)).derRepresentation)
      }
    case .rsa2048:
      let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
      // The raw operation, as a card does it: no padding of its own.
      let raw = try _RSA.BlindSigning.PrivateKey<SHA384>(derRepresentation: key.derRepresentation)
      (publicKey, scheme) = (Array(key.publicKey.derRepresentation), .rsaPKCS1)
      certificate = try authority.issue(to: .init(key.publicKey), validDays: validDays)
      signs = { Array(try key.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5).rawRepresentation) }
      held = HeldKey(kind: .rsa2048) { use in
        guard case .rsa(let block) = use else { throw Wrong() }
        return Array(try raw.blindSignature(for: block).rawRepresentation)
      }
    }
  }

  var identity: ClientIdentity { ClientIdentity(certificate: certificate, held: held) }

  func sign(_ act: Act) throws -> SignedAct {
    SignedAct(act: act, scheme: scheme, signature: try signs(act.canonicalBytes))
  }

  /// Proof of holding this key, over somebody's act.
  func approve(_ act: Act, as id: String) throws -> [UInt8] {
    let hash = Array(SHA256.hash(data: Data(act.canonicalBytes)))
    return try signs(Approval.message(actHash: hash, operatorID: OperatorID(parsing: id)))
  }

  struct Wrong: Error {}

  /// 32 bytes that a card is handed to sign as they are.
  private struct Digest: Crypto.Digest {
    static let byteCount = 32
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { try bytes.withUnsafeBytes(body) }
    func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }
    var description: String { "digest" }
  }
}

extension CardAuthority {
  func issue(to publicKey: Certificate.PublicKey, validDays: Double) throws -> [UInt8] {
    try Self.der(
      Certificate(
        version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: Date() - 86_400 * 30,
        notValidAfter: Date() + 86_400 * validDays, issuer: name, subject: try DistinguishedName { CommonName("operator") },
        signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.notCertificateAuthority)
          Critical(KeyUsage(digitalSignature: true))
          try ExtendedKeyUsage([.clientAuth])
        }, issuerPrivateKey: .init(key)))
  }

  /// A CertificateList (RFC 5280 §5.1) in PEM that withdraws these certificates; the next one is due in `days`.
  func revocationList(of certificates: [[UInt8]], due days: Double = 30) throws -> String {
    // AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 §3.2).
    let algorithm = Self.tlv(0x30, [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02])
    var issuer = DER.Serializer()
    try issuer.serialize(name)
    let entries = try certificates.map { der in
      let serial = try Certificate(derEncoded: der).serialNumber.bytes
      // A DER INTEGER whose first bit is set would be negative.
      return Self.tlv(0x30, Self.tlv(0x02, (serial.first ?? 0 < 0x80 ? [] : [0]) + serial) + Self.time(Date() - 60))
    }
    let list = Self.tlv(
      0x30,
      Self.tlv(0x02, [1]) + algorithm + issuer.serializedBytes + Self.time(Date() - 3600) + Self.time(Date() + 86_400 * days)
        + (entries.isEmpty ? [] : Self.tlv(0x30, entries.flatMap { $0 })))
    let signature = Array(try key.signature(for: Data(list)).derRepresentation)
    let der = Self.tlv(0x30, list + algorithm + Self.tlv(0x03, [0] + signature))
    return PEMDocument(type: "X509 CRL", derBytes: der).pemString + "\n"
  }

  private static func time(_ date: Date) -> [UInt8] {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = .gmt
    formatter.dateFormat = "yyMMddHHmmss'Z'"
    return tlv(0x17, Array(formatter.string(from: date).utf8))
  }

  private static func tlv(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let length: [UInt8] =
      switch content.count {
      case ..<128: [UInt8(content.count)]
      case ..<256: [0x81, UInt8(content.count)]
      default: [0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
      }
    return [tag] + length + content
  }
}

/// A city whose operators may also come over TLS, with cards of an authority of their own.
struct OperatorCity {
  let city: City
  let authority: CardAuthority
  let port: Int
  private let server: CertificateFingerprint

  init(hasAdministrator: Bool = true, hasLists: Bool = false) async throws {
    let authority = try CardAuthority(named: "Test Operator Cards")
    self.authority = authority
    city = try await City(
      hasAdministrator: hasAdministrator,
      prepare: { folder in
        try PEMFile.encode(certificate: authority.certificateDER).write(
          toFile: folder + "/operators.pem", atomically: true, encoding: .utf8)
        if hasLists {
          try authority.revocationList(of: []).write(toFile: folder + "/operators.crl", atomically: true, encoding: .utf8)
        }
      },
      lines: { folder in
        """
        operator-listen: {address: 127.0.0.1, port: 0}
        operator-roots: [\(folder)/operators.pem]
        """ + (hasLists ? "\noperator-crls: [\(folder)/operators.crl]" : "")
      })
    port = city.server.port(.operatorsTLS) ?? 0
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    server = try CertificateFingerprint(hex: status.authority)
  }

  var trust: ServerTrust { .authority(server) }

  /// A connection that is kept: what is asked over it later meets no new handshake.
  func connect(_ identity: ClientIdentity?, port other: Int? = nil) async throws -> ServerConnection {
    try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(other ?? port)"), trust: .authority(server), identity: identity)
  }

  /// Lets an operator in with the key of this card, as the administrator at the socket does.
  func register(_ card: OperatorTestCard, as id: String, person: String, role: String) async throws {
    let act = try city.act(
      "operator.register", ["operator": id, "person": person, "role": role, "key": Hex.encode(card.publicKey)])
    let message = OperatorAddition(
      act: Data(try city.sign(act).encoded), possession: Data(try card.approve(act, as: id)),
      possessionScheme: card.scheme.rawValue)
    let _: OperatorSummary = try await city.link.call("POST", "/v1/admin/operators", message)
  }

  func newOperator(
    _ kind: OperatorTestCard.Kind = .p256, _ id: String = "suzuki", role: String = "administrator", validDays: Double = 365
  ) async throws -> OperatorTestCard {
    let card = try OperatorTestCard(kind, of: authority, validDays: validDays)
    try await register(card, as: id, person: "p-000002", role: role)
    return card
  }

  func refusals() async throws -> [AuditEntry] {
    try await city.audit("class=administration&outcome=denied&limit=500")
  }
}
