import ArgumentParser
import Foundation

struct IssueShared: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue-shared",
    abstract: "Make a FeliCa Lite-S or a DESFire EV2: its own key comes from the city's key and its number.",
    discussion: """
      The city's key comes from a file (first line, hexadecimal): 24 bytes for a Lite-S, 16 for a DESFire.

      Examples:
        sanmon-cardsim issue-shared --card hanako.card --name "三門 花子" --kind felica-lite-s --number 012e4cd8a1b2c3d4 --master-file city.key
        sanmon-cardsim issue-shared --card taro.card --name "見本 太郎" --kind desfire-ev2 --number 04782e21801d80 --master-file city.key
      """)

  @Option(help: "Card file to write (mode 0600, never overwriting).") var card: String
  @Option(help: "Whose it is; stands in the file alone.") var name: String
  @Option(help: "felica-lite-s or desfire-ev2.") var kind: String
  @Option(help: "Number of the card: 8 bytes (IDm) or 7 (UID), hexadecimal.") var number: String
  @Option(help: "File with the city's key in its first line.") var masterFile: String
  @Option(help: "Lite-S: last 6 bytes of the ID block, hexadecimal.") var idSuffix = "000000000001"
  @Option(help: "Lite-S: where its counter of writes begins.") var counter: UInt32 = 1000
  @Option(help: "DESFire: its application, 3 bytes, hexadecimal.") var application = "f73a10"
  @Option(help: "DESFire: number of the key.") var keyNumber: UInt8 = 1
  @Option(help: "DESFire: what stands behind number and application when the key is made, hexadecimal.") var system =
    "53616e6d6f6e"
  @Option(help: "What the chip says of itself, hexadecimal: f1 is a Lite-S, 12 an EV2, 33 an EV3.") var chip: String?

  func run() throws {
    try reporting {
      guard let kind = SharedKeyContent.Kind(rawValue: kind) else {
        throw SimulatorFault(description: "--kind is felica-lite-s or desfire-ev2", exitCode: 64)
      }
      let isLiteS = kind == .liteS
      let number = try hex(self.number, isLiteS ? 8 : 7, "--number")
      let text = String(data: try SafeFile.read(masterFile), encoding: .utf8) ?? ""
      let master = try hex(String(text.prefix { !$0.isNewline }), isLiteS ? 24 : 16, masterFile)
      let id = isLiteS ? number + [0, 0] + (try hex(idSuffix, 6, "--id-suffix")) : []
      let application = try hex(self.application, 3, "--application")
      let input = number + application + (try hex(system, nil, "--system"))
      guard isLiteS || (16...31).contains(input.count) else {
        throw SimulatorFault(description: "--system has 6 to 21 bytes", exitCode: 64)
      }
      let key = isLiteS ? LiteSCard.cardKey(master: master, id: id) : DESFireCard.cardKey(master: master, input: input)
      let chip = try hex(self.chip ?? (isLiteS ? "f1" : "12"), 1, "--chip")
      try SharedKeyCardFile.create(
        path: card,
        SharedKeyContent(
          kind: kind, name: name, number: Data(number), key: Data(key), id: Data(id), counter: counter,
          application: Data(application), keyNumber: keyNumber, chip: chip[0]))
    }
  }

  private func hex(_ text: String, _ count: Int?, _ what: String) throws -> [UInt8] {
    let digits = Array(text.utf8).map { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") ? $0 - 0x30 : $0 &- 0x57 }
    let isHex = digits.allSatisfy { $0 < 16 } && digits.count.isMultiple(of: 2)
    guard isHex, count.map({ digits.count == 2 * $0 }) ?? true else {
      throw SimulatorFault(
        description: "\(what): not \(count.map { "\($0) bytes" } ?? "whole bytes") of hexadecimal digits", exitCode: 65)
    }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
