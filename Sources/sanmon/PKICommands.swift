import ArgumentParser
import AuthAPI
import AuthTerms
import VaultLink

struct PKICommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pki", abstract: "The instance's own authority, and lists of others. / 認証局の初期化と失効リストの取得。",
    subcommands: [PKIInit.self, PKIFetch.self])
}

struct PKIInit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make the keys of a new instance inside its vault. / 鍵庫を初期化します。",
    discussion: """
      Speaks to sanmon-vault's own socket, as a user the vault was started with (--operator-user). Prints the one-time code
      with which the first administrator comes in; it is shown once.

      EXAMPLE
        sanmon pki init --vault-socket /run/sanmon/lgwan/vault.sock --instance lgwan-1 --segment lgwan --host sanmon.lgwan.example
      """)
  @Option(help: "The vault's socket.") var vaultSocket: String
  @Option(help: "The instance's name, as in its start-up file.") var instance: String
  @Option(help: "A segment it serves; repeat for several.") var segment: [String]
  @Option(help: "A DNS name or address of the server; repeat for several.") var host: [String]

  func run() async throws {
    let vault = VaultLink(socket: vaultSocket)
    do {
      let code = try await vault.initialise(
        VaultInitialisation(
          instance: try InstanceID(parsing: instance), segments: try segment.map { try Segment(parsing: $0) }, hosts: host))
      print(
        say("初期化しました。最初の管理者の一回限りのコード（この画面だけに表示）:", "initialised. One-time code of the first administrator (shown only here):"))
      print(code)
    } catch let fault as VaultFault {
      throw fail(69, "鍵庫が応じませんでした: \(fault)", "the vault did not do it: \(fault)")
    } catch let malformed as MalformedInput {
      throw fail(64, "指定が正しくありません: \(malformed)", "\(malformed)")
    }
  }
}
