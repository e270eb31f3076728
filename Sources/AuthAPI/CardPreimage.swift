public import AuthTerms

/// What a card signs, rebuilt by both ends from their own knowledge; a digest handed down by a server is never signed.
///
/// Canonical bytes: the label `sanmon/card/1` and each field, length-prefixed, in the order below. The card signs SHA-256
/// over them. A proof for one scenario, workstation, segment, ceremony or session key never verifies for another.
public struct CardPreimage: Sendable, Equatable {
  public static let label = "sanmon/card/1"

  /// 32 random bytes from the server, used once.
  public var nonce: [UInt8]
  public var ceremony: String
  public var workstation: String
  public var scenario: String
  public var segment: String
  /// Milliseconds since 1970-01-01 UTC, the server's clock.
  public var expiresAt: Int64
  /// SHA-256 of the server's leaf certificate as the agent saw it in the handshake.
  public var serverCertificate: [UInt8]
  /// SHA-256 of the workstation's leaf certificate.
  public var workstationCertificate: [UInt8]
  /// The key slot that signs: `9a` or `9e`; `jpki` for a My Number Card's.
  public var slot: String
  /// The HPKE suite of the agent's sealing key.
  public var sealingSuite: String
  /// SHA-256 over `SessionKeys.canonicalBytes`.
  public var sessionKeys: [UInt8]

  public init(
    nonce: [UInt8], ceremony: String, workstation: String, scenario: String, segment: String, expiresAt: Int64,
    serverCertificate: [UInt8], workstationCertificate: [UInt8], slot: String, sealingSuite: String, sessionKeys: [UInt8]
  ) {
    self.nonce = nonce
    self.ceremony = ceremony
    self.workstation = workstation
    self.scenario = scenario
    self.segment = segment
    self.expiresAt = expiresAt
    self.serverCertificate = serverCertificate
    self.workstationCertificate = workstationCertificate
    self.slot = slot
    self.sealingSuite = sealingSuite
    self.sessionKeys = sessionKeys
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(nonce)
    writer.field(ceremony)
    writer.field(workstation)
    writer.field(scenario)
    writer.field(segment)
    writer.field(expiresAt)
    writer.field(serverCertificate)
    writer.field(workstationCertificate)
    writer.field(slot)
    writer.field(sealingSuite)
    writer.field(sessionKeys)
    return writer.bytes
  }

  /// Accepts exactly what `canonicalBytes` writes, with fields of at most 256 bytes.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "card preimage", limit: 256)
    guard try reader.text() == Self.label else { throw MalformedInput("card preimage", expected: "the label \(Self.label)") }
    nonce = try reader.field()
    ceremony = try reader.text()
    workstation = try reader.text()
    scenario = try reader.text()
    segment = try reader.text()
    expiresAt = try reader.signed()
    serverCertificate = try reader.field()
    workstationCertificate = try reader.field()
    slot = try reader.text()
    sealingSuite = try reader.text()
    sessionKeys = try reader.field()
    try reader.requireEnd()
    guard nonce.count == 32, serverCertificate.count == 32, workstationCertificate.count == 32, sessionKeys.count == 32 else {
      throw MalformedInput("card preimage", expected: "a nonce and hashes of 32 bytes")
    }
  }
}

/// What the session key signs at unlock: `sanmon/session/1`, the session, the ceremony and its nonce, length-prefixed.
public struct SessionPreimage: Sendable, Equatable {
  public static let label = "sanmon/session/1"
  public var session: String
  public var ceremony: String
  public var nonce: [UInt8]

  public init(session: String, ceremony: String, nonce: [UInt8]) {
    self.session = session
    self.ceremony = ceremony
    self.nonce = nonce
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(session)
    writer.field(ceremony)
    writer.field(nonce)
    return writer.bytes
  }
}

/// What a card signs when one of its keys is enrolled for a person: `sanmon/enrol/2`, the server's nonce, the person, the slot,
/// the GUID that the desk read and the card it named, length-prefixed.
///
/// The signature shows that this key was there when the desk read that GUID; it does not show that the GUID is the card's.
public struct EnrolmentPreimage: Sendable, Equatable {
  public static let label = "sanmon/enrol/2"
  public var nonce: [UInt8]
  public var person: String
  public var slot: String
  /// 16 bytes, or none.
  public var guid: [UInt8]
  /// A card that is registered already and gains this key, or empty.
  public var card: String

  public init(nonce: [UInt8], person: String, slot: String, guid: [UInt8], card: String) {
    self.nonce = nonce
    self.person = person
    self.slot = slot
    self.guid = guid
    self.card = card
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(nonce)
    writer.field(person)
    writer.field(slot)
    writer.field(guid)
    writer.field(card)
    return writer.bytes
  }
}
