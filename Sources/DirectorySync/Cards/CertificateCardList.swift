public import AuthTerms

/// Cards by their certificates, as their issuer lists them: a spreadsheet, a line a card.
///
/// Headers, in any order and in either spelling: `number`（職員番号）, `certificate`（証明書）: DER in base64 on one line of at most 4,096
/// characters, or the name of a file. A file that is no such table is a fault; a line that is wrong leaves the others as they are.
public struct CertificateCardList: Sendable {
  /// Why a line is no card.
  public enum Flaw: Sendable, Hashable {
    case staffNumber
    /// Neither base64 of a DER structure nor a name of a file.
    case certificate
    /// The same certificate stands in an earlier line.
    case cardTwice(line: Int)
  }

  public enum Source: Sendable, Hashable {
    /// One DER structure by its outermost length; nothing else of it is judged here.
    case der([UInt8])
    /// As written, relative to the list: `.pem`, `.crt`, `.cer` or `.der`, without `..`.
    case file(String)
  }

  public struct Card: Sendable, Hashable {
    /// 1-based, in the file.
    public let line: Int
    public let person: PersonID
    public let source: Source
  }

  public enum Line: Sendable, Hashable {
    case card(Card)
    case wrong(line: Int, Flaw)
  }

  /// Cards in one file.
  public static let most = 20_000
  /// Bytes of one certificate.
  public static let mostBytes = 8192

  public let lines: [Line]
  public var cards: [Card] { lines.compactMap { if case .card(let card) = $0 { card } else { nil } } }

  /// - Throws: `DirectoryFault` with the place, for anything but a table of that form.
  public init(_ source: SourceFile) throws(DirectoryFault) {
    let table = try CSVTable(
      source, required: ["number", "certificate"], optional: [], also: ["職員番号": "number", "証明書": "certificate"])
    var lines: [Line] = []
    var seen: [Source: Int] = [:]
    for row in table.rows {
      let (number, text) = (Self.trimmed(row.field("number").text), Self.trimmed(row.field("certificate").text))
      // What a spreadsheet leaves behind the last person.
      if number.isEmpty, text.isEmpty { continue }
      guard lines.count < Self.most else {
        throw DirectoryFault(.tooManyRecords, file: table.file, line: row.line, detail: "\(Self.most)")
      }
      guard let person = try? PersonID(parsing: number) else {
        lines.append(.wrong(line: row.line, .staffNumber))
        continue
      }
      guard let found = Self.source(text) else {
        lines.append(.wrong(line: row.line, .certificate))
        continue
      }
      if let first = seen[found] {
        lines.append(.wrong(line: row.line, .cardTwice(line: first)))
        continue
      }
      seen[found] = row.line
      lines.append(.card(Card(line: row.line, person: person, source: found)))
    }
    guard !lines.isEmpty else { throw DirectoryFault(.empty, file: source.name) }
    self.lines = lines
  }

  /// Whether these bytes are one DER SEQUENCE of that very length, and small enough.
  public static func isWhole(_ der: [UInt8]) -> Bool {
    guard (4...mostBytes).contains(der.count), der[0] == 0x30 else { return false }
    // X.690 §8.1.3: the short form, or one or two bytes of the long one.
    switch der[1] {
    case 0..<0x80: return der.count == 2 + Int(der[1])
    case 0x81: return der[2] >= 0x80 && der.count == 3 + Int(der[2])
    case 0x82: return der[2] > 0 && der.count == 4 + (Int(der[2]) << 8 | Int(der[3]))
    default: return false
    }
  }

  private static func source(_ text: String) -> Source? {
    if text.hasPrefix("MI"), let der = Base64.decode(Array(text.utf8)[...]) { return isWhole(der) ? .der(der) : nil }
    let lower = text.lowercased()
    guard [".pem", ".crt", ".cer", ".der"].contains(where: { lower.hasSuffix($0) }), !text.hasPrefix("/"),
      !text.split(separator: "/", omittingEmptySubsequences: false).contains(where: { ["", ".", ".."].contains($0) }),
      text.utf8.count <= 255, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" })
    else { return nil }
    return .file(text)
  }

  /// Without white space at both ends, the full-width space among it.
  private static func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
    while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
    return String(Substring(scalars))
  }
}
