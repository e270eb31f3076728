import ArgumentParser
import AuthTerms
import Foundation
import Isolation

@main
enum Start {
  static func main() async {
    // PINs, passwords, codes and an operator's key pass through this process.
    do { try Hardening.forbidDumps() } catch {
      printError("sanmon: " + say("メモリの書き出しを禁止できません。", "cannot forbid core dumps: ") + error.description)
      exit(77)
    }
    await Sanmon.main()
  }
}

/// The operator's tool: thin commands to one of the server's operator doors, and offline checks that need no server.
struct Sanmon: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon",
    abstract: "Operate a Sanmon 三門 server. / 三門サーバーを操作します。",
    discussion: """
      Most commands speak to the server's operator socket (--socket or SANMON_SOCKET), or with the certificate on your
      card to its operator listener (--server or SANMON_SERVER, with --authority or SANMON_AUTHORITY).

      EXAMPLES
        sanmon status
        sanmon policy check policies
        sanmon audit list --purpose 朝の確認 --workstation LGWAN-PC-0042 --since today
        sanmon why 482913
        sanmon status --server sanmon.lgwan.example:8445 --authority 3f0c… --card

      EXIT CODES
        0  done
        1  refused
        64 wrong usage
        65 bad input, or a check that failed
        69 the server cannot be reached
        74 the operator's card cannot be used
        76 the server is not the one that was named
        77 not permitted
      """,
    version: Release.version,
    subcommands: [
      StatusCommand.self, DoctorCommand.self, PolicyCommand.self, ApplicationCommand.self, VaultCommand.self, PKICommand.self,
      WorkstationCommand.self, SessionCommand.self,
      CardCommand.self, PalmCommand.self, CodeCommand.self,
      PersonCommand.self, DirectoryCommand.self,
      OperatorCommand.self, AuditCommand.self, WitnessCommand.self, BackupCommand.self, WhyCommand.self, ClockCommand.self,
      SupportCommand.self,
      BenchCommand.self, ModuleHostCommand.self,
    ])
}
