import AuthTerms

/// What a card signs so that it can become its holder's at a workstation: proof that its key is there now, for this account.
///
/// Canonical bytes: the label `sanmon/first-tap/1` and each field, length-prefixed, in the order below; the card signs a hash of
/// them. It opens nothing: no logon, and nothing of a desk, is a text with this label, and no text with this label is one of those.
public struct FirstTapPreimage: Sendable, Equatable {
  public static let label = "sanmon/first-tap/1"

  /// 32 random bytes from the server, used once.
  public var nonce: [UInt8]
  public var ceremony: String
  /// In its canonical spelling (`AccountName`).
  public var account: String
  public var workstation: String
  public var segment: String
  /// Milliseconds since 1970-01-01 UTC, the server's clock.
  public var expiresAt: Int64
  /// SHA-256 of the server's leaf certificate as the agent saw it in the handshake.
  public var serverCertificate: [UInt8]
  /// SHA-256 of the workstation's leaf certificate.
  public var workstationCertificate: [UInt8]
  public var slot: String
  /// 16 bytes as the card told them, or none.
  public var guid: [UInt8]

  public init(
    nonce: [UInt8], ceremony: String, account: String, workstation: String, segment: String, expiresAt: Int64,
    serverCertificate: [UInt8], workstationCertificate: [UInt8], slot: String, guid: [UInt8]
  ) {
    self.nonce = nonce
    self.ceremony = ceremony
    self.account = account
    self.workstation = workstation
    self.segment = segment
    self.expiresAt = expiresAt
    self.serverCertificate = serverCertificate
    self.workstationCertificate = workstationCertificate
    self.slot = slot
    self.guid = guid
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(nonce)
    writer.field(ceremony)
    writer.field(account)
    writer.field(workstation)
    writer.field(segment)
    writer.field(expiresAt)
    writer.field(serverCertificate)
    writer.field(workstationCertificate)
    writer.field(slot)
    writer.field(guid)
    return writer.bytes
  }
}
