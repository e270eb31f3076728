import ArgumentParser

/// The operator's tool: thin commands over the operator socket, and offline checks that need no server.
@main
struct Sanmon: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon",
    abstract: "Operate a Sanmon 三門 server. / 三門サーバーを操作します。",
    discussion: """
      Most commands speak to the server's operator socket (--socket or SANMON_SOCKET).

      EXAMPLES
        sanmon status
        sanmon policy check policies
        sanmon audit list --workstation LGWAN-PC-0042 --since today
        sanmon why 482913

      EXIT CODES
        0  done
        1  refused
        64 wrong usage
        65 bad input, or a check that failed
        69 the server cannot be reached
        77 not permitted
      """,
    version: "0.1.0",
    subcommands: [
      StatusCommand.self, PolicyCommand.self, PKICommand.self, WorkstationCommand.self, CardCommand.self, PersonCommand.self,
      OperatorCommand.self, AuditCommand.self, WhyCommand.self,
    ])
}
