/// One JSON value (RFC 8259), read by `JSONReader`. Numbers stay text until somebody says which type they want.
indirect enum JSONNode {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONNode])
  case object([String: JSONNode])
}

/// A strict reader: one value, nothing behind it, no key twice, UTF-8 only, depth and count limited before memory is spent.
struct JSONReader {
  static let maximumDepth = 16
  static let maximumValues = 10_000

  private let bytes: [UInt8]
  private var position = 0
  private var values = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func read(_ bytes: [UInt8]) throws(HTTPFault) -> JSONNode {
    var reader = JSONReader(bytes)
    reader.skipSpace()
    let node = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.position == bytes.count else { throw .malformed(.trailingBytes) }
    return node
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(HTTPFault) -> JSONNode {
    guard depth <= Self.maximumDepth else { throw .malformed(.tooDeep) }
    values += 1
    guard values <= Self.maximumValues else { throw .malformed(.tooManyValues) }
    switch peek {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func object(depth: Int) throws(HTTPFault) -> JSONNode {
    position += 1
    var members: [String: JSONNode] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw .malformed(.notJSON) }
      let key = try string()
      guard members[key] == nil else { throw .malformed(.duplicateField) }
      skipSpace()
      guard take(":") else { throw .malformed(.notJSON) }
      skipSpace()
      members[key] = try value(depth: depth + 1)
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw .malformed(.notJSON) }
    }
  }

  private mutating func array(depth: Int) throws(HTTPFault) -> JSONNode {
    position += 1
    var elements: [JSONNode] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw .malformed(.notJSON) }
    }
  }

  private mutating func word(_ text: StaticString, _ node: JSONNode) throws(HTTPFault) -> JSONNode {
    let expected = Array("\(text)".utf8)
    guard bytes[position...].starts(with: expected) else { throw .malformed(.notJSON) }
    position += expected.count
    return node
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, at most 64 characters.
  private mutating func number() throws(HTTPFault) -> String {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    guard position - start <= 64 else { throw .malformed(.notJSON) }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(HTTPFault) {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw .malformed(.notJSON) }
  }

  // MARK: Strings

  private mutating func string() throws(HTTPFault) -> String {
    position += 1
    // Most texts have nothing to undo in them, and a picture is a million characters long.
    var content = Array(bytes[position..<plainEnd])
    position += content.count
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else { throw .malformed(.notJSON) }
        return text
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw .malformed(.notJSON)
      default: content.append(byte)
      }
    }
    throw .malformed(.notJSON)
  }

  /// Where the text that begins here has its end, an escape, or what no text has.
  private var plainEnd: Int {
    var end = position
    while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") { end += 1 }
    return end
  }

  private mutating func escape(into content: inout [UInt8]) throws(HTTPFault) {
    guard let byte = peek else { throw .malformed(.notJSON) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"): try unicodeEscape(into: &content)
    default: throw .malformed(.notJSON)
    }
  }

  /// A surrogate without its partner is not text, and is refused rather than replaced.
  private mutating func unicodeEscape(into content: inout [UInt8]) throws(HTTPFault) {
    let first = try fourHexDigits()
    var code = first
    if (0xD800...0xDBFF).contains(first) {
      guard take("\\"), take("u") else { throw .malformed(.notJSON) }
      let second = try fourHexDigits()
      guard (0xDC00...0xDFFF).contains(second) else { throw .malformed(.notJSON) }
      code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw .malformed(.notJSON) }
    content.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
  }

  private mutating func fourHexDigits() throws(HTTPFault) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek else { throw .malformed(.notJSON) }
      position += 1
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: throw .malformed(.notJSON)
      }
    }
    return code
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }
}
