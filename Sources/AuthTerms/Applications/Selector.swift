/// One element of a page: `#id`, `tag[name=value]` or `[name=value]`, and nothing else of CSS. `name` is any attribute in lower case,
/// a value is written without quotes.
///
/// Closed, so that what an agent fills can be read off the file: no wildcard, no list, no position, no relation.
public struct Selector: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  public static let longest = 128

  /// - Throws: `MalformedInput` for everything but the three forms: at most 128 bytes; an id or value of `A-Z a-z 0-9 _ . / : -`; a tag
  ///   or attribute of `a-z 0-9 -` that begins with a letter.
  public init(parsing text: some StringProtocol) throws(MalformedInput) {
    let units = Array(text.utf8)
    guard units.count <= Self.longest, Self.isID(units) || Self.isAttribute(units) else {
      throw MalformedInput("selector", expected: "#id, tag[name=value] or [name=value]")
    }
    self.text = String(text)
  }

  public var description: String { text }

  private static func isID(_ units: [UInt8]) -> Bool { units.first == UInt8(ascii: "#") && isValue(units.dropFirst()) }

  private static func isAttribute(_ units: [UInt8]) -> Bool {
    guard let open = units.firstIndex(of: UInt8(ascii: "[")), units.last == UInt8(ascii: "]"),
      let equals = units.firstIndex(of: UInt8(ascii: "=")), open < equals
    else { return false }
    return (open == 0 || isName(units[..<open])) && isName(units[(open + 1)..<equals])
      && isValue(units[(equals + 1)..<(units.count - 1)])
  }

  private static func isName(_ units: ArraySlice<UInt8>) -> Bool {
    guard let first = units.first, isLower(first) else { return false }
    return units.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isValue(_ units: ArraySlice<UInt8>) -> Bool {
    !units.isEmpty
      && units.allSatisfy { unit in
        isLower(unit) || isDigit(unit) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(unit) || "_./:-".utf8.contains(unit)
      }
  }

  private static func isLower(_ unit: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit) }
  private static func isDigit(_ unit: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) }
}
