import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import Workstation

/// Which account, at which application, and whose.
struct AccountOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("業務システム / The application.", valueName: "id"))
  var application: String

  @Option(name: .long, help: ArgumentHelp("2 つ目以降のアカウントの名前 / The label of a second account.", valueName: "label"))
  var account = ""

  @Option(
    name: .long,
    help: ArgumentHelp(
      "代理する職員、または共有のアカウントの番号 / Whose credential, for a deputy; or the shared account's id.", valueName: "person"))
  var owner: String?

  func ownerID() throws(AgentFault) -> PersonID? {
    guard let owner else { return nil }
    guard let id = try? PersonID(parsing: owner) else { throw .badInput(expected: "--owner: a person's id") }
    return id
  }

  func id() throws(AgentFault) -> ApplicationID {
    guard let id = try? ApplicationID(parsing: application), SessionAct.isAccount(account) else {
      throw .badInput(expected: "--application and --account: names as in the application's file")
    }
    return id
  }
}

struct ReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "登録されたパスワードをプログラムに渡す / Hands a stored credential to one program, over a pipe.",
    discussion: """
      プログラムは記述子 3 から 2 行（名前、パスワード）を読みます。引数や環境変数には何も入りません。画面ロック中は渡しません。
      プログラムが 0 で終われば「サインインできた」、65 なら「パスワードが違う」、66 なら「変更が必要」と記録します。
      The program reads two lines from descriptor 3: the name, the password. Nothing stands in its arguments or environment. While
      the screen is locked nothing is handed over. When it ends with 0 the sign-in counts as accepted, with 65 the password as
      wrong (it is not handed over again until it is registered anew), with 66 a new password is asked for.

      代理人や、共有のアカウントを使う人は --owner を付けます（登録は sanmon vault deputy）。記録には両方の名前が残ります。
      Deputies, and people who share an account, name its owner with --owner (registered with 'sanmon vault deputy'); rows name both.

      例 / Examples:
        sanmon-agent release --application ledger --exec /usr/local/bin/ledger-batch month-end
        sanmon-agent release --application ledger --owner p-000007 --exec /usr/local/bin/ledger-batch approve
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var options: AccountOptions

  @Option(
    name: .customLong("exec"), parsing: .remaining,
    help: ArgumentHelp("プログラムと引数 / The program, by its absolute path, and its arguments.", valueName: "program"))
  var program: [String]

  func run() async throws {
    var status: Int32 = 0
    try await common.run {
      let id = try options.id()
      guard let path = program.first, path.hasPrefix("/"), access(path, X_OK) == 0 else {
        throw AgentFault.badInput(expected: "--exec: an absolute path of an executable file")
      }
      let client = CredentialClient(folder: common.state)
      let (account, owner) = (options.account, try options.ownerID())
      let handed = try await client.release(id, account: account, owner: owner)
      status = try CredentialPipe.run(program, handed.credential)
      let outcomes: [Int32: SignInOutcome] = [0: .accepted, 65: .refused, 66: .mustChange]
      if let outcome = outcomes[status] {
        try await client.report(id, account: account, owner: owner, version: handed.version, outcome)
      }
    }
    if status != 0 { throw ExitCode(status) }
  }
}

struct CredentialCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credential", abstract: "業務システムのパスワード / Passwords for applications.",
    subcommands: [CredentialRegister.self, CredentialApplications.self])
}

struct CredentialRegister: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register", abstract: "自分のパスワードを鍵庫に登録 / Stores one's own password in the vault.",
    discussion: """
      ログオン中の本人の分だけを登録できます。パスワードはこの端末で鍵庫あてに封をし、サーバーも管理者も読めません。次のサインインで確かめます。
      Only the person who is logged on here can store one. It is sealed to the vault on this workstation: neither the server nor an
      administrator can read it. The next sign-in confirms it.

      例 / Examples:
        sanmon-agent credential register --application ledger --user sato.hanako
        sanmon-agent credential register --application ledger --user sato.hanako --password-fd 3 3< password.txt
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var options: AccountOptions

  @Option(name: .long, help: ArgumentHelp("業務システムでの利用者名 / The name at the application.", valueName: "name"))
  var user: String

  @Option(name: .long, help: ArgumentHelp("パスワードを読む記述子 / Read the password from this descriptor.", valueName: "fd"))
  var passwordFd: Int32?

  func run() async throws {
    try await common.run {
      let id = try options.id()
      let asking = PersonAsking(
        terminal: Terminal(), language: common.language, pinDescriptor: nil, passwordDescriptor: passwordFd,
        newPasswordDescriptor: nil, useLastTry: false, tell: { common.say($0) })
      let typed = try await asking.password()
      let password = typed.withBytes { Secret<ApplicationPassword>(copying: $0) }
      guard let credential = try? StoredCredential(user: user, password: password) else {
        throw AgentFault.badInput(expected: "--user: 1 to 256 bytes; a password of 1 to 1,024 bytes of UTF-8")
      }
      try await CredentialClient(folder: common.state).register(
        credential, for: id, account: options.account, owner: options.ownerID())
      if common.json { Report.print(["outcome": "registered"]) }
      common.say(.credentialRegistered(application: id.text))
    }
  }
}

struct CredentialApplications: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "applications", abstract: "この系統の業務システム / Applications of this workstation's segment.",
    discussion: """
      例 / Example:
        sanmon-agent credential applications
      """)
  @OptionGroup var common: CommonOptions

  private struct Line: Encodable {
    let application: String
    let nameJa: String
    let nameEn: String
    let accounts: [String]
  }

  func run() async throws {
    try await common.run {
      let lines = try await CredentialClient(folder: common.state).applications().map { definition in
        Line(
          application: definition.id.text, nameJa: definition.nameJa, nameEn: definition.nameEn, accounts: definition.accounts)
      }
      guard !common.json else { return Report.print(lines) }
      for line in lines {
        print("\(line.application)  \(TerminalText.clean(common.language == .ja ? line.nameJa : line.nameEn, limit: 64))")
      }
    }
  }
}
