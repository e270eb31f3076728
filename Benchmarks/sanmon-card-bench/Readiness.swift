import Foundation
import LoadClient
import PCSCReader
import SmartCard
import Workstation

/// From the reader service's word that a card is there until its holder can be asked for the PIN.
struct Readiness {
  let reader: String
  let control: String
  let insertions: Int

  func figure() async throws -> Figure {
    guard let pipe = FileHandle(forWritingAtPath: control) else { throw WrongAnswer("no pipe of control lines") }
    let monitor = ReaderMonitor()
    defer { monitor.stop() }
    var events = monitor.events.makeAsyncIterator()
    try await wait(&events) { if case .inserted(reader, _) = $0 { true } else { false } }
    var own: [Double] = []
    var whole: [Double] = []
    for _ in 0..<insertions {
      try pipe.write(contentsOf: Data("remove\n".utf8))
      try await wait(&events) { $0 == .removed(reader: reader) }
      try pipe.write(contentsOf: Data("insert\n".utf8))
      try await wait(&events) { if case .inserted(reader, _) = $0 { true } else { false } }
      let start = ContinuousClock.now
      let name = reader
      let (view, spent) = try await CardReaders.withCard(reader: .named(name)) { channel throws(CardFailure) in
        var timed = TimedChannel(channel)
        let view = try CardExchange.view(&timed, reader: name)
        return (view, timed.spent)
      }
      let taken = ContinuousClock.now - start
      guard view.triesLeft == 3, view.certificates.count == 2 else { throw WrongAnswer("another card") }
      own.append((taken - spent).inSeconds * 1000)
      whole.append(taken.inSeconds * 1000)
    }
    return Figure(
      "card.ready_ms", own,
      note: say("カードの応答を含めると ", "with the card's own answers: ") + "\(Figures.short(Distribution(whole).median)) ms; "
        + say("pcscd は 400 ms ごとにしか見に行かない（この値には含まない）", "pcscd looks every 400 ms, which is not in it"))
  }

  private func wait(
    _ events: inout AsyncStream<ReaderEvent>.Iterator, for isMeant: (ReaderEvent) -> Bool
  ) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end, let event = await events.next() {
      if isMeant(event) { return }
    }
    throw WrongAnswer("the card did not come or go")
  }
}
