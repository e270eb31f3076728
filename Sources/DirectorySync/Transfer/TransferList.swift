/// Who goes where, as the personnel section lists it before the day: a spreadsheet, a line a person.
///
/// Headers, in any order and in either spelling; those in brackets may be left out: `number`（職員番号）, `name`（氏名）,
/// `department`（新所属） [, `kind`（区分）, `groups`（グループ）]. Departments and groups are separated by `;`, the main post first.
public struct TransferList: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    case move, leave, join

    public var ja: String {
      switch self {
      case .move: "異動"
      case .leave: "退職"
      case .join: "採用"
      }
    }
  }

  public struct Line: Sendable, Hashable {
    /// 1-based, in the file.
    public let line: Int
    public let number: String
    /// As the list says; empty: not said.
    public let name: String
    public let kind: Kind
    /// Codes, names or paths of OUs; empty: the department stays.
    public let departments: [String]
    /// Groups of the directory that the person shall be in, instead of those that colleagues are usually in; `nil`: not said.
    public let groups: [String]?
  }

  /// A city's whole staff moves at most.
  static let most = 20_000

  public let lines: [Line]

  /// - Throws: `DirectoryFault` with the place, for anything but a table of that form.
  public init(_ source: SourceFile) throws(DirectoryFault) {
    let table = try CSVTable(
      source, required: ["number", "name", "department"], optional: ["kind", "groups"],
      also: ["職員番号": "number", "氏名": "name", "区分": "kind", "新所属": "department", "グループ": "groups"])
    var lines: [Line] = []
    for row in table.rows {
      func value(_ header: String) -> FieldValue {
        let field = row.field(header)
        let text = String(field.text.trimmingSpaces)
        return FieldValue(text: text, label: header, file: table.file, line: field.line, column: field.column)
      }
      // What a spreadsheet leaves behind the last person.
      if ["number", "name", "department", "kind", "groups"].allSatisfy({ value($0).text.isEmpty }) { continue }
      guard lines.count < Self.most else {
        throw DirectoryFault(.tooManyRecords, file: table.file, line: row.line, detail: "\(Self.most)")
      }
      let number = try value("number").name()
      let name = value("name")
      var departments: [String] = []
      for part in try value("department").list() { departments.append(try part.name()) }
      var groups: [String]?
      if !value("groups").text.isEmpty {
        groups = []
        for part in try value("groups").list() { groups?.append(try part.name()) }
      }
      lines.append(
        Line(
          line: row.line, number: number, name: name.text.isEmpty ? "" : try name.name(), kind: try Self.kind(value("kind")),
          departments: departments, groups: groups))
    }
    guard !lines.isEmpty else { throw DirectoryFault(.empty, file: source.name) }
    self.lines = lines
  }

  private static func kind(_ value: FieldValue) throws(DirectoryFault) -> Kind {
    if value.text.isEmpty { return .move }
    guard let kind = Kind.allCases.first(where: { $0.rawValue == value.text || $0.ja == value.text }) else {
      throw value.fault(.transferKind)
    }
    return kind
  }
}

extension String {
  /// Without white space at both ends, the full-width space among it.
  fileprivate var trimmingSpaces: Substring {
    var scalars = Substring(self).unicodeScalars
    while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
    while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
    return Substring(scalars)
  }
}
