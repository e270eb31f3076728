public import AuthTerms

/// What the vault says about a credential it hands over. Its canonical bytes are the associated data of the sealed message.
///
/// Canonical bytes: the label `sanmon/release-statement/1` and each field, length-prefixed, in the order below.
public struct ReleaseStatement: Sendable, Equatable {
  public static let label = "sanmon/release-statement/1"

  public var instance: InstanceID
  /// SHA-256 of the vault's Ed25519 key that signs.
  public var vaultKey: KeyFingerprint
  public var suite: String
  /// SHA-256 over `SessionAct.canonicalBytes`.
  public var ticket: [UInt8]
  /// Whose session asked.
  public var person: PersonID
  /// Whose credential it is; the same person, unless she stands in for another or shares an account.
  public var owner: PersonID
  /// SHA-256 over `SessionKeys.canonicalBytes`.
  public var keys: [UInt8]
  public var workstationCertificate: CertificateFingerprint
  public var application: ApplicationID
  public var account: String
  /// Of the credential, 1 and above.
  public var version: UInt64
  /// SHA-256 over the definition that administrators published: what says it is this application, and has another hash, is not.
  public var definition: [UInt8]
  /// Hash of the server's row that authorised it.
  public var authorised: [UInt8]
  /// When this version was set or captured: milliseconds since 1970-01-01 UTC.
  public var setAt: Int64
  /// Milliseconds since 1970-01-01 UTC; after it the agent does not use what is in here any more.
  public var expiresAt: Int64

  public init(
    instance: InstanceID, vaultKey: KeyFingerprint, suite: String, ticket: [UInt8], person: PersonID, owner: PersonID,
    keys: [UInt8], workstationCertificate: CertificateFingerprint, application: ApplicationID, account: String, version: UInt64,
    definition: [UInt8], authorised: [UInt8], setAt: Int64, expiresAt: Int64
  ) {
    self.instance = instance
    self.vaultKey = vaultKey
    self.suite = suite
    self.ticket = ticket
    self.person = person
    self.owner = owner
    self.keys = keys
    self.workstationCertificate = workstationCertificate
    self.application = application
    self.account = account
    self.version = version
    self.definition = definition
    self.authorised = authorised
    self.setAt = setAt
    self.expiresAt = expiresAt
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(instance.text)
    writer.field(vaultKey.bytes)
    writer.field(suite)
    writer.field(ticket)
    writer.field(person.text)
    writer.field(owner.text)
    writer.field(keys)
    writer.field(workstationCertificate.bytes)
    writer.field(application.text)
    writer.field(account)
    writer.field(version)
    writer.field(definition)
    writer.field(authorised)
    writer.field(setAt)
    writer.field(expiresAt)
    return writer.bytes
  }

  /// Accepts exactly what `canonicalBytes` writes.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "release statement", limit: 256)
    guard try reader.text() == Self.label else { throw MalformedInput("release statement", expected: "its label") }
    instance = try InstanceID(parsing: reader.text())
    vaultKey = try KeyFingerprint(parsing: reader.field())
    suite = try reader.text()
    ticket = try reader.field()
    person = try PersonID(parsing: reader.text())
    owner = try PersonID(parsing: reader.text())
    keys = try reader.field()
    workstationCertificate = try CertificateFingerprint(parsing: reader.field())
    application = try ApplicationID(parsing: reader.text())
    account = try reader.text()
    version = try reader.unsigned()
    definition = try reader.field()
    authorised = try reader.field()
    setAt = try reader.signed()
    expiresAt = try reader.signed()
    try reader.requireEnd()
    guard [ticket, keys, definition, authorised].allSatisfy({ $0.count == 32 }), SessionAct.isAccount(account) else {
      throw MalformedInput("release statement", expected: "hashes of 32 bytes and an account")
    }
  }

  /// HPKE's `info` (RFC 9180 §5.1): what both ends agree on before anything is sealed.
  public static func info(suite: String, vaultKey: KeyFingerprint) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/release/1")
    writer.field(suite)
    writer.field(vaultKey.bytes)
    return writer.bytes
  }
}

/// A credential on its way to one session's agent: sealed (HPKE, base mode) to its key, and signed by the vault.
public struct SealedRelease: Sendable, Equatable {
  public static let label = "sanmon/sealed-release/1"
  /// Bytes of each part.
  public static let limit = 4096

  /// `ReleaseStatement.canonicalBytes`
  public var statement: [UInt8]
  public var encapsulated: [UInt8]
  public var ciphertext: [UInt8]
  /// Ed25519 by the vault over `message`.
  public var signature: [UInt8]

  public init(statement: [UInt8], encapsulated: [UInt8], ciphertext: [UInt8], signature: [UInt8]) {
    self.statement = statement
    self.encapsulated = encapsulated
    self.ciphertext = ciphertext
    self.signature = signature
  }

  /// What the vault signs.
  public static func message(statement: [UInt8], encapsulated: [UInt8], ciphertext: [UInt8]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(statement)
    writer.field(encapsulated)
    writer.field(ciphertext)
    return writer.bytes
  }

  public var message: [UInt8] {
    Self.message(statement: statement, encapsulated: encapsulated, ciphertext: ciphertext)
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(message)
    writer.field(signature)
    return writer.bytes
  }

  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "sealed release", limit: 4 * Self.limit)
    var message = LengthPrefixedReader(try reader.field(), subject: "sealed release", limit: Self.limit)
    signature = try reader.field()
    try reader.requireEnd()
    guard try message.text() == Self.label else { throw MalformedInput("sealed release", expected: "its label") }
    statement = try message.field()
    encapsulated = try message.field()
    ciphertext = try message.field()
    try message.requireEnd()
    guard signature.count == 64 else { throw MalformedInput("sealed release", expected: "a signature of 64 bytes") }
  }
}

/// A credential on its way to the vault: sealed (HPKE, base mode) where it was typed, so that nobody between reads it.
public struct IntakeMessage: Sendable, Equatable {
  public static let label = "sanmon/intake/1"

  /// Of the vault's key it is sealed to.
  public var key: KeyFingerprint
  public var encapsulated: [UInt8]
  public var ciphertext: [UInt8]

  public init(key: KeyFingerprint, encapsulated: [UInt8], ciphertext: [UInt8]) {
    self.key = key
    self.encapsulated = encapsulated
    self.ciphertext = ciphertext
  }

  public static func info(suite: String, key: KeyFingerprint) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(suite)
    writer.field(key.bytes)
    return writer.bytes
  }

  /// Whose it is: sealed for one person, it does not open as another's.
  public static func associatedData(
    instance: InstanceID, person: PersonID, application: ApplicationID, account: String
  ) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(instance.text)
    writer.field(person.text)
    writer.field(application.text)
    writer.field(account)
    return writer.bytes
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(key.bytes)
    writer.field(encapsulated)
    writer.field(ciphertext)
    return writer.bytes
  }

  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "intake message", limit: 4096)
    guard try reader.text() == Self.label else { throw MalformedInput("intake message", expected: "its label") }
    key = try KeyFingerprint(parsing: reader.field())
    encapsulated = try reader.field()
    ciphertext = try reader.field()
    try reader.requireEnd()
  }
}

/// A name and a password of one person for one application, as they are sealed.
public struct StoredCredential: Sendable, CustomReflectable {
  public static let label = "sanmon/credential/1"

  /// The name to sign in with, 1 to 256 bytes.
  public let user: String
  /// 1 to 1,024 bytes of UTF-8.
  public let password: Secret<ApplicationPassword>

  public init(user: String, password: Secret<ApplicationPassword>) throws(MalformedInput) {
    guard (1...256).contains(user.utf8.count), (1...1024).contains(password.count),
      unsafe password.withBytes({ unsafe String(validating: $0, as: UTF8.self) != nil && !$0.contains(0) }),
      !user.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { throw MalformedInput("credential", expected: "a name of 1 to 256 bytes and a password of 1 to 1,024") }
    self.user = user
    self.password = password
  }

  /// The plaintext that is sealed; the caller wipes it.
  public var plaintext: Secret<ApplicationPassword> {
    var head = LengthPrefixedWriter()
    head.field(Self.label)
    head.field(user)
    let length = UInt32(password.count)
    let prefix = head.bytes + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) }
    return unsafe Secret(count: prefix.count + password.count) { target in
      unsafe target.copyBytes(from: prefix)
      unsafe password.withBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[prefix.count...]).copyMemory(from: bytes)
      }
    }
  }

  public init(plaintext: Secret<ApplicationPassword>) throws(MalformedInput) {
    let fault = MalformedInput("credential", expected: "its label, a name and a password")
    let parts: (String, Secret<ApplicationPassword>)? = unsafe plaintext.withBytes { bytes in
      var fields: [Range<Int>] = []
      var position = 0
      while position + 4 <= bytes.count, fields.count < 3 {
        let length = unsafe bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - position - 4 else { return nil }
        fields.append(position + 4..<position + 4 + length)
        position += 4 + length
      }
      guard fields.count == 3, position == bytes.count, unsafe bytes[fields[0]].elementsEqual(Self.label.utf8),
        let user = unsafe String(validating: bytes[fields[1]], as: UTF8.self)
      else { return nil }
      return unsafe (user, Secret(copying: bytes[fields[2]]))
    }
    guard let parts else { throw fault }
    try self.init(user: parts.0, password: parts.1)
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
