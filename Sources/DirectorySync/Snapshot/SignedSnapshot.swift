import AuthTerms
import Crypto
import Foundation
public import Sealing

/// The whole directory as one text file, for a segment from which no domain controller can be reached: a header, the objects, and
/// in the last line an Ed25519 signature over everything before it.
///
/// Two files of the same state differ in their headers only. Plain UTF-8 with line feeds, so that it passes file sanitising.
public enum SnapshotFile {
  /// Bytes of one file: a prefecture of 30,000 people needs about 40 MiB.
  public static let byteLimit = 96 << 20
  fileprivate static let last = "signature "
  fileprivate static let lastLength = 10 + 88 + 1
}

/// A snapshot before it is signed.
public struct UnsignedSnapshot: Sendable {
  public let header: SnapshotHeader
  /// Everything before the line of the signature.
  public let bytes: [UInt8]
  /// What the key signs (`SnapshotKey.message`).
  public let hash: [UInt8]

  /// Takes as long as writing and hashing megabytes do.
  /// - Parameters:
  ///   - position: where the objects were read.
  ///   - sequence: above that of every snapshot that this instance wrote before.
  ///   - readAt: when that domain controller last answered.
  /// - Throws: `.unwritable` for accounts without a readable SID or of several domains, or over a limit; `.tooLarge`.
  public init(
    of replica: DirectoryReplica, instance: String, position: DirSyncPosition, sequence: UInt64, readAt: Int64,
    writtenAt: Int64
  ) throws(SnapshotFault) {
    guard let domain = replica.domain else { throw SnapshotFault(.unwritable, SnapshotFault.accounts) }
    let body = try SnapshotBody.encode(replica)
    header = SnapshotHeader(
      instance: instance, domain: domain, serviceName: position.serviceName.utf8.count <= 1024 ? position.serviceName : "",
      invocationID: position.invocationID, sequence: sequence, readAt: readAt, writtenAt: writtenAt,
      objects: replica.objects.count, bodyHash: Array(SHA256.hash(data: body)))
    bytes = header.bytes + body
    guard bytes.count + SnapshotFile.lastLength <= SnapshotFile.byteLimit else {
      throw SnapshotFault.tooLarge
    }
    hash = Array(SHA256.hash(data: bytes))
  }

  /// The whole file: a copy of megabytes.
  /// - Parameter signature: 64 bytes.
  public func signed(_ signature: [UInt8]) -> [UInt8] {
    bytes + Array("\(SnapshotFile.last)\(AuthTerms.Base64.encode(signature))\n".utf8)
  }
}

/// A snapshot whose signature was found right.
///
/// untrusted: the bytes; at worst they are refused. Nothing of the objects is looked at before the signature is.
public struct SignedSnapshot: Sendable {
  public let header: SnapshotHeader
  public let replica: DirectoryReplica
  /// The one that its signature was found right by.
  public let key: SnapshotKey
  /// SHA-256 of everything before the line of the signature: which snapshot it is.
  public let hash: [UInt8]

  /// - Throws: `.tooLarge`, `.truncated`, `.version`, `.signature`, or `.malformed` with the line.
  public init(parsing bytes: [UInt8], signedBy key: SnapshotKey) throws(SnapshotFault) {
    guard bytes.count <= SnapshotFile.byteLimit else { throw .tooLarge }
    self.key = key
    let title = Array(SnapshotHeader.title.utf8)
    let first = bytes.prefix(SnapshotHeader.lineLimit).prefix { $0 != UInt8(ascii: "\n") }
    guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]), first.last != UInt8(ascii: "\r") else { throw SnapshotFault(.altered) }
    guard bytes.starts(with: title.prefix(bytes.count)) else { throw SnapshotFault(.version) }
    let end = bytes.count - SnapshotFile.lastLength
    guard end > 0, bytes[end - 1] == UInt8(ascii: "\n"), bytes.last == UInt8(ascii: "\n"),
      bytes[end...].starts(with: SnapshotFile.last.utf8),
      !bytes[end..<(bytes.count - 1)].contains(UInt8(ascii: "\n"))
    else { throw SnapshotFault(.truncated) }
    guard let signature = Base64.decode(bytes[(end + SnapshotFile.last.utf8.count)..<(bytes.count - 1)]) else {
      throw SnapshotFault(.signature)
    }
    var lines = SnapshotLines(bytes, end: end)
    // Only what is needed to know who should have signed; all of it is signed.
    header = try SnapshotHeader(from: &lines)
    hash = Array(SHA256.hash(data: bytes[..<end]))
    guard key.verifies(signature, instance: header.instance, hash: hash) else { throw SnapshotFault(.signature) }
    guard Array(SHA256.hash(data: bytes[lines.place..<end])) == header.bodyHash else { throw lines.fault("body") }
    replica = try SnapshotBody.decode(&lines, count: header.objects)
    guard replica.domain == header.domain else { throw lines.fault(SnapshotFault.accounts) }
  }
}
