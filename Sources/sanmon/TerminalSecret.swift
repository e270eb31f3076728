import ArgumentParser
import AuthTerms
import Foundation

/// Reads a password or PIN without echo, or from a file descriptor; the bytes go straight into a `Secret`.
enum TerminalSecret {
  static func read(
    prompt: String, descriptor: Int32?, option: String = "--password-fd"
  ) throws -> Secret<TypedPassword> {
    if let descriptor { return try readLine(descriptor) }
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw fail(64, "端末がありません。\(option) を使ってください。", "no terminal; use \(option)")
    }
    defer { close(terminal) }
    var former = termios()
    guard tcgetattr(terminal, &former) == 0 else { throw fail(64, "端末を設定できません。", "cannot set up the terminal") }
    var quiet = former
    quiet.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal, TCSAFLUSH, &quiet)
    defer {
      tcsetattr(terminal, TCSAFLUSH, &former)
      _ = write(terminal, "\n", 1)
    }
    _ = prompt.utf8.withContiguousStorageIfAvailable { write(terminal, $0.baseAddress, $0.count) }
    return try readLine(terminal)
  }

  /// Up to 1,024 bytes, to the first newline or the end.
  private static func readLine(_ descriptor: Int32) throws -> Secret<TypedPassword> {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1_024, alignment: 16)
    defer {
      if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
      buffer.deallocate()
    }
    var count = 0
    while count < buffer.count {
      let got = Foundation.read(descriptor, buffer.baseAddress.map { $0 + count }, 1)
      guard got == 1, buffer[count] != UInt8(ascii: "\n") else { break }
      count += 1
    }
    if count > 0, buffer[count - 1] == UInt8(ascii: "\r") { count -= 1 }
    return Secret(copying: UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
  }
}
