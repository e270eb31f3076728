public import AuthTerms

/// Cards by their numbers, as a maker's delivery list or the system of before writes them: a spreadsheet, a line a card.
///
/// Headers, in any order and in either spelling; those in brackets may be left out: `number`（職員番号）, `uid`（カード番号） [, `kind`
/// （種類）: `felica` or `iso14443`, `generation`（世代）: `des`, `lite-s` or `aes`, `certificate`（証明書）, which is refused].
/// A file that is no such table is a fault; a line that is wrong leaves the others as they are.
public struct NumberCardList: Sendable {
  /// Why a line is no card.
  public enum Flaw: Sendable, Hashable {
    case staffNumber
    /// Not 4, 7, 8 or 10 bytes in hexadecimal digits, or a number that does not stay the same.
    case cardNumber
    /// Another kind than a number of this length has.
    case kind
    /// No generation, or one beside a card that is no FeliCa.
    case generation
    /// A certificate shows nothing of the card: it is registered at the desk, where the card signs.
    case certificate
    /// The same card stands in an earlier line.
    case cardTwice(line: Int)
  }

  public struct Card: Sendable, Hashable {
    /// 1-based, in the file.
    public let line: Int
    public let person: PersonID
    public let number: CardNumber
    public let generation: FelicaGeneration?
  }

  public enum Line: Sendable, Hashable {
    case card(Card)
    case wrong(line: Int, Flaw)
  }

  /// Cards in one file: a city has one or two for each of its people.
  public static let most = 20_000

  public let lines: [Line]
  public var cards: [Card] { lines.compactMap { if case .card(let card) = $0 { card } else { nil } } }

  /// - Throws: `DirectoryFault` with the place, for anything but a table of that form.
  public init(_ source: SourceFile) throws(DirectoryFault) {
    let names = ["number", "uid", "kind", "generation", "certificate"]
    let table = try CSVTable(
      source, required: ["number", "uid"], optional: ["kind", "generation", "certificate"],
      also: ["職員番号": "number", "カード番号": "uid", "種類": "kind", "世代": "generation", "証明書": "certificate"])
    var lines: [Line] = []
    var seen: [CardNumber: Int] = [:]
    for row in table.rows {
      let values = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.trimmed(row.field($0).text)) })
      // What a spreadsheet leaves behind the last person.
      if values.values.allSatisfy(\.isEmpty) { continue }
      guard lines.count < Self.most else {
        throw DirectoryFault(.tooManyRecords, file: table.file, line: row.line, detail: "\(Self.most)")
      }
      switch Self.card(values, line: row.line) {
      case .failure(let wrong): lines.append(.wrong(line: row.line, wrong.flaw))
      case .success(let card):
        if let first = seen[card.number] {
          lines.append(.wrong(line: row.line, .cardTwice(line: first)))
        } else {
          seen[card.number] = row.line
          lines.append(.card(card))
        }
      }
    }
    guard !lines.isEmpty else { throw DirectoryFault(.empty, file: source.name) }
    self.lines = lines
  }

  private struct Wrong: Error { let flaw: Flaw }

  private static func card(_ values: [String: String], line: Int) -> Result<Card, Wrong> {
    let uid = values["uid"] ?? ""
    // In its own column, or where somebody took the one for the other: PEM, or the beginning of every X.509 in base64.
    let isCertificate = uid.hasPrefix("-----BEGIN") || uid.hasPrefix("MII")
    guard values["certificate", default: ""].isEmpty, !isCertificate else { return .failure(Wrong(flaw: .certificate)) }
    guard let person = try? PersonID(parsing: values["number"] ?? "") else { return .failure(Wrong(flaw: .staffNumber)) }
    guard let number = try? CardNumber(text: uid) else { return .failure(Wrong(flaw: .cardNumber)) }
    let kind = values["kind", default: ""]
    guard kind.isEmpty || kind == number.kind.rawValue else { return .failure(Wrong(flaw: .kind)) }
    let word = values["generation", default: ""]
    let generation = FelicaGeneration(name: word)
    guard word.isEmpty || (generation != nil && number.kind == .felica) else { return .failure(Wrong(flaw: .generation)) }
    return .success(Card(line: line, person: person, number: number, generation: generation))
  }

  /// Without white space at both ends, the full-width space among it.
  private static func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
    while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
    return String(Substring(scalars))
  }
}
