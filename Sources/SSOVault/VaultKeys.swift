import AuditLog
import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import GRDB
import Sealing

/// The keys of one instance, opened: the authority, what signs checkpoints and releases, what credentials are sealed to and kept
/// under. They never leave this process.
struct VaultKeys: Sendable {
  let instance: InstanceID
  let segments: [Segment]
  let hosts: [ServerHost]
  let hostNames: [String]
  let authority: WorkstationAuthority
  let checkpointVerifier: NoteVerifier
  private let checkpoint: Curve25519.Signing.PrivateKey
  /// Signs release tickets.
  let ticket: Curve25519.Signing.PrivateKey
  /// The root of the ring that palms are protected with.
  private let template: Secret<KeyMaterial>
  /// What credentials are sealed to on their way in.
  let intake: SealingKey
  /// What credentials are kept under.
  let ring: CredentialRing
  let rows: RowSeal
  let intakeFingerprint: KeyFingerprint
  /// Of the key that signs releases.
  let ticketFingerprint: KeyFingerprint
  let publicKeys: VaultPublicKeys

  private enum Name {
    case authority, checkpoint, ticket, template, intake, register
    case credential(UInt32)

    var text: String {
      switch self {
      case .authority: "ca"
      case .checkpoint: "checkpoint"
      case .ticket: "ticket"
      case .template: "template"
      case .intake: "intake"
      case .register: "register"
      case .credential(let ring): "credential/\(ring)"
      }
    }
  }

  /// The log's name for all its life, and the name of the key that signs its checkpoints.
  static func origin(_ instance: InstanceID) -> String { "sanmon/\(instance.text)" }

  /// Makes new keys and writes them, sealed, together with what the instance is.
  static func create(
    _ settings: VaultInitialisation, master: MasterKey, in database: Database, now: Int64, serial: [UInt8]
  ) throws -> VaultKeys {
    let hosts = try parse(settings)
    let authorityKey = P256.Signing.PrivateKey()
    let checkpoint = Curve25519.Signing.PrivateKey()
    let ticket = Curve25519.Signing.PrivateKey()
    let authority = try WorkstationAuthority.create(
      instance: settings.instance.text, key: authorityKey, serial: serial, now: now)
    try database.execute(
      sql: "INSERT INTO instance(id, name, segments, hosts, root, created_at) VALUES (1, ?, ?, ?, ?, ?)",
      arguments: [
        settings.instance.text, settings.segments.map(\.name).joined(separator: " "), settings.hosts.joined(separator: " "),
        authority.root.blob, now,
      ])
    for (name, publicKey, secret) in [
      (Name.authority, Array(authorityKey.publicKey.x963Representation), authorityKey.rawRepresentation),
      (.checkpoint, Array(checkpoint.publicKey.rawRepresentation), checkpoint.rawRepresentation),
      (.ticket, Array(ticket.publicKey.rawRepresentation), ticket.rawRepresentation),
    ] {
      var copy = secret
      defer { copy.resetBytes(in: 0..<copy.count) }
      let sealed = try SealedColumn.seal(
        Secret<KeyMaterial>(copying: copy), under: master.columns, at: place(settings.instance.text, name))
      try database.execute(
        sql: "INSERT INTO sealed_keys(name, public, sealed) VALUES (?, ?, ?)",
        arguments: [name.text, publicKey.blob, sealed.blob])
    }
    return try VaultKeys(
      settings: settings, hosts: hosts, authority: authority, checkpoint: checkpoint, ticket: ticket,
      roots: Roots(settings.instance.text, master, database))
  }

  /// Opens the keys of an initialised vault; `nil` before that.
  static func load(master: MasterKey, from database: Database) throws -> VaultKeys? {
    guard let row = try Row.fetchOne(database, sql: "SELECT name, segments, hosts, root FROM instance WHERE id = 1") else {
      return nil
    }
    let names: String = row["segments"]
    let hostNames: String = row["hosts"]
    var segments: [Segment] = []
    for name in names.split(separator: " ") { segments.append(try Segment(parsing: name)) }
    let settings = VaultInitialisation(
      instance: try InstanceID(parsing: row["name"] as String), segments: segments,
      hosts: hostNames.split(separator: " ").map(String.init))
    let instance = settings.instance.text
    let isOlder = try !isKept(.register, database)
    let authorityKey = try P256.Signing.PrivateKey(rawRepresentation: open(.authority, instance, master, database))
    let root: Data = row["root"]
    let keys = try VaultKeys(
      settings: settings, hosts: parse(settings),
      authority: try WorkstationAuthority(root: Array(root), key: authorityKey),
      checkpoint: try Curve25519.Signing.PrivateKey(rawRepresentation: open(.checkpoint, instance, master, database)),
      ticket: try Curve25519.Signing.PrivateKey(rawRepresentation: open(.ticket, instance, master, database)),
      roots: Roots(instance, master, database))
    // Only together with the new root: what an older vault's registers say is taken once, and never because a sum is missing.
    if isOlder { try ReleaseRegister(database, keys).begin() }
    return keys
  }

  /// Secrets of 32 bytes, each made when it is missing: vaults of earlier versions have fewer.
  private struct Roots {
    let template: Secret<KeyMaterial>
    let intake: SealingKey
    let register: Secret<KeyMaterial>
    let credentials: [UInt32: Secret<KeyMaterial>]

    init(_ instance: String, _ master: MasterKey, _ database: Database) throws {
      template = try root(.template, instance, master, database)
      intake = try SealingKey(.xwing, seed: root(.intake, instance, master, database))
      register = try root(.register, instance, master, database)
      if try credentialRings(database).isEmpty { _ = try root(.credential(1), instance, master, database) }
      credentials = try credentialRoots(instance, master, database)
    }
  }

  private static func isKept(_ name: Name, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM sealed_keys WHERE name = ?)", arguments: [name.text]) ?? false
  }

  private static func root(
    _ name: Name, _ instance: String, _ master: MasterKey, _ database: Database
  ) throws -> Secret<KeyMaterial> {
    if try !isKept(name, database) {
      let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Secret<KeyMaterial>(copying: $0) }
      let sealed = try SealedColumn.seal(secret, under: master.columns, at: place(instance, name))
      try database.execute(
        sql: "INSERT INTO sealed_keys(name, public, sealed) VALUES (?, ?, ?)", arguments: [name.text, Data(), sealed.blob])
    }
    var opened = try open(name, instance, master, database)
    defer { opened.resetBytes(in: 0..<opened.count) }
    return Secret(copying: opened)
  }

  // MARK: The roots that credentials are kept under

  private static func credentialRings(_ database: Database) throws -> [UInt32] {
    try String.fetchAll(database, sql: "SELECT name FROM sealed_keys WHERE name LIKE 'credential/%'")
      .compactMap { UInt32($0.dropFirst("credential/".count)) }
  }

  static func credentialRoots(
    _ instance: String, _ master: MasterKey, _ database: Database
  ) throws -> [UInt32: Secret<KeyMaterial>] {
    var roots: [UInt32: Secret<KeyMaterial>] = [:]
    for ring in try credentialRings(database) { roots[ring] = try root(.credential(ring), instance, master, database) }
    return roots
  }

  /// - Parameter ring: a number that no root has.
  static func addCredentialRoot(_ ring: UInt32, _ instance: String, _ master: MasterKey, _ database: Database) throws {
    _ = try root(.credential(ring), instance, master, database)
  }

  static func removeCredentialRoots(before ring: UInt32, _ database: Database) throws {
    for old in try credentialRings(database) where old < ring {
      try database.execute(sql: "DELETE FROM sealed_keys WHERE name = ?", arguments: [Name.credential(old).text])
    }
  }

  private init(
    settings: VaultInitialisation, hosts: [ServerHost], authority: WorkstationAuthority,
    checkpoint: Curve25519.Signing.PrivateKey, ticket: Curve25519.Signing.PrivateKey, roots: Roots
  ) throws {
    instance = settings.instance
    segments = settings.segments
    self.hosts = hosts
    hostNames = settings.hosts
    self.authority = authority
    self.checkpoint = checkpoint
    self.ticket = ticket
    template = roots.template
    intake = roots.intake
    ring = CredentialRing(instance: settings.instance, roots: roots.credentials)
    rows = RowSeal(root: roots.register)
    checkpointVerifier = try NoteVerifier(
      name: Self.origin(settings.instance), publicKey: Array(checkpoint.publicKey.rawRepresentation))
    let (signer, intakeKey) = (Array(ticket.publicKey.rawRepresentation), roots.intake.publicKey)
    ticketFingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: signer)))
    intakeFingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: intakeKey)))
    var publicKeys = VaultPublicKeys(
      checkpointVerifier: checkpointVerifier.vkey, ticket: signer, intakeSuite: roots.intake.suite.rawValue, intake: intakeKey)
    publicKeys.signature = try authority.sign(publicKeys.message(instance: settings.instance))
    self.publicKeys = publicKeys
  }

  /// The ring's half of the key over one person's palms (HKDF-SHA256): another one for each person and each number of the ring.
  func templateKey(of person: PersonID, ring: UInt32) throws -> RingHalf {
    var info = LengthPrefixedWriter()
    info.field("sanmon/template-ring/1")
    info.field(instance.text)
    info.field(person.text)
    info.field(UInt64(ring))
    let root = template.withBytes { SymmetricKey(data: $0) }
    let half = HKDF<SHA256>.deriveKey(inputKeyMaterial: root, info: info.bytes, outputByteCount: RingHalf.bytes)
    return try RingHalf(half.withUnsafeBytes { Secret(copying: $0) })
  }

  /// A checkpoint of this instance's log as a signed note.
  func sign(_ checkpoint: Checkpoint) throws -> SignedNote {
    let signature = try self.checkpoint.signature(for: Array(checkpoint.text.utf8))
    return try SignedNote(
      text: checkpoint.text,
      signatures: [
        NoteSignature(name: checkpointVerifier.name, keyID: checkpointVerifier.keyID, signature: Array(signature))
      ])
  }

  /// The vault's word over the manifest of a backup.
  func sign(backup hash: [UInt8]) throws -> String {
    let text = BackupSignature.text(instance: instance, hash: hash)
    let signature = Array(try checkpoint.signature(for: Array(text.utf8)))
    return try SignedNote(
      text: text,
      signatures: [NoteSignature(name: checkpointVerifier.name, keyID: checkpointVerifier.keyID, signature: signature)]
    ).encoded
  }

  /// The vault's word over a snapshot of the directory.
  func sign(snapshot hash: [UInt8]) throws -> [UInt8] {
    Array(try checkpoint.signature(for: SnapshotKey.message(instance: instance.text, hash: hash)))
  }

  private static func place(_ instance: String, _ name: Name) -> ColumnPlace {
    // The instance's name too: the sealed key of one instance does not open in another's file.
    ColumnPlace(table: "sealed_keys", row: "\(instance)/\(name.text)", version: 1)
  }

  private static func open(_ name: Name, _ instance: String, _ master: MasterKey, _ database: Database) throws -> Data {
    guard
      let sealed = try Data.fetchOne(
        database, sql: "SELECT sealed FROM sealed_keys WHERE name = ?", arguments: [name.text])
    else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    let secret = try SealedColumn.open(Array(sealed), with: master.columns, at: place(instance, name), as: KeyMaterial.self)
    return secret.withBytes { Data($0) }
  }

  /// What DESIGN §7 allows one instance to be.
  private static func parse(_ settings: VaultInitialisation) throws -> [ServerHost] {
    guard (1...8).contains(settings.segments.count), Set(settings.segments).count == settings.segments.count,
      (1...16).contains(settings.hosts.count), Set(settings.hosts).count == settings.hosts.count
    else { throw VaultFailure.no(.requestMalformed, "1 to 8 different segments and 1 to 16 different hosts") }
    guard !(settings.segments.contains(.mynumber) && settings.segments.contains(.internet)) else {
      throw VaultFailure.no(.requestMalformed, "mynumber and internet never share an instance")
    }
    do {
      return try settings.hosts.map { try ServerHost(parsing: $0) }
    } catch {
      throw VaultFailure.no(.requestMalformed, "hosts are lower-case DNS names without wildcards, or IP addresses")
    }
  }
}

extension [UInt8] {
  /// As an argument of SQL.
  var blob: Data { Data(self) }
}
