import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Who may connect to the operators' socket, by file permissions; who they are, the kernel says at each connection.
public enum SocketPermissions: Sendable, Hashable {
  /// 0600
  case owner
  /// 0660 with this group
  case group(UInt32)
  /// 0666, where named users of no common group are operators: every connection is then judged by its uid alone.
  case everyone

  var mode: mode_t {
    switch self {
    case .owner: 0o600
    case .group: 0o660
    case .everyone: 0o666
    }
  }
}

/// The file of a listening socket: bound under a passing name, given its permissions, then renamed into place, so that nobody
/// ever meets it with other permissions.
struct UnixSocketFile: Sendable {
  let path: String
  let permissions: SocketPermissions
  var passingPath: String { path + ".new" }

  /// - Throws: `ListenerFault` if another process listens there, something else than a socket lies there, or the path is too long.
  init(path: String, permissions: SocketPermissions) throws(ListenerFault) {
    self.path = path
    self.permissions = permissions
    guard path.hasPrefix("/"), passingPath.utf8.count < 108 else { throw .socketPathUnusable }
    for name in [path, passingPath] {
      // Of the name itself, not of what a link leads to.
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: name) else { continue }
      guard attributes[.type] as? FileAttributeType == .typeSocket else { throw .socketPathUnusable }
      guard !Self.isAlive(name) else { throw .socketInUse }
    }
    unlink(passingPath)
  }

  /// Called once the socket listens under `passingPath`.
  func publish() throws(ListenerFault) {
    if case .group(let group) = permissions, chown(passingPath, uid_t.max, group) != 0 { throw .socketPermissions }
    guard chmod(passingPath, permissions.mode) == 0 else { throw .socketPermissions }
    guard rename(passingPath, path) == 0 else { throw .socketPathUnusable }
  }

  func remove() { unlink(path) }

  private static func isAlive(_ path: String) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { target in
      let bytes = Array(path.utf8.prefix(target.count - 1))
      target.copyBytes(from: bytes)
    }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    // A full backlog answers EAGAIN: somebody lives there.
    return result == 0 || errno == EAGAIN
  }
}
