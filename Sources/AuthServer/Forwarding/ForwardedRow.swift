package import AuditLog
package import AuthTerms

/// A row of the log as collectors get it: one list of named texts, which every format writes in the same order.
package struct ForwardedRow: Sendable {
  package struct Field: Sendable, Equatable {
    package let name: String
    package let value: String
    /// Whether JSON writes it without quotation marks.
    let isNumber: Bool
    /// Bytes that it may take as it is written; beyond them it is cut.
    let limit: Int
  }

  package let row: AuditRow
  /// The hash of the row's canonical bytes in the tree: who has it can ask for a proof that the row stands in the log.
  package let leaf: TreeHash
  package let instance: String
  /// The first of the server's names.
  package let host: String

  /// - Throws: `MalformedInput` when it is none that the log would have taken.
  package init(_ row: AuditRow, instance: String, host: String) throws(MalformedInput) {
    self.row = row
    self.instance = instance
    self.host = host
    leaf = TreeHash.leaf(try RecordEncoding.encode(row.record))
  }

  /// What tells this row from every other one, of this log and of those it may have been before a restore.
  package var identity: [Field] {
    [
      Self.text("instance", instance), Self.number("sequence", "\(row.sequence)"), Self.text("leaf", leaf.description),
    ]
  }

  /// What the row says. Absent is what is not known; names of people are not in the log.
  package var fields: [Field] {
    let record = row.record
    let texts: [(String, String?)] = [
      ("class", record.eventClass.rawValue), ("action", record.action), ("outcome", record.outcome.rawValue),
      ("person", record.person?.text), ("workstation", record.workstation?.text),
      ("workstationCertificate", record.workstationCertificate?.hex), ("segment", record.segment?.name),
      ("scenario", record.scenario?.rawValue), ("session", record.session?.text), ("card", record.card?.text),
      ("operator", record.operatorID?.text), ("factors", Self.list(record.factors)), ("proofClass", record.proofClass?.name),
      ("assurance", record.assurance?.name), ("code", record.code?.rawValue), ("rule", record.rule?.description),
      ("policyVersion", record.policyVersion?.hex), ("waivers", Self.list(record.waivers)),
      ("reference", record.reference?.description),
    ]
    var fields = [Self.number("time", "\(record.time)")]
    for (name, value) in texts {
      if let value { fields.append(Self.text(name, value)) }
    }
    if let latency = record.latencyMilliseconds { fields.append(Self.number("latencyMilliseconds", "\(latency)")) }
    fields.append(Self.number("count", "\(record.count)"))
    return fields
  }

  /// Last, since it may be long.
  package var note: Field { Field(name: "note", value: row.record.note, isNumber: false, limit: Self.noteLimit) }

  /// Bytes of a note as it is written. With all others at their limits a message stays below 8,192 bytes, which collectors should
  /// take (RFC 5425 §4.3.1).
  static let noteLimit = 3072
  static let textLimit = 512

  private static func text(_ name: String, _ value: String) -> Field {
    Field(name: name, value: value, isNumber: false, limit: textLimit)
  }

  private static func number(_ name: String, _ value: String) -> Field {
    Field(name: name, value: value, isNumber: true, limit: textLimit)
  }

  private static func list(_ texts: [String]) -> String? { texts.isEmpty ? nil : texts.joined(separator: ",") }
}

/// Texts of rows inside somebody else's syntax: always one line, and to be read back exactly.
enum ForwardedText {
  /// What cannot be seen stands as `<U+000D>`, and so does the `<` of a text that has `<U+` itself.
  static func line(_ text: String) -> [String] {
    let scalars = Array(text.unicodeScalars)
    return scalars.indices.map { index in
      let scalar = scalars[index]
      let isMark = scalar == "<" && scalars[index...].dropFirst().prefix(2).elementsEqual(["U", "+"] as [Unicode.Scalar])
      return VisibleText.shows(scalar) && !isMark ? String(scalar) : "<U+\(hex(scalar.value))>"
    }
  }

  /// RFC 8259 §7, with all that cannot be seen escaped.
  static func json(_ text: String) -> [String] {
    text.unicodeScalars.map { scalar in
      if scalar == "\"" || scalar == "\\" { return "\\" + String(scalar) }
      if VisibleText.shows(scalar) { return String(scalar) }
      return String(scalar).utf16.map { "\\u\(hex(UInt32($0)).lowercased())" }.joined()
    }
  }

  /// The text as `pieces` spells it, as many whole pieces as `limit` bytes take.
  /// - Returns: whether something was left out.
  static func written(_ text: String, limit: Int, _ pieces: (String) -> [String]) -> (text: String, isCut: Bool) {
    // Most texts are plain, and stand for themselves in every format.
    if text.utf8.count <= limit, text.utf8.allSatisfy(isPlain) { return (text, false) }
    var written = ""
    var size = 0
    for piece in pieces(text) {
      size += piece.utf8.count
      guard size <= limit else { return (written, true) }
      written += piece
    }
    return (written, false)
  }

  private static func isPlain(_ unit: UInt8) -> Bool {
    (0x20...0x7E).contains(unit) && !"\"\\]=|<".utf8.contains(unit)
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
