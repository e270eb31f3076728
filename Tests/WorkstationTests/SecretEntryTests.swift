import AuthTerms
import Foundation
import Synchronization
import Testing
import Workstation

@Suite("how a PIN or password comes in")
struct SecretEntryTests {
  private func read(_ bytes: [UInt8], times: Int = 1) throws -> [[UInt8]] {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    _ = bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
    close(ends[1])
    defer { close(ends[0]) }
    return try (0..<times).map { _ in
      let secret: Secret<PIN> = try SecretEntry.read(descriptor: ends[0])
      return secret.withBytes { Array($0) }
    }
  }

  @Test("the line without its end, whatever the end is", arguments: ["246810", "246810\n", "246810\r\n", "246810\nrest"])
  func lines(text: String) throws { #expect(try read(Array(text.utf8)) == [Array("246810".utf8)]) }

  @Test("two secrets on one descriptor, one after the other")
  func two() throws { #expect(try read(Array("1234\nabcd\n".utf8), times: 2) == [Array("1234".utf8), Array("abcd".utf8)]) }

  @Test("nothing, an empty line, too much")
  func refused() throws {
    #expect(throws: AgentFault.nothingEntered) { _ = try read([]) }
    #expect(throws: AgentFault.nothingEntered) { _ = try read([0x0A]) }
    #expect(throws: AgentFault.badInput(expected: "at most 256 bytes")) { _ = try read(Array(repeating: 0x61, count: 257)) }
    #expect(try read(Array(repeating: 0x61, count: 256))[0].count == 256)
  }

  @Test("descriptors that are screens or no descriptors", arguments: [-1, 1, 2, 1024] as [Int32])
  func descriptors(descriptor: Int32) {
    #expect(throws: AgentFault.badInput(expected: "descriptor 0, or 3 to 1023")) {
      let _: Secret<PIN> = try SecretEntry.read(descriptor: descriptor)
    }
  }

  @Test("a closed descriptor")
  func closed() {
    #expect(throws: AgentFault.nothingEntered) { let _: Secret<PIN> = try SecretEntry.read(descriptor: 1000) }
  }

  /// A pseudo-terminal: what is typed at one end, and what appears there.
  private func typing(_ keys: [UInt8], _ use: (Terminal) throws -> Void) throws -> (shown: String, echo: Bool) {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var (locked, number): (Int32, Int32) = (0, 0)
    // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)): what unlockpt and ptsname do.
    #expect(master >= 0 && ioctl(master, 0x4004_5431, &locked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    #expect(slave >= 0)
    let watching = dup(slave)
    // Types when the prompt is there: what comes before, the terminal throws away.
    let shown = Mutex<[UInt8]>([])
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while Foundation.read(master, &byte, 1) == 1 {
        shown.withLock { $0.append(byte) }
        if byte == UInt8(ascii: "?") { _ = keys.withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }
      }
      done.signal()
    }
    let result = Result { try use(Terminal(adopting: slave)) }
    var attributes = termios()
    tcgetattr(watching, &attributes)
    close(watching)  // the last end of the person's side: the reading thread sees the end
    _ = done.wait(timeout: .now() + 5)
    close(master)
    try result.get()
    return (String(decoding: shown.withLock { $0 }, as: UTF8.self), attributes.c_lflag & tcflag_t(ECHO) != 0)
  }

  @Test("the terminal shows the prompt and never the secret, and echoes again afterwards")
  func silent() throws {
    let (shown, echo) = try typing(Array("246810\r".utf8)) { terminal in
      let secret: Secret<PIN> = try terminal.ask("PIN?")
      #expect(secret.withBytes { Array($0) } == Array("246810".utf8))
    }
    #expect(shown.contains("PIN?"))
    #expect(!shown.contains("2468"))
    #expect(echo)
  }

  @Test("backspace takes a whole character, Ctrl-U all of them")
  func editing() throws {
    _ = try typing([0x61, 0x15] + Array("かx".utf8) + [0x7F, 0x7F] + Array("パス\r".utf8)) { terminal in
      let secret: Secret<TypedPassword> = try terminal.ask("?")
      #expect(secret.withBytes { Array($0) } == Array("パス".utf8))
    }
  }

  @Test("Ctrl-C cancels and leaves a terminal that echoes")
  func cancel() throws {
    let (_, echo) = try typing([0x31, 0x32, 0x03]) { terminal in
      #expect(throws: AgentFault.cancelled) { let _: Secret<PIN> = try terminal.ask("?") }
    }
    #expect(echo)
  }

  @Test(
    "only a yes is a yes",
    arguments: [("y\n", true), ("Y\n", true), ("はい\n", true), ("n\n", false), ("\n", false), ("ok\n", false)])
  func confirm(keys: String, expected: Bool) throws {
    _ = try typing(Array(keys.utf8)) { terminal in #expect(terminal.confirm("?") == expected) }
  }
}
