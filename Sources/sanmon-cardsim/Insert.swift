import ArgumentParser
import Dispatch
import Foundation

struct Insert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "insert",
    abstract: "Put a card into the vpcd reader and keep it there until SIGTERM or the end of standard input.",
    discussion: """
      Control lines on standard input: remove · insert · fault NAME. Faults: \(Fault.names.joined(separator: ", ")).
      Standard output says 'inserted' and 'removed' as it happens, 'found' once the reader service has asked the card who it is, and 'fault NAME' for each control line obeyed.

      Examples:
        sanmon-cardsim insert --card hanako.card < /dev/null --until-signal &
        mkfifo control; sanmon-cardsim insert --card hanako.card < control & exec 9> control; echo 'fault mute' >&9
      """)

  @Option(help: "Card file; its counters are written back.") var card: String
  @Option(help: "Port of vpcd on 127.0.0.1.") var port: UInt16 = 35_963
  @Option(help: "Fault the card has from the start.") var fault = "none"
  @Option(help: "Seconds to wait for the reader.") var wait = 10
  @Flag(help: "Do not read control lines; only a signal takes the card out.") var untilSignal = false

  func validate() throws {
    guard (0...600).contains(wait) else { throw ValidationError("--wait is 0 to 600") }
  }

  func run() throws {
    try reporting {
      let inserted: any SimulatedCard =
        if let shared = try SharedKeyCardFile(path: card) {
          shared.content.kind == .liteS ? LiteSCard(file: shared) : DESFireCard(file: shared)
        } else if let content = try IdentifierContent(path: card) {
          IdentifierCard(content: content)
        } else if let personal = try JPKICardFile(path: card) {
          JPKIApplet(file: personal)
        } else {
          PIVApplet(file: try CardFile(path: card))
        }
      let slot = ReaderSlot(fault: try Fault(parsing: fault))
      let signals = [SIGTERM, SIGINT].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { slot.end() }
        source.resume()
        return source
      }
      signal(SIGPIPE, SIG_IGN)
      if !untilSignal {
        let control = Thread { Control(slot: slot).run() }
        control.start()
      }
      try slot.run(inserted, port: port, patience: wait)
      withExtendedLifetime(signals) {}
    }
  }
}

/// Obeys control lines until standard input ends.
private struct Control {
  let slot: ReaderSlot

  func run() {
    while let line = readLine() {
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      switch words.first {
      case nil: continue
      case "remove" where words.count == 1: slot.setInserted(false)
      case "insert" where words.count == 1: slot.setInserted(true)
      case "fault" where words.count == 2:
        do {
          slot.setFault(try Fault(parsing: words[1]))
          Output.line("fault \(words[1])")
        } catch { Output.error("\(error)") }
      default: Output.error("unknown control line; known: remove, insert, fault NAME")
      }
    }
    slot.end()
  }
}
