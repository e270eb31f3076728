import Foundation

/// A DESFire EV2 with one application and one key: native commands, wrapped as ISO/IEC 7816-4 APDUs.
struct DESFireCard: SimulatedCard {
  private let file: SharedKeyCardFile
  private var isSelected = false
  /// Frames of the version still to come.
  private var version: [[UInt8]] = []
  private var nonce: [UInt8]?

  init(file: SharedKeyCardFile) { self.file = file }

  /// ISO/IEC 14443-4 type A without historical bytes (PC/SC part 3 §3.1.3.2.3.2).
  var answerToReset: [UInt8] { [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80] }

  mutating func reset() { (isSelected, version, nonce) = (false, [], nil) }

  mutating func respond(to command: [UInt8], fault: Fault) -> CardAction {
    if let stuck = stuck(fault) { return stuck }
    if command == [0xFF, 0xCA, 0, 0, 0] {
      var number = Array(file.content.number)
      if fault == .changedNumber { number[6] ^= 1 }
      return .answer(number + [0x90, 0])
    }
    guard command.count >= 5, command[0] == 0x90, command[2] == 0, command[3] == 0 else { return .answer([0x6E, 0]) }
    guard command.count == 5 || command.count == 6 + Int(command[4]) else { return .answer([0x91, 0x7E]) }
    return .answer(native(command[1], command.count == 5 ? [] : Array(command[5..<command.count - 1]), fault))
  }

  private mutating func native(_ code: UInt8, _ data: [UInt8], _ fault: Fault) -> [UInt8] {
    if code == 0xAF { return additional(data, fault) }
    // A chain that is not finished is aborted.
    guard version.isEmpty, nonce == nil else {
      reset()
      return [0x91, 0xCA]
    }
    switch code {
    case 0x60 where data.isEmpty:
      version = [
        [4, 1, 1, 2, 1, 0x18, 5], Array(file.content.number) + [1, 2, 3, 4, 5, 0x12, 0x26],
      ]
      return [4, 1, 1, file.content.chip, 0, 0x18, 5, 0x91, 0xAF]
    case 0x5A:
      isSelected = data == Array(file.content.application)
      return isSelected ? [0x91, 0] : [0x91, 0xA0]
    case 0x71:
      guard data.count >= 2, data.count == 2 + Int(data[1]) else { return [0x91, 0x7E] }
      guard isSelected, data[0] == file.content.keyNumber else { return [0x91, 0x40] }
      var random = SystemRandomNumberGenerator()
      let fresh = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
      nonce = fresh
      return SharedKeyCipher.aes(fresh, key: key(fault), encrypting: true) + [0x91, 0xAF]
    default: return [0x91, 0x1C]
    }
  }

  private mutating func additional(_ data: [UInt8], _ fault: Fault) -> [UInt8] {
    if let nonce {
      self.nonce = nil
      guard data.count == 32 else { return [0x91, 0x7E] }
      let plain = SharedKeyCipher.aes(data, key: key(fault), encrypting: false)
      guard Array(plain[16...]) == Array(nonce[1...]) + [nonce[0]] else { return [0x91, 0xAE] }
      var random = SystemRandomNumberGenerator()
      let transaction = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
      var proof = Array(plain[1..<16]) + [plain[0]]
      if fault == .flipSignature { proof[0] ^= 1 }
      return SharedKeyCipher.aes(
        transaction + proof + [UInt8](repeating: 0, count: 12), key: key(fault), encrypting: true) + [0x91, 0]
    }
    guard data.isEmpty, !version.isEmpty else { return [0x91, 0x1C] }
    let frame = version.removeFirst()
    return frame + [0x91, version.isEmpty ? 0 : 0xAF]
  }

  private func key(_ fault: Fault) -> [UInt8] {
    var key = Array(file.content.key)
    if fault == .wrongKey { key[0] ^= 1 }
    return key
  }

  /// The card's own key out of the issuer's (AN10922).
  static func cardKey(master: [UInt8], input: [UInt8]) -> [UInt8] { SharedKeyCipher.cmac([1] + input, key: master) }
}
