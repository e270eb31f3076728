import ArgumentParser
import Foundation

/// Hands over to the load client, which is built with the project and not installed.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Run the load client beside this program. / 負荷測定を実行します。",
    discussion: """
      The load client, sanmon-load, starts an instance of its own and never touches a running one. It belongs to a build of
      the sources (deploy/bench); it is not part of an installation.

      EXAMPLES
        sanmon bench morning
        sanmon bench morning --part burst --json
        sanmon bench --help
      """)

  @Argument(
    parsing: .captureForPassthrough,
    help: "What sanmon-load is given: morning, releases, reload, growth, restart, audit or directory, and its options.")
  var arguments: [String] = []

  func run() throws {
    let me = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let program = URL(fileURLWithPath: me).deletingLastPathComponent().appendingPathComponent("sanmon-load").path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw fail(
        69, "負荷測定のプログラム sanmon-load が \(program) にありません。ソースからの deploy/bench をお使いください。",
        "the load client is not at \(program); use deploy/bench of the sources")
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, &words)
    throw fail(69, "\(program) を実行できません。", "cannot run \(program)")
  }
}
