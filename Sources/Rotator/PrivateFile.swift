import AuthTerms
import Foundation

/// A secret in a file of this user's own, or of the credentials folder that systemd made for this service.
enum PrivateFile {
  /// - Throws: `RotatorFault.file` unless it is a file of 1 to `most` bytes that this user or root owns and nobody else may read. One
  ///   line feed at the end does not count.
  static func read<Purpose>(_ path: String, most: Int, as: Purpose.Type = Purpose.self) throws(RotatorFault) -> Secret<Purpose>
  {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .file(path) }
    defer { close(descriptor) }
    var status = stat()
    // Asked of the open file, not of its name: the name may point elsewhere a moment later.
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o037 == 0,
      status.st_mode & 0o040 == 0 || status.st_uid == 0, (1...most + 1).contains(Int(status.st_size))
    else { throw .file(path) }
    var count = 0
    let whole = Secret<Purpose>(count: Int(status.st_size)) { target in
      while count < target.count {
        let got = Foundation.read(descriptor, target.baseAddress?.advanced(by: count), target.count - count)
        guard got > 0 else { break }
        count += got
      }
    }
    guard count == whole.count else { throw .file(path) }
    let secret = whole.withBytes { bytes in
      Secret<Purpose>(copying: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...])
    }
    guard (1...most).contains(secret.count) else { throw .file(path) }
    return secret
  }
}
