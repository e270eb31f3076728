public import AuthTerms

/// People by their staff numbers: a spreadsheet, a line a person. Headers: `number`（職員番号）, and `name`（氏名）, which is for whoever
/// reads the list and not compared.
///
/// Unlike a list of cards it is taken whole or not at all: somebody who is missing from it gets no letter, and nobody notices.
public struct StaffNumberList: Sendable {
  /// People in one file.
  public static let most = 20_000

  /// In their order, each once.
  public let people: [PersonID]

  /// - Throws: `DirectoryFault` with the place, for anything but a table of that form, a number that is none, and one that stands
  ///   there twice.
  public init(_ source: SourceFile) throws(DirectoryFault) {
    let table = try CSVTable(
      source, required: ["number"], optional: ["name"], also: ["職員番号": "number", "氏名": "name"])
    var people: [PersonID] = []
    var seen: [PersonID: Int] = [:]
    for row in table.rows {
      let field = row.field("number")
      if field.text.isEmpty, row.field("name").text.isEmpty { continue }
      guard let person = try? PersonID(parsing: field.text) else {
        throw DirectoryFault(.identifier, file: table.file, line: field.line, column: field.column)
      }
      if let first = seen.updateValue(row.line, forKey: person) {
        throw DirectoryFault(
          .duplicate, file: table.file, line: field.line, column: field.column, detail: "\(table.file):\(first)")
      }
      guard people.count < Self.most else {
        throw DirectoryFault(.tooManyRecords, file: table.file, line: row.line, detail: "\(Self.most)")
      }
      people.append(person)
    }
    guard !people.isEmpty else { throw DirectoryFault(.empty, file: source.name) }
    self.people = people
  }
}
