import Foundation

/// Owner and mode of a file, as the kernel tells them; links are followed.
public struct FileFacts: Sendable, Hashable {
  public enum Fault: Error, Sendable {
    /// There is no such file.
    case absent
    /// This user may not look there.
    case hidden
  }

  public let uid: UInt32
  /// The twelve lowest bits: permissions, set-id and sticky.
  public let mode: UInt32
  public let isFolder: Bool
  public let size: Int64

  public init(path: String) throws(Fault) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw errno == ENOENT || errno == ENOTDIR ? .absent : .hidden }
    uid = status.st_uid
    mode = status.st_mode & 0o7777
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    size = Int64(status.st_size)
  }

  public var isOpenToOthers: Bool { mode & 0o077 != 0 }
  /// A folder's sticky bit keeps others from exchanging what is not theirs.
  public var isWritableByOthers: Bool { mode & 0o022 != 0 && !(isFolder && mode & 0o1000 != 0) }
}
