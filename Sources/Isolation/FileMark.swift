import Foundation

/// What tells, without reading it, that a file may have become another one; links are followed.
public struct FileMark: Sendable, Hashable {
  public let isFolder: Bool
  private let isRegular: Bool
  private let device: UInt64
  private let node: UInt64
  private let size: Int64
  /// Seconds and nanoseconds of the last change of the contents, and of anything.
  private let times: [Int]

  private init(_ status: stat) {
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    isRegular = status.st_mode & S_IFMT == S_IFREG
    (device, node, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
    times = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
  }

  public init(path: String) throws(FileFacts.Fault) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw errno == ENOENT || errno == ENOTDIR ? .absent : .hidden }
    self.init(status)
  }

  /// The whole of a regular file, and what it was when it was opened: one that is written to meanwhile has another mark afterwards.
  /// - Throws: `.hidden` also for what is no regular file; it is not waited for, as a pipe would be.
  /// - Returns: `nil` for a file of more than `limit` bytes, of which nothing is read.
  public static func contents(of path: String, limit: Int) throws(FileFacts.Fault) -> (bytes: [UInt8], mark: FileMark)? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw errno == ENOENT || errno == ENOTDIR ? .absent : .hidden }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .hidden }
    let mark = FileMark(status)
    guard mark.isRegular else { throw .hidden }
    guard mark.size <= Int64(limit) else { return nil }
    let data: Data?
    do { data = try file.read(upToCount: limit + 1) } catch { throw .hidden }
    guard data?.count ?? 0 <= limit else { return nil }
    return (Array(data ?? Data()), mark)
  }
}
