public import AuthTerms

/// Frames of FeliCa (JIS X 6319-4 §7), with their length byte: what stands between reader and card without any key.
public enum FelicaFrame {
  /// Longest frame, length byte and all.
  public static let limit = 255
  private static let writeService: [UInt8] = [0x01, 0x09, 0x00]
  private static let readService: [UInt8] = [0x01, 0x0B, 0x00]

  /// Asks the card of a system for its number; no request, one time slot.
  public static func polling(system: [UInt8]) -> [UInt8] { framed([0x00] + system + [0x00, 0x00]) }

  /// Read Without Encryption: 1 to 4 blocks.
  public static func read(_ number: [UInt8], blocks: [UInt8]) -> [UInt8] {
    framed([0x06] + number + readService + list(blocks))
  }

  /// Write Without Encryption: 1 or 2 blocks of 16 bytes.
  public static func write(_ number: [UInt8], blocks: [UInt8], contents: [[UInt8]]) -> [UInt8] {
    framed([0x08] + number + writeService + list(blocks) + contents.joined())
  }

  private static func list(_ blocks: [UInt8]) -> [UInt8] { [UInt8(blocks.count)] + blocks.flatMap { [0x80, $0] } }

  private static func framed(_ body: [UInt8]) -> [UInt8] { [UInt8(truncatingIfNeeded: body.count + 1)] + body }

  /// What a frame asks for; `nil` if it is not, byte for byte, one of the three that stand above.
  static func request(_ frame: [UInt8]) -> FelicaRequest? {
    guard frame.count >= 6, frame.count <= limit, Int(frame[0]) == frame.count else { return nil }
    if frame[1] == 0x00 { return frame.count == 6 && frame[4] == 0 && frame[5] == 0 ? .polling : nil }
    guard frame.count >= 16 else { return nil }
    let count = Int(frame[13])
    guard (1...4).contains(count), frame.count >= 14 + 2 * count else { return nil }
    var blocks: [UInt8] = []
    for index in 0..<count {
      guard frame[14 + 2 * index] == 0x80 else { return nil }
      blocks.append(frame[15 + 2 * index])
    }
    let rest = frame.count - 14 - 2 * count
    switch (frame[1], Array(frame[10...12])) {
    case (0x06, readService) where rest == 0: return .read(blocks)
    case (0x08, writeService) where rest == 16 * count && count <= 2:
      let contents = (0..<count).map { Array(frame[(14 + 2 * count + 16 * $0)..<(14 + 2 * count + 16 * $0 + 16)]) }
      return .write(blocks, contents)
    default: return nil
    }
  }
}

enum FelicaRequest: Equatable {
  case polling
  case read([UInt8])
  case write([UInt8], [[UInt8]])
}

/// What a card said to one of these frames; form checked, nothing believed.
public enum FelicaAnswer: Equatable, Sendable {
  /// Number (IDm) and manufacturing parameters (PMm), 8 bytes each.
  case card(number: [UInt8], parameters: [UInt8])
  case blocks(number: [UInt8], [[UInt8]])
  case written(number: [UInt8])
  /// The two status flags, not both zero.
  case refused(number: [UInt8], flags: UInt16)

  private static let fault = MalformedInput(
    "FeliCa answer", expected: "a frame of the length it says, to the command that was sent")

  public static func polling(_ frame: [UInt8]) throws(MalformedInput) -> FelicaAnswer {
    guard frame.count == 18, frame[0] == 18, frame[1] == 0x01 else { throw fault }
    return .card(number: Array(frame[2..<10]), parameters: Array(frame[10..<18]))
  }

  /// - Parameter count: blocks that were asked for.
  public static func read(_ frame: [UInt8], count: Int) throws(MalformedInput) -> FelicaAnswer {
    let (number, refusal) = try head(frame, code: 0x07)
    if let refusal { return refusal }
    guard frame.count == 13 + 16 * count, Int(frame[12]) == count else { throw fault }
    return .blocks(number: number, (0..<count).map { Array(frame[(13 + 16 * $0)..<(29 + 16 * $0)]) })
  }

  public static func write(_ frame: [UInt8]) throws(MalformedInput) -> FelicaAnswer {
    let (number, refusal) = try head(frame, code: 0x09)
    if let refusal { return refusal }
    guard frame.count == 12 else { throw fault }
    return .written(number: number)
  }

  private static func head(
    _ frame: [UInt8], code: UInt8
  ) throws(MalformedInput) -> (number: [UInt8], refusal: FelicaAnswer?) {
    guard frame.count >= 12, frame.count <= FelicaFrame.limit, Int(frame[0]) == frame.count, frame[1] == code else {
      throw fault
    }
    let number = Array(frame[2..<10])
    let flags = UInt16(frame[10]) << 8 | UInt16(frame[11])
    guard flags != 0 else { return (number, nil) }
    // A refusal carries nothing else.
    guard frame.count == 12 else { throw fault }
    return (number, .refused(number: number, flags: flags))
  }
}
