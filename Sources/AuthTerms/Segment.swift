/// One of the separated networks of a city hall (三層分離): `mynumber`, `lgwan`, `internet`, or a name the city chose.
public struct Segment: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let name: String

  /// Accepts 1 to 32 of `a-z 0-9 -`, starting with a letter.
  public init(parsing name: some StringProtocol) throws(MalformedInput) {
    let units = Array(name.utf8)
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard (1...32).contains(units.count), letters.contains(units[0]),
      units.allSatisfy({ letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") })
    else { throw MalformedInput("segment name", expected: "1 to 32 of a-z 0-9 -, starting with a letter") }
    self.name = String(name)
  }

  private init(known name: String) { self.name = name }

  /// マイナンバー利用事務系
  public static let mynumber = Segment(known: "mynumber")
  /// LGWAN接続系
  public static let lgwan = Segment(known: "lgwan")
  /// インターネット接続系
  public static let internet = Segment(known: "internet")

  public var description: String { name }

  /// What people call it (docs/terms.md); a segment the city named is called by that name.
  public var title: (ja: String, en: String) {
    switch self {
    case .mynumber: ("マイナンバー利用事務系", "My Number segment")
    case .lgwan: ("LGWAN接続系", "LGWAN segment")
    case .internet: ("インターネット接続系", "internet segment")
    default: (name, name)
    }
  }

  /// The title of a segment that is known by its name only.
  public static func title(of name: String) -> (ja: String, en: String) {
    (try? Segment(parsing: name))?.title ?? (name, name)
  }

  public static func < (a: Self, b: Self) -> Bool { a.name < b.name }
}
