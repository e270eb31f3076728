/// One command to a card in short form (ISO/IEC 7816-4 §5.1). Data longer than 255 bytes are sent as a chain (§5.1.1.1).
///
/// Printing or reflecting one shows the instruction alone: data may be a PIN or what a person signs.
public struct CommandAPDU: Sendable, CustomStringConvertible, CustomReflectable {
  /// Longest data field of one link, in bytes.
  public static let linkLimit = 255
  /// Longest data field of a whole chain, in bytes: far above an RSA-4096 block, far below anything that costs memory.
  public static let dataLimit = 4096

  public let classByte: UInt8
  public let instruction: UInt8
  public let parameter1: UInt8
  public let parameter2: UInt8
  let data: [UInt8]
  /// Expected answer, 1 to 256 bytes; nil asks for the status word alone.
  public let expectedLength: Int?

  /// Throws if `data` is longer than `dataLimit` or `expectedLength` outside 1 to 256.
  /// - Parameter classByte: without the chaining bit (10).
  public init(
    classByte: UInt8 = 0x00, instruction: UInt8, parameter1: UInt8, parameter2: UInt8, data: [UInt8] = [],
    expectedLength: Int? = nil
  ) throws(CardFailure) {
    guard data.count <= Self.dataLimit, expectedLength.map((1...256).contains) ?? true else {
      throw .malformedCommand
    }
    self.classByte = classByte
    self.instruction = instruction
    self.parameter1 = parameter1
    self.parameter2 = parameter2
    self.data = data
    self.expectedLength = expectedLength
  }

  /// The links in the order of sending; all but the last carry the chaining bit in CLA.
  public var links: [[UInt8]] {
    var links: [[UInt8]] = []
    var rest = data[...]
    while rest.count > Self.linkLimit {
      links.append(
        [classByte | 0x10, instruction, parameter1, parameter2, UInt8(Self.linkLimit)] + rest.prefix(Self.linkLimit))
      rest = rest.dropFirst(Self.linkLimit)
    }
    var last = [classByte, instruction, parameter1, parameter2]
    if !rest.isEmpty { last += [UInt8(rest.count)] + rest }
    if let expectedLength { last.append(UInt8(truncatingIfNeeded: expectedLength)) }
    return links + [last]
  }

  public var description: String { "APDU(INS \(String(instruction, radix: 16)))" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
