import AuthTerms
import Foundation

/// What people type here and nobody sees: the bytes go straight into a `Secret`.
enum TypedText {
  /// - Parameter descriptor: one line of it; `nil`: the terminal, without echo.
  static func share(descriptor: Int32?) throws -> Secret<KeyMaterial> {
    if let descriptor { return readLine(descriptor) }
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { try end("no terminal; use --share-fd", 64) }
    defer { close(terminal) }
    var former = termios()
    guard tcgetattr(terminal, &former) == 0 else { try end("cannot set up the terminal", 64) }
    var quiet = former
    quiet.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal, TCSAFLUSH, &quiet)
    defer {
      tcsetattr(terminal, TCSAFLUSH, &former)
      _ = write(terminal, "\n", 1)
    }
    let prompt = Array("share / 分割した鍵: ".utf8)
    _ = write(terminal, prompt, prompt.count)
    return readLine(terminal)
  }

  /// Up to 257 bytes, to the first newline or the end.
  private static func readLine(_ descriptor: Int32) -> Secret<KeyMaterial> {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 257, alignment: 16)
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
