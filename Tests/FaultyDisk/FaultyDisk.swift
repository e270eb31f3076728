import CFaultyDisk
import Foundation

/// A folder whose SQLite files lie on a disk that fails and loses power as a test says; removed with its contents.
///
/// Only through SQLite in this process: other folders and other tests do not notice it.
public final class FaultyDisk: Sendable {
  /// What a power cut leaves of what was written and not synced.
  public enum Remains: UInt32, CaseIterable, Sendable {
    case nothing = 0
    /// Any of the writes, in no order.
    case someWrites = 1
    /// Any of their sectors: pages are torn.
    case tornPages = 2
  }

  public enum Fault: UInt32, CaseIterable, Sendable {
    case inputOutput = 0
    case full = 1
  }

  public let folder: String
  // Right without a lock of Swift's: the pointer never changes after `init`; every C call that takes it holds the disk's own
  // mutex while it looks inside; and `deinit`, the only one to free it, runs when no reference, and so no call, is left.
  private nonisolated(unsafe) let disk: OpaquePointer

  /// - Parameter template: a folder whose files are on the disk from the beginning.
  public init(copying template: String? = nil) throws {
    folder = try Self.newFolder("disk")
    for name in try template.map({ try FileManager.default.contentsOfDirectory(atPath: $0) }) ?? [] {
      try FileManager.default.copyItem(atPath: "\(template ?? "")/\(name)", toPath: folder + "/" + name)
    }
    guard let disk = faulty_disk_make(folder) else { throw CocoaError(.featureUnsupported) }
    self.disk = disk
  }

  deinit {
    faulty_disk_free(disk)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Writes, truncations and syncs so far; faults are planted by these numbers, from 0 on.
  public var operations: Int { Int(faulty_disk_operations(disk)) }
  /// Syncs of write-ahead logs so far.
  public var logSyncs: Int { Int(faulty_disk_log_syncs(disk)) }

  public func fail(from first: Int, count: Int = 1, with fault: Fault) {
    faulty_disk_fail(disk, Int64(first), Int64(count), faulty_disk_error(fault.rawValue))
  }

  public func repair() { faulty_disk_fail(disk, 0, 0, FAULTY_DISK_IO) }

  /// From this operation on nothing is written any more.
  public func cutPower(at first: Int) { faulty_disk_cut(disk, Int64(first)) }

  /// `synchronous = FULL` is answered and not obeyed.
  public func ignoreSynchronous() { faulty_disk_ignore_synchronous(disk) }

  /// What a power cut now would leave, in a folder of its own that the caller removes.
  public func remains(_ remains: Remains, seed: UInt64 = 0) throws -> String {
    let target = try Self.newFolder("left")
    let code = faulty_disk_leave(disk, target, faulty_disk_remains(remains.rawValue), seed)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    return target
  }

  private static func newFolder(_ name: String) throws -> String {
    let path = NSTemporaryDirectory() + "/sanmon-\(name)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    // The name as SQLite will say it: without links.
    guard let real = realpath(path, nil) else { throw POSIXError(.ENOENT) }
    defer { free(real) }
    return String(cString: real)
  }
}
