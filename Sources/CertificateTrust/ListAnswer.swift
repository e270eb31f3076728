public import AuthTerms

/// The head of an HTTP answer (RFC 9112 §2): only what a file that is fetched needs.
///
/// untrusted: whoever answers there; at worst nothing is fetched.
public struct ListAnswer: Sendable, Equatable {
  /// Bytes, with the empty line at its end.
  public static let limit = 16 << 10
  private static let mostFields = 100

  /// 100 … 599
  public let status: Int
  /// `nil`: the body ends with the connection.
  public let length: Int?

  private static let fault = MalformedInput("HTTP answer", expected: "a status line and plain fields, CR LF behind each")

  /// - Parameter head: up to the empty line and with it.
  /// - Throws: `MalformedInput` for anything that is not plain, for a body in pieces or packed, and for two lengths.
  public init(head: [UInt8]) throws(MalformedInput) {
    guard head.count <= Self.limit, head.suffix(4).elementsEqual([13, 10, 13, 10]) else { throw Self.fault }
    var lines: [ArraySlice<UInt8>] = []
    var rest = head.dropLast(2)
    while !rest.isEmpty {
      guard let end = rest.firstIndex(of: 13), end + 1 < rest.endIndex, rest[end + 1] == 10 else { throw Self.fault }
      lines.append(rest[rest.startIndex..<end])
      rest = rest[(end + 2)...]
    }
    // Letters of ASCII alone, and no other line end hidden in them.
    guard lines.count <= Self.mostFields, lines.allSatisfy({ $0.allSatisfy { (0x20...0x7E).contains($0) || $0 == 9 } }),
      let first = lines.first
    else { throw Self.fault }
    status = try Self.status(Array(first))
    var length: Int?
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy({ $0 > 0x20 })
      else { throw Self.fault }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = Self.trimmed(line[(colon + 1)...])
      switch name {
      case "content-length":
        guard (1...15).contains(value.count), value.allSatisfy({ (0x30...0x39).contains($0) }),
          let number = Int(String(decoding: value, as: UTF8.self)), length == nil || length == number
        else { throw Self.fault }
        length = number
      case "transfer-encoding": throw Self.fault
      case "content-encoding":
        guard value.elementsEqual("identity".utf8) else { throw Self.fault }
      default: continue
      }
    }
    self.length = length
  }

  private static func status(_ line: [UInt8]) throws(MalformedInput) -> Int {
    guard line.count >= 12, line.starts(with: Array("HTTP/1.".utf8)), line[7] == 0x30 || line[7] == 0x31, line[8] == 0x20,
      line.count == 12 || line[12] == 0x20, line[9...11].allSatisfy({ (0x30...0x39).contains($0) }),
      let status = Int(String(decoding: line[9...11], as: UTF8.self)), (100...599).contains(status)
    else { throw fault }
    return status
  }

  private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let front = value.drop { $0 == 0x20 || $0 == 9 }
    guard let last = front.lastIndex(where: { $0 != 0x20 && $0 != 9 }) else { return front.prefix(0) }
    return front[...last]
  }
}
