import AuthTerms

/// What a former card signs so that it can become the card of the same person's new registration: proof that it is in hand now.
///
/// Canonical bytes: the label `sanmon/relink/1` and each field, length-prefixed, in the order below; the card signs SHA-256 over them.
/// It opens nothing: no logon is a text with this label, and no text with this label is a logon.
public struct RelinkPreimage: Sendable, Equatable {
  public static let label = "sanmon/relink/1"

  /// 32 random bytes from the server, used once.
  public var nonce: [UInt8]
  public var ceremony: String
  /// The new registration that shall have the card.
  public var person: String
  public var workstation: String
  public var segment: String
  /// Milliseconds since 1970-01-01 UTC, the server's clock.
  public var expiresAt: Int64
  /// SHA-256 of the server's leaf certificate as the agent saw it in the handshake.
  public var serverCertificate: [UInt8]
  /// SHA-256 of the workstation's leaf certificate.
  public var workstationCertificate: [UInt8]

  public init(
    nonce: [UInt8], ceremony: String, person: String, workstation: String, segment: String, expiresAt: Int64,
    serverCertificate: [UInt8], workstationCertificate: [UInt8]
  ) {
    self.nonce = nonce
    self.ceremony = ceremony
    self.person = person
    self.workstation = workstation
    self.segment = segment
    self.expiresAt = expiresAt
    self.serverCertificate = serverCertificate
    self.workstationCertificate = workstationCertificate
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(nonce)
    writer.field(ceremony)
    writer.field(person)
    writer.field(workstation)
    writer.field(segment)
    writer.field(expiresAt)
    writer.field(serverCertificate)
    writer.field(workstationCertificate)
    return writer.bytes
  }
}
