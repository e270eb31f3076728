import Foundation

/// The folder in which the agent keeps what makes this machine a workstation.
///
/// trusted: who can read it can act as this workstation (not as any person); who can write it can point the agent at another
/// server, which then still can't make a card sign anything but a preimage for itself.
struct StateFolder: Sendable {
  static let sizeLimit = 64 * 1024
  let path: String

  /// Refuses a folder that is not this user's own, or that others may look into.
  init(checking path: String) throws(AgentFault) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      throw errno == ENOENT ? .notEnrolled : .stateIO(file: path, errno: errno)
    }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw .unsafeState(file: path)
    }
    self.path = path
  }

  /// Makes the folder with mode 0700 if there is none; the folder above must exist.
  static func create(_ path: String) throws(AgentFault) -> StateFolder {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw .stateIO(file: path, errno: errno) }
    return try StateFolder(checking: path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func exists(_ name: String) -> Bool {
    var status = stat()
    return lstat(file(name), &status) == 0
  }

  /// The whole file. The checks are made on the opened file, not on its name: it cannot be exchanged in between.
  func read(_ name: String) throws(AgentFault) -> [UInt8] {
    let descriptor = open(file(name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw .notEnrolled
      case ELOOP: throw .unsafeState(file: name)
      default: throw .stateIO(file: name, errno: errno)
      }
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .stateIO(file: name, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw .unsafeState(file: name)
    }
    guard (0...Self.sizeLimit).contains(Int(status.st_size)) else { throw .damagedState(file: name) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Foundation.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .stateIO(file: name, errno: count < 0 ? errno : EIO) }
      filled += count
    }
    return bytes
  }

  /// Replaces the file as a whole, on disk before this returns: after a power cut there is the old file or the new one.
  func write(_ name: String, _ bytes: [UInt8]) throws(AgentFault) {
    let temporary = file(".\(name).new")
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .stateIO(file: name, errno: errno) }
    var written = 0
    var fault: Int32 = 0
    while written < bytes.count, fault == 0 {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      if count > 0 { written += count } else if errno != EINTR { fault = errno }
    }
    if fault == 0, fsync(descriptor) != 0 { fault = errno }
    close(descriptor)
    if fault == 0, rename(temporary, file(name)) != 0 { fault = errno }
    guard fault == 0 else {
      unlink(temporary)
      throw .stateIO(file: name, errno: fault)
    }
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }
}
