import AuditLog
import AuthTerms

/// Rows of the log as lines of a file, one line for each.
///
/// JSON Lines have each text byte for byte (what cannot be seen as `\u202e`, the same value). A CSV is for people: it has what
/// cannot be seen as `<U+202E>`, so that no name breaks a line or turns it round, and an apostrophe before what a spreadsheet would
/// run as a formula.
struct AuditSheet {
  enum Format: String, Sendable {
    case csv
    case jsonl

    var mediaType: String {
      switch self {
      case .csv: "text/csv; charset=utf-8; header=present"
      case .jsonl: "application/x-ndjson"
      }
    }
  }

  private let format: Format
  private let offsetSeconds: Int64
  /// Names of people, as they are now: at most as many as people.
  var names: [PersonID: String] = [:]
  /// Of the rows that were put in last.
  private(set) var bytes: [UInt8] = []
  /// Of all of them.
  private(set) var count = 0
  /// The last of them.
  private(set) var last: UInt64?

  /// - Parameter offsetSeconds: of the city's time from UTC, for the times in a CSV.
  init(_ format: Format, offsetSeconds: Int) {
    self.format = format
    self.offsetSeconds = Int64(offsetSeconds)
  }

  private static let columns = [
    "row", "time", "class", "outcome", "action", "person", "name", "workstation", "segment", "scenario", "factors",
    "proof_class", "assurance", "code", "rule", "policy_version", "reference", "session", "card", "operator", "latency_ms",
    "count", "note", "waivers",
  ]

  /// With a byte order mark: Excel then reads UTF-8.
  var header: [UInt8] {
    switch format {
    case .csv: Array(("\u{FEFF}" + Self.columns.joined(separator: ",") + "\r\n").utf8)
    case .jsonl: []
    }
  }

  mutating func put(_ rows: [AuditRow]) throws {
    bytes.removeAll(keepingCapacity: true)
    for row in rows {
      switch format {
      case .csv: line(row)
      case .jsonl:
        let json = try JSONBody.encode(AuditService.entry(row, names: names))
        bytes.append(contentsOf: VisibleText.escaping(json: String(decoding: json, as: UTF8.self)).utf8)
        bytes.append(UInt8(ascii: "\n"))
      }
    }
    count += rows.count
    last = rows.last?.sequence ?? last
  }

  private mutating func line(_ row: AuditRow) {
    let record = row.record
    bytes.append(contentsOf: String(row.sequence).utf8)
    field(time(record.time))
    field(record.eventClass.rawValue)
    field(record.outcome.rawValue)
    field(record.action)
    field(record.person?.text)
    field(record.person.flatMap { names[$0] })
    field(record.workstation?.text)
    field(record.segment?.name)
    field(record.scenario?.rawValue)
    field(record.factors.joined(separator: "+"))
    field(record.proofClass?.name)
    field(record.assurance?.name)
    field(record.code?.rawValue)
    field(record.rule?.description)
    field(record.policyVersion?.hex)
    field(record.reference?.description)
    field(record.session?.text)
    field(record.card?.text)
    field(record.operatorID?.text)
    number(record.latencyMilliseconds)
    number(record.count)
    field(record.note)
    field(record.waivers.joined(separator: " "))
    bytes.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
  }

  private mutating func number(_ value: Int64?) {
    bytes.append(UInt8(ascii: ","))
    if let value { bytes.append(contentsOf: String(value).utf8) }
  }

  /// The city's time, as a spreadsheet reads it; a number of milliseconds for what no calendar of ours has.
  private func time(_ milliseconds: Int64) -> String {
    guard (0...253_370_764_799_999).contains(milliseconds) else { return String(milliseconds) }
    let time = CivilTime(wallMilliseconds: milliseconds + offsetSeconds * 1000)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    return
      "\(time.year)-\(two(time.month))-\(two(time.day)) \(two(time.hour)):\(two(time.minute)):\(two(time.second))"
  }

  /// Behind a comma, quoted as RFC 4180 says.
  private mutating func field(_ value: String?) {
    bytes.append(UInt8(ascii: ","))
    guard let value, !value.isEmpty else { return }
    if let first = value.utf8.first, !"=+-@".utf8.contains(first), value.utf8.allSatisfy(Self.isPlain) {
      bytes.append(contentsOf: value.utf8)
      return
    }
    // A tab or a line break at the front is marked, and no formula begins with `<`.
    let shown = VisibleText.marking(value)
    let isFormula = shown.unicodeScalars.first.map { Self.formula.contains($0) } ?? false
    let text = isFormula ? "'" + shown : shown
    guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else {
      bytes.append(contentsOf: text.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Printable ASCII that needs no quotes: most fields are of nothing else.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20...0x7E).contains(byte) && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "\"")
  }

  /// Also in the width of kanji: spreadsheets with Japanese input take them for the same.
  private static let formula: Set<Unicode.Scalar> = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]
}
