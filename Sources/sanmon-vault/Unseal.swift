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
      let text = try TypedText.share(descriptor: shareFd)
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
}
