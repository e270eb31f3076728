public import AuthTerms

/// A card's key in the vault's own register. The key itself comes with the evidence: its fingerprint is enough to know it by.
public struct VaultCard: Sendable, Equatable {
  public var key: KeyFingerprint
  public var person: PersonID
  /// For good: a key that was withdrawn never counts again.
  public var isWithdrawn: Bool

  public init(key: KeyFingerprint, person: PersonID, isWithdrawn: Bool = false) {
    self.key = key
    self.person = person
    self.isWithdrawn = isWithdrawn
  }

  /// Of one act, and of one page.
  public static let mostAtOnce = 256

  /// What the act `vault.cards` names by its SHA-256: each card's fields, length-prefixed, in the given order.
  public static func canonicalBytes(_ cards: [VaultCard]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/vault-cards/1")
    for card in cards { card.write(to: &writer) }
    return writer.bytes
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(key.bytes)
    writer.field(person.text)
    writer.field(UInt64(isWithdrawn ? 1 : 0))
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    key = try KeyFingerprint(parsing: reader.field())
    person = try PersonID(parsing: reader.text())
    switch try reader.unsigned() {
    case 0: isWithdrawn = false
    case 1: isWithdrawn = true
    default: throw MalformedInput("vault card", expected: "0 or 1")
    }
  }
}

/// What administrators published about an application; the vault keeps no more of it than it checks.
public struct VaultApplication: Sendable, Equatable {
  public var id: ApplicationID
  /// None: withdrawn.
  public var segments: [Segment]
  /// SHA-256 over `ApplicationDefinition.canonicalBytes`.
  public var definition: [UInt8]
  /// Seconds since the card's signature, 60 to 86,400.
  public var freshnessSeconds: Int
  /// The logon to Windows: the one application whose passwords a rotator makes.
  public var isWindows: Bool

  public init(
    id: ApplicationID, segments: [Segment], definition: [UInt8], freshnessSeconds: Int, isWindows: Bool = false
  ) {
    self.id = id
    self.segments = segments
    self.definition = definition
    self.freshnessSeconds = freshnessSeconds
    self.isWindows = isWindows
  }

  public static let most = 64

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(id.text)
    writer.field(segments.map(\.name).joined(separator: " "))
    writer.field(definition)
    writer.field(UInt64(freshnessSeconds))
    writer.field(UInt64(isWindows ? 1 : 0))
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    id = try ApplicationID(parsing: reader.text())
    segments = []
    let names = try reader.text()
    // Each space parts two names: one spelling for one list.
    for name in names.isEmpty ? [] : names.split(separator: " ", omittingEmptySubsequences: false) {
      segments.append(try Segment(parsing: name))
    }
    definition = try reader.field()
    let seconds = try reader.unsigned()
    guard definition.count == 32, segments.count <= 8, (60...86_400).contains(seconds) else {
      throw MalformedInput("vault application", expected: "at most 8 segments, a hash, and 60 to 86,400 seconds")
    }
    freshnessSeconds = Int(seconds)
    switch try reader.unsigned() {
    case 0: isWindows = false
    case 1: isWindows = true
    default: throw MalformedInput("vault application", expected: "0 or 1")
    }
  }
}

/// One credential as the vault tells of it: never what is in it.
public struct CredentialEntry: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    /// Handed over when asked for.
    case current
    /// Captured or set, and no sign-in has confirmed it; handed over as well.
    case unconfirmed
    /// The application refused it: not handed over any more.
    case refused
    /// The application asks for a new password.
    case mustChange
    /// Made by a rotator, which has not seen it work: handed over only when all others were refused.
    case pending
  }

  public var person: PersonID
  public var application: ApplicationID
  public var account: String
  /// 1 and above.
  public var version: UInt64
  public var state: State
  /// Milliseconds since 1970-01-01 UTC; of one that was refused, when it was.
  public var setAt: Int64
  /// The newest version that is newer than this one: the application refused it, so this one is handed over in its place.
  public var refused: Refused?

  public struct Refused: Sendable, Equatable {
    public var version: UInt64
    /// Milliseconds since 1970-01-01 UTC.
    public var at: Int64

    public init(version: UInt64, at: Int64) { (self.version, self.at) = (version, at) }
  }

  public init(
    person: PersonID, application: ApplicationID, account: String, version: UInt64, state: State, setAt: Int64,
    refused: Refused? = nil
  ) {
    self.refused = refused
    self.person = person
    self.application = application
    self.account = account
    self.version = version
    self.state = state
    self.setAt = setAt
  }

  /// Of one page: with the longest names it fits a frame of 64 KiB.
  public static let mostAtOnce = 224

  /// Where the next page begins: `PERSON/APPLICATION/ACCOUNT`.
  public var place: String { "\(person.text)/\(application.text)/\(account)" }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(person.text)
    writer.field(application.text)
    writer.field(account)
    writer.field(version)
    writer.field(state.rawValue)
    writer.field(setAt)
    writer.field(refused?.version ?? 0)
    writer.field(refused?.at ?? 0)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    person = try PersonID(parsing: reader.text())
    application = try ApplicationID(parsing: reader.text())
    account = try reader.text()
    version = try reader.unsigned()
    guard let state = State(rawValue: try reader.text()), SessionAct.isAccount(account) else {
      throw MalformedInput("credential entry", expected: "an account and a known state")
    }
    self.state = state
    setAt = try reader.signed()
    let (newer, at) = (try reader.unsigned(), try reader.signed())
    guard newer == 0 ? at == 0 : newer > version else {
      throw MalformedInput("credential entry", expected: "a newer version that was refused, or none")
    }
    if newer > 0 { refused = Refused(version: newer, at: at) }
  }
}

/// An act of a session on its way to the vault.
public struct SessionActRequest: Sendable, Equatable {
  public var act: SessionAct
  /// Ed25519 by the session's key over `act.canonicalBytes`; 64 bytes.
  public var signature: [UInt8]
  /// With the first act of a session, and whenever the vault asks (`sessionNotProven`).
  public var evidence: SessionEvidence?
  /// Hash of the server's row, which is durable before this is sent; 32 bytes.
  public var authorised: [UInt8]

  public init(act: SessionAct, signature: [UInt8], evidence: SessionEvidence?, authorised: [UInt8]) {
    self.act = act
    self.signature = signature
    self.evidence = evidence
    self.authorised = authorised
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(act.canonicalBytes)
    writer.field(signature)
    writer.field(evidence?.encoded ?? [])
    writer.field(authorised)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    act = try SessionAct(canonicalBytes: reader.field())
    signature = try reader.field()
    let evidence = try reader.field()
    self.evidence = evidence.isEmpty ? nil : try SessionEvidence(decoding: evidence)
    authorised = try reader.field()
    guard signature.count == 64, authorised.count == 32 else {
      throw MalformedInput("session act", expected: "a signature of 64 bytes and a hash of 32")
    }
  }
}
