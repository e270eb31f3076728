/// One element of a page: `#id`, `tag[name=value]` or `[name=value]`, and nothing else of CSS. `name` is any attribute in lower case,
/// a value is written without quotes.
///
/// Closed, so that what an agent fills can be read off the file: no wildcard, no list, no position, no relation.
public struct Selector: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  /// - Throws: `MalformedInput` for everything but the three forms: an id of 1 to 64 of `A-Z a-z 0-9 _ -` that begins with a letter; a
  ///   value of 1 to 64 of `A-Z a-z 0-9 _ . / : -`; a tag of 1 to 16 of `a-z 0-9`, an attribute of 1 to 32 of `a-z -`, both beginning
  ///   with a letter. An id with other characters is `[id=form:user]`.
  public init(parsing text: some StringProtocol) throws(MalformedInput) {
    let units = Array(text.utf8)
    guard Self.isID(units) || Self.isAttribute(units) else {
      throw MalformedInput("selector", expected: "#id, tag[name=value] or [name=value]")
    }
    self.text = String(text)
  }

  public var description: String { text }

  private static func isID(_ units: [UInt8]) -> Bool {
    guard units.first == UInt8(ascii: "#"), (2...65).contains(units.count), isLower(units[1] | 0x20) else { return false }
    return units.dropFirst().allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
  }

  private static func isAttribute(_ units: [UInt8]) -> Bool {
    guard let open = units.firstIndex(of: UInt8(ascii: "[")), units.last == UInt8(ascii: "]"),
      let equals = units.firstIndex(of: UInt8(ascii: "=")), open < equals
    else { return false }
    let (tag, name, value) = (units[..<open], units[(open + 1)..<equals], units[(equals + 1)..<(units.count - 1)])
    return (tag.isEmpty || isTag(tag)) && isName(name) && isValue(value)
  }

  private static func isTag(_ units: ArraySlice<UInt8>) -> Bool {
    units.count <= 16 && units.first.map(isLower) == true && units.allSatisfy { isLower($0) || isDigit($0) }
  }

  private static func isName(_ units: ArraySlice<UInt8>) -> Bool {
    units.count <= 32 && units.first.map(isLower) == true && units.allSatisfy { isLower($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isValue(_ units: ArraySlice<UInt8>) -> Bool {
    (1...64).contains(units.count) && units.allSatisfy { isAlphanumeric($0) || "_./:-".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ unit: UInt8) -> Bool { isLower(unit | 0x20) || isDigit(unit) }
  private static func isLower(_ unit: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit) }
  private static func isDigit(_ unit: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) }
}
