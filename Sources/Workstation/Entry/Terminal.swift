public import AuthTerms
import Foundation

/// The person's terminal, whatever standard input and output are connected to.
public final class Terminal: Sendable {
  private let descriptor: Int32

  /// nil without a controlling terminal.
  public init?() {
    descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
  }

  /// For tests: a pseudo-terminal that is already open; it is closed with the object.
  package init(adopting descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  public func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Asks without echo. Backspace, Ctrl-U and Ctrl-C work; Ctrl-C is `cancelled`, with the terminal as it was before.
  public func ask<Purpose>(_ prompt: String) throws(AgentFault) -> Secret<Purpose> {
    var before = termios()
    guard tcgetattr(descriptor, &before) == 0 else { throw .nothingEntered }
    var silent = before
    // Byte by byte and without signals: an interrupted program must not leave a terminal without echo behind.
    silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    silent.c_cc.6 = 1  // VMIN
    silent.c_cc.5 = 0  // VTIME
    guard tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 else { throw .nothingEntered }
    defer {
      tcsetattr(descriptor, TCSAFLUSH, &before)
      show("\n")
    }
    show(prompt)
    return try SecretEntry.gather { byte throws(AgentFault) in
      try self.next(&byte)
      switch byte {
      case 0x0A, 0x0D, 0x04: return .end
      case 0x03, 0x1B: throw .cancelled
      case 0x08, 0x7F: return .erase
      case 0x15: return .clear
      default: return .byte
      }
    }
  }

  /// Asks for a yes; anything that does not begin with `y` or は is a no.
  public func confirm(_ prompt: String) -> Bool {
    show(prompt)
    guard
      let answer: Secret<Confirmation> = try? SecretEntry.gather({ byte throws(AgentFault) in
        try self.next(&byte)
        return byte == 0x0A || byte == 0x0D ? .end : .byte
      })
    else { return false }
    return answer.withBytes { bytes in
      bytes.first == UInt8(ascii: "y") || bytes.first == UInt8(ascii: "Y") || bytes.starts(with: Array("は".utf8))
    }
  }

  private enum Confirmation {}

  private func next(_ byte: inout UInt8) throws(AgentFault) {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, SecretEntry.patienceMilliseconds) == 0 { throw .nothingEntered }
      let count = read(descriptor, &byte, 1)
      if count == 1 { return }
      guard count < 0, errno == EINTR else { throw .nothingEntered }
    }
  }
}
