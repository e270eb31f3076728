/// One field of a CSV file and where it began.
struct CSVField: Sendable {
  var text: String
  var line: Int
  /// 1-based, in Unicode scalars.
  var column: Int
}

/// RFC 4180 with a closed set of headers: every row has each field, by name.
struct CSVTable: Sendable {
  let file: String
  let rows: [CSVRow]

  /// - Parameters:
  ///   - required: headers that must be there. optional: headers that may be there. All others are refused.
  ///   - also: other spellings of them, with what they stand for.
  init(
    _ source: SourceFile, required: [String], optional: [String], also: [String: String] = [:]
  ) throws(DirectoryFault) {
    file = source.name
    var reader = CSVReader(bytes: Array(try source.content()), file: source.name)
    guard let header = try reader.record() else { throw DirectoryFault(.empty, file: source.name) }
    var positions: [String: Int] = [:]
    for (position, field) in header.enumerated() {
      let name = also[field.text] ?? field.text
      guard required.contains(name) || optional.contains(name) else {
        throw DirectoryFault(
          .headerUnknown, file: file, line: field.line, column: field.column,
          detail: (required + optional + also.keys.sorted()).joined(separator: ", "))
      }
      guard positions.updateValue(position, forKey: name) == nil else {
        throw DirectoryFault(.headerTwice, file: file, line: field.line, column: field.column, detail: name)
      }
    }
    if let missing = required.first(where: { positions[$0] == nil }) {
      throw DirectoryFault(.headerMissing, file: file, line: 1, detail: missing)
    }
    var rows: [CSVRow] = []
    while let fields = try reader.record() {
      guard fields.count == header.count else {
        throw DirectoryFault(.fieldCount, file: file, line: fields[0].line, detail: "\(header.count)")
      }
      guard rows.count < SourceFile.maximumRecords else {
        throw DirectoryFault(.tooManyRecords, file: file, line: fields[0].line, detail: "\(SourceFile.maximumRecords)")
      }
      rows.append(CSVRow(line: fields[0].line, fields: positions.mapValues { fields[$0] }))
    }
    self.rows = rows
  }
}

struct CSVRow: Sendable {
  let line: Int
  private let fields: [String: CSVField]

  init(line: Int, fields: [String: CSVField]) {
    self.line = line
    self.fields = fields
  }

  /// An optional header that is absent reads as an empty field.
  func field(_ header: String) -> CSVField { fields[header] ?? CSVField(text: "", line: line, column: 0) }
}

private struct CSVReader {
  private static let comma = UInt8(ascii: ","), quote = UInt8(ascii: "\""), newline = UInt8(ascii: "\n"),
    carriage = UInt8(ascii: "\r")

  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private var line = 1
  private var column = 1

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// The next record, or `nil` at the end of the file. The last line end may be missing.
  mutating func record() throws(DirectoryFault) -> [CSVField]? {
    guard position < bytes.count else { return nil }
    var fields: [CSVField] = []
    while true {
      fields.append(try field())
      guard position < bytes.count else { return fields }
      if bytes[position] == Self.comma {
        advance()
        continue
      }
      try endOfLine()
      return fields
    }
  }

  private mutating func field() throws(DirectoryFault) -> CSVField {
    let (line, column) = (line, column)
    var text: [UInt8] = []
    if position < bytes.count, bytes[position] == Self.quote {
      advance()
      while true {
        guard position < bytes.count else { throw DirectoryFault(.quoting, file: file, line: line, column: column) }
        let byte = bytes[position]
        advance()
        if byte == Self.quote {
          guard position < bytes.count, bytes[position] == Self.quote else { break }
          advance()
        }
        text.append(byte)
        try check(text.count, line, column)
      }
      guard position == bytes.count || [Self.comma, Self.newline, Self.carriage].contains(bytes[position]) else {
        throw DirectoryFault(.quoting, file: file, line: self.line, column: self.column)
      }
    } else {
      while position < bytes.count, ![Self.comma, Self.newline, Self.carriage].contains(bytes[position]) {
        guard bytes[position] != Self.quote else {
          throw DirectoryFault(.quoting, file: file, line: self.line, column: self.column)
        }
        text.append(bytes[position])
        advance()
        try check(text.count, line, column)
      }
    }
    return CSVField(text: String(decoding: text, as: UTF8.self), line: line, column: column)
  }

  private func check(_ count: Int, _ line: Int, _ column: Int) throws(DirectoryFault) {
    guard count <= SourceFile.maximumValue else {
      throw DirectoryFault(.valueTooLong, file: file, line: line, column: column, detail: "\(SourceFile.maximumValue)")
    }
  }

  private mutating func endOfLine() throws(DirectoryFault) {
    if bytes[position] == Self.carriage {
      advance()
      guard position < bytes.count, bytes[position] == Self.newline else {
        throw DirectoryFault(.lineEnding, file: file, line: line)
      }
    }
    advance()
  }

  private mutating func advance() {
    let byte = bytes[position]
    position += 1
    if byte == Self.newline {
      line += 1
      column = 1
    } else if position == bytes.count || bytes[position] & 0xC0 != 0x80 {
      column += 1
    }
  }
}
