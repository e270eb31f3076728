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
  /// Of the codes that stand in the place of look-up codes.
  private let lookUp: Secret<KeyMaterial>
  /// What credentials are sealed to on their way in.
  let intake: SealingKey
  /// By fingerprint: this one, and former ones to which something may still be on its way.
  private let intakes: [KeyFingerprint: SealingKey]
  /// What credentials are kept under; shared with what the next renewal makes of these keys.
  let ring: CredentialRing
  /// Shared likewise.
  let rows: RowSeals
  /// Of the key that signs releases.
  let ticketFingerprint: KeyFingerprint
  let publicKeys: VaultPublicKeys
  /// The newest of each layer.
  let numbers: [VaultLayer: UInt32]

  private enum Name {
    case authority, checkpoint, template, lookUp
    case key(VaultLayer, UInt32)

    var text: String {
      switch self {
      case .authority: "ca"
      case .checkpoint: "checkpoint"
      case .template: "template"
      case .lookUp: "lookup"
      // The first ones are from before there were numbers.
      case .key(let layer, 1) where layer != .credentials: layer.stem
      case .key(let layer, let number): "\(layer.stem)/\(number)"
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
      (.key(.signing, 1), Array(ticket.publicKey.rawRepresentation), ticket.rawRepresentation),
    ] {
      var copy = secret
      defer { copy.resetBytes(in: 0..<copy.count) }
      let sealed = try SealedColumn.seal(
        Secret<KeyMaterial>(copying: copy), under: master.columns, at: place(settings.instance.text, name))
      try database.execute(
        sql: "INSERT INTO sealed_keys(name, public, sealed) VALUES (?, ?, ?)",
        arguments: [name.text, publicKey.blob, sealed.blob])
    }
    let roots = try Roots(settings.instance.text, master, database)
    for layer in VaultLayer.allCases { try note(layer, 1, at: now, database) }
    return try VaultKeys(
      settings: settings, hosts: hosts, authority: authority, checkpoint: checkpoint, ticket: ticket, roots: roots)
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
    let isOlder = try numbers(of: .registers, database).isEmpty
    let authorityKey = try P256.Signing.PrivateKey(rawRepresentation: open(.authority, instance, master, database))
    let root: Data = row["root"]
    let keys = try VaultKeys(
      settings: settings, hosts: parse(settings),
      authority: try WorkstationAuthority(root: Array(root), key: authorityKey),
      checkpoint: try Curve25519.Signing.PrivateKey(rawRepresentation: open(.checkpoint, instance, master, database)),
      ticket: try signer(instance, master, database),
      roots: Roots(instance, master, database))
    // Only together with the new root: what an older vault's registers say is taken once, and never because a sum is missing.
    if isOlder { try ReleaseRegister(database, keys).begin() }
    return keys
  }

  /// Secrets of 32 bytes, each made when it is missing: vaults of earlier versions have fewer.
  private struct Roots {
    let template: Secret<KeyMaterial>
    let lookUp: Secret<KeyMaterial>
    /// The one in force first.
    let intakes: [SealingKey]
    let registers: [UInt32: Secret<KeyMaterial>]
    let credentials: [UInt32: Secret<KeyMaterial>]
    let numbers: [VaultLayer: UInt32]

    init(_ instance: String, _ master: MasterKey, _ database: Database) throws {
      template = try root(.template, instance, master, database)
      lookUp = try root(.lookUp, instance, master, database)
      for layer in [VaultLayer.intake, .registers, .credentials] where try VaultKeys.numbers(of: layer, database).isEmpty {
        _ = try root(.key(layer, 1), instance, master, database)
      }
      intakes = try VaultKeys.roots(of: .intake, instance, master, database).sorted { $0.key > $1.key }
        .map { try SealingKey(.xwing, seed: $0.value) }
      registers = try VaultKeys.roots(of: .registers, instance, master, database)
      credentials = try VaultKeys.roots(of: .credentials, instance, master, database)
      numbers = try Dictionary(
        uniqueKeysWithValues: VaultLayer.allCases.map { ($0, try VaultKeys.numbers(of: $0, database).last ?? 0) })
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

  // MARK: Layers that are renewed

  /// Of the keys of one layer that are kept, in order.
  static func numbers(of layer: VaultLayer, _ database: Database) throws -> [UInt32] {
    try String.fetchAll(
      database, sql: "SELECT name FROM sealed_keys WHERE name = ? OR name LIKE ?", arguments: [layer.stem, layer.stem + "/%"]
    ).compactMap { $0 == layer.stem ? 1 : UInt32($0.dropFirst(layer.stem.count + 1)) }.sorted()
  }

  private static func roots(
    of layer: VaultLayer, _ instance: String, _ master: MasterKey, _ database: Database
  ) throws -> [UInt32: Secret<KeyMaterial>] {
    var roots: [UInt32: Secret<KeyMaterial>] = [:]
    for number in try numbers(of: layer, database) {
      roots[number] = try root(.key(layer, number), instance, master, database)
    }
    return roots
  }

  private static func signer(
    _ instance: String, _ master: MasterKey, _ database: Database
  ) throws -> Curve25519.Signing.PrivateKey {
    guard let number = try numbers(of: .signing, database).last else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    var opened = try open(.key(.signing, number), instance, master, database)
    defer { opened.resetBytes(in: 0..<opened.count) }
    return try Curve25519.Signing.PrivateKey(rawRepresentation: opened)
  }

  /// Makes the next key of a layer, unless it is there. Any 32 random bytes are an Ed25519 key, too.
  static func add(
    _ layer: VaultLayer, _ number: UInt32, _ instance: InstanceID, _ master: MasterKey, at now: Int64, _ database: Database
  ) throws {
    guard try !isKept(.key(layer, number), database) else { return }
    _ = try root(.key(layer, number), instance.text, master, database)
    try note(layer, number, at: now, database)
  }

  private static func note(_ layer: VaultLayer, _ number: UInt32, at now: Int64, _ database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO key_terms(name, made_at, log_size) VALUES (?, ?, ?)",
      arguments: [Name.key(layer, number).text, now, Int64(try VaultLog(database).treeSize())])
  }

  /// Those before this one.
  static func remove(_ layer: VaultLayer, before number: UInt32, _ database: Database) throws {
    for old in try numbers(of: layer, database) where old < number {
      for table in ["sealed_keys", "key_terms"] {
        try database.execute(sql: "DELETE FROM \(table) WHERE name = ?", arguments: [Name.key(layer, old).text])
      }
    }
  }

  /// When a key was made, and how long the log was; zeros for one of before that was written down.
  static func term(
    of layer: VaultLayer, _ number: UInt32, _ database: Database
  ) throws -> (madeAt: Int64, logSize: UInt64) {
    let row = try Row.fetchOne(
      database, sql: "SELECT made_at, log_size FROM key_terms WHERE name = ?", arguments: [Name.key(layer, number).text])
    return (row?["made_at"] ?? 0, UInt64(clamping: row?["log_size"] as Int64? ?? 0))
  }

  /// The same instance with the keys that are kept now. Who still holds the former value seals and opens with the same rings.
  func renewed(_ master: MasterKey, _ database: Database) throws -> VaultKeys {
    try VaultKeys(
      settings: VaultInitialisation(instance: instance, segments: segments, hosts: hostNames), hosts: hosts,
      authority: authority, checkpoint: checkpoint, ticket: Self.signer(instance.text, master, database),
      roots: Roots(instance.text, master, database), former: self)
  }

  private init(
    settings: VaultInitialisation, hosts: [ServerHost], authority: WorkstationAuthority,
    checkpoint: Curve25519.Signing.PrivateKey, ticket: Curve25519.Signing.PrivateKey, roots: Roots, former: VaultKeys? = nil
  ) throws {
    instance = settings.instance
    segments = settings.segments
    self.hosts = hosts
    hostNames = settings.hosts
    self.authority = authority
    self.checkpoint = checkpoint
    self.ticket = ticket
    template = roots.template
    lookUp = roots.lookUp
    guard let intake = roots.intakes.first else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    self.intake = intake
    numbers = roots.numbers
    ring = former?.ring ?? CredentialRing(instance: settings.instance, roots: roots.credentials)
    ring.replace(roots: roots.credentials)
    rows = former?.rows ?? RowSeals(roots: roots.registers)
    rows.replace(roots: roots.registers)
    checkpointVerifier = try NoteVerifier(
      name: Self.origin(settings.instance), publicKey: Array(checkpoint.publicKey.rawRepresentation))
    let (signer, intakeKey) = (Array(ticket.publicKey.rawRepresentation), intake.publicKey)
    ticketFingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: signer)))
    intakes = try Dictionary(
      roots.intakes.map { (try KeyFingerprint(parsing: Array(SHA256.hash(data: $0.publicKey))), $0) },
      uniquingKeysWith: { one, _ in one })
    var publicKeys = VaultPublicKeys(
      checkpointVerifier: checkpointVerifier.vkey, ticket: signer, intakeSuite: intake.suite.rawValue, intake: intakeKey)
    publicKeys.signature = try authority.sign(publicKeys.message(instance: settings.instance))
    self.publicKeys = publicKeys
  }

  /// What something was sealed to on its way in; `nil` for what is no key of this vault, or not any more.
  func intake(_ fingerprint: KeyFingerprint) -> SealingKey? { intakes[fingerprint] }

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

  /// What is kept in the place of a look-up code: HMAC-SHA256 over it, its sheet, its person, segment, day and purpose. 10^12 codes
  /// are tried in an hour by who has a plain hash; with this the database alone tells nothing of them.
  func lookUpTag(_ code: LookUpCode, _ place: LookUpPlace, for purpose: LookUpPurpose) -> [UInt8] {
    lookUp.withBytes { root in
      Array(
        HMAC<SHA256>.authenticationCode(
          for: lookUpMessage(code, place, for: purpose), using: SymmetricKey(data: root)))
    }
  }

  /// Compared by the library, in a time that tells nothing.
  func isLookUpTag(_ tag: [UInt8], of code: LookUpCode, _ place: LookUpPlace, for purpose: LookUpPurpose) -> Bool {
    lookUp.withBytes { root in
      HMAC<SHA256>.isValidAuthenticationCode(
        tag, authenticating: lookUpMessage(code, place, for: purpose), using: SymmetricKey(data: root))
    }
  }

  private func lookUpMessage(_ code: LookUpCode, _ place: LookUpPlace, for purpose: LookUpPurpose) -> [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 256)
    writer.field("sanmon/look-up-code/1")
    writer.field(instance.text)
    place.write(to: &writer)
    writer.field(purpose.rawValue)
    writer.field(code.digits)
    return writer.bytes
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

  /// Seals every key that is kept under another master key. Each is opened with the new one before this ends.
  /// - Returns: how many.
  static func rewrap(from old: MasterKey, to new: MasterKey, _ database: Database) throws -> Int {
    guard let instance = try String.fetchOne(database, sql: "SELECT name FROM instance WHERE id = 1") else { return 0 }
    let rows = try Row.fetchAll(database, sql: "SELECT name, sealed FROM sealed_keys")
    for row in rows {
      let (name, sealed): (String, Data) = (row["name"], row["sealed"])
      let place = ColumnPlace(table: "sealed_keys", row: "\(instance)/\(name)", version: 1)
      let secret = try SealedColumn.open(Array(sealed), with: old.columns, at: place, as: KeyMaterial.self)
      let anew = try SealedColumn.seal(secret, under: new.columns, at: place)
      _ = try SealedColumn.open(anew, with: new.columns, at: place, as: KeyMaterial.self)
      try database.execute(sql: "UPDATE sealed_keys SET sealed = ? WHERE name = ?", arguments: [anew.blob, name])
    }
    return rows.count
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

extension VaultLayer {
  /// Of the names under which its keys are kept.
  fileprivate var stem: String {
    switch self {
    case .credentials: "credential"
    case .registers: "register"
    case .intake: "intake"
    case .signing: "ticket"
    }
  }
}
