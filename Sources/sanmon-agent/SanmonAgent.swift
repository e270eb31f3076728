import ArgumentParser
import Foundation
import Isolation
import Workstation

@main
struct SanmonAgent: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-agent",
    abstract: "端末のエージェント / The agent of a workstation: enrols it, logs people on, watches over the session.",
    discussion: """
      例 / Examples:
        sanmon-agent enrol --server https://sanmon.city.example:8443 --enrolment https://sanmon.city.example:8444 \\
          --ca-sha256 0123…cdef
        sanmon-agent watch --lock-command /usr/local/bin/lock-screen
        sanmon-agent logon
        sanmon-agent logon --factors card+password
        sanmon-agent logon --factors code+password --account sato.hanako
        sanmon-agent unlock
        sanmon-agent lock
        sanmon-agent logoff
        sanmon-agent relink --person 4711.2
        sanmon-agent pin-change
        sanmon-agent register-card --account sato.hanako
        sanmon-agent token show --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
        sanmon-agent credential register --application ledger --user sato.hanako
        sanmon-agent release --application ledger --exec /usr/local/bin/ledger-batch
        sanmon-agent sso install --browser chromium --extension-id abcdefghijklmnopabcdefghijklmnop

      暗証番号（PIN）とパスワードと代替コードは画面で入力するか、--pin-fd と --password-fd と --code-fd で渡します。引数や環境変数では渡せません。
      PINs, passwords and one-time codes are typed, or handed over with --pin-fd, --password-fd and --code-fd; never as
      arguments or in the environment.

      終了コード / Exit codes: 0 ok · 10 refused · 11 more factors needed · 12 wrong PIN · 13 PIN blocked · 14 card ·
      15 reader service or PKCS#11 library · 16 palm sensor · 17 logged on, but Windows was given nothing · 64 usage · 65 input · 69 server not reachable · 74 state folder · 76 server not trusted · 77 not enrolled
      """,
    subcommands: [
      EnrolCommand.self, RenewCommand.self, LogonCommand.self, UnlockCommand.self, LockCommandLine.self, LogoffCommand.self,
      WatchCommandLine.self, StatusCommand.self, RelinkCommand.self, ReleaseCommand.self, CredentialCommand.self,
      SSOCommand.self, PINChangeCommand.self, RegisterCardCommand.self, TokenCommand.self, ModuleHostCommand.self,
    ])
}

/// What every command needs.
struct CommonOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("状態フォルダー / The state folder.", valueName: "dir"), completion: .directory)
  var state = "/var/lib/sanmon-agent"

  @Flag(name: .long, help: "結果を JSON で出力 / Print the result as JSON.")
  var json = false

  var language: Language { Language(environment: ProcessInfo.processInfo.environment) }

  var surroundings: Surroundings {
    get throws {
      let clock = try BootClock()
      return Surroundings(
        now: { clock.now() },
        random: { count in
          var generator = SystemRandomNumberGenerator()
          return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        },
        machine: { MachineState.read() })
    }
  }

  /// Keys and PINs pass through this process: no core dump, no tracing by the same user.
  func harden() throws { try Hardening.apply(allowsRoot: true) }

  func say(_ message: AgentMessage) {
    if !json { FileHandle.standardError.write(Data((message.text(language) + "\n").utf8)) }
  }

  /// Runs a command and turns its fault into words and an exit code.
  func run(_ body: () async throws -> Void) async throws {
    do {
      try harden()
      try await body()
    } catch let fault as AgentFault {
      Report.refusal(fault, language: language, json: json)
      throw ExitCode(AgentExit(fault).rawValue)
    }
  }
}
