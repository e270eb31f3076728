import ArgumentParser
import Foundation

struct IssueIdentifier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue-identifier",
    abstract: "Make a card that tells its number (FeliCa IDm, MIFARE UID) and can prove nothing.",
    discussion: """
      8 bytes are an IDm of FeliCa; 4, 7 or 10 the UID of a card of ISO/IEC 14443. Two files with one number are a card and
      its copy: nothing tells them apart.

      Examples:
        sanmon-cardsim issue-identifier --card suica.card --name "三門 花子" --number 01120d8aa1b2c3d4 --chip 20
        sanmon-cardsim issue-identifier --card mifare.card --name "見本 太郎" --number 04a1b2c3
      """)

  @Option(help: "Card file to write (mode 0600, never overwriting).") var card: String
  @Option(help: "Whose it is; stands in the file alone.") var name: String
  @Option(help: "Number of the card: 4, 7, 8 or 10 bytes, hexadecimal.") var number: String
  @Option(help: "FeliCa: what the chip says of itself, hexadecimal: 20 is DES alone, f1 a Lite-S, 46 has AES.") var chip = "20"

  func run() throws {
    try reporting {
      let bytes = try Self.hex(number, "--number")
      guard [4, 7, 8, 10].contains(bytes.count) else {
        throw SimulatorFault(description: "--number has 4, 7, 8 or 10 bytes", exitCode: 65)
      }
      let type = try Self.hex(chip, "--chip")
      guard type.count == 1 else { throw SimulatorFault(description: "--chip has one byte", exitCode: 65) }
      let content = IdentifierContent(
        kind: bytes.count == 8 ? .felica : .iso14443, name: name, number: Data(bytes), chip: type[0])
      try content.create(path: card)
    }
  }

  private static func hex(_ text: String, _ what: String) throws -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else {
      throw SimulatorFault(description: "\(what): not whole bytes of hexadecimal digits", exitCode: 65)
    }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
