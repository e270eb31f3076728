import AuthTerms
import DirectorySync
import Foundation
import Fuzzing
import SmartCard
import Testing
import Workstation

/// Numbers of cards: as readers tell them, and as lists write them.
@Suite("Fuzz: numbers of cards", .serialized)
struct NumberCardFuzzTests {
  /// A reader that says what it likes.
  private struct Reader: CardChannel {
    var answers: [[UInt8]]
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
      guard command.count == 5, command.prefix(2) == [0xFF, 0xCA] else { throw .malformedCommand }
      return answers.isEmpty ? [] : answers.removeFirst()
    }
  }

  @Test("a text of a number: read to bytes that are written and read as the same, or refused")
  func texts() throws {
    let corpus = ["012e4cd8a1b2c3d4", "01:2E:4C:D8", "04-A1-B2-C3-D4-E5-F6", "00 11 22 33"].map { Array($0.utf8) }
    let tally = try Fuzzer("card-number", corpus: corpus, words: [":", "-", " ", "FE", "08"], share: 0.3).run { bytes in
      guard let text = String(validating: bytes, as: UTF8.self), let number = try? CardNumber(text: text) else { return false }
      guard try CardNumber(text: Hex.encode(number.bytes)) == number, try CardNumber(parsing: number.bytes) == number else {
        throw Fuzzer.Broken("two readings")
      }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("what a reader says: a number of a length that names a card, with a chip of eight bytes or none, or a failure")
  func readers() throws {
    let corpus: [[UInt8]] = [
      [0x01, 0x2E, 0x4C, 0xD8, 0xA1, 0xB2, 0xC3, 0xD4, 0x90, 0x00], [0x04, 0xA1, 0xB2, 0xC3, 0x90, 0x00], [0x6A, 0x81],
    ]
    let tally = try Fuzzer("card-number-reader", corpus: corpus, share: 0.3).run { bytes in
      var reader = Reader(answers: [bytes, bytes])
      guard let view = try? NumberCardTalk.view(&reader, reader: "R") else { return false }
      guard [4, 7, 8, 10].contains(view.number.bytes.count), view.chip.map({ $0.count == 8 }) ?? true,
        view.number.kind == .felica || view.chip == nil
      else { throw Fuzzer.Broken("a number of no kind") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("a list of cards: its cards each once, its wrong lines with their places, or a fault that quotes nothing")
  func lists() throws {
    let corpus = [
      "職員番号,カード番号,種類,世代\np-1,012e4cd8a1b2c3d4,felica,aes\np-2,04a1b2c3,,\n",
      "number,uid,certificate\np-1,01020304,\np-2,\"MIIB\",x\n",
    ].map { Array($0.utf8) }
    let words = ["\"", "\r\n", ",", "\u{FEFF}", "number", "カード番号", "felica", "des", "山田"]
    let tally = try Fuzzer("card-list", corpus: corpus, words: words, count: 4000, share: 0.4).run { bytes in
      let list: NumberCardList
      do throws(DirectoryFault) { list = try NumberCardList(SourceFile(name: "cards.csv", bytes: bytes)) } catch {
        let told = error.description + error.ja + error.en
        guard !told.contains("山田"), told.unicodeScalars.allSatisfy(VisibleText.shows) else {
          throw Fuzzer.Broken("a fault quotes the list")
        }
        return false
      }
      guard Set(list.cards.map(\.number)).count == list.cards.count else { throw Fuzzer.Broken("one card twice") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }
}
