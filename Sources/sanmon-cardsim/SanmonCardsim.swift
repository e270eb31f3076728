import ArgumentParser

/// Cards in software, for demonstrations and tests. It stands on the other side of a reader's wire and therefore shares
/// no code with the programs that talk to it: a mistake made twice would not show.
@main
struct SanmonCardsim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-cardsim",
    abstract:
      "Cards in software behind pcscd's vpcd reader, for demonstrations and tests: PIV, FeliCa Lite-S, DESFire, numbers, JPKI.",
    discussion: """
      Never for production: a card file holds the card's keys and PIN, and vpcd lets in whoever can reach its port. \
      deploy/lib/pcscd.sh starts pcscd and vpcd inside a network namespace of their own.

      Examples:
        sanmon-cardsim make-ca --cert ca.pem --key ca.key --name "見本市 職員カードCA"
        printf '%s\\n' 246810 > pin
        sanmon-cardsim issue --card hanako.card --name "三門 花子" --key p256 --pin-file pin --ca-cert ca.pem --ca-key ca.key
        sanmon-cardsim insert --card hanako.card

      Exit codes: 0 done · 64 wrong usage · 65 a file is not what it should be · 69 no reader to insert into · 73 a file \
      could not be written.
      """,
    subcommands: [MakeCA.self, Issue.self, IssueShared.self, Insert.self, Show.self, IssueIdentifier.self, IssueJPKI.self])
}

/// Why the simulator stops, with the exit code of sysexits.h.
struct SimulatorFault: Error, CustomStringConvertible {
  let description: String
  let exitCode: Int32

  static func data(_ text: String) -> Self { .init(description: text, exitCode: 65) }
  static func unavailable(_ text: String) -> Self { .init(description: text, exitCode: 69) }
  static func cannotCreate(_ text: String) -> Self { .init(description: text, exitCode: 73) }
}

extension ParsableCommand {
  /// Runs the command's work; a fault is one line on standard error and its exit code.
  func reporting(_ work: () throws -> Void) throws {
    do { try work() } catch let fault as SimulatorFault {
      Output.error(fault.description)
      throw ExitCode(fault.exitCode)
    }
  }
}
