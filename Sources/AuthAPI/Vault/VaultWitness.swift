import AuthTerms

/// The head of the vault's own log, and what it released since an earlier one: so that the server's log holds the vault's to account.
public struct VaultWitness: Sendable, Equatable {
  /// Of rows looked at in one answer, and of releases in it.
  public static let mostRows = 4096
  public static let mostReleases = 512

  /// Rows, and the root of their tree (32 bytes, empty for an empty log).
  public var size: UInt64
  public var root: [UInt8]
  /// Root of as many rows as the question named; empty if there are fewer, or the question named none.
  public var rootBefore: [UInt8]
  /// Where this answer ends; below `size`: there is more, to be asked for from here.
  public var end: UInt64
  /// Hashes of the server's rows that these releases name, 32 bytes each, in the order of the log.
  public var releases: [[UInt8]]
  /// Rows up to `end` that tell of something else than a signed checkpoint.
  public var others: UInt64

  public init(
    size: UInt64, root: [UInt8], rootBefore: [UInt8], end: UInt64, releases: [[UInt8]], others: UInt64
  ) {
    self.size = size
    self.root = root
    self.rootBefore = rootBefore
    self.end = end
    self.releases = releases
    self.others = others
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(size)
    writer.field(root)
    writer.field(rootBefore)
    writer.field(end)
    writer.field(UInt64(releases.count))
    for hash in releases { writer.field(hash) }
    writer.field(others)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    size = try reader.unsigned()
    root = try reader.field()
    rootBefore = try reader.field()
    end = try reader.unsigned()
    let count = try reader.unsigned()
    guard count <= UInt64(Self.mostReleases) else {
      throw MalformedInput("vault witness", expected: "at most \(Self.mostReleases) releases")
    }
    releases = []
    for _ in 0..<count { releases.append(try reader.field()) }
    others = try reader.unsigned()
    guard [root, rootBefore].allSatisfy({ $0.isEmpty || $0.count == 32 }), releases.allSatisfy({ $0.count == 32 }), end <= size
    else { throw MalformedInput("vault witness", expected: "hashes of 32 bytes, and an end within the log") }
  }
}
