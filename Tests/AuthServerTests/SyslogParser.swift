import Foundation

/// RFC 5424 as its grammar reads, scalar by scalar; slow on purpose, and nothing of ours in it.
struct ParsedSyslog {
  struct Wrong: Error { let place: String }

  let priority: Int
  let time: String
  let host: String
  let application: String
  let process: String
  let kind: String
  let dataID: String
  /// In the order of the message.
  let parameters: [(name: String, value: String)]
  let hasMark: Bool
  let text: String

  subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
  var sequence: Int? { self["sequence"].flatMap { Int($0) } }

  init(_ bytes: [UInt8]) throws {
    guard let whole = String(validating: bytes, as: UTF8.self) else { throw Wrong(place: "UTF-8") }
    var rest = Array(whole.unicodeScalars)[...]
    func take(_ scalar: Unicode.Scalar, _ place: String) throws {
      guard rest.popFirst() == scalar else { throw Wrong(place: place) }
    }
    func word(until end: Unicode.Scalar, most: Int, _ place: String) throws -> String {
      var text = ""
      while let scalar = rest.first, scalar != end {
        guard (33...126).contains(scalar.value) else { throw Wrong(place: place) }
        text.unicodeScalars.append(rest.removeFirst())
      }
      guard (1...most).contains(text.unicodeScalars.count) else { throw Wrong(place: place) }
      return text
    }
    try take("<", "priority")
    guard let number = Int(try word(until: ">", most: 3, "priority")), number <= 191 else { throw Wrong(place: "priority") }
    priority = number
    try take(">", "priority")
    try take("1", "version")
    try take(" ", "version")
    time = try word(until: " ", most: 32, "time")
    try take(" ", "time")
    host = try word(until: " ", most: 255, "host")
    try take(" ", "host")
    application = try word(until: " ", most: 48, "application")
    try take(" ", "application")
    process = try word(until: " ", most: 128, "process")
    try take(" ", "process")
    kind = try word(until: " ", most: 32, "kind")
    try take(" ", "kind")
    try take("[", "data")
    dataID = try word(until: " ", most: 32, "data")
    var found: [(name: String, value: String)] = []
    while rest.first == " " {
      rest.removeFirst()
      let name = try word(until: "=", most: 32, "name")
      try take("=", "name")
      try take("\"", name)
      var value = ""
      while let scalar = rest.popFirst(), scalar != "\"" {
        if scalar == "]" { throw Wrong(place: name) }
        if scalar == "\\", let next = rest.first, ["\"", "\\", "]"].contains(next) {
          value.unicodeScalars.append(rest.removeFirst())
        } else {
          value.unicodeScalars.append(scalar)
        }
      }
      found.append((name, value))
    }
    parameters = found
    try take("]", "data")
    try take(" ", "message")
    hasMark = rest.first == "\u{FEFF}"
    if hasMark { rest.removeFirst() }
    var text = ""
    text.unicodeScalars.append(contentsOf: rest)
    self.text = text
  }

  /// What stands as `<U+000D>` put back.
  static func unmarked(_ text: String) -> String {
    var found = ""
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "<", rest.starts(with: "U+".unicodeScalars), let end = rest.firstIndex(of: ">"),
        let value = UInt32(String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end]), radix: 16),
        let hidden = Unicode.Scalar(value)
      {
        found.unicodeScalars.append(hidden)
        rest = rest[rest.index(after: end)...]
      } else {
        found.unicodeScalars.append(scalar)
      }
    }
    return found
  }

  /// A CEF message: its seven fields and the extension, the escapes undone.
  static func cef(_ text: String) throws -> (header: [String], extensions: [(key: String, value: String)]) {
    var header: [String] = [""]
    var rest = Array(text.unicodeScalars)[...]
    while header.count < 8, let scalar = rest.popFirst() {
      if scalar == "\\", let next = rest.popFirst() {
        guard next == "\\" || next == "|" else { throw Wrong(place: "escape in the header") }
        header[header.count - 1].unicodeScalars.append(next)
      } else if scalar == "|" {
        header.append("")
      } else {
        header[header.count - 1].unicodeScalars.append(scalar)
      }
    }
    guard header.count == 8 else { throw Wrong(place: "header") }
    header.removeLast()
    // A key is what stands between the last blank and a bare `=`.
    var found: [(key: String, value: String)] = []
    var word = ""
    while let scalar = rest.popFirst() {
      if scalar == "\\", let next = rest.popFirst() {
        guard next == "\\" || next == "=" else { throw Wrong(place: "escape in the extension") }
        word.unicodeScalars.append(next)
      } else if scalar == "=" {
        var key = ""
        while let last = word.unicodeScalars.last, last != " " {
          key.unicodeScalars.insert(last, at: key.unicodeScalars.startIndex)
          word.unicodeScalars.removeLast()
        }
        if !found.isEmpty {
          word.unicodeScalars.removeLast()
          found[found.count - 1].value = word
        }
        found.append((key, ""))
        word = ""
      } else {
        word.unicodeScalars.append(scalar)
      }
    }
    if !found.isEmpty { found[found.count - 1].value = word }
    return (header, found)
  }
}
