import CBareCard
import Foundation
import LoadClient
import PCSCReader
import SmartCard

/// One short command, ours and bare, in turns.
struct Commands {
  let reader: String
  let runs: Int
  let count: Int

  func figure() async throws -> Figure {
    var ours: [Double] = []
    var bare: [Double] = []
    for _ in 0..<runs {
      let seconds = sanmon_bare_card(reader, Int32(clamping: count))
      guard seconds > 0 else { throw WrongAnswer("the bare loop could not use the card") }
      bare.append(seconds)
      ours.append(try await through())
    }
    let note = "\(Figures.short(Distribution(ours).median * 1e6)) µs, \(Figures.short(Distribution(bare).median * 1e6)) µs"
    return Figure(
      "card.apdu_ratio", zip(ours, bare).map { $0 / $1 },
      note: say("1 命令: 私たち、C だけ: ", "one command, ours and bare: ") + note)
  }

  /// Seconds for each.
  private func through() async throws -> Double {
    let count = count
    return try await CardReaders.withCard(reader: .named(reader), deadline: .seconds(120)) { channel throws(CardFailure) in
      var card = PIVCard(channel: channel)
      try card.select()
      let start = ContinuousClock.now
      for _ in 0..<count {
        guard try card.pinTriesLeft() == 3 else { throw .pinBlocked }
      }
      return (ContinuousClock.now - start).inSeconds / Double(count)
    }
  }
}
