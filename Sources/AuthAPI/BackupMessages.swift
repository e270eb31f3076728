public import struct FoundationEssentials.Data

/// A backup: when it is ready it can be read, until the next one is made or the server is restarted.
public struct BackupState: Codable, Sendable {
  public var backup: String
  public var isReady: Bool
  /// Bytes of the whole file, and their SHA-256; this and all below absent until it is ready.
  public var length: UInt64?
  public var hash: String?
  /// Rows of the log in it.
  public var rows: UInt64?
  public var madeAt: Int64?
  /// The public half of the key that opens it.
  public var recoveryKey: String?

  public init(
    backup: String, isReady: Bool, length: UInt64? = nil, hash: String? = nil, rows: UInt64? = nil, madeAt: Int64? = nil,
    recoveryKey: String? = nil
  ) {
    self.backup = backup
    self.isReady = isReady
    self.length = length
    self.hash = hash
    self.rows = rows
    self.madeAt = madeAt
    self.recoveryKey = recoveryKey
  }
}

/// What follows the asked offset, at most 512 KiB; empty at the end.
public struct BackupPiece: Codable, Sendable {
  public var bytes: Data

  public init(bytes: Data) { self.bytes = bytes }
}

/// The signed act `restore.approve`.
public struct RestoreAct: Codable, Sendable {
  public var act: Data

  public init(act: Data) { self.act = act }
}

/// Whether this instance is a restored copy that waits for an approval; then what has to be signed.
public struct RestoreState: Codable, Sendable {
  public var isPending: Bool
  public var epoch: UInt64
  /// When the backup was made; absent if the vault's state alone was restored.
  public var madeAt: Int64?
  public var isServerRestored: Bool
  public var isVaultRestored: Bool
  /// How many administrators have to sign.
  public var signatures: Int
  /// The parameters of the act (`RestoreApproval`); absent while nothing waits.
  public var nextEpoch: UInt64?
  public var size: UInt64?
  public var root: String?
  public var head: UInt64?
  public var headRoot: String?
  public var lost: UInt64?

  public init(
    isPending: Bool, epoch: UInt64, madeAt: Int64? = nil, isServerRestored: Bool = false, isVaultRestored: Bool = false,
    signatures: Int = 0, nextEpoch: UInt64? = nil, size: UInt64? = nil, root: String? = nil, head: UInt64? = nil,
    headRoot: String? = nil, lost: UInt64? = nil
  ) {
    self.isPending = isPending
    self.epoch = epoch
    self.madeAt = madeAt
    self.isServerRestored = isServerRestored
    self.isVaultRestored = isVaultRestored
    self.signatures = signatures
    self.nextEpoch = nextEpoch
    self.size = size
    self.root = root
    self.head = head
    self.headRoot = headRoot
    self.lost = lost
  }
}
