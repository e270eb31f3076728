import ArgumentParser
import Foundation
import Workstation

struct SSOCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sso", abstract: "業務システムへのサインイン / Sign-in to applications.",
    discussion: """
      例 / Example:
        sanmon-agent sso install --browser chromium --extension-id abcdefghijklmnopabcdefghijklmnop
      """,
    subcommands: [SSOServeCommand.self, SSOInstallCommand.self], defaultSubcommand: SSOServeCommand.self)
}

struct SSOServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "ブラウザーの拡張機能に応える / Answers the browser's extension. The browser starts it.",
    discussion: """
      標準入出力でブラウザーと話します（Native Messaging）。人が起動するものではありません。
      Speaks with the browser over standard input and output (native messaging). It is not for people to start.
      """)
  @OptionGroup var common: CommonOptions

  @Option(
    name: .long, help: ArgumentHelp("応えてよい拡張機能 / The one extension that is answered.", valueName: "id"))
  var extensionID: String?

  @Argument(help: ArgumentHelp("ブラウザーが渡す呼び出し元 / Who asks, as the browser says it.", valueName: "origin"))
  var origin: String?

  func run() async throws {
    try await common.run {
      // The manifest has the browser check it; here it is checked that this is the manifest's call.
      if let extensionID, origin != NativeHostManifest.origin(of: extensionID) {
        throw AgentFault.badInput(expected: "the origin of the extension that was installed")
      }
      signal(SIGPIPE, SIG_IGN)
      let host = SSOHost(
        broker: WatchBroker(folder: common.state), messages: NativeMessaging(input: STDIN_FILENO, output: STDOUT_FILENO))
      do { try await host.run() } catch is NativeMessagingFault {
        throw AgentFault.badInput(expected: "messages of the browser's extension")
      }
    }
  }
}

struct SSOInstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "ブラウザーに登録 / Tells a browser where the agent is.",
    discussion: """
      拡張機能そのものは、ブラウザーの管理用ポリシー（ExtensionInstallForcelist）で配ります。
      The extension itself is given out by the browser's policy ExtensionInstallForcelist.

      例 / Examples:
        sanmon-agent sso install --browser chromium --extension-id abcdefghijklmnopabcdefghijklmnop
        sanmon-agent sso install --browser chromium --extension-id abcdefghijklmnopabcdefghijklmnop --folder /home/clerk/.config/chromium/NativeMessagingHosts
      """)
  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("chromium か chrome / chromium or chrome.", valueName: "name"))
  var browser = "chromium"

  @Option(name: .long, help: ArgumentHelp("拡張機能の ID / The extension's id.", valueName: "id"))
  var extensionID: String

  @Option(
    name: .long, help: ArgumentHelp("置き場所（既定は全利用者用） / Another folder than the one for all users.", valueName: "dir"),
    completion: .directory)
  var folder: String?

  func run() async throws {
    try await common.run {
      guard let browser = NativeHostManifest.Browser(rawValue: browser) else {
        throw AgentFault.badInput(expected: "--browser: chromium or chrome")
      }
      let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let manifest = try NativeHostManifest(program: program, state: common.state, extensionID: extensionID).install(
        in: folder ?? browser.folder)
      if common.json { Report.print(["outcome": "installed", "manifest": manifest]) } else { print(manifest) }
    }
  }
}
