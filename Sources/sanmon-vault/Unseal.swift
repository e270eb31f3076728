import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import Isolation

struct Unseal: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Types one share of the master key into a vault that waits for them. 鍵庫を開ける",
    discussion: """
      For each person in turn, as a user whom the vault hears (--operator-user). The share is not shown while it is typed, and is in no
      file afterwards. It ends with 0 and says how many are there; 65: a slip, a share of another set, or shares that do not open this
      vault; 69: the vault does not answer; 75: five were wrong, wait a minute; 77: this user may not.

      EXAMPLE
        sanmon-vault unseal --socket /run/sanmon-vault/lgwan-1/vault.sock
      """)

  @Option(help: "The vault's socket.") var socket: String
  @Option(help: "Read the share from this file descriptor instead of the terminal.") var shareFd: Int32?

  func run() throws {
    try reportingFaults {
      let text = try readShare()
      guard let typed = try? TypedShare(text) else { try end("a share has 1 to 256 bytes", 65) }
      let connection = try PeerConnection.connect(path: socket)
      let deadline = Deadline(milliseconds: 30_000)
      try connection.send(VaultRequest.unseal(typed).encoded(id: 1), by: deadline)
      guard let frame = try connection.receive(by: deadline) else { throw SocketFault.closed }
      guard let (id, answer) = try? VaultAnswer.decode(frame), id == 1 else { try end("the vault's answer is malformed", 69) }
      switch answer {
      case .noted: print("the vault is open / 鍵庫が開きました")
      case .sealed(let sealing): print("\(sealing.given) of \(sealing.needed) / \(sealing.needed) 人のうち \(sealing.given) 人目まで")
      case .refused(let refusal): try end("\(refusal.code.rawValue) \(refusal.note)", Self.status(refusal.code))
      default: try end("the vault's answer is another one's", 69)
      }
    }
  }

  private static func status(_ code: VaultRefusal.Code) -> Int32 {
    switch code {
    case .peerNotAllowed: 77
    case .sharesPause: 75
    case .storeUnavailable: 74
    default: 65
    }
  }

  private func readShare() throws -> Secret<KeyMaterial> {
    if let shareFd { return Self.readLine(shareFd) }
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
    return Self.readLine(terminal)
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
