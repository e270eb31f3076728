import ArgumentParser
import AuthTerms
import Foundation
import LoadClient
import PCSCReader
import SmartCard
import Workstation

/// The workstation's side of a card through a real reader service, beside a loop in C that does nothing else.
@main
struct SanmonCardBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-card-bench",
    abstract: "Measure what we add to a card and its reader. / カードの読み取りに私たちが足す時間。",
    discussion: """
      Needs a reader service with one PIV card (P-256) of sanmon-cardsim in it, whose control lines it writes: \
      deploy/lib/card-bench.sh starts both.

      EXAMPLE
        sanmon-card-bench --control control --pin-fd 9 9< pin
        sanmon-card-bench --endure 10000
        sanmon-card-bench --cycles 10000 --pipes pipes
      """)

  @Flag(help: "One JSON object a line instead of a table.") var json = false
  @Option(help: "Pipe of the simulator's control lines.") var control = ""
  @Option(help: "Read the card's PIN from this file descriptor.") var pinFd: Int32 = -1
  @Option(help: "Measure nothing: use the card so many times and say what stays behind. Needs neither pipe nor PIN.")
  var endure: Int?
  @Option(help: "Measure nothing: have cards put in and taken out so many times and say what stays behind. Needs --pipes.")
  var cycles: Int?
  @Option(help: "Folder with a pipe of control lines for each reader, under the reader's name.") var pipes = ""
  @Option(help: "The reader's name.") var reader = "Virtual PCD 00 00"
  @Option(help: "Runs.") var runs = 7
  @Option(help: "Commands in a run, ours and bare.") var commands = 2000
  @Option(help: "Cards put in.") var insertions = 15
  @Option(help: "Logons in a run.") var logons = 20

  func validate() throws {
    let isWhole =
      if let cycles {
        cycles > 0 && !pipes.isEmpty && endure == nil
      } else {
        endure.map { $0 > 0 } ?? (!control.isEmpty && pinFd >= 0)
      }
    guard isWhole else { throw ValidationError("give --control and --pin-fd, or --endure, or --cycles and --pipes") }
    guard runs > 0, commands > 0, insertions > 0, logons > 0 else {
      throw ValidationError("--runs, --commands, --insertions and --logons are 1 or more")
    }
  }

  func run() async throws {
    let figures = Figures(json: json)
    do {
      if let endure { return print(try await Endurance(reader: reader, uses: endure).line()) }
      if let cycles { return print(try await Cycles(pipes: pipes, count: cycles).line()) }
      let pin: Secret<PIN> = try SecretEntry.read(descriptor: pinFd)
      try await waitForCard()
      figures.heading()
      figures.show(try await Commands(reader: reader, runs: runs, count: commands).figure())
      figures.show(try await Readiness(reader: reader, control: control, insertions: insertions).figure())
      figures.show(try await OwnWork(reader: reader, runs: runs, logons: logons, pin: pin).figure())
    } catch {
      figures.note("sanmon-card-bench: \(error)")
      throw ExitCode(1)
    }
  }
}

extension SanmonCardBench {
  /// The service looks every 400 ms: a card that was put in just now is not there yet.
  private func waitForCard() async throws {
    let end = ContinuousClock.now + .seconds(10)
    while true {
      do throws(CardFailure) {
        _ = try await ReaderCards(reader: reader).view()
        return
      } catch {
        guard error == .noCard, ContinuousClock.now < end else { throw error }
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}

/// Hands commands on and keeps the time they take: the card's and the reader's, not ours.
struct TimedChannel<Inner: CardChannel>: CardChannel {
  var inner: Inner
  private(set) var spent = Duration.zero

  init(_ inner: Inner) { self.inner = inner }

  mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
    let start = ContinuousClock.now
    defer { spent += ContinuousClock.now - start }
    return try inner.transmit(command)
  }
}
