/// A signed snapshot of the directory that waits to be read piece by piece, or why there is none.
public struct SnapshotWritten: Codable, Sendable {
  /// Its number, above that of every one before; 0, and nothing else set, with a fault.
  public var sequence: UInt64
  /// Bytes of the file.
  public var length: UInt64
  /// SHA-256 of all of it but the line of the signature, in hexadecimal.
  public var hash: String?
  public var objects: Int
  /// `S-1-5-21-…`
  public var domain: String?
  /// Whether the writing instance itself holds part of what it says.
  public var isHeld: Bool
  public var faultJa: String?
  public var faultEn: String?

  public init(sequence: UInt64, length: UInt64, hash: String, objects: Int, domain: String, isHeld: Bool) {
    self.sequence = sequence
    self.length = length
    self.hash = hash
    self.objects = objects
    self.domain = domain
    self.isHeld = isHeld
  }

  public init(faultJa: String, faultEn: String) {
    (sequence, length, objects, isHeld) = (0, 0, 0, false)
    self.faultJa = faultJa
    self.faultEn = faultEn
  }
}

/// By what an instance knows the snapshots of this one.
public struct SnapshotKeyShown: Codable, Sendable {
  /// `snapshot-1-…`
  public var key: String
  /// `S-1-5-21-…`; absent before the directory was read.
  public var domain: String?

  public init(key: String, domain: String?) {
    self.key = key
    self.domain = domain
  }
}

/// The snapshot in force, of an instance that reads them.
public struct SnapshotInForce: Codable, Sendable, Equatable {
  /// Who wrote it.
  public var instance: String
  public var domain: String
  public var sequence: UInt64
  /// By the clock of that instance, in milliseconds since 1970-01-01 UTC.
  public var writtenAt: Int64

  public init(instance: String, domain: String, sequence: UInt64, writtenAt: Int64) {
    self.instance = instance
    self.domain = domain
    self.sequence = sequence
    self.writtenAt = writtenAt
  }
}
