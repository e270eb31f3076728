package import AuthTerms
import Foundation

/// How far one destination has the log, in a file of its own in the state folder.
///
/// Not in the database: every commit there writes a row, and a row that says how far rows were sent would have to be sent itself.
/// The file moves after the receiver has everything, so that at worst something is sent again.
///
/// trusted: who can write it can have rows sent again, or left out; the rows themselves stay in the log.
package struct ForwardPosition: Sendable, Equatable {
  /// Of the log when it was written: an approved restore begins another one.
  package var epoch: UInt64 = 1
  /// Sequence of the next row to be sent.
  package var next: UInt64 = 0
  /// Hash of the row before it; empty at the beginning.
  package var leaf: [UInt8] = []
  /// Since when the destination has not taken what waits for it, in milliseconds since 1970-01-01 UTC; 0: it takes everything.
  package var awaySince: Int64 = 0
  /// Whether it was said that it has been away too long.
  package var isOverdueSaid = false

  package init() {}

  private static let label = "sanmon/forward/1"

  /// - Throws: `MalformedInput` for every byte string that `encoded` does not write.
  package init(decoding bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("position of a destination", expected: "the canonical spelling")
    var reader = LengthPrefixedReader(bytes, subject: "position of a destination", limit: 64)
    guard try reader.text() == Self.label else { throw fault }
    epoch = try reader.unsigned()
    next = try reader.unsigned()
    leaf = try reader.field()
    awaySince = try reader.signed()
    let said = try reader.unsigned()
    try reader.requireEnd()
    guard epoch > 0, leaf.count == (next == 0 ? 0 : 32), awaySince >= 0, said <= 1 else { throw fault }
    isOverdueSaid = said == 1
  }

  package var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(epoch)
    writer.field(next)
    writer.field(leaf)
    writer.field(awaySince)
    writer.field(isOverdueSaid ? UInt64(1) : 0)
    return writer.bytes
  }

  // MARK: The file

  /// - Returns: `nil` if there is none yet.
  /// - Throws: what keeps it from being read; `MalformedInput` when it is none.
  package static func read(_ path: String) throws -> ForwardPosition? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try ForwardPosition(decoding: Array(Data(contentsOf: URL(filePath: path))))
  }

  /// Whole or not at all, and on the disk when it returns.
  package func write(_ path: String) throws {
    let fresh = path + ".new"
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
    let bytes = encoded
    let isWhole =
      bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    guard isWhole, rename(fresh, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
}
