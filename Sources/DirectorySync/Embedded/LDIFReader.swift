/// One attribute line of an LDIF record.
struct LDIFValue: Sendable {
  /// Lower case.
  let attribute: String
  let text: String
  let line: Int
}

struct LDIFRecord: Sendable {
  /// Where its `dn:` stands.
  let line: Int
  let dn: String
  let values: [LDIFValue]
}

/// RFC 2849 content records: folding, comments, `::` base64, `version: 1`. Refused: change records, values from URLs, attribute
/// options, and plain values that RFC 2849 wants in base64 (they have more than one reading).
struct LDIFReader {
  private let file: String
  private var lines: [(text: [UInt8], number: Int)] = []

  /// 50,000 members in one group; a department's worth is 50.
  static let maximumValuesPerRecord = 50_000

  init(_ source: SourceFile) throws(DirectoryFault) {
    file = source.name
    lines = try Self.unfold(try source.content(), file: source.name)
  }

  func records() throws(DirectoryFault) -> [LDIFRecord] {
    var records: [LDIFRecord] = []
    var open: (line: Int, dn: String, values: [LDIFValue])?
    var hasVersion = false
    func close(_ open: inout (line: Int, dn: String, values: [LDIFValue])?) throws(DirectoryFault) {
      guard let record = open else { return }
      guard records.count < SourceFile.maximumRecords else {
        throw DirectoryFault(.tooManyRecords, file: file, line: record.line, detail: "\(SourceFile.maximumRecords)")
      }
      records.append(LDIFRecord(line: record.line, dn: record.dn, values: record.values))
      open = nil
    }
    for (text, number) in lines {
      if text.isEmpty {
        try close(&open)
        continue
      }
      let value = try parse(text, line: number)
      if !hasVersion {
        guard value.attribute == "version", value.text == "1" else {
          throw DirectoryFault(.ldifVersion, file: file, line: number)
        }
        hasVersion = true
      } else if open == nil {
        guard value.attribute == "dn" else { throw DirectoryFault(.ldifLine, file: file, line: number) }
        open = (number, value.text, [])
      } else {
        switch value.attribute {
        case "changetype", "control", "add", "delete", "replace", "newrdn":
          throw DirectoryFault(.ldifChange, file: file, line: number)
        case "dn", "version": throw DirectoryFault(.ldifLine, file: file, line: number)
        default: break
        }
        guard (open?.values.count ?? 0) < Self.maximumValuesPerRecord else {
          throw DirectoryFault(.tooManyRecords, file: file, line: number, detail: "\(Self.maximumValuesPerRecord)")
        }
        open?.values.append(value)
      }
    }
    try close(&open)
    guard hasVersion, !records.isEmpty else { throw DirectoryFault(.empty, file: file) }
    return records
  }

  private func parse(_ text: [UInt8], line: Int) throws(DirectoryFault) -> LDIFValue {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), Self.isAttributeName(text[..<colon]) else {
      throw DirectoryFault(.ldifLine, file: file, line: line, column: 1)
    }
    let attribute = String(decoding: text[..<colon], as: UTF8.self).lowercased()
    var rest = text[(colon + 1)...]
    var isEncoded = false
    if rest.first == UInt8(ascii: ":") {
      isEncoded = true
      rest = rest.dropFirst()
    } else if rest.first == UInt8(ascii: "<") {
      throw DirectoryFault(.ldifURL, file: file, line: line, column: colon + 2)
    }
    rest = rest.drop { $0 == UInt8(ascii: " ") }
    let value: String
    if isEncoded {
      guard let bytes = Base64.decode(rest), let decoded = String(validating: bytes, as: UTF8.self) else {
        throw DirectoryFault(.ldifBase64, file: file, line: line, column: rest.startIndex + 1)
      }
      value = decoded
    } else {
      let isSafe = rest.allSatisfy { $0 < 0x80 && $0 != 0 && $0 != 13 } && rest.first != UInt8(ascii: "<")
      guard isSafe, rest.first != UInt8(ascii: ":"), rest.last != UInt8(ascii: " ") else {
        throw DirectoryFault(.ldifNotSafe, file: file, line: line, column: rest.startIndex + 1)
      }
      value = String(decoding: rest, as: UTF8.self)
    }
    guard value.utf8.count <= SourceFile.maximumValue else {
      throw DirectoryFault(.valueTooLong, file: file, line: line, detail: "\(SourceFile.maximumValue)")
    }
    return LDIFValue(attribute: attribute, text: value, line: line)
  }

  private static func isAttributeName(_ name: ArraySlice<UInt8>) -> Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let first = name.first, letters.contains(first | 0x20), name.count <= 64 else { return false }
    return name.allSatisfy { letters.contains($0 | 0x20) || digits.contains($0) || $0 == UInt8(ascii: "-") }
  }

  /// Logical lines with the number of their first physical line; comments gone, blank lines kept as record ends.
  private static func unfold(_ bytes: ArraySlice<UInt8>, file: String) throws(DirectoryFault) -> [(text: [UInt8], number: Int)]
  {
    var lines: [(text: [UInt8], number: Int)] = []
    var number = 0
    var canContinue = false
    // base64 makes four bytes of three; the attribute name and colons come on top.
    let limit = SourceFile.maximumValue * 2
    for var physical in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      if physical.last == UInt8(ascii: "\r") { physical = physical.dropLast() }
      guard !physical.contains(UInt8(ascii: "\r")) else { throw DirectoryFault(.lineEnding, file: file, line: number) }
      if physical.first == UInt8(ascii: " ") {
        guard canContinue, let last = lines.indices.last else { throw DirectoryFault(.ldifFolding, file: file, line: number) }
        lines[last].text.append(contentsOf: physical.dropFirst())
      } else {
        lines.append((Array(physical), number))
        canContinue = !physical.isEmpty
      }
      guard lines.last.map({ $0.text.count <= limit }) ?? true else {
        throw DirectoryFault(.valueTooLong, file: file, line: number, detail: "\(SourceFile.maximumValue)")
      }
    }
    return lines.filter { $0.text.first != UInt8(ascii: "#") }
  }
}

/// RFC 4648 §4, canonical form only: full padding, no stray bits, no other characters.
enum Base64 {
  private static let alphabet: [UInt8: UInt32] = Dictionary(
    uniqueKeysWithValues: zip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8, 0...))

  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    let body =
      text.last == UInt8(ascii: "=") ? (text.dropLast().last == UInt8(ascii: "=") ? text.dropLast(2) : text.dropLast()) : text
    var bytes: [UInt8] = []
    var pending: UInt32 = 0
    var bits = 0
    for unit in body {
      guard let value = alphabet[unit] else { return nil }
      pending = pending << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
        pending &= (1 << UInt32(bits)) - 1
      }
    }
    return pending == 0 ? bytes : nil
  }
}
