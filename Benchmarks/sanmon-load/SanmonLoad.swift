import ArgumentParser
import Dispatch
import Foundation
import Glibc
import LoadClient

/// Load on a real instance, and what it costs there.
@main
struct SanmonLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-load",
    abstract: "Measure a real sanmond and sanmon-vault under load. / 実物のサーバーに負荷をかけて測ります。",
    discussion: """
      Starts its own instance on free loopback ports in a folder under /tmp and removes it at the end; run by root, the server
      and the vault run under two other users. Every grant is checked in full; one that is wrong makes the run fail.

      EXAMPLES
        sanmon-load morning --policies policies --sample-city deploy/sample-city
        sanmon-load morning --part cpu --part burst --json --policies policies --sample-city deploy/sample-city
        sanmon-load releases --part cpu --part latency --policies policies --sample-city deploy/sample-city
        sanmon-load directory --part full --part tick --policies policies
        sanmon-load restart --rows 100000 --policies policies --sample-city deploy/sample-city
        sanmon-load audit --part short --policies policies --sample-city deploy/sample-city

      EXIT CODES
        0 every answer was right   1 an answer was wrong   64 wrong usage   69 the instance could not be run
      """,
    subcommands: [
      Morning.self, Reload.self, Growth.self, Restart.self, Searching.self, Releases.self, DirectoryBench.self, Fill.self,
    ])
}

struct CommonOptions: ParsableArguments {
  @Flag(help: "One JSON object a line instead of a table.") var json = false
  @Option(help: "Folder of sanmond and sanmon-vault; without it, the folder of this program.") var binaries: String?
  @Option(help: "The policy folder.") var policies = "policies"
  @Option(help: "The folder with load-people.csv, groups.csv and departments.csv.") var sampleCity = "deploy/sample-city"
  @Option(help: "People who log on, at most 1,200 (of 1,550 in the city).") var people = 1200
  @Option(help: "Runs of what is short.") var runs = 5

  func validate() throws {
    guard (1...1200).contains(people), (1...100).contains(runs) else {
      throw ValidationError("--people 1…1200, --runs 1…100")
    }
  }

  var figures: Figures { Figures(json: json) }

  func city(copies: Int = 1, clerks: Int? = nil, spare: Int = 0) async throws -> LoadCity {
    let figures = figures
    return try await LoadCity(
      binaries: binaryFolder, policies: policies, sampleCity: sampleCity, copies: copies,
      clerks: clerks ?? people, spare: spare, progress: { figures.note($0) })
  }

  var binaryFolder: String {
    let me = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return binaries ?? URL(fileURLWithPath: me).deletingLastPathComponent().path
  }

  /// Runs `work`; what it started ends whatever happens, also at Ctrl-C.
  /// - Parameter atSignal: ends what is not an instance, when this program is ended.
  func measuring(atSignal: @escaping @Sendable () -> Void = {}, _ work: () async throws -> [WrongAnswer]) async throws {
    Machine.raiseDescriptorLimit()
    signal(SIGPIPE, SIG_IGN)
    let interrupts = [SIGINT, SIGTERM].map { (number: Int32) -> any DispatchSourceSignal in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler {
        LoadInstance.endAll()
        atSignal()
        _exit(128 + number)
      }
      source.activate()
      return source
    }
    defer { for interrupt in interrupts { interrupt.cancel() } }
    figures.heading()
    let wrong: [WrongAnswer]
    do {
      wrong = try await work()
    } catch {
      figures.note("sanmon-load: \(error)")
      throw ExitCode(69)
    }
    guard wrong.isEmpty else {
      for (answer, count) in Dictionary(grouping: wrong, by: { $0 }).mapValues(\.count).sorted(by: { $0.value > $1.value }) {
        figures.note(say("誤り \(count) 件: \(answer)", "WRONG \(count) ×: \(answer)"))
      }
      throw ExitCode(1)
    }
  }
}
