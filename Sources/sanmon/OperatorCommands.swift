import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct OperatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operator", abstract: "People who may operate Sanmon. / 操作者の登録と一覧。",
    subcommands: [
      OperatorFirst.self, OperatorKeyCommand.self, OperatorPropose.self, OperatorAccept.self, OperatorAdd.self,
      OperatorRemove.self, OperatorList.self,
    ])
}

struct OperatorFirst: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "first", abstract: "Come in as the first administrator, by the one-time code. / 最初の管理者を登録します。",
    discussion: """
      Run it as the unix user who will administer; the key is made in your home and never leaves it.

      EXAMPLES
        sanmon operator first --operator yamada --person p-000001
        sanmon operator first --operator yamada --person p-000001 --server sanmon.lgwan.example:8445 --instance lgwan

      Over the network (--server) the key is the one on your card, and the instance has to be named: the server tells
      nothing to a card that is not registered yet.
      """)
  @Option(name: .customLong("operator"), help: "The operator id you choose, for example yamada.") var operatorID: String
  @Option(help: "Your person id in the directory.") var person: String
  @Option(help: "Read the one-time code from this file descriptor instead of the terminal.") var codeFd: Int32?
  @Option(help: "The instance's name, as 'sanmon pki init' was given it. Default: the server says.") var instance: String?
  @OptionGroup var signing: SigningOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: signing.link)
    let instance = try await instanceName(operatorLink)
    let source = try signing.source()
    let key = try await source.key(creating: true)
    let code = try TerminalSecret.read(prompt: say("一回限りのコード: ", "One-time code: "), descriptor: codeFd)
    let act = try Acts.make(
      "operator.register", by: operatorID, instance: instance,
      ["operator": operatorID, "person": person, "role": "administrator", "key": Hex.encode(key.publicKey)])
    let message = FirstOperator(
      code: code.withBytes { String(decoding: $0, as: UTF8.self) }, act: Data(try await key.sign(act).encoded))
    let answer = try await operatorLink.post("/v1/admin/operators/first", message, as: OperatorSummary.self)
    try operatorLink.show(answer) { answer in
      say(
        "管理者 \(answer.operatorID) を登録しました。鍵: \(source.place)",
        "registered administrator \(answer.operatorID); key: \(source.place)")
    }
  }

  private func instanceName(_ operatorLink: OperatorLink) async throws -> String {
    if let instance { return instance }
    guard try !signing.link.server.place().isRemote else {
      throw fail(64, "--server で登録するときは --instance に装置の名前を書いてください。", "with --server, name the instance with --instance")
    }
    return try await operatorLink.get("/v1/admin/status", as: InstanceStatus.self).instance
  }
}

struct OperatorKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make an operator key and print its public part. / 操作者の鍵を作り、公開部分を表示します。")
  @OptionGroup var keyOptions: KeyOptions

  func run() async throws {
    print(Hex.encode(try await keyOptions.source.key(creating: true).publicKey))
  }
}

struct OperatorPropose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "propose", abstract: "Sign that another operator comes in. / 操作者の追加を起案し署名します。",
    discussion: """
      EXAMPLE (administrator, newcomer, administrator)
        sanmon operator propose --operator suzuki --person p-000002 --role desk --key 302a… --out suzuki.act
        sanmon operator accept suzuki.act --out suzuki.accepted
        sanmon operator add suzuki.act --accepted suzuki.accepted
      """)
  @Option(name: .customLong("operator"), help: "The newcomer's operator id.") var operatorID: String
  @Option(help: "The newcomer's person id.") var person: String
  @Option(help: "administrator, desk, auditor; or rotator, for the key of sanmon-rotator") var role: String
  @Option(help: "What 'sanmon operator key' printed for the newcomer.") var key: String
  @Option(help: "The newcomer's unix user on the server.") var unixUser: String?
  @Option(help: "File for the signed act.") var out: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    var parameters = ["operator": operatorID, "person": person, "role": role, "key": key]
    parameters["unixUser"] = unixUser
    let signed = try await acting.act("operator.register", parameters)
    try SignedActFile.write(signed, to: out)
  }
}

struct OperatorAccept: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Sign a proposed act: as the newcomer, or as a second administrator. / 起案に署名します。",
    discussion: """
      What is signed is shown whole: compare it with what you were told, a hash with what you see when you look yourself (for a
      dated access 'sanmon directory access plan FILE', for what the directory did 'sanmon directory status').

      EXAMPLES
        sanmon operator accept suzuki.act --out suzuki.accepted
        sanmon operator accept vote.act --as suzuki --out vote.suzuki
      """)
  @Argument(help: "The file of 'sanmon operator propose'.") var act: String
  @Option(name: .customLong("as"), help: "Your operator id. Default: the newcomer's.") var operatorID: String?
  @OptionGroup var keyOptions: KeyOptions
  @Option(help: "File for the signature.") var out: String

  func run() async throws {
    let signed = try SignedActFile.read(act)
    guard let name = operatorID ?? signed.act.parameters["operator"] else {
      throw fail(65, "--as で操作者を指定してください。", "say who you are with --as")
    }
    printError(SignedActFile.text(signed))
    try await SignedActFile.consent(
      to: signed.act, as: OperatorID(parsing: name), with: try await keyOptions.source.key(), to: out)
  }
}

struct OperatorAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Register a proposed and accepted operator. / 操作者を登録します。")
  @Argument(help: "The file of 'sanmon operator propose'.") var act: String
  @Option(help: "The newcomer's file of 'sanmon operator accept'.") var accepted: String
  @Option(help: "ID=FILE of a second administrator's 'sanmon operator accept --as ID'.") var approval: [String] = []
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let signed = try SignedActFile.read(act)
    let possession = try SignedActFile.signature(in: accepted)
    let whole = try SignedActFile.approved(signed, by: approval)
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/operators",
      OperatorAddition(
        act: Data(whole.encoded), possession: Data(possession.signature), possessionScheme: possession.scheme.rawValue),
      as: OperatorSummary.self)
    try operatorLink.show(answer) { say("操作者 \($0.operatorID) を登録しました。", "registered operator \($0.operatorID)") }
  }
}

struct OperatorRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take an operator's rights. / 操作者を外します（退職・異動・鍵の紛失）。",
    discussion: """
      Her name and her key stay taken: an old signature never becomes somebody else's. The last administrator stays. Where two
      administrators remain besides her, a second one signs as well:

      EXAMPLE (one administrator remains; two or more remain)
        sanmon operator remove suzuki
        sanmon operator remove suzuki --out suzuki.leave
        sanmon operator accept suzuki.leave --as tanaka --out tanaka.sig
        sanmon operator remove suzuki --act suzuki.leave --approval tanaka=tanaka.sig
      """)
  @Argument(help: "The operator who leaves.") var operatorID: String
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let subject = Words("操作者 \(operatorID) を外すこと", "removing operator \(operatorID)")
    let act = try await draft.signed(
      Act.Kind.revokeOperator, about: subject, where: { $0["operator"] == operatorID },
      else: { try await acting.act(Act.Kind.revokeOperator, ["operator": operatorID]) })
    guard let act else { return }
    let operatorLink = OperatorLink(options: acting.link)
    let answer = try await operatorLink.post(
      "/v1/admin/operators/\(operatorID)/remove", OperatorRemoval(act: Data(act.encoded)), as: OperatorSummary.self,
      notFound: ("操作者 \(operatorID) はいないか、すでに外れています。", "no active operator \(operatorID)"))
    try operatorLink.show(answer) { say("操作者 \($0.operatorID) を外しました。", "removed operator \($0.operatorID)") }
  }
}

struct OperatorList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List operators. / 操作者を一覧します。")
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let operators = try await operatorLink.get("/v1/admin/operators", as: [OperatorSummary].self)
    try operatorLink.show(operators) { operators in
      operators.map {
        "\($0.operatorID)  \($0.role)  \($0.person)  \($0.unixUser ?? "-")  \($0.key.prefix(16))"
          + ($0.isActive ? "" : say("  外れています", "  removed"))
      }
      .joined(separator: "\n")
    }
  }
}
