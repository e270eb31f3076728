public import AuthTerms
public import Sealing

/// Which snapshot was taken last, of which instance, domain and key.
public struct SnapshotPosition: Sendable, Equatable {
  private static let label = "sanmon/snapshot-position/2"

  /// Numbers count within one key: whoever has a new key may begin at 1 again, and nobody who has the former one is heard any more.
  public let key: SnapshotKey
  public let instance: String
  public let domain: DomainSID
  public let sequence: UInt64
  /// SHA-256 of everything before the line of the signature.
  public let hash: [UInt8]
  /// When it was written, by the clock of that instance.
  public let writtenAt: Int64

  public init(of snapshot: SignedSnapshot) {
    let header = snapshot.header
    key = snapshot.key
    (instance, domain, sequence) = (header.instance, header.domain, header.sequence)
    (hash, writtenAt) = (snapshot.hash, header.writtenAt)
  }

  /// Whether it comes after `last`; `false`: it is that one again.
  /// - Parameters:
  ///   - last: `nil` before the first one, which is taken whatever its number.
  ///   - domain: the one domain that is taken; `nil`: that of `last`.
  /// - Throws: `.otherDomain`, also under a new key, `.older` or `.sameNumber`.
  public func follows(_ last: SnapshotPosition?, in domain: DomainSID?) throws(SnapshotFault) -> Bool {
    if let expected = domain ?? last?.domain, expected != self.domain {
      throw SnapshotFault(.otherDomain, "\(self.domain) ≠ \(expected)")
    }
    guard let last, last.key == key else { return true }
    guard sequence >= last.sequence else { throw SnapshotFault(.older, "\(sequence) < \(last.sequence)") }
    guard sequence == last.sequence else { return true }
    guard hash == last.hash else { throw SnapshotFault(.sameNumber, "\(sequence)") }
    return false
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(key.bytes)
    writer.field(instance)
    writer.field(domain.description)
    writer.field(sequence)
    writer.field(hash)
    writer.field(writtenAt)
    return writer.bytes
  }

  /// - Throws: for bytes that `encoded` never gives.
  public init(parsing bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("snapshot position", expected: "what was kept of it")
    var reader = LengthPrefixedReader(bytes, subject: "snapshot position")
    guard try reader.text() == Self.label else { throw fault }
    key = try SnapshotKey(bytes: reader.field())
    instance = try Identifier<Never>(parsing: reader.text()).text
    domain = try DomainSID(parsing: reader.text())
    sequence = try reader.unsigned()
    hash = try reader.field()
    writtenAt = try reader.signed()
    try reader.requireEnd()
    guard hash.count == 32, sequence > 0 else { throw fault }
  }
}
