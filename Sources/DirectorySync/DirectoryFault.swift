/// Why a source gave no snapshot: what is wrong, and where. Never quotes what stood there; names and dates of people do not
/// belong in logs.
public struct DirectoryFault: Error, Sendable, Equatable {
  public enum Code: String, CaseIterable, Sendable {
    case unreadable = "DS101"
    case tooLarge = "DS102"
    case notUTF8 = "DS103"
    case empty = "DS104"
    case lineEnding = "DS105"
    case tooManyRecords = "DS106"
    case valueTooLong = "DS107"

    case headerUnknown = "DS111"
    case headerTwice = "DS112"
    case headerMissing = "DS113"
    case fieldCount = "DS114"
    case quoting = "DS115"

    case duplicate = "DS122"
    case reference = "DS123"
    case dates = "DS124"
    case cycle = "DS125"
    case tooManyGroups = "DS126"

    case identifier = "DS151"
    case account = "DS152"
    case name = "DS153"
    case group = "DS154"
    case day = "DS155"
    case flag = "DS156"
    case list = "DS157"
    case transferKind = "DS158"

    case ldifVersion = "DS131"
    case ldifFolding = "DS132"
    case ldifLine = "DS133"
    case ldifBase64 = "DS134"
    case ldifNotSafe = "DS135"
    case ldifChange = "DS136"
    case ldifURL = "DS137"
    case ldifSecret = "DS138"
    case attributeUnknown = "DS139"
    case attributeMissing = "DS140"
    case attributeTwice = "DS141"
    case objectClass = "DS142"
    case distinguishedName = "DS143"
  }

  public let code: Code
  /// The file's name as the caller gave it.
  public let file: String
  /// 1-based; 0 when the file as a whole is meant.
  public let line: Int
  /// 1-based, in characters (Unicode scalars); 0 when the line as a whole is meant.
  public let column: Int
  /// A name or figure out of our own closed lists: a header, an attribute, a limit, the place of the first occurrence.
  public let detail: String

  public init(_ code: Code, file: String, line: Int = 0, column: Int = 0, detail: String = "") {
    self.code = code
    self.file = file
    self.line = line
    self.column = column
    self.detail = detail
  }

  /// `people.csv:12:5`
  public var place: String {
    line == 0 ? file : column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
  }
}

extension DirectoryFault: CustomStringConvertible {
  public var description: String { "\(place): \(code.rawValue) \(en)" }
}
