import AuthTerms

/// The lines of a pack (docs/audit-pack.md). Writer and verifier make them by the same functions: what is read is made once
/// more from the rows' bytes and compared, so that the text a person reads cannot say other than what is proven.
enum PackText {
  /// Bytes of a line: a row at its limit, in Base64 and in words, with every character marked.
  static let lineLimit = 1_200_000

  static let opening = [
    "<!doctype html>",
    "<html lang=\"ja\"><meta charset=\"utf-8\"><meta name=\"format\" content=\"sanmon/audit-pack/1\">",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    "<title>監査パック / Audit pack</title>",
    "<style>body{font:14px/1.6 sans-serif;margin:1em}p{margin:0;overflow-wrap:anywhere;content-visibility:auto}"
      + ".proof{color:#555;font-size:11px}</style>",
    "<h1>監査パック / Audit pack</h1>",
    "<p>ここに見える文字だけでは証明になりません。監査パックの確認ページ（audit-check.html）か sanmon audit check で確かめてください。",
    "<p lang=\"en\">What is seen here proves nothing by itself: check it with the page audit-check.html or sanmon audit check.",
    "<p>各行: 番号 日時（日本時間） 種別 操作 結果、続けて 項目=値。 / "
      + "Each row: number, time (Japan), class, action, outcome, then name=value.",
    "<h2>署名済みチェックポイント / Signed checkpoint</h2>",
    "<pre>",
  ]
  static let behindNote = ["</pre>", "<h2>書き出しの記録 / The row of this export</h2>"]
  static let rowsHeading = "<h2>記録 / Rows</h2>"
  static let policiesHeading = "<h2>期間内のルールの版と最初の行 / Policy versions in the span, and their first row</h2>"
  static let countsHeading = "<h2>期間内の件数 / Rows in the span</h2>"
  static let closing = "</html>"

  static func bytes(_ lines: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for line in lines {
      bytes += line.utf8
      bytes.append(0x0A)
    }
    return bytes
  }

  // MARK: Rows

  /// - Throws: `MalformedInput` when the bytes are not fields.
  static func row(_ number: UInt64, leaf: TreeHash, encoded: [UInt8]) throws(MalformedInput) -> String {
    let said = escape(try words(encoded))
    return "<p id=\"r\(number)\" data-leaf=\"\(Base64.encode(leaf.bytes))\" data-bytes=\"\(Base64.encode(encoded))\">"
      + "<b>\(number)</b> \(said)"
  }

  private static let names = [
    "", "", "", "", "", "person", "workstation", "certificate", "segment", "scenario", "session", "card", "operator", "factors",
    "proof", "assurance", "code", "rule", "policy", "reference", "latency", "count", "waivers", "note",
  ]

  /// Every field that is present, in the order of docs/audit-format.md.
  private static func words(_ encoded: [UInt8]) throws(MalformedInput) -> String {
    var reader = LengthPrefixedReader(encoded, subject: "audit record", limit: RecordEncoding.limit)
    var words: [String] = []
    for (place, name) in names.enumerated() {
      let field = try reader.field()
      if place == 0 || field.isEmpty { continue }
      let word = try spoken(field, at: place)
      words.append(place < 5 ? word : "\(name)=\(word)")
    }
    try reader.requireEnd()
    return words.joined(separator: " ")
  }

  private static func spoken(_ field: [UInt8], at place: Int) throws(MalformedInput) -> String {
    switch place {
    case 1: return time(try number(field))
    case 7, 18: return Hex.encode(field)
    case 13, 22:
      var reader = LengthPrefixedReader(field, subject: "audit record", limit: RecordEncoding.limit)
      var entries: [String] = []
      while !reader.isAtEnd { entries.append(try reader.text()) }
      return entries.joined(separator: ",")
    case 17:
      var reader = LengthPrefixedReader(field, subject: "audit record", limit: RecordEncoding.limit)
      let file = try reader.text()
      let line = try reader.signed()
      try reader.requireEnd()
      return "\(file):\(line)"
    case 20, 21: return String(try number(field))
    default:
      guard let text = String(validating: field, as: UTF8.self) else {
        throw MalformedInput("audit record", expected: "UTF-8 text")
      }
      return text
    }
  }

  private static func number(_ field: [UInt8]) throws(MalformedInput) -> Int64 {
    guard field.count == 8 else { throw MalformedInput("audit record", expected: "an 8-byte number") }
    return Int64(bitPattern: field.reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// Japan's time, which has no summer: `2026-04-01T08:50:00.000+09:00`; outside the years 1970 to 9999 the milliseconds.
  static func time(_ milliseconds: Int64) -> String {
    guard (0...253_402_268_399_999).contains(milliseconds) else { return String(milliseconds) }
    let local = milliseconds + 9 * 3_600_000
    let (days, rest) = (local / 86_400_000, local % 86_400_000)
    // Days since 0000-03-01 in eras of 400 years: a leap day is the last of its year.
    let shifted = days + 719_468
    let (era, ofEra) = (shifted / 146_097, shifted % 146_097)
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let dayOfYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let clock = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
    return "\(date)T\(clock).\(padded(rest % 1000, 3))+09:00"
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  // MARK: Markup

  /// Markup is spelled out, and what cannot be seen or turns the direction is marked as `<U+202E>`: the list is fixed, because
  /// tables of properties differ from one browser to the next.
  static func escape(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x26: shown += "&amp;"
      case 0x3C: shown += "&lt;"
      case 0x3E: shown += "&gt;"
      case 0x00...0x1F, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
        0xFFF9...0xFFFB, 0xE0000...0xE0FFF:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        shown += "&lt;U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "&gt;"
      default: shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  private static let entities: [(entity: [UInt8], unit: UInt8)] = [
    (Array("&amp;".utf8), 0x26), (Array("&lt;".utf8), 0x3C), (Array("&gt;".utf8), 0x3E),
  ]

  /// A line of a note, whose bytes are kept but for the markup.
  static func markedUp(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var marked: [UInt8] = []
    for byte in bytes {
      if let (entity, _) = entities.first(where: { $0.unit == byte }) { marked += entity } else { marked.append(byte) }
    }
    return marked
  }

  static func plain(_ bytes: [UInt8]) -> [UInt8] {
    var plain: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.first {
      if let (entity, unit) = entities.first(where: { rest.starts(with: $0.entity) }) {
        plain.append(unit)
        rest = rest.dropFirst(entity.count)
      } else {
        plain.append(byte)
        rest = rest.dropFirst()
      }
    }
    return plain
  }

  // MARK: Proofs

  static func span(_ proof: RangeProof) -> String { "<p class=\"span\">\(proof.first) \(proof.end)" }

  /// The hashes, and one over them: a byte that was flipped here is told from a row that was changed.
  static func proof(_ hashes: [TreeHash]) -> String {
    let all = hashes + [TreeHash.leaf(hashes.flatMap(\.bytes))]
    return "<p class=\"proof\">" + all.map { Base64.encode($0.bytes) }.joined(separator: " ")
  }
}

/// What the end of a pack says about its rows: counted while they pass.
struct PackTally: Sendable {
  /// Versions that are listed.
  static let versionLimit = 1000

  private let order: AuditPackOrder
  private var versions: [(version: PolicyVersion, row: UInt64)] = []
  private var known: Set<PolicyVersion> = []
  private var counts: [String: UInt64] = [:]
  /// Rows whose time is in the span.
  private(set) var rows: UInt64 = 0

  init(_ order: AuditPackOrder) { self.order = order }

  mutating func add(_ record: AuditRecord, at number: UInt64) {
    guard order.contains(record.time) else { return }
    rows += 1
    counts[Self.key(record.eventClass, record.outcome), default: 0] += 1
    if let version = record.policyVersion, versions.count < Self.versionLimit, known.insert(version).inserted {
      versions.append((version, number))
    }
  }

  var lines: [String] {
    var lines = [PackText.policiesHeading, "<ul>"]
    for (version, row) in versions { lines.append("<li>\(version.hex) \(row)") }
    lines += ["</ul>", PackText.countsHeading, "<ul>"]
    for eventClass in EventClass.allCases {
      for outcome in AuditOutcome.allCases {
        let key = Self.key(eventClass, outcome)
        if let count = counts[key] { lines.append("<li>\(key) \(count)") }
      }
    }
    return lines + ["</ul>", PackText.closing]
  }

  private static func key(_ eventClass: EventClass, _ outcome: AuditOutcome) -> String {
    "\(eventClass.rawValue) \(outcome.rawValue)"
  }
}
