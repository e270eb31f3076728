public import AuthTerms

/// What one part of a backup holds: the first thing in its sealed stream, signed by the vault.
///
/// Canonical bytes: the label `sanmon/backup/1` and each field, length-prefixed; entries in the order of their contents.
public struct BackupManifest: Sendable, Equatable {
  public static let label = "sanmon/backup/1"

  public enum Part: String, Sendable {
    case server, vault
  }

  public struct Entry: Sendable, Equatable {
    /// One of `names(in:)`: a name, never a path.
    public let name: String
    public let length: UInt64
    /// SHA-256
    public let hash: [UInt8]

    public init(name: String, length: UInt64, hash: [UInt8]) {
      self.name = name
      self.length = length
      self.hash = hash
    }
  }

  public var part: Part
  public var instance: InstanceID
  /// Milliseconds since 1970-01-01 UTC.
  public var madeAt: Int64
  /// Of the program that made it.
  public var version: String
  public var epoch: UInt64
  /// Rows of the part's log, and their root.
  public var size: UInt64
  public var root: [UInt8]
  /// The signed checkpoint of exactly `size` rows; empty in the vault's part, whose log has none.
  public var checkpoint: String
  /// SHA-256 and length of the vault's sealed part, which follows the server's; empty and 0 in the vault's own.
  public var vaultPart: [UInt8]
  public var vaultLength: UInt64
  public var entries: [Entry]

  public init(
    part: Part, instance: InstanceID, madeAt: Int64, version: String, epoch: UInt64, size: UInt64, root: [UInt8],
    checkpoint: String = "", vaultPart: [UInt8] = [], vaultLength: UInt64 = 0, entries: [Entry]
  ) {
    self.part = part
    self.instance = instance
    self.madeAt = madeAt
    self.version = version
    self.epoch = epoch
    self.size = size
    self.root = root
    self.checkpoint = checkpoint
    self.vaultPart = vaultPart
    self.vaultLength = vaultLength
    self.entries = entries
  }

  /// The files a part may hold, each at most once, the first one always.
  public static func names(in part: Part) -> [String] {
    switch part {
    case .server: ["sanmon.sqlite", "column.key"]
    case .vault: ["vault.sqlite"]
    }
  }

  /// What the sealed stream of a part is labelled with.
  public static func streamLabel(_ part: Part) -> String { "sanmon/backup/1/\(part.rawValue)" }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(part.rawValue)
    writer.field(instance.text)
    writer.field(madeAt)
    writer.field(version)
    writer.field(epoch)
    writer.field(size)
    writer.field(root)
    writer.field(checkpoint)
    writer.field(vaultPart)
    writer.field(vaultLength)
    writer.field(UInt64(entries.count))
    for entry in entries {
      writer.field(entry.name)
      writer.field(entry.length)
      writer.field(entry.hash)
    }
    return writer.bytes
  }

  /// Accepts exactly what `canonicalBytes` writes.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "backup manifest", limit: 1 << 14)
    let fault = MalformedInput("backup manifest", expected: "what this version of Sanmon writes")
    guard try reader.text() == Self.label, let part = Part(rawValue: try reader.text()) else { throw fault }
    self.part = part
    instance = try InstanceID(parsing: reader.text())
    madeAt = try reader.signed()
    version = try reader.text()
    epoch = try reader.unsigned()
    size = try reader.unsigned()
    root = try reader.field()
    checkpoint = try reader.text()
    vaultPart = try reader.field()
    vaultLength = try reader.unsigned()
    let count = try reader.unsigned()
    guard count <= 8 else { throw fault }
    entries = []
    for _ in 0..<count {
      entries.append(Entry(name: try reader.text(), length: try reader.unsigned(), hash: try reader.field()))
    }
    try reader.requireEnd()
    let names = entries.map(\.name)
    let known = Self.names(in: part)
    guard root.count == 32, vaultPart.count == (part == .server ? 32 : 0), entries.allSatisfy({ $0.hash.count == 32 }),
      Set(names).count == names.count, Set(names).isSubset(of: known), names.first == known.first,
      entries.allSatisfy({ $0.length <= UInt64(Int64.max) }), vaultLength <= UInt64(Int64.max), canonicalBytes == bytes
    else { throw fault }
  }
}

/// The vault's word that it saw a part of a backup being made: a signed note over the hash of its manifest, by the key that
/// signs checkpoints. Not a checkpoint: the second line is no number.
public enum BackupSignature {
  /// - Parameter hash: SHA-256 of `BackupManifest.canonicalBytes`.
  public static func text(instance: InstanceID, hash: [UInt8]) -> String {
    "\(BackupManifest.label)\ninstance \(instance.text)\n\(Base64.encode(hash))\n"
  }
}

/// What a copy says about itself from the moment it is made: wherever it is put, the server that opens it admits nobody until
/// administrators have approved that.
public struct RestoredMark: Sendable, Equatable {
  public static let label = "sanmon/restored/1"
  /// Of the database's settings.
  public static let setting = "restored"

  /// Rows of the log at that moment, and their root.
  public var size: UInt64
  public var root: [UInt8]
  /// Milliseconds since 1970-01-01 UTC.
  public var madeAt: Int64

  public init(size: UInt64, root: [UInt8], madeAt: Int64) {
    self.size = size
    self.root = root
    self.madeAt = madeAt
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(size)
    writer.field(root)
    writer.field(madeAt)
    return writer.bytes
  }

  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "restored mark", limit: 64)
    guard try reader.text() == Self.label else { throw MalformedInput("restored mark", expected: "its label") }
    size = try reader.unsigned()
    root = try reader.field()
    madeAt = try reader.signed()
    try reader.requireEnd()
    guard root.count == 32 else { throw MalformedInput("restored mark", expected: "a root of 32 bytes") }
  }
}
