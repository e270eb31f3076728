import CPrograms
import Foundation
import Glibc

/// A file that no folder names, open for one reader and one writer, gone with the last of them.
final class UnnamedFile: Sendable {
  let descriptor: Int32

  /// - Parameter text: stands before the place from which it is read.
  init(holding text: String = "") throws {
    descriptor = programs_unnamed_file(NSTemporaryDirectory())
    guard descriptor >= 0 else { throw Program.Failed(description: "no file for a program: \(errno)") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        close(descriptor)
        throw Program.Failed(description: "no input for a program: \(errno)")
      }
      rest = rest.dropFirst(count)
    }
    lseek(descriptor, 0, SEEK_SET)
  }

  deinit { close(descriptor) }

  /// All of it, wherever its writer stands.
  var text: String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = pread(descriptor, &buffer, buffer.count, bytes.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer.prefix(count)
    }
  }
}
