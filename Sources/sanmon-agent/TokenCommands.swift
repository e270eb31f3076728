import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import Isolation
import SmartCard
import TokenHost
import Workstation

/// Which PKCS#11 library, and which of its keys.
struct ModuleOptions: ParsableArguments {
  @Option(
    name: .customLong("pkcs11"),
    help: ArgumentHelp(
      "証明書カードの PKCS#11 ライブラリー（絶対パス） / The card maker's PKCS#11 library, by its absolute path.", valueName: "file"),
    completion: .file(extensions: ["so"]))
  var library: String?

  @Option(name: .long, help: ArgumentHelp("トークンの名前 / The token's label.", valueName: "label"))
  var token: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "鍵の番号（16進、既定は証明書の用途から） / The key's id, hexadecimal; default: by the certificates' usage.", valueName: "hex"))
  var keyId: String?

  @Option(
    name: .customLong("pkcs11-config"),
    help: ArgumentHelp(
      "ライブラリーの設定ファイル（SOFTHSM2_CONF、OPENSC_CONF） / The library's own settings file (SOFTHSM2_CONF, OPENSC_CONF).",
      valueName: "file"),
    completion: .file())
  var configuration: String?

  /// `nil` where no library is named.
  var module: TokenModule? {
    get throws(AgentFault) {
      guard let library else {
        guard token == nil, keyId == nil, configuration == nil else { throw AgentFault.badInput(expected: "--pkcs11") }
        return nil
      }
      do throws(MalformedInput) {
        return try TokenModule(library: library, label: token, key: keyId, configuration: configuration)
      } catch { throw AgentFault.badInput(expected: "\(error.subject): \(error.expected)") }
    }
  }
}

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "証明書カードと PKCS#11 / Certificate cards and their PKCS#11 library.",
    discussion: """
      例 / Examples:
        sanmon-agent token show --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
        sanmon-agent token use --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
        sanmon-agent token forget
      """, subcommands: [TokenShow.self, TokenUse.self, TokenForget.self])
}

struct TokenShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "ライブラリーから見えるカードと鍵 / The cards and keys that a library shows. No PIN is asked.",
    discussion: """
      --pkcs11 を省くと、この端末の設定のライブラリーを使います。「*」がログオンに使われる鍵です。
      Without --pkcs11 the library of this workstation's settings is asked. The key that a logon would use is marked with "*".

      例 / Example:
        sanmon-agent token show --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var options: ModuleOptions

  private struct Line: Encodable {
    let token: String
    let reader: String
    let key: String
    /// Whether its certificate lets it sign a logon.
    let isForLogon: Bool
    let isChosen: Bool
  }

  func run() async throws {
    try await common.run {
      var module = try options.module
      if module == nil { module = try AgentState(reading: common.state).module }
      guard let module else { throw AgentFault.badInput(expected: "--pkcs11") }
      let cards = ModuleCards(module, command: TokenHost.command)
      let tokens: [SeenToken]
      do throws(CardFailure) { tokens = try await cards.tokens() } catch { throw AgentFault.card(error) }
      let chosen = try? cards.chosen(among: tokens)
      let lines = tokens.flatMap { token in
        token.keys.map { key in
          Line(
            token: token.label, reader: token.reader, key: TokenModule.text(key.id),
            isForLogon: (try? CertificateUsage(certificate: key.certificate))?.isForLogon ?? false,
            isChosen: chosen?.token == token && chosen?.key == key)
        }
      }
      if common.json {
        Report.print(lines)
      } else {
        for line in lines {
          print("\(line.isChosen ? "*" : " ") \(line.key)  \(line.token)  \(line.reader)\(line.isForLogon ? "  logon" : "")")
        }
      }
      // What a logon would say.
      if chosen == nil {
        do throws(CardFailure) { _ = try cards.chosen(among: tokens) } catch { throw AgentFault.card(error) }
      }
    }
  }
}

struct TokenUse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "use", abstract: "この端末で使うライブラリーを決める / Sets this workstation's library for certificate cards.",
    discussion: """
      PIV カードと共有鍵カードは、いままでどおり使えます。どちらでもないカードだけを、このライブラリーで使います。
      PIV cards and shared-key cards work as before; a card that is neither is asked through this library.

      例 / Example:
        sanmon-agent token use --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var options: ModuleOptions

  func run() async throws {
    try await common.run {
      guard let module = try options.module else { throw AgentFault.badInput(expected: "--pkcs11") }
      try AgentState.setModule(module, in: common.state)
      if common.json { Report.print(["outcome": "set", "pkcs11-module": module.library]) } else { print(module.library) }
    }
  }
}

struct TokenForget: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "ライブラリーの設定を消す / Takes that setting away.",
    discussion: """
      例 / Example:
        sanmon-agent token forget
      """)
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.run {
      try AgentState.setModule(nil, in: common.state)
      if common.json { Report.print(["outcome": "forgotten"]) }
    }
  }
}

/// The process of a PKCS#11 library: this program starts itself with it, and nobody else does.
struct ModuleHostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: TokenHost.command, abstract: "The process of a PKCS#11 library. Started by this program alone.",
    shouldDisplay: false)

  func run() throws {
    // The PIN passes through here.
    try Hardening.apply(allowsRoot: true)
    do { try TokenHost.serve() } catch { throw ExitCode(69) }
  }
}
