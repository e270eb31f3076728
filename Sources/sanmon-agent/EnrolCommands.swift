import ArgumentParser
import AuthClient
import AuthTerms
import Workstation

struct EnrolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol", abstract: "この端末を登録 / Make this machine a workstation, with a one-time code.",
    discussion: """
      鍵はこの端末で作り、外へ出しません。登録コードは画面で入力するか --code-fd で渡します。
      The key is made here and never leaves. The code is typed, or handed over with --code-fd.

      例 / Example:
        sanmon-agent enrol --server https://10.1.0.5:8443 --enrolment https://10.1.0.5:8444 --ca-sha256 0123…cdef
      """)

  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("ログオンに使うサーバー（複数可） / The server for logons; may be repeated.", valueName: "url"))
  var server: [String]

  @Option(name: .long, help: ArgumentHelp("登録の受付（既定は最初のサーバー） / The enrolment listener.", valueName: "url"))
  var enrolment: String?

  @Option(name: .long, help: ArgumentHelp("認証局の証明書の SHA-256 / SHA-256 of the authority's certificate.", valueName: "hex"))
  var caSha256: String

  @Option(name: .long, help: ArgumentHelp("登録コードを読む記述子 / Read the code from this descriptor.", valueName: "fd"))
  var codeFd: Int32?

  @Flag(name: .long, help: "TLS 1.2 を許す（古い Windows 用の構成のみ） / Allow TLS 1.2.")
  var allowTls12 = false

  @Flag(name: .long, help: "登録をやり直す / Replace an enrolment that is there.")
  var replace = false

  func run() async throws {
    try await common.run {
      let servers = try server.map { try Self.address($0) }
      guard let first = servers.first, servers.count <= 8 else { throw AgentFault.badInput(expected: "1 to 8 servers") }
      let listener = try enrolment.map { try Self.address($0) } ?? first
      // As fingerprints are printed: with colons or without, in either case.
      guard let authority = try? CertificateFingerprint(hex: caSha256.filter { $0 != ":" }.lowercased()) else {
        throw AgentFault.badInput(expected: "--ca-sha256: 64 hexadecimal digits")
      }
      let code: Secret<EnrolmentCodeText>
      if let codeFd {
        code = try SecretEntry.read(descriptor: codeFd)
      } else if let terminal = Terminal() {
        code = try terminal.ask(AgentMessage.askCode.text(common.language))
      } else {
        code = try SecretEntry.read(descriptor: 0)
      }
      let workstation = try await Enrolment(state: common.state, surroundings: try common.surroundings).enrol(
        at: listener, services: servers, code: code, authority: authority, allowTLS12: allowTls12, replacing: replace)
      if common.json { Report.print(EnrolledReport(workstation)) }
      common.say(.enrolled(workstation: workstation.workstation.text, segment: workstation.segment.name))
    }
  }

  private static func address(_ text: String) throws(AgentFault) -> ServerAddress {
    do { return try ServerAddress(parsing: text) } catch { throw .badInput(expected: "https://HOST[:PORT]") }
  }
}

struct EnrolledReport: Encodable {
  let outcome = "enrolled"
  let workstation: String
  let segment: String
  let instance: String
  let notAfter: Int64

  init(_ enrolled: EnrolledWorkstation) {
    workstation = enrolled.workstation.text
    segment = enrolled.segment.name
    instance = enrolled.instance
    notAfter = enrolled.notAfter
  }
}

struct RenewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew", abstract: "証明書を更新 / Get a new certificate for a new key; no code is needed.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.run {
      let renewed = try await Enrolment(state: common.state, surroundings: try common.surroundings).renew()
      if common.json { Report.print(EnrolledReport(renewed)) }
      common.say(.renewed(workstation: renewed.workstation.text))
    }
  }
}
