import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import VaultLink

struct VaultRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Renew the vault's keys while it serves, or show how old they are. / 鍵庫の鍵を、動かしたまま新しくします。",
    discussion: """
      Four layers: 'credentials' (what stored passwords are kept under), 'registers' (what the vault's rows are authenticated with),
      'intake' (what passwords are sealed to on their way in), 'signing' (what signs releases; agents take the new one by itself).
      Your key signs. It goes on in the vault if this command ends or the machine loses power; releases go on meanwhile. The former
      intake key is kept for an hour, and 'signing' waits for ten seconds in which nobody signs in. The master key above
      them is renewed with 'sanmon-vault rewrap', while the vault is stopped.

      EXAMPLES
        sanmon vault rotate --all
        sanmon vault rotate --layer credentials --layer registers
        sanmon vault rotate --show
      """)
  @Flag(help: "Renew every layer. / すべての層") var all = false
  @Option(help: "Renew this layer; may be repeated. / 新しくする層", transform: Self.layer) var layer: [VaultLayer] = []
  @Flag(help: "Only show how old the keys are, and how far a renewal has come. / 表示だけ") var show = false
  @OptionGroup var acting: ActingOptions

  private static func layer(_ word: String) throws -> VaultLayer {
    guard let layer = VaultLayer(rawValue: word) else {
      throw ValidationError(VaultLayer.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return layer
  }

  func validate() throws {
    guard [all, !layer.isEmpty, show].count(where: { $0 }) == 1 else { throw ValidationError("--all, --layer or --show") }
  }

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    if !show {
      let layers = all ? Set(VaultLayer.allCases) : Set(layer)
      let act = try await acting.act(Act.Kind.rotateKeys, ["layers": VaultLayer.text(layers)])
      try await operatorLink.post("/v1/admin/vault/rotation", VaultActMessage(act: Data(act.encoded)))
    }
    let keys = try await operatorLink.get("/v1/admin/vault/rotation", as: [VaultKeySummary].self)
    try operatorLink.show(keys) { keys in keys.map(Self.text).joined(separator: "\n") }
  }

  static func text(_ key: VaultKeySummary) -> String {
    var parts = ["\(key.layer) \(key.number)", key.madeAt == 0 ? "-" : Times.show(key.madeAt)]
    if key.isUnderWay { parts.append(say("更新中（残り \(key.left) 件）", "being renewed, \(key.left) left")) }
    if key.mostUses > 0 { parts.append(say("使用 \(key.uses) / \(key.mostUses) 回", "used \(key.uses) of \(key.mostUses) times")) }
    return parts.joined(separator: "  ")
  }
}

struct VaultUnseal: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unseal", abstract: "Type one share of the master key into a vault that waits for them. / 鍵庫を開けます。",
    discussion: """
      On the vault's machine, for each person in turn, as a user whom 'vault.env' names with --operator-user. The same as
      'sanmon-vault unseal'. The share is not shown while it is typed, and is in no file afterwards. Ends with 0 and says how many are
      there; 65: a slip, a share of another set, or shares that do not open this vault; 69: the vault does not answer; 75: five
      were wrong, wait a minute; 77: this user may not.

      EXAMPLE
        sanmon vault unseal --socket /run/sanmon-vault/lgwan-1/vault.sock
      """)
  @Option(help: "The vault's socket. / 鍵庫のソケット") var socket: String
  @Option(help: "Read the share from this file descriptor instead of the terminal.") var shareFd: Int32?

  func run() async throws {
    let typed = try TerminalSecret.read(prompt: say("分割した鍵: ", "Share: "), descriptor: shareFd, option: "--share-fd")
    guard let share = try? typed.withBytes({ try TypedShare(Secret(copying: $0)) }) else {
      throw fail(65, "分割した鍵は 1〜256 バイトです。", "a share has 1 to 256 bytes")
    }
    do throws(VaultFault) {
      guard let sealing = try await VaultLink(socket: socket, deadlineMilliseconds: 30_000).unseal(share) else {
        return print(say("鍵庫が開きました。", "the vault is open"))
      }
      print(say("\(sealing.needed) 人のうち \(sealing.given) 人目まで", "\(sealing.given) of \(sealing.needed)"))
    } catch {
      switch error {
      case .refused(let refusal) where refusal.code == .peerNotAllowed:
        throw fail(
          77, "この利用者は鍵庫を開けられません。vault.env の --operator-user にある利用者で: sudo -u 利用者 sanmon vault unseal --socket \(socket)",
          "this user may not open the vault. As a user whom vault.env names with --operator-user: "
            + "sudo -u USER sanmon vault unseal --socket \(socket)")
      case .refused(let refusal):
        throw fail(
          Self.status(refusal.code), "開けませんでした（\(refusal.code.rawValue)）: \(refusal.note)",
          "\(refusal.code.rawValue) \(refusal.note)")
      case .unreachable, .malformed:
        throw fail(69, "鍵庫が応じませんでした: \(error)", "the vault did not answer: \(error)")
      }
    }
  }

  private static func status(_ code: VaultRefusal.Code) -> Int32 {
    switch code {
    case .sharesPause: 75
    case .storeUnavailable: 74
    default: 65
    }
  }
}
