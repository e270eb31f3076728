import AuthTerms

/// What a value on the wire looks like: the part of JSON Schema (2020-12) that our messages need. Every object is closed.
public indirect enum APISchema: Sendable, Equatable {
  /// Any text up to so many UTF-16 units.
  case text(maximum: Int)
  /// One of a closed list.
  case oneOf([String])
  /// `Identifier`: a name of one thing.
  case identifier
  /// `Segment`
  case segment
  /// So many hexadecimal digits, small letters.
  case hex(digits: Int)
  /// `Reference`: six digits.
  case reference
  case integer(minimum: Int64, maximum: Int64)
  case boolean
  /// Base64 of so many bytes (RFC 4648 §4, padded).
  /// Text on one line, without invisible characters.
  case line(maximum: Int)
  /// The same, and something in it besides spaces.
  case phrase(maximum: Int)
  case bytes(minimum: Int, maximum: Int)
  case array(APISchema, maximum: Int?)
  /// A message of the catalogue.
  case message(String)

  /// Milliseconds since 1970-01-01 UTC.
  static let time = APISchema.integer(minimum: 0, maximum: 253_402_300_799_999)
  /// The same in a question: any number is understood, and finds nothing where nothing is.
  static let askedTime = APISchema.integer(minimum: .min, maximum: .max)
  static let count = APISchema.integer(minimum: 0, maximum: .max)

  var json: APIText {
    switch self {
    case .text(let maximum): .object([("type", .string("string")), ("maxLength", .integer(Int64(maximum)))])
    case .line(let maximum):
      // The controls, breaks and direction marks of `VisibleText`; code points without a meaning are refused besides.
      .object([
        ("type", .string("string")), ("maxLength", .integer(Int64(maximum))), ("pattern", .string("^\(Self.visible)*$")),
      ])
    case .phrase(let maximum):
      .object([
        ("type", .string("string")), ("minLength", .integer(1)), ("maxLength", .integer(Int64(maximum))),
        ("pattern", .string(#"^(?=.*\S)"# + Self.visible + "*$")),
      ])
    case .oneOf(let words): .object([("type", .string("string")), ("enum", .array(words.map { .string($0) }))])
    case .identifier: Self.pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    case .segment: Self.pattern("^[a-z][a-z0-9-]{0,31}$")
    case .hex(let digits): Self.pattern("^[0-9a-f]{\(digits)}$")
    case .reference: Self.pattern("^[0-9]{6}$")
    case .integer(let minimum, let maximum):
      .object([("type", .string("integer")), ("minimum", .integer(minimum)), ("maximum", .integer(maximum))])
    case .boolean: .object([("type", .string("boolean"))])
    case .bytes(let minimum, let maximum):
      .object([
        ("type", .string("string")), ("contentEncoding", .string("base64")), ("minLength", .integer(Self.base64(minimum))),
        ("maxLength", .integer(Self.base64(maximum))),
        ("pattern", .string("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")),
      ])
    case .array(let element, let maximum):
      .object(
        [("type", .string("array")), ("items", element.json)] + (maximum.map { [("maxItems", .integer(Int64($0)))] } ?? []))
    case .message(let name): .object([("$ref", .string("#/components/schemas/\(name)"))])
    }
  }

  private static let visible =
    #"[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"#
  private static func pattern(_ text: String) -> APIText { .object([("type", .string("string")), ("pattern", .string(text))]) }
  private static func base64(_ count: Int) -> Int64 { Int64((count + 2) / 3 * 4) }
}

/// One message of the wire, field by field.
public struct APIMessage: Sendable, Equatable {
  public struct Field: Sendable, Equatable {
    public let name: String
    public let schema: APISchema
    public let isRequired: Bool
  }
  public let name: String
  public let about: String
  public let fields: [Field]

  init(_ name: String, _ about: String, _ fields: [Field]) {
    self.name = name
    self.about = about
    self.fields = fields
  }

  var json: APIText {
    .object([
      ("type", .string("object")), ("description", .string(about)), ("additionalProperties", .boolean(false)),
      ("required", .array(fields.filter(\.isRequired).map { .string($0.name) })),
      ("properties", .object(fields.map { ($0.name, $0.schema.json) })),
    ])
  }
}

extension APIMessage.Field {
  static func field(_ name: String, _ schema: APISchema) -> Self { Self(name: name, schema: schema, isRequired: true) }
  static func optional(_ name: String, _ schema: APISchema) -> Self { Self(name: name, schema: schema, isRequired: false) }
}

/// JSON text in the order it was said; enough for a document of our own words.
public indirect enum APIText: Sendable {
  case string(String)
  case integer(Int64)
  case boolean(Bool)
  case array([APIText])
  case object([(String, APIText)])

  public var utf8: [UInt8] {
    var out: [UInt8] = []
    write(to: &out)
    return out
  }

  private func write(to out: inout [UInt8]) {
    switch self {
    case .string(let text): Self.write(text, to: &out)
    case .integer(let number): out.append(contentsOf: String(number).utf8)
    case .boolean(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        element.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        Self.write(member.0, to: &out)
        out.append(UInt8(ascii: ":"))
        member.1.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0..<0x20: out.append(contentsOf: "\\u00\(Hex.encode([byte]))".utf8)
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
