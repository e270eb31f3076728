import AuditLog
package import AuthPolicy
import AuthTerms

/// Writes rows as collectors read them: always a message of RFC 5424, whose structured data tells the row, and in it the format
/// that was asked for. The same row has the same bytes every time: nothing but this release's version, in CEF, depends on who sends
/// it, and nothing on when.
package enum SyslogMessage {
  /// The number that RFC 5612 keeps for examples: the city has no enterprise number of its own, and this one is nobody's.
  static let dataID = "sanmon@32473"
  /// Security messages that are not for everybody (RFC 5424 §6.2.1).
  private static let facility = 10

  /// - Returns: one message, at most 8,192 bytes, without the length that goes before it.
  package static func encode(_ row: ForwardedRow, as format: ForwardFormat) -> [UInt8] {
    switch format {
    case .rfc5424: structured(row)
    case .cef: Array("\(header(row)) \(data(row.identity)) \(cef(row))".utf8)
    case .json: Array("\(header(row)) \(data(row.identity)) \(json(row))".utf8)
    }
  }

  /// Octet counting (RFC 5425 §4.3): line breaks inside a message end nothing.
  package static func frame(_ message: [UInt8]) -> [UInt8] { Array("\(message.count) ".utf8) + message }

  // MARK: The envelope

  private static func severity(_ outcome: AuditOutcome) -> Int {
    switch outcome {
    case .granted, .done, .stillNeeded: 6
    case .denied, .refused: 4
    }
  }

  /// PROCID is nil: a row is not of the process that happens to send it.
  private static func header(_ row: ForwardedRow) -> String {
    let record = row.row.record
    // Four digits of a year; a row that a wrong clock dated beyond them has none.
    let isWritable = (0...253_402_300_799_999).contains(record.time)
    let time = isWritable ? CivilTime(wallMilliseconds: record.time).timestamp : "-"
    let host = token(row.host, limit: 255)
    return "<\(facility * 8 + severity(record.outcome))>1 \(time) \(host) sanmond - \(token(record.action, limit: 32))"
  }

  /// PRINTUSASCII, or the nil value.
  private static func token(_ text: String, limit: Int) -> String {
    let units = text.utf8.prefix(limit).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "_") }
    return units.isEmpty ? "-" : String(decoding: units, as: UTF8.self)
  }

  private static func structured(_ row: ForwardedRow) -> [UInt8] {
    let record = row.row.record
    let note = ForwardedText.written(row.note.value, limit: row.note.limit, ForwardedText.line)
    let said = ForwardedText.written(record.action, limit: ForwardedRow.textLimit, ForwardedText.line).text
    var text = header(row) + " " + data(row.identity + row.fields, cutting: note.isCut ? [row.note.name] : [])
    // The byte order mark says that what follows is UTF-8 (RFC 5424 §6.4).
    text += " \u{FEFF}\(said) \(record.outcome.rawValue)"
    if !note.text.isEmpty { text += ": \(note.text)" }
    return Array(text.utf8)
  }

  /// RFC 5424 §6.3.3: quotation mark, reverse solidus and closing bracket are escaped.
  private static func data(_ fields: [ForwardedRow.Field], cutting others: [String] = []) -> String {
    var cut: [String] = []
    var text = "[\(dataID)"
    for field in fields {
      let value = ForwardedText.written(field.value, limit: field.limit) { text in
        ForwardedText.line(text).map { ["\"", "\\", "]"].contains($0) ? "\\" + $0 : $0 }
      }
      if value.isCut { cut.append(field.name) }
      text += " \(field.name)=\"\(value.text)\""
    }
    cut += others
    if !cut.isEmpty { text += " cut=\"\(cut.joined(separator: ","))\"" }
    return text + "]"
  }

  // MARK: CEF

  /// Keys of the dictionary where it has them; ours have no blank and no sign.
  private static let keys = [
    "time": "rt", "sequence": "externalId", "class": "cat", "action": "act", "person": "suser", "workstation": "shost",
    "code": "reason", "count": "cnt", "note": "msg", "outcome": "outcome", "instance": "dvchost",
  ]

  private static func cef(_ row: ForwardedRow) -> String {
    let record = row.row.record
    let action = ForwardedText.written(record.action, limit: ForwardedRow.textLimit) { text in
      ForwardedText.line(text).map { ["\\", "|"].contains($0) ? "\\" + $0 : $0 }
    }.text
    let weight = severity(record.outcome) == 4 ? 6 : 3
    var text = "CEF:0|Sanmon|sanmond|\(Release.version)|\(action)|\(action) \(record.outcome.rawValue)|\(weight)|"
    var cut: [String] = []
    for (index, field) in (row.identity + row.fields + [row.note]).enumerated() where !field.value.isEmpty {
      let value = ForwardedText.written(field.value, limit: field.limit) { text in
        ForwardedText.line(text).map { ["\\", "="].contains($0) ? "\\" + $0 : $0 }
      }
      if value.isCut { cut.append(field.name) }
      text += (index == 0 ? "" : " ") + "\(cefKey(field.name))=\(value.text)"
    }
    return cut.isEmpty ? text : text + " sanmonCut=\(cut.joined(separator: ","))"
  }

  /// A field that the dictionary does not have, as `sanmonSegment`.
  package static func cefKey(_ name: String) -> String {
    keys[name] ?? "sanmon" + name.prefix(1).uppercased() + name.dropFirst()
  }

  // MARK: JSON

  private static func json(_ row: ForwardedRow) -> String {
    var cut: [String] = []
    var parts: [String] = []
    for field in row.identity + row.fields + [row.note] {
      if field.isNumber {
        parts.append("\"\(field.name)\":\(field.value)")
      } else {
        let value = ForwardedText.written(field.value, limit: field.limit, ForwardedText.json)
        if value.isCut { cut.append(field.name) }
        parts.append("\"\(field.name)\":\"\(value.text)\"")
      }
    }
    if !cut.isEmpty { parts.append("\"cut\":\"\(cut.joined(separator: ","))\"") }
    return "{\(parts.joined(separator: ","))}"
  }
}
