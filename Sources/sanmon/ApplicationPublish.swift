import ArgumentParser
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation

struct ApplicationPublish: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Have the vault hand out credentials for an application. / 業務システムを鍵庫に公開します。",
    discussion: """
      Signs the SHA-256 of the definition, its segments and its freshness, with your key. Whatever a server says later, agents type a
      password only into the form whose definition was signed here. Publish again after each change of the file.

      EXAMPLE
        sanmon application publish policies/applications/ledger.yaml
      """)
  @Argument(help: "The file. / ファイル", completion: .file(extensions: ["yaml"])) var file: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let folder = try ApplicationFolder(file)
    guard let source = folder.sources.first, !folder.isFolder else {
      throw fail(66, "\(Rows.visible(file)) はファイルではありません。", "\(Rows.visible(file)) is not a file")
    }
    let definition: ApplicationDefinition
    do throws(PolicyFaults) { definition = try ApplicationFile.compile(source).definition } catch {
      printError(error.render(PolicyReport.language))
      throw ExitCode(65)
    }
    guard !definition.isWindows || definition.managedGroup != nil else {
      throw fail(
        65, "\(definition.id) には鍵庫のパスワードがないため（credential）、公開は要りません。",
        "\(definition.id) has no credential in the vault (credential), so there is nothing to publish")
    }
    let operatorLink = OperatorLink(options: acting.link)
    let status = try await operatorLink.get("/v1/admin/status", as: InstanceStatus.self)
    let segments = definition.segments.map(\.name).filter(status.segments.contains)
    guard !segments.isEmpty else {
      throw fail(
        65, "この装置（\(status.instance)）は、\(definition.id) の系統を扱っていません。",
        "this instance (\(status.instance)) serves none of the segments of \(definition.id)")
    }
    var parameters = [
      "application": definition.id.text, "segments": segments.joined(separator: " "),
      "definition": Hex.encode(Array(SHA256.hash(data: definition.canonicalBytes))),
      "freshness": String(definition.freshnessSeconds),
    ]
    if definition.isWindows { parameters["kind"] = "windows" }
    let served = try await operatorLink.get("/v1/admin/vault/applications", as: [ApplicationSummary].self)
    try await Self.sign(parameters, acting)
    // Published it is, but whoever asks the server is told of no such application, or of another definition.
    if !served.contains(where: { $0.application == definition.id.text && $0.state != "orphaned" }) {
      printError(
        say(
          "警告: サーバーの規則フォルダーに \(definition.id).yaml がありません。policies/applications に置き、sanmon policy reload を行うまで使えません。",
          "warning: the server's policy folder has no \(definition.id).yaml: put it into policies/applications and run sanmon policy reload; until then nobody can use it"
        ))
    }
    print(
      say(
        "\(definition.id) を公開しました（\(segments.joined(separator: "、"))）。",
        "\(definition.id) is published in \(segments.joined(separator: ", "))."
      ))
  }

  static func sign(_ parameters: [String: String], _ acting: ActingOptions) async throws {
    let act = try await acting.act(Act.Kind.publishApplication, parameters)
    try await OperatorLink(options: acting.link).post(
      "/v1/admin/vault/applications", VaultActMessage(act: Data(act.encoded)))
  }
}

struct ApplicationWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Have the vault hand out nothing for an application. / 業務システムの公開をやめます。",
    discussion: """
      At once, for everybody. Stored credentials stay, for a later publication.

      EXAMPLE
        sanmon application withdraw ledger
      """)
  @Argument(help: "The application. / 業務システム") var application: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let all = try await operatorLink.get("/v1/admin/vault/applications", as: [ApplicationSummary].self)
    guard let found = all.first(where: { $0.application == application && $0.state != "unpublished" }) else {
      throw fail(1, "\(Rows.visible(application)) は公開されていません。", "\(Rows.visible(application)) is not published")
    }
    try await ApplicationPublish.sign(
      [
        "application": found.application, "segments": "", "definition": String(repeating: "0", count: 64),
        "freshness": String(found.freshnessSeconds),
      ], acting)
    print(say("\(application) の公開をやめました。", "\(application) is withdrawn."))
  }
}

struct ApplicationList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Applications of the server's files, and whether the vault has them. / 業務システムの公開の状況。",
    discussion: """
      EXAMPLES
        sanmon application list
        sanmon application list --json
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let all = try await operatorLink.get("/v1/admin/vault/applications", as: [ApplicationSummary].self)
    try operatorLink.show(all) { all in
      guard !all.isEmpty else { return say("業務システムの設定ファイルはありません。", "there are no files of applications.") }
      return all.map { one in
        "\(one.application)  \(say(one.nameJa, one.nameEn))  \(one.segments.joined(separator: " "))  \(Self.state(one.state))"
      }.joined(separator: "\n")
    }
  }

  private static func state(_ state: String) -> String {
    switch state {
    case "published": say("公開中", "published")
    case "changed":
      say("ファイルが公開後に変わった（公開し直すまで自動サインインは止まる）", "changed since it was published: publish it again, or nobody is signed in")
    case "unpublished": say("未公開", "not published")
    case "orphaned": say("公開中だがファイルがない", "published, and its file is gone")
    default: state
    }
  }
}
