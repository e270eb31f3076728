import ArgumentParser
import AuthTerms
import Foundation
import PalmSynthesis

struct PictureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "picture", abstract: "Write one near-infrared picture of a palm (PGM, 8 bits). / 画像を 1 枚書き出します。",
    discussion: """
      A palm is a number from 100 to 999: even ones are right hands, odd ones left hands. A capture is a number too: the same
      palm with another capture is held over the sensor anew, with the same one it is the same picture, on every machine. What
      was written is said in one line: hand, palm, capture, hardness and fault.

      A fault is held before the sensor as it comes: whether it is refused, and with which advice, is the extraction's to say ('wet',
      'blurred', 'tooNear', 'tooBright' and 'noHand' are the surest; 'cold' is mostly taken).

      400 x 480 samples, 25 to the centimetre (--resolution 25 of 'sanmon palm enrol').

      EXAMPLES
        sanmon-palmsim picture --palm 102 --capture 1 --out right-1.pgm
        sanmon-palmsim picture --palm 103 --capture 1 --hardness hard --out left-1.pgm
        sanmon-palmsim picture --palm 102 --capture 2 --fault wet --out wet.pgm
      """)

  enum HardnessName: String, ExpressibleByArgument, CaseIterable {
    case guided, hard
    var hardness: Hardness { self == .guided ? .guided : .hard }
  }

  static let faults = Presentation.Fault.allCases.map(\.rawValue)

  @Option(help: "Whose palm: 100 to 999. / 手のひらの番号") var palm: UInt64
  @Option(help: "Which picture of it: 0 to 9999. / 何回目の撮影か") var capture: Int
  @Option(help: "guided: the hand lies on a guide; hard: it is held freely. / 手の置き方") var hardness = HardnessName.guided
  @Option(
    help: "What is done wrong: \(faults.joined(separator: ", ")). / 撮影の失敗", completion: .list(faults)) var fault: String?
  @Option(help: "The file to write. / 書き出すファイル", completion: .file(extensions: ["pgm"])) var out: String
  @Flag(help: "Replace the file if it is there. / 既にあるファイルを置き換えます") var force = false

  func run() throws {
    guard !PalmSeeds.gate.contains(palm), !PalmSeeds.tuning.contains(palm) else {
      throw fail(
        64, "手のひら \(palm) は誤り率の測定に使うもので、画像にはしません。100 から 999 を指定してください。",
        "palm \(palm) is one that error rates are measured with, and is shown to nobody; take one from 100 to 999")
    }
    guard PalmSeeds.tests.contains(palm) else {
      throw fail(64, "--palm は 100 から 999 です。", "--palm: 100 to 999")
    }
    guard (0...9999).contains(capture) else {
      throw fail(64, "--capture は 0 から 9999 です。", "--capture: 0 to 9999")
    }
    let known = fault.map(Presentation.Fault.init(rawValue:))
    if case .some(nil) = known {
      let names = Self.faults.joined(separator: ", ")
      throw fail(64, "--fault は次のどれかです: \(names)", "--fault: one of \(names)")
    }
    let identity = PalmIdentity(seed: palm)
    let presentation = Presentation(
      of: palm, number: capture, hardness: hardness.hardness, fault: known ?? nil)
    var renderer = PalmRenderer()
    try write(GreyMap.file(renderer.picture(identity, presentation, noiseSeed: UInt64(capture))))
    let hand = identity.hand.name
    print(([hand, "\(palm)", "\(capture)", hardness.rawValue] + (fault.map { [$0] } ?? [])).joined(separator: " "))
  }

  private func write(_ file: Data) throws {
    do {
      try file.write(to: URL(filePath: out), options: force ? .atomic : .withoutOverwriting)
    } catch let error as CocoaError where error.code == .fileWriteFileExists {
      throw fail(73, "\(out) は既にあります。置き換えるなら --force を付けてください。", "\(out) is there already; replace it with --force")
    } catch {
      throw fail(73, "\(out) に書き込めません。", "cannot write \(out)")
    }
  }
}
