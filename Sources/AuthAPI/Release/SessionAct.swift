public import AuthTerms

/// What a session's own key signs after its logon: one thing that the vault is to do for it, once.
///
/// Canonical bytes: the label `sanmon/session-act/1` and each field, length-prefixed, in the order below; Ed25519 over them. The
/// SHA-256 of them is the ticket: the vault carries out each ticket once.
public struct SessionAct: Sendable, Equatable {
  public static let label = "sanmon/session-act/1"
  /// Bytes of `content`.
  public static let mostContent = 8192
  /// Milliseconds that an act's date may lie from the vault's clock, either way.
  public static let freshness: Int64 = 90_000

  public enum Kind: String, Sendable, CaseIterable {
    /// Hand over the credential. No content.
    case release = "credential.release"
    /// Keep this credential, sealed to the vault (`IntakeMessage`), until a sign-in confirms it.
    case capture = "credential.capture"
    /// What became of a sign-in: the content is a `SignInOutcome`.
    case report = "credential.report"
  }

  public var kind: Kind
  /// SHA-256 over `SessionKeys.canonicalBytes` of the session.
  public var keys: [UInt8]
  public var workstation: WorkstationID
  public var application: ApplicationID
  /// Which of the person's accounts there; empty for the first.
  public var account: String
  /// Whose credential it is, for somebody who stands in for another or shares an account; none: the session's own person's.
  public var owner: PersonID?
  /// 32 random bytes.
  public var nonce: [UInt8]
  /// Milliseconds since 1970-01-01 UTC, by the server's clock as the agent knows it.
  public var issuedAt: Int64
  public var content: [UInt8]

  public init(
    kind: Kind, keys: [UInt8], workstation: WorkstationID, application: ApplicationID, account: String, owner: PersonID? = nil,
    nonce: [UInt8], issuedAt: Int64, content: [UInt8] = []
  ) throws(MalformedInput) {
    guard keys.count == 32, nonce.count == 32, content.count <= Self.mostContent, Self.isAccount(account) else {
      throw MalformedInput(
        "session act", expected: "a hash and a nonce of 32 bytes, an account, at most 8,192 bytes of content")
    }
    guard (kind == .release) == content.isEmpty else {
      throw MalformedInput("session act", expected: "a content for a capture or report, and none for a release")
    }
    self.kind = kind
    self.keys = keys
    self.workstation = workstation
    self.application = application
    self.account = account
    self.owner = owner
    self.nonce = nonce
    self.issuedAt = issuedAt
    self.content = content
  }

  /// The label of a second account: an identifier; or nothing, for the first.
  public static func isAccount(_ text: String) -> Bool {
    text.isEmpty || (try? Identifier<ApplicationTag>(parsing: text)) != nil
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(kind.rawValue)
    writer.field(keys)
    writer.field(workstation.text)
    writer.field(application.text)
    writer.field(account)
    writer.field(owner?.text ?? "")
    writer.field(nonce)
    writer.field(issuedAt)
    writer.field(content)
    return writer.bytes
  }

  /// Accepts exactly what `canonicalBytes` writes.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "session act", limit: Self.mostContent)
    guard try reader.text() == Self.label, let kind = Kind(rawValue: try reader.text()) else {
      throw MalformedInput("session act", expected: "the label \(Self.label) and a known kind")
    }
    let (keys, workstation) = (try reader.field(), try WorkstationID(parsing: reader.text()))
    let (application, account, owner) = (try ApplicationID(parsing: reader.text()), try reader.text(), try reader.text())
    try self.init(
      kind: kind, keys: keys, workstation: workstation, application: application, account: account,
      owner: owner.isEmpty ? nil : PersonID(parsing: owner), nonce: reader.field(), issuedAt: reader.signed(),
      content: reader.field())
    try reader.requireEnd()
  }
}

/// What became of a sign-in with a credential that was released or captured.
public enum SignInOutcome: String, Sendable, CaseIterable {
  case accepted
  /// The application says that name or password are wrong: nothing is tried again until a new one is registered.
  case refused
  /// The application asks for a new password.
  case mustChange
}

/// What a session was opened with: the card's signature over the session's keys, kept by the agent beside the keys themselves.
///
/// The vault verifies it against its own register; nobody's word about who is present counts there.
public struct SessionEvidence: Sendable, Equatable {
  /// `CardPreimage.canonicalBytes`
  public var preimage: [UInt8]
  /// As in `CardProofMessage`.
  public var algorithm: String
  /// At most 1,024 bytes.
  public var signature: [UInt8]
  /// The card's key that signed: DER SubjectPublicKeyInfo, at most 1,024 bytes. The vault knows it by its SHA-256.
  public var publicKey: [UInt8]
  public var suite: String
  /// At most 2,048 bytes.
  public var sealing: [UInt8]
  /// Ed25519, 32 bytes.
  public var signing: [UInt8]

  public init(
    preimage: [UInt8], algorithm: String, signature: [UInt8], publicKey: [UInt8], suite: String, sealing: [UInt8],
    signing: [UInt8]
  ) {
    self.preimage = preimage
    self.algorithm = algorithm
    self.signature = signature
    self.publicKey = publicKey
    self.suite = suite
    self.sealing = sealing
    self.signing = signing
  }

  public static let label = "sanmon/session-evidence/1"
  /// Bytes of the whole.
  public static let limit = 8192

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(preimage)
    writer.field(algorithm)
    writer.field(signature)
    writer.field(publicKey)
    writer.field(suite)
    writer.field(sealing)
    writer.field(signing)
    return writer.bytes
  }

  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    guard bytes.count <= Self.limit else { throw MalformedInput("session evidence", expected: "at most \(Self.limit) bytes") }
    var reader = LengthPrefixedReader(bytes, subject: "session evidence", limit: 2048)
    guard try reader.text() == Self.label else { throw MalformedInput("session evidence", expected: "its label") }
    preimage = try reader.field()
    algorithm = try reader.text()
    signature = try reader.field()
    publicKey = try reader.field()
    suite = try reader.text()
    sealing = try reader.field()
    signing = try reader.field()
    try reader.requireEnd()
    guard (1...1024).contains(signature.count), (1...1024).contains(publicKey.count), signing.count == 32 else {
      throw MalformedInput("session evidence", expected: "a signature and a key of at most 1,024 bytes, and an Ed25519 key")
    }
  }
}
