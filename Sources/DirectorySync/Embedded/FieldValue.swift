import AuthTerms

/// One value out of a file with its place: text becomes a type here, once.
struct FieldValue: Sendable {
  let text: String
  /// The header or attribute, as our own list spells it.
  let label: String
  let file: String
  let line: Int
  let column: Int

  func fault(_ code: DirectoryFault.Code) -> DirectoryFault {
    DirectoryFault(code, file: file, line: line, column: column, detail: label)
  }

  func identifier<Tag>(_: Tag.Type) throws(DirectoryFault) -> Identifier<Tag> {
    do throws(MalformedInput) { return try Identifier<Tag>(parsing: text) } catch { throw fault(.identifier) }
  }

  func account() throws(DirectoryFault) -> AccountName {
    do throws(MalformedInput) { return try AccountName(parsing: text) } catch { throw fault(.account) }
  }

  func group() throws(DirectoryFault) -> GroupName {
    do throws(MalformedInput) { return try GroupName(parsing: text) } catch { throw fault(.group) }
  }

  /// A name for people's eyes. Kept byte for byte: no width, variant or composition is folded.
  func name() throws(DirectoryFault) -> String {
    let scalars = text.unicodeScalars
    guard scalars.allSatisfy(VisibleText.shows), (1...128).contains(scalars.count), let first = scalars.first,
      let last = scalars.last,
      !first.properties.isWhitespace, !last.properties.isWhitespace
    else { throw fault(.name) }
    return text
  }

  /// An empty value is no date.
  func day() throws(DirectoryFault) -> Int? {
    if text.isEmpty { return nil }
    guard let day = CivilDay.parse(text) else { throw fault(.day) }
    return day
  }

  /// An empty value is `otherwise`.
  func flag(otherwise: Bool) throws(DirectoryFault) -> Bool {
    switch text {
    case "": otherwise
    case "true", "TRUE": true
    case "false", "FALSE": false
    default: throw fault(.flag)
    }
  }

  /// Values separated by `;`, without empty ones, each once, at most 64.
  func list() throws(DirectoryFault) -> [FieldValue] {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    guard parts.count <= 64, !parts.contains(where: \.isEmpty), Set(parts).count == parts.count else { throw fault(.list) }
    return parts.map { FieldValue(text: String($0), label: label, file: file, line: line, column: column) }
  }
}
