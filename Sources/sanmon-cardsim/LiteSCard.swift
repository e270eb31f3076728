/// A FeliCa Lite-S behind a reader that passes frames through, in both ways that readers do it here. Numbers on the card have
/// their low byte first; it computes with 64-bit integers, as the card's maker writes it.
struct LiteSCard: SimulatedCard {
  private let file: SharedKeyCardFile
  private var challenge: [UInt8]?
  private var isAuthenticated = false
  private var hasPolled = false

  init(file: SharedKeyCardFile) { self.file = file }

  /// PC/SC part 3 §3.1.3.2.3.1: storage card, standard 11 (FeliCa), name 003B.
  var answerToReset: [UInt8] {
    [0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 0x03, 0x06, 0x11, 0x00, 0x3B, 0, 0, 0, 0, 0x42]
  }

  mutating func reset() { (challenge, isAuthenticated, hasPolled) = (nil, false, false) }

  mutating func respond(to command: [UInt8], fault: Fault) -> CardAction {
    if let stuck = stuck(fault) { return stuck }
    if command == [0xFF, 0xCA, 0, 0, 0] { return .answer(Array(file.content.number) + [0x90, 0]) }
    if command == [0xFF, 0xCA, 1, 0, 0] { return .answer([0, file.content.chip, 0, 0, 0, 1, 0x43, 0, 0x90, 0]) }
    if command.starts(with: [0xFF, 0xC2, 0, 0, 2]), command.count == 8, [0x81, 0x82].contains(command[5]) {
      return .answer([0xC0, 3, 0, 0x90, 0, 0x90, 0])
    }
    if command.starts(with: [0xFF, 0xC2, 0, 1]), command.count > 8, command[5] == 0x95,
      Int(command[6]) == Int(command[4]) - 2, command.count == 6 + Int(command[4])
    {
      guard let answer = frame(Array(command[7..<command.count - 1]), fault) else {
        return .answer([0xC0, 3, 1, 0x64, 1, 0x90, 0])
      }
      let length: [UInt8] = answer.count < 0x80 ? [UInt8(answer.count)] : [0x81, UInt8(answer.count)]
      return .answer([0xC0, 3, 0, 0x90, 0, 0x92, 1, 0, 0x96, 2, 0, 0, 0x97] + length + answer + [0x90, 0])
    }
    if command.starts(with: [0xFF, 0, 0, 0]), command.count > 7, command[5...6] == [0xD4, 0x42],
      command.count == 5 + Int(command[4])
    {
      guard let answer = frame(Array(command[7...]), fault) else { return .answer([0xD5, 0x43, 1, 0x90, 0]) }
      return .answer([0xD5, 0x43, 0] + answer + [0x90, 0])
    }
    return .answer([0x6A, 0x81])
  }

  /// `nil`: no answer, as from a card that was not meant.
  private mutating func frame(_ frame: [UInt8], _ fault: Fault) -> [UInt8]? {
    guard let length = frame.first, Int(length) == frame.count, frame.count >= 6 else { return nil }
    var number = Array(file.content.number)
    if frame[1] == 0 {
      guard [[0x88, 0xB4], [0xFF, 0xFF]].contains(Array(frame[2...3])) else { return nil }
      hasPolled = true
      return [18, 1] + number + [0, file.content.chip, 0, 0, 0, 1, 0x43, 0]
    }
    guard frame.count >= 16, Array(frame[2..<10]) == number, frame[10] == 1 else { return nil }
    let count = Int(frame[13])
    guard (1...4).contains(count), frame.count >= 14 + 2 * count else { return nil }
    if fault == .changedNumber, hasPolled { number[7] ^= 1 }
    let blocks = (0..<count).map { frame[15 + 2 * $0] }
    let answer: [UInt8]
    switch frame[1] {
    case 6: answer = read(blocks, fault)
    case 8: answer = write(blocks, Array(frame[(14 + 2 * count)...]), fault)
    default: return nil
    }
    return [UInt8(10 + answer.count), frame[1] + 1] + number + answer
  }

  // MARK: Blocks

  private func counter(_ fault: Fault) -> UInt32 {
    fault == .counterBack ? file.content.counter / 2 : file.content.counter
  }

  private func content(_ block: UInt8, _ fault: Fault) -> [UInt8]? {
    let zeros = [UInt8](repeating: 0, count: 16)
    switch block {
    case 0x00...0x0E: return zeros
    case 0x82: return Array(file.content.id)
    case 0x83: return Array(file.content.number) + [0, file.content.chip, 0, 0, 0, 1, 0x43, 0]
    case 0x86, 0x88: return zeros
    case 0x90: return Array(Self.low(UInt64(counter(fault)))) + zeros.suffix(8)
    case 0x92: return [isAuthenticated ? 1 : 0] + zeros.dropLast()
    default: return nil
    }
  }

  private func read(_ blocks: [UInt8], _ fault: Fault) -> [UInt8] {
    var contents: [[UInt8]] = []
    for (index, block) in blocks.enumerated() {
      if block == 0x91 {
        guard index == blocks.count - 1, let challenge else { return [1, 0xB2] }
        var head = [UInt8](repeating: 0xFF, count: 8)
        for (at, number) in blocks.enumerated() { (head[2 * at], head[2 * at + 1]) = (number, 0) }
        let (one, two) = session(challenge, fault)
        contents.append(
          mac(Self.bytes(one) + Self.bytes(two), challenge, head + contents.joined()) + [UInt8](repeating: 0, count: 8))
      } else {
        guard let content = content(block, fault) else { return [1, 0xA8] }
        contents.append(content)
      }
    }
    return [0, 0, UInt8(blocks.count)] + contents.joined()
  }

  private mutating func write(_ blocks: [UInt8], _ data: [UInt8], _ fault: Fault) -> [UInt8] {
    guard data.count == 16 * blocks.count else { return [0xFF, 0xA6] }
    if blocks == [0x80] {
      challenge = data
      return [0, 0]
    }
    guard blocks == [0x92, 0x91] else { return [1, 0xA8] }
    guard let challenge else { return [2, 0xB2] }
    let count = Array(Self.low(UInt64(counter(fault))).prefix(3))
    let (one, two) = session(challenge, fault)
    let expected = mac(
      Self.bytes(two) + Self.bytes(one), challenge, count + [0, 0x92, 0, 0x91, 0] + data.prefix(16))
    guard Array(data[16..<24]) == expected, Array(data[24..<27]) == count else { return [2, 0xB2] }
    isAuthenticated = data[0] == 1
    file.setCounter(file.content.counter + 1)
    return [0, 0]
  }

  // MARK: Keys

  /// SK1 and SK2 as numbers.
  private func session(_ challenge: [UInt8], _ fault: Fault) -> (UInt64, UInt64) {
    var stored = Array(file.content.key)
    if fault == .wrongKey { stored[3] ^= 0x10 }
    let key = Self.bytes(Self.number(stored[..<8])) + Self.bytes(Self.number(stored[8...]))
    let one = Self.tripleDES(Self.number(challenge[..<8]), key)
    return (one, Self.tripleDES(one ^ Self.number(challenge[8...]), key))
  }

  private func mac(_ key: [UInt8], _ challenge: [UInt8], _ text: [UInt8]) -> [UInt8] {
    var state = Self.number(challenge[..<8])
    for at in stride(from: 0, to: text.count, by: 8) { state = Self.tripleDES(state ^ Self.number(text[at..<at + 8]), key) }
    return Self.low(state)
  }

  private static func tripleDES(_ block: UInt64, _ key: [UInt8]) -> UInt64 {
    SharedKeyCipher.tripleDES(bytes(block), key: key).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Eight bytes of the card, low byte first.
  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
  private static func low(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
  /// As the cipher wants it, high byte first.
  private static func bytes(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

  /// A card's CK out of the issuer's 24 bytes and the ID block.
  static func cardKey(master: [UInt8], id: [UInt8]) -> [UInt8] {
    let sub = SharedKeyCipher.doubled(SharedKeyCipher.tripleDES([UInt8](repeating: 0, count: 8), key: master), 0x1B)
    let tail = zip(id[8...], sub).map { $0 ^ $1 }
    return [id[0], id[0] ^ 0x80].flatMap { first in
      Array(SharedKeyCipher.tripleDES([first] + id[1..<8] + tail, key: master).suffix(8))
    }
  }
}
